//! Samples in JSON, as data frames are written: a list of numbers called like samples, with a sample rate in the same object.
//!
//! A text is read as a stream of values, so that of a file of any length only the samples of one object are held, and no more than
//! a limit of those.

use std::io::{self, BufReader, Read};
use std::ops::ControlFlow;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::column_names::{is_array, is_sure, likeliest_rate, rank_of_rate, whole_rate};
use super::json_numbers::{Numbers, Room};
use super::json_shortened::Shortened;
use super::samples::{Made, Samples, to_full_scale};

/// Fewest samples of a sound with a rate beside it: 50 ms at 8 kHz. A guess.
const MIN_KNOWN: usize = 400;
/// Fewest numbers that are reported as sound without a rate: half a second at 16 kHz. A guess.
const MIN_UNKNOWN: usize = 8_000;

/// Bytes that are read at a time.
const BLOCK_BYTES: usize = 64 << 10;
/// A byte order mark.
const MARK: [u8; 3] = *b"\xef\xbb\xbf";

/// A list of samples in a text.
pub(super) struct Found {
    /// The value of the text that it is in, from 0: the line, if each line has one.
    pub(super) value: u64,
    /// Its number in that value, from 0.
    pub(super) nth: u64,
    /// Its name.
    pub(super) name: String,
    /// As a WAV file; as [`Made::Shapeless`] with the reason if it has no rate, or is no sound.
    pub(super) made: Made,
}

/// Shows each list of samples in a text to `each` until it breaks off. Whatever is no JSON ends the search. No more than `most` numbers
/// are held of all lists together; a list that would take more is [`Made::Shapeless`].
///
/// # Errors
///
/// If the text cannot be read to its end.
pub(super) fn samples(
    mut text: impl Read,
    most: usize,
    each: &mut dyn FnMut(Found) -> ControlFlow<()>,
) -> io::Result<()> {
    let mut begin = Vec::new();
    (&mut text).take(MARK.len() as u64).read_to_end(&mut begin)?;
    // A byte order mark is no JSON.
    let begin = begin.strip_prefix(&MARK).unwrap_or(&begin);
    let text = BufReader::with_capacity(BLOCK_BYTES, Shortened::new(begin.chain(text)));
    let mut stream = serde_json::Deserializer::from_reader(text);
    let mut search = Search { value: 0, nth: 0, room: Room::new(most), is_over: false, each };
    loop {
        let node = Node { search: &mut search, is_samples: false, names: &mut Vec::new() };
        match node.deserialize(&mut stream) {
            Ok(_) => (search.value, search.nth) = (search.value + 1, 0),
            Err(error) if error.is_io() => return Err(error.into()),
            // At the end of the text as well.
            Err(_) => return Ok(()),
        }
    }
}

/// Whether a text holds samples. Of one that cannot be read to its end, the part before counts.
pub(super) fn has_samples(text: impl Read) -> bool {
    let mut found = false;
    let _ = samples(text, MIN_UNKNOWN, &mut |_| {
        found = true;
        ControlFlow::Break(())
    });
    found
}

struct Search<'a> {
    value: u64,
    nth: u64,
    room: Room,
    /// Nothing more is shown: `each` broke off, or it was told that the text does.
    is_over: bool,
    each: &'a mut dyn FnMut(Found) -> ControlFlow<()>,
}

impl Search<'_> {
    fn shown(&mut self, name: String, made: Made) -> ControlFlow<()> {
        let found = Found { value: self.value, nth: self.nth, name, made };
        self.nth += 1;
        let flow = (self.each)(found);
        self.is_over |= flow.is_break();
        flow
    }

    /// Shows that a list does not go on after so many numbers.
    fn breaks_off(&mut self, names: &[String], count: usize) {
        if !std::mem::replace(&mut self.is_over, true) {
            let told = format!(
                "{count} numbers of a list that breaks off or goes on with what is no JSON"
            );
            let _ = self.shown(names.join("."), Made::Shapeless(told));
        }
    }
}

/// What a value was found to be.
enum Value {
    Number(f64),
    Numbers(Numbers),
    Other,
}

/// A value that is about to be read.
struct Node<'s, 'a> {
    search: &'s mut Search<'a>,
    /// It is called like samples, so that its numbers are kept.
    is_samples: bool,
    /// The names of the objects around it.
    names: &'s mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Node<'_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_, '_> {
    type Value = Value;

