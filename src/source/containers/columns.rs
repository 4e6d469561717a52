//! Which columns of a table hold sound, name it or describe it, whatever the format of the table.
//!
//! A column holds sound if it is one of these, as Hugging Face writes them:
//!
//! * a struct with a binary column `bytes`, and perhaps a file name `path`;
//! * a binary column that is not text;
//! * a struct with a list of floats `array`, and a `sampling_rate`.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::limits::bounded;
use crate::identifier::PERSONAL;

/// Most columns of text that are kept with the sound of their row. A guess.
const MAX_TEXTS: usize = 64;
/// Most columns of sound that are read; more are reported. A guess.
const MAX_SOUNDS: usize = 256;
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
    /// Floating point of 32 or 64 bits.
    Float,
    /// A whole number of 32 or 64 bits.
    Whole,
    Other,
    /// Bytes or text of a type that is not read here.
    Unread,
}

/// A column of sound.
#[derive(Debug)]
pub(super) struct Sound {
    /// The parts of its name, joined by dots; unique in its table.
    pub(super) name: String,
    pub(super) cells: Cells,
}

/// The leaves of a column of sound, by their index among all leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cells {
    Files { bytes: usize, path: Option<usize> },
    Samples { array: usize, rate: usize },
}

/// The roles of a table's columns.
#[derive(Debug, Default)]
pub(super) struct Roles {
    pub(super) sounds: Vec<Sound>,
    /// Indices of the leaves of text that describe the sound in their row.
    pub(super) texts: Vec<usize>,
    /// Columns that may hold sound and are not read, as the end of a sentence and with the remedy.
    pub(super) unread: Option<String>,
}

impl Roles {
    pub(super) fn of(leaves: &[Leaf]) -> Self {
        let at: HashMap<&[Rc<str>], usize> =
            leaves.iter().enumerate().rev().map(|(place, leaf)| (&leaf.path[..], place)).collect();
        let beside =
            |name: &[Rc<str>], leaf: &str| at.get(&[name, &[Rc::from(leaf)]].concat()[..]).copied();
        let column = |(place, leaf): (usize, &Leaf)| {
            let (name, cells) = match (leaf.form, leaf.lists, &leaf.path[..]) {
                (Form::Bytes | Form::Text, 0, [name @ .., last])
                    if &**last == "bytes" && !name.is_empty() =>
                {
                    let is_name = |&path: &usize| {
                        leaves[path].lists == 0
                            && matches!(leaves[path].form, Form::Bytes | Form::Text)
                    };
                    let path = beside(name, "path").filter(is_name);
                    (name, Cells::Files { bytes: place, path })
                }
                (Form::Bytes, 0, name) => (name, Cells::Files { bytes: place, path: None }),
                (Form::Float, 1, path) if leaf.inside > 0 => {
                    let [name @ .., array] = &path[..path.len().saturating_sub(leaf.inside)] else {
                        return None;
                    };
                    if &**array != "array" || name.is_empty() {
                        return None;
                    }
                    let rate = beside(name, "sampling_rate")?;
                    (name, Cells::Samples { array: place, rate })
                }
                _ => return None,
            };
            Some(Sound { name: joined(name), cells })
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
        Self { unread: unread(leaves, beyond), sounds, texts }
    }
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

/// Columns that may hold sound and are not read, in words.
fn unread(leaves: &[Leaf], beyond: bool) -> Option<String> {
    let rates: HashSet<&[Rc<str>]> = leaves
        .iter()
        .filter_map(|leaf| leaf.path.split_last())
        .filter(|(last, _)| &***last == "sampling_rate")
        .map(|(_, name)| name)
        .collect();
    let has_rate = |leaf: &Leaf| {
        let array = leaf.path.iter().position(|part| &**part == "array");
        array.is_some_and(|array| rates.contains(&leaf.path[..array]))
    };
    let is_lost = |leaf: &&Leaf| match leaf.form {
        Form::Unread => true,
        // A list of files in one row.
        Form::Bytes => leaf.lists > 0,
        // Samples that are not floats, or of several channels.
        _ if leaf.lists > 0 && leaf.path.iter().any(|part| &**part == "array") => {
            !(leaf.form == Form::Float && leaf.lists == 1) && has_rate(leaf)
        }
        _ => false,
    };
    let lost: Vec<String> =
        leaves.iter().filter(is_lost).take(MAX_NAMED + 1).map(|leaf| joined(&leaf.path)).collect();
    if lost.is_empty() && !beyond {
        return None;
    }
    let mut words = Vec::new();
    if !lost.is_empty() {
        let more = if lost.len() > MAX_NAMED { " and others" } else { "" };
        let named =
            crate::wording::visible(&lost[..lost.len().min(MAX_NAMED)].join(", ")).to_string();
        words.push(format!("columns of a type that is not read here ({named}{more})"));
    }
    if beyond {
        words
            .push(format!("more than {MAX_SOUNDS} columns of sound, of which only these are read"));
    }
    Some(format!("has {}; write it again with one row for each sound", words.join(" and ")))
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
    fn columns_that_may_hold_sound_and_are_not_read_are_named() {
        let lost = [leaf("takes.item.bytes", Form::Bytes, 1), leaf("x.y", Form::Unread, 0)];
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
