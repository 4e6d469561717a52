//! Collects the reasons why parts of a document could not be read.

/// Parts of a document that could not be read: how many, and why the first could not.
#[derive(Debug, Default)]
pub(crate) struct Losses {
    first: Option<String>,
    /// Number of parts that were lost.
    pub(crate) count: u64,
    /// A form that this program does not read, in words that follow the document's name; `None` if there is none.
    pub(crate) unread: Option<String>,
}

impl Losses {
    /// Counts one lost part.
    pub(crate) fn add(&mut self, why: impl Into<String>) {
        self.count += 1;
        self.first.get_or_insert_with(|| why.into());
    }

    /// Why the first part was lost; `None` if none was.
    pub(crate) fn first(&self) -> Option<&str> {
        self.first.as_deref()
    }

    /// One line about the loss; `None` if there was none. `parts` is the plural noun for what was read, such as `rows`.
    pub(crate) fn told(&self, parts: &str) -> Option<String> {
        // Reasons come from other crates and may have several lines.
        let first = self.first.as_ref()?.replace('\n', " ");
        Some(match self.count {
            1 => first,
            count => format!("{first}, and {} more of its {parts}", count - 1),
        })
    }
}
