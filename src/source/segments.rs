//! Streams that were cut into segments, as HLS and DASH have them: a head (`init.mp4`, `init-stream0.m4s`) and numbered segments
//! (`seg-1.m4s`, `chunk-stream0-00001.m4s`) in one folder. Together they are one file of sound.
//!
//! The bytes say what a part is, the names which parts belong together and in which order. Where that is not certain nothing is
//! joined, and each part keeps its own row.

use std::collections::BTreeMap;

use crate::sniff::sound::{SoundKind, sniff};
use crate::wording::{counted, visible};

/// Most parts in one folder that are joined. A guess: a day in segments of ten seconds has 8,640.
pub(super) const MAX_PARTS: usize = 10_000;
/// Longest head, in bytes. A guess: real ones have about 1 KiB.
pub(super) const MAX_HEAD_BYTES: u64 = 1 << 20;
/// Bytes that tell what a part is.
pub(super) const LOOK_BYTES: u64 = 64;
/// Most digits of the number of a segment: some are numbered by their time.
const MAX_DIGITS: usize = 18;
/// Endings of files that are segments or heads of some.
const SEGMENTS: [&[u8]; 5] = [b"m4s", b"m4f", b"cmfa", b"cmfv", b"m4i"];
/// Endings of files that may be some, if their names have one of [`WORDS`].
const FILES: [&[u8]; 4] = [b"mp4", b"m4a", b"m4v", b"webm"];
const WORDS: [&[u8]; 3] = [b"chunk", b"seg", b"frag"];
/// What the name of a head has in it.
const HEAD: &[u8] = b"init";

/// What a part of a stream is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Format {
    Mp4,
    WebM,
}

/// What a file may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// The head of a stream, which names its tracks and has no sound.
    Head(Format),
    Segment(Format),
}

/// What a name says.
#[derive(Debug, PartialEq, Eq)]
struct Named {
    /// Whether it may be that of a head.
    is_head: bool,
    /// What it says if it is that of a segment.
    numbered: Option<Numbered>,
}

/// The name of a segment.
#[derive(Debug, PartialEq, Eq)]
struct Numbered {
    before: Vec<u8>,
    number: u64,
    behind: Vec<u8>,
}

impl Named {
    /// `None` if it is the name of nothing here.
    fn of(name: &[u8]) -> Option<Self> {
        let dot = name.iter().rposition(|&byte| byte == b'.')?;
        let lower = name.to_ascii_lowercase();
        let (stem, ending) = (&lower[..dot], &lower[dot + 1..]);
        let has = |word: &[u8]| memchr::memmem::find(stem, word).is_some();
        let (is_sure, is_file) = (SEGMENTS.contains(&ending), FILES.contains(&ending));
        let is_head = (is_sure || is_file) && has(HEAD);
        let digits = stem.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let is_numbered = (1..=MAX_DIGITS).contains(&digits)
            && (is_sure || is_file && WORDS.iter().any(|word| has(word)));
        let numbered = is_numbered.then(|| {
            let (before, number) = name[..dot].split_at(dot - digits);
            let number = std::str::from_utf8(number).ok()?.parse().ok()?;
            Some(Numbered { before: before.to_vec(), number, behind: name[dot..].to_vec() })
        });
        let numbered = numbered.flatten();
        (is_head || numbered.is_some()).then_some(Self { is_head, numbered })
    }
}

/// The part of a member's or file's name behind the last slash.
pub(super) fn last_of(name: &[u8]) -> &[u8] {
    name.rsplit(|&byte| byte == b'/').next().unwrap_or(name)
}

/// Whether a file may be a part of a stream, by its name without its folder.
pub(super) fn may_be(name: &[u8]) -> bool {
    Named::of(name).is_some()
}

/// What a file is by its name and its first [`LOOK_BYTES`]; a head has to be [looked at](is_head) whole.
pub(super) fn role(name: &[u8], begin: &[u8]) -> Option<Role> {
    let named = Named::of(name)?;
    let is_webm = begin.starts_with(b"\x1a\x45\xdf\xa3") || begin.starts_with(b"\x1f\x43\xb6\x75");
    let format = if is_webm { Format::WebM } else { Format::Mp4 };
    if matches!(sniff(begin), SoundKind::Piece(..)) {
        return named.numbered.is_some().then_some(Role::Segment(format));
    }
    let begins = is_webm || begin.get(4..8) == Some(b"ftyp");
    (named.is_head && begins).then_some(Role::Head(format))
}

