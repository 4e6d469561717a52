//! The life of a notice: the steps that people record, the state that follows from them, and what is due.
//!
//! Steps are only added. An undone step stays readable; the notice is then as it was before that step.

use super::{Act, Day, Step, StepError};
use crate::record::{Deadline, DueKind, NoticeState};

/// Where the law says how soon an addressee has to answer: without a number of days.
const NO_DAYS: &str = "the law gives no number of days (17 U.S.C. § 512(c)(1)(C): expeditiously; DSA Art. 16(5) and (6): \
                       without undue delay, in a timely manner)";
/// Where the law says when material is put back.
const RESTORATION: &str = "17 U.S.C. § 512(g)(2)(C): not less than 10, nor more than 14, business days after the provider \
                           received the counter-notice, unless its agent is first told of a court action; counted without \
                           Saturdays and Sundays, but with holidays, so that the true days may be later";

/// How far a notice is, by all steps that were not undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// Number of the notice.
    pub number: i64,
    /// The state.
    pub state: NoticeState,
    /// The day since which it is in this state.
    pub since: Day,
    /// The addressee, as told last; `""` if nobody told one.
    pub addressee: String,
    /// The addressee's reference, as told last.
    pub reference: String,
    /// Who said that it is in this state.
    pub by: String,
    /// What that person said about it.
    pub note: String,
    due: Option<Day>,
    is_done: bool,
    was_sent: bool,
    /// Number of steps that can be undone.
    steps: usize,
}

impl Life {
    /// The life of a notice that was drafted on a day for an addressee, and of which these steps were recorded, in order.
    pub fn of(number: i64, drafted: (Day, &str, &str), steps: &[Step]) -> Self {
        let (since, by, addressee) = drafted;
        let mut life = Self {
            number,
            state: NoticeState::Drafted,
            since,
            addressee: addressee.to_owned(),
            reference: String::new(),
            by: by.to_owned(),
            note: String::new(),
            due: None,
            is_done: false,
            was_sent: false,
            steps: 0,
        };
        let mut standing: Vec<&Step> = Vec::new();
        for step in steps {
            match step.act {
                Act::Reached(_) | Act::Done => standing.push(step),
                Act::Undone => drop(standing.pop()),
                Act::Checked => {}
            }
        }
        life.steps = standing.len();
        for step in standing {
            life.take(step);
        }
        life
    }

    fn take(&mut self, step: &Step) {
        let Act::Reached(state) = step.act else {
            self.is_done = true;
            return;
        };
        self.state = state;
        self.since = step.on;
        for (kept, told) in
            [(&mut self.addressee, &step.addressee), (&mut self.reference, &step.reference)]
        {
            if !told.is_empty() {
                kept.clone_from(told);
            }
        }
        self.by.clone_from(&step.by);
        self.note.clone_from(&step.note);
        self.due = step.due;
        self.is_done = false;
        self.was_sent |= state == NoticeState::Sent;
    }

    /// The states that it can come to from here.
    pub fn next(&self) -> Vec<NoticeState> {
        use NoticeState::{Answered, CounterNotice, Drafted, Gone, Sent, Withdrawn};
        match self.state {
            Drafted => vec![Sent, Gone, Withdrawn],
            // Sent again: a reminder. Answered again: a second answer.
            Sent | Answered => vec![Sent, Answered, CounterNotice, Gone, Withdrawn],
            // Who objected is answered by the provider or a court, not by the same notice once more.
            CounterNotice => vec![Answered, Gone, Withdrawn],
            // It may come back; and the answer, or the objection, may come after the material went.
            Gone if self.was_sent => vec![Sent, Answered, CounterNotice, Withdrawn],
            Gone => vec![Sent, Withdrawn],
            Withdrawn => Vec::new(),
        }
    }

    /// What is due, the earliest first.
    pub fn deadlines(&self) -> Vec<Deadline> {
        if self.is_done || self.state == NoticeState::Withdrawn {
            return Vec::new();
        }
        let by = format!("set by {}", self.by);
        let one = |kind, day: Day, basis| Deadline {
            kind,
            day: day.to_string(),
            until: String::new(),
            basis,
        };
        let mut all = Vec::new();
        match (self.state, self.due) {
            (NoticeState::Sent, Some(due)) => {
                all.push(one(DueKind::Answer, due, format!("{by}; {NO_DAYS}")));
            }
            (_, Some(due)) => all.push(one(DueKind::FollowUp, due, by)),
            (_, None) => {}
        }
        if self.state == NoticeState::CounterNotice {
            let [first, last] = [10, 14].map(|count| self.since.plus_business_days(count));
            let span = one(DueKind::Restoration, first, RESTORATION.to_owned());
            all.push(Deadline { until: last.to_string(), ..span });
        }
        all.sort_by(|a, b| (&a.day, a.kind).cmp(&(&b.day, b.kind)));
        all
    }

