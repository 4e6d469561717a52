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

pub(super) use super::column_leaf::{
    Cells, Form, Leaf, MIN_FIXED_BYTES, Sound, has_codes, joined, says,
};
use super::column_names::{ARRAYS, is_encoded, is_one_of, rate_of};
use super::column_unread::{MAX_SOUNDS, unread};

/// Most columns of text that are kept with the sound of their row. A guess.
const MAX_TEXTS: usize = 64;
/// Rows whose texts are looked at for Base64 in columns that are not called like sound. A guess.
pub(super) const PEEKED_ROWS: u64 = 8;

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
