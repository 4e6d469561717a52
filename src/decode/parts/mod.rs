//! The parts of a file that are decoded one after the other.
//!
//! A reader ends where its container says that it ends, or where the structure breaks. What follows may be sound as well: a second
//! file that was joined to the first, a second chunk of samples, the rest of a damaged recording, frames of another sample rate. So
//! the structure is walked first, without decoding. Each stretch that a reader can read by itself becomes a part, and every byte
//! outside of all parts is accounted for as a gap.
//!
//! Where a reader needs the head of a file to make sense of a later stretch, a part is the whole file with some bytes replaced, so
//! that all offsets in it stay true: what lies between head and stretch becomes a box or an element that readers skip.
//!
//! | file | responsibility |
//! |---|---|
//! | `view` | bytes of the file at any place, through one buffer |
//! | `chunks` | WAV, AIFF and CAF |
//! | `matroska`, `mp4` | and what of them is left behind damage |
//! | `ogg`, `flac`, `adts` | streams of pages and frames |

use std::ops::Range;

use super::DecodeError;
use super::end_tags::EndTag;
use super::guard::Guard;
use crate::bytes::Bytes;
use crate::sniff::sound::{SoundKind, id3v2_bytes, sniff};

mod adts;
mod chunks;
mod flac;
mod matroska;
mod mp4;
mod ogg;
#[cfg(test)]
mod tests;
mod view;

use view::View;

/// Most parts of a file; what follows is a gap. A damaged ADTS file has one between any two places of damage. A guess.
const MAX_PARTS: usize = 1_024;
/// Most parts of a file behind damage. A guess.
const MAX_RESUMED: usize = 32;
/// Most gaps that are kept whatever their length, and most times that the next file is looked for behind bytes that nobody knows: what
/// comes then is one gap. A guess: a file has none or a few.
const MAX_GAPS: usize = 256;
/// Most elements that are walked in one file, which bounds the time: an hour of Matroska has half a million blocks. A guess.
const MAX_STEPS: u64 = 20_000_000;
/// Largest gap that is not told, in bytes, and as a share of the file: padding, or a tag of an unknown kind. A guess.
const SMALL_GAP: (u64, u64) = (2_048, 1_000);

/// A stretch of a file that is decoded by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Part {
    /// The bytes that the reader sees, by their offsets in the file.
    pub(super) range: Range<u64>,
    /// What is replaced in them, in order of the offset.
    pub(super) patches: Vec<Patch>,
    /// Whether the reader may look for an index at the end.
    pub(super) seekable: bool,
    /// Whether it continues the stretch before, whose declared length includes it.
    pub(super) continues: bool,
    /// Whether its structure is whole up to its end, so that a reader that misses more there is wrong.
    pub(super) whole: bool,
    /// How many bytes its frames have, all together; `None` if that is not known, 0 if those of a part before it include them.
    pub(super) frame_bytes: Option<u64>,
}

/// Bytes that replace those of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Patch {
    pub(super) at: u64,
    pub(super) bytes: Vec<u8>,
}

/// The parts of a file, and what is in none of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Parts {
    pub(super) parts: Vec<Part>,
    pub(super) gaps: Vec<Range<u64>>,
}

impl Parts {
    /// The file from `range.start` on as one part.
    pub(super) fn single(range: Range<u64>, seekable: bool) -> Self {
        let part = Part { range, seekable, ..Part::default() };
        Self { parts: vec![part], gaps: Vec::new() }
    }

    /// Adds a gap. Of very many, those too short to be told are dropped.
    fn gap(&mut self, range: Range<u64>) {
        let is_crowded = self.gaps.len() >= MAX_GAPS;
        match self.gaps.last_mut() {
            _ if range.is_empty() => {}
            Some(last) if last.end == range.start => last.end = range.end,
            Some(_) if is_crowded && range.end - range.start <= SMALL_GAP.0 => {}
            _ => self.gaps.push(range),
        }
    }

    /// Adds the part before damage, and the gap that the damage is. False if there were too many already: each part behind
    /// damage is read from the front of the file.
    fn resume(&mut self, part: Part, gap: Range<u64>) -> bool {
        let is_allowed = self.parts.iter().filter(|part| part.continues).count() < MAX_RESUMED;
        if is_allowed {
            self.part(part);
            self.gap(gap);
        }
        is_allowed
    }

    /// Adds a part, or a gap if there are too many.
    fn part(&mut self, part: Part) {
        if self.parts.len() < MAX_PARTS {
            self.parts.push(part);
        } else {
            self.gap(part.range);
        }
    }
}

/// Whether a gap of `bytes` in a file of `file_bytes` has to be told.
pub(super) fn is_told(bytes: u64, file_bytes: u64) -> bool {
    let (least, share) = SMALL_GAP;
    bytes > least.max(file_bytes / share)
}

/// How closely a file is walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// As far as it costs little beside decoding: not into the clusters of Matroska, nor through the frames of FLAC.
    Shallow,
    /// Through all of it: for files that a pass by the shallow parts did not read to their end.
    Deep,
}

