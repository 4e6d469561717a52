//! The search of one item: identity everywhere, then the warps where nothing was found.

use super::agreement::Prints;
use super::align::{Alignment, Pair, align, glance};
use super::lookup::{Lookup, LookupScratch};
use super::meeting::Peaks;
use super::{Candidate, MatchConfig};
use crate::fingerprint::{Fingerprint, FingerprintConfig};
use crate::index::Index;
use crate::landmarks::Warp;
use crate::peaks::{Peak, TIME_UNITS, thin};
use crate::units::TrackId;
use crate::verdict::{INDEPENDENCE, VerdictConfig};

/// Searches items in one index. Shared by all workers.
#[derive(Debug, Clone, Copy)]
pub struct Matcher<'a> {
    index: &'a Index,
    fingerprint: FingerprintConfig,
    config: MatchConfig,
    verdict: VerdictConfig,
}

impl<'a> Matcher<'a> {
    /// A matcher over `index`, whose segments were made with `fingerprint`.
    pub fn new(
        index: &'a Index,
        fingerprint: FingerprintConfig,
        config: MatchConfig,
        verdict: VerdictConfig,
    ) -> Self {
        Self { index, fingerprint, config, verdict }
    }

    /// Searches an item: at most one alignment for a place of a recording, the surest first.
    ///
    /// What may be a false alarm is counted in two halves, without and with a warp, so that the many
    /// warps do not weigh on what needs none.
    pub fn search(&self, item: &Fingerprint, scratch: &mut LookupScratch) -> Vec<Alignment> {
        let frames = self.frames(item);
        let windows = windows(&item.peaks, self.config.window_frames);
        // A long item may hold many recordings: each stretch has its own candidates.
        let share = |all: usize, least: usize| (all / windows.len().max(1)).max(least);
        let kept = share(self.config.max_candidates, self.config.window_candidates);
        let cells = share(self.config.max_cells, self.config.window_cells);
        let mut candidates = Vec::new();
        for window in windows {
            let before = candidates.len();
            self.lookup(window, cells).identity(scratch, &mut candidates);
            self.keep_promising(item, &mut candidates, before, kept);
        }
        let mut alignments = self.align_all(item, &merge(candidates), 2.0 * self.offsets(frames));
        let sure = |a: &Alignment| a.false_alarm_probability() < self.verdict.match_below;
        if !alignments.iter().any(sure) {
            alignments.extend(self.search_warps(item, scratch));
        }
        distinct(alignments)
    }

    /// Keeps the best of the candidates from `first` on, half by their votes and half by their prints: votes
    /// are few where most of the peaks are lost.
    fn keep_promising(
        &self,
        item: &Fingerprint,
        candidates: &mut Vec<Candidate>,
        first: usize,
        kept: usize,
    ) {
        let found = &mut candidates[first..];
        found.sort_by(by_votes);
        let by_votes = found.len().min(kept / 2);
        let mut rest: Vec<(f64, Candidate)> = found[by_votes..]
            .iter()
            .map(|c| (glance(self.pair(item, c.track).prints, c), *c))
            .collect();
        rest.sort_by(|a, b| b.0.total_cmp(&a.0));
        candidates.truncate(first + by_votes);
        candidates.extend(rest.into_iter().take(kept - by_votes).map(|(_, c)| c));
    }

    fn search_warps(
        &self,
        item: &Fingerprint,
        scratch: &mut LookupScratch,
    ) -> Vec<Alignment> {
        let rate = self.fingerprint.frames_per_second() as f32;
        let strong = thin(&item.peaks, self.config.warp_peaks_per_second, rate);
        let stretches = self.strongest(&strong);
        let warps = warps(&self.config);
        let mut candidates = Vec::new();
        for stretch in &stretches {
            let before = candidates.len();
            Lookup {
                density: self.config.warp_density,
                max_postings: self.config.warp_postings,
                ..self.lookup(stretch, self.config.window_cells)
            }
            .warped(&warps, scratch, &mut candidates);
            keep_best(&mut candidates, before, KEPT);
        }
        let frames = f64::from(self.config.warp_window_frames).min(self.frames(item));
        let hypotheses = 2.0 * self.offsets(frames) * (warps.len() * stretches.len()) as f64;
        let mut candidates = merge(candidates);
        candidates.truncate(self.config.max_candidates);
        self.align_all(item, &candidates, hypotheses)
    }

