//! Adding recordings: files in, records and segments out, in parallel and in order.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use super::store::WriteLock;
use super::{Catalog, CatalogError, Recording};
use crate::fingerprint::Fingerprint;
use crate::index::{SegmentBuilder, Track};
use crate::ingest::{Ingested, Ingester, hex, sha256};
use crate::peaks::Peak;
use crate::record::{FailureRecord, Stage};
use crate::source::{Folders, Item, Listed};

/// Files that become one segment. What a batch gave is kept even if the next one is killed.
const BATCH: usize = 512;
/// Least peaks of a recording: 1.5 s of dense music. With fewer no alignment can be told from chance.
const MIN_PEAKS: usize = 24;

/// What became of one file.
#[derive(Debug)]
pub enum AddEvent<'a> {
    /// It is in the catalogue now.
    Added(&'a Recording),
    /// The same audio is there already.
    Duplicate {
        /// The file.
        path: String,
        /// The recording that it is a copy of.
        of: String,
    },
    /// It is no recording.
    Refused {
        /// The file.
        path: String,
        /// Why.
        failure: FailureRecord,
    },
}

/// How many files became what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AddSummary {
    /// New recordings.
    pub added: u64,
    /// Copies of what was there.
    pub duplicates: u64,
    /// Files that are no recordings.
    pub refused: u64,
    /// It was stopped; what was added stays.
    pub stopped: bool,
}

/// A file on its way in.
enum Prepared {
    Known { path: String, of: String },
    Refused { path: String, failure: FailureRecord },
    New { item: Item, sha256: String, ingested: Box<Ingested> },
    Stopped,
}

/// The recordings and tracks of a batch, and what to tell of it.
struct Batch {
    builder: SegmentBuilder,
    recordings: Vec<Recording>,
}

impl Catalog {
    /// Adds all files, and tells of each in their order.
    ///
    /// `pool` decodes; raising `stop` ends it, with what is ready kept.
    ///
    /// # Errors
    ///
    /// If another program is changing the catalogue, or it cannot be written. Never for one file.
    pub fn add(
        &mut self,
        source: &Folders,
        ingester: &Ingester,
        pool: &rayon::ThreadPool,
        stop: &AtomicBool,
        tell: &mut dyn FnMut(AddEvent),
    ) -> Result<AddSummary, CatalogError> {
        let lock = self.lock()?;
        self.sweep(&lock)?;
        let mut summary = AddSummary::default();
        let mut items = source.items();
        while !stop.load(Ordering::Relaxed) {
            let files: Vec<_> = items.by_ref().take(BATCH).collect();
            if files.is_empty() {
                break;
            }
            let known = self.known_files()?;
            let prepared: Vec<Prepared> = pool.install(|| {
                files.into_par_iter().map(|file| prepare(file, &known, ingester, stop)).collect()
            });
            self.keep(prepared, &lock, &mut summary, tell)?;
        }
        summary.stopped = stop.load(Ordering::Relaxed);
        self.merge_if_many(&lock)?;
        Ok(summary)
    }

