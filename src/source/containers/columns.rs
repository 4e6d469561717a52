//! Which columns of a table hold sound, name it or describe it, whatever the format of the table.
//!
//! A column holds sound if it is one of these, as Hugging Face writes them:
//!
//! * a struct with a binary column `bytes`, and perhaps a file name `path`;
//! * a binary column that is not text;
//! * a list of either;
//! * a struct with a list of samples `array`, and a `sampling_rate`;
//!
//! and, as others write them, if it is a list of samples under any name in [`ARRAYS`] with a rate beside it under any name in
//! [`RATES`], in a struct or at the top; or a column of text whose name says that it is sound, and whose cells are Base64. A list of
//! lists of samples has several channels.

use std::collections::HashMap;
use std::rc::Rc;

use super::limits::bounded;
use crate::identifier::PERSONAL;

/// Most columns of text that are kept with the sound of their row. A guess.
const MAX_TEXTS: usize = 64;
/// Most columns of sound that are read; more are reported. A guess.
const MAX_SOUNDS: usize = 256;
/// Names of lists of samples.
const ARRAYS: [&str; 12] = [
    "array",
    "audio",
    "audio_array",
    "audio_data",
    "pcm",
    "raw_audio",
    "samples",
    "signal",
    "sound",
    "speech",
    "wav",
    "waveform",
];
/// Those of them that nothing but sound has.
const SURE: [&str; 9] = [
    "audio",
    "audio_array",
    "audio_data",
    "pcm",
    "raw_audio",
    "sound",
    "speech",
    "wav",
    "waveform",
];
/// Names of their sample rate, the likelier first.
pub(super) const RATES: [&str; 12] = [
    "sampling_rate",
    "sample_rate",
    "samplerate",
    "samplingrate",
    "sampling_frequency",
    "sample_frequency",
    "frame_rate",
    "framerate",
    "rate",
    "sr",
    "fs",
    "hz",
];
/// Words in the name of a column of text whose cells may be sound in Base64.
const ENCODED: [&str; 5] = ["audio", "base64", "b64", "sound", "wav"];
/// Shortest bytes of one length that may be sound: shorter ones are digests and numbers. A guess.
pub(super) const MIN_FIXED_BYTES: i32 = 512;
/// Rows whose texts are looked at for Base64 in columns that are not called like sound. A guess.
pub(super) const PEEKED_ROWS: u64 = 8;
/// Most columns that are named in a message.
const MAX_NAMED: usize = 5;

/// A column without parts: what decides on its role.
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    /// Its name, after the names of the structs and lists around it.
    pub(super) path: Vec<Rc<str>>,
    pub(super) form: Form,
    /// Number of lists around it.
    pub(super) lists: usize,
    /// Number of parts at the end of its path that are only the format's names for the values of a list: 2 for `list.element`.
    pub(super) inside: usize,
}

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Bytes,
    Text,
    /// Floating point of 16, 32 or 64 bits.
    Float,
    /// A whole number of up to 64 bits.
    Whole,
    Other,
    /// Long bytes of one length, which are not read here.
    Fixed,
    /// Bytes or text of a type that is not read here.
    Unread,
}

/// A column of sound.
#[derive(Debug)]
pub(super) struct Sound {
    /// The parts of its name, joined by dots; unique in its table.
    pub(super) name: String,
    pub(super) cells: Cells,
    /// A sample rate is beside its files, as it is beside raw samples.
    pub(super) has_rate: bool,
}

/// The leaves of a column of sound, by their index among all leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cells {
    /// A file, or several if they are in a list.
    Files { bytes: usize, path: Option<usize> },
    /// Samples of one channel, or of several if they are in a list of lists.
    Samples { array: usize, rate: usize },
    /// Text that may be the Base64 of a file.
    Encoded { text: usize },
}

