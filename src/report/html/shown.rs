//! Untrusted text for templates.

use std::fmt;

use crate::base::{shorten, visible};

/// Most characters of a path or title in a table. A guess: two lines of a narrow column.
const MAX_CELL_CHARS: usize = 160;

/// Untrusted text, with its control characters made visible. The template escapes it for HTML.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shown(String);

impl Shown {
    /// The whole text.
    pub(super) fn new(raw: &str) -> Self {
        Self(visible(raw).into_owned())
    }

    /// The text, shortened for a cell of a table.
    pub(super) fn short(raw: &str) -> Self {
        Self(visible(&shorten(raw, MAX_CELL_CHARS)).into_owned())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