    /// Writes what is new in a batch, then tells of all of it.
    fn keep(
        &mut self,
        prepared: Vec<Prepared>,
        lock: &WriteLock,
        summary: &mut AddSummary,
        tell: &mut dyn FnMut(AddEvent),
    ) -> Result<(), CatalogError> {
        let mut batch =
            Batch { builder: SegmentBuilder::new(self.config()), recordings: Vec::new() };
        // What became of each file, told only once it is true: a place in `recordings`, or an event.
        let mut fates: Vec<Result<usize, AddEvent<'static>>> = Vec::new();
        for file in prepared {
            match file {
                Prepared::Stopped => {}
                Prepared::Known { path, of } => fates.push(Err(AddEvent::Duplicate { path, of })),
                Prepared::Refused { path, failure } => {
                    fates.push(Err(AddEvent::Refused { path, failure }));
                }
                Prepared::New { item, sha256, ingested } => {
                    self.streams(&item, &sha256, &ingested, &mut batch, &mut fates)?;
                }
            }
        }
        if !batch.recordings.is_empty() {
            self.commit(&batch.builder, &batch.recordings, lock)?;
        }
        for fate in fates {
            let event = match fate {
                Ok(at) => AddEvent::Added(&batch.recordings[at]),
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

    /// Makes a recording of each stream of a file, unless its audio is there already.
    fn streams(
        &self,
        item: &Item,
        sha256: &str,
        ingested: &Ingested,
        batch: &mut Batch,
        fates: &mut Vec<Result<usize, AddEvent<'static>>>,
    ) -> Result<(), CatalogError> {
        let config = self.config();
        let path = item.place.locator.display();
        for (at, fingerprint) in ingested.fingerprints.iter().enumerate() {
            let peaks = config.recording_peaks(&fingerprint.peaks);
            if peaks.len() < MIN_PEAKS {
                let failure = too_sparse(fingerprint.seconds, peaks.len());
                fates.push(Err(AddEvent::Refused { path: path.clone(), failure }));
                continue;
            }
            let audio_digest = audio_digest(&peaks, fingerprint);
            let same = |r: &&Recording| {
                r.audio_digest == audio_digest || (r.sha256 == sha256 && r.stream as usize == at)
            };
            let of = match batch.recordings.iter().find(same) {
                Some(other) => Some(other.recording_id.clone()),
                None => self.with_audio(&audio_digest)?,
            };
            if let Some(of) = of {
                fates.push(Err(AddEvent::Duplicate { path: path.clone(), of }));
                continue;
            }
            let frames = (fingerprint.seconds * config.frames_per_second()).round() as u32;
            let prints = config.recording_prints(&fingerprint.prints);
            batch.builder.push(Track { peaks: &peaks, prints: &prints, frames });
            fates.push(Ok(batch.recordings.len()));
            batch.recordings.push(recording(item, sha256, at, ingested, audio_digest));
        }
        Ok(())
    }
}

fn prepare(
    file: Listed,
    known: &HashMap<String, String>,
    ingester: &Ingester,
    stop: &AtomicBool,
) -> Prepared {
    let item = match file {
        Ok(item) => item,
        Err(row) => {
            return Prepared::Refused { path: row.place.locator.display(), failure: row.failure };
        }
    };
    let path = item.place.locator.display();
    let refused = |failure: FailureRecord| match failure.kind.as_str() {
        "cancelled" => Prepared::Stopped,
        _ => Prepared::Refused { path: path.clone(), failure },
    };
    let sha256 = match sha256(&item.bytes, stop) {
        Ok(sha256) => sha256,
        Err(failure) => return refused(failure),
    };
    if let Some(of) = known.get(&sha256) {
        return Prepared::Known { path, of: of.clone() };
    }
    let ingested = catch_unwind(AssertUnwindSafe(|| ingester.ingest(&item, stop)));
    match ingested {
        Ok(Ok(ingested)) => Prepared::New { item, sha256, ingested: Box::new(ingested) },
        Ok(Err(failure)) => refused(failure),
        Err(panic) => refused(FailureRecord {
            stage: Stage::Decode,
            kind: "panic".into(),
            message: panic_message(panic.as_ref()),
        }),
    }
}

/// One line for what a panic said.
pub(crate) fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let said = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no reason given");
    let said = said.replace(['\n', '\r'], " ");
    format!("a decoder broke down ({said}); the others went on: please report it with the file")
}

fn too_sparse(seconds: f64, peaks: usize) -> FailureRecord {
    FailureRecord {
        stage: Stage::Fingerprint,
        kind: "too_short".into(),
        message: format!(
            "{seconds:.1} s hold {peaks} landmarks' peaks, a recording needs {MIN_PEAKS}: it is too \
             short or too quiet to be told from others"
        ),
    }
}

/// A digest of what is heard, whatever the tags say.
fn audio_digest(peaks: &[Peak], fingerprint: &Fingerprint) -> String {
    let mut digest = Sha256::new();
    digest.update(fingerprint.seconds.to_le_bytes());
    digest.update(bytemuck::cast_slice::<Peak, u8>(peaks));
    hex(&digest.finalize())
}

fn recording(
    item: &Item,
    sha256: &str,
    at: usize,
    ingested: &Ingested,
    audio_digest: String,
) -> Recording {
    let tags = &ingested.decoded.tags;
    let text = |tag: &Option<String>| tag.clone().unwrap_or_default();
    let id = &sha256[..16];
    Recording {
        recording_id: if at == 0 { id.to_owned() } else { format!("{id}-{at}") },
        path: item.place.locator.display(),
        sha256: sha256.to_owned(),
        stream: at as u32,
        audio_digest,
        size_bytes: item.size_bytes,
        codec: ingested.decoded.streams[at].codec.clone(),
        duration_seconds: ingested.fingerprints[at].seconds,
        title: text(&tags.title),
        artist: text(&tags.artist),
        album: text(&tags.album),
        isrc: text(&tags.isrc),
        upc: text(&tags.upc),
        label: text(&tags.label),
        date: text(&tags.date),
    }
}
