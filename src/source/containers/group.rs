//! Members of a tar file that belong together: `key.flac` and its side-car `key.json`, as in shards of `WebDataset`.
//!
//! Members of one key follow each other. An item is held back until the next key, so that it is shown with its side-car
//! whichever of the two comes first.

use std::sync::Arc;

use crate::bytes::Bytes;
use crate::source::Item;

/// Longest side-car in bytes; a longer `.json` is an item like any other. A guess: real ones have a few KiB.
pub(super) const MAX_SIDE_CAR_BYTES: u64 = 1 << 20;
/// Most items of one key that are held back; they are then shown without a side-car that comes later. A guess.
const MAX_ITEMS: usize = 16;

/// The members of one key that have come so far.
#[derive(Debug, Default)]
pub(super) struct Group {
    key: Vec<u8>,
    side_car: Option<Arc<str>>,
    waiting: Vec<Item>,
}

/// The key of a member: its path up to the first dot of the file name.
pub(super) fn key_of(name: &[u8]) -> Vec<u8> {
    let last = name.iter().rposition(|&byte| byte == b'/').map_or(0, |at| at + 1);
    let dot = name[last..].iter().position(|&byte| byte == b'.');
    name[..dot.map_or(name.len(), |dot| last + dot)].to_vec()
}

/// Whether a member is a side-car, by its name.
pub(super) fn is_side_car(name: &[u8]) -> bool {
    name.len() >= 5 && name[name.len() - 5..].eq_ignore_ascii_case(b".json")
}

impl Group {
    pub(super) fn new(key: &[u8]) -> Self {
        Self { key: key.to_vec(), ..Self::default() }
    }

    pub(super) fn key(&self) -> &[u8] {
        &self.key
    }

    /// The side-car that has come.
    pub(super) fn side_car(&self) -> Option<Arc<str>> {
        self.side_car.clone()
    }

    /// Gives a side-car to the items that wait and to those that come.
    pub(super) fn set_side_car(&mut self, bytes: &[u8]) {
        let text: Arc<str> = String::from_utf8_lossy(bytes).into();
        for item in &mut self.waiting {
            item.side_car = Some(Arc::clone(&text));
        }
        self.side_car = Some(text);
    }

    /// Holds an item back until the group is complete.
    pub(super) fn hold(&mut self, mut item: Item) {
        item.side_car.clone_from(&self.side_car);
        self.waiting.push(item);
    }

    /// Whether the items have to be shown now: their memory is not returned before they are decoded.
    pub(super) fn is_full(&self, max_bytes: u64) -> bool {
        let held = |item: &Item| match &item.bytes {
            Bytes::Memory(buffer) => buffer.as_slice().len() as u64,
            Bytes::File(_) | Bytes::Range { .. } | Bytes::Volumes { .. } | Bytes::Text(_) => 0,
        };
        let held: u64 = self.waiting.iter().map(held).sum();
        held > max_bytes || self.waiting.len() >= MAX_ITEMS
    }

    /// Takes the items that are held back.
    pub(super) fn take(&mut self) -> Vec<Item> {
        std::mem::take(&mut self.waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_ends_at_the_first_dot_of_the_last_part() {
        for (name, key) in [
            ("a/b.c/0001.flac", "a/b.c/0001"),
            ("0001.seg.json", "0001"),
            ("a.b/c", "a.b/c"),
            ("", ""),
            ("x/.hidden", "x/"),
        ] {
            assert_eq!(key_of(name.as_bytes()), key.as_bytes());
        }
        assert!(is_side_car(b"a.JSON") && !is_side_car(b"json"));
    }
}
