//! A file on disk that is read in sections: which part of it, and how the reading of that ended.

use std::ops::ControlFlow;

use super::Unpacker;
use crate::source::containers::parts::At;
use crate::source::section::{Carried, Reading, Section, SectionEnd, TableEnd};

impl Unpacker<'_> {
    /// The same for a file that is read in sections.
    pub(in crate::source::containers) fn reading(mut self, reading: Reading) -> Self {
        match &reading {
            Reading::Whole => {}
            Reading::Part(_, Carried { unpacked_bytes, members }) => {
                self.costs.carry(*unpacked_bytes, *members);
            }
            Reading::Last(sum) => {
                self.costs.carry(sum.unpacked_bytes, sum.members);
                self.looked_at = sum.looked_at;
            }
        }
        self.reading = reading;
        self
    }

    /// The section of a container that is to be read; `None` for all of it. Only the file on disk itself has sections.
    pub(in crate::source::containers) fn section(&self, inside: &At) -> Option<Section> {
        match &self.reading {
            Reading::Part(section, _) if inside.depth == 1 => Some(*section),
            _ => None,
        }
    }

    /// What is said of a container whose sections were all read; `None` if it is yet to be read.
    pub(in crate::source::containers) fn sections_end(&self, inside: &At) -> Option<&SectionEnd> {
        match &self.reading {
            Reading::Last(sum) if inside.depth == 1 => Some(sum),
            _ => None,
        }
    }

    /// Notes that the section was read to its end.
    pub(in crate::source::containers) fn section_ends(&mut self) -> ControlFlow<()> {
        self.reached = true;
        ControlFlow::Continue(())
    }

    /// Keeps what the section says of its table.
    pub(in crate::source::containers) fn keep_table(&mut self, table: TableEnd) {
        self.table = table;
    }

    /// How the reading of the section ended.
    pub(in crate::source) fn into_section_end(self) -> SectionEnd {
        let carried = match &self.reading {
            Reading::Part(_, carried) => *carried,
            Reading::Whole | Reading::Last(_) => Carried::default(),
        };
        SectionEnd {
            reached: self.reached,
            unpacked_bytes: self.costs.allowance.spent().saturating_sub(carried.unpacked_bytes),
            members: self.costs.members().saturating_sub(carried.members),
            looked_at: self.looked_at,
            table: self.table,
        }
    }
}