/// The roles of a table's columns.
#[derive(Debug, Default)]
pub(super) struct Roles {
    pub(super) sounds: Vec<Sound>,
    /// Indices of the leaves of text that describe the sound in their row.
    pub(super) texts: Vec<usize>,
    /// Columns that may hold sound and are not read, as the end of a sentence and with the remedy.
    pub(super) unread: Option<String>,
    /// Whether any of these is certain to hold bytes or samples: others may be text.
    pub(super) loses_sound: bool,
}

impl Roles {
    /// Columns of text that are no sound by their names; the cells may still be Base64.
    pub(super) fn other_texts(&self, leaves: &[Leaf]) -> Vec<usize> {
        let is_sound = |leaf: usize| {
            self.sounds.iter().any(|sound| match sound.cells {
                Cells::Files { bytes, path } => bytes == leaf || path == Some(leaf),
                Cells::Encoded { text } => text == leaf,
                Cells::Samples { .. } => false,
            })
        };
        let is_other = |&(place, leaf): &(usize, &Leaf)| {
            leaf.form == Form::Text && leaf.lists == 0 && !is_sound(place)
        };
        leaves.iter().enumerate().filter(is_other).map(|(place, _)| place).take(MAX_TEXTS).collect()
    }

    /// Adds columns of text whose cells were found to be Base64.
    pub(super) fn add_encoded(&mut self, leaves: &[Leaf], texts: &[usize]) {
        for &text in texts {
            let name = joined(&leaves[text].path);
            let others = self.sounds.iter().filter(|sound| sound.name == name).count();
            let name = if others > 0 { format!("{name}#text{text}") } else { name };
            self.sounds.push(Sound { name, cells: Cells::Encoded { text }, has_rate: false });
            self.texts.retain(|&other| other != text);
        }
    }

    pub(super) fn of(leaves: &[Leaf]) -> Self {
        let at: HashMap<&[Rc<str>], usize> =
            leaves.iter().enumerate().rev().map(|(place, leaf)| (&leaf.path[..], place)).collect();
        let beside =
            |name: &[Rc<str>], leaf: &str| at.get(&[name, &[Rc::from(leaf)]].concat()[..]).copied();
        let column = |(place, leaf): (usize, &Leaf)| {
            let (name, cells) = match (leaf.form, leaf.lists, &leaf.path[..]) {
                (Form::Bytes | Form::Text, lists @ 0..=1, [name @ .., last])
                    if &**last == "bytes" && !name.is_empty() =>
                {
                    let is_name = |&path: &usize| {
                        leaves[path].lists == lists
                            && matches!(leaves[path].form, Form::Bytes | Form::Text)
                    };
                    let path = beside(name, "path").filter(is_name);
                    (bare(name, lists), Cells::Files { bytes: place, path })
                }
                (Form::Bytes, lists @ 0..=1, name) => {
                    (bare(name, lists), Cells::Files { bytes: place, path: None })
                }
                (Form::Float | Form::Whole, 1 | 2, path) if leaf.inside > 0 => {
                    let (name, array) = list_name(path, leaf.inside)?;
                    let rate = rate_of(leaves, name, array)?;
                    // By the name of its struct, or by its own if it is not in one or another list is in the same.
                    let name = if name.is_empty() || &**array != "array" {
                        &path[..=name.len()]
                    } else {
                        name
                    };
                    (name, Cells::Samples { array: place, rate })
                }
                (Form::Text, 0, path) if path.last().is_some_and(|last| is_encoded(last)) => {
                    (path, Cells::Encoded { text: place })
                }
                _ => return None,
            };
            let has_rate = matches!(cells, Cells::Files { .. })
                && [name, &leaf.path[..]].into_iter().any(|path| {
                    let around = path.split_last();
                    around.is_some_and(|(last, around)| rate_of(leaves, around, last).is_some())
                });
            Some(Sound { name: joined(name), cells, has_rate })
        };
        let mut sounds: Vec<Sound> =
            leaves.iter().enumerate().filter_map(column).take(MAX_SOUNDS + 1).collect();
        let beyond = sounds.len() > MAX_SOUNDS;
        sounds.truncate(MAX_SOUNDS);
        number(&mut sounds);
        let is_path = |leaf: usize| {
            sounds
                .iter()
                .any(|sound| matches!(sound.cells, Cells::Files { path, .. } if path == Some(leaf)))
        };
        let speaks = |leaf: &usize| {
            let Leaf { lists, .. } = leaves[*leaf];
            lists == 0 && says(&leaves[*leaf]) && !is_path(*leaf)
        };
        let texts = (0..leaves.len()).filter(speaks).take(MAX_TEXTS).collect();
        let (unread, loses_sound) = unread(leaves, &sounds, beyond).unzip();
        Self { unread, loses_sound: loses_sound == Some(true), sounds, texts }
    }
}

