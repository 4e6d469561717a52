//! Adding recordings: files are decoded in parallel, and become records and tracks in the order in which they were listed.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::lock::WriteLock;
use super::prepare::{Kept, Known, Prepared, Work, audio_digest, prepare, recording, too_sparse};
use super::{Catalog, CatalogError, MakeLine, Recording};
use crate::decode::Decoded;
use crate::index::{SegmentBuilder, Track};
use crate::ingest::Ingester;
use crate::record::{FailureKind, FailureRecord, Stage};
use crate::signal::fingerprint::FingerprintConfig;
use crate::signal::peaks::Peak;
use crate::source::{Folders, Item, Listed};

/// Files that become one segment. A batch that was written stays even if the program is killed during the next. A guess.
const BATCH: usize = 512;
/// Bytes of files after which a batch is full: the peaks and sub-fingerprints of 4 GiB of audio at 64 kbit/s take
/// 100 MiB of memory.
const BATCH_BYTES: u64 = 4 << 30;

/// What became of one file.
#[derive(Debug)]
pub enum AddEvent<'a> {
    /// It was added as this recording.
    Added(&'a Recording),
    /// The catalogue has the same audio already.
    Duplicate {
        /// Path or locator of the file, as text.
        path: String,
        /// Id of the recording that it is a copy of.
        of: String,
    },
    /// It was not added.
    Refused {
        /// Path or locator of the file, as text.
        path: String,
        /// The reason, as a record of a scan would give it.
        failure: FailureRecord,
    },
}

/// Numbers of files by what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AddSummary {
    /// Number of new recordings; a file with several streams may give several.
    pub added: u64,
    /// Number of copies of recordings that the catalogue had.
    pub duplicates: u64,
    /// Number of files that were not added.
    pub refused: u64,
    /// Whether adding was stopped; the files that were added before stay.
    pub stopped: bool,
}

/// The recordings and tracks of a batch, and the events to tell once it is written.
struct Batch {
    neutral: bool,
    builder: SegmentBuilder,
    recordings: Vec<Recording>,
    /// For each file, the position of its recording in `recordings`, or the event to tell.
    fates: Vec<Result<usize, AddEvent<'static>>>,
}

/// The parts of a call of `add` that writing a batch needs.
struct Commit<'a> {
    lock: &'a WriteLock,
    log: Option<MakeLine<'a>>,
    neutral: bool,
    summary: &'a mut AddSummary,
    tell: &'a mut dyn FnMut(AddEvent),
}

impl Batch {
    fn new(config: FingerprintConfig, neutral: bool) -> Self {
        let builder = SegmentBuilder::new(config);
        Self { neutral, builder, recordings: Vec::new(), fates: Vec::new() }
    }

    /// Notes a copy of a recording that the catalogue has. One of the other kind, neutral or not, is refused.
    fn duplicate(&mut self, path: String, of: String, neutral: bool) {
        if neutral == self.neutral {
            self.fates.push(Err(AddEvent::Duplicate { path, of }));
        } else {
            self.refuse(path, is_of_other_kind(&of, neutral));
        }
    }

    fn refuse(&mut self, path: String, failure: FailureRecord) {
        self.fates.push(Err(AddEvent::Refused { path, failure }));
    }
}

impl Catalog {
    /// Adds all files, and tells what became of each, in their order.
    ///
    /// Files are decoded in `pool`. Setting `stop` ends the call; the files that are decoded by then are added. Each batch is
    /// logged as it is written.
    ///
    /// # Errors
    ///
    /// If another program is changing the catalogue, or it cannot be written. A file that cannot be added is an event.
    pub fn add(
        &mut self,
        source: &Folders,
        ingester: &Ingester,
        pool: &rayon::ThreadPool,
        stop: &AtomicBool,
        log: MakeLine,
        tell: &mut dyn FnMut(AddEvent),
    ) -> Result<AddSummary, CatalogError> {
        self.add_all(source, Work { ingester, pool, stop, neutral: false }, log, tell)
    }

