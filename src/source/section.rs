//! A large container that is read in sections, each by itself, as if it had been read at once.
//!
//! A section is a stretch of a container's own members: entries of the directory of a zip file, bytes of a tar file between two
//! of its headers, or row groups of a Parquet table. What a reader would carry from one member to the next comes out of each
//! section as a [`SectionEnd`]: what was unpacked, what a table said of itself, and whether the container broke. With these,
//! whoever puts the sections together knows where a reader of the whole would have stopped, and what it would have said last.

use serde::{Deserialize, Serialize};

/// A section of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// Its first entry, byte or row group.
    pub from: u64,
    /// The first entry, byte or row group behind it; [`u64::MAX`] for the last section, which reads to the end.
    pub to: u64,
}

/// What the sections before have cost, which counts against the limits of the whole container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Carried {
    /// Bytes that they unpacked to.
    pub unpacked_bytes: u64,
    /// Members that they counted.
    pub members: u64,
}

/// How the reading of a section ended.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SectionEnd {
    /// Whether it was read to its end. If not, a row says why, and a reader of the whole container would have stopped there.
    pub reached: bool,
    /// Bytes that it unpacked to.
    pub unpacked_bytes: u64,
    /// Members that it counted, empty cells of tables included.
    pub members: u64,
    /// Items and rows.
    pub looked_at: u64,
    /// What a table says of itself.
    pub table: TableEnd,
}

/// What a stretch of a table says of the table as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TableEnd {
    /// Number of row groups that could not be read.
    pub broken: u64,
    /// The first of them.
    pub first: Option<BrokenGroup>,
    /// Number of cells that name a file and do not hold it.
    pub names_only: u64,
    /// Whether there are rows with text and without sound.
    pub has_silent_rows: bool,
    /// Cells of lists that are not samples: the first in words, and their number.
    pub shapeless: Option<(String, u64)>,
    /// Number of cells of no known format with a sample rate beside them.
    pub raw: u64,
}

/// A row group that could not be read to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokenGroup {
    /// Its number, from 0.
    pub group: u64,
    /// The row that failed, from 0, and the number of rows; `None` if no row could be read.
    pub rows: Option<(u64, u64)>,
    /// Whether it is of a form that is not read here, and not damaged.
    pub is_unsupported: bool,
    /// What the reader said.
    pub message: String,
}

impl SectionEnd {
    /// Adds the section that follows.
    pub fn add(&mut self, next: Self) {
        self.reached = next.reached;
        self.unpacked_bytes = self.unpacked_bytes.saturating_add(next.unpacked_bytes);
        self.members = self.members.saturating_add(next.members);
        self.looked_at = self.looked_at.saturating_add(next.looked_at);
        let table = &mut self.table;
        table.broken += next.table.broken;
        table.first = table.first.take().or(next.table.first);
        table.names_only += next.table.names_only;
        table.has_silent_rows |= next.table.has_silent_rows;
        table.raw += next.table.raw;
        if let Some((first, count)) = next.table.shapeless {
            table.shapeless.get_or_insert((first, 0)).1 += count;
        }
    }

    /// What this and the sections before have cost.
    pub fn carried(&self) -> Carried {
        Carried { unpacked_bytes: self.unpacked_bytes, members: self.members }
    }
}

/// How an [`super::Item`] that is a container is read.
#[derive(Debug, Clone, Default)]
pub(super) enum Reading {
    /// From front to end.
    #[default]
    Whole,
    /// One section of it.
    Part(Section, Carried),
    /// What is said last, once all sections were read: their sum.
    Last(Box<SectionEnd>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_add_up_to_the_whole_and_the_first_broken_group_stays_the_first() {
        let broken = |group| BrokenGroup {
            group,
            rows: Some((3, 10)),
            is_unsupported: false,
            message: "torn".into(),
        };
        let end = |group, reached| SectionEnd {
            reached,
            unpacked_bytes: 10,
            members: 2,
            looked_at: 1,
            table: TableEnd {
                broken: 1,
                first: Some(broken(group)),
                names_only: 5,
                has_silent_rows: group == 7,
                ..TableEnd::default()
            },
        };
        let mut sum = SectionEnd { reached: true, ..SectionEnd::default() };
        sum.add(end(3, true));
        sum.add(end(7, false));
        assert!(!sum.reached);
        assert_eq!(sum.carried(), Carried { unpacked_bytes: 20, members: 4 });
        assert_eq!((sum.looked_at, sum.table.broken, sum.table.names_only), (2, 2, 10));
        assert_eq!(sum.table.first, Some(broken(3)));
        assert!(sum.table.has_silent_rows);
    }
}
