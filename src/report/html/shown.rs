//! Text from outside, on its way into a template.

use std::fmt;

use crate::base::{shorten, visible};

/// Characters of a path or title shown in a table.
const CELL_CHARS: usize = 160;

/// Text from outside with its control characters made visible. The template escapes it for HTML.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shown(String);

impl Shown {
    pub(super) fn new(raw: &str) -> Self {
        Self(visible(raw).into_owned())
    }

    /// As much as a table's cell takes.
    pub(super) fn short(raw: &str) -> Self {
        Self(visible(&shorten(raw, CELL_CHARS)).into_owned())
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
