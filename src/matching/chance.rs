//! The rate of peak matches by chance, measured for each candidate on the same peaks at wrong offsets.
//!
//! Music repeats itself and keeps to a beat and a scale, so two unrelated pieces match far more often than random points
//! would, most of all where their beats coincide. How often is measured on the two signals themselves, shifted against each
//! other in steps of half a frame.

use super::peak_match::{MatchCounts, between};
use super::time_map::{TimeMap, Window};
use crate::base::settings;
use crate::signal::peaks::Peak;

settings! {
    /// Largest shift, in 1/16 frame: 16 s, eight bars at 120 beats a minute. A guess.
    const REACH: f64 = 690.0 * 16.0;
    /// Smallest shift, in 1/16 frame: 24 frames are 0.56 s. At a smaller one long notes match themselves. A guess.
    const NEAR: f64 = 24.0 * 16.0;
    /// Width of a bin of shifts, in 1/16 frame: half a frame.
    const BIN: f64 = 8.0;
    /// Bins on each side of a shift in which a peak match is loose: as wide as
    /// [`LOOSE`](super::peak_match::LOOSE).
    const LOOSE_BINS: usize = 3;
    /// The same for close matches: as wide as [`CLOSE`](super::peak_match::CLOSE).
    const CLOSE_BINS: usize = 1;
    /// Quantile of the rates over all shifts that is taken for the rate of chance: at some shifts of a hundred the beats
    /// coincide. A guess.
    const UPPER: f64 = 0.98;
    /// The normal quantile of [`UPPER`]: how many standard deviations of counting lie below it.
    const UPPER_DEVIATIONS: f64 = 2.05;
    /// Largest rate by chance that is taken. A guess.
    const MAX_RATE: f64 = 0.45;
    /// Smallest rate by chance of a close match that is taken, however empty the shifts were. A guess.
    const MIN_CLOSE: f64 = 0.004;
    /// The same for loose matches. A guess.
    const MIN_LOOSE: f64 = 0.01;
    /// Share of peaks matched closely in a true alignment, at most. A guess.
    const MAX_TRUE_CLOSE: f64 = 0.9;
    /// Share of peaks matched loosely in a true alignment, at most. A guess.
    const MAX_TRUE_LOOSE: f64 = 0.6;
    /// Share of peaks missed in a true alignment, at least: so one missed peak does not outweigh all others. A guess.
    const MIN_TRUE_MISSED: f64 = 0.05;
    /// Rates of close and loose matches in a nearly empty item. Chance is hardly ever lower, so a log-likelihood ratio against
    /// these is an upper bound. A guess.
    const LOW_RATES: (f64, f64) = (0.01, 0.03);
}

/// Rates of close and of loose peak matches by chance, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Chance {
    close: f64,
    loose: f64,
}

/// Log-likelihood ratio of a peak of each class of [`MatchCounts`], in nats.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct LogRatios {
    pub(super) nats: [f64; 3],
}

impl LogRatios {
    /// The log-likelihood ratio of some peaks, in nats.
    pub(super) fn of(&self, match_counts: MatchCounts) -> f64 {
        match_counts.iter().zip(self.nats).map(|(n, nats)| *n as f64 * nats).sum()
    }
}

impl Chance {
    /// See [`LOW_RATES`].
    pub(super) const LOW: Self = Self { close: LOW_RATES.0, loose: LOW_RATES.1 };

    /// Measures the rates on the item's peaks in a window against the recording's peaks around where `map` puts the window:
    /// the leading ones, or the others. `pitch` has the loose and the close tolerance, in 1/8192 octave.
    pub(super) fn measure(
        item: &[Peak],
        recording: &[Peak],
        map: TimeMap,
        window: Window,
        pitch: (f64, f64),
        leads: bool,
    ) -> Self {
        let from = map.recording_time(window.0) - REACH;
        let to = map.recording_time(window.1) + REACH;
        let item = between(item, window);
        let recording: Vec<Peak> =
            between(recording, (from, to)).iter().copied().filter(|p| p.leads() == leads).collect();
        let shifts = Shifts::count(item, &recording, map, pitch);
        let seen = shifts.rates(&recording, map, window);
        let close = upper(seen.iter().map(|(n, close, _)| (*n, *close)));
        let matched = upper(seen.iter().map(|(n, _, matched)| (*n, *matched)));
        Self { close: close.max(MIN_CLOSE), loose: (matched - close).max(MIN_LOOSE) }
    }