    /// Adds all files as neutral references, which may be as short as one peak.
    ///
    /// # Errors
    ///
    /// As [`Catalog::add`].
    pub fn add_neutral(
        &mut self,
        source: &Folders,
        ingester: &Ingester,
        pool: &rayon::ThreadPool,
        stop: &AtomicBool,
        log: MakeLine,
        tell: &mut dyn FnMut(AddEvent),
    ) -> Result<AddSummary, CatalogError> {
        self.add_all(source, Work { ingester, pool, stop, neutral: true }, log, tell)
    }

    fn add_all(
        &mut self,
        source: &Folders,
        work: Work,
        log: MakeLine,
        tell: &mut dyn FnMut(AddEvent),
    ) -> Result<AddSummary, CatalogError> {
        let Work { pool, stop, neutral, .. } = work;
        let lock = self.lock()?;
        self.sweep(&lock)?;
        let known = Known::new(self.reader()?);
        let mut summary = AddSummary::default();
        let mut items = source.items();
        while !stop.load(Ordering::Relaxed) {
            let files = batch(&mut items);
            if files.is_empty() {
                break;
            }
            let prepared: Vec<Prepared> = pool.install(|| {
                files.into_par_iter().map(|file| prepare(file, &known, work)).collect()
            });
            let mut commit =
                Commit { lock: &lock, log: Some(log), neutral, summary: &mut summary, tell };
            self.keep(prepared, &mut commit)?;
        }
        summary.stopped = stop.load(Ordering::Relaxed);
        self.merge_what_is_due(&lock)?;
        Ok(summary)
    }

    /// Writes the new recordings, and tells what became of each file.
    fn keep(&mut self, prepared: Vec<Prepared>, commit: &mut Commit) -> Result<(), CatalogError> {
        let neutral = commit.neutral;
        let mut batch = Batch::new(self.config(), neutral);
        for file in prepared {
            match file {
                Prepared::Stopped => {}
                Prepared::Known { path, of, neutral } => batch.duplicate(path, of, neutral),
                Prepared::Refused { path, failure } => batch.refuse(path, failure),
                Prepared::New { item, sha256, decoded, streams } => {
                    self.streams(&item, &sha256, &decoded, &streams, &mut batch)?;
                }
            }
            if batch.builder.is_full() {
                let full = std::mem::replace(&mut batch, Batch::new(self.config(), neutral));
                self.settle(full, commit)?;
            }
        }
        self.settle(batch, commit)
    }

    /// Writes the recordings of a batch, then tells what became of each file: an event must not speak of a recording that is
    /// not on disk.
    fn settle(&mut self, batch: Batch, commit: &mut Commit) -> Result<(), CatalogError> {
        let Batch { builder, recordings, fates, .. } = batch;
        let Commit { lock, log, summary, tell, .. } = commit;
        if !recordings.is_empty() {
            self.commit(builder, &recordings, lock, *log)?;
        }
        for fate in fates {
            let event = match fate {
                Ok(at) => AddEvent::Added(&recordings[at]),
                Err(event) => event,
            };
            match event {
                AddEvent::Added(_) => summary.added += 1,
                AddEvent::Duplicate { .. } => summary.duplicates += 1,
                AddEvent::Refused { .. } => summary.refused += 1,
            }
            tell(event);
        }
        Ok(())
    }

