//! `NumPy` arrays of samples. An array does not say its sample rate: that is in the same `.npz` file, in metadata of the same
//! key, or in a `.json` file of the same name.

use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::path::Path;

use serde_json::Value;
use zip::read::{Config, OwnedZipFileEntry};
use zip::unstable::read::ZipIterable;

use super::column_names::{likeliest_rate, may_be_rate, whole_rate};
use super::npy_header::{Array, MAX_HEADER_BYTES, Number, Order};
use super::rows::missing_note;
use super::samples::{scale_of, wav_head};
use super::traversal::{At, Beside, Member, Unpacker, length_of};
use crate::bytes::{Bytes, Reader};
use crate::record::FailureKind;
use crate::source::To;
use crate::storage;

/// What the names of arrays end with.
const ENDING: &str = "npy";
/// Fewest frames of an array without a sample rate that is reported as sound: half a second at 16 kHz. A guess.
const MIN_FRAMES: u64 = 8_000;
/// Fewest frames of an array with a sample rate that is taken for sound: 50 ms at 8 kHz. A guess: rates and labels have less.
const MIN_KNOWN_FRAMES: u64 = 400;
/// Most members of an `.npz` file that are searched for a sample rate. A guess.
const MAX_SEARCHED: usize = 64;
/// Longest `.json` file that is searched for a sample rate, in bytes. A guess.
const MAX_JSON_BYTES: u64 = 1 << 20;
/// Samples that are converted at a time.
const BLOCK_SAMPLES: usize = 4_096;

/// Shows an array of samples as a sound.
pub(super) fn walk(unpacker: &mut Unpacker<'_>, at: &At, bytes: &Bytes) -> ControlFlow<()> {
    let array = match Array::read(bytes) {
        Ok(Ok(array)) => array,
        Ok(Err(told)) => return unpacker.row(&at.place, FailureKind::NotAudio, told),
        Err(error) => return unpacker.broken(&at.place, &error),
    };
    let Array { frames, channels, number, .. } = array;
    let rate_hz = rate_of(unpacker, at);
    let is_likely = match rate_hz {
        Some(_) => frames >= MIN_KNOWN_FRAMES,
        None => frames >= MIN_FRAMES && number.is_usual_in_sound(),
    };
    if !is_likely {
        let told = format!(
            "is a NumPy array of {frames} numbers ({}), too few for sound, or of a type that sound without a sample rate rarely has; \
             leave it out of the scan",
            number.in_words()
        );
        return unpacker.row(&at.place, FailureKind::NotAudio, told);
    }
    let Some(rate_hz) = rate_hz else {
        let told = format!(
            "is a NumPy array that may be {frames} samples of {channels} channels ({}), without a sample rate beside it; put the rate \
             as sampling_rate into a JSON file of the same name or into the same .npz file, or write the samples as WAV",
            number.in_words()
        );
        return unpacker.row(&at.place, FailureKind::ContainerUnsupported, told);
    };
    let there = length_of(bytes).saturating_sub(array.from);
    let needed = array.samples().saturating_mul(array.number.bytes() as u64);
    let mut notes = Vec::new();
    let mut samples = array.samples();
    if there < needed {
        notes.push(missing_note(needed - there, needed));
        samples = there / array.number.bytes() as u64;
    }
    let stream = match Sound::open(bytes, &array, (rate_hz, samples)) {
        Ok(stream) => stream,
        Err(error) => return unpacker.broken(&at.place, &error),
    };
    let declared = Some(44 + samples.saturating_mul(4));
    let mut stream = unpacker.limited(stream);
    let place = at.member(To::Packed, None);
    let beside = unpacker.beside.text.clone();
    if let Some(text) = &beside {
        unpacker.join(Some(b"npy"))?;
        unpacker.side_car(text.as_bytes());
    }
    let (depth, stream) = (at.depth, &mut stream as &mut dyn Read);
    unpacker.member(Member { place, depth, stream, declared, bytes: None, notes })
}

