//! What of something that is read part by part could not be read.

/// What of a document could not be read: the first reason, and how often there was one.
#[derive(Debug, Default)]
pub(crate) struct Losses {
    first: Option<String>,
    pub(crate) count: u64,
    /// What is in a form that is not read here, in words that follow its name.
    pub(crate) unread: Option<String>,
}

impl Losses {
    pub(crate) fn add(&mut self, why: impl Into<String>) {
        self.count += 1;
        self.first.get_or_insert_with(|| why.into());
    }

    pub(crate) fn first(&self) -> Option<&str> {
        self.first.as_deref()
    }

    /// What was lost, if anything was; `parts` are what was read one by one.
    pub(crate) fn told(&self, parts: &str) -> Option<String> {
        // Reasons are what other programs say, and may have any number of lines.
        let first = self.first.as_ref()?.replace('\n', " ");
        Some(match self.count {
            1 => first,
            count => format!("{first}, and {} more of its {parts}", count - 1),
        })
    }
}
