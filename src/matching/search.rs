//! The search of one item: without a warp everywhere, then along the warps what that did not settle.

use super::agreement::SubFingerprints;
use super::align::{Alignment, Pair, align, quick_score};
use super::lookup::{Lookup, LookupScratch};
use super::merge::{by_votes, covers, distinct, keep_best, merge, sort};
use super::peak_match::Peaks;
use super::query_plan::Limits;
use super::stretch::{Stretch, gaps, strongest, windows, within};
use super::verdict::VerdictConfig;
use super::warp_grid::{halves, warps};
use super::{Candidate, MatchConfig, Share};
use crate::base::settings;
use crate::index::{Index, TrackId};
use crate::record::{AS_RELEASED_CENTS, AS_RELEASED_TEMPO};
use crate::signal::fingerprint::{Fingerprint, FingerprintConfig};
use crate::signal::peaks::{Peak, TIME_UNITS, thin};

settings! {
    /// A stretch that is searched under warps has at least this share of [`MatchConfig::warp_window_frames`], or
    /// [`LEAST_OF_ITEM`] of the item if that is less: a shorter rest says little. A guess.
    const LEAST_OF_WINDOW: f64 = 0.5;
    /// See [`LEAST_OF_WINDOW`]. A guess.
    const LEAST_OF_ITEM: f64 = 0.9;

    /// An unwarped alignment whose tempo is off by less (in natural logarithms) settles its stretch; one that is further
    /// off may be a warped recording that the search without warps only grazed. A guess.
    ///
    /// It is narrower than [`is_as_released`](crate::record::is_as_released), which decides what an alignment is called:
    /// a stretch near that border is searched under warps as well.
    const SETTLED_LOG_TEMPO: f64 = 0.004;
    /// The same for pitch, in octaves: 8.4 cents. A guess.
    const SETTLED_OCTAVES: f64 = 0.007;

    /// An unwarped alignment settles its stretch if the item has at least this share of the recording's peaks in its spans. Slow
    /// chords agree for some seconds at any tempo: such an alignment had 0.2 to 0.4 where its recording played 10 % faster, and
    /// those of copies as released have more, but under noise. Fitted to seeds 5 and 6 of `scripts/programmed`.
    const SETTLED_SHARE: f64 = 0.5;

    /// A sure alignment explains a candidate if it covers this share of the stretch that was looked up … A guess.
    const EXPLAINED_SHARE: f64 = 0.9;
    /// The other half of that condition: the candidate has at most this share of its votes. A guess.
    const EXPLAINED_VOTES: f64 = 0.8;

    /// Factor of the effective search space without warps (the `K` of Karlin & Altschul 1990), for each offset.
    /// Fitted to held-out music: with it the false-alarm probability that is told is the rate that was observed
    /// (`benches/EVALUATION.md`, "Is the false-alarm probability true?"). The number of stretches of an item changes little, since they share
    /// the item's candidates.
    const RELEASED_SEARCH_SPACE: f64 = 8.64e-3;
    /// The same under warps, for each offset and warp. Fitted likewise.
    const WARPED_SEARCH_SPACE: f64 = 4.8e-6;
    /// Frames from one independent offset to the next: the width of a loose peak match.
    const FRAMES_AN_OFFSET: f64 = 3.0;
    /// How the effective search space grows with the number of offsets. Below 1, since only the best candidates are aligned,
    /// and a larger catalogue has better ones, not more. Fitted to held-out music.
    const OFFSETS_EXPONENT: f64 = 0.75;
}

