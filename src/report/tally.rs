//! Distributions of the findings and items of a run, from which charts are drawn.
//!
//! The size is bounded for any run: names beyond a limit are counted together.

use std::collections::BTreeMap;

use crate::record::{FailureKind, Finding, ItemRecord, Verdict};

/// Lower edges of the bins of scores after the first, in nats, each twice the one before. A guess at what reads well.
pub(super) const SCORE_EDGES: [f64; 8] = [25.0, 50.0, 100.0, 200.0, 400.0, 800.0, 1_600.0, 3_200.0];
/// Bins of the plane of tempo and pitch: 2 % wide and 50 cents high. A guess.
pub(super) const TEMPO_STEP: f64 = 0.02;
pub(super) const PITCH_STEP_CENTS: f64 = 50.0;
/// Outermost bin in each direction: tempo from 0.5 to 1.5, pitch by 1,250 cents. A guess.
const OUTERMOST_BIN: f64 = 25.0;
/// Most containers that are counted by name. A guess that bounds memory.
const MAX_CONTAINERS: usize = 5_000;
/// Most kinds of failures that are counted by name; this program has some dozens.
const MAX_FAILURES: usize = 500;

/// Findings of a bin: matches, suspects, permitted.
pub(super) type ByVerdict = [u64; 3];

/// Distributions of a run. Only findings of sound are in the first four.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Tally {
    /// Findings by score.
    pub(super) scores: [ByVerdict; SCORE_EDGES.len() + 1],
    /// Findings by the share of the recording that was found, in tenths.
    pub(super) of_recording: [ByVerdict; 10],
    /// Findings by the share of the item that is the recording, in tenths.
    pub(super) of_item: [ByVerdict; 10],
    /// Findings by bin of tempo and of pitch; (0, 0) is as released.
    pub(super) plane: BTreeMap<(i8, i8), u64>,
    /// Items of each container: matched, suspect, permitted, clear, failed.
    pub(super) containers: BTreeMap<String, [u64; 5]>,
    /// Items of containers beyond the limit.
    pub(super) elsewhere: [u64; 5],
    /// Items that could not be read, by kind of failure.
    pub(super) failures: BTreeMap<String, u64>,
    /// The largest false-alarm probability of a match by sound.
    pub(super) weakest_match: Option<f64>,
}

impl Tally {
    pub(super) const EMPTY: Self = Self {
        scores: [[0; 3]; SCORE_EDGES.len() + 1],
        of_recording: [[0; 3]; 10],
        of_item: [[0; 3]; 10],
        plane: BTreeMap::new(),
        containers: BTreeMap::new(),
        elsewhere: [0; 5],
        failures: BTreeMap::new(),
        weakest_match: None,
    };

    pub(super) fn add(&mut self, record: &ItemRecord) {
        let failure = record.failure.as_ref().filter(|_| record.verdict == Verdict::Failed);
        if failure.is_some_and(|failure| failure.kind == FailureKind::NotAudio) {
            return;
        }
        let container = container(record);
        let full =
            self.containers.len() >= MAX_CONTAINERS && !self.containers.contains_key(&container);
        let counts =
            if full { &mut self.elsewhere } else { self.containers.entry(container).or_default() };
        counts[record.verdict as usize] += 1;
        if let Some(failure) = failure {
            let full = self.failures.len() >= MAX_FAILURES
                && !self.failures.contains_key(failure.kind.as_str());
            let kind = if full { "other" } else { failure.kind.as_str() };
            *self.failures.entry(kind.to_owned()).or_default() += 1;
        }
        record.findings.iter().filter(|finding| finding.is_heard()).for_each(|f| self.finding(f));
    }

