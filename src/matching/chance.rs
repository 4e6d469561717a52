//! What chance alone gives: measured for each candidate on the same peaks at wrong offsets.
//!
//! Music repeats itself, keeps to a beat and to a scale, so two unrelated pieces agree far more often than
//! random dots would, and most of all where their beats fall together. The same two sides, shifted
//! against each other by every half frame, show how often.

use super::peak_match::{MatchCounts, between};
use super::time_map::{TimeMap, Window};
use crate::signal::peaks::Peak;

/// Half the range of the shifts, in 1/16 frame: 16 s, eight bars at 120 beats a minute.
const REACH: f64 = 690.0 * 16.0;
/// Shifts nearer than this are no other place: long notes agree with themselves. 24 frames are 0.56 s.
const NEAR: f64 = 24.0 * 16.0;
/// Width of a bin of shifts in 1/16 frame.
const BIN: f64 = 8.0;
/// Bins on each side of a shift whose peak matches are loose, and close: as wide as those of `align`.
const LOOSE_BINS: usize = 3;
const CLOSE_BINS: usize = 1;
/// The share of shifts that chance may be worse than: beats that fall together are some of a hundred.
const UPPER: f64 = 0.98;
/// Deviations of mere counting at that share: the normal quantile of 0.98.
const UPPER_DEVIATIONS: f64 = 2.05;

/// Rates at which chance meets a peak: closely, loosely.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Chance {
    close: f64,
    loose: f64,
}

/// What a peak of each class is worth, in nats.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct LogRatios {
    pub(super) nats: [f64; 3],
}

impl LogRatios {
    pub(super) fn of(&self, match_counts: MatchCounts) -> f64 {
        match_counts.iter().zip(self.nats).map(|(n, nats)| *n as f64 * nats).sum()
    }
}

/// Lowest rates that are believed: one in 250 and one in 100, however empty the shifts were.
const MIN_CLOSE: f64 = 0.004;
const MIN_LOOSE: f64 = 0.01;

impl Chance {
    /// The rates of an item that is rather empty: what is worth little against them is hardly worth measuring.
    pub(super) const LOW: Self = Self { close: 0.01, loose: 0.03 };

    /// Measures the rates on the item's peaks of a window against the recording's peaks around where
    /// `line` puts it: those that lead, or the others. `pitch` are the widest and the close tolerance in
    /// 1/8192 octave.
    pub(super) fn measure(
        item: &[Peak],
        recording: &[Peak],
        line: TimeMap,
        window: Window,
        pitch: (f64, f64),
        leads: bool,
    ) -> Self {
        let from = line.recording_time(window.0) - REACH;
        let to = line.recording_time(window.1) + REACH;
        let item = between(item, window);
        let recording: Vec<Peak> =
            between(recording, (from, to)).iter().copied().filter(|p| p.leads() == leads).collect();
        let shifts = Shifts::count(item, &recording, line, pitch);
        let seen = shifts.rates(&recording, line, window);
        let close = upper(seen.iter().map(|(n, close, _)| (*n, *close)));
        let met = upper(seen.iter().map(|(n, _, met)| (*n, *met)));
        Self { close: close.max(MIN_CLOSE), loose: (met - close).max(MIN_LOOSE) }
    }

    /// What each class is worth, where the alignment itself shows the rates of `here`. `None` where it
    /// is no better than chance.
    pub(super) fn log_ratio(self, here: MatchCounts) -> Option<LogRatios> {
        let n = here.iter().sum::<usize>() as f64;
        let missed = 1.0 - self.close - self.loose;
        let close = (here[0] as f64 + 0.5) / (n + 1.5);
        let loose = (here[1] as f64 + 0.5) / (n + 1.5);
        let (close, loose) = (close.min(0.9), loose.min(0.6));
        let rest = (1.0 - close - loose).max(0.05);
        if close + loose <= self.close + self.loose || missed <= 0.0 {
            return None;
        }
        let sum = close + loose + rest;
        let nats = |rate: f64, chance: f64| (rate / sum / chance).ln();
        Some(LogRatios {
            nats: [nats(close, self.close), nats(loose, self.loose), nats(rest, missed)],
        })
    }
}

/// Pairs of peaks of the same height, by how far the line misses: bin `i` is a shift of
/// `i · BIN − REACH`.
struct Shifts {
    /// Pairs within the close, and within the wide tolerance of pitch.
    close: Vec<u32>,
    wide: Vec<u32>,
}

