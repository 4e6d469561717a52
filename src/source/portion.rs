//! A part of a dump that is walked by itself: its items and their records are those of a walk of the whole.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::listing::Listing;
use super::section::{Carried, Reading, Section, SectionEnd};
use super::torrent::TorrentPlace;
use super::{Dump, Source, Span, Stamp, Visit};
use crate::storage;

/// What a [`Portion`] holds of its dump.
#[derive(Debug, Clone)]
pub enum Share {
    /// The files of a stretch of the walk.
    Files(Span),
    /// One section of a container.
    Section {
        /// The container, a file on disk.
        file: PathBuf,
        /// Size and time of change that it must have: sections of two states of a file would not fit together.
        stamp: Stamp,
        /// The section.
        section: Section,
        /// What the sections before it have cost.
        carried: Carried,
    },
    /// What is said of a container last, once all its sections were read.
    Last {
        /// The container, a file on disk.
        file: PathBuf,
        /// As for a section.
        stamp: Stamp,
        /// The sum of its sections.
        sum: SectionEnd,
    },
}

/// What was met on the walk of a [`Portion`].
#[derive(Debug, Clone, Default)]
pub struct Met {
    /// The files of a stretch.
    pub listing: Listing,
    /// How the reading of a section ended. `None` if the file is not what it was.
    pub section: Option<SectionEnd>,
}

/// A part of a dump.
#[derive(Debug)]
pub struct Portion {
    dump: Dump,
    torrents: Vec<TorrentPlace>,
    share: Share,
    met: Mutex<Met>,
}

impl Portion {
    /// A part of a dump, over which these torrents of the dump lie.
    pub fn new(dump: Dump, torrents: Vec<TorrentPlace>, share: Share) -> Self {
        Self { dump, torrents, share, met: Mutex::default() }
    }

    /// What was met on the last walk that ended.
    pub fn met(&self) -> Met {
        self.met.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn section(
        &self,
        file: &Path,
        stamp: Stamp,
        reading: Reading,
        visit: &mut dyn Visit,
    ) -> (ControlFlow<()>, Met) {
        let is = || storage::metadata(file).map(|metadata| Stamp::of(&metadata));
        let mut met = Met::default();
        if !is().is_ok_and(|now| now == stamp) {
            return (ControlFlow::Continue(()), met);
        }
        let (flow, end) = self.dump.walk_section(file, &self.torrents, reading, visit);
        met.section = end.filter(|_| is().is_ok_and(|now| now == stamp));
        (flow, met)
    }
}

impl Source for Portion {
    fn walk(&self, visit: &mut dyn Visit) -> ControlFlow<()> {
        let (flow, met) = match &self.share {
            Share::Files(span) => {
                let mut met = Met::default();
                let listing = &mut met.listing;
                let flow = self.dump.walk_part(span, &self.torrents, listing, visit);
                (flow, met)
            }
            Share::Section { file, stamp, section, carried } => {
                self.section(file, *stamp, Reading::Part(*section, *carried), visit)
            }
            Share::Last { file, stamp, sum } => {
                self.section(file, *stamp, Reading::Last(Box::new(sum.clone())), visit)
            }
        };
        *self.met.lock().unwrap_or_else(PoisonError::into_inner) = met;
        flow
    }
}
