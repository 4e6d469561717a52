//! The search of one item: without a warp everywhere, then along the warps what that did not settle.

use super::agreement::SubFingerprints;
use super::align::{Alignment, Pair, align, quick_score};
use super::lookup::{Lookup, LookupScratch};
use super::peak_match::Peaks;
use super::query_plan::Limits;
use super::{Candidate, MatchConfig, Share};
use crate::index::Index;
use crate::index::TrackId;
use crate::matching::verdict::VerdictConfig;
use crate::signal::fingerprint::{Fingerprint, FingerprintConfig};
use crate::signal::landmarks::Warp;
use crate::signal::peaks::{Peak, TIME_UNITS, thin};

/// Searches items in one index. Shared by all workers.
///
/// # Example
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/example.rs"));
/// use std::sync::atomic::AtomicBool;
///
/// use leakhound::matching::verdict::VerdictConfig;
/// use leakhound::matching::{LookupScratch, MatchConfig, Matcher};
/// use leakhound::session::Session;
/// use leakhound::source::{Item, Stamp};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = Example::new()?;
/// # let (masters, clip) = (folder.masters()?, folder.dump()?.join("clip.wav"));
/// let session = Session::open(folder.path().join("home"))?;
/// session.add(&[masters])?;
/// let (snapshot, ingester) = (session.catalog()?.snapshot()?, session.ingester());
/// let item = Item::of_file(clip, Stamp::default());
/// let ingested = ingester.ingest(&item, &AtomicBool::new(false)).map_err(|f| f.what)?;
///
/// let config = *ingester.fingerprinter().config();
/// let matcher = Matcher::new(&snapshot.index, config, MatchConfig::default(), VerdictConfig::default());
/// let found = matcher.search(&ingested.fingerprints[0], &mut LookupScratch::default());
/// for alignment in &found {
///     println!("track {}: {:.0} nats", alignment.track.0, alignment.nats);
/// }
/// # assert_eq!(found.len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Matcher<'a> {
    pub(super) index: &'a Index,
    fingerprint: FingerprintConfig,
    config: MatchConfig,
    verdict: VerdictConfig,
    /// A track that is not looked for.
    without: Option<TrackId>,
}

impl<'a> Matcher<'a> {
    /// A matcher over `index`, whose segments were made with `fingerprint`.
    pub fn new(
        index: &'a Index,
        fingerprint: FingerprintConfig,
        config: MatchConfig,
        verdict: VerdictConfig,
    ) -> Self {
        Self { index, fingerprint, config, verdict, without: None }
    }

    /// The same without a track, whose own sound is searched: it would settle all of itself, and nothing else were looked for.
    #[must_use]
    pub fn without(self, track: TrackId) -> Self {
        Self { without: Some(track), ..self }
    }

    /// Searches an item: at most one alignment for a place of a recording, the surest first.
    ///
    /// What may be a false alarm is counted in two halves, without and with a warp, so that the many
    /// warps do not weigh on what needs none.
    pub fn search(&self, item: &Fingerprint, scratch: &mut LookupScratch) -> Vec<Alignment> {
        let mut alignments = self.search_identity(item, scratch);
        if self.config.warp_reach_octaves > 0.0 {
            self.search_warps(item, scratch, &mut alignments);
        }
        distinct(alignments)
    }

    fn search_identity(&self, item: &Fingerprint, scratch: &mut LookupScratch) -> Vec<Alignment> {
        let peaks = self.marked(&item.peaks);
        let windows = windows(&peaks, self.config.window_frames);
        let n_windows = windows.len().max(1);
        // A long item may hold many recordings: each stretch has its own candidates, and a share of the work.
        let share = |of: Share| (of.item / n_windows).max(of.window);
        let mut density = self.config.identity_density;
        if n_windows > 2 {
            density.fan_out = self.config.long_item_fan_out;
        }
        let mut candidates = Vec::new();
        for window in windows {
            let before = candidates.len();
            let lookup = self.lookup(window, share(self.config.bins));
            let limits = Limits {
                all: share(self.config.identity_postings),
                likely: share(self.config.likely_postings),
            };
            Lookup { density, limits, ..lookup }.identity(scratch, &mut candidates);
            self.leave_out(&mut candidates, before);
            self.keep_promising(item, &mut candidates, before, share(self.config.candidates));
        }
        let mut candidates = merge(candidates);
        let kept = self.config.aligned_of_window * n_windows;
        self.keep_promising(item, &mut candidates, 0, kept.max(self.config.candidates.item));
        self.align_all(item, &candidates, self.released_hypotheses(item))
    }

