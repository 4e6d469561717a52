//! Landmarks: hashes of pairs of peaks. The layout of a hash, and how a warp is undone.
//!
//! The scheme is Wang's (ISMIR 2003) on logarithmic axes, so that a change of pitch, tempo or speed shifts all pairs by a known
//! amount, which is undone before they are hashed.

use crate::signal::peaks::{PITCH_UNITS, Peak, TIME_UNITS};

/// A quantised pair of peaks; below [`HASH_COUNT`].
///
/// Mixed radix, from the highest digit: the step to the target at 36 an octave from −1 octave (73), log2 of
/// the distance in frames at 20 a doubling from 4 frames (81), the anchor's octaves above the band's lowest frequency
/// at 36 an octave (160). The step comes first, since no warp changes it: the hashes of one pair under many warps are close
/// together in the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Hash(pub u32);

/// Anchor bins: 4.4 octaves.
const ANCHOR_BINS: i32 = 160;
/// Step bins: −36 … +36.
const STEP_BINS: i32 = 73;
/// Distance bins: 4 … 66 frames.
const GAP_BINS: i32 = 81;
/// Number of different hashes.
pub const HASH_COUNT: u32 = (ANCHOR_BINS * STEP_BINS * GAP_BINS) as u32;

/// Bins an octave of anchor and step: a third of a semitone.
const PITCH_BINS: f32 = 36.0;
/// Bins a doubling of the distance.
const GAP_BINS_PER_OCTAVE: f32 = 20.0;

/// Which pairs are taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LandmarkConfig {
    /// Nearest target, in frames after the anchor; 4 are 93 ms.
    pub min_gap_frames: f32,
    /// Farthest target, in frames; 64 are 1.49 s.
    pub max_gap_frames: f32,
    /// Largest step, in octaves, up or down. At most 1.
    pub max_step_octaves: f32,
}

/// Targets an anchor takes, and how far past a bin's edge it also looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Density {
    /// Number of targets of each anchor, the nearest ones.
    pub fan_out: usize,
    /// A value nearer to an edge of its bin than this share of the bin is looked up in the neighbouring bin too. 0 for none.
    pub probe: f32,
}

/// A change of tempo and pitch that an item may have gone through.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Warp {
    /// How much faster the item plays: 1.1 is 10 % faster.
    pub tempo: f32,
    /// How much higher it sounds, in octaves.
    pub pitch_octaves: f32,
}

impl Warp {
    /// No change.
    pub const IDENTITY: Self = Self { tempo: 1.0, pitch_octaves: 0.0 };
}

/// A pair of peaks before it is quantised, in units of bins on three logarithmic axes. A warp is a shift on these.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// Anchor above the band's foot.
    anchor: f32,
    /// Step to the target, from −1 octave.
    step: f32,
    /// Distance, from the least of the configuration.
    gap: f32,
}

/// The shift of [`Pair`]s that undoes a warp.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shift {
    anchor: f32,
    gap: f32,
}

impl From<Warp> for Shift {
    fn from(warp: Warp) -> Self {
        Self {
            anchor: -warp.pitch_octaves * PITCH_BINS,
            gap: warp.tempo.log2() * GAP_BINS_PER_OCTAVE,
        }
    }
}

/// Calls `visit(pair, anchor, target)` for each pair of `peaks` (sorted by time), where `anchor` and `target` are the
/// indices of the earlier and the later peak. Anchors come in order.
///
/// `tempo` is the range of tempos that the pairs will be shifted by: a pair is taken if its distance is
/// allowed under one of them.
pub fn pairs(
    peaks: &[Peak],
    config: LandmarkConfig,
    fan_out: usize,
    tempo: std::ops::RangeInclusive<f32>,
    mut visit: impl FnMut(Pair, usize, usize),
) {
    let min_gap = (config.min_gap_frames / tempo.end() * TIME_UNITS).ceil() as u32;
    let max_gap = (config.max_gap_frames / tempo.start() * TIME_UNITS).floor() as u32;
    let max_step = (config.max_step_octaves * PITCH_UNITS) as i32;
    let gap_unit = 1.0 / (TIME_UNITS * config.min_gap_frames);
    // A table by distance in 1/16 frame, since there are more pairs than distances.
    let gaps: Vec<f32> =
        (0..=max_gap).map(|gap| (gap as f32 * gap_unit).log2() * GAP_BINS_PER_OCTAVE).collect();
    let mut first = 0;
    for (i, anchor) in peaks.iter().enumerate() {
        while first < peaks.len() && peaks[first].time < anchor.time + min_gap {
            first += 1;
        }
        let mut left = fan_out;
        for (j, target) in peaks.iter().enumerate().skip(first) {
            if left == 0 || target.time > anchor.time + max_gap {
                break;
            }
            let step = i32::from(target.pitch) - i32::from(anchor.pitch);
            if step.abs() > max_step {
                continue;
            }
            left -= 1;
            let pair = Pair {
                anchor: anchor.octaves() * PITCH_BINS,
                step: (step as f32 / PITCH_UNITS + 1.0) * PITCH_BINS,
                gap: gaps[(target.time - anchor.time) as usize],
            };
            visit(pair, i, j);
        }
    }
}

/// Calls `visit(hash, anchor)` for each landmark of `peaks`, as they are: see [`pairs`].
pub fn landmarks(
    peaks: &[Peak],
    config: LandmarkConfig,
    density: Density,
    mut visit: impl FnMut(Hash, usize),
) {
    pairs(peaks, config, density.fan_out, 1.0..=1.0, |pair, anchor, _| {
        pair.probe(density.probe, |hash, _| visit(hash, anchor));
    });
}

