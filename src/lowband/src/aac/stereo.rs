//! Two channels with common windows: mid and side, intensity; and what is heard of two channels.

use std::ops::Range;

use symphonia_core::errors::{Result, decode_error};

use super::bands::Bands;
use super::bits::Bits;
use super::channel::Channel;
use super::side::{INTENSITY_OUT_OF_PHASE, Info};
use crate::{Balance, Heard};

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

/// Independent sums, so that loops compile to vector instructions; short windows have a multiple of it.
const LANES: usize = 8;

/// Undoes joint stereo (4.6.8).
pub(super) fn separate(left: &mut Channel, right: &mut Channel, mask: &Mask, bands: &Bands) {
    let info = left.info;
    let (offsets, wanted, size) =
        (info.offsets(bands), left.wanted.min(right.wanted), info.lines());
    let mut first = 0;
    for (group, &windows) in info.groups().iter().enumerate() {
        let end = first + usize::from(windows) * size;
        let (of_left, of_right) = (&left.groups[group].kinds, &right.groups[group]);
        let intensity = of_right.kinds.intensity;
        let mid_side = mask.bands[group] & !(of_left.noise | of_right.kinds.noise | intensity);
        let (left, right) = (&mut left.lines[first..end], &mut right.lines[first..end]);
        let line = |band: usize| usize::from(offsets[band]).min(wanted);
        for bands in runs(mid_side, info.bands) {
            let lines = line(bands.start)..line(bands.end);
            join(left, right, size, lines, |mid, side| (mid + side, mid - side));
        }
        for band in runs(intensity, info.bands).flatten() {
            let is_marked = mask.bands[group] >> band & 1 == 1;
            let is_opposite = of_right.book(band) == INTENSITY_OUT_OF_PHASE;
            let turns = is_opposite != (mask.is_explicit && is_marked);
            let factor = of_right.factors[band];
            let factor = if turns { -factor } else { factor };
            join(left, right, size, line(band)..line(band + 1), |left, _| (left, factor * left));
        }
        first = end;
    }
}

/// Applies `each` to a range of lines in windows of `size` lines.
fn join(
    left: &mut [f32],
    right: &mut [f32],
    size: usize,
    lines: Range<usize>,
    each: impl Fn(f32, f32) -> (f32, f32),
) {
    for (left, right) in left.chunks_exact_mut(size).zip(right.chunks_exact_mut(size)) {
        for (left, right) in left[lines.clone()].iter_mut().zip(&mut right[lines.clone()]) {
            (*left, *right) = each(*left, *right);
        }
    }
}

/// The runs of ones of `mask`, from bit 0 to bit `end`, which is at most 63.
fn runs(mask: u64, end: usize) -> impl Iterator<Item = Range<usize>> {
    let mut left = mask & ((1 << end) - 1);
    std::iter::from_fn(move || {
        let start = left.trailing_zeros();
        let length = left.checked_shr(start)?.trailing_ones();
        // Carries through the run.
        left &= left.wrapping_add(1 << start);
        Some(start as usize..(start + length) as usize)
    })
}

/// Mixes the lowest lines of two channels, whose windows are of the same lengths, into those of the first. `kept` is the number of
/// lines of a long window. What is heard is decided by the energies of the lines and the `balance` of the stream, to which the block
/// adds `seconds`.
pub(super) fn mix(
    left: &mut Channel,
    right: &Channel,
    kept: usize,
    (balance, seconds): (&mut Balance, f32),
) -> Heard {
    let size = left.info.lines();
    let kept = kept * size / super::FRAME;
    let (mut mid, mut both) = (0.0, 0.0);
    for (left, right) in left.lines.chunks_exact_mut(size).zip(right.lines.chunks_exact(size)) {
        let energies = to_mid(&mut left[..kept], &right[..kept]);
        mid += energies.0;
        both += energies.1;
    }
    let heard = balance.heard(mid, both, 0.0, seconds);
    if heard == Heard::Side {
        for (mid, right) in left.lines.chunks_exact_mut(size).zip(right.lines.chunks_exact(size)) {
            for (mid, right) in mid[..kept].iter_mut().zip(&right[..kept]) {
                *mid -= right;
            }
        }
    }
    heard
}

/// Makes the left channel the mid. Returns the energies of the mid and of both channels.
fn to_mid(left: &mut [f32], right: &[f32]) -> (f32, f32) {
    let (mut of_mid, mut of_both) = ([0.0; LANES], [0.0; LANES]);
    let chunks = left.as_chunks_mut::<LANES>().0.iter_mut().zip(right.as_chunks::<LANES>().0);
    for (left, right) in chunks {
        for lane in 0..LANES {
            let (l, r) = (left[lane], right[lane]);
            let mid = 0.5 * (l + r);
            left[lane] = mid;
            of_mid[lane] += mid * mid;
            of_both[lane] += l * l + r * r;
        }
    }
    (of_mid.iter().sum(), of_both.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_the_ones_of_a_mask_below_its_end() {
        let of = |mask, end| runs(mask, end).collect::<Vec<_>>();
        assert_eq!(of(0, 51), []);
        assert_eq!(of(0b1110_0101, 7), [0..1, 2..3, 5..7]);
        assert_eq!(of(u64::MAX - 1, 51), vec![1..51; 1]);
        assert_eq!(of(u64::MAX, 0), []);
    }

    #[test]
    fn the_side_is_heard_where_the_mid_cancels() {
        let (mut left, mut right) = (Channel::new(), Channel::new());
        for (sign, expected) in [(1.0, (Heard::Mid, 0.75)), (-1.0, (Heard::Side, 0.75))] {
            left.lines.fill(1.0);
            right.lines.fill(0.5 * sign);
            // The mid of opposite channels is made to cancel.
            right.lines[..256].fill(if sign < 0.0 { -0.9 } else { 0.5 });
            let heard = mix(&mut left, &right, 256, (&mut Balance::default(), 0.02));
            assert_eq!(heard, expected.0);
            let value = if sign < 0.0 { 0.95 } else { expected.1 };
            assert!((left.lines[255] - value).abs() < 1e-6);
        }
    }
}
