//! A stretch of the walk through a dump.

use std::path::{Path, PathBuf};

/// The paths behind one and up to another, in the order of the walk, which compares paths name by name: everything in a folder
/// comes before what sorts behind the folder's name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Span {
    /// The last path before it; `None` from the first on.
    pub after: Option<PathBuf>,
    /// Its last path; `None` to the end, or to `before`.
    pub upto: Option<PathBuf>,
    /// The first path behind it, if no path is known to be its last one: whatever is added before this path belongs to it.
    pub before: Option<PathBuf>,
}

impl Span {
    /// Whether a path is in it.
    pub fn holds(&self, path: &Path) -> bool {
        self.after.as_deref().is_none_or(|after| after < path)
            && self.upto.as_deref().is_none_or(|upto| path <= upto)
            && self.before.as_deref().is_none_or(|before| path < before)
    }

    /// Whether a folder, or anything in it, may be in it.
    pub(super) fn may_reach(&self, folder: &Path) -> bool {
        self.after.as_deref().is_none_or(|after| after < folder || after.starts_with(folder))
            && self.upto.as_deref().is_none_or(|upto| folder <= upto)
            && self.before.as_deref().is_none_or(|before| folder < before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(after: &str, upto: &str) -> Span {
        let path = |text: &str| (!text.is_empty()).then(|| PathBuf::from(text));
        Span { after: path(after), upto: path(upto), before: None }
    }

    #[test]
    fn spans_follow_the_order_of_the_walk_and_not_that_of_the_texts() {
        let part = span("/d/a/x", "/d/a.tar");
        for (path, holds) in [
            ("/d/a/x", false),
            ("/d/a/y", true),
            ("/d/a/z/deep", true),
            ("/d/a.tar", true),
            ("/d/a.tas", false),
            ("/d/b", false),
        ] {
            assert_eq!(part.holds(Path::new(path)), holds, "{path}");
        }
        assert!(span("", "").holds(Path::new("/anything")));
    }

    #[test]
    fn a_span_that_ends_before_a_path_holds_all_that_comes_before_it() {
        let part = Span { before: Some("/d/c/x.zip".into()), ..span("/d/b", "") };
        for (path, holds) in
            [("/d/b", false), ("/d/c/x", true), ("/d/c/x.zip", false), ("/d/e", false)]
        {
            assert_eq!(part.holds(Path::new(path)), holds, "{path}");
        }
        assert!(part.may_reach(Path::new("/d/c")) && !part.may_reach(Path::new("/d/e")));
    }

    #[test]
    fn a_folder_is_entered_if_anything_in_it_may_be_in_the_span() {
        let part = span("/d/b/x", "/d/c/m");
        for (folder, enters) in [
            ("/", true),
            ("/d", true),
            ("/d/a", false),
            ("/d/b", true),
            ("/d/b/x", true),
            ("/d/b/a", false),
            ("/d/b/y", true),
            ("/d/c", true),
            ("/d/c/z", false),
            ("/d/e", false),
        ] {
            assert_eq!(part.may_reach(Path::new(folder)), enters, "{folder}");
        }
    }
}
