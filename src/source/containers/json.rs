//! Samples in JSON, as data frames are written: a list of numbers called like samples, with a sample rate in the same object.
//!
//! A text is read as a stream of values, so that of a file of any length only the samples of one object are held.

use std::io::{BufReader, Read};
use std::ops::ControlFlow;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::column_names::{is_array, is_rate, is_sure, whole_rate};
use super::samples::{Made, Samples};

/// Fewest samples of a sound with a rate beside it: 50 ms at 8 kHz. A guess.
const MIN_KNOWN: usize = 400;
/// Fewest numbers that are reported as sound without a rate: half a second at 16 kHz. A guess.
const MIN_UNKNOWN: usize = 8_000;

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

/// Shows each list of samples in a text to `each` until it breaks off. Whatever is no JSON ends the search. Of a list no more
/// than `most` numbers are held; a longer one is [`Made::Shapeless`].
pub(super) fn samples(
    mut text: impl Read,
    most: usize,
    each: &mut dyn FnMut(Found) -> ControlFlow<()>,
) {
    let mut begin = [0; 3];
    if text.read_exact(&mut begin).is_err() {
        return;
    }
    // A byte order mark is no JSON.
    let begin = if begin == *b"\xef\xbb\xbf" { &begin[3..] } else { &begin[..] };
    let text = BufReader::with_capacity(64 << 10, begin.chain(text));
    let mut stream = serde_json::Deserializer::from_reader(text);
    for value in 0.. {
        let mut search = Search { value, nth: 0, most, each: &mut *each };
        let mut names = Vec::new();
        let node = Node { search: &mut search, is_samples: false, names: &mut names };
        // At the end of the text, an error as well.
        if node.deserialize(&mut stream).is_err() {
            return;
        }
    }
}

/// Whether a text holds samples.
pub(super) fn has_samples(text: impl Read) -> bool {
    let mut found = false;
    samples(text, MIN_UNKNOWN, &mut |_| {
        found = true;
        ControlFlow::Break(())
    });
    found
}

struct Search<'a> {
    value: u64,
    nth: u64,
    most: usize,
    each: &'a mut dyn FnMut(Found) -> ControlFlow<()>,
}

/// What a value was found to be.
enum Value {
    Number(f64),
    Numbers(Numbers),
    Other,
}

/// A list of numbers.
#[derive(Default)]
struct Numbers {
    held: Vec<f32>,
    /// How many there are.
    count: usize,
    /// Where inner lists begin among them.
    starts: Vec<usize>,
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
            let most = node.search.most;
            match list.next_element_seed(node)? {
                None => return Ok(Value::Numbers(numbers)),
                Some(Value::Number(number)) if is_samples => {
                    numbers.count += 1;
                    if numbers.count <= most {
                        numbers.held.push(number as f32);
                    }
                }
                Some(Value::Numbers(inner)) if is_samples && inner.count > 0 => {
                    numbers.count += inner.count;
                    if numbers.count <= most {
                        numbers.starts.push(numbers.held.len());
                        numbers.held.extend(inner.held);
                    }
                }
                Some(_) => {}
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let Node { search, names, .. } = self;
        let (mut rate, mut lists) = (None, Vec::new());
        while let Some(name) = object.next_key::<String>()? {
            let is_samples = is_array(&name);
            names.push(name);
            let node = Node { search: &mut *search, is_samples, names: &mut *names };
            let value = object.next_value_seed(node)?;
            let name = names.pop().unwrap_or_default();
            match value {
                Value::Number(number) if is_rate(&name) => rate = rate.or(whole_rate(number)),
                Value::Numbers(numbers) if is_samples && numbers.count > 0 => {
                    lists.push((name, numbers));
                }
                _ => {}
            }
        }
        for (name, Numbers { held: numbers, count, starts }) in lists {
            let is_likely = match rate {
                Some(_) => count >= MIN_KNOWN,
                None => count >= MIN_UNKNOWN && is_sure(&name),
            };
            if !is_likely {
                continue;
            }
            let made = match rate {
                _ if count > search.most => Made::Shapeless(format!(
                    "{count} numbers, of which {} may be held in memory",
                    search.most
                )),
                Some(rate) => {
                    let is_whole = numbers.iter().all(|number| number.fract() == 0.0);
                    let samples = if is_whole {
                        Samples::wholes(numbers.iter().map(|&number| number as i64).collect())
                    } else {
                        Samples::floats(numbers)
                    };
                    samples.in_lists(starts).wav(rate)
                }
                None => {
                    Made::Shapeless(format!("{count} numbers without a sample rate beside them"))
                }
            };
            let name = names.iter().chain([&name]).cloned().collect::<Vec<_>>().join(".");
            let found = Found { value: search.value, nth: search.nth, name, made };
            search.nth += 1;
            if (search.each)(found).is_break() {
                return Err(A::Error::custom("found"));
            }
        }
        Ok(Value::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(u64, u64, String, bool)> {
        let mut all = Vec::new();
        samples(text.as_bytes(), 100_000, &mut |found| {
            let is_wav = matches!(found.made, Made::Wav(_));
            all.push((found.value, found.nth, found.name, is_wav));
            ControlFlow::Continue(())
        });
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
    fn what_is_no_json_or_nested_too_deep_ends_the_search() {
        for text in ["", "{", "isrc,title\nx,y\n", "[1, 2", "nul"] {
            assert_eq!(found(text), []);
        }
        assert_eq!(found(&"[".repeat(1_000_000)), []);
        let huge = format!("{{\"audio\": [{}1], \"sr\": 8000}}", "1,".repeat(200_000));
        assert_eq!(found(&huge), [(0, 0, "audio".to_owned(), false)]);
    }
}