    fn finding(&mut self, finding: &Finding) {
        let verdict = verdict_place(finding.verdict);
        let score = SCORE_EDGES.partition_point(|edge| *edge <= finding.score);
        self.scores[score][verdict] += 1;
        self.of_recording[tenth(finding.recording_coverage)][verdict] += 1;
        self.of_item[tenth(finding.item_coverage)][verdict] += 1;
        let step = |off: f64| off.round().clamp(-OUTERMOST_BIN, OUTERMOST_BIN) as i8;
        let place = (
            step((finding.tempo - 1.0) / TEMPO_STEP),
            step(finding.pitch_cents / PITCH_STEP_CENTS),
        );
        *self.plane.entry(place).or_default() += 1;
        if finding.verdict == Verdict::Match {
            let weakest = self.weakest_match.unwrap_or(0.0).max(finding.false_alarm_probability);
            self.weakest_match = Some(weakest);
        }
    }
}

/// Index of a finding's verdict in [`ByVerdict`].
pub(super) const fn verdict_place(verdict: Verdict) -> usize {
    match verdict {
        Verdict::Match => 0,
        Verdict::Permitted => 2,
        _ => 1,
    }
}

fn tenth(share: f64) -> usize {
    ((share * 10.0).ceil() as usize).clamp(1, 10) - 1
}

/// The container of an item, for people: its torrent, or the archive on disk that contains it, or its folder.
pub(super) fn container(record: &ItemRecord) -> String {
    let item = &record.item;
    if let Some(torrent) = &item.torrent {
        return format!("torrent {}", torrent.name);
    }
    let archive = item.path.find("!/").filter(|_| !item.containers.is_empty());
    let end = archive.unwrap_or_else(|| item.path.rfind(['/', '\\']).unwrap_or(0));
    item.path[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{finding, record};
    use super::*;

    #[test]
    fn a_finding_is_counted_in_the_bin_of_its_numbers() {
        let found = Finding {
            score: 50.0,
            recording_coverage: 0.3,
            item_coverage: 0.0,
            tempo: 1.25,
            pitch_cents: -386.0,
            verdict: Verdict::Suspect,
            ..finding("r")
        };
        let mut tally = Tally::EMPTY;
        tally.add(&record("/dump/a.ogg", vec![found]));
        assert_eq!(tally.scores[2], [0, 1, 0]);
        assert_eq!((tally.of_recording[2], tally.of_item[0]), ([0, 1, 0], [0, 1, 0]));
        assert_eq!(tally.plane, BTreeMap::from([((13, -8), 1)]));
        assert_eq!(tally.containers, BTreeMap::from([("/dump".to_owned(), [0, 1, 0, 0, 0])]));
        assert_eq!(tally.weakest_match, None);
    }

    #[test]
    fn numbers_out_of_range_are_counted_in_the_outer_bins() {
        let found = Finding {
            score: f64::NAN,
            recording_coverage: f64::NAN,
            item_coverage: 7.0,
            tempo: f64::INFINITY,
            pitch_cents: f64::NAN,
            ..finding("r")
        };
        let mut tally = Tally::EMPTY;
        tally.add(&record("x", vec![found]));
        assert_eq!((tally.of_recording[0][0], tally.of_item[9][0]), (1, 1));
        assert_eq!(tally.plane, BTreeMap::from([((25, 0), 1)]));
    }

    #[test]
    fn an_item_belongs_to_its_torrent_its_archive_or_its_folder() {
        let mut item = record("/d/x.tar!/in/y.ogg", Vec::new());
        assert_eq!(container(&item), "/d/x.tar!/in");
        item.item.containers = "tar".to_owned();
        assert_eq!(container(&item), "/d/x.tar");
        assert_eq!(container(&record("bare", Vec::new())), "");
    }

    #[test]
    fn a_million_containers_are_counted_in_a_bounded_table() {
        let mut tally = Tally::EMPTY;
        for number in 0..MAX_CONTAINERS + 7 {
            tally.add(&record(&format!("/d/{number}/x.ogg"), Vec::new()));
        }
        assert_eq!((tally.containers.len(), tally.elsewhere[3]), (MAX_CONTAINERS, 7));
    }
}