    /// Whether a step may follow, on a day that is `today` somewhere.
    ///
    /// # Errors
    ///
    /// The first reason why it may not.
    pub fn check(&self, step: &Step, today: Day) -> Result<(), StepError> {
        let number = self.number;
        step.lengths()?;
        if step.by.trim().is_empty() {
            return Err(StepError::NoName);
        }
        // Where it is not yet, or no longer, the day that it is in UTC.
        if step.on > today.plus(1) {
            return Err(StepError::Future { on: step.on });
        }
        match step.act {
            Act::Reached(to) => {
                let from_list = self.next();
                if !from_list.contains(&to) {
                    return Err(StepError::NotFrom { number, from: self.state, to, from_list });
                }
                let (state, last, on) = (self.state, self.since, step.on);
                let earliest = if self.steps == 0 { last.minus_one() } else { last };
                if on < earliest {
                    return Err(StepError::Before { number, state, last, on });
                }
                if let Some(due) = step.due.filter(|due| *due < on) {
                    return Err(StepError::DueBefore { due, on });
                }
                let named = !step.addressee.trim().is_empty() || !self.addressee.trim().is_empty();
                if to == NoticeState::Sent && !named {
                    return Err(StepError::NoAddressee { number });
                }
                Ok(())
            }
            Act::Undone if self.steps == 0 => Err(StepError::NothingToUndo { number }),
            Act::Done if self.deadlines().is_empty() => {
                Err(StepError::NothingDue { number, state: self.state })
            }
            Act::Done | Act::Undone if step.note.trim().is_empty() => Err(StepError::NoNote),
            Act::Done | Act::Undone | Act::Checked => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn step(act: Act, on: &str) -> Step {
        Step {
            act,
            on: day(on),
            at: 0,
            by: "Ann".into(),
            addressee: String::new(),
            reference: String::new(),
            due: None,
            note: "said so".into(),
        }
    }

    fn reached(state: NoticeState, on: &str) -> Step {
        step(Act::Reached(state), on)
    }

    fn life(steps: &[Step]) -> Life {
        Life::of(3, (day("2026-11-30"), "Eve", "Host Ltd"), steps)
    }

    #[test]
    fn a_step_that_the_state_does_not_allow_is_refused_with_those_that_it_allows() {
        use NoticeState::*;
        let refused = |steps: &[Step], to| {
            let error = life(steps).check(&reached(to, "2026-12-10"), day("2026-12-31"));
            error.unwrap_err().to_string()
        };
        assert_eq!(
            refused(&[], Answered),
            "notice 3 is marked drafted and cannot be marked answered; it can be marked sent, gone or withdrawn"
        );
        let sent = reached(Sent, "2026-12-01");
        let objected = reached(CounterNotice, "2026-12-02");
        assert_eq!(
            refused(&[sent.clone(), objected], Sent),
            "notice 3 is marked counter-notice and cannot be marked sent; it can be marked answered, gone or withdrawn"
        );
        let withdrawn = reached(Withdrawn, "2026-12-02");
        assert_eq!(
            refused(&[sent.clone(), withdrawn], Gone),
            "notice 3 is marked withdrawn and cannot be marked gone; that is final: draft another"
        );
        // What was never sent is answered by nobody.
        let gone = reached(Gone, "2026-12-02");
        assert!(refused(std::slice::from_ref(&gone), Answered).ends_with("sent or withdrawn"));
        assert_eq!(life(&[sent, gone]).next(), [Sent, Answered, CounterNotice, Withdrawn]);
        // Every state but the first is reached from some other.
        for state in NoticeState::ALL {
            assert_eq!(life(&[]).next().contains(&state), [Sent, Gone, Withdrawn].contains(&state));
        }
    }

    #[test]
    fn steps_are_in_the_order_of_their_days_and_not_in_the_future() {
        use NoticeState::*;
        let today = day("2026-12-10");
        let sent = [reached(Sent, "2026-12-05")];
        let told = |steps: &[Step], on: &str| {
            let next = if steps.is_empty() { Sent } else { Answered };
            life(steps).check(&reached(next, on), today).map_err(|error| error.to_string())
        };
        assert_eq!(told(&sent, "2026-12-05"), Ok(()));
        assert_eq!(
            told(&sent, "2026-12-04").unwrap_err(),
            "notice 3 is marked sent since 2026-12-05; the next step cannot have been on 2026-12-04: check the day, or undo the step"
        );
        // A draft's day is that of UTC, which is the next day already where people may sit.
        assert_eq!(told(&[], "2026-11-29"), Ok(()));
        assert!(told(&[], "2026-11-28").is_err());
        assert_eq!(told(&[], "2026-12-11"), Ok(()));
        assert!(told(&[], "2026-12-12").unwrap_err().starts_with("2026-12-12 lies in the future"));
        let due = Step { due: Some(day("2026-12-01")), ..reached(Sent, "2026-12-02") };
        let told = life(&[]).check(&due, today).unwrap_err().to_string();
        assert_eq!(
            told,
            "the deadline 2026-12-01 lies before 2026-12-02, the day of the step; give a later day"
        );
    }

    #[test]
    fn a_counter_notice_has_the_ten_to_fourteen_business_days_of_the_law() {
        use NoticeState::*;
        let steps = [reached(Sent, "2026-11-30"), reached(CounterNotice, "2026-12-04")];
        let due = life(&steps).deadlines();
        assert_eq!(due.len(), 1);
        assert_eq!((due[0].kind, due[0].day.as_str()), (DueKind::Restoration, "2026-12-18"));
        assert_eq!(due[0].until, "2026-12-24");
        assert!(due[0].basis.contains("§ 512(g)(2)(C)"), "{}", due[0].basis);
    }

    #[test]
    fn the_addressee_s_answer_is_due_on_the_day_that_a_person_gave_and_on_no_other() {
        use NoticeState::*;
        assert_eq!(life(&[reached(Sent, "2026-12-01")]).deadlines(), []);
        let sent = Step { due: Some(day("2026-12-15")), ..reached(Sent, "2026-12-01") };
        let due = life(std::slice::from_ref(&sent)).deadlines();
        assert_eq!((due[0].kind, due[0].day.as_str()), (DueKind::Answer, "2026-12-15"));
        assert!(due[0].basis.starts_with("set by Ann; the law gives no number of days"));
        // The answer came: no longer due, unless somebody wants to look again.
        let answered = reached(Answered, "2026-12-03");
        assert_eq!(life(&[sent.clone(), answered.clone()]).deadlines(), []);
        let again = Step { due: Some(day("2027-01-15")), ..answered };
        assert_eq!(life(&[sent.clone(), again]).deadlines()[0].kind, DueKind::FollowUp);
        let done = step(Act::Done, "2026-12-04");
        assert_eq!(life(&[sent, done]).deadlines(), []);
    }

    #[test]
    fn an_undone_step_leaves_the_notice_as_it_was() {
        use NoticeState::*;
        let sent = Step { reference: "T-1".into(), ..reached(Sent, "2026-12-01") };
        let wrong = Step { reference: "T-2".into(), ..reached(Answered, "2026-12-02") };
        let undone = step(Act::Undone, "2026-12-03");
        let now = life(&[sent.clone(), wrong, undone.clone()]);
        assert_eq!(
            (now.state, now.since, now.reference.as_str()),
            (Sent, day("2026-12-01"), "T-1")
        );
        // A check is nothing that people said, and stays.
        let checked = step(Act::Checked, "2026-12-02");
        let now = life(&[sent, checked, undone.clone()]);
        assert_eq!(now.state, Drafted);
        let error = now.check(&undone, day("2026-12-31")).unwrap_err();
        assert_eq!(error.to_string(), "notice 3 is as it was drafted; there is no step to undo");
    }

    #[test]
    fn what_a_step_lacks_is_told() {
        let today = day("2026-12-31");
        let nobody = Life { addressee: String::new(), ..life(&[]) };
        let sent = reached(NoticeState::Sent, "2026-12-01");
        let told = |life: &Life, step: &Step| life.check(step, today).unwrap_err().to_string();
        assert!(told(&nobody, &sent).ends_with("say to whom it was sent: --to NAME"));
        let unsaid = Step { by: " ".into(), ..sent.clone() };
        assert!(told(&nobody, &unsaid).contains("--by NAME"));
        let long = Step { note: "x".repeat(2_001), ..sent };
        assert_eq!(
            told(&life(&[]), &long),
            "the note has 2001 characters, more than 2000; shorten it"
        );
        let done = step(Act::Done, "2026-12-01");
        assert_eq!(told(&life(&[]), &done), "nothing is due for notice 3, which is marked drafted");
    }
}
