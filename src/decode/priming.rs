//! The encoder delay (priming) of AAC tracks, from the edit list or the iTunes tag of an MP4 file.
//!
//! Symphonia 0.6.1 parses the edit list and ignores it, so that the whole track would start late. Where a box is malformed, no
//! priming is assumed.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use crate::bytes::{Bytes, Reader};
use crate::sniff::boxes::{BOX_HEAD_BYTES, BoxHead};

/// Most boxes that are visited in one box; films have about twenty. A guess.
const MAX_BOXES: usize = 1_024;
/// Most bytes of a box that are read; the boxes that matter are far shorter. A guess.
const MAX_BOX_BYTES: u64 = 64 << 10;
/// Longest priming. Encoders add 1,024 to 5,186 samples (HE-AAC, 118 ms at 44.1 kHz); a longer cut is an edit of the music, and the
/// samples are kept. Twice the longest known.
const MAX_SECONDS: f64 = 0.25;

/// Track ids and priming, in seconds, of the MP4 file that begins at byte `base`.
pub(super) fn of_tracks(source: &Bytes, base: u64) -> Vec<(u32, f64)> {
    // A file that cannot be read fails in the pass itself.
    read(source, base).unwrap_or_default()
}

fn read(source: &Bytes, base: u64) -> io::Result<Vec<(u32, f64)>> {
    let mut file = source.open_stored()?;
    let end = file.seek(SeekFrom::End(0))?;
    let mut found = Vec::new();
    for moov in boxes(&mut file, base..end, *b"moov")? {
        let tag = itunes(&mut file, moov.clone()).ok().flatten();
        for trak in boxes(&mut file, moov, *b"trak")? {
            let track = track(&mut file, trak, tag);
            found.extend(track?.filter(|(_, seconds)| (0.0..MAX_SECONDS).contains(seconds)));
        }
    }
    Ok(found)
}

/// Id and priming of a track: by its edit list, or else by the iTunes tag, in samples.
fn track(file: &mut Reader, trak: Range<u64>, tag: Option<u32>) -> io::Result<Option<(u32, f64)>> {
    let header = content(file, trak.clone(), &[*b"tkhd"])?;
    let media = content(file, trak.clone(), &[*b"mdia", *b"mdhd"])?;
    // Two dates of four or eight bytes each come first.
    let behind_dates = |bytes: &[u8]| if bytes.first() == Some(&1) { 20 } else { 12 };
    let id = number(&header, behind_dates(&header));
    let scale = number(&media, behind_dates(&media));
    let samples = match content(file, trak, &[*b"edts", *b"elst"])? {
        list if list.is_empty() => tag.map(i64::from),
        list => first_edit(&list),
    };
    Ok(id
        .zip(scale.filter(|&scale| scale > 0))
        .zip(samples)
        .map(|((id, scale), samples)| (id, samples as f64 / f64::from(scale))))
}

/// Start time of the first edit that is not empty, in the media (ISO 14496-12, section 8.6.6).
fn first_edit(list: &[u8]) -> Option<i64> {
    let (long, entries) = (list.first() == Some(&1), list.get(8..)?);
    let begins = |entry: &[u8]| {
        if long {
            entry.get(8..)?.first_chunk().map(|&bytes| i64::from_be_bytes(bytes))
        } else {
            number(entry, 4).map(|begin| i64::from(begin as i32))
        }
    };
    entries.chunks_exact(if long { 20 } else { 12 }).filter_map(begins).find(|&begin| begin >= 0)
}

/// The second number of the tag `iTunSMPB`, in hexadecimal: the priming in samples.
fn itunes(file: &mut Reader, moov: Range<u64>) -> io::Result<Option<u32>> {
    let Some(meta) = descend(file, moov, &[*b"udta", *b"meta"])? else { return Ok(None) };
    // The boxes come after a version.
    let Some(list) = descend(file, meta.start + 4..meta.end, &[*b"ilst"])? else { return Ok(None) };
    for tag in boxes(file, list, *b"----")? {
        if content(file, tag.clone(), &[*b"name"])?.ends_with(b"iTunSMPB") {
            let text = content(file, tag, &[*b"data"])?;
            let text = String::from_utf8_lossy(text.get(8..).unwrap_or_default()).into_owned();
            let samples = text.split_whitespace().nth(1);
            return Ok(samples.and_then(|samples| u32::from_str_radix(samples, 16).ok()));
        }
    }
    Ok(None)
}

/// The content of the first box at the path `names`; empty if there is none.
pub(super) fn content(
    file: &mut Reader,
    within: Range<u64>,
    names: &[[u8; 4]],
) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    if let Some(range) = descend(file, within, names)? {
        file.seek(SeekFrom::Start(range.start))?;
        file.take((range.end - range.start).min(MAX_BOX_BYTES)).read_to_end(&mut content)?;
    }
    Ok(content)
}

fn descend(
    file: &mut Reader,
    mut within: Range<u64>,
    names: &[[u8; 4]],
) -> io::Result<Option<Range<u64>>> {
    for name in names {
        let Some(first) = boxes(file, within, *name)?.into_iter().next() else { return Ok(None) };
        within = first;
    }
    Ok(Some(within))
}

/// Byte ranges of the contents of the boxes of a name directly in `within`.
fn boxes(file: &mut Reader, within: Range<u64>, name: [u8; 4]) -> io::Result<Vec<Range<u64>>> {
    let (mut at, mut found) = (within.start, Vec::new());
    for _ in 0..MAX_BOXES {
        if at + 8 > within.end {
            break;
        }
        let mut head = Vec::new();
        file.seek(SeekFrom::Start(at))?;
        file.take(BOX_HEAD_BYTES as u64).read_to_end(&mut head)?;
        let Some(head) = BoxHead::of(&head) else { break };
        let bytes = head.bytes.unwrap_or(within.end - at);
        let Some(end) = at.checked_add(bytes).filter(|&end| end <= within.end) else { break };
        if head.name == name {
            found.push(at + head.head_bytes..end);
        }
        at = end;
    }
    Ok(found)
}

/// The big-endian number of four bytes at an offset.
fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.first_chunk().map(|&bytes| u32::from_be_bytes(bytes))
}
