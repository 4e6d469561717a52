//! What went wrong, in one line with its remedy.

use std::io;

/// What kind of thing went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The credentials are missing, expired or not accepted.
    Credentials,
    /// They are accepted, and do not suffice.
    Denied,
    /// There is no such object or bucket.
    Missing,
    /// The object was changed since it was listed.
    Changed,
    /// The store did not answer, however often it was asked.
    Unreachable,
    /// The store answered with an error of its own, however often it was asked.
    Failing,
    /// What was asked for cannot be, or the answer is none.
    Other,
}

/// What went wrong. Its text is one line: what is wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}; {remedy}")]
pub struct Fault {
    /// Its kind.
    pub kind: Kind,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

impl Fault {
    pub(crate) fn new(kind: Kind, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { kind, what: visible(&what.into()), remedy: visible(&remedy.into()) }
    }

    /// The fault in an error of the system, if it is one.
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    /// Whether it concerns the store as a whole: nothing else can be had from it either.
    pub fn is_of_the_store(&self) -> bool {
        matches!(self.kind, Kind::Credentials | Kind::Unreachable)
    }
}

impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        let kind = match fault.kind {
            Kind::Missing => io::ErrorKind::NotFound,
            Kind::Credentials | Kind::Denied => io::ErrorKind::PermissionDenied,
            _ => io::ErrorKind::Other,
        };
        Self::new(kind, fault)
    }
}

/// A text of a server without control characters, and not too long for a line.
fn visible(text: &str) -> String {
    const LONGEST: usize = 400;
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_stays_on_one_line() {
        let fault = Fault::new(Kind::Other, "a\n\x1b[31mb", "c".repeat(1_000));
        assert_eq!(fault.what, "a  [31mb");
        assert_eq!(fault.remedy.len(), 400);
        let error = io::Error::from(fault.clone());
        assert_eq!(Fault::of(&error), Some(&fault));
    }
}