/// Whether two names are the same, whatever their case.
fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|other| name.eq_ignore_ascii_case(other))
}

/// Whether something is called like samples.
pub(super) fn is_array(name: &str) -> bool {
    is_one_of(name, &ARRAYS)
}

/// Whether something is called like nothing but samples.
pub(super) fn is_sure(name: &str) -> bool {
    is_one_of(name, &SURE)
}

/// Whether something is called like a sample rate, perhaps behind a name and an underscore.
pub(super) fn is_rate(name: &str) -> bool {
    is_one_of(name, &RATES)
        || RATES.iter().any(|rate| {
            let front = name.len().checked_sub(rate.len() + 1);
            front.is_some_and(|front| {
                name.is_char_boundary(front)
                    && name[front..].starts_with('_')
                    && name[front + 1..].eq_ignore_ascii_case(rate)
            })
        })
}

/// A rate in Hz that is stored as floating point; `None` if it is not a whole number.
pub(super) fn whole_rate(rate: f64) -> Option<u32> {
    let is_whole = rate >= 0.0 && rate <= f64::from(u32::MAX) && rate.fract() == 0.0;
    is_whole.then_some(rate as u32)
}

/// The name of a column without the names that formats give to the values of a list.
fn bare(path: &[Rc<str>], lists: usize) -> &[Rc<str>] {
    let mut bare = path;
    while lists > 0
        && let [outer @ .., last] = bare
        && !outer.is_empty()
        && is_one_of(last, &["array_element", "bag", "element", "item", "l", "list"])
    {
        bare = outer;
    }
    bare
}

/// The names around a list, and its own; `None` if it is not called like samples.
fn list_name(path: &[Rc<str>], inside: usize) -> Option<(&[Rc<str>], &Rc<str>)> {
    let (array, name) = path.get(..path.len().checked_sub(inside)?)?.split_last()?;
    is_one_of(array, &ARRAYS).then_some((name, array))
}

/// The leaf that holds the sample rate of a list: beside it, under a name in use, or one that begins with its own.
fn rate_of(leaves: &[Leaf], name: &[Rc<str>], array: &str) -> Option<usize> {
    let is_beside = |leaf: &&(usize, &Leaf)| {
        let (_, leaf) = leaf;
        let own = leaf.path.split_last().filter(|(_, around)| *around == name);
        leaf.lists == 0 && matches!(leaf.form, Form::Whole | Form::Float) && own.is_some()
    };
    let called = |rate: &str| {
        let is_it = |leaf: &Leaf| {
            let Some(last) = leaf.path.last() else { return false };
            let prefixed = last.len() > array.len() + 1
                && last.is_char_boundary(array.len())
                && last[..array.len()].eq_ignore_ascii_case(array)
                && last.get(array.len() + 1..).is_some_and(|rest| rest.eq_ignore_ascii_case(rate));
            last.eq_ignore_ascii_case(rate) || prefixed
        };
        leaves.iter().enumerate().filter(|all| is_beside(&all)).find(|(_, leaf)| is_it(leaf))
    };
    RATES.iter().find_map(|rate| called(rate)).map(|(place, _)| place)
}

/// Whether a column of text may hold sound, by its name.
fn is_encoded(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ENCODED.iter().any(|word| name.contains(word))
}

