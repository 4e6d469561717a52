//! One file: its hash, its tags, the fingerprint of each of its audio streams, or of excerpts of it.
//!
//! What both the catalogue and a scan do with a file before they part.

use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::base::hex;
use sha2::{Digest, Sha256};

use crate::bytes::Bytes;
use crate::decode::{DecodeError, Decoded, Decoder, Excerpts, PcmSink, Windows};
use crate::record::{FailureKind, FailureRecord, Stage};
use crate::signal::SampleRate;
use crate::signal::fingerprint::{Fingerprint, FingerprintStream, Fingerprinter};
use crate::signal::resample::{MAX_RATE_HZ, MIN_RATE_HZ};
use crate::source::{Item, path_key, path_of_key};

/// What is known of a file once it was read and decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Ingested {
    /// Streams, tags and notes of the decoder.
    pub decoded: Decoded,
    /// A fingerprint for each of `decoded.streams`, in the same order.
    pub fingerprints: Vec<Fingerprint>,
}

/// Reads and decodes files. Shared by all workers.
#[derive(Debug)]
pub struct Ingester {
    decoder: Decoder,
    fingerprinter: Fingerprinter,
}

impl Ingester {
    /// Puts decoder and fingerprinter together.
    pub fn new(decoder: Decoder, fingerprinter: Fingerprinter) -> Self {
        Self { decoder, fingerprinter }
    }

    /// The decoder.
    pub fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    /// The fingerprinter.
    pub fn fingerprinter(&self) -> &Fingerprinter {
        &self.fingerprinter
    }

    /// Decodes an item and makes the fingerprint of each stream.
    ///
    /// # Errors
    ///
    /// A failure of the stages read, probe, decode or fingerprint.
    pub fn ingest(&self, item: &Item, cancel: &AtomicBool) -> Result<Ingested, FailureRecord> {
        let mut sink = PeakSink { fingerprinter: &self.fingerprinter, streams: Vec::new() };
        let decoded = self.decoder.decode(&item.bytes, cancel, &mut sink);
        let mut decoded = decoded.map_err(|error| mislabelled(item, failure(&error)))?;
        let mut sunk: Vec<Option<Sunk>> = sink.streams;
        let mut fingerprints = Vec::new();
        let mut refused = None;
        let notes = &mut decoded.notes;
        decoded.streams.retain(|info| match sunk.get_mut(info.index).and_then(Option::take) {
            Some(Sunk::Stream(stream)) => {
                fingerprints.push(stream.finish());
                true
            }
            Some(Sunk::Refused(rate)) => {
                refused = Some(rate);
                notes.push(refused_rate(rate));
                false
            }
            None => false,
        });
        match refused {
            Some(rate) if fingerprints.is_empty() => Err(FailureRecord {
                stage: Stage::Fingerprint,
                kind: FailureKind::SampleRate,
                message: refused_rate(rate),
            }),
            _ => Ok(Ingested { decoded, fingerprints }),
        }
    }

    /// Decodes windows of an item and makes the fingerprint of each. `None` if it has to be ingested
    /// whole instead, or if `cancel` was raised.
    pub fn ingest_excerpts(
        &self,
        item: &Item,
        windows: Windows,
        cancel: &AtomicBool,
    ) -> Option<(Excerpts, Vec<Fingerprint>)> {
        let mut sink = PeakSink { fingerprinter: &self.fingerprinter, streams: Vec::new() };
        let excerpts = self.decoder.sample(&item.bytes, windows, cancel, &mut sink)?;
        let finish = |sunk| match sunk {
            Some(Sunk::Stream(stream)) => Some(stream.finish()),
            Some(Sunk::Refused(_)) | None => None,
        };
        let fingerprints: Option<Vec<_>> = sink.streams.into_iter().map(finish).collect();
        fingerprints.map(|fingerprints| (excerpts, fingerprints))
    }
}

fn refused_rate(rate: SampleRate) -> String {
    format!(
        "a stream claims a sample rate of {rate}, outside {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz; \
         its header is wrong: convert it to a usual rate"
    )
}

