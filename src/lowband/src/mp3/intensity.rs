//! Intensity stereo: ISO/IEC 11172-3, section 2.4.3.4.9.3; ISO/IEC 13818-3, section 2.4.3.2.

use std::f32::consts::FRAC_1_SQRT_2;

use super::bands::Plan;
use super::scalefactors::Scalefactors;

/// How the right channel tells the positions.
#[derive(Debug, Clone, Copy)]
pub(super) enum Positions {
    Mpeg1,
    /// The lowest bit of `scalefac_compress` is set: steps of 3 dB, else of 1.5 dB.
    Mpeg2 {
        coarse: bool,
    },
}

impl Positions {
    /// The gains of the left and of the right channel at a position; `None` for the position that means no intensity stereo.
    fn gains(self, position: u8) -> Option<(f32, f32)> {
        match self {
            Self::Mpeg1 => match position {
                0..6 => {
                    let ratio = (std::f32::consts::PI / 12.0 * f32::from(position)).tan();
                    Some((ratio / (1.0 + ratio), 1.0 / (1.0 + ratio)))
                }
                6 => Some((1.0, 0.0)),
                _ => None,
            },
            // Symphonia takes 31 alone for "no intensity", whatever the length of the scalefactors.
            Self::Mpeg2 { coarse } => {
                let octave = if coarse { 2.0 } else { 4.0 };
                let steps = f32::from(position.div_ceil(2));
                let lower = f32::exp2(-steps / octave);
                match position {
                    31.. => None,
                    _ if position % 2 == 1 => Some((lower, 1.0)),
                    _ => Some((1.0, lower)),
                }
            }
        }
    }
}

/// Makes left and right of the first `needed` lines of two channels of the same block type. The right channel is decoded to its end.
pub(super) fn separate(
    plan: Plan,
    needed: usize,
    positions: Positions,
    right_scalefactors: &Scalefactors,
    mid_side: bool,
    [left, right]: [&mut [f32; 576]; 2],
) {
    let bands = plan.edges.len() - 1;
    // The last band, or three, have no scalefactor: that of the band before is theirs.
    let position = |band: usize| {
        let unsent = if band >= plan.long { 3 } else { 1 };
        let band = if band + unsent >= bands { band - unsent } else { band };
        right_scalefactors.get(band).copied().unwrap_or_default()
    };
    // From the top down, each window until its first band in the right channel that is not zero; long bands only below windows that
    // are all zero.
    let mut silent = [true; 3];
    for (band, edges) in plan.edges.windows(2).enumerate().rev() {
        let range = usize::from(edges[0])..usize::from(edges[1]);
        let zero = right[range.clone()].iter().all(|&line| line == 0.0);
        let silent = if band >= plan.long {
            let silent = &mut silent[(band - plan.long) % 3];
            *silent &= zero;
            *silent
        } else {
            let all = silent.iter().all(|&silent| silent) && zero;
            silent = [all; 3];
            all
        };
        let gains = if silent { positions.gains(position(band)) } else { None };
        let range = range.start.min(needed)..range.end.min(needed);
        let pairs = left[range.clone()].iter_mut().zip(&mut right[range]);
        if let Some((left_gain, right_gain)) = gains {
            for (left, right) in pairs {
                (*left, *right) = (*left * left_gain, *left * right_gain);
            }
        } else if mid_side {
            for (left, right) in pairs {
                (*left, *right) =
                    ((*left + *right) * FRAC_1_SQRT_2, (*left - *right) * FRAC_1_SQRT_2);
            }
        }
    }
}