/// The sample rate that is beside an array, in Hz.
fn rate_of(unpacker: &Unpacker<'_>, at: &At) -> Option<u32> {
    let Beside { rates, text, .. } = &unpacker.beside;
    let locator = &at.place.locator;
    let name = String::from_utf8_lossy(&locator.name()).into_owned();
    let name = name.rsplit('/').next().unwrap_or_default();
    let array = without_ending(name).unwrap_or(name);
    let said = || rate_in_json(text.as_deref()?.as_bytes(), array);
    let in_file = || rate_in_json(&json_beside(&locator.file)?, array);
    let file = || locator.is_file().then(in_file).flatten();
    likeliest_rate(rates.iter().map(|(name, hz)| (&**name, *hz)), array).or_else(said).or_else(file)
}

/// The name of an array without the ending of its file.
fn without_ending(name: &str) -> Option<&str> {
    let (name, ending) = name.rsplit_once('.')?;
    ending.eq_ignore_ascii_case(ENDING).then_some(name)
}

/// The JSON file that is called as an array on disk, if that is one.
pub(in crate::source) fn json_beside(file: &Path) -> Option<Vec<u8>> {
    if file.extension().is_none_or(|ending| !ending.eq_ignore_ascii_case(ENDING)) {
        return None;
    }
    let json = file.with_extension("json");
    storage::plain_file(&json)?;
    let mut text = Vec::new();
    storage::open(&json).ok()?.take(MAX_JSON_BYTES).read_to_end(&mut text).ok()?;
    Some(text)
}

/// The sample rate in JSON for samples called `array`: a number called like a rate, in the outermost object or one below it.
fn rate_in_json(text: &[u8], array: &str) -> Option<u32> {
    let Value::Object(object) = serde_json::from_slice(text).ok()? else { return None };
    let number = |value: &Value| match value {
        Value::Number(number) => number.as_f64().and_then(whole_rate),
        Value::String(text) => text.trim().parse().ok().and_then(whole_rate),
        _ => None,
    };
    let of = |object: &serde_json::Map<String, Value>| {
        let rates = object.iter().filter_map(|(name, value)| Some((&**name, number(value)?)));
        likeliest_rate(rates, array)
    };
    of(&object).or_else(|| object.values().filter_map(Value::as_object).find_map(of))
}

/// The sample rates in an `.npz` file: arrays of one number that are called like a rate. `None` if there are none, as in another zip file.
pub(super) fn rates_in_zip(bytes: &Bytes) -> Option<Vec<(String, u32)>> {
    let head = bytes.head(512).ok()?;
    let length = u16::from_le_bytes(*head.get(26..28)?.first_chunk()?);
    let first = String::from_utf8_lossy(head.get(30..30 + usize::from(length))?);
    without_ending(&first)?;
    let open = || bytes.open_stored().map(BufReader::new).ok();
    let (mut directory, mut body) = (open()?, open()?);
    if !super::zip::has_directory(&mut directory).ok()? {
        return None;
    }
    let mut archive = ZipIterable::try_new(directory, Config::default()).ok()?;
    let entries = archive.files().ok()?.take(MAX_SEARCHED).map_while(Result::ok);
    let mut rates = Vec::new();
    for entry in entries {
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        let Some(name) = without_ending(&name) else { continue };
        if entry.encrypted() || !may_be_rate(name) {
            continue;
        }
        let entry = OwnedZipFileEntry::from(entry);
        let mut array = Vec::new();
        let Ok(file) = entry.as_ref().with_reader(&mut body, zip::ZipReadOptions::new()) else {
            continue;
        };
        if file.take(MAX_HEADER_BYTES).read_to_end(&mut array).is_err() {
            continue;
        }
        rates.extend(one_number(array).map(|hz| (name.to_owned(), hz)));
    }
    (!rates.is_empty()).then_some(rates)
}

/// The only number of an array.
fn one_number(array: Vec<u8>) -> Option<u32> {
    let bytes = Bytes::of_memory(array);
    let array = Array::read(&bytes).ok()?.ok()?;
    if array.samples() != 1 {
        return None;
    }
    let mut reader = bytes.open_stored().ok()?;
    reader.seek(SeekFrom::Start(array.from)).ok()?;
    let mut eight = [0; 8];
    reader.read_exact(&mut eight[..array.number.bytes()]).ok()?;
    whole_rate(array.number.value(eight))
}