const _: () = assert!(SETTLED_LOG_TEMPO < AS_RELEASED_TEMPO);
const _: () = assert!(SETTLED_OCTAVES * 1_200.0 < AS_RELEASED_CENTS);

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
    /// A track that is left out of the search.
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

    /// The same matcher without one track. To search for a track of the index in all others, since it would settle
    /// the whole item at once and nothing else would be looked for.
    #[must_use]
    pub fn without(self, track: TrackId) -> Self {
        Self { without: Some(track), ..self }
    }

    /// Searches an item: at most one alignment for a place of a recording, the surest first.
    ///
    /// The false-alarm budget is split evenly between the unwarped and the warped search, so that the many warps do not
    /// penalise unwarped matches.
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
        // A long item may hold many recordings: each window has its own candidates, and a share of the work.
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
        self.align_all(item, &candidates, self.released_search_space(item))
    }

    /// Removes the track that is left out of the search from the candidates from `first` on.
    fn leave_out(&self, candidates: &mut Vec<Candidate>, first: usize) {
        if let Some(track) = self.without {
            let others: Vec<Candidate> =
                candidates.drain(first..).filter(|c| c.track != track).collect();
            candidates.extend(others);
        }
    }

    /// The peaks of an item, with those marked that would lead if it were a recording.
    pub(super) fn marked(&self, peaks: &[Peak]) -> Vec<Peak> {
        let rate = self.fingerprint.frames_per_second() as f32;
        let leading = thin(peaks, self.fingerprint.landmark_peaks_per_second, rate);
        let mut next = leading.iter().peekable();
        peaks.iter().map(|peak| peak.marked(next.next_if_eq(&peak).is_some())).collect()
    }

    /// Searches under warps what is not settled. The first pass takes stretches far apart. If anything is found, a second pass
    /// searches the rest without gaps: a mix that holds one recording of the catalogue is likely to hold more.
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
        let length = f64::from(self.config.warp_window_frames);
        let least = (LEAST_OF_WINDOW * length).min(LEAST_OF_ITEM * self.frames(item));
        for apart in [self.config.warp_window_spacing_frames, self.config.warp_window_frames] {
            let mut gaps = gaps(&self.settled(alignments), self.frames(item));
            gaps.retain(|(from, to)| to - from >= least);
            let mut stretches = strongest(&strong, &gaps, f64::from(apart), length);
            stretches.retain(|new| tried.iter().all(|old| !covers(*old, *new)));
            tried.extend(&stretches);
            let search_space = self.warped_search_space(item, warps.len());
            // As many as are aligned if all the best lie in one stretch.
            let kept = self.config.candidates.item;
            let mut candidates = Vec::new();
            for (at, stretch) in stretches.iter().enumerate() {
                let before = candidates.len();
                // Neighbouring stretches take turns with half of the warps: a recording that plays on is in both.
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

    /// The stretches that need no further search: those of sure alignments, unless an unwarped one is off by so much, or agrees
    /// in so little, that a warped search may fit it better.
    fn settled(&self, alignments: &[Alignment]) -> Vec<Stretch> {
        let clean = |a: &&Alignment| {
            self.sure(a)
                && (a.warped
                    || (a.tempo.ln().abs() < SETTLED_LOG_TEMPO
                        && a.pitch_octaves.abs() < SETTLED_OCTAVES
                        && a.matched_share() >= SETTLED_SHARE))
        };
        alignments.iter().filter(clean).flat_map(|a| &a.spans).map(|span| span.item).collect()
    }

    /// Keeps the best of the candidates from `first` on, half by their votes and half by their sub-fingerprints: where most
    /// of the peaks are lost there are few votes.
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

    /// Effective search space without warps: the number of independent alignments that chance could pick the best from.
    fn released_search_space(&self, item: &Fingerprint) -> f64 {
        RELEASED_SEARCH_SPACE * self.offsets(item)
    }

    /// Effective search space under warps.
    fn warped_search_space(&self, item: &Fingerprint, warps: usize) -> f64 {
        WARPED_SEARCH_SPACE * self.offsets(item) * warps as f64
    }

    /// Effective number of offsets at which an item can lie against the catalogue. See [`OFFSETS_EXPONENT`].
    fn offsets(&self, item: &Fingerprint) -> f64 {
        let tracks = self.index.track_count() as f64;
        let frames = self.index.total_frames() as f64 + tracks * self.frames(item);
        (frames / FRAMES_AN_OFFSET).max(1.0).powf(OFFSETS_EXPONENT)
    }

    /// Length of an item in frames.
    pub(super) fn frames(&self, item: &Fingerprint) -> f64 {
        item.seconds * self.fingerprint.frames_per_second()
    }

    /// The peaks kept of a recording.
    pub(super) fn peaks(&self, track: TrackId) -> Vec<Peak> {
        self.index.peaks(track)
    }

    /// The sub-fingerprints of an item and a track.
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
    pub(super) fn pair<'p>(
        &'p self,
        item: &'p Fingerprint,
        track: TrackId,
        peaks: &'p [Peak],
    ) -> Pair<'p> {
        Pair {
            peaks: Peaks { item: &item.all_peaks, recording: peaks },
            sub_fingerprints: self.sub_fingerprints(item, track),
            item_end: self.frames(item) * f64::from(TIME_UNITS),
            recording_end: f64::from(self.index.frames(track)) * f64::from(TIME_UNITS),
        }
    }

    /// Aligns candidates, the surest alignment first.
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
                        self.verdict.suspect_below,
                    ));
                }
            }
        }
        sort(&mut alignments);
        alignments
    }

    /// Whether a candidate only shows that a recording resembles itself: the same recording is surely where the candidate was
    /// looked up, at an offset with clearly more votes.
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
}