    /// Takes the track that is not looked for out of the candidates from `first` on.
    fn leave_out(&self, candidates: &mut Vec<Candidate>, first: usize) {
        if let Some(track) = self.without {
            let others: Vec<Candidate> =
                candidates.drain(first..).filter(|c| c.track != track).collect();
            candidates.extend(others);
        }
    }

    /// The peaks of an item, those marked that would lead if it were a recording.
    pub(super) fn marked(&self, peaks: &[Peak]) -> Vec<Peak> {
        let rate = self.fingerprint.frames_per_second() as f32;
        let leading = thin(peaks, self.fingerprint.landmark_peaks_per_second, rate);
        let mut next = leading.iter().peekable();
        peaks.iter().map(|peak| peak.marked(next.next_if_eq(&peak).is_some())).collect()
    }

    /// Looks for warped recordings in what is not settled. Where something is found, what is left is searched
    /// closely: a mix of ours is likely to hold more of ours.
    fn search_warps(
        &self,
        item: &Fingerprint,
        scratch: &mut LookupScratch,
        alignments: &mut Vec<Alignment>,
    ) {
        let rate = self.fingerprint.frames_per_second() as f32;
        let strong = self.marked(&thin(&item.peaks, self.config.warp_peaks_per_second, rate));
        let warps = warps(&self.config);
        let halves = halves(&self.config);
        let mut tried: Vec<Stretch> = Vec::new();
        // A shorter rest tells little, unless it is all there is.
        let least = (0.5 * f64::from(self.config.warp_window_frames)).min(0.9 * self.frames(item));
        for apart in [self.config.warp_window_spacing_frames, self.config.warp_window_frames] {
            let mut gaps = gaps(&self.settled(alignments), self.frames(item));
            gaps.retain(|(from, to)| to - from >= least);
            let mut stretches = self.strongest(&strong, &gaps, f64::from(apart));
            stretches.retain(|new| tried.iter().all(|old| !overlap(*new, *old)));
            tried.extend(&stretches);
            let search_space = self.warped_search_space(item, warps.len());
            // As many as one stretch can have aligned.
            let kept = self.config.candidates.item;
            let mut candidates = Vec::new();
            for (at, stretch) in stretches.iter().enumerate() {
                let before = candidates.len();
                // What is spread over an item shows in its neighbours too.
                let alone = stretches.len() == 1 || apart == self.config.warp_window_frames;
                let warps = if alone { &warps } else { &halves[at % 2] };
                let peaks = within(&strong, *stretch);
                let lookup = self.lookup(peaks, self.config.bins.window);
                let (mut density, mut all) = (self.config.warp_density, self.config.warp_postings);
                if stretches.len() > 1 {
                    density.fan_out = self.config.long_item_warp_fan_out;
                    all = self.config.long_item_warp_postings;
                }
                let limits = Limits { all, likely: self.config.likely_warp_postings };
                Lookup { density, limits, ..lookup }.warped(warps, kept, scratch, &mut candidates);
                self.leave_out(&mut candidates, before);
                keep_best(&mut candidates, before, kept);
            }
            let mut candidates = merge(candidates);
            let kept = self.config.aligned_of_window * stretches.len();
            candidates.truncate(kept.max(self.config.candidates.item));
            alignments.extend(self.align_all(item, &candidates, search_space));
            if !alignments.iter().any(|a| self.sure(a)) {
                break;
            }
        }
    }

