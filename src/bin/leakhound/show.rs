//! Records as lines for people. Names come from strangers, so every one is escaped before it reaches the terminal.

use leakhound::record::{Finding, ItemRecord, Verdict};
use leakhound::wording::{agreement, called, chance, claim, clock, share, visible, warp};

/// An item with its findings, or with its failure.
pub(crate) fn item(record: &ItemRecord) -> String {
    let mut out = format!("{:<8}{}\n", record.verdict.as_str(), visible(&record.item.path));
    if let Some(failure) = &record.failure {
        out += &format!("        {}: {}\n", failure.stage.as_str(), visible(&failure.message));
    }
    for finding in &record.findings {
        out += &self::finding(finding);
    }
    if let Some(torrent) = &record.item.torrent {
        out += &format!("        {}\n", visible(&torrent.describe()));
    }
    for note in &record.notes {
        out += &format!("        note: {}\n", visible(note));
    }
    out
}

/// A finding: what was found, where, and how certain it is.
pub(crate) fn finding(finding: &Finding) -> String {
    let said = finding.claimed_by.iter().fold(String::new(), |all, place| {
        format!("{all}        the item says: {}\n", visible(place))
    });
    let mut decision = finding.decision.as_ref().map_or_else(String::new, |decision| {
        format!("        {}\n", visible(&decision.describe()))
    });
    for notice in &finding.notices {
        decision += &format!("        {}\n", visible(&notice.describe()));
    }
    let standing = finding.standing.as_ref().map_or_else(String::new, |standing| {
        let kind = standing.kind.as_str().replace('_', " ");
        format!("        {kind}: {}\n", visible(&standing.reason))
    });
    if !finding.is_heard() {
        let name = called(finding);
        let verdict = finding.verdict.as_str();
        return format!(
            "        {} ({verdict}), not heard\n{said}{standing}{decision}",
            visible(&name)
        );
    }
    let certain = match finding.verdict {
        Verdict::Match => "",
        Verdict::Permitted => " (permitted)",
        _ => " (suspect)",
    };
    let mut out = format!(
        "        {}{certain}, {}, {} of the item, {} of the recording\n",
        visible(&called(finding)),
        warp(finding.tempo, finding.pitch_cents),
        share(finding.item_coverage),
        share(finding.recording_coverage),
    );
    if let Some(claim) = claim(finding) {
        out += &format!("        {claim}\n");
    }
    for span in &finding.spans {
        out += &format!(
            "        {} to {} is {} to {} of the recording\n",
            clock(span.item_start_seconds),
            clock(span.item_end_seconds),
            clock(span.recording_start_seconds),
            clock(span.recording_end_seconds),
        );
    }
    if !finding.shares_passage_with.is_empty() {
        out += &format!(
            "        the same passage is in {}\n",
            visible(&finding.shares_passage_with.join(", "))
        );
    }
    out += &said;
    out += &standing;
    out += &decision;
    if let Some(explained) = &finding.explained {
        out += &format!("        {}\n", agreement(explained));
    }
    out += &format!("        {}\n", chance(finding.false_alarm_probability));
    out
}

#[cfg(test)]
mod tests {
    use leakhound::record::{Explained, Relation, Span, Tier};

    use super::*;

    #[test]
    fn a_finding_says_what_it_claims_and_the_numbers_of_it() {
        let span = Span {
            item_start_seconds: 0.0,
            item_end_seconds: 10.0,
            recording_start_seconds: 5.0,
            recording_end_seconds: 15.0,
        };
        let explained = Explained {
            recording_share: 0.94,
            item_share: 0.91,
            elsewhere_share: 0.27,
            others_share: 0.22,
            measures: None,
        };
        let mut found = Finding {
            title: "Song".to_owned(),
            recording_coverage: 0.05,
            tiers: vec![Tier::Sound],
            spans: vec![span],
            relation: Some(Relation::Excerpt),
            explained: Some(explained),
            ..Finding::unheard("r".to_owned(), Verdict::Suspect)
        };
        let told = finding(&found);
        let lines: Vec<_> = told.lines().map(str::trim).collect();
        assert_eq!(lines[1], "excerpt: 0:10.0 of the recording (5 %)", "{told}");
        assert!(lines[3].starts_with("where the two are aligned, 94 % of"), "{told}");
        assert_eq!(lines.len(), 5, "{told}");
        (found.relation, found.explained) = (None, None);
        assert_eq!(finding(&found).lines().count(), 3, "an older record has neither");
    }
}
