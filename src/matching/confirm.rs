//! A quick check of candidates with only two votes, by the recording's leading peaks.
//!
//! In a catalogue so large that only a ten-thousandth of the postings can be read, a recording may have no more than
//! two votes at its offset. Few other places have as many. Comparing the peaks of one takes some microseconds, a
//! hundredth of an alignment.

use super::Candidate;
use crate::base::settings;
use crate::index::Index;
use crate::signal::landmarks::Warp;
use crate::signal::peaks::{PITCH_UNITS, Peak, TIME_UNITS};

settings! {
    /// Expected number of places with two votes by chance, under one warp, up to which each is checked: then the checks cost
    /// less than the look-up. A guess.
    const MAX_BY_CHANCE: f64 = 16.0;
    /// Positions of an index from which on two votes must do: those of some 45,000 recordings of 200 s. In a smaller index
    /// enough of the postings are read, and checking two votes tripled the cost of the warps when it was measured.
    const FROM_POSITIONS: u64 = 100_000_000;
    /// Largest distance of a peak match in octaves: half a bin of the hash, and half a step between two warps.
    const NEAR_OCTAVES: f32 = 0.02;
    /// Frames to each side of the candidate's offset, which votes tell to an offset bin and a half.
    const REACH: i32 = 6;
    /// Fewest peak matches of a candidate: `.0`, and one more for every `.1` peaks that were looked up. Chance gives fewer than 6
    /// of 60 (test below). A guess.
    const LEAST_MATCHED: (usize, usize) = (8, 16);
}

/// Offset bins of one frame.
const BINS: usize = 2 * REACH as usize + 1;

/// Compares candidates with their recordings' peaks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Confirmed<'a> {
    pub(super) index: &'a Index,
    /// The peaks that were looked up, sorted by time.
    pub(super) peaks: &'a [Peak],
}

impl Confirmed<'_> {
    /// Whether the index is so large that two votes must do, and so few places have two of `votes` by chance that each can
    /// be checked.
    pub(super) fn is_cheap(votes: usize, index: &Index) -> bool {
        // Expected pairs of votes in one bin or in neighbouring ones (the birthday problem).
        let pairs = 1.5 * (votes as f64).powi(2) / index.position_count().max(1) as f64;
        index.position_count() >= FROM_POSITIONS && pairs <= MAX_BY_CHANCE
    }

    /// Whether the item's peaks match more leading peaks of the recording than chance is likely to give.
    pub(super) fn agrees(&self, candidate: &Candidate) -> bool {
        let recording = self.index.peaks(candidate.track);
        let matched = matched(self.peaks, &recording, candidate.warp, candidate.offset_frames);
        matched >= LEAST_MATCHED.0 + self.peaks.len() / LEAST_MATCHED.1
    }
}

/// The largest number of the item's peaks that match leading peaks of the recording, over windows of three frames of offset
/// near `offset_frames`.
fn matched(item: &[Peak], recording: &[Peak], warp: Warp, offset_frames: f64) -> usize {
    let near = (NEAR_OCTAVES * PITCH_UNITS) as i32;
    let rise = (warp.pitch_octaves * PITCH_UNITS) as i32;
    let unit = TIME_UNITS as i32;
    let reach = REACH * unit + unit / 2;
    let mut bins = [0_usize; BINS];
    let mut first = 0;
    for peak in item {
        let time =
            (f64::from(peak.time) * f64::from(warp.tempo) + 16.0 * offset_frames).round() as i64;
        let pitch = i32::from(peak.pitch) - rise;
        let after = |p: &Peak| i64::from(p.time) - time;
        first += recording[first..].partition_point(|p| after(p) < -i64::from(reach));
        let within = recording[first..].iter().take_while(|p| after(p) < i64::from(reach));
        let mut seen = [false; BINS];
        for other in within.filter(|p| p.leads() && (i32::from(p.pitch) - pitch).abs() <= near) {
            let bin = (after(other) as i32 + reach) / unit;
            seen[(bin as usize).min(BINS - 1)] = true;
        }
        bins.iter_mut().zip(seen).for_each(|(bin, seen)| *bin += usize::from(seen));
    }
    bins.windows(3).map(|three| three.iter().sum()).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;

    /// Peaks of dense music, drawn with a seed.
    fn music(seed: u32, count: u32) -> Vec<Peak> {
        let mut dice = Dice::new(seed.into());
        let mut draw = |n: u32| dice.below(n as usize) as u32;
        let peak =
            |i: u32| Peak { time: 64 * i + draw(64), pitch: draw(30_000) as u16, strength: 1 };
        (0..count).map(peak).collect()
    }

    #[test]
    fn the_peaks_of_a_warped_passage_match_those_of_the_recording_and_no_others_do() {
        let (recording, other) = (music(1, 900), music(2, 900));
        let warp = Warp { tempo: 1.05, pitch_octaves: 0.07 };
        let (from, rise) = (300, (0.07 * PITCH_UNITS) as u16);
        let start = f64::from(recording[from].time);
        let item: Vec<Peak> = recording[from..from + 120]
            .iter()
            .step_by(2)
            .map(|p| Peak {
                time: ((f64::from(p.time) - start) / 1.05).round() as u32,
                pitch: p.pitch + rise + 40,
                ..*p
            })
            .collect();
        // Votes tell the offset to about two frames.
        for off in [-3.0, 0.0, 2.5] {
            let offset = start / 16.0 + off;
            let right = matched(&item, &recording, warp, offset);
            assert!(right * 10 > item.len() * 9, "{right} of {}", item.len());
            let wrong = matched(&item, &other, warp, offset);
            assert!(wrong < 6, "{wrong} of {}", item.len());
            let elsewhere = matched(&item, &recording, warp, offset + 40.0);
            assert!(elsewhere < 6, "{elsewhere} of {}", item.len());
        }
    }

    #[test]
    fn places_before_and_behind_a_recording_match_nothing() {
        let (item, recording) = (music(3, 50), music(3, 50));
        for offset in [-1e6, 1e6] {
            assert_eq!(matched(&item, &recording, Warp::IDENTITY, offset), 0);
        }
        // A peak that matches two of the recording's may count twice.
        assert!(matched(&item, &recording, Warp::IDENTITY, 0.0) >= item.len());
        assert_eq!(matched(&item, &[], Warp::IDENTITY, 0.0), 0);
    }
}