    fn sure(&self, alignment: &Alignment) -> bool {
        alignment.false_alarm_probability() < self.verdict.match_below
    }

    /// What needs no further search: stretches that agree surely, without a warp that the search for none
    /// can only have grazed.
    fn settled(&self, alignments: &[Alignment]) -> Vec<Stretch> {
        let clean = |a: &&Alignment| {
            self.sure(a)
                && (a.warped || (a.tempo.ln().abs() < 0.004 && a.pitch_octaves.abs() < 0.007))
        };
        alignments.iter().filter(clean).flat_map(|a| &a.spans).map(|span| span.item).collect()
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
            .map(|c| (quick_score(self.sub_fingerprints(item, c.track), c), *c))
            .collect();
        rest.sort_by(|a, b| b.0.total_cmp(&a.0));
        candidates.truncate(first + by_votes);
        candidates.extend(rest.into_iter().take(kept - by_votes).map(|(_, c)| c));
    }

    fn lookup<'p>(&'p self, peaks: &'p [Peak], max_bins: usize) -> Lookup<'p> {
        Lookup {
            index: self.index,
            peaks,
            pairs: self.fingerprint.landmarks,
            density: self.config.identity_density,
            limits: Limits {
                all: self.config.identity_postings.window,
                likely: self.config.likely_postings.window,
            },
            min_votes: self.config.min_votes,
            max_bins,
        }
    }

    /// Alignments that chance could have picked from without a warp.
    fn released_hypotheses(&self, item: &Fingerprint) -> f64 {
        RELEASED_HYPOTHESES * self.offsets(item) * self.config.candidates.item as f64
    }

    /// … and under warps.
    fn warped_search_space(&self, item: &Fingerprint, warps: usize) -> f64 {
        WARPED_HYPOTHESES * self.offsets(item) * warps as f64
    }

    /// Offsets at which an item can lie against the catalogue, as many as count.
    ///
    /// There is one for each width of a loose peak match, but only the best candidates are aligned, and a
    /// larger catalogue has better ones, not more: chance grows more slowly than the offsets do.
    fn offsets(&self, item: &Fingerprint) -> f64 {
        let tracks = self.index.track_count() as f64;
        let all = (self.index.total_frames() as f64 + tracks * self.frames(item)) / 3.0;
        all.max(1.0).powf(0.75)
    }

    /// Length of an item.
    pub(super) fn frames(&self, item: &Fingerprint) -> f64 {
        item.seconds * self.fingerprint.frames_per_second()
    }

    /// The peaks that are kept of a recording.
    pub(super) fn peaks(&self, track: TrackId) -> Vec<Peak> {
        self.index.peaks(track)
    }

