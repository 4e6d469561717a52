//! What the parts of the pages are, in reading order, for screen readers: headings, paragraphs, tables, pictures.
//!
//! What is in no part (rules, shades, what stands on every page) is no content to be read.

use std::num::NonZeroU16;

use krilla::tagging::{Identifier, TableHeaderScope, Tag, TagGroup, TagKind, TagTree};

/// What a part is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Role {
    /// Of this level, from 1, and its words.
    Heading(u16, String),
    Paragraph,
    Table,
    Row,
    /// A cell that names its column.
    Head,
    Cell,
    /// With the words for who does not see it.
    Picture(String),
}

#[derive(Debug)]
struct Part {
    role: Role,
    /// The part that it is in, which comes before it.
    within: Option<usize>,
}

/// All parts, and which of them are open.
#[derive(Debug, Default)]
pub(super) struct Structure {
    parts: Vec<Part>,
    open: Vec<usize>,
}

impl Structure {
    /// Begins a part, in the one that is open.
    pub(super) fn begin(&mut self, role: Role) {
        self.parts.push(Part { role, within: self.open.last().copied() });
        self.open.push(self.parts.len() - 1);
    }

    /// Ends the part that was begun last.
    pub(super) fn end(&mut self) {
        self.open.pop();
    }

    /// Leaves all open parts until [`Self::resume`] has them back.
    pub(super) fn pause(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.open)
    }

    pub(super) fn resume(&mut self, open: Vec<usize>) {
        self.open = open;
    }

    /// The part that text belongs to.
    pub(super) fn current(&self) -> Option<usize> {
        self.open.last().copied()
    }

    /// The part that an area belongs to: only pictures are made of areas.
    pub(super) fn current_picture(&self) -> Option<usize> {
        let is_picture = |part: &usize| matches!(self.parts[*part].role, Role::Picture(_));
        self.current().filter(is_picture)
    }

    /// The tree of a document in which each part's content has these names.
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
        // From the last to the first: a part is whole when it is put into the one before it.
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
