//! Adding recordings: files in, records and segments out, in parallel and in order.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use super::lock::WriteLock;
use super::{Catalog, CatalogError, MakeLine, Recording};
use crate::base::hex;
use crate::base::panic_message;
use crate::decode::Decoded;
use crate::index::{SegmentBuilder, Track};
use crate::ingest::{Ingested, Ingester, sha256};
use crate::record::{FailureKind, FailureRecord, Stage};
use crate::signal::fingerprint::{Fingerprint, FingerprintConfig};
use crate::signal::peaks::Peak;
use crate::source::{Folders, Item, Listed};

/// Files that become one segment. What a batch gave is kept even if the next one is killed.
const BATCH: usize = 512;
/// Bytes of files beyond which a batch takes no more: what is kept of 4 GiB of audio at 64 kbit/s is 100 MiB.
const BATCH_BYTES: u64 = 4 << 30;
/// Least peaks of a recording: 1.5 s of dense music. With fewer no alignment can be told from chance.
const MIN_PEAKS: usize = 24;
/// … and of a neutral reference, which accuses nobody: a one-shot of a drum has a few.
const MIN_NEUTRAL_PEAKS: usize = 1;

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

/// How files become recordings.
#[derive(Clone, Copy)]
struct Work<'a> {
    ingester: &'a Ingester,
    pool: &'a rayon::ThreadPool,
    stop: &'a AtomicBool,
    neutral: bool,
}

/// A file on its way in.
enum Prepared {
    Known { path: String, of: String, neutral: bool },
    Refused { path: String, failure: FailureRecord },
    New { item: Box<Item>, sha256: String, decoded: Box<Decoded>, streams: Vec<Kept> },
    Stopped,
}

/// What is kept of a stream.
struct Kept {
    peaks: Vec<Peak>,
    sub_fingerprints: Vec<u32>,
    seconds: f64,
}

/// The recordings and tracks of a batch, and what to tell of it.
struct Batch {
    neutral: bool,
    builder: SegmentBuilder,
    recordings: Vec<Recording>,
    /// What became of each file: a place in `recordings`, or an event.
    fates: Vec<Result<usize, AddEvent<'static>>>,
}

/// What a batch needs to become true.
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

    /// A copy of what is there, as the one kind or the other.
    fn duplicate(&mut self, path: String, of: String, neutral: bool) {
        if neutral == self.neutral {
            self.fates.push(Err(AddEvent::Duplicate { path, of }));
        } else {
            self.refuse(path, of_other_kind(&of, neutral));
        }
    }

    fn refuse(&mut self, path: String, failure: FailureRecord) {
        self.fates.push(Err(AddEvent::Refused { path, failure }));
    }
}