/// Whether these bytes are a head and nothing else: tables of tracks, and no sound.
pub(super) fn is_head(format: Format, bytes: &[u8]) -> bool {
    match format {
        Format::Mp4 => {
            let (mut rest, mut has_tracks) = (bytes, false);
            while let Some((length, behind)) = rest.split_first_chunk::<4>() {
                let length = u32::from_be_bytes(*length) as usize;
                match behind.get(..4) {
                    Some(b"moov") => has_tracks = true,
                    None | Some(b"moof" | b"mdat") => return false,
                    Some(_) => {}
                }
                match rest.get(length..) {
                    Some(behind) if length >= 8 => rest = behind,
                    _ => return false,
                }
            }
            rest.is_empty() && has_tracks
        }
        Format::WebM => {
            let has = |id: &[u8]| memchr::memmem::find(bytes, id).is_some();
            has(b"\x16\x54\xae\x6b") && !has(b"\x1f\x43\xb6\x75")
        }
    }
}

/// Parts that are read as one file, as places in the list of all parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Set {
    pub(super) head: usize,
    /// In the order of their numbers.
    pub(super) segments: Vec<usize>,
    /// Stretches of numbers that are not there.
    missing: Vec<(u64, u64)>,
}

impl Set {
    /// The head, and the segments behind it.
    pub(super) fn parts(&self) -> impl Iterator<Item = usize> + '_ {
        std::iter::once(self.head).chain(self.segments.iter().copied())
    }

    /// What is said of the whole. `name` gives the name of a part without its folder.
    pub(super) fn notes<'n>(&self, name: impl Fn(usize) -> &'n [u8]) -> Vec<String> {
        let [first, last] = [self.segments.first(), self.segments.last()]
            .map(|part| part.map_or_else(String::new, |&part| shown(name(part))));
        let count = counted(self.segments.len() as u64, "segment");
        let which = if first == last { first } else { format!("{first} to {last}") };
        let mut notes =
            vec![format!("joined from {} and {count}: {which}", shown(name(self.head)))];
        let missing: Vec<_> = self
            .missing
            .iter()
            .take(MAX_TOLD)
            .map(
                |&(from, to)| {
                    if from == to { from.to_string() } else { format!("{from} to {to}") }
                },
            )
            .collect();
        if !missing.is_empty() {
            let more = if self.missing.len() > MAX_TOLD { " and more" } else { "" };
            notes.push(format!("segments are missing: {}{more}", missing.join(", ")));
        }
        notes
    }

    /// Whether a segment between others is not there.
    pub(super) fn is_damaged(&self) -> bool {
        !self.missing.is_empty()
    }

    /// The row of a segment, which completes a sentence that begins with its path.
    pub(super) fn row<'n>(&self, name: impl Fn(usize) -> &'n [u8]) -> String {
        format!(
            "is a segment of the stream that begins in {}, and is read with it",
            shown(name(self.head))
        )
    }
}

/// Most stretches of missing segments that are told. A guess.
const MAX_TOLD: usize = 5;

fn shown(name: &[u8]) -> String {
    visible(&String::from_utf8_lossy(name)).into_owned()
}

