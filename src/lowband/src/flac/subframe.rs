//! One channel of a frame (RFC 9639, section 9.2).

use symphonia_core::errors::{Result, decode_error, unsupported_error};

use super::bits::Bits;
use super::predict::{self, Predictor};
use super::residual;

/// What makes samples of what was read of a subframe.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subframe {
    predictor: Predictor,
    /// Bits per sample that are coded.
    width: u32,
    /// The number of low bits that are zero in all samples.
    wasted: u32,
}

/// Reads a subframe of samples of `bits_per_sample` bits, at most 32: the first samples and the residuals of the others.
///
/// # Errors
///
/// The packet ends too early, or is not valid.
pub(super) fn read(
    bits: &mut Bits<'_>,
    bits_per_sample: u32,
    block: &mut [i32],
) -> Result<Subframe> {
    let (padding, kind, has_wasted) = (bits.read(1), bits.read(6), bits.read(1));
    if padding == 1 || is_reserved(kind) {
        bits.check_end()?;
        return decode_error("flac: a reserved kind of subframe");
    }
    let wasted = if has_wasted == 1 { bits.read_unary()?.saturating_add(1) } else { 0 };
    bits.check_end()?;
    if wasted > bits_per_sample {
        return decode_error("flac: more bits are wasted than there are");
    }
    let width = bits_per_sample - wasted;
    let mut predictor = Predictor::fixed(0);
    match kind {
        0 => block.fill(bits.read_signed(width)),
        1 => read_plain(bits, width, block),
        2..32 => predictor = read_fixed(bits, width, (kind & 7) as usize, block)?,
        _ => predictor = read_linear(bits, width, (kind & 31) as usize + 1, block)?,
    }
    bits.check_end()?;
    Ok(Subframe { predictor, width, wasted })
}

impl Subframe {
    /// Makes samples of what was read.
    pub(super) fn finish(&self, block: &mut [i32]) {
        self.predictor.run(self.width, block);
        self.put_wasted(block);
    }

    fn put_wasted(&self, block: &mut [i32]) {
        if self.wasted > 0 {
            for sample in block {
                *sample = sample.wrapping_shl(self.wasted);
            }
        }
    }
}

/// Makes samples of what was read of two subframes of equal lengths.
pub(super) fn finish_both(subframes: [Subframe; 2], [first, second]: [&mut [i32]; 2]) {
    let widths = subframes.map(|subframe| subframe.width);
    predict::run_both(subframes.map(|subframe| subframe.predictor), widths, [first, second]);
    subframes[0].put_wasted(first);
    subframes[1].put_wasted(second);
}

fn is_reserved(kind: u32) -> bool {
    !matches!(kind, 0 | 1 | 8..=12 | 32..=63)
}

/// Samples without a code.
fn read_plain(bits: &mut Bits<'_>, width: u32, samples: &mut [i32]) {
    samples.fill_with(|| bits.read_signed(width));
}

/// The samples before the first that is predicted.
fn read_start(bits: &mut Bits<'_>, width: u32, order: usize, block: &mut [i32]) -> Result<()> {
    let Some(start) = block.get_mut(..order) else {
        return decode_error("flac: the block is shorter than the order of its predictor");
    };
    read_plain(bits, width, start);
    bits.check_end()
}

fn read_fixed(
    bits: &mut Bits<'_>,
    width: u32,
    order: usize,
    block: &mut [i32],
) -> Result<Predictor> {
    read_start(bits, width, order, block)?;
    residual::read(bits, order, block)?;
    Ok(Predictor::fixed(order))
}

fn read_linear(
    bits: &mut Bits<'_>,
    width: u32,
    order: usize,
    block: &mut [i32],
) -> Result<Predictor> {
    read_start(bits, width, order, block)?;
    let precision = bits.read(4) + 1;
    if precision > 15 {
        bits.check_end()?;
        return decode_error("flac: a reserved precision of coefficients");
    }
    let shift = bits.read_signed(5);
    bits.check_end()?;
    let Ok(shift) = u32::try_from(shift) else {
        return unsupported_error("flac: a shift to the left of the prediction");
    };
    let mut coefficients = [0; 32];
    for coefficient in coefficients[..order].iter_mut().rev() {
        // Of at most 15 bits.
        *coefficient = bits.read_signed(precision) as i16;
    }
    bits.check_end()?;
    residual::read(bits, order, block)?;
    Ok(Predictor::new(&coefficients[..order], shift))
}