    fn lookup<'p>(&'p self, peaks: &'p [Peak], max_cells: usize) -> Lookup<'p> {
        Lookup {
            index: self.index,
            peaks,
            pairs: self.fingerprint.landmarks,
            density: self.config.identity_density,
            max_postings: self.config.identity_postings,
            min_votes: self.config.min_votes,
            max_cells,
        }
    }

    /// Number of offsets at which an item of `frames` can lie against the catalogue: one for each width
    /// of a loose meeting.
    fn offsets(&self, frames: f64) -> f64 {
        let tracks = self.index.track_count() as f64;
        (self.index.total_frames() as f64 + tracks * frames) / 3.0
    }

    /// TEMPORARY
    pub fn oracle(&self, item: &Fingerprint, track: TrackId, offset_frames: f64) -> Option<Alignment> {
        let last = item.peaks.last().map_or(0, |p| p.time);
        let c = Candidate { track, warp: Warp::IDENTITY, offset_frames, votes: 0, first: 0, last };
        align(self.pair(item, track), &c, 2.0 * self.offsets(self.frames(item)))
    }

    /// Length of an item.
    fn frames(&self, item: &Fingerprint) -> f64 {
        item.seconds * self.fingerprint.frames_per_second()
    }

    fn pair<'p>(&'p self, item: &'p Fingerprint, track: TrackId) -> Pair<'p> {
        let kept = self.index.track(track);
        let step = self.fingerprint.recording_print_step;
        Pair {
            peaks: Peaks { item: &item.all_peaks, recording: kept.peaks },
            prints: Prints { item: &item.prints, recording: kept.prints, step },
            item_end: self.frames(item) * f64::from(TIME_UNITS),
            recording_end: f64::from(kept.frames) * f64::from(TIME_UNITS),
        }
    }

    fn align_all(
        &self,
        item: &Fingerprint,
        candidates: &[Candidate],
        hypotheses: f64,
    ) -> Vec<Alignment> {
        let mut alignments: Vec<Alignment> = candidates
            .iter()
            .filter_map(|c| align(self.pair(item, c.track), c, hypotheses))
            .collect();
        sort(&mut alignments);
        alignments
    }

    /// The stretches that the warps are tried on: from each part of the item the one with most peaks.
    fn strongest<'p>(&self, peaks: &'p [Peak]) -> Vec<&'p [Peak]> {
        let MatchConfig { warp_windows, warp_window_frames, .. } = self.config;
        let length = warp_window_frames * TIME_UNITS as u32;
        let Some(last) = peaks.last() else { return Vec::new() };
        let parts = (last.time / length + 1).min(warp_windows as u32);
        let part = (last.time / parts + 1).max(1);
        (0..parts)
            .filter_map(|i| {
                let (from, to) = (i * part, (i + 1) * part);
                (from..to.max(from + 1))
                    .step_by(length as usize / 2)
                    .map(|start| stretch(peaks, start, start + length))
                    .enumerate()
                    .max_by_key(|(i, s)| (s.len(), std::cmp::Reverse(*i)))
                    .map(|(_, s)| s)
            })
            .filter(|s| !s.is_empty())
            .collect()
    }
}

/// The peaks from `start` to before `end`.
fn stretch(peaks: &[Peak], start: u32, end: u32) -> &[Peak] {
    let from = peaks.partition_point(|p| p.time < start);
    let to = peaks.partition_point(|p| p.time < end);
    &peaks[from..to]
}