impl Pair {
    /// The hash that the unchanged recording has; `None` where the shifted pair is none of its pairs.
    #[inline]
    pub fn hash(self, shift: Shift) -> Option<Hash> {
        // Truncation is the floor of a value that is not negative; a negative value is out of range.
        let (anchor, gap) = (self.anchor + shift.anchor, self.gap + shift.gap);
        let inside = anchor >= 0.0
            && gap >= 0.0
            && anchor < ANCHOR_BINS as f32
            && gap < GAP_BINS as f32
            && self.step < STEP_BINS as f32;
        inside.then(|| hash(anchor as i32, self.step as i32, gap as i32))
    }

    /// Visits the pair's hash and, for each axis on which it lies within `probe` of an edge, the hash of the neighbouring bin; each
    /// with the number of axes on which it is a neighbour.
    pub fn probe(self, probe: f32, mut visit: impl FnMut(Hash, u32)) {
        let gaps = bins(self.gap, probe, GAP_BINS);
        let anchors = bins(self.anchor, probe, ANCHOR_BINS);
        let away = |bin: i32, value: f32| u32::from(bin != value as i32);
        for s in bins(self.step, probe, STEP_BINS) {
            for g in gaps.clone() {
                for a in anchors.clone() {
                    let axes = away(a, self.anchor) + away(s, self.step) + away(g, self.gap);
                    visit(hash(a, s, g), axes);
                }
            }
        }
    }
}

fn hash(anchor: i32, step: i32, gap: i32) -> Hash {
    Hash(((step * GAP_BINS + gap) * ANCHOR_BINS + anchor) as u32)
}

/// The bin of `value` and the one beyond an edge nearer than `probe`, inside `0..count`.
fn bins(value: f32, probe: f32, count: i32) -> std::ops::Range<i32> {
    // Truncation is the floor of a value that is not negative, and faster.
    let from = (value - probe) as i32;
    let to = (value + probe) as i32;
    from.max(0)..(to + 1).clamp(0, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: LandmarkConfig =
        LandmarkConfig { min_gap_frames: 4.0, max_gap_frames: 64.0, max_step_octaves: 1.0 };
    const SPARSE: Density = Density { fan_out: 3, probe: 0.0 };

    fn peak(frames: f32, octaves: f32) -> Peak {
        Peak {
            time: (frames * TIME_UNITS).round() as u32,
            pitch: (octaves * PITCH_UNITS).round() as u16,
            strength: 0,
        }
    }

    fn all(peaks: &[Peak], density: Density) -> Vec<(u32, usize)> {
        let mut out = Vec::new();
        landmarks(peaks, CONFIG, density, |h, i| out.push((h.0, i)));
        out
    }

    #[test]
    fn two_peaks_give_the_documented_bits() {
        let peaks = [peak(10.0, 1.01), peak(18.5, 1.27)];
        // 1.01 · 36 = 36.4; (0.26 + 1) · 36 = 45.4; log2(8.5 / 4) · 20 = 21.7
        let expected = ((45 * 81 + 21) * 160 + 36) as u32;
        assert_eq!(all(&peaks, SPARSE), [(expected, 0)]);
    }

    #[test]
    fn every_hash_is_in_range_at_the_corners() {
        let low = peak(0.0, 0.0);
        for other in [peak(4.0, 0.0), peak(64.0, 1.0), peak(64.0, 0.5)] {
            for (hash, _) in all(&[low, other], Density { fan_out: 9, probe: 0.5 }) {
                assert!(hash < HASH_COUNT);
            }
        }
        let high = [peak(0.0, 4.33), peak(64.0, 3.4)];
        assert!(all(&high, SPARSE).iter().all(|(h, _)| *h < HASH_COUNT));
    }

    #[test]
    fn targets_too_near_too_far_or_too_steep_are_passed_over() {
        let anchor = peak(0.0, 2.0);
        for other in [peak(3.9, 2.0), peak(64.1, 2.0), peak(20.0, 3.01), peak(20.0, 0.99)] {
            assert!(all(&[anchor, other], SPARSE).is_empty());
        }
    }

    #[test]
    fn a_shift_in_time_changes_no_hash() {
        let peaks: Vec<_> =
            (0..40_u16).map(|i| peak(f32::from(i) * 3.25, f32::from(i * 7 % 40) / 10.0)).collect();
        let late: Vec<_> = peaks.iter().map(|p| Peak { time: p.time + 1_234, ..*p }).collect();
        assert_eq!(all(&peaks, SPARSE), all(&late, SPARSE));
    }

    #[test]
    fn undoing_a_warp_gives_the_hashes_of_the_unchanged_peaks() {
        let (tempo, pitch) = (1.25_f32, 0.125_f32);
        let original = [peak(16.0, 1.51), peak(26.0, 1.77), peak(46.0, 1.13)];
        let warped: Vec<_> =
            original.iter().map(|p| peak(p.frames() / tempo, p.octaves() + pitch)).collect();
        let undo = Shift::from(Warp { tempo, pitch_octaves: pitch });
        let mut undone = Vec::new();
        pairs(&warped, CONFIG, 3, 0.7..=1.4, |pair, i, _| {
            undone.push((pair.hash(undo).unwrap().0, i));
        });
        assert_eq!(undone, all(&original, SPARSE));
    }

    #[test]
    fn a_value_near_an_edge_is_looked_up_on_both_sides() {
        assert_eq!(bins(5.1, 0.2, 10), 4..6);
        assert_eq!(bins(5.5, 0.2, 10), 5..6);
        assert_eq!(bins(5.9, 0.2, 10), 5..7);
        assert_eq!(bins(0.1, 0.2, 10), 0..1);
        assert_eq!(bins(9.9, 0.2, 10), 9..10);
        assert!(bins(-3.0, 0.2, 10).is_empty() && bins(12.0, 0.2, 10).is_empty());
    }
}
