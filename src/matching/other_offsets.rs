//! How well an item matches a recording at other offsets, and other recordings: what a match is worth beyond repetition.

use super::peak_match::{LOOSE, Peaks, all_and_matched, between};
use super::time_map::{TimeMap, Window};
use crate::base::settings;
use crate::signal::peaks::Peak;

settings! {
    /// Largest shift to another offset, in 1/16 frame: 40 s, sixteen bars at 96 beats a minute. A guess.
    const REACH: f64 = 40.0 * 43.07 * 16.0;
    /// Width of a bin of shifts, in 1/16 frame: half a frame.
    const BIN: f64 = 8.0;
    /// Bins to each side of a shift in which peaks match: as wide as [`LOOSE`].
    const LOOSE_BINS: usize = 3;
    /// Smallest shift, in 1/16 frame: 0.56 s. At a smaller one long notes match themselves. A guess.
    const NEAR: f64 = 24.0 * 16.0;
    /// Smallest distance of two other offsets, in 1/16 frame: 116 ms, a sixteenth note at 130 beats a minute. A guess.
    const APART: f64 = 5.0 * 16.0;
    /// Number of other offsets that are compared: the best. A guess.
    const OFFSETS: usize = 12;
    /// The most of them earlier, and the most of them later: so both are tried at the ends of an item as long as the recording.
    /// A guess.
    const OFFSETS_ON_A_SIDE: usize = 8;
    /// An offset is compared if at least so many peaks of the recording lie in the window there … A guess.
    const LEAST_PEAKS: usize = 8;
    /// Another offset counts if it has at least this share of the peaks at the offset of the alignment: it has less where the recording ends. A guess.
    const LEAST_SHARE: f64 = 0.5;
    /// Trials at the mean rate that are added to those of each peak (additive smoothing). A guess.
    const PRIOR_TRIALS: f64 = 2.0;
    /// Rate of matches by chance where no other offset could be compared. A guess.
    const UNSEEN_RATE: f64 = 0.15;
    /// Lowest and highest rate of a peak that is taken. A guess.
    const RATES: (f64, f64) = (0.02, 0.98);
}

/// For each peak of an item in a window: under how many other time maps it was tried, and matched.
#[derive(Debug, Clone)]
pub(super) struct Trials {
    tried: Vec<u16>,
    matched: Vec<u16>,
    /// Share of the recording's peaks that were matched under each time map.
    shares: Vec<f64>,
}

impl Trials {
    pub(super) fn new(peaks: usize) -> Self {
        Self { tried: vec![0; peaks], matched: vec![0; peaks], shares: Vec::new() }
    }

    /// Tries the item's peaks in `window` under a time map to a recording that ends at `end`, in 1/16 frame.
    pub(super) fn add(
        &mut self,
        item: &[Peak],
        window: Window,
        map: TimeMap,
        recording: &[Peak],
        end: f64,
    ) {
        let there = map.in_recording(window);
        let there = (there.0.max(0.0), there.1.min(end));
        let back = map.inverse();
        let mut at = item.partition_point(|p| f64::from(p.time) < back.recording_time(there.0));
        let turned = Peaks { item: recording, recording: item };
        turned.visit(back, there, LOOSE, |peak_match| {
            self.tried[at] += 1;
            self.matched[at] += u16::from(peak_match.item.is_some());
            at += 1;
        });
        let (all, matched) = all_and_matched(Peaks { item, recording }.match_counts(map, window));
        if all > 0 {
            self.shares.push(matched as f64 / all as f64);
        }
    }

    /// The mean share of peaks that were matched.
    pub(super) fn mean(&self) -> f64 {
        let n = self.shares.len();
        if n == 0 { UNSEEN_RATE } else { self.shares.iter().sum::<f64>() / n as f64 }
    }

    /// The share of peaks that were matched under the best time map.
    pub(super) fn best(&self) -> f64 {
        self.shares.iter().copied().fold(0.0, f64::max)
    }

    /// The share of peaks that were matched under the last time map, 0 if there was none.
    pub(super) fn last(&self) -> f64 {
        self.shares.last().copied().unwrap_or(0.0)
    }

    /// The rate at which chance matches the item's peak `at`, where the mean of all is `mean`.
    pub(super) fn rate(&self, at: usize, mean: f64) -> f64 {
        let matched = f64::from(self.matched[at]) + PRIOR_TRIALS * mean;
        (matched / (f64::from(self.tried[at]) + PRIOR_TRIALS)).clamp(RATES.0, RATES.1)
    }
}

/// Shifts of the time map to the other offsets at which item and recording agree best, the best first.
pub(super) fn other_shifts(
    item: &[Peak],
    recording: &[Peak],
    map: TimeMap,
    window: Window,
) -> Vec<f64> {
    let bins = (2.0 * REACH / BIN) as usize + 1;
    let mut counts = vec![0_u32; bins];
    let mut by_pitch: Vec<Peak> = recording.to_vec();
    by_pitch.sort_unstable_by_key(|p| (p.pitch, p.time));
    for peak in item {
        let pitch = f64::from(peak.pitch) - map.pitch;
        let place = map.recording_time(f64::from(peak.time)) - REACH;
        let first = by_pitch.partition_point(|p| f64::from(p.pitch) < pitch - LOOSE.pitch);
        for other in &by_pitch[first..] {
            if f64::from(other.pitch) - pitch > LOOSE.pitch {
                break;
            }
            let bin = (f64::from(other.time) - place) / BIN + 0.5;
            if bin >= 0.0 && (bin as usize) < bins {
                counts[bin as usize] += 1;
            }
        }
    }
    let (from, to) = map.in_recording(window);
    let all = between(recording, (from, to)).len() as f64;
    let mut rates: Vec<(f64, usize)> = (LOOSE_BINS..bins - LOOSE_BINS)
        .filter_map(|at| {
            let shift = at as f64 * BIN - REACH;
            let sum: u32 = counts[at - LOOSE_BINS..=at + LOOSE_BINS].iter().sum();
            if shift.abs() < NEAR || sum == 0 {
                return None;
            }
            let n = between(recording, (from + shift, to + shift)).len();
            (n >= LEAST_PEAKS && n as f64 >= LEAST_SHARE * all)
                .then(|| (f64::from(sum) / n as f64, at))
        })
        .collect();
    // Of equals the nearest: at a far one more of a long item lies beyond the recording's ends.
    let away = |at: usize| (at as f64 * BIN - REACH).abs();
    rates.sort_by(|a, b| {
        b.0.total_cmp(&a.0).then(away(a.1).total_cmp(&away(b.1))).then(a.1.cmp(&b.1))
    });
    let mut shifts: Vec<f64> = Vec::with_capacity(OFFSETS);
    for (_, at) in rates {
        let shift = at as f64 * BIN - REACH;
        let on_this_side = shifts.iter().filter(|other| (**other < 0.0) == (shift < 0.0)).count();
        let is_apart = shifts.iter().all(|other| (other - shift).abs() >= APART);
        if is_apart && on_this_side < OFFSETS_ON_A_SIDE {
            shifts.push(shift);
            if shifts.len() == OFFSETS {
                break;
            }
        }
    }
    shifts
}
