//! Members in one folder of an archive that may be read together: the segments of a stream, and the volumes of a RAR archive. They
//! are held back until a member comes that lies neither in their folder nor below it, or the archive ends.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::PathBuf;

use super::rar::volume::{Volume, volume};
use crate::bytes::Bytes;
use crate::source::segments::{self, MAX_PARTS, Role, Set, is_head, last_of, role, sets};
use crate::source::volume_names::after_rar;
use crate::source::{Place, To, path_of_key};

/// What a member may be a part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// A stream in segments.
    Stream(Role),
    /// A RAR archive.
    Rar(Volume),
}

impl What {
    /// What a member is by its name and its first bytes; `None` if it is read by itself.
    pub(super) fn of(place: &Place, begin: &[u8]) -> Option<Self> {
        let name = name_of(place)?;
        if !may_be_part(name) {
            return None;
        }
        let role = role(last_of(name), begin).map(Self::Stream);
        let rar = || volume(&Bytes::of_memory(begin.to_vec())).ok().flatten().map(Self::Rar);
        role.or_else(rar)
    }

    /// The most bytes of a member in memory.
    pub(super) fn most_bytes(self) -> u64 {
        match self {
            Self::Stream(Role::Head(_)) => segments::MAX_HEAD_BYTES,
            Self::Stream(Role::Segment(_)) | Self::Rar(_) => u64::MAX,
        }
    }
}

/// Whether a member may be read together with others in its folder, by its name.
pub(in crate::source) fn may_be_part(name: &[u8]) -> bool {
    segments::may_be(last_of(name)) || after_rar(&path_of_key(name)).is_some()
}

/// The name of a member of an archive.
pub(super) fn name_of(place: &Place) -> Option<&[u8]> {
    match &place.locator.steps.last()?.to {
        To::Member { name, .. } => Some(name),
        _ => None,
    }
}

/// The folder of a member.
fn folder_of(name: &[u8]) -> &[u8] {
    let name = name.strip_suffix(b"/").unwrap_or(name);
    name.iter().rposition(|&byte| byte == b'/').map_or(b"", |at| &name[..at])
}

/// What became of a member that may belong to others.
pub(super) enum Back {
    Held,
    /// It is shown by itself: what was read of it, which may have broken off.
    Read(Vec<u8>, Option<io::Error>),
}

/// The members of one folder that were held back.
#[derive(Debug)]
pub(super) struct Held {
    folder: Vec<u8>,
    /// The number of containers that they lie in.
    pub(super) depth: usize,
    pub(super) parts: Vec<Part>,
    /// Memory that they take, in bytes.
    pub(super) bytes: u64,
}

/// A member that was held back.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) what: What,
    pub(super) place: Place,
    pub(super) bytes: Bytes,
    pub(super) length: u64,
    pub(super) notes: Vec<String>,
}

impl Part {
    /// A member that may belong to others, without its bytes; `None` if it is read by itself.
    pub(super) fn of(place: &Place, begin: &[u8], notes: &[String]) -> Option<Self> {
        let what = What::of(place, begin)?;
        let (place, bytes) = (place.clone(), Bytes::of_memory(Vec::new()));
        Some(Self { what, place, bytes, length: 0, notes: notes.to_vec() })
    }

    /// Its name, without its folder.
    pub(super) fn name(&self) -> &[u8] {
        name_of(&self.place).map_or(b"", last_of)
    }
}

impl Held {
    pub(super) fn new(place: &Place, depth: usize) -> Self {
        let folder = name_of(place).map_or(&b""[..], folder_of).to_vec();
        Self { folder, depth, parts: Vec::new(), bytes: 0 }
    }

    /// Whether what is held back has all its members before this one comes.
    pub(super) fn ends_before(&self, place: &Place, depth: usize) -> bool {
        let is_within = name_of(place).is_some_and(|name| {
            let behind = folder_of(name).strip_prefix(&self.folder[..]);
            behind.is_some_and(|behind| {
                self.folder.is_empty() || behind.is_empty() || behind.starts_with(b"/")
            })
        });
        self.depth == depth && (!is_within || self.parts.len() >= MAX_PARTS)
    }

    /// Whether a member belongs to the same folder.
    pub(super) fn is_of(&self, place: &Place, depth: usize) -> bool {
        let is_beside = name_of(place).is_some_and(|name| folder_of(name) == self.folder);
        self.depth == depth && is_beside
    }
}

/// The streams among the members of one folder.
pub(super) fn streams(parts: &[Part]) -> Vec<Set> {
    let role = |part: &Part| match part.what {
        What::Stream(role @ Role::Head(format)) => {
            let bytes = part.bytes.head(segments::MAX_HEAD_BYTES).ok()?;
            (bytes.len() as u64 == part.length && is_head(format, &bytes)).then_some(role)
        }
        What::Stream(role) => Some(role),
        What::Rar(_) => None,
    };
    let roles: Vec<_> = parts.iter().map(|part| (part.name(), role(part))).collect();
    sets(&roles)
}

