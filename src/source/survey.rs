//! What is in a dump, without decoding: kinds, counts, bytes, what cannot be read and why, and about how
//! long a scan of it would take.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::ops::ControlFlow;

use super::{Bytes, Item, Unlisted, Visit};
use crate::decode::{Look, look};
use crate::record::NOT_AUDIO;

/// What is known of a dump after a look at each item's first bytes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Survey {
    /// By the containers that items lie in (`""`: files on disk) and by what they are.
    pub kinds: BTreeMap<(String, String), Tally>,
    /// By kind of failure: how many, and the first of them, with its reason.
    pub unread: BTreeMap<String, (u64, String)>,
    /// About how much sound there is, in seconds, from sizes and usual bit rates.
    pub sound_seconds: f64,
}

/// How much there is of a kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Items.
    pub items: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Whether they are sound.
    pub is_sound: bool,
}

impl Survey {
    /// Items in all, rows not counted.
    pub fn items(&self) -> u64 {
        self.kinds.values().map(|tally| tally.items).sum()
    }

    /// Processor time of a scan in full mode, in seconds: so much sound is scanned in one, where nothing
    /// is found (`benches/SPEED.md`).
    pub fn full_seconds(&self) -> f64 {
        self.sound_seconds / 250.0
    }

    /// … and in probe mode: a tenth of it.
    pub fn probe_seconds(&self) -> f64 {
        self.full_seconds() / 10.0
    }

    fn fail(&mut self, kind: &str, first: String) {
        self.unread.entry(kind.to_owned()).or_insert((0, first)).0 += 1;
    }
}

/// Bytes of each item that are looked at.
const HEAD_BYTES: u64 = 64 << 10;

impl Visit for Survey {
    fn most_bytes(&self) -> Option<u64> {
        Some(HEAD_BYTES)
    }

    fn item(&mut self, item: Item) -> ControlFlow<()> {
        let path = || item.place.locator.display();
        let look = match item.bytes.open().and_then(|reader| look(reader.take(HEAD_BYTES))) {
            Ok(look) => look,
            Err(error) => {
                self.fail("io", format!("{}: {error}", path()));
                return ControlFlow::Continue(());
            }
        };
        let Look { what, bytes_per_second } = look;
        let key = (item.place.containers.clone(), what.to_owned());
        let tally = self.kinds.entry(key).or_default();
        tally.items += 1;
        let bytes = match &item.bytes {
            Bytes::Text(_) => {
                item.bytes.stream().and_then(|mut s| io::copy(&mut s, &mut io::sink())).unwrap_or(0)
            }
            _ => item.size_bytes,
        };
        // Sizes are what containers say, and may be any.
        tally.bytes = tally.bytes.saturating_add(bytes);
        if let Some(rate) = bytes_per_second {
            tally.is_sound = true;
            self.sound_seconds += item.size_bytes as f64 / rate;
        }
        ControlFlow::Continue(())
    }

    fn unlisted(&mut self, row: Unlisted) -> ControlFlow<()> {
        if row.failure.kind == NOT_AUDIO {
            let key = (row.place.containers.clone(), "links and the like".to_owned());
            self.kinds.entry(key).or_default().items += 1;
        } else {
            let first = format!("{}: {}", row.place.locator.display(), row.failure.message);
            self.fail(&row.failure.kind, first);
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Stamp;

    #[test]
    fn sizes_that_lie_are_summed_as_far_as_numbers_go() {
        let mut survey = Survey::default();
        for _ in 0..3 {
            let mut item = Item::of_file("/x", Stamp::default());
            item.bytes = Bytes::of_memory(b"OggS".to_vec());
            item.size_bytes = u64::MAX;
            assert!(survey.item(item).is_continue());
        }
        assert_eq!(survey.kinds.values().next().map(|tally| tally.bytes), Some(u64::MAX));
    }
}
