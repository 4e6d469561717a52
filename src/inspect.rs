//! What is in a dump, without decoding: kinds, counts, bytes, what cannot be read and why, and about how
//! long a scan of it would take.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::catalog::Recording;
use crate::identify::{Claims, Identifiers, Read};
use crate::ingest::sha256;
use crate::record::NOT_AUDIO;
use crate::sniff::{Look, look_at};
use crate::source::{Item, Unlisted, Visit, is_called_torrent, unreadable_torrent};
use crate::wording::named;

/// What is known of a dump after a look at each item's first bytes.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    /// Identifiers that are looked for in names, side-cars, texts and tables, if any.
    pub known: Option<Arc<Identifiers>>,
    /// Items that have some of them.
    pub claiming: u64,
    /// The ids of the recordings that those name.
    pub claimed: BTreeSet<String>,
    /// Which item names which recording and where, a line each; not all, if there are many.
    pub named: Vec<String>,
    /// Which items are hashed, to be compared with the label's files.
    pub hashed: Hashed,
    /// Items that are a file of the label's, byte for byte.
    pub copies: u64,
    /// The ids of the recordings whose files those are.
    pub copied: BTreeSet<String>,
    /// By the containers that items lie in (`""`: files on disk) and by what they are.
    pub kinds: BTreeMap<(String, String), Tally>,
    /// By kind of failure: how many, and the first of them, with its reason.
    pub unread: BTreeMap<String, (u64, String)>,
    /// What torrents hold and how much of it is there, a line each with the file that says so; not all, if there are many.
    pub torrents: Vec<String>,
    /// About how much sound there is, in seconds, from sizes and usual bit rates.
    pub sound_seconds: f64,
}

/// Which items an inspection hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hashed {
    /// Those of the size of a file of the label's, where they can be read without unpacking what is before them.
    OfSizes(BTreeSet<u64>),
    /// All sound.
    Sound,
}

impl Default for Hashed {
    fn default() -> Self {
        Self::OfSizes(BTreeSet::new())
    }
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

    /// Looks for identifiers in what an item is called, and in it if it is no sound.
    fn claims(&mut self, item: &Item, is_sound: bool) {
        let Some(known) = self.known.clone() else { return };
        let mut claims = Claims::default();
        // As in a scan: the name of a picture is no claim of a recording.
        if is_sound {
            known.outside(item, &mut claims);
        } else {
            let cancel = AtomicBool::new(false);
            let read = known.in_document(item, &mut claims, &mut Vec::new(), &cancel);
            // Of what is unpacked only the head may be there.
            let is_whole = is_whole(item);
            let path = item.place.locator.display();
            match read {
                Read::Personal(column) => self
                    .fail("personal_data", format!("{path}: holds data about people ({column})")),
                Read::Broken(why) if is_whole => {
                    self.fail("metadata_damaged", format!("{path}: {why}"));
                }
                Read::Packed(why) if is_whole => {
                    self.fail("metadata_packed", format!("{path}: {why}"));
                }
                _ => {}
            }
        }
        let path = item.place.locator.display();
        for claim in claims.iter().take(MAX_NAMED.saturating_sub(self.named.len())) {
            let Recording { artist, title, recording_id, .. } = &claim.recording;
            let (recording, places) = (named(artist, title, recording_id), claim.places());
            let place = places.first().map_or("", String::as_str);
            self.named.push(format!("{path}: {recording}, by {place}"));
        }
        if !claims.is_empty() {
            self.claiming += 1;
            self.claimed.extend(claims.iter().map(|claim| claim.recording.recording_id.clone()));
        }
    }

    /// Compares an item with the label's files.
    fn compare(&mut self, item: &Item, is_sound: bool) {
        let Some(known) = self.known.clone() else { return };
        let is_hashed = match &self.hashed {
            Hashed::OfSizes(sizes) => sizes.contains(&item.size_bytes),
            Hashed::Sound => is_sound,
        };
        if !is_hashed || !is_whole(item) {
            return;
        }
        let mut claims = Claims::default();
        if let Ok(hash) = sha256(&item.bytes, &AtomicBool::new(false)) {
            known.in_text(&hash, "", &mut claims);
        }
        if !claims.is_empty() {
            self.copies += 1;
            self.copied.extend(claims.iter().map(|claim| claim.recording.recording_id.clone()));
        }
    }

    /// Tells of a file that is called a torrent what it holds, or that it cannot be read.
    fn torrent(&mut self, item: &Item, is_sound: bool) {
        let path = item.place.locator.display();
        if !is_sound
            && is_whole(item)
            && let Some(failure) = unreadable_torrent(item)
        {
            self.fail(&failure.kind, format!("{path}: {}", failure.message));
        }
        let is_torrent =
            item.place.locator.is_file() && is_called_torrent(&item.place.locator.file);
        if is_torrent && self.torrents.len() < MAX_TORRENTS {
            self.torrents.extend(item.notes.iter().map(|note| format!("{path}: {note}")));
        }
    }

    fn fail(&mut self, kind: &str, first: String) {
        self.unread.entry(kind.to_owned()).or_insert((0, first)).0 += 1;
    }
}

/// Whether all bytes of an item are at hand: of what is unpacked only the head may be there.
fn is_whole(item: &Item) -> bool {
    // A compressed text has no length before it is read, and is read whole.
    item.bytes.length().is_ok_and(|length| length.is_none_or(|length| length == item.size_bytes))
}

/// Claims that are told one by one.
const MAX_NAMED: usize = 20;
/// Torrents that are told one by one.
const MAX_TORRENTS: usize = 100;
/// Bytes of each item that are looked at.
const HEAD_BYTES: u64 = 64 << 10;

impl Visit for Survey {
    fn most_bytes(&self) -> Option<u64> {
        (self.hashed != Hashed::Sound).then_some(HEAD_BYTES)
    }

    fn item(&mut self, item: Item) -> ControlFlow<()> {
        let path = || item.place.locator.display();
        let look = match look_at(&item.bytes) {
            Ok(look) => look,
            Err(error) => {
                self.fail("io", format!("{}: {error}", path()));
                return ControlFlow::Continue(());
            }
        };
        let Look { what, bytes_per_second } = look;
        self.claims(&item, bytes_per_second.is_some());
        self.compare(&item, bytes_per_second.is_some());
        self.torrent(&item, bytes_per_second.is_some());
        let key = (item.place.containers.clone(), what.to_owned());
        let tally = self.kinds.entry(key).or_default();
        tally.items += 1;
        let bytes = match item.bytes.length() {
            Ok(None) => {
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
            let key =
                (row.place.containers.clone(), "links, later volumes and the like".to_owned());
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
            item.bytes = crate::bytes::Bytes::of_memory(b"OggS".to_vec());
            item.size_bytes = u64::MAX;
            assert!(survey.item(item).is_continue());
        }
        assert_eq!(survey.kinds.values().next().map(|tally| tally.bytes), Some(u64::MAX));
    }
}
