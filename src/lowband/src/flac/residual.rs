//! What the predictor leaves (RFC 9639, section 9.2.7).

use symphonia_core::errors::{Result, decode_error};

use super::bits::{Bits, REFILLED};

/// Reads the residuals of a block behind its first `order` samples.
///
/// # Errors
///
/// The packet ends too early, or the partitions do not fit the block.
pub(super) fn read(bits: &mut Bits<'_>, order: usize, block: &mut [i32]) -> Result<()> {
    let width = match bits.read(2) {
        0 => 4,
        1 => 5,
        _ => {
            bits.check_end()?;
            return decode_error("flac: a reserved code of residuals");
        }
    };
    let partition_order = bits.read(4);
    bits.check_end()?;
    let length = block.len() >> partition_order;
    if order > length {
        return decode_error("flac: a partition is shorter than the order of the predictor");
    }
    if length << partition_order != block.len() {
        return decode_error("flac: the partitions do not fill the block");
    }
    let (first, others) = block.split_at_mut(length);
    read_partition(bits, width, &mut first[order..])?;
    for partition in others.chunks_exact_mut(length) {
        read_partition(bits, width, partition)?;
    }
    Ok(())
}

/// Reads one partition, whose parameter has `width` bits.
fn read_partition(bits: &mut Bits<'_>, width: u32, residuals: &mut [i32]) -> Result<()> {
    let parameter = bits.read(width);
    if parameter == (1 << width) - 1 {
        let width = bits.read(5);
        residuals.fill_with(|| bits.read_signed(width));
        return bits.check_end();
    }
    match parameter {
        0 => rice::<0>(bits, residuals),
        1 => rice::<1>(bits, residuals),
        2 => rice::<2>(bits, residuals),
        3 => rice::<3>(bits, residuals),
        4 => rice::<4>(bits, residuals),
        5 => rice::<5>(bits, residuals),
        6 => rice::<6>(bits, residuals),
        7 => rice::<7>(bits, residuals),
        8 => rice::<8>(bits, residuals),
        9 => rice::<9>(bits, residuals),
        10 => rice::<10>(bits, residuals),
        11 => rice::<11>(bits, residuals),
        12 => rice::<12>(bits, residuals),
        13 => rice::<13>(bits, residuals),
        14 => rice::<14>(bits, residuals),
        _ => residuals.iter_mut().try_for_each(|residual| {
            *residual = rice_of_any_length(bits, parameter)?;
            Ok(())
        }),
    }?;
    bits.check_end()
}

/// Reads residuals coded with the Rice parameter `K`, at most 14: two for each refill of the window.
fn rice<const K: u32>(bits: &mut Bits<'_>, residuals: &mut [i32]) -> Result<()> {
    // The most zeros of which two codes fit.
    let most_zeros = REFILLED / 2 - 1 - K;
    // A copy stays in registers.
    let mut local = *bits;
    let (pairs, last) = residuals.as_chunks_mut::<2>();
    for pair in pairs {
        local.refill();
        let mut is_short = true;
        for residual in &mut *pair {
            let zeros = (local.window() | 1).leading_zeros();
            if zeros > most_zeros {
                is_short = false;
                break;
            }
            *residual = short_rice::<K>(&mut local, zeros);
        }
        if !is_short {
            // Again, from the start of the pair.
            local = *bits;
            for residual in pair {
                *residual = rice_of_any_length(&mut local, K)?;
            }
        }
        *bits = local;
    }
    for residual in last {
        *residual = rice_of_any_length(bits, K)?;
    }
    Ok(())
}

/// A code that lies in the window, with so many zeros at its start.
#[inline(always)]
#[allow(clippy::inline_always, reason = "in the innermost loop")]
fn short_rice<const K: u32>(bits: &mut Bits<'_>, zeros: u32) -> i32 {
    bits.skip(zeros);
    // A one, and K bits.
    let rest = (bits.window() >> (63 - K)) as u32;
    bits.skip(K + 1);
    unfolded((zeros << K).wrapping_add(rest).wrapping_sub(1 << K))
}

/// A code of any length.
fn rice_of_any_length(bits: &mut Bits<'_>, parameter: u32) -> Result<i32> {
    let zeros = bits.read_unary()?;
    let rest = bits.read(parameter);
    Ok(unfolded(zeros << parameter | rest))
}

/// 0, −1, 1, −2, 2 … of 0, 1, 2, 3, 4 …
#[inline(always)]
#[allow(clippy::inline_always, reason = "in the innermost loop")]
fn unfolded(folded: u32) -> i32 {
    (folded >> 1) as i32 ^ -((folded & 1) as i32)
}