    pub(super) fn sub_fingerprints<'p>(
        &'p self,
        item: &'p Fingerprint,
        track: TrackId,
    ) -> SubFingerprints<'p> {
        let step = self.fingerprint.recording_print_step;
        SubFingerprints {
            item: &item.sub_fingerprints,
            recording: self.index.sub_fingerprints(track),
            step,
        }
    }

    /// An item and the track whose peaks are `peaks`.
    fn pair<'p>(&'p self, item: &'p Fingerprint, track: TrackId, peaks: &'p [Peak]) -> Pair<'p> {
        Pair {
            peaks: Peaks { item: &item.all_peaks, recording: peaks },
            sub_fingerprints: self.sub_fingerprints(item, track),
            item_end: self.frames(item) * f64::from(TIME_UNITS),
            recording_end: f64::from(self.index.frames(track)) * f64::from(TIME_UNITS),
        }
    }

    fn align_all(
        &self,
        item: &Fingerprint,
        candidates: &[Candidate],
        search_space: f64,
    ) -> Vec<Alignment> {
        // Peaks are unpacked once for all candidates of a track.
        let mut by_track: Vec<&Candidate> = candidates.iter().collect();
        by_track.sort_by(|a, b| a.track.cmp(&b.track).then(by_votes(a, b)));
        let mut alignments: Vec<Alignment> = Vec::new();
        for of_track in by_track.chunk_by(|a, b| a.track == b.track) {
            let track = of_track[0].track;
            let peaks = self.index.peaks(track);
            let first = alignments.len();
            for candidate in of_track {
                if !self.is_explained(candidate, &alignments[first..]) {
                    alignments.extend(align(
                        self.pair(item, track, &peaks),
                        candidate,
                        search_space,
                    ));
                }
            }
        }
        sort(&mut alignments);
        alignments
    }

    /// Whether a candidate only shows how a recording resembles itself: where it was looked up, the recording surely
    /// is, and on a line that more votes speak for.
    fn is_explained(&self, candidate: &Candidate, of_track: &[Alignment]) -> bool {
        let unit = f64::from(TIME_UNITS);
        let window = (f64::from(candidate.first) / unit, f64::from(candidate.last) / unit);
        let explains = |better: &&Alignment| {
            candidate.votes as f64 <= EXPLAINED_VOTES * better.votes as f64 && self.sure(better)
        };
        let covered: f64 = of_track
            .iter()
            .filter(explains)
            .map(|better| {
                let spans = better.spans.iter().map(|span| span.item);
                spans.map(|(from, to)| (to.min(window.1) - from.max(window.0)).max(0.0)).sum()
            })
            .fold(0.0, f64::max);
        covered >= EXPLAINED_SHARE * (window.1 - window.0)
    }

    /// The stretches that the warps are tried on: of each part of a gap, as long as `apart`, the one with most
    /// peaks.
    fn strongest(&self, peaks: &[Peak], gaps: &[Stretch], apart: f64) -> Vec<Stretch> {
        let length = f64::from(self.config.warp_window_frames);
        let mut stretches = Vec::new();
        for &(from, to) in gaps {
            let parts = ((to - from) / apart).ceil().max(1.0);
            let part = (to - from) / parts;
            for i in 0..parts as usize {
                let start = from + part * i as f64;
                let places = ((part - length) / (0.5 * length)).ceil().max(0.0) as usize + 1;
                let best = (0..places)
                    .map(|place| {
                        let start = start + 0.5 * length * place as f64;
                        (start, (start + length).min(to))
                    })
                    .max_by_key(|stretch| (within(peaks, *stretch).len(), -stretch.0 as i64));
                stretches.extend(best);
            }
        }
        stretches
    }
}

/// From and to, in frames of the item.
type Stretch = (f64, f64);

/// What of `0..end` lies in none of the stretches.
fn gaps(taken: &[Stretch], end: f64) -> Vec<Stretch> {
    let mut taken = taken.to_vec();
    taken.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut gaps = Vec::new();
    let mut at = 0.0_f64;
    for (from, to) in taken.into_iter().chain([(end, end)]) {
        if from > at {
            gaps.push((at, from));
        }
        at = at.max(to);
    }
    gaps
}

/// The peaks of a stretch.
fn within(peaks: &[Peak], (from, to): Stretch) -> &[Peak] {
    let unit = f64::from(TIME_UNITS);
    stretch(peaks, (from * unit) as u32, (to * unit) as u32)
}