impl Shifts {
    fn count(item: &[Peak], recording: &[Peak], line: TimeMap, pitch: (f64, f64)) -> Self {
        let bins = (2.0 * REACH / BIN) as usize + 1;
        let mut shifts = Self { close: vec![0; bins], wide: vec![0; bins] };
        let mut by_pitch: Vec<Peak> = recording.to_vec();
        by_pitch.sort_unstable_by_key(|p| (p.pitch, p.time));
        for peak in item {
            let height = f64::from(peak.pitch) - line.pitch;
            let place = line.recording_time(f64::from(peak.time));
            let first = by_pitch.partition_point(|p| f64::from(p.pitch) < height - pitch.0);
            for other in &by_pitch[first..] {
                let miss = f64::from(other.pitch) - height;
                if miss > pitch.0 {
                    break;
                }
                // The nearest: truncation is the floor of what is not negative.
                let bin = (f64::from(other.time) - place + REACH) / BIN + 0.5;
                if bin >= 0.0 && (bin as usize) < bins {
                    shifts.wide[bin as usize] += 1;
                    shifts.close[bin as usize] += u32::from(miss.abs() <= pitch.1);
                }
            }
        }
        shifts
    }

    /// For each shift that is another place: peaks of the recording under the window, and how many of
    /// them are met closely and at all.
    fn rates(&self, recording: &[Peak], line: TimeMap, window: Window) -> Vec<(f64, f64, f64)> {
        let sum = |counts: &[u32], at: usize, reach: usize| -> f64 {
            f64::from(counts[at - reach..=at + reach].iter().sum::<u32>())
        };
        (LOOSE_BINS..self.wide.len() - LOOSE_BINS)
            .filter_map(|at| {
                let shift = at as f64 * BIN - REACH;
                if shift.abs() < NEAR {
                    return None;
                }
                let from = line.recording_time(window.0) + shift;
                let to = line.recording_time(window.1) + shift;
                let n = between(recording, (from, to)).len() as f64;
                let close = sum(&self.close, at, CLOSE_BINS).min(n);
                // A peak of the recording is met once, however many peaks of the item are near it.
                let met = sum(&self.wide, at, LOOSE_BINS).min(n);
                Some((n, close, met))
            })
            .collect()
    }
}

/// The rate that few shifts exceed, less what mere counting adds at such a share; never under the mean.
///
/// Takes the number of peaks and of those that are met, for each shift. Shifts at which half of the
/// recording or more has run out say little and are left out.
fn upper(shifts: impl Iterator<Item = (f64, f64)> + Clone) -> f64 {
    let most = shifts.clone().map(|(n, _)| n).fold(0.0, f64::max);
    let told = shifts.filter(|(n, _)| *n > 0.0 && *n >= 0.5 * most);
    let mut rates: Vec<f64> = Vec::new();
    let (mut all, mut met) = (0.0, 0.0);
    for (n, count) in told {
        rates.push(count / n);
        all += n;
        met += count;
    }
    if rates.is_empty() {
        return 0.0;
    }
    let mean = met / all;
    rates.sort_unstable_by(f64::total_cmp);
    let high = rates[((rates.len() - 1) as f64 * UPPER) as usize];
    (high - UPPER_DEVIATIONS * (mean / most).sqrt()).max(mean).min(0.45)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;

    #[test]
    fn a_sum_of_worths_is_a_likelihood_ratio() {
        // Under chance the expectation of exp(worth) is 1: the bound of Karlin and Altschul holds.
        let chance = Chance { close: 0.02, loose: 0.05 };
        let log_ratio = chance.log_ratio([30, 20, 30]).unwrap();
        let [close, loose, missed] = log_ratio.nats.map(f64::exp);
        let mean = 0.02 * close + 0.05 * loose + 0.93 * missed;
        assert!((mean - 1.0).abs() < 1e-9, "{mean}");
    }

    #[test]
    fn what_is_no_better_than_chance_has_no_worth() {
        assert!(Chance { close: 0.1, loose: 0.2 }.log_ratio([5, 10, 85]).is_none());
    }

    #[test]
    fn even_counting_noise_does_not_raise_the_rate_but_a_beat_does() {
        let even = vec![(100.0, 2.0); 500];
        assert!((upper(even.into_iter()) - 0.02).abs() < 1e-12);
        let beat: Vec<_> =
            (0..500).map(|i| (100.0, if i % 20 == 0 { 20.0 } else { 1.0 })).collect();
        assert!(upper(beat.into_iter()) > 0.15);
    }

    #[test]
    fn peaks_on_a_common_grid_meet_more_often_than_scattered_ones() {
        let line = TimeMap { tempo: 1.0, offset: 16_000.0, pitch: 0.0 };
        let peaks = |step: u32, seed: u32| -> Vec<Peak> {
            let mut dice = Dice::new(seed.into());
            let mut draw = |n: u32| dice.below(n as usize) as u32;
            let mut peaks: Vec<Peak> = (0..1_000)
                .map(|_| Peak {
                    time: draw(40_000 / step) * step,
                    pitch: (draw(12) * 683) as u16,
                    strength: 0,
                })
                .collect();
            peaks.sort_unstable();
            peaks
        };
        let measure = |step| {
            let (item, recording) = (peaks(step, 1), peaks(step, 2));
            Chance::measure(&item, &recording, line, (0.0, 8_000.0), (98.0, 33.0), false)
        };
        let (grid, scattered) = (measure(320), measure(1));
        assert!(grid.close > 3.0 * scattered.close, "{grid:?} {scattered:?}");
    }
}
