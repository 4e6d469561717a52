//! Two channels with common windows: mid and side, intensity; and what is heard of two channels.

use symphonia_core::errors::{Result, decode_error};

use super::bands::Bands;
use super::bits::Bits;
use super::channel::Channel;
use super::side::{INTENSITY, INTENSITY_OUT_OF_PHASE, Info, NOISE};
use crate::Heard;

/// Which bands are coded as mid and side: `ms_mask_present` and `ms_used` (ISO/IEC 14496-3, table 4.5).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mask {
    /// Whether the bits below were told band by band. Then they turn the sign of intensity.
    pub(super) is_explicit: bool,
    /// One bit per band, by group.
    pub(super) bands: [u64; 8],
}

impl Mask {
    /// Reads the mask of two channels whose windows are `info`.
    pub(super) fn read(bits: &mut Bits<'_>, info: &Info) -> Result<Self> {
        let present = bits.read(2);
        let mut mask = Self { is_explicit: present == 1, bands: [0; 8] };
        match present {
            0 => {}
            1 => {
                for group in &mut mask.bands[..info.groups().len()] {
                    for band in 0..info.bands {
                        *group |= u64::from(bits.flag()) << band;
                    }
                }
            }
            2 => mask.bands = [u64::MAX; 8],
            _ => return decode_error("aac: a reserved mask of mid and side"),
        }
        Ok(mask)
    }
}

/// Undoes joint stereo (4.6.8).
pub(super) fn separate(left: &mut Channel, right: &mut Channel, mask: &Mask, bands: &Bands) {
    let info = left.info;
    let (offsets, wanted, size) =
        (info.offsets(bands), left.wanted.min(right.wanted), info.lines());
    let mut first = 0;
    for (group, &windows) in info.groups().iter().enumerate() {
        let end = first + usize::from(windows) * size;
        for band in 0..info.bands {
            let range = usize::from(offsets[band])..usize::from(offsets[band + 1]).min(wanted);
            if range.start >= wanted {
                break;
            }
            let book = right.scales.books[group][band];
            let is_marked = mask.bands[group] >> band & 1 == 1;
            let pairs = left.lines[first..end]
                .chunks_exact_mut(size)
                .zip(right.lines[first..end].chunks_exact_mut(size))
                .map(|(left, right)| (&mut left[range.clone()], &mut right[range.clone()]));
            if book == INTENSITY || book == INTENSITY_OUT_OF_PHASE {
                let turns = (book == INTENSITY_OUT_OF_PHASE) != (mask.is_explicit && is_marked);
                let factor = right.scales.factors[group][band];
                let factor = if turns { -factor } else { factor };
                for (left, right) in pairs {
                    for (left, right) in left.iter().zip(right) {
                        *right = factor * left;
                    }
                }
            } else if is_marked && book != NOISE && left.scales.books[group][band] != NOISE {
                for (left, right) in pairs {
                    for (left, right) in left.iter_mut().zip(right) {
                        (*left, *right) = (*left + *right, *left - *right);
                    }
                }
            }
        }
        first = end;
    }
}

/// What to hear of two channels with the same windows, by the energies of the lowest `kept` lines of a long window.
pub(super) fn heard(left: &Channel, right: &Channel, kept: usize) -> Heard {
    let (mut mid, mut both) = ([0.0; LANES], [0.0; LANES]);
    for (left, right) in windows(&left.info, &left.lines[..], &right.lines[..], kept) {
        for (left, right) in left.as_chunks::<LANES>().0.iter().zip(right.as_chunks::<LANES>().0) {
            for lane in 0..LANES {
                let (left, right): (f32, f32) = (left[lane], right[lane]);
                mid[lane] += (left + right) * (left + right);
                both[lane] += left * left + right * right;
            }
        }
    }
    let (mid, both): (f32, f32) = (mid.iter().sum(), both.iter().sum());
    Heard::of_energies(0.25 * mid, both, 0.0)
}

/// Independent sums, so that loops compile to vector instructions.
const LANES: usize = 8;

/// Mixes the lowest lines of two channels with the same windows into those of the first.
pub(super) fn mix(left: &mut Channel, right: &Channel, heard: Heard, kept: usize) {
    let (of_left, of_right) = heard.weights();
    let size = left.info.lines();
    let kept = kept * size / super::FRAME;
    let pairs = left.lines.chunks_exact_mut(size).zip(right.lines.chunks_exact(size));
    for (left, right) in pairs {
        for (left, right) in left[..kept].iter_mut().zip(&right[..kept]) {
            *left = of_left * *left + of_right * right;
        }
    }
}

/// The kept lines of each window of two channels.
fn windows<'a>(
    info: &Info,
    left: &'a [f32],
    right: &'a [f32],
    kept: usize,
) -> impl Iterator<Item = (&'a [f32], &'a [f32])> {
    let size = info.lines();
    let kept = kept * size / super::FRAME;
    let pairs = left.chunks_exact(size).zip(right.chunks_exact(size));
    pairs.map(move |(left, right)| (&left[..kept], &right[..kept]))
}