/// The peaks from `start` to before `end`.
fn stretch(peaks: &[Peak], start: u32, end: u32) -> &[Peak] {
    let from = peaks.partition_point(|p| p.time < start);
    let to = peaks.partition_point(|p| p.time < end);
    &peaks[from..to.max(from)]
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

/// The warps that are tried: along speed (pitch and tempo together), tempo alone, pitch alone; or over the whole
/// plane of both.
fn warps(config: &MatchConfig) -> Vec<Warp> {
    let mut warps = lines(config, 1, 0);
    if let Some(step) = config.warp_plane_step_octaves {
        let pitches = steps(config.warp_reach_octaves, config.warp_step_octaves);
        for tempo in steps(config.warp_reach_octaves, step) {
            let tempo = (tempo as f32 * step).exp2();
            let pitches = pitches.clone().map(|i| i as f32 * config.warp_step_octaves);
            warps.extend(pitches.map(|pitch_octaves| Warp { tempo, pitch_octaves }));
        }
    }
    warps
}

/// Every other warp along the lines, and the rest of them: a hash is so coarse that what lies between two is not
/// lost by either. Of the plane, which is as coarse as it may be, all.
fn halves(config: &MatchConfig) -> [Vec<Warp>; 2] {
    match config.warp_plane_step_octaves {
        None => [0, 1].map(|half| lines(config, 2, half)),
        Some(_) => [warps(config), warps(config)],
    }
}

/// The warps along speed, tempo and pitch whose step leaves `rest` when divided by `divisor`.
fn lines(config: &MatchConfig, divisor: i32, rest: i32) -> Vec<Warp> {
    steps(config.warp_reach_octaves, config.warp_step_octaves)
        .filter(|step| step.rem_euclid(divisor) == rest)
        .map(|step| step as f32 * config.warp_step_octaves)
        .flat_map(|o| [(o, o), (o, 0.0), (0.0, o)])
        .map(|(tempo, pitch_octaves)| Warp { tempo: tempo.exp2(), pitch_octaves })
        .filter(|warp| *warp != Warp::IDENTITY)
        .collect()
}

fn steps(reach: f32, step: f32) -> std::ops::RangeInclusive<i32> {
    let steps = (reach / step).round() as i32;
    -steps..=steps
}

/// The share of a candidate's window that a sure alignment has to cover to explain it, and the most that it may have
/// of that one's votes.
const EXPLAINED_SHARE: f64 = 0.9;
const EXPLAINED_VOTES: f64 = 0.8;

/// How many hypotheses a candidate, and a warp, comes to for each offset that counts: so that what is told is what
/// was observed of held-out music, half of it for each of the two searches. The number of stretches an item has
/// changes little, since they share what an item is given.
const RELEASED_HYPOTHESES: f64 = 3.6e-4;
const WARPED_HYPOTHESES: f64 = 4.8e-6;

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
    candidates.sort_by(|a, b| {
        let warp = a.warp.tempo.total_cmp(&b.warp.tempo);
        let warp = warp.then(a.warp.pitch_octaves.total_cmp(&b.warp.pitch_octaves));
        let place = warp.then(a.offset_frames.total_cmp(&b.offset_frames));
        a.track.cmp(&b.track).then(place).then(a.first.cmp(&b.first))
    });
    let mut out: Vec<Candidate> = Vec::new();
    for candidate in candidates {
        match out.last_mut() {
            Some(last) if last.meets(&candidate) => {
                let votes = last.votes + candidate.votes;
                let strongest = if candidate.votes > last.votes { candidate } else { *last };
                *last = Candidate { votes, ..strongest };
            }
            _ => out.push(candidate),
        }
    }
    out.sort_by(by_votes);
    out
}

/// The surest first.
fn sort(alignments: &mut [Alignment]) {
    alignments
        .sort_by(|a, b| a.log_chance().total_cmp(&b.log_chance()).then(a.track.cmp(&b.track)));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_what_nothing_covers() {
        assert_eq!(gaps(&[], 10.0), [(0.0, 10.0)]);
        assert_eq!(gaps(&[(4.0, 6.0), (0.0, 2.0), (5.0, 7.0)], 10.0), [(2.0, 4.0), (7.0, 10.0)]);
        assert!(gaps(&[(0.0, 10.0)], 10.0).is_empty());
    }

    #[test]
    fn the_three_lines_cross_the_plane_of_warps() {
        let lines = warps(&MatchConfig::default());
        assert_eq!(lines.len(), 180);
        assert!(lines.iter().all(|w| *w != Warp::IDENTITY));
        let plane =
            warps(&MatchConfig { warp_plane_step_octaves: Some(0.025), ..MatchConfig::default() });
        assert_eq!(plane.len(), 180 + 37 * 61);
    }
}
