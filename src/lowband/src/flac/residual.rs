//! What the predictor leaves (RFC 9639, section 9.2.7).

use symphonia_core::errors::{Result, decode_error};

use super::bits::{Bits, REFILLED};

/// The largest Rice parameter with a fast loop.
const LONGEST: u32 = 20;

/// The numbers of ten bits, in reverse order of their bits.
static REVERSED: [u16; 1024] = {
    let mut table = [0; 1024];
    let mut number = 0;
    while number < table.len() {
        table[number] = (number as u16).reverse_bits() >> 6;
        number += 1;
    }
    table
};

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
    // Codes of more than four zeros are rare, so that so many fit a refill nearly always.
    match parameter {
        0..=6 => rice::<4>(bits, parameter, residuals),
        7..=10 => rice::<3>(bits, parameter, residuals),
        11..=LONGEST => rice::<2>(bits, parameter, residuals),
        _ => residuals.iter_mut().try_for_each(|residual| {
            *residual = rice_of_any_length(bits, parameter)? as i32;
            Ok(())
        }),
    }?;
    bits.check_end()?;
    // 0, −1, 1, −2, 2 … of 0, 1, 2, 3, 4 …
    for residual in residuals {
        let folded = *residual as u32;
        *residual = (folded >> 1) as i32 ^ -((folded & 1) as i32);
    }
    Ok(())
}

/// Reads numbers coded with a Rice parameter of at most [`LONGEST`], `GROUP` for each refill of the window.
fn rice<const GROUP: usize>(
    bits: &mut Bits<'_>,
    parameter: u32,
    numbers: &mut [i32],
) -> Result<()> {
    // The most zeros of a code of which a group fits the window.
    let most_zeros = REFILLED / GROUP as u32 - 1 - parameter;
    let mask = (1_u64 << parameter) - 1;
    // A copy stays in registers.
    let mut local = *bits;
    let (groups, rest) = numbers.as_chunks_mut::<GROUP>();
    for group in groups {
        local.refill();
        for number in group {
            let zeros = local.zeros();
            if zeros > most_zeros {
                *number = rice_of_any_length(&mut local, parameter)? as i32;
                local.refill();
                continue;
            }
            local.skip(zeros + 1);
            let low = (local.window() & mask) as usize;
            local.skip(parameter);
            let low = u32::from(REVERSED[low & 1023]) << 10 | u32::from(REVERSED[low >> 10 & 1023]);
            *number = (zeros << parameter | low >> (LONGEST - parameter)) as i32;
        }
    }
    for number in rest {
        *number = rice_of_any_length(&mut local, parameter)? as i32;
    }
    *bits = local;
    Ok(())
}

/// A number coded with any Rice parameter.
#[inline(never)]
fn rice_of_any_length(bits: &mut Bits<'_>, parameter: u32) -> Result<u32> {
    let zeros = bits.read_unary()?;
    Ok(zeros << parameter | bits.read(parameter))
}