/// The parts of a file whose first sound begins at `base`. Of formats without a structure of their own it is one part.
///
/// # Errors
///
/// A limit of the item was reached. What cannot be read fails in the pass itself.
pub(super) fn of(
    source: &Bytes,
    base: u64,
    depth: Depth,
    guard: &Guard<'_>,
) -> Result<Parts, DecodeError> {
    let Ok(mut view) = View::of(source, guard) else {
        return Ok(Parts::single(base..guard.file_bytes(), true));
    };
    let length = view.length();
    let mut found = Parts::default();
    let (mut at, mut searches) = (base, 0);
    while at < length {
        let begin = if found.parts.is_empty() { at } else { next_start(&mut view, at)? };
        if begin >= length {
            break;
        }
        let tag = tag_bytes(&mut view, begin);
        let start = begin.saturating_add(tag).min(length);
        let end = walk(&mut view, start, depth, &mut found)?;
        match end {
            // Readers skip the tags at the front themselves, and read them.
            Some(end) => {
                if tag > 0
                    && let Some(part) =
                        found.parts.iter_mut().find(|part| part.range.start == start)
                    && part.patches.is_empty()
                {
                    part.range.start = begin;
                }
                at = end.max(begin + 1);
            }
            None if found.parts.is_empty() => return Ok(Parts::single(base..length, true)),
            None => {
                let rest = begin..behind_tags(&mut view, start..length);
                searches += 1;
                let next =
                    if searches > MAX_GAPS { None } else { next_magic(&mut view, start..rest.end) };
                let Some(next) = next else {
                    if rest.end > start {
                        found.gap(rest);
                    }
                    break;
                };
                found.gap(begin..next);
                at = next;
            }
        }
    }
    view.check()?;
    if found.parts.is_empty() {
        return Ok(Parts::single(base..length, true));
    }
    Ok(found)
}

/// Walks what begins at `at`, adds its parts and returns where it ends; `None` if it is no sound that is read here.
fn walk(
    view: &mut View<'_>,
    at: u64,
    depth: Depth,
    found: &mut Parts,
) -> Result<Option<u64>, DecodeError> {
    let head = view.bytes(at, 64 << 10);
    let SoundKind::Native(kind) = sniff(head) else { return Ok(None) };
    let length = view.length();
    let end = match kind {
        "WAV" => chunks::wav(view, at, found),
        "AIFF" => chunks::aiff(view, at, found),
        "CAF" => chunks::caf(view, at, found),
        "FLAC" => flac::walk(view, at, depth, found),
        "Matroska" => matroska::walk(view, at, depth, found),
        "MP4" => mp4::walk(view, at, found),
        "Ogg" => ogg::walk(view, at, found),
        "ADTS" => adts::walk(view, at, found),
        _ => {
            let frame_bytes = Some(behind_tags(view, at..length) - at);
            found.part(Part { range: at..length, seekable: true, frame_bytes, ..Part::default() });
            length
        }
    };
    view.check()?;
    Ok(Some(end))
}

/// Length of the `ID3v2` tags at `at`.
fn tag_bytes(view: &mut View<'_>, at: u64) -> u64 {
    let mut bytes = 0;
    for _ in 0..8 {
        let tag = id3v2_bytes(view.bytes(at + bytes, 10));
        if tag == 0 || at + bytes + tag > view.length() {
            break;
        }
        bytes += tag;
    }
    bytes
}

/// Where the next file begins: at `at`, or behind padding. A file of boxes begins with up to three zeros itself.
fn next_start(view: &mut View<'_>, at: u64) -> Result<u64, DecodeError> {
    let behind = behind_padding(view, at)?;
    let near =
        (0..=3).rev().filter_map(|zeros| behind.checked_sub(zeros)).filter(|&begin| begin > at);
    let is_file = |&begin: &u64| {
        let start = begin + tag_bytes(view, begin);
        matches!(sniff(view.bytes(start, 64 << 10)), SoundKind::Native(_))
    };
    Ok(std::iter::once(at).chain(near).find(is_file).unwrap_or(behind))
}

/// The first place in a range at which a file begins that has a magic number of its own.
fn next_magic(view: &mut View<'_>, range: Range<u64>) -> Option<u64> {
    // What is searched, and how far before it the file begins.
    const MAGIC: [(&[u8], u64); 6] = [
        (b"WAVE", 8),
        (b"AIF", 8),
        (b"fLaC", 0),
        (b"\x1a\x45\xdf\xa3", 0),
        (b"OggS\0\x02", 0),
        (b"ftyp", 4),
    ];
    let mut end = range.end;
    let mut first = None;
    for (magic, behind) in MAGIC {
        let is_file = |view: &mut View<'_>, at: u64| {
            let start = at.checked_sub(behind).filter(|&start| start > range.start);
            start.is_some_and(|start| {
                matches!(sniff(view.bytes(start, 64 << 10)), SoundKind::Native(_))
            })
        };
        if let Some(at) = view.find(magic, range.start + 1, end, is_file) {
            first = Some(at - behind);
            end = at - behind;
        }
    }
    first
}

/// The first byte from `at` on that is not zero.
fn behind_padding(view: &mut View<'_>, at: u64) -> Result<u64, DecodeError> {
    let mut at = at;
    loop {
        view.check()?;
        let bytes = view.bytes(at, 64 << 10);
        if bytes.is_empty() {
            return Ok(at);
        }
        match bytes.iter().position(|&byte| byte != 0) {
            Some(zeros) => return Ok(at + zeros as u64),
            None => at += bytes.len() as u64,
        }
    }
}

/// The end of a range without the tags at its end.
fn behind_tags(view: &mut View<'_>, range: Range<u64>) -> u64 {
    let mut read =
        |range: Range<u64>| view.bytes(range.start, (range.end - range.start) as usize).to_vec();
    EndTag::sound_end(range, &mut read)
}

/// Number of bytes of a file that begin at `base` and are neither tags at its front nor at its end.
pub(super) fn sound_bytes(source: &Bytes, base: u64, guard: &Guard<'_>) -> Option<u64> {
    let mut view = View::of(source, guard).ok()?;
    let start = base + tag_bytes(&mut view, base);
    let length = view.length();
    let end = behind_tags(&mut view, start.min(length)..length);
    Some(end.saturating_sub(start))
}