/// Appends a number to names of columns that occur before: a locator names a cell by its column.
fn number(sounds: &mut [Sound]) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for sound in sounds {
        let count = seen.entry(sound.name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            sound.name = format!("{}#{count}", sound.name);
        }
    }
}

/// Columns that may hold sound and are not read, in words; and whether any is certain to hold bytes or samples.
fn unread(leaves: &[Leaf], sounds: &[Sound], beyond: bool) -> Option<(String, bool)> {
    // A list that is called like sound, or has a rate beside it: `array` alone may be anything.
    let is_samples = |leaf: &Leaf| {
        let own = leaf.path.iter().position(|part| is_one_of(part, &ARRAYS));
        own.is_some_and(|own| {
            let (name, array) = (&leaf.path[..own], &leaf.path[own]);
            is_one_of(array, &SURE) || rate_of(leaves, name, array).is_some()
        })
    };
    let is_read = |place: usize| {
        sounds
            .iter()
            .any(|sound| matches!(sound.cells, Cells::Samples { array, .. } if array == place))
    };
    let is_lost = |(place, leaf): &(usize, &Leaf)| match leaf.form {
        Form::Unread | Form::Fixed => true,
        // A list of lists of files in one row.
        Form::Bytes => leaf.lists > 1,
        // Samples without a rate.
        Form::Float | Form::Whole | Form::Other => {
            leaf.lists > 0 && is_samples(leaf) && !is_read(*place)
        }
        Form::Text => false,
    };
    let lost: Vec<_> = leaves
        .iter()
        .enumerate()
        .filter(is_lost)
        .take(MAX_NAMED + 1)
        .map(|(_, leaf)| leaf)
        .collect();
    let loses_sound = beyond || lost.iter().any(|leaf| leaf.form != Form::Unread);
    let lost: Vec<String> = lost.into_iter().map(|leaf| joined(&leaf.path)).collect();
    if lost.is_empty() && !beyond {
        return None;
    }
    let mut words = Vec::new();
    if !lost.is_empty() {
        let more = if lost.len() > MAX_NAMED { " and others" } else { "" };
        let named =
            crate::wording::visible(&lost[..lost.len().min(MAX_NAMED)].join(", ")).to_string();
        words.push(format!(
            "columns that are not read here ({named}{more}), being of another type or without a sample rate"
        ));
    }
    if beyond {
        words
            .push(format!("more than {MAX_SOUNDS} columns of sound, of which only these are read"));
    }
    let told = format!(
        "has {}; write it again with one row for each sound: a file, or mono samples and a column sampling_rate",
        words.join(" and ")
    );
    Some((told, loses_sound))
}

/// Whether a column of text may be read for identifiers: columns about people may not.
pub(super) fn says(leaf: &Leaf) -> bool {
    let names_people =
        leaf.path.iter().any(|part| PERSONAL.iter().any(|name| part.eq_ignore_ascii_case(name)));
    leaf.form == Form::Text && !names_people
}

/// Whether a column of numbers may hold bar codes, by its name.
pub(super) fn has_codes(leaf: &Leaf) -> bool {
    let is_word = |word: &str| {
        ["isrc", "upc", "ean", "gtin", "barcode"].iter().any(|code| word.eq_ignore_ascii_case(code))
    };
    leaf.form == Form::Whole
        && leaf.path.iter().any(|part| part.split(['_', '-', ' ']).any(is_word))
}

