//! The columns of a table without parts, and the columns of sound that they make up.

use std::rc::Rc;

use super::limits::bounded;
use crate::identifier::PERSONAL;

/// Shortest bytes of one length that may be sound: shorter ones are digests and numbers. A guess.
pub(super) const MIN_FIXED_BYTES: i32 = 512;

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
