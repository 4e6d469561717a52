//! Files before they are added: each is decoded and fingerprinted, or refused with the reason.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use super::Recording;
use crate::base::{hex, panic_message};
use crate::decode::Decoded;
use crate::ingest::{Ingested, Ingester, sha256};
use crate::record::{FailureKind, FailureRecord, Stage};
use crate::signal::fingerprint::{Fingerprint, FingerprintConfig};
use crate::signal::peaks::Peak;
use crate::source::{Item, Listed};

/// Fewest peaks of a recording: 1.5 s of dense music. With fewer, no alignment can be told from chance.
const MIN_PEAKS: usize = 24;
/// Fewest peaks of a neutral reference. It is never a finding, and a one-shot of a drum has only a few.
const MIN_NEUTRAL_PEAKS: usize = 1;
/// Digits of a file's SHA-256 in the id of its recording: 64 bits, of which no two of a million files have the same.
const ID_DIGITS: usize = 16;

/// What decodes the files of a call of `add`, what stops it, and whether its recordings are neutral.
#[derive(Clone, Copy)]
pub(super) struct Work<'a> {
    pub(super) ingester: &'a Ingester,
    pub(super) pool: &'a rayon::ThreadPool,
    pub(super) stop: &'a AtomicBool,
    pub(super) neutral: bool,
}

/// A file that was prepared.
pub(super) enum Prepared {
    /// A copy of the file of the recording `of`.
    Known {
        path: String,
        of: String,
        neutral: bool,
    },
    Refused {
        path: String,
        failure: FailureRecord,
    },
    /// A file that the catalogue does not have, with what is kept of each of its audio streams.
    New {
        item: Box<Item>,
        sha256: String,
        decoded: Box<Decoded>,
        streams: Vec<Kept>,
    },
    /// `stop` was set before it was ready.
    Stopped,
}

/// The part of a stream's fingerprint that the index keeps.
pub(super) struct Kept {
    pub(super) peaks: Vec<Peak>,
    pub(super) sub_fingerprints: Vec<u32>,
    pub(super) seconds: f64,
}

/// Looks up files in the database by their SHA-256, from several threads.
pub(super) struct Known(Mutex<rusqlite::Connection>);

impl Known {
    pub(super) fn new(reader: rusqlite::Connection) -> Self {
        Self(Mutex::new(reader))
    }

    /// The recording of the file with this SHA-256, and whether it is neutral. Also `None` if the database cannot be read:
    /// writing the batch to it will report the error.
    fn recording(&self, sha256: &str) -> Option<(String, bool)> {
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sql = "SELECT recording_id, neutral FROM recordings WHERE sha256 = ?1 ORDER BY stream LIMIT 1";
        let mut statement = connection.prepare_cached(sql).ok()?;
        statement.query_row([sha256], |row| Ok((row.get(0)?, row.get(1)?))).ok()
    }
}

/// Prepares one file.
pub(super) fn prepare(file: Listed, known: &Known, work: Work) -> Prepared {
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
            // The whole fingerprint is dropped here, before the next file is decoded: it is many times as large.
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

/// Why a stream is not added, if it has too few peaks.
pub(super) fn too_sparse(kept: &Kept, neutral: bool) -> Option<FailureRecord> {
    let (peaks, seconds) = (kept.peaks.len(), kept.seconds);
    let fewest = if neutral { MIN_NEUTRAL_PEAKS } else { MIN_PEAKS };
    if peaks >= fewest {
        return None;
    }
    let message = if neutral {
        format!(
            "{seconds:.1} s without a spectral peak: silence is never found, so it needs no reference"
        )
    } else {
        format!(
            "{seconds:.1} s with {peaks} spectral peaks, of which a recording needs {MIN_PEAKS}: it is too short or too \
             quiet to be told from others"
        )
    };
    Some(FailureRecord { stage: Stage::Fingerprint, kind: FailureKind::TooShort, message })
}

/// SHA-256 of length and peaks: files with the same audio under other tags have the same.
pub(super) fn audio_digest(peaks: &[Peak], seconds: f64) -> String {
    let mut digest = Sha256::new();
    digest.update(seconds.to_le_bytes());
    digest.update(bytemuck::cast_slice::<Peak, u8>(peaks));
    hex(&digest.finalize())
}

/// The record of a stream, from the tags of its file.
pub(super) fn recording(
    item: &Item,
    sha256: &str,
    stream: usize,
    decoded: &Decoded,
    seconds: f64,
    audio_digest: String,
) -> Recording {
    let tags = &decoded.tags;
    let text = |tag: &Option<String>| tag.clone().unwrap_or_default();
    let id = &sha256[..ID_DIGITS];
    Recording {
        recording_id: if stream == 0 { id.to_owned() } else { format!("{id}-{stream}") },
        path: item.place.locator.display(),
        sha256: sha256.to_owned(),
        stream: stream as u32,
        audio_digest,
        size_bytes: item.size_bytes,
        codec: decoded.streams[stream].codec.clone(),
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
