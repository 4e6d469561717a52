//! Requantisation: ISO/IEC 11172-3, section 2.4.3.4.7.1.

use std::sync::LazyLock;

use super::bands::Plan;
use super::huffman;
use super::scalefactors::Scalefactors;
use super::side::Channel;

/// Preemphasis of long bands: ISO/IEC 11172-3, table B.6.
const PREEMPHASIS: [u8; 22] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 3, 2, 0];

/// The lowest exponent: `-210 - 8 · 7 - 4 · (31 + 3)`, rounded down.
const LOWEST: i32 = -410;

/// `2^(e / 4)` for exponents from [`LOWEST`] to 45.
static GAINS: LazyLock<[f32; 456]> =
    LazyLock::new(|| std::array::from_fn(|i| f64::exp2(f64::from(LOWEST + i as i32) / 4.0) as f32));

fn gain(gains: &[f32; 456], exponent: i32) -> f32 {
    gains.get((exponent - LOWEST) as usize).copied().unwrap_or_default()
}

/// Multiplies the first `count` lines by the gains of their bands.
pub(super) fn scale(
    channel: &Channel,
    scalefactors: &Scalefactors,
    preemphasis: bool,
    plan: Plan,
    count: usize,
    lines: &mut [f32; 576],
) {
    let gains: &[f32; 456] = &GAINS;
    let shift = if channel.scalefac_scale { 2 } else { 1 };
    let global = i32::from(channel.global_gain) - 210;
    for (band, (edges, &scalefactor)) in plan.edges.windows(2).zip(scalefactors).enumerate() {
        let (start, end) = (usize::from(edges[0]), usize::from(edges[1]).min(count));
        if start >= end {
            break;
        }
        let exponent = if band < plan.long {
            let emphasis = if preemphasis { PREEMPHASIS[band] } else { 0 };
            global - (i32::from(scalefactor + emphasis) << shift)
        } else {
            let window = (band - plan.long) % 3;
            let subblock = 8 * i32::from(channel.subblock_gain[window]);
            global - subblock - (i32::from(scalefactor) << shift)
        };
        let gain = gain(gains, exponent);
        for line in &mut lines[start..end] {
            *line *= gain;
        }
    }
}

/// A bound of the energy of the first `needed` lines of a channel that is not decoded: as if each line were the largest of its table,
/// and no scalefactor lowered it.
pub(super) fn energy_bound(channel: &Channel, needed: usize) -> f32 {
    let mut sum = 0.0;
    let mut start = 0;
    for (&table, &end) in channel.tables.iter().zip(&channel.region_ends) {
        let end = end.min(needed);
        let largest = huffman::largest_power(table);
        sum += end.saturating_sub(start) as f32 * largest * largest;
        start = start.max(end);
    }
    // Quadruples are of ±1.
    sum += needed.saturating_sub(start) as f32;
    let gain = gain(&GAINS, i32::from(channel.global_gain) - 210);
    sum * gain * gain
}
