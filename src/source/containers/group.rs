//! Members of a tar file that belong together: a `key.flac` and the `key.json` beside it, as shards of the
//! `WebDataset` kind have them.
//!
//! An item waits for the other members of its key, which come next if they come, so that it is shown with
//! its side-car whichever of the two is first.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::unpack::Unpacker;
use crate::bytes::Bytes;
use crate::source::Item;

/// A longer side-car is none.
pub(super) const MAX_SIDE_CAR_BYTES: u64 = 1 << 20;
/// Items of one key; more are shown without what comes behind.
const MAX_ITEMS: usize = 16;

/// The members of one key so far.
#[derive(Debug, Default)]
pub(super) struct Group {
    key: Vec<u8>,
    side_car: Option<Arc<str>>,
    waiting: Vec<Item>,
}

/// The key of a member: its name up to the first dot of its last part.
pub(super) fn key_of(name: &[u8]) -> Vec<u8> {
    let last = name.iter().rposition(|&byte| byte == b'/').map_or(0, |at| at + 1);
    let dot = name[last..].iter().position(|&byte| byte == b'.');
    name[..dot.map_or(name.len(), |dot| last + dot)].to_vec()
}

/// Whether a member is a side-car by its name.
pub(super) fn is_side_car(name: &[u8]) -> bool {
    name.len() >= 5 && name[name.len() - 5..].eq_ignore_ascii_case(b".json")
}

impl Unpacker<'_> {
    /// Begins the group of a key, or of none, unless it is that already.
    pub(super) fn join(&mut self, key: Option<&[u8]>) -> ControlFlow<()> {
        if self.group.as_ref().map(|group| group.key.as_slice()) == key {
            return ControlFlow::Continue(());
        }
        self.release()?;
        self.group = key.map(|key| Group { key: key.to_vec(), ..Group::default() });
        ControlFlow::Continue(())
    }

    /// Takes the side-car of the group.
    pub(super) fn side_car(&mut self, bytes: &[u8]) {
        let text: Arc<str> = String::from_utf8_lossy(bytes).into();
        if let Some(group) = &mut self.group {
            for item in &mut group.waiting {
                item.side_car = Some(Arc::clone(&text));
            }
            group.side_car = Some(text);
        }
    }

    /// Shows an item, at once or when its group is whole.
    pub(super) fn shown(&mut self, mut item: Item) -> ControlFlow<()> {
        item.torrent.clone_from(&self.torrent);
        let Some(group) = &mut self.group else { return self.visit.item(item) };
        item.side_car.clone_from(&group.side_car);
        group.waiting.push(item);
        let held = |item: &Item| match &item.bytes {
            Bytes::Memory(buffer) => buffer.as_slice().len() as u64,
            Bytes::File(_) | Bytes::Range { .. } | Bytes::Volumes { .. } | Bytes::Text(_) => 0,
        };
        // What waits here is not decoded, and its memory not given back.
        let held: u64 = group.waiting.iter().map(held).sum();
        if held > self.limits.extra_item_bytes || group.waiting.len() >= MAX_ITEMS {
            return self.release();
        }
        ControlFlow::Continue(())
    }

    /// Shows what waits.
    pub(super) fn release(&mut self) -> ControlFlow<()> {
        let waiting = self.group.as_mut().map(|group| std::mem::take(&mut group.waiting));
        waiting.into_iter().flatten().try_for_each(|item| self.visit.item(item))
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