/// The RAR archives among the members of one folder, each as the places of its volumes in their order. What belongs to no other, or
/// perhaps to several, is in none.
pub(super) fn archives(parts: &[Part]) -> Vec<Vec<usize>> {
    let volume = |part: &Part| match part.what {
        What::Rar(volume) => Some(volume),
        What::Stream(_) => None,
    };
    // A name that two members have names none of them.
    let mut named: HashMap<PathBuf, Option<(usize, Volume)>> = HashMap::new();
    for (at, part) in parts.iter().enumerate() {
        let Some(volume) = volume(part) else { continue };
        let one = named.entry(path_of_key(part.name()));
        one.and_modify(|one| *one = None).or_insert(Some((at, volume)));
    }
    let behind = |part: &Part| {
        let (next, behind) = (*named.get(&after_rar(&path_of_key(part.name()))?)?)?;
        volume(part)?.precedes(behind).then_some(next)
    };
    let mut next: Vec<Option<usize>> = parts.iter().map(behind).collect();
    // `x.part9.rar` and `x.part09.rar` both come before `x.part10.rar`: nobody knows which one it goes on from.
    let mut claims: HashMap<usize, usize> = HashMap::new();
    next.iter().flatten().for_each(|&at| *claims.entry(at).or_default() += 1);
    for one in &mut next {
        *one = one.filter(|at| claims[at] == 1);
    }
    let later: HashSet<usize> = next.iter().flatten().copied().collect();
    let is_first = |at: &usize| next[*at].is_some() && !later.contains(at);
    let chain = |first| std::iter::successors(Some(first), |&at: &usize| next[at]).collect();
    (0..parts.len()).filter(is_first).map(chain).collect()
}

/// Which members of an archive may be read together, by their names: where they lie, it is not to be cut.
#[derive(Debug, Default)]
pub(super) struct Together {
    /// By folder, the places of the first and the last member that may belong to others.
    folders: HashMap<Vec<u8>, (u64, u64)>,
}

/// Most folders of such members. A guess; an archive with more is not cut.
const MAX_FOLDERS: usize = 1 << 20;

impl Together {
    /// Takes note of a member that begins at a place. Places come in order.
    pub(super) fn add(&mut self, name: &[u8], place: u64) {
        if may_be_part(name) && self.folders.len() <= MAX_FOLDERS {
            self.folders.entry(folder_of(name).to_vec()).or_insert((place, place)).1 = place;
        }
    }

    /// Only those cuts that part nothing. A cut is the place at which a section begins, with the weight of what lies before it up to
    /// the cut before.
    pub(super) fn spared(self, cuts: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
        if self.folders.len() > MAX_FOLDERS {
            return Vec::new();
        }
        let mut runs: Vec<(u64, u64)> = self.folders.into_values().collect();
        runs.sort_unstable();
        let (mut spared, mut weight) = (Vec::new(), 0_u64);
        let (mut next, mut upto) = (0, 0);
        for (place, before) in cuts {
            weight = weight.saturating_add(before);
            // The last place of all runs that begin before the cut.
            while let Some(&(_, last)) = runs.get(next).filter(|(first, _)| *first < place) {
                upto = last.max(upto);
                next += 1;
            }
            if place > upto {
                spared.push((place, weight));
                weight = 0;
            }
        }
        spared
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_is_not_cut_between_members_that_may_be_read_together() {
        let mut together = Together::default();
        let names =
            ["a/1.wav", "s/init.mp4", "s/t/x.wav", "s/1.m4s", "b/x.rar", "c/2.wav", "c/3.wav"];
        for (place, name) in (0..).zip(names) {
            together.add(name.as_bytes(), place);
        }
        let cuts = (1..7).map(|place| (place, 10)).collect();
        // 2 and 3 lie between the head and its segment.
        assert_eq!(together.spared(cuts), [(1, 10), (4, 30), (5, 10), (6, 10)]);
        assert_eq!(Together::default().spared(vec![(3, 5)]), [(3, 5)]);
    }

    #[test]
    fn a_volume_that_may_go_on_from_two_belongs_to_neither() {
        // The mark and the main header of volumes of RAR 4, which have no numbers.
        let head = b"Rar!\x1a\x07\0\xf1\xfb\x73\x01\0\x0d\0\0\0\0\0\0\0";
        let part = |name: &str| {
            let to = To::Member { name: name.into(), nth: 1 };
            let file = Place::of_file("/x", crate::source::Stamp::default());
            let place = Place { locator: file.locator.step(to, None), ..file };
            Part::of(&place, head, &[]).unwrap()
        };
        let found =
            |names: &[&str]| archives(&names.iter().map(|name| part(name)).collect::<Vec<_>>());
        let whole = ["x.part9.rar", "x.part11.rar", "x.part10.rar"];
        assert_eq!(found(&whole), [[0, 2, 1]]);
        // The volumes behind it are still one archive, whose first are not there.
        assert_eq!(found(&[&whole[..], &["x.part09.rar"]].concat()), [[2, 1]]);
    }

    #[test]
    fn members_stay_held_while_those_that_come_lie_in_their_folder_or_below() {
        let place = |name: &str| {
            let to = To::Member { name: name.into(), nth: 1 };
            let locator = Place::of_file("/x", crate::source::Stamp::default()).locator;
            let locator = locator.step(to, None);
            Place { locator, ..Place::of_file("/x", crate::source::Stamp::default()) }
        };
        let held = Held::new(&place("a/b/init.mp4"), 1);
        for (name, ends) in
            [("a/b/1.m4s", false), ("a/b/c/1.m4s", false), ("a/bc/1.m4s", true), ("a/x", true)]
        {
            assert_eq!(held.ends_before(&place(name), 1), ends, "{name}");
        }
        assert!(!Held::new(&place("init.mp4"), 1).ends_before(&place("a/b/1.m4s"), 1));
    }
}