/// Cuts peaks into stretches of `frames`; the last takes a short rest in.
fn windows(peaks: &[Peak], frames: u32) -> Vec<&[Peak]> {
    let length = frames * TIME_UNITS as u32;
    let Some(last) = peaks.last() else { return Vec::new() };
    let count = ((f64::from(last.time) / f64::from(length)).round() as u32).max(1);
    (0..count)
        .map(|i| {
            let end = if i + 1 == count { u32::MAX } else { (i + 1) * length };
            stretch(peaks, i * length, end)
        })
        .collect()
}

/// The warps that are tried: along speed (pitch and tempo together), tempo alone, pitch alone.
fn warps(config: &MatchConfig) -> Vec<Warp> {
    let steps = (config.warp_reach_octaves / config.warp_step_octaves).round() as i32;
    let mut warps = Vec::new();
    for step in (1..=steps).flat_map(|s| [s, -s]) {
        let octaves = step as f32 * config.warp_step_octaves;
        let tempo = octaves.exp2();
        warps.push(Warp { tempo, pitch_octaves: octaves });
        warps.push(Warp { tempo, pitch_octaves: 0.0 });
        warps.push(Warp { tempo: 1.0, pitch_octaves: octaves });
    }
    warps
}

/// Candidates of one stretch that are kept under all warps, with the most votes.
const KEPT: usize = 128;

/// Keeps the best of the candidates from `first` on: music that repeats itself gives thousands.
fn keep_best(candidates: &mut Vec<Candidate>, first: usize, kept: usize) {
    candidates[first..].sort_by(by_votes);
    candidates.truncate(first + kept);
}

/// Most votes first; all else only makes the order total.
fn by_votes(a: &Candidate, b: &Candidate) -> std::cmp::Ordering {
    let votes = b.votes.cmp(&a.votes).then(a.track.cmp(&b.track));
    let place = votes.then(a.offset_frames.total_cmp(&b.offset_frames));
    let warp = place.then(a.warp.tempo.total_cmp(&b.warp.tempo));
    warp.then(a.warp.pitch_octaves.total_cmp(&b.warp.pitch_octaves)).then(a.first.cmp(&b.first))
}

/// Most votes first; candidates of one track at the same place and warp become one.
fn merge(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    candidates.sort_by(by_votes);
    let mut out: Vec<Candidate> = Vec::new();
    for candidate in candidates {
        let same = |o: &&mut Candidate| {
            o.track == candidate.track
                && o.warp == candidate.warp
                && (o.offset_frames - candidate.offset_frames).abs() < 12.0
        };
        match out.iter_mut().find(same) {
            Some(other) => {
                other.votes += candidate.votes;
            }
            None => out.push(candidate),
        }
    }
    out.sort_by(by_votes);
    out
}

fn sort(alignments: &mut [Alignment]) {
    // By the logarithm: the probability itself has a floor.
    let surety = |a: &Alignment| a.nats * INDEPENDENCE - a.hypotheses.max(1.0).ln();
    alignments.sort_by(|a, b| surety(b).total_cmp(&surety(a)).then(a.track.cmp(&b.track)));
}

/// Drops alignments of a track whose stretch of the item a better one of the same track covers.
fn distinct(mut alignments: Vec<Alignment>) -> Vec<Alignment> {
    sort(&mut alignments);
    let mut out: Vec<Alignment> = Vec::new();
    for alignment in alignments {
        let covered = out.iter().filter(|o| o.track == alignment.track).any(|better| {
            alignment.spans.iter().all(|s| better.spans.iter().any(|b| overlap(s.item, b.item)))
        });
        if !covered {
            out.push(alignment);
        }
    }
    out
}

fn overlap(a: (f64, f64), b: (f64, f64)) -> bool {
    let common = a.1.min(b.1) - a.0.max(b.0);
    common > 0.3 * (a.1 - a.0)
}