/// The streams among the files in one folder, each with its name and with what it is: heads that have segments. A part that belongs to none, or perhaps to
/// several, is in no set.
pub(super) fn sets(parts: &[(&[u8], Option<Role>)]) -> Vec<Set> {
    type Run = BTreeMap<u64, Vec<usize>>;
    let mut heads = Vec::new();
    let mut runs: BTreeMap<(Format, Vec<u8>, Vec<u8>), Run> = BTreeMap::new();
    for (place, (name, role)) in parts.iter().enumerate() {
        let Some(role) = role else { continue };
        match (role, Named::of(name).and_then(|named| named.numbered)) {
            // The name of a head may end with a number as that of a segment does: `init-stream0.m4s`.
            (Role::Head(format), _) => heads.push((*format, head_key(name), place)),
            (Role::Segment(format), Some(Numbered { before, number, behind })) => {
                let run = runs.entry((*format, before, behind)).or_default();
                run.entry(number).or_default().push(place);
            }
            (Role::Segment(_), None) => {}
        }
    }
    let is_alone = heads.len() == 1 && runs.len() == 1;
    let mut of_heads: BTreeMap<usize, Vec<&Run>> = BTreeMap::new();
    for ((format, before, _), run) in &runs {
        let key = plain(before);
        let is_fit =
            |head: &&(Format, Vec<u8>, usize)| head.0 == *format && fits(&key, &head.1, is_alone);
        let longest = heads.iter().filter(is_fit).map(|head| head.1.len()).max();
        let mut best = heads.iter().filter(is_fit).filter(|head| Some(head.1.len()) == longest);
        if let (Some((_, _, place)), None) = (best.next(), best.next()) {
            of_heads.entry(*place).or_default().push(run);
        }
    }
    let certain = of_heads.into_iter().filter_map(|(head, runs)| {
        // Two runs, or two segments of one number: nobody knows which one it is.
        let [run] = runs[..] else { return None };
        let segments = run.values().map(|places| match places[..] {
            [place] => Some(place),
            _ => None,
        });
        let missing = missing(run.keys().copied());
        Some(Set { head, segments: segments.collect::<Option<_>>()?, missing })
    });
    certain.collect()
}

/// The letters and digits of a name, in lower case.
fn plain(text: &[u8]) -> Vec<u8> {
    text.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect()
}

/// What is [plain] in the name of a head, without `init` and the ending.
fn head_key(name: &[u8]) -> Vec<u8> {
    let dot = name.iter().rposition(|&byte| byte == b'.').unwrap_or(name.len());
    let stem = name[..dot].to_ascii_lowercase();
    match memchr::memmem::rfind(&stem, HEAD) {
        Some(at) => plain(&[&stem[..at], &stem[at + HEAD.len()..]].concat()),
        None => plain(&stem),
    }
}

/// Whether segments with this key may belong to a head with that one. `is_alone`: there are no others.
fn fits(segments: &[u8], head: &[u8], is_alone: bool) -> bool {
    let ends = segments.strip_suffix(head).is_some_and(|before| {
        // Stream 1 is not stream 11.
        let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
        !(is_digit(head.first()) && is_digit(before.last()))
    });
    ends || is_alone && !head.iter().any(u8::is_ascii_digit)
}

