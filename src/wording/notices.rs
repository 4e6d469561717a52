//! Notices in words: how far one is, what is due, and what a check said.

use crate::record::{Basis, Checked, Deadline, DueKind, NoticeFacts, NoticeState, Presence};

impl NoticeState {
    /// The state in words.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Drafted => "drafted",
            Self::Sent => "sent",
            Self::Answered => "answered",
            Self::CounterNotice => "counter-notice",
            Self::Withdrawn => "withdrawn",
            Self::Gone => "material gone",
        }
    }
}

impl Presence {
    /// The answer in words.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::StillThere => "still there",
            Self::Moved => "moved or renamed",
            Self::Changed => "changed, the recording is still in it",
            Self::Elsewhere => "gone, but the recording is elsewhere",
            Self::NotRead => "not known",
            Self::Gone => "gone",
        }
    }
}

impl Deadline {
    /// One clause: what is due, and when.
    pub fn describe(&self) -> String {
        let Self { kind, day, until, .. } = self;
        match kind {
            DueKind::Answer => format!("answer due {day}"),
            DueKind::Restoration => {
                format!(
                    "may be put back from {day} to {until} unless the agent is told of a court action before"
                )
            }
            DueKind::FollowUp => format!("look again on {day}"),
        }
    }
}

impl Checked {
    /// One clause: the answer, where, why, and when.
    pub fn describe(&self) -> String {
        let Self { presence, place, why, day, run_id } = self;
        let place = if place.is_empty() { String::new() } else { format!(": {place}") };
        let why = if why.is_empty() { String::new() } else { format!(" ({why})") };
        format!("looked for on {day} in run {run_id}: {}{place}{why}", presence.describe())
    }
}

impl NoticeFacts {
    /// One line: the notice, its state, addressee and reference, who said so, what is due and what the last check said.
    pub fn describe(&self) -> String {
        let Self { number, state, since, addressee, reference, by, basis, due, check, .. } = self;
        let elsewhere = match basis {
            Basis::Item => "",
            Basis::Bytes | Basis::Sound => ", about the same bytes at another place,",
        };
        let mut line = format!("notice {number}{elsewhere} {} since {since}", state.describe());
        for (name, value) in [("to", addressee), ("reference", reference), ("by", by)] {
            if !value.is_empty() {
                line += &format!(", {name} {value}");
            }
        }
        for deadline in due {
            line += &format!("; {}", deadline.describe());
        }
        if let Some(check) = check {
            line += &format!("; {}", check.describe());
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::NoticeKind;

    #[test]
    fn a_notice_says_in_one_line_how_far_it_is_what_is_due_and_whether_the_material_was_there() {
        let facts = NoticeFacts {
            number: 3,
            kind: NoticeKind::Host,
            state: NoticeState::CounterNotice,
            since: "2026-12-04".into(),
            addressee: "Host Ltd".into(),
            reference: "T-4711".into(),
            by: "Ann".into(),
            basis: Basis::Item,
            due: vec![Deadline {
                kind: DueKind::Restoration,
                day: "2026-12-18".into(),
                until: "2026-12-24".into(),
                basis: "the law".into(),
            }],
            check: Some(Checked {
                presence: Presence::Moved,
                place: "/copy/b.mp3".into(),
                why: String::new(),
                day: "2026-12-10".into(),
                run_id: 9,
            }),
        };
        assert_eq!(
            facts.describe(),
            "notice 3 counter-notice since 2026-12-04, to Host Ltd, reference T-4711, by Ann; may be put back from \
             2026-12-18 to 2026-12-24 unless the agent is told of a court action before; looked for on 2026-12-10 in \
             run 9: moved or renamed: /copy/b.mp3"
        );
        let bytes = NoticeFacts { basis: Basis::Bytes, due: Vec::new(), check: None, ..facts };
        assert!(
            bytes
                .describe()
                .starts_with("notice 3, about the same bytes at another place, counter")
        );
    }
}