impl Catalog {
    /// Adds all files, and tells of each in their order.
    ///
    /// `pool` decodes; raising `stop` ends it, with what is ready kept. What is kept is logged a batch at a time.
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
        log: MakeLine,
        tell: &mut dyn FnMut(AddEvent),
    ) -> Result<AddSummary, CatalogError> {
        self.add_all(source, Work { ingester, pool, stop, neutral: false }, log, tell)
    }

    /// Adds all files as neutral references, however short they are.
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
        let known = Known(Mutex::new(self.reader()?));
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

    /// Writes what is new, and tells what became of each file.
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

    /// Writes the recordings of a batch; what became of each file is told only once it is true.
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

    /// Makes a recording of each stream of a file, unless its audio is there already.
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
        for (at, Kept { peaks, sub_fingerprints, seconds }) in streams.iter().enumerate() {
            let least = if batch.neutral { MIN_NEUTRAL_PEAKS } else { MIN_PEAKS };
            if peaks.len() < least {
                batch.refuse(path.clone(), too_sparse(*seconds, peaks.len(), batch.neutral));
                continue;
            }
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

/// A recording whose fingerprint was made elsewhere.
#[derive(Debug, Clone)]
pub struct Made {
    /// Its record.
    pub recording: Recording,
    /// As [`FingerprintConfig::recording_peaks`] gives them.
    pub peaks: Vec<Peak>,
    /// As [`FingerprintConfig::recording_prints`] gives them.
    pub sub_fingerprints: Vec<u32>,
}

impl Catalog {
    /// Adds recordings whose fingerprints were made elsewhere, under this catalogue's settings; returns how many. A
    /// recording whose audio is there already is an error: who makes fingerprints makes sure of that. It is not logged: no
    /// command does this.
    ///
    /// # Errors
    ///
    /// If another program is changing the catalogue, or it cannot be written.
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

/// The next files, not too many and not too large.
fn batch(items: &mut dyn Iterator<Item = Listed>) -> Vec<Listed> {
    let (mut files, mut bytes) = (Vec::new(), 0);
    while files.len() < BATCH && bytes < BATCH_BYTES {
        let Some(item) = items.next() else { break };
        bytes += item.as_ref().map_or(0, |item| item.size_bytes);
        files.push(item);
    }
    files
}

/// The files that have a recording, as the database has them.
struct Known(Mutex<rusqlite::Connection>);

impl Known {
    /// The recording of the file with this SHA-256, and whether it is neutral. None, too, where the database cannot be read:
    /// then writing to it will say why.
    fn recording(&self, sha256: &str) -> Option<(String, bool)> {
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sql = "SELECT recording_id, neutral FROM recordings WHERE sha256 = ?1 ORDER BY stream LIMIT 1";
        let mut statement = connection.prepare_cached(sql).ok()?;
        statement.query_row([sha256], |row| Ok((row.get(0)?, row.get(1)?))).ok()
    }
}

fn prepare(file: Listed, known: &Known, work: Work) -> Prepared {
    let Work { ingester, stop, .. } = work;
    let item = match file {
        Ok(item) => item,
        Err(row) => {
            return Prepared::Refused { path: row.place.locator.display(), failure: row.failure };
        }
    };
    let path = item.place.locator.display();
    let refused = |failure: FailureRecord| match failure.kind {
        FailureKind::Cancelled => Prepared::Stopped,
        _ => Prepared::Refused { path: path.clone(), failure },
    };
    let sha256 = match sha256(&item.bytes, stop) {
        Ok(sha256) => sha256,
        Err(failure) => return refused(failure),
    };
    if let Some((of, neutral)) = known.recording(&sha256) {
        return Prepared::Known { path, of, neutral };
    }
    let ingested = catch_unwind(AssertUnwindSafe(|| ingester.ingest(&item, stop)));
    match ingested {
        Ok(Ok(Ingested { decoded, fingerprints })) => {
            // All else of a fingerprint is dropped here, before the next file is decoded.
            let config = ingester.fingerprinter().config();
            let streams = fingerprints.iter().map(|f| kept(config, f)).collect();
            let (item, decoded) = (Box::new(item), Box::new(decoded));
            Prepared::New { item, sha256, decoded, streams }
        }
        Ok(Err(failure)) => refused(failure.into()),
        Err(panic) => refused(FailureRecord {
            stage: Stage::Decode,
            kind: FailureKind::Panic,
            message: panic_message(panic.as_ref()),
        }),
    }
}

fn kept(config: &FingerprintConfig, fingerprint: &Fingerprint) -> Kept {
    Kept {
        peaks: config.recording_peaks(&fingerprint.peaks),
        sub_fingerprints: config.recording_prints(&fingerprint.sub_fingerprints),
        seconds: fingerprint.seconds,
    }
}

fn too_sparse(seconds: f64, peaks: usize, neutral: bool) -> FailureRecord {
    let message = if neutral {
        format!(
            "{seconds:.1} s hold no peak: what is silent is never found, and needs no reference"
        )
    } else {
        format!(
            "{seconds:.1} s hold {peaks} landmarks' peaks, a recording needs {MIN_PEAKS}: it is too \
             short or too quiet to be told from others"
        )
    };
    FailureRecord { stage: Stage::Fingerprint, kind: FailureKind::TooShort, message }
}

/// Why a copy of what is there is not added as the other kind: what it was is what reports rest on, and who made it so has to
/// take it back.
fn of_other_kind(of: &str, neutral: bool) -> FailureRecord {
    let message = if neutral {
        format!(
            "is there as the neutral reference {of} and stays it; to search for it: leakhound catalog remove {of}, \
             then catalog add"
        )
    } else {
        format!(
            "is there as the recording {of} and stays it; to make it neutral: leakhound catalog remove {of}, then \
             catalog add --neutral"
        )
    };
    FailureRecord { stage: Stage::Fingerprint, kind: FailureKind::OtherKind, message }
}

/// A digest of what is heard, whatever the tags say.
fn audio_digest(peaks: &[Peak], seconds: f64) -> String {
    let mut digest = Sha256::new();
    digest.update(seconds.to_le_bytes());
    digest.update(bytemuck::cast_slice::<Peak, u8>(peaks));
    hex(&digest.finalize())
}

fn recording(
    item: &Item,
    sha256: &str,
    at: usize,
    decoded: &Decoded,
    seconds: f64,
    audio_digest: String,
) -> Recording {
    let tags = &decoded.tags;
    let text = |tag: &Option<String>| tag.clone().unwrap_or_default();
    let id = &sha256[..16];
    Recording {
        recording_id: if at == 0 { id.to_owned() } else { format!("{id}-{at}") },
        path: item.place.locator.display(),
        sha256: sha256.to_owned(),
        stream: at as u32,
        audio_digest,
        size_bytes: item.size_bytes,
        codec: decoded.streams[at].codec.clone(),
        duration_seconds: seconds,
        title: text(&tags.title),
        artist: text(&tags.artist),
        album: text(&tags.album),
        isrc: text(&tags.isrc),
        upc: text(&tags.upc),
        label: text(&tags.label),
        date: text(&tags.date),
        neutral: false,
    }
}