/// Stretches of numbers that are not there. None if no two follow each other: then the segments are numbered by their time.
fn missing(numbers: impl Iterator<Item = u64> + Clone) -> Vec<(u64, u64)> {
    let gaps = numbers.clone().zip(numbers.skip(1));
    if !gaps.clone().any(|(one, next)| next - one == 1) {
        return Vec::new();
    }
    gaps.filter(|(one, next)| next - one > 1).map(|(one, next)| (one + 1, next - 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sets among these names; those that have `init` in them are heads. Each as its head and its segments.
    fn joined(names: &[&str]) -> Vec<(String, Vec<String>)> {
        let role = |name: &str| {
            let is_head = name.contains("init");
            Some(if is_head { Role::Head(Format::Mp4) } else { Role::Segment(Format::Mp4) })
        };
        let parts: Vec<_> = names.iter().map(|name| (name.as_bytes(), role(name))).collect();
        let name = |place: usize| names[place].to_owned();
        let sets = sets(&parts).into_iter();
        sets.map(|set| (name(set.head), set.segments.iter().map(|&at| name(at)).collect()))
            .collect()
    }

    #[test]
    fn the_segments_of_a_head_follow_it_in_the_order_of_their_numbers() {
        for (names, order) in [
            // As ffmpeg, Shaka Packager, Bento4, GPAC and others name them.
            (
                &["chunk-stream0-00002.m4s", "chunk-stream0-00001.m4s", "init-stream0.m4s"][..],
                &[1, 0][..],
            ),
            (&["init.mp4", "out10.m4s", "out9.m4s"], &[2, 1]),
            (&["song_dashinit.mp4", "song_dash1.m4s"], &[1]),
            (&["init.mp4", "seg-1.mp4", "seg-2.mp4"], &[1, 2]),
            (&["audio_init.m4i", "audio_90000.m4f", "audio_0.m4f"], &[2, 1]),
            (&["init-stream0.webm", "chunk-stream0-00001.webm"], &[1]),
        ] {
            let head = names.iter().find(|name| name.contains("init")).unwrap();
            let segments = order.iter().map(|&at: &usize| names[at].to_owned()).collect();
            assert_eq!(joined(names), [((*head).to_owned(), segments)], "{names:?}");
        }
    }

    #[test]
    fn each_of_several_heads_has_its_own_segments() {
        let mut names = Vec::new();
        for stream in [0, 1, 11] {
            names.push(format!("init-stream{stream}.m4s"));
            names.extend((1..4).map(|number| format!("chunk-stream{stream}-{number:05}.m4s")));
        }
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let found = joined(&names);
        assert_eq!(found.len(), 3);
        for (head, segments) in found {
            let stream = head.trim_start_matches("init").trim_end_matches(".m4s");
            assert_eq!(segments.len(), 3);
            assert!(segments.iter().all(|name| name.starts_with(&format!("chunk{stream}-"))));
        }
    }

    #[test]
    fn what_may_belong_to_several_is_not_joined() {
        for names in [
            &["init.mp4", "a-1.m4s", "b-1.m4s"][..],
            &["init.mp4", "a-1.m4s", "a-01.m4s"],
            &["init_0.mp4", "init_1.mp4", "out_00.m4s", "out_01.m4s", "out_10.m4s"],
            &["a_init.mp4", "init_a.mp4", "a_1.m4s"],
            &["init-stream1.m4s", "chunk-stream0-00001.m4s"],
            &["init.mp4"],
            &["a-1.m4s"],
        ] {
            assert!(joined(names).is_empty(), "{names:?}");
        }
    }

    #[test]
    fn missing_segments_are_told_unless_the_numbers_are_times() {
        let notes = |names: &[&str]| {
            let role = |at: usize| match at {
                0 => Some(Role::Head(Format::Mp4)),
                _ => Some(Role::Segment(Format::Mp4)),
            };
            let parts: Vec<_> =
                names.iter().enumerate().map(|(at, name)| (name.as_bytes(), role(at))).collect();
            let [set] = &sets(&parts)[..] else { panic!("{names:?}") };
            (set.notes(|at| names[at].as_bytes()), set.is_damaged())
        };
        let (told, is_damaged) = notes(&["init.mp4", "s1.m4s", "s2.m4s", "s5.m4s", "s7.m4s"]);
        assert_eq!(
            told,
            [
                "joined from init.mp4 and 4 segments: s1.m4s to s7.m4s",
                "segments are missing: 3 to 4, 6"
            ]
        );
        assert!(is_damaged);
        let (told, is_damaged) = notes(&["init.mp4", "s0.m4s", "s90000.m4s", "s180000.m4s"]);
        assert_eq!((told.len(), is_damaged), (1, false));
        assert_eq!(
            notes(&["init.mp4", "s1.m4s"]).0,
            ["joined from init.mp4 and 1 segment: s1.m4s"]
        );
    }

    #[test]
    fn a_name_alone_makes_no_part_and_a_whole_file_is_no_head() {
        let file_type = b"\0\0\0\x0cftypiso5";
        assert_eq!(role(b"init.mp4", file_type), Some(Role::Head(Format::Mp4)));
        assert_eq!(role(b"seg-1.m4s", b"\0\0\0\x0cstypmsdh"), Some(Role::Segment(Format::Mp4)));
        assert_eq!(
            role(b"chunk-1.webm", b"\x1f\x43\xb6\x75\xff"),
            Some(Role::Segment(Format::WebM))
        );
        assert_eq!(role(b"seg-1.m4s", file_type), None);
        assert_eq!(role(b"init.mp4", b"RIFF\0\0\0\0WAVE"), None);
        for name in
            ["01.mp4", "track01.m4a", "seg.m4s", "segments/1.wav", "init", "init.wav", ".m4s", ""]
        {
            assert!(!may_be(name.as_bytes()), "{name}");
        }
        let head = [&file_type[..], b"\0\0\0\x08moov"].concat();
        assert!(is_head(Format::Mp4, &head));
        for wrong in [
            &[][..],
            file_type,
            &[&head[..], b"\0\0\0\x08mdat"].concat(),
            &head[..head.len() - 1],
            &[&head[..], b"\0\0\0\0free"].concat(),
        ] {
            assert!(!is_head(Format::Mp4, wrong), "{wrong:?}");
        }
    }
}