    /// The log-likelihood ratio of each class, true alignment against chance, where the rates of a true alignment are those
    /// seen `here`. `None` if these are no better than chance.
    pub(super) fn log_ratio(self, here: MatchCounts) -> Option<LogRatios> {
        let n = here.iter().sum::<usize>() as f64;
        // Half a peak is added to each class (Krichevsky & Trofimov 1981), so that no rate is 0.
        let missed = 1.0 - self.close - self.loose;
        let close = (here[0] as f64 + 0.5) / (n + 1.5);
        let loose = (here[1] as f64 + 0.5) / (n + 1.5);
        let (close, loose) = (close.min(MAX_TRUE_CLOSE), loose.min(MAX_TRUE_LOOSE));
        let rest = (1.0 - close - loose).max(MIN_TRUE_MISSED);
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

/// Pairs of peaks of the same pitch, by how far they are from the time map: bin `i` is a shift of `i · BIN − REACH`.
struct Shifts {
    /// Pairs within the close tolerance of pitch.
    close: Vec<u32>,
    /// Pairs within the loose one.
    loose: Vec<u32>,
}

impl Shifts {
    fn count(item: &[Peak], recording: &[Peak], map: TimeMap, pitch: (f64, f64)) -> Self {
        let bins = (2.0 * REACH / BIN) as usize + 1;
        let mut shifts = Self { close: vec![0; bins], loose: vec![0; bins] };
        let mut by_pitch: Vec<Peak> = recording.to_vec();
        by_pitch.sort_unstable_by_key(|p| (p.pitch, p.time));
        for peak in item {
            let height = f64::from(peak.pitch) - map.pitch;
            let place = map.recording_time(f64::from(peak.time));
            let first = by_pitch.partition_point(|p| f64::from(p.pitch) < height - pitch.0);
            for other in &by_pitch[first..] {
                let miss = f64::from(other.pitch) - height;
                if miss > pitch.0 {
                    break;
                }
                // The nearest: truncation is the floor of what is not negative.
                let bin = (f64::from(other.time) - place + REACH) / BIN + 0.5;
                if bin >= 0.0 && (bin as usize) < bins {
                    shifts.loose[bin as usize] += 1;
                    shifts.close[bin as usize] += u32::from(miss.abs() <= pitch.1);
                }
            }
        }
        shifts
    }

    /// For each shift: the recording's peaks under the window, those matched closely, and those matched at all.
    fn rates(&self, recording: &[Peak], map: TimeMap, window: Window) -> Vec<(f64, f64, f64)> {
        let sum = |counts: &[u32], at: usize, reach: usize| -> f64 {
            f64::from(counts[at - reach..=at + reach].iter().sum::<u32>())
        };
        (LOOSE_BINS..self.loose.len() - LOOSE_BINS)
            .filter_map(|at| {
                let shift = at as f64 * BIN - REACH;
                if shift.abs() < NEAR {
                    return None;
                }
                let from = map.recording_time(window.0) + shift;
                let to = map.recording_time(window.1) + shift;
                let n = between(recording, (from, to)).len() as f64;
                let close = sum(&self.close, at, CLOSE_BINS).min(n);
                // A peak of the recording is matched once, however many peaks of the item are near it.
                let matched = sum(&self.loose, at, LOOSE_BINS).min(n);
                Some((n, close, matched))
            })
            .collect()
    }
}

/// The rate that few shifts exceed ([`UPPER`]), less the excess that counting noise alone gives there; never below the mean.
///
/// Takes the number of peaks and of matched peaks for each shift. Shifts at which at least half of the recording has run out
/// say little and are left out.
fn upper(shifts: impl Iterator<Item = (f64, f64)> + Clone) -> f64 {
    let most = shifts.clone().map(|(n, _)| n).fold(0.0, f64::max);
    let told = shifts.filter(|(n, _)| *n > 0.0 && *n >= 0.5 * most);
    let mut rates: Vec<f64> = Vec::new();
    let (mut all, mut matched) = (0.0, 0.0);
    for (n, count) in told {
        rates.push(count / n);
        all += n;
        matched += count;
    }
    if rates.is_empty() {
        return 0.0;
    }
    let mean = matched / all;
    rates.sort_unstable_by(f64::total_cmp);
    let high = rates[((rates.len() - 1) as f64 * UPPER) as usize];
    (high - UPPER_DEVIATIONS * (mean / most).sqrt()).max(mean).min(MAX_RATE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;

    #[test]
    fn a_sum_of_log_ratios_is_a_likelihood_ratio() {
        // Under chance the expectation of exp(score) is 1, as the bound of Karlin & Altschul (1990) asks for.
        let chance = Chance { close: 0.02, loose: 0.05 };
        let log_ratio = chance.log_ratio([30, 20, 30]).unwrap();
        let [close, loose, missed] = log_ratio.nats.map(f64::exp);
        let mean = 0.02 * close + 0.05 * loose + 0.93 * missed;
        assert!((mean - 1.0).abs() < 1e-9, "{mean}");
    }

    #[test]
    fn what_is_no_better_than_chance_has_no_log_ratio() {
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
    fn peaks_on_a_common_grid_match_more_often_than_scattered_ones() {
        let map = TimeMap { tempo: 1.0, offset: 16_000.0, pitch: 0.0 };
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
            Chance::measure(&item, &recording, map, (0.0, 8_000.0), (98.0, 33.0), false)
        };
        let (grid, scattered) = (measure(320), measure(1));
        assert!(grid.close > 3.0 * scattered.close, "{grid:?} {scattered:?}");
    }
}
