//! Ingests one file: its hash, its tags, and the fingerprint of each of its audio streams, or of windows of it.
//!
//! Both adding to the catalogue and scanning begin with it.

use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};

use sha2::{Digest, Sha256};

use crate::base::hex;
use crate::bytes::Bytes;
use crate::decode::{DecodeError, Decoded, Decoder, Excerpts, PcmSink, Windows};
use crate::record::{Failure, FailureKind, FailureRecord, Stage};
use crate::signal::SampleRate;
use crate::signal::fingerprint::{Fingerprint, FingerprintStream, Fingerprinter};
use crate::signal::resample::{MAX_RATE_HZ, MIN_RATE_HZ};
use crate::source::{Item, path_key, path_of_key};
use crate::storage::StoreFault;

/// A file after reading and decoding.
#[derive(Debug, Clone, PartialEq)]
pub struct Ingested {
    /// The decoded streams, the tags, and the notes of the decoder.
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
    /// An ingester of this decoder and fingerprinter.
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
    pub fn ingest(&self, item: &Item, cancel: &AtomicBool) -> Result<Ingested, Failure> {
        let mut sink = FingerprintSink { fingerprinter: &self.fingerprinter, streams: Vec::new() };
        let decoded = self.decoder.decode(&item.bytes, cancel, &mut sink);
        let mut decoded = decoded.map_err(|error| failure_of(item, &error))?;
        let mut states: Vec<Option<StreamState>> = sink.streams;
        let mut fingerprints = Vec::new();
        let mut refused = None;
        let notes = &mut decoded.notes;
        decoded.streams.retain(|info| match states.get_mut(info.index).and_then(Option::take) {
            Some(StreamState::Stream(stream)) => {
                fingerprints.push(stream.finish());
                true
            }
            Some(StreamState::Refused(rate)) => {
                refused = Some(rate);
                notes.push(format!("{}; {CONVERT}", refused_rate(rate)));
                false
            }
            None => false,
        });
        match refused {
            Some(rate) if fingerprints.is_empty() => Err(Failure {
                stage: Stage::Fingerprint,
                kind: FailureKind::SampleRate,
                what: refused_rate(rate),
                remedy: CONVERT.to_owned(),
            }),
            _ => Ok(Ingested { decoded, fingerprints }),
        }
    }

    /// Decodes windows of an item and makes the fingerprint of each. `None` if the item has to be ingested whole instead, or if
    /// `cancel` was raised.
    pub fn ingest_excerpts(
        &self,
        item: &Item,
        windows: Windows,
        cancel: &AtomicBool,
    ) -> Option<(Excerpts, Vec<Fingerprint>)> {
        let mut sink = FingerprintSink { fingerprinter: &self.fingerprinter, streams: Vec::new() };
        let excerpts = self.decoder.sample(&item.bytes, windows, cancel, &mut sink)?;
        let finish = |state| match state {
            Some(StreamState::Stream(stream)) => Some(stream.finish()),
            Some(StreamState::Refused(_)) | None => None,
        };
        let fingerprints: Option<Vec<_>> = sink.streams.into_iter().map(finish).collect();
        fingerprints.map(|fingerprints| (excerpts, fingerprints))
    }
}

/// What to do about a stream with an unusable sample rate.
const CONVERT: &str = "its header is wrong: convert it to a usual rate";

fn refused_rate(rate: SampleRate) -> String {
    format!("a stream declares a sample rate of {rate}, outside {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz")
}

/// SHA-256 of an item's bytes, in lower-case hex.
///
/// # Errors
///
/// A failure of the stage read: it cannot be opened or read, or `cancel` was raised meanwhile.
pub fn sha256(bytes: &Bytes, cancel: &AtomicBool) -> Result<String, FailureRecord> {
    let hashed = sha256_and_length(bytes, cancel);
    hashed.map(|(sha256, _)| sha256).map_err(FailureRecord::from)
}

/// SHA-256 of an item's bytes, in lower-case hex, and their number.
pub(crate) fn sha256_and_length(
    bytes: &Bytes,
    cancel: &AtomicBool,
) -> Result<(String, u64), Failure> {
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

/// The failure that a decoder's error amounts to. The causes of the error follow what is wrong: `could not be read: Permission
/// denied`.
fn failure(error: &DecodeError) -> Failure {
    let mut what = error.what();
    if let DecodeError::Read { source } = error
        && let Some(fault) = StoreFault::of(source)
    {
        what = format!("{what}: {}", fault.what);
        return Failure { stage: error.stage(), kind: error.kind(), what, remedy: fault.remedy };
    }
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        what.push_str(": ");
        what.push_str(&source.to_string());
        cause = source.source();
    }
    Failure { stage: error.stage(), kind: error.kind(), what, remedy: error.remedy() }
}