/// Lower-case hex of the SHA-256 of an item's bytes, read once from its start.
///
/// # Errors
///
/// A failure of the stage read: it cannot be opened or read, or `cancel` was raised meanwhile.
pub fn sha256(bytes: &Bytes, cancel: &AtomicBool) -> Result<String, FailureRecord> {
    sha256_and_length(bytes, cancel).map(|(sha256, _)| sha256)
}

/// The same, with the number of bytes.
pub(crate) fn sha256_and_length(
    bytes: &Bytes,
    cancel: &AtomicBool,
) -> Result<(String, u64), FailureRecord> {
    let io = |source| failure(&DecodeError::Read { source });
    let mut file = bytes.stream().map_err(io)?;
    let mut length = 0;
    let mut hasher = Sha256::new();
    let mut block = vec![0; 1 << 18];
    loop {
        if cancel.load(Ordering::Relaxed) {
            return Err(failure(&DecodeError::Cancelled));
        }
        match file.read(&mut block) {
            Ok(0) => return Ok((hex(&hasher.finalize()), length)),
            Ok(n) => {
                hasher.update(&block[..n]);
                length += n as u64;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(io(error)),
        }
    }
}

/// A decoder's error as a row of the results: the error and its causes on one line.
fn failure(error: &DecodeError) -> FailureRecord {
    let mut message = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        message.push_str(": ");
        message.push_str(&source.to_string());
        cause = source.source();
    }
    FailureRecord { stage: error.stage(), kind: error.kind(), message }
}

/// Endings under which people keep audio. They serve only to tell a cover image, which alarms nobody,
/// from a song that turns out to be something else.
const AUDIO_ENDINGS: [&str; 22] = [
    "aac", "aif", "aiff", "alac", "ape", "flac", "m4a", "mka", "mkv", "mov", "mp2", "mp3", "mp4",
    "mpc", "oga", "ogg", "opus", "wav", "webm", "weba", "wma", "wv",
];

/// What is no audio although its name says so is a failure of its own kind.
fn mislabelled(item: &Item, failure: FailureRecord) -> FailureRecord {
    let name = path_of_key(&item.place.locator.name());
    // Beside each file of an archive macOS puts another of its name, with what it knows of it.
    let is_attributes =
        name.file_name().is_some_and(|name| path_key(name.as_ref()).starts_with(b"._"));
    let ending = name.extension().map(|e| e.to_string_lossy().to_lowercase());
    match ending {
        Some(ending)
            if failure.kind == FailureKind::NotAudio
                && !is_attributes
                && AUDIO_ENDINGS.contains(&ending.as_str()) =>
        {
            FailureRecord {
                kind: FailureKind::Mislabelled,
                message: failure.message.replacen(
                    "is not audio",
                    &format!("is not audio although its name ends in .{ending}"),
                    1,
                ),
                ..failure
            }
        }
        _ => failure,
    }
}

/// Sends each stream to a fingerprint of its own.
struct PeakSink<'a> {
    fingerprinter: &'a Fingerprinter,
    streams: Vec<Option<Sunk>>,
}

enum Sunk {
    Stream(Box<FingerprintStream>),
    Refused(SampleRate),
}

impl PcmSink for PeakSink<'_> {
    fn begin(&mut self, stream: usize, sample_rate: SampleRate) {
        if self.streams.len() <= stream {
            self.streams.resize_with(stream + 1, || None);
        }
        let slot = &mut self.streams[stream];
        if !(MIN_RATE_HZ..=MAX_RATE_HZ).contains(&sample_rate.hz()) {
            *slot = Some(Sunk::Refused(sample_rate));
            return;
        }
        match slot {
            Some(Sunk::Stream(stream)) => stream.set_rate(sample_rate),
            Some(Sunk::Refused(_)) => {}
            None => {
                *slot = Some(Sunk::Stream(Box::new(self.fingerprinter.stream(sample_rate))));
            }
        }
    }

    fn push(&mut self, stream: usize, samples: &[f32]) {
        if let Some(Some(Sunk::Stream(stream))) = self.streams.get_mut(stream) {
            stream.push(samples);
        }
    }

    fn restart(&mut self) {
        self.streams.clear();
    }
}