    fn expecting(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("JSON")
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Number(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number as f64))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number as f64))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.trim().parse().map_or(Value::Other, Value::Number))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let Node { search, is_samples, names } = self;
        let mut numbers = Numbers::default();
        loop {
            let node = Node { search: &mut *search, is_samples, names: &mut *names };
            match list.next_element_seed(node) {
                Ok(None) => return Ok(Value::Numbers(numbers)),
                Ok(Some(Value::Number(number))) if is_samples => {
                    numbers.push(number, &mut search.room);
                }
                Ok(Some(Value::Numbers(inner))) if is_samples && inner.count > 0 => {
                    numbers.extend(inner, &mut search.room);
                }
                Ok(Some(_)) => {}
                Err(error) => {
                    let count = numbers.count;
                    numbers.cut(&mut search.room);
                    if count >= MIN_UNKNOWN && names.iter().any(|name| is_sure(name)) {
                        search.breaks_off(names, count);
                    }
                    return Err(error);
                }
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let Node { search, names, .. } = self;
        let (mut rates, mut lists) = (Vec::<(String, u32)>::new(), Vec::new());
        let read = loop {
            let name = match object.next_key::<String>() {
                Ok(Some(name)) => name,
                Ok(None) => break Ok(Value::Other),
                Err(error) => break Err(error),
            };
            let is_samples = is_array(&name);
            names.push(name);
            let node = Node { search: &mut *search, is_samples, names: &mut *names };
            let value = object.next_value_seed(node);
            let name = names.pop().unwrap_or_default();
            let value = match value {
                Ok(value) => value,
                Err(error) => break Err(error),
            };
            match value {
                Value::Number(number) if rank_of_rate(&name, "").is_some() => {
                    // Names in use are few, whatever the number of those that are written.
                    let is_new = rates.iter().all(|(other, _)| !other.eq_ignore_ascii_case(&name));
                    rates.extend(whole_rate(number).filter(|_| is_new).map(|hz| (name, hz)));
                }
                Value::Numbers(mut numbers) if is_samples => {
                    if numbers.count >= MIN_KNOWN {
                        lists.push((name, numbers));
                    } else {
                        numbers.cut(&mut search.room);
                    }
                }
                _ => {}
            }
        };
        if search.is_over {
            return read;
        }
        // Of an object that breaks off, the lists before that count.
        for (name, numbers) in lists {
            let count = numbers.count;
            let rate = likeliest_rate(rates.iter().map(|(name, hz)| (&**name, *hz)), &name);
            let is_likely = rate.is_some() || count >= MIN_UNKNOWN && is_sure(&name);
            let is_cut = numbers.is_cut;
            let (samples, starts) = numbers.taken(&mut search.room);
            if !is_likely {
                continue;
            }
            let made = match rate {
                _ if is_cut => Made::Shapeless(format!(
                    "{count} numbers, of which {} may be held in memory",
                    search.room.most
                )),
                Some(rate) => Samples::floats(to_full_scale(samples)).in_lists(starts).wav(rate),
                None => {
                    Made::Shapeless(format!("{count} numbers without a sample rate beside them"))
                }
            };
            let name = names.iter().chain([&name]).cloned().collect::<Vec<_>>().join(".");
            if search.shown(name, made).is_break() {
                return Err(A::Error::custom("found"));
            }
        }
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(u64, u64, String, bool)> {
        let mut all = Vec::new();
        let read = samples(text.as_bytes(), 100_000, &mut |found| {
            let is_wav = matches!(found.made, Made::Wav(_));
            all.push((found.value, found.nth, found.name, is_wav));
            ControlFlow::Continue(())
        });
        assert!(read.is_ok());
        all
    }

    #[test]
    fn lists_called_like_samples_are_found_with_the_rate_in_their_object() {
        let list = |count: usize| format!("[{}0.5]", "0.25, ".repeat(count - 1));
        let row =
            |rate: &str| format!("{{\"id\": 1, \"audio\": {{\"array\": {}{rate}}}}}\n", list(500));
        let name = "audio.array".to_owned();
        let with = row(", \"sampling_rate\": 8000");
        assert_eq!(
            found(&format!("{with}{with}")),
            [(0, 0, name.clone(), true), (1, 0, name.clone(), true)]
        );
        assert_eq!(
            found(&format!("\u{feff}[{with},{with}]")),
            [(0, 0, name.clone(), true), (0, 1, name.clone(), true)]
        );
        assert_eq!(found(&row("")), []);
        let long = format!("{{\"waveform\": {}}}", list(9_000));
        assert_eq!(found(&long), [(0, 0, "waveform".to_owned(), false)]);
        assert_eq!(found(&format!("{{\"mel\": {}, \"sr\": 1}}", list(9_000))), []);
        assert_eq!(
            found(&format!("{{\"sr\": 8000, \"audio\": [{0}, {0}]}}", list(500))),
            [(0, 0, "audio".to_owned(), true)]
        );
        assert_eq!(found(&long.replace("waveform", "array")), []);
        assert!(has_samples(long.as_bytes()) && !has_samples(&b"{}"[..]));
    }

    #[test]
    fn the_likeliest_rate_counts_and_one_of_nothing_is_none() {
        let list = format!("[{}0.5]", "0.25, ".repeat(499));
        let rate = |rates: &str| {
            let mut found = None;
            let text = format!("{{\"bit_rate\": 128000, {rates}, \"audio\": {list}}}");
            let read = samples(text.as_bytes(), 100_000, &mut |list| {
                if let Made::Wav(wav) = list.made {
                    found = wav[24..].first_chunk().map(|hz| u32::from_le_bytes(*hz));
                }
                ControlFlow::Continue(())
            });
            assert!(read.is_ok());
            found
        };
        assert_eq!(rate("\"frame_rate\": 25, \"sampling_rate\": 16000"), Some(16_000));
        assert_eq!(rate("\"sampling_rate\": 0, \"sr\": \"44100\""), Some(44_100));
        assert_eq!(rate("\"speech_sr\": 1, \"audio_sr\": 8000, \"sr\": 0"), Some(8_000));
        assert_eq!(rate("\"sr\": 0"), None);
    }

    #[test]
    fn all_lists_together_are_held_within_one_limit() {
        let list = format!("[{}0.5]", "0.25, ".repeat(499));
        let lists = |most: usize, text: &str| {
            let mut wavs = Vec::new();
            let read = samples(text.as_bytes(), most, &mut |found| {
                wavs.push(matches!(found.made, Made::Wav(_)));
                ControlFlow::Continue(())
            });
            assert!(read.is_ok());
            wavs
        };
        let two = format!("{{\"sr\": 8000, \"audio\": {list}, \"wav\": {list}}}");
        assert_eq!(lists(1_000, &two), [true, true]);
        assert_eq!(lists(999, &two), [true, false]);
        // What is held is let go of with its object, be it sound or not.
        let short = "{\"sr\": 8000, \"audio\": [1, 2, 3], \"wav\": [[1], [2], []]}".repeat(400);
        let rateless = format!("{{\"audio\": {list}}}").repeat(3);
        assert_eq!(lists(1_000, &[short, rateless, two.clone(), two].concat()), [true; 4]);
        // Beginnings of inner lists count as well.
        let pairs = format!("[{}[1, 2]]", "[1, 2], ".repeat(249));
        let inner = format!("{{\"sr\": 8000, \"audio\": {pairs}, \"wav\": {pairs}}}");
        assert_eq!(lists(2_000, &inner), [true, true]);
        assert_eq!(lists(1_000, &inner), [true, false]);
        let deep = format!("{{\"sr\": 8000, \"audio\": [[{pairs}], [{pairs}]]}}");
        assert_eq!(lists(3_000, &deep.repeat(3)).len(), 3);
    }

    #[test]
    fn an_error_of_the_text_is_handed_on_and_what_is_no_json_is_none() {
        struct Breaks;
        impl Read for Breaks {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("torn"))
            }
        }
        let mut none = |_: Found| ControlFlow::Continue(());
        let error = samples(b"{\"audio\": [1, ".chain(Breaks), 100, &mut none).unwrap_err();
        assert_eq!(error.to_string(), "torn");
        assert!(samples(&b"{\"audio\": [1, "[..], 100, &mut none).is_ok());
    }

    #[test]
    fn a_long_list_of_samples_that_breaks_off_is_told_once() {
        let list = format!("[{}0.5", "0.25, ".repeat(8_999));
        for text in [
            format!("{{\"sr\": 8000, \"audio\": {list}"),
            format!("{{\"sr\": 8000, \"audio\": {list}, NaN, 0.5]}}"),
            format!("{{\"audio\": {{\"array\": [{list}], {list}"),
        ] {
            let told = found(&text);
            assert_eq!((told.len(), told[0].0, told[0].3), (1, 0, false), "{told:?}");
        }
        let cut = found(&format!("[{{\"sr\": 8000, \"wav\": {list}], \"text\": \"a"));
        assert_eq!(cut, [(0, 0, "wav".to_owned(), true)]);
        assert_eq!(found(&format!("{{\"mel\": {list}")), []);
        assert_eq!(found("{\"audio\": [1, 2"), []);
        assert!(has_samples(format!("{{\"audio\": {list}").as_bytes()));
    }

    #[test]
    fn what_is_no_json_or_nested_too_deep_ends_the_search() {
        for text in ["", "{", "isrc,title\nx,y\n", "[1, 2", "nul"] {
            assert_eq!(found(text), []);
        }
        assert_eq!(found(&"[".repeat(1_000_000)), []);
        let huge = format!("{{\"audio\": [{}1], \"sr\": 8000}}", "1,".repeat(200_000));
        assert_eq!(found(&huge), [(0, 0, "audio".to_owned(), false)]);
    }
}