/// The same for an item with a name: a file that is no audio is mislabelled if its name ends like that of an audio file.
fn failure_of(item: &Item, error: &DecodeError) -> Failure {
    match (error, audio_ending(item)) {
        (DecodeError::NotAudio { looks_like, .. }, Some(ending)) => Failure {
            kind: FailureKind::Mislabelled,
            what: format!(
                "is not audio although its name ends in .{ending}: it looks like {looks_like}"
            ),
            ..failure(error)
        },
        _ => failure(error),
    }
}

/// Endings of the names of audio files. They only serve to tell a cover image, which needs nobody's attention, from a song that
/// turns out to be something else.
const AUDIO_ENDINGS: [&str; 22] = [
    "aac", "aif", "aiff", "alac", "ape", "flac", "m4a", "mka", "mkv", "mov", "mp2", "mp3", "mp4",
    "mpc", "oga", "ogg", "opus", "wav", "webm", "weba", "wma", "wv",
];

/// The ending of an item's name, in lower case, if it is that of an audio file.
fn audio_ending(item: &Item) -> Option<String> {
    let name = path_of_key(&item.place.locator.name());
    // macOS adds to each file in an archive another one, `._` and its name, with the file's attributes.
    let is_attributes =
        name.file_name().is_some_and(|name| path_key(name.as_ref()).starts_with(b"._"));
    let ending = name.extension()?.to_string_lossy().to_lowercase();
    (!is_attributes && AUDIO_ENDINGS.contains(&ending.as_str())).then_some(ending)
}

/// Makes the fingerprint of each stream while it is decoded.
struct FingerprintSink<'a> {
    fingerprinter: &'a Fingerprinter,
    streams: Vec<Option<StreamState>>,
}

/// The state of one stream.
enum StreamState {
    /// Its fingerprint in the making.
    Stream(Box<FingerprintStream>),
    /// It has a sample rate that is not resampled.
    Refused(SampleRate),
}

impl PcmSink for FingerprintSink<'_> {
    fn begin(&mut self, stream: usize, sample_rate: SampleRate) {
        if self.streams.len() <= stream {
            self.streams.resize_with(stream + 1, || None);
        }
        let slot = &mut self.streams[stream];
        if !(MIN_RATE_HZ..=MAX_RATE_HZ).contains(&sample_rate.hz()) {
            *slot = Some(StreamState::Refused(sample_rate));
            return;
        }
        match slot {
            Some(StreamState::Stream(stream)) => stream.set_rate(sample_rate),
            Some(StreamState::Refused(_)) => {}
            None => {
                *slot = Some(StreamState::Stream(Box::new(self.fingerprinter.stream(sample_rate))));
            }
        }
    }

    fn push(&mut self, stream: usize, samples: &[f32]) {
        if let Some(Some(StreamState::Stream(stream))) = self.streams.get_mut(stream) {
            stream.push(samples);
        }
    }

    fn restart(&mut self) {
        self.streams.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_of_a_failure_follows_what_is_wrong_and_the_remedy_comes_last() {
        let source = std::io::Error::other("the medium is gone");
        let record = FailureRecord::from(failure(&DecodeError::Read { source }));
        assert_eq!(record.kind, FailureKind::Io);
        assert_eq!(
            record.message,
            "could not be read: the medium is gone; check its permissions and the medium it is on"
        );
    }

    #[test]
    fn a_text_called_a_song_is_mislabelled_and_keeps_its_remedy() {
        let error =
            DecodeError::NotAudio { looks_like: "text; and more", remedy: "fetch it again" };
        let item = |path| Item::of_file(path, crate::source::Stamp::default());
        let song = failure_of(&item("/dump/song.MP3"), &error);
        assert_eq!(song.kind, FailureKind::Mislabelled);
        assert_eq!(
            song.what,
            "is not audio although its name ends in .mp3: it looks like text; and more"
        );
        assert_eq!(song.remedy, "fetch it again");
        for other in ["/dump/song.txt", "/dump/._song.mp3"] {
            assert_eq!(failure_of(&item(other), &error).kind, FailureKind::NotAudio, "{other}");
        }
    }
}
