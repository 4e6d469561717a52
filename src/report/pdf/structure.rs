//! The structure of a document for screen readers: headings, paragraphs, tables and pictures, in reading order.
//!
//! Marks outside of the structure (rules, shades, headers and footers) are not read aloud.

use std::num::NonZeroU16;

use krilla::tagging::{Identifier, TableHeaderScope, Tag, TagGroup, TagKind, TagTree};

/// The role of a part.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Role {
    /// A heading of this level, from 1, with its text.
    Heading(u16, String),
    Paragraph,
    Table,
    Row,
    /// The head of a column.
    Head,
    Cell,
    /// A picture, with the text that is read in place of it.
    Picture(String),
}

#[derive(Debug)]
struct Part {
    role: Role,
    /// Index of the part that contains it, which is smaller than its own.
    within: Option<usize>,
}

/// All parts in reading order, and the stack of those that are open.
#[derive(Debug, Default)]
pub(super) struct Structure {
    parts: Vec<Part>,
    open: Vec<usize>,
}

impl Structure {
    /// Begins a part inside of the innermost open one.
    pub(super) fn begin(&mut self, role: Role) {
        self.parts.push(Part { role, within: self.open.last().copied() });
        self.open.push(self.parts.len() - 1);
    }

    /// Ends the innermost open part.
    pub(super) fn end(&mut self) {
        self.open.pop();
    }

    /// Closes all open parts, and returns them for [`Self::resume`].
    pub(super) fn pause(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.open)
    }

    /// Opens parts again that [`Self::pause`] closed.
    pub(super) fn resume(&mut self, open: Vec<usize>) {
        self.open = open;
    }

    /// The innermost open part, to which text belongs.
    pub(super) fn current(&self) -> Option<usize> {
        self.open.last().copied()
    }

    /// The innermost open part if it is a picture: only there is an area content.
    pub(super) fn current_picture(&self) -> Option<usize> {
        let is_picture = |part: &usize| matches!(self.parts[*part].role, Role::Picture(_));
        self.current().filter(is_picture)
    }

    /// The tag tree of the document. `content` has the identifiers of the marks, each with its part.
    pub(super) fn tree(&self, content: Vec<(usize, Identifier)>) -> TagTree {
        let mut names: Vec<Vec<Identifier>> = vec![Vec::new(); self.parts.len()];
        for (part, name) in content {
            names[part].push(name);
        }
        let mut groups: Vec<TagGroup> = Vec::new();
        for (part, names) in self.parts.iter().zip(names) {
            let children = names.into_iter().map(Into::into).collect();
            groups.push(TagGroup::with_children(part.role.tag(), children));
        }
        // From the last to the first: all children of a part come after it, so it is complete when it is moved into its parent.
        let mut tree = TagTree::new();
        while let Some(group) = groups.pop() {
            if group.children.is_empty() {
                continue;
            }
            match self.parts[groups.len()].within {
                Some(within) => groups[within].children.insert(0, group.into()),
                None => tree.children.push(group.into()),
            }
        }
        tree.children.reverse();
        tree.with_lang(Some("en".to_owned()))
    }
}

impl Role {
    fn tag(&self) -> TagKind {
        match self {
            Self::Heading(level, words) => {
                let level = NonZeroU16::new(*level).unwrap_or(NonZeroU16::MIN);
                Tag::Hn(level, Some(words.clone())).into()
            }
            Self::Paragraph => Tag::P.into(),
            Self::Table => Tag::Table.into(),
            Self::Row => Tag::TR.into(),
            Self::Head => Tag::TH(TableHeaderScope::Column).into(),
            Self::Cell => Tag::TD.into(),
            Self::Picture(words) => Tag::Figure(Some(words.clone())).into(),
        }
    }
}