/// The name of a column, its parts joined by dots and cut to a length that can be kept.
pub(super) fn joined(path: &[Rc<str>]) -> String {
    let name = path.join(".");
    // The cut may be inside a character, which is then replaced.
    match String::from_utf8(bounded(name.into_bytes())) {
        Ok(name) => name,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(path: &str, form: Form, lists: usize) -> Leaf {
        let path: Vec<Rc<str>> = path.split('.').map(Rc::from).collect();
        Leaf { path, form, lists, inside: lists.min(1) }
    }

    #[test]
    fn the_role_of_a_column_depends_on_its_name_and_type() {
        let leaves = [
            leaf("id", Form::Text, 0),
            leaf("audio.bytes", Form::Bytes, 0),
            leaf("audio.path", Form::Text, 0),
            leaf("raw", Form::Bytes, 0),
            leaf("raw", Form::Bytes, 0),
            leaf("clip.data", Form::Bytes, 0),
            leaf("heard.array.item", Form::Float, 1),
            leaf("heard.sampling_rate", Form::Whole, 0),
            leaf("Added_By", Form::Text, 0),
            leaf("mel.array.item", Form::Float, 1),
            leaf("words.item", Form::Text, 1),
        ];
        let roles = Roles::of(&leaves);
        let found: Vec<_> = roles.sounds.iter().map(|s| (s.name.as_str(), s.cells)).collect();
        assert_eq!(
            found,
            [
                ("audio", Cells::Files { bytes: 1, path: Some(2) }),
                ("raw", Cells::Files { bytes: 3, path: None }),
                ("raw#2", Cells::Files { bytes: 4, path: None }),
                ("clip.data", Cells::Files { bytes: 5, path: None }),
                ("heard", Cells::Samples { array: 6, rate: 7 }),
            ]
        );
        assert_eq!((roles.texts, roles.unread), (vec![0], None));
        assert!(says(&leaves[10]) && !says(&leaves[8]));
    }

    #[test]
    fn samples_are_known_under_the_names_in_use_with_a_rate_beside_them() {
        let of = |array: &str, form, rate: &str| {
            let leaves = [leaf(array, form, 1), leaf(rate, Form::Whole, 0)];
            let roles = Roles::of(&leaves);
            roles.sounds.first().map(|sound| (sound.name.clone(), roles.unread.clone()))
        };
        for (array, rate, name) in [
            ("array.element", "sampling_rate", "array"),
            ("waveform.element", "sample_rate", "waveform"),
            ("Audio.element", "audio_sr", "Audio"),
            ("clip.waveform.element", "clip.sample_rate", "clip.waveform"),
            ("clip.array.element", "clip.sr", "clip"),
        ] {
            for form in [Form::Float, Form::Whole] {
                assert_eq!(of(array, form, rate), Some((name.to_owned(), None)), "{array}");
            }
        }
        assert_eq!(of("mel.element", Form::Float, "sampling_rate"), None);
        assert_eq!(of("clip.waveform.element", Form::Float, "sample_rate"), None);
        let lonely = Roles::of(&[leaf("waveform.element", Form::Float, 1)]);
        assert!(lonely.unread.is_some_and(|told| told.contains("(waveform.element)")));
        let three_deep = [leaf("array.list.element", Form::Float, 3), leaf("sr", Form::Whole, 0)];
        assert!(Roles::of(&three_deep).unread.is_some());
        let text = Roles::of(&[leaf("audio_base64", Form::Text, 0), leaf("text", Form::Text, 0)]);
        assert_eq!(text.sounds[0].cells, Cells::Encoded { text: 0 });
    }

    #[test]
    fn columns_that_may_hold_sound_and_are_not_read_are_named() {
        let lost = [leaf("takes.item.bytes", Form::Bytes, 2), leaf("x.y", Form::Unread, 0)];
        let told = Roles::of(&lost).unread.unwrap();
        assert!(told.contains("(takes.item.bytes, x.y)"), "{told}");
        let many: Vec<_> = (0..300).map(|n| leaf(&format!("c{n}"), Form::Bytes, 0)).collect();
        let roles = Roles::of(&many);
        assert_eq!(roles.sounds.len(), MAX_SOUNDS);
        assert!(roles.unread.unwrap().contains("more than 256 columns"));
    }

    #[test]
    fn a_name_is_cut_to_a_length_that_can_be_kept() {
        let long: Rc<str> = "ä".repeat(10_000).into();
        assert!(joined(&[long.clone(), long]).len() < 5_000);
    }
}
