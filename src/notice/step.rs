//! A step in the life of a notice, and why one is refused.

use super::Day;
use crate::record::NoticeState;

/// Most characters of a note. A guess that keeps a page readable.
const MAX_NOTE_CHARS: usize = 2_000;
/// Most characters of a name or a reference. A guess, likewise.
const MAX_NAME_CHARS: usize = 300;

/// What a step says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// The notice has come to this state.
    Reached(NoticeState),
    /// What was due is done.
    Done,
    /// The last step that was not undone was wrong.
    Undone,
    /// A later copy of the dump was looked at.
    Checked,
}

impl Act {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reached(state) => state.as_str(),
            Self::Done => "done",
            Self::Undone => "undone",
            Self::Checked => "checked",
        }
    }

    /// The act of a word in the database.
    pub(super) fn of_word(word: &str) -> Option<Self> {
        let all = NoticeState::ALL.map(Self::Reached);
        let all = all.into_iter().chain([Self::Done, Self::Undone, Self::Checked]);
        { all }.find(|act| act.as_str() == word)
    }
}

/// A step in the life of a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What it says.
    pub act: Act,
    /// The day on which it happened; of a counter-notice, the day on which the provider received it.
    pub on: Day,
    /// When it was recorded, in seconds since 1970.
    pub at: i64,
    /// Who said so.
    pub by: String,
    /// The addressee, if the step tells it; else `""`.
    pub addressee: String,
    /// The addressee's reference, if the step tells it; else `""`.
    pub reference: String,
    /// The day by which something is to happen next.
    pub due: Option<Day>,
    /// In that person's words.
    pub note: String,
}

/// Why a step is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StepError {
    /// The notice cannot come from its state to the one that was asked for.
    #[error("notice {number} is marked {} and cannot be marked {}; {}", word(*from), word(*to), can(from_list))]
    NotFrom {
        /// Number of the notice.
        number: i64,
        /// Its state.
        from: NoticeState,
        /// The state that was asked for.
        to: NoticeState,
        /// The states that it can come to.
        from_list: Vec<NoticeState>,
    },
    /// It would have happened before the step before it.
    #[error("notice {number} is marked {} since {last}; the next step cannot have been on {on}: check the day, or undo the step", word(*state))]
    Before {
        /// Number of the notice.
        number: i64,
        /// Its state.
        state: NoticeState,
        /// The day of its last step.
        last: Day,
        /// The day that was given.
        on: Day,
    },
    /// It would happen in the future.
    #[error("{on} lies in the future; a step is recorded once it has happened")]
    Future {
        /// The day that was given.
        on: Day,
    },
    /// The deadline would lie before the step.
    #[error("the deadline {due} lies before {on}, the day of the step; give a later day")]
    DueBefore {
        /// The deadline.
        due: Day,
        /// The day of the step.
        on: Day,
    },
    /// It was sent, and nobody says to whom.
    #[error("notice {number} names no addressee; say to whom it was sent: --to NAME")]
    NoAddressee {
        /// Number of the notice.
        number: i64,
    },
    /// Nobody says so.
    #[error("it has no name; say who says so: --by NAME")]
    NoName,
    /// There is nothing to undo.
    #[error("notice {number} is as it was drafted; there is no step to undo")]
    NothingToUndo {
        /// Number of the notice.
        number: i64,
    },
    /// Nothing is due.
    #[error("nothing is due for notice {number}, which is marked {}", word(*state))]
    NothingDue {
        /// Number of the notice.
        number: i64,
        /// Its state.
        state: NoticeState,
    },
    /// It does not say why.
    #[error("it has no note; say what was done, for people who ask later: --note TEXT")]
    NoNote,
    /// A text is too long.
    #[error("{what} has {chars} characters, more than {most}; shorten it")]
    TooLong {
        /// The text.
        what: &'static str,
        /// Its length.
        chars: usize,
        /// The limit.
        most: usize,
    },
}

/// A state as people type it.
fn word(state: NoticeState) -> String {
    state.as_str().replace('_', "-")
}

fn can(states: &[NoticeState]) -> String {
    let words: Vec<_> = states.iter().map(|state| word(*state)).collect();
    match words.as_slice() {
        [] => "that is final: draft another".to_owned(),
        [one] => format!("it can be marked {one}"),
        [others @ .., last] => format!("it can be marked {} or {last}", others.join(", ")),
    }
}

impl Step {
    /// Checks how long its texts are.
    pub(super) fn lengths(&self) -> Result<(), StepError> {
        for (what, text, most) in [
            ("the name", &self.by, MAX_NAME_CHARS),
            ("the addressee", &self.addressee, MAX_NAME_CHARS),
            ("the reference", &self.reference, MAX_NAME_CHARS),
            ("the note", &self.note, MAX_NOTE_CHARS),
        ] {
            let chars = text.chars().count();
            if chars > most {
                return Err(StepError::TooLong { what, chars, most });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_act_has_its_word() {
        for state in NoticeState::ALL {
            assert_eq!(Act::of_word(state.as_str()), Some(Act::Reached(state)));
        }
        for act in [Act::Done, Act::Undone, Act::Checked] {
            assert_eq!(Act::of_word(act.as_str()), Some(act));
        }
        assert_eq!(Act::of_word("posted"), None);
    }
}
