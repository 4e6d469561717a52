//! FLAC: frames behind one description of the stream. Symphonia skips frames that differ from it, so each kind of frames is a part in
//! which the description is theirs.

use super::view::View;
use super::{Depth, Part, Parts, Patch, behind_tags};

/// Length of the description of a stream.
const INFO_BYTES: usize = 34;
/// Frames in a row of one kind that make it certain: by chance a frame appears in each 8 MiB. A guess.
const CERTAIN: u32 = 3;
/// Most kinds of frames of one file that are told apart. A guess.
const MAX_KINDS: usize = 256;

/// What a decoder has to know of frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kind {
    rate_hz: u32,
    channels: u8,
    bits: u8,
    /// Frames are numbered, not samples: all have the same length.
    is_fixed: bool,
}

/// The frames of a kind that were found.
#[derive(Debug, Clone, Copy)]
struct Seen {
    kind: Kind,
    /// The number of the last frame, and how many are in a row.
    last: u64,
    in_a_row: u32,
    most_in_a_row: u32,
    longest: u32,
}

/// Walks the frames from `at` on, up to another file.
pub(super) fn walk(view: &mut View<'_>, at: u64, depth: Depth, found: &mut Parts) -> u64 {
    let length = view.length();
    let mut next = at + 4;
    let mut info = None;
    // The blocks of metadata.
    while let Some([kind, a, b, c]) = view.array::<4>(next) {
        if matches!(kind, 0 | 0x80) && info.is_none() {
            info = view.array::<INFO_BYTES>(next + 4).map(|bytes| (next + 4, bytes));
        }
        next += 4 + u64::from(u32::from_be_bytes([0, a, b, c]));
        if kind & 0x80 != 0 || kind == 0x7f || next >= length || view.is_over() {
            break;
        }
    }
    let frames = next.min(length);
    if depth == Depth::Shallow {
        let frame_bytes = Some(behind_tags(view, frames..length) - frames);
        found.part(Part { range: at..length, seekable: true, frame_bytes, ..Part::default() });
        return length;
    }
    let is_file = |view: &mut View<'_>, at: u64| {
        let head = view.array::<8>(at);
        head.is_some_and(|head| {
            matches!(head[4], 0 | 0x80) && head[5..] == [0, 0, INFO_BYTES as u8]
        })
    };
    let end = view.find(b"fLaC", frames, length, is_file).unwrap_or(length);
    let frame_bytes = Some(behind_tags(view, frames..end) - frames);
    let whole = Part { range: at..end, seekable: true, frame_bytes, ..Part::default() };
    let Some((place, info)) = info else {
        found.part(whole);
        return end;
    };
    let told = told(info);
    let seen = frames_in(view, frames..end, told);
    let is_told = |seen: &&Seen| (told.rate_hz, told.channels, told.bits) == seen.kind.shape();
    let (same, others): (Vec<&Seen>, Vec<&Seen>) = seen.iter().partition(is_told);
    let longest = u32::from(u16::from_be_bytes([info[2], info[3]]));
    let patched = |seen: &Seen| {
        let patches = vec![Patch { at: place, bytes: description(seen).to_vec() }];
        Part { patches, ..whole.clone() }
    };
    match same.iter().max_by_key(|seen| seen.most_in_a_row) {
        Some(seen) if seen.longest > longest => found.part(patched(seen)),
        // What is described is not there at all.
        None if !others.is_empty() => {}
        _ => found.part(whole.clone()),
    }
    for (nth, other) in others.into_iter().enumerate() {
        let continues = nth > 0 || !same.is_empty();
        // Frames are counted once.
        let frame_bytes = if continues { Some(0) } else { frame_bytes };
        found.part(Part { continues, frame_bytes, ..patched(other) });
    }
    end
}

impl Kind {
    fn shape(self) -> (u32, u8, u8) {
        (self.rate_hz, self.channels, self.bits)
    }
}

/// The kind that a description tells. Whether frames are numbered is not used of it.
fn told(info: [u8; INFO_BYTES]) -> Kind {
    let [a, b, c, d] = [info[10], info[11], info[12], info[13]];
    Kind {
        rate_hz: u32::from_be_bytes([0, a, b, c]) >> 4,
        channels: (c >> 1 & 7) + 1,
        bits: ((c & 1) << 4 | d >> 4) + 1,
        is_fixed: info[..2] == info[2..4],
    }
}

