//! WAV, AIFF and CAF: files of chunks.

use super::view::View;
use super::{Part, Parts, Patch};

/// A length of a WAV file that means "to the end": written where the length was not known, as to a pipe.
fn is_open(size: u32) -> bool {
    size == 0 || size >= 0xffff_ff00
}

/// Whether something may be the name of a chunk.
fn is_name(name: [u8; 4]) -> bool {
    name.iter().all(|byte| matches!(byte, 0x20..0x7f)) && name[0] != b' '
}

/// Walks a WAV file. Each chunk of samples behind the first is a part of its own, in which those before it have another name.
pub(super) fn wav(view: &mut View<'_>, at: u64, found: &mut Parts) -> u64 {
    let length = view.length();
    let riff = view.array::<4>(at + 4).map_or(0, u32::from_le_bytes);
    let riff_end = (!is_open(riff)).then(|| at + 8 + u64::from(riff));
    let mut samples: Vec<u64> = Vec::new();
    let mut next = at + 12;
    while next < length && !view.is_over() {
        if !samples.is_empty() && riff_end.is_some_and(|end| next >= end) {
            break;
        }
        let Some([a, b, c, d, size @ ..]) = view.array::<8>(next) else {
            next = length;
            break;
        };
        let name = [a, b, c, d];
        let is_riff = matches!(&name, b"RIFF" | b"RF64" | b"RIFX");
        if !is_name(name) || (is_riff && !samples.is_empty()) {
            break;
        }
        let size = u32::from_le_bytes(size);
        if name == *b"data" {
            if is_open(size) && (samples.is_empty() || size > 0) {
                samples.push(next);
                let is_file = |view: &mut View<'_>, at| view.array(at + 8) == Some(*b"WAVE");
                next = view.find(b"RIFF", next + 8, length, is_file).unwrap_or(length);
                break;
            }
            if size > 0 {
                samples.push(next);
            }
        }
        let end = next + 8 + u64::from(size);
        // Some programs leave out the byte that makes a length even.
        let padded = end + u64::from(size % 2);
        let is_there = |view: &mut View<'_>, at| view.array::<4>(at).is_some_and(is_name);
        next = if padded > end && !is_there(view, padded) && is_there(view, end) {
            end
        } else {
            padded
        };
    }
    let end = next.min(length);
    let name = |&at: &u64| Patch { at, bytes: b"JUNK".to_vec() };
    for nth in 0..samples.len().min(MAX_SAMPLE_CHUNKS) {
        found.part(Part {
            range: at..end,
            patches: samples[..nth].iter().map(name).collect(),
            seekable: true,
            ..Part::default()
        });
    }
    if samples.is_empty() {
        found.part(Part { range: at..end, seekable: true, ..Part::default() });
    }
    if let Some(&more) = samples.get(MAX_SAMPLE_CHUNKS) {
        found.gap(more..end);
    }
    end
}

/// Most chunks of samples of one file that are decoded: each costs a walk over those before it. A guess.
const MAX_SAMPLE_CHUNKS: usize = 64;

/// Walks an AIFF file, which ends where its form does.
pub(super) fn aiff(view: &mut View<'_>, at: u64, found: &mut Parts) -> u64 {
    let length = view.length();
    let form = view.array::<4>(at + 4).map_or(0, u32::from_be_bytes);
    let mut next = at + 12;
    let mut has_samples = false;
    let form_end = at + 8 + u64::from(form);
    while next < length && !view.is_over() {
        if has_samples && next >= form_end && !is_open(form) {
            break;
        }
        let Some([a, b, c, d, size @ ..]) = view.array::<8>(next) else {
            next = length;
            break;
        };
        let name = [a, b, c, d];
        if !is_name(name) || name == *b"FORM" {
            break;
        }
        let size = u64::from(u32::from_be_bytes(size));
        has_samples |= name == *b"SSND";
        next += 8 + size + size % 2;
    }
    let end = next.min(length);
    found.part(Part { range: at..end, seekable: true, ..Part::default() });
    end
}

/// Walks a CAF file, whose chunk of samples may be open to the end.
pub(super) fn caf(view: &mut View<'_>, at: u64, found: &mut Parts) -> u64 {
    let length = view.length();
    let mut next = at + 8;
    while next < length && !view.is_over() {
        let Some([a, b, c, d, size @ ..]) = view.array::<12>(next) else {
            next = length;
            break;
        };
        if !is_name([a, b, c, d]) || [a, b, c, d] == *b"caff" {
            break;
        }
        let size = i64::from_be_bytes(size);
        let open = next.saturating_add(12).saturating_add_signed(size);
        next = if size < 0 { length } else { open };
    }
    let end = next.min(length);
    found.part(Part { range: at..end, seekable: true, ..Part::default() });
    end
}