    /// Makes a recording of each stream of a file whose audio the catalogue does not have yet.
    fn streams(
        &self,
        item: &Item,
        sha256: &str,
        decoded: &Decoded,
        streams: &[Kept],
        batch: &mut Batch,
    ) -> Result<(), CatalogError> {
        let config = self.config();
        let path = item.place.locator.display();
        for (at, kept) in streams.iter().enumerate() {
            if let Some(failure) = too_sparse(kept, batch.neutral) {
                batch.refuse(path.clone(), failure);
                continue;
            }
            let Kept { peaks, sub_fingerprints, seconds } = kept;
            let audio_digest = audio_digest(peaks, *seconds);
            let same = |r: &&Recording| {
                r.audio_digest == audio_digest || (r.sha256 == sha256 && r.stream as usize == at)
            };
            let of = match batch.recordings.iter().find(same) {
                Some(other) => Some((other.recording_id.clone(), other.neutral)),
                None => self.with_audio(&audio_digest)?,
            };
            if let Some((of, neutral)) = of {
                batch.duplicate(path.clone(), of, neutral);
                continue;
            }
            let frames = (seconds * config.frames_per_second()).round() as u32;
            batch.builder.push(&Track { peaks: peaks.into(), sub_fingerprints, frames });
            batch.fates.push(Ok(batch.recordings.len()));
            let recording = recording(item, sha256, at, decoded, *seconds, audio_digest);
            batch.recordings.push(Recording { neutral: batch.neutral, ..recording });
        }
        Ok(())
    }
}

/// A recording with its fingerprint, as benchmarks and tests make them.
#[derive(Debug, Clone)]
pub struct Made {
    /// The record of it.
    pub recording: Recording,
    /// Its peaks, as [`FingerprintConfig::recording_peaks`] thins them.
    pub peaks: Vec<Peak>,
    /// Its sub-fingerprints, as [`FingerprintConfig::recording_prints`] thins them.
    pub sub_fingerprints: Vec<u32>,
}

impl Catalog {
    /// Adds recordings whose fingerprints were made elsewhere, under this catalogue's settings, and returns their number.
    /// Nothing is logged, since no command does this.
    ///
    /// # Errors
    ///
    /// If another program is changing the catalogue, if it cannot be written, or if it has the audio of one of them.
    pub fn add_made(&mut self, made: &mut dyn Iterator<Item = Made>) -> Result<u64, CatalogError> {
        let lock = self.lock()?;
        self.sweep(&lock)?;
        let (mut summary, mut nobody) = (AddSummary::default(), |_: AddEvent| {});
        let mut commit = Commit {
            lock: &lock,
            log: None,
            neutral: false,
            summary: &mut summary,
            tell: &mut nobody,
        };
        let mut batch = Batch::new(self.config(), false);
        let rate = self.config().frames_per_second();
        for Made { recording, peaks, sub_fingerprints } in made {
            let frames = (recording.duration_seconds * rate).round() as u32;
            batch.builder.push(&Track {
                peaks: peaks.into(),
                sub_fingerprints: &sub_fingerprints,
                frames,
            });
            batch.fates.push(Ok(batch.recordings.len()));
            batch.recordings.push(recording);
            if batch.builder.is_full() {
                let full = std::mem::replace(&mut batch, Batch::new(self.config(), false));
                self.settle(full, &mut commit)?;
                self.merge_what_is_due(&lock)?;
            }
        }
        self.settle(batch, &mut commit)?;
        self.merge_what_is_due(&lock)?;
        Ok(summary.added)
    }
}

/// The files of the next batch: at most [`BATCH`], and no more once they have [`BATCH_BYTES`].
fn batch(items: &mut dyn Iterator<Item = Listed>) -> Vec<Listed> {
    let (mut files, mut bytes) = (Vec::new(), 0);
    while files.len() < BATCH && bytes < BATCH_BYTES {
        let Some(item) = items.next() else { break };
        bytes += item.as_ref().map_or(0, |item| item.size_bytes);
        files.push(item);
    }
    files
}

/// Why a copy of a recording is not added as neutral, or the other way round: earlier reports rest on what it was, so a
/// person has to remove it first.
fn is_of_other_kind(of: &str, neutral: bool) -> FailureRecord {
    let message = if neutral {
        format!(
            "is in the catalogue as the neutral reference {of}; to search for it instead, run leakhound catalog remove \
             {of}, then catalog add"
        )
    } else {
        format!(
            "is in the catalogue as the recording {of}; to make it neutral instead, run leakhound catalog remove {of}, \
             then catalog add --neutral"
        )
    };
    FailureRecord { stage: Stage::Fingerprint, kind: FailureKind::OtherKind, message }
}
