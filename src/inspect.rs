//! Surveys a dump without decoding it: counts and bytes by kind, what cannot be read and why, which items name recordings of the
//! catalogue or are copies of the label's files, and an estimate of how long a scan would take.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::catalog::Recording;
use crate::identify::{Claims, Identifiers, Read};
use crate::ingest::sha256;
use crate::record::FailureKind;
use crate::sniff::{Look, look_at};
use crate::source::{Item, Unlisted, Visit, is_called_torrent, unreadable_torrent};
use crate::wording::named;

/// The survey of a dump, from the first bytes of each item. It is filled by [`Dump::walk`](crate::source::Source::walk).
#[derive(Debug, Clone, Default)]
pub struct Survey {
    /// Identifiers to look for in names, sidecar files, texts and tables; `None` to look for none.
    pub known: Option<Arc<Identifiers>>,
    /// Number of items that contain some of these identifiers.
    pub claiming: u64,
    /// Ids of the recordings that these items name.
    pub claimed: BTreeSet<String>,
    /// One line for each item that names a recording, with the place of the name; at most 20.
    pub named: Vec<String>,
    /// Which items are hashed and compared with the label's files.
    pub hashed: Hashed,
    /// Number of items that are byte-for-byte copies of the label's files.
    pub copies: u64,
    /// Ids of the recordings of these files.
    pub copied: BTreeSet<String>,
    /// Tallies by the kinds of containers around items (`""` for files on disk) and by kind of item.
    pub kinds: BTreeMap<(String, String), Tally>,
    /// By kind of failure: the number of items, and the first of them with its reason.
    pub unread: BTreeMap<FailureKind, (u64, String)>,
    /// One line for each torrent file: what the torrent contains, and how much of it is there; at most 100.
    pub torrents: Vec<String>,
    /// Estimated length of all sound, in seconds, from sizes and usual bit rates.
    pub sound_seconds: f64,
}

/// Which items a survey hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hashed {
    /// Items that have the size of one of the label's files, unless other data would have to be unpacked first.
    OfSizes(BTreeSet<u64>),
    /// All items of sound.
    Sound,
}

impl Default for Hashed {
    fn default() -> Self {
        Self::OfSizes(BTreeSet::new())
    }
}

/// The amount of one kind of item.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Number of items.
    pub items: u64,
    /// Size of all together, in bytes.
    pub bytes: u64,
    /// Whether the kind is sound.
    pub is_sound: bool,
}

impl Survey {
    /// Number of all items.
    pub fn items(&self) -> u64 {
        self.kinds.values().map(|tally| tally.items).sum()
    }

    /// Estimated processor time of a scan in full mode, in seconds. Measured: about 1,000 s of sound are scanned in one second
    /// (`benches/SPEED.md`).
    pub fn full_seconds(&self) -> f64 {
        self.sound_seconds / 1_000.0
    }

    /// Estimated processor time of a scan in probe mode, in seconds: about a quarter of that in full mode.
    pub fn probe_seconds(&self) -> f64 {
        self.full_seconds() / 4.0
    }

    /// Looks for identifiers in the name of an item and, if it is not sound, in its content.
    fn claims(&mut self, item: &Item, is_sound: bool) {
        let Some(known) = self.known.clone() else { return };
        let mut claims = Claims::default();
        // As in a scan, the name of a file that is not sound is no claim.
        if is_sound {
            known.outside(item, &mut claims);
        } else {
            let cancel = AtomicBool::new(false);
            let read = known.in_document(item, &mut claims, &mut Vec::new(), &cancel);
            // Only the first bytes of an unpacked member may be available.
            let is_whole = is_whole(item);
            let path = item.place.locator.display();
            match read {
                Read::Personal(column) => self.fail(
                    FailureKind::PersonalData,
                    format!("{path}: contains data about people ({column})"),
                ),
                Read::Broken(why) if is_whole => {
                    self.fail(FailureKind::MetadataDamaged, format!("{path}: {why}"));
                }
                Read::Packed(why) if is_whole => {
                    self.fail(FailureKind::MetadataPacked, format!("{path}: {why}"));
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

    /// Compares the hash of an item with those of the label's files.
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

    /// Adds the notes about a torrent file, or the reason why it cannot be read.
    fn torrent(&mut self, item: &Item, is_sound: bool) {
        let path = item.place.locator.display();
        if !is_sound
            && is_whole(item)
            && let Some(failure) = unreadable_torrent(item)
        {
            self.fail(failure.kind, format!("{path}: {}", failure.message));
        }
        let is_torrent =
            item.place.locator.is_file() && is_called_torrent(&item.place.locator.file);
        if is_torrent && self.torrents.len() < MAX_TORRENTS {
            self.torrents.extend(item.notes.iter().map(|note| format!("{path}: {note}")));
        }
    }

    /// Counts a failure; the message is kept if it is the first of its kind.
    fn fail(&mut self, kind: FailureKind, first: String) {
        self.unread.entry(kind).or_insert((0, first)).0 += 1;
    }
}

/// Whether all bytes of an item are available: of unpacked members there may only be the first bytes.
fn is_whole(item: &Item) -> bool {
    // A compressed text has no length before it is read, and is read whole.
    item.bytes.length().is_ok_and(|length| length.is_none_or(|length| length == item.size_bytes))
}

/// Most claims that are listed. A guess.
const MAX_NAMED: usize = 20;
/// Most notes about torrents that are listed. A guess.
const MAX_TORRENTS: usize = 100;
/// Number of bytes of each unpacked item that are examined. A guess: enough for `sniff` and the head of a text.
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
                self.fail(FailureKind::Io, format!("{}: {error}", path()));
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
        // Sizes come from containers, and may be any number.
        tally.bytes = tally.bytes.saturating_add(bytes);
        if let Some(rate) = bytes_per_second {
            tally.is_sound = true;
            self.sound_seconds += item.size_bytes as f64 / rate;
        }
        ControlFlow::Continue(())
    }

    fn unlisted(&mut self, row: Unlisted) -> ControlFlow<()> {
        if row.failure.kind == FailureKind::NotAudio {
            let key = (row.place.containers.clone(), "links, later volumes and similar".to_owned());
            self.kinds.entry(key).or_default().items += 1;
        } else {
            let first = format!("{}: {}", row.place.locator.display(), row.failure.message);
            self.fail(row.failure.kind, first);
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Stamp;

    #[test]
    fn a_sum_of_false_sizes_does_not_overflow() {
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