/// An array of samples as a WAV file.
struct Sound {
    head: Cursor<Vec<u8>>,
    /// One for each channel if channels are stored one after the other, else one for all.
    readers: Vec<io::Take<BufReader<Reader>>>,
    number: Number,
    scale: f64,
    block: Cursor<Vec<u8>>,
}

impl Sound {
    /// As a file of this rate that states this many samples.
    fn open(bytes: &Bytes, array: &Array, (rate_hz, samples): (u32, u64)) -> io::Result<Self> {
        let Array { from, frames, channels, number, order } = *array;
        let width = number.bytes() as u64;
        let (streams, length) = match order {
            Order::Interleaved => (1, array.samples().saturating_mul(width)),
            Order::Planar => (channels as u64, frames.saturating_mul(width)),
        };
        let reader = |nth: u64| {
            let mut reader = bytes.open_stored()?;
            // What is missing is told already.
            let at = from.saturating_add(nth.saturating_mul(length)).min(reader.length());
            reader.seek(SeekFrom::Start(at))?;
            Ok(BufReader::new(reader).take(length))
        };
        let open = || (0..streams).map(reader).collect::<io::Result<Vec<_>>>();
        let scale = match number {
            Number::Float { .. } => 1.0,
            // The width of a wider number says nothing about full scale.
            Number::Int { bytes: 1 | 2, .. } => scale_of(1 << (8 * width - 1)),
            Number::Int { .. } => scale_of(largest(number, open()?)?),
        };
        let head = Cursor::new(wav_head(rate_hz, channels, samples));
        Ok(Self { head, readers: open()?, number, scale, block: Cursor::default() })
    }

    /// Converts the next samples; none at the end. A frame that is cut off is left out.
    fn fill(&mut self) -> io::Result<()> {
        let mut block = std::mem::take(&mut self.block).into_inner();
        block.clear();
        while block.len() < BLOCK_SAMPLES * 4 && !self.readers.is_empty() {
            let whole = block.len();
            for reader in &mut self.readers {
                let Some(sample) = next(self.number, reader)? else {
                    // Nothing comes behind a frame that is cut off.
                    block.truncate(whole);
                    self.readers.clear();
                    break;
                };
                block.extend_from_slice(&((sample * self.scale) as f32).to_le_bytes());
            }
        }
        self.block = Cursor::new(block);
        Ok(())
    }
}

impl Read for Sound {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.head.read(buffer)?;
        if read > 0 {
            return Ok(read);
        }
        let read = self.block.read(buffer)?;
        if read > 0 || buffer.is_empty() {
            return Ok(read);
        }
        self.fill()?;
        self.block.read(buffer)
    }
}

/// The next number of a stream; `None` at its end.
fn next(number: Number, stream: &mut impl Read) -> io::Result<Option<f64>> {
    let mut eight = [0; 8];
    match stream.read_exact(&mut eight[..number.bytes()]) {
        Ok(()) => Ok(Some(number.value(eight))),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

/// The largest of all numbers, without their signs.
fn largest(number: Number, streams: Vec<impl Read>) -> io::Result<u64> {
    let mut largest = 0.0_f64;
    for mut stream in streams {
        while let Some(value) = next(number, &mut stream)? {
            largest = largest.max(value.abs());
        }
    }
    Ok(largest as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_rate_is_found_in_json_under_the_names_in_use() {
        for (text, rate) in [
            (r#"{"sampling_rate": 16000}"#, Some(16_000)),
            (r#"{"text": "a", "SR": 44100.0}"#, Some(44_100)),
            (r#"{"audio": {"sample_rate": "48000"}, "rate": 7}"#, Some(7)),
            (r#"{"audio": {"sample_rate": "48000"}}"#, Some(48_000)),
            (r#"{"sr": 0}"#, None),
            (r#"{"sr": "0", "sampling_rate": 0, "fs": 8000, "audio": {"sr": 1}}"#, Some(8_000)),
            (r#"{"bit_rate": 128000, "take_sr": 16000}"#, Some(16_000)),
            (r#"{"bit_rate": 128000}"#, None),
            (r#"{"sr": 0.5}"#, None),
            (r#"{"label": 3}"#, None),
            ("[16000]", None),
            ("", None),
        ] {
            assert_eq!(rate_in_json(text.as_bytes(), "take"), rate, "{text}");
        }
    }
}