/// The description of a stream of these frames: without its length, and without a checksum.
fn description(seen: &Seen) -> [u8; INFO_BYTES] {
    let Kind { rate_hz, channels, bits, is_fixed } = seen.kind;
    let longest = seen.longest.min(u32::from(u16::MAX)) as u16;
    let mut info = [0; INFO_BYTES];
    info[..2].copy_from_slice(&if is_fixed { longest } else { 16 }.to_be_bytes());
    info[2..4].copy_from_slice(&longest.to_be_bytes());
    let packed = rate_hz << 12 | u32::from(channels - 1) << 9 | u32::from(bits - 1) << 4;
    info[10..14].copy_from_slice(&packed.to_be_bytes());
    info
}

/// The kinds of which enough frames follow one another, in the order of their first frame.
fn frames_in(view: &mut View<'_>, range: std::ops::Range<u64>, told: Kind) -> Vec<Seen> {
    let mut seen: Vec<Seen> = Vec::new();
    view.find(b"\xff", range.start, range.end, |view, at| {
        let Some((kind, number, samples)) = frame(view.bytes(at, 16), told) else { return false };
        let known = seen.iter_mut().find(|seen| seen.kind == kind);
        if let Some(seen) = known {
            let step = number.wrapping_sub(seen.last);
            let follows = if kind.is_fixed { step == 1 } else { step > 0 && step <= 65_535 };
            seen.in_a_row = if follows { seen.in_a_row + 1 } else { 1 };
            seen.most_in_a_row = seen.most_in_a_row.max(seen.in_a_row);
            seen.last = number;
            if follows {
                seen.longest = seen.longest.max(samples);
            }
        } else if seen.len() < MAX_KINDS {
            seen.push(Seen { kind, last: number, in_a_row: 1, most_in_a_row: 1, longest: samples });
        }
        false
    });
    seen.retain(|seen| seen.most_in_a_row >= CERTAIN);
    // One kind of frames, whether their lengths are alike or not.
    let mut kinds: Vec<Seen> = Vec::new();
    for one in seen {
        match kinds.iter_mut().find(|other| other.kind.shape() == one.kind.shape()) {
            Some(other) if other.most_in_a_row >= one.most_in_a_row => {}
            Some(other) => *other = one,
            None => kinds.push(one),
        }
    }
    kinds
}

/// The kind, the number and the samples of the frame that begins with `head` (RFC 9639, section 9.1).
fn frame(head: &[u8], told: Kind) -> Option<(Kind, u64, u32)> {
    let [0xff, second, third, fourth, number @ ..] = head else { return None };
    if second & 0xfe != 0xf8 || fourth & 1 != 0 {
        return None;
    }
    let (mut value, more) = match number.first()? {
        byte @ 0..0x80 => (u64::from(*byte), 0),
        byte @ 0xc0..=0xfe => {
            let ones = byte.leading_ones() as usize;
            (u64::from(*byte) & ((1_u64 << (7 - ones)) - 1), ones - 1)
        }
        _ => return None,
    };
    for &byte in number.get(1..=more)? {
        if byte & 0xc0 != 0x80 {
            return None;
        }
        value = value << 6 | u64::from(byte & 0x3f);
    }
    let mut rest = number.get(more + 1..)?;
    let mut take = |bytes: usize| {
        let (taken, behind) = rest.split_at_checked(bytes)?;
        rest = behind;
        Some(taken.iter().fold(0, |sum, &byte| sum << 8 | u32::from(byte)))
    };
    let samples = match third >> 4 {
        0 => return None,
        1 => 192,
        code @ 2..=5 => 576 << (code - 2),
        6 => take(1)? + 1,
        7 => take(2)? + 1,
        code => 256 << (code - 8),
    };
    let rate_hz = match third & 0xf {
        0 => told.rate_hz,
        code @ 1..=11 => [
            88_200, 176_400, 192_000, 8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000,
        ][usize::from(code) - 1],
        12 => take(1)? * 1_000,
        13 => take(2)?,
        14 => take(2)? * 10,
        _ => return None,
    };
    let channels = match fourth >> 4 {
        code @ 0..=7 => code + 1,
        8..=10 => 2,
        _ => return None,
    };
    let bits = match fourth >> 1 & 7 {
        0 => told.bits,
        code => [8, 12, 0, 16, 20, 24, 32][usize::from(code) - 1],
    };
    if bits == 0 || !(1..1 << 20).contains(&rate_hz) {
        return None;
    }
    let length = head.len() - rest.len();
    (crc8(&head[..length]) == *rest.first()?).then_some((
        Kind { rate_hz, channels, bits, is_fixed: second & 1 == 0 },
        value,
        samples,
    ))
}

/// The checksum of a header: polynomial 07.
fn crc8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, &byte| {
        (0..8).fold(sum ^ byte, |sum, _| if sum & 0x80 == 0 { sum << 1 } else { sum << 1 ^ 7 })
    })
}
