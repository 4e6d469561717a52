//! Which old runs can lose their records, and what of them stays.
//!
//! Catalogue, decisions, notices, manifests and timestamp tokens are never touched. Of a run that is pruned every record stays in which a finding was
//! decided on, in the run in which that was reviewed and in the newest run that has it. A run with an open finding that no newer run
//! has is left alone, unless it is named.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::{Session, SessionError};
use crate::base::free_bytes;
use crate::record::{DecisionState, Finding, ItemFacts, Verdict};
use crate::results::{ResultStore, Run, RunSize};
use crate::review::Decisions;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// Which runs are to be pruned.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PruneWish {
    /// These, also if they have open findings. Empty: all that the other two allow.
    pub runs: Vec<i64>,
    /// How many of the newest complete runs over the same paths are kept.
    pub keep: usize,
    /// Only those that began so many days ago.
    pub older_than_days: u32,
}

/// Why a run keeps its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is among the newest over its paths.
    Newest,
    /// It is not old enough.
    Young,
    /// It was stopped, and the same scan goes on with it.
    Unfinished,
    /// A scan that goes on takes records over from it.
    Base,
    /// It has so many open findings that no newer run has.
    Open(u64),
    /// It has nothing more to lose.
    Pruned,
}

/// What a prune does with a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// These records are deleted, and those stay.
    Prune {
        /// What is deleted.
        deleted: RunSize,
        /// What stays: records with findings that people decided on.
        left: RunSize,
    },
    /// All of its records stay.
    Keep(Kept),
}

/// A run and what a prune does with it.
#[derive(Debug, Clone, PartialEq)]
pub struct PruneRow {
    /// The run.
    pub run: Run,
    /// What happens to it.
    pub fate: Fate,
    keys: BTreeSet<Vec<u8>>,
}

/// What a prune has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    /// Number of runs.
    pub runs: u64,
    /// The records that were deleted.
    pub deleted: RunSize,
    /// Bytes of the database file before and after.
    pub file: (u64, u64),
    /// Whether the file keeps its size for lack of room to write it anew; what was freed is used by later runs.
    pub keeps_size: bool,
    /// Whether it was stopped; the same command goes on.
    pub stopped: bool,
}

/// A finding at its place.
type Shown = (String, String, u32);

fn shown(item: &ItemFacts, finding: &Finding) -> Shown {
    (item.locator.clone(), finding.recording_id.clone(), finding.stream)
}

impl Session {
    /// What a prune would do with each run, oldest first. Nothing is changed.
    ///
    /// # Errors
    ///
    /// If a named run is not there, or the results or decisions cannot be read.
    pub fn pruning(&self, wish: &PruneWish) -> Result<Vec<PruneRow>, SessionError> {
        let (store, decisions) = (self.results()?, self.decisions()?);
        for run_id in &wish.runs {
            store.run(Some(*run_id))?;
        }
        let runs = store.runs()?;
        let bases = store.bases_of_unfinished()?;
        let now = (self.settings.clock)();
        // Who names a run wants it pruned, but never the newest.
        let keep = if wish.runs.is_empty() { wish.keep.max(1) } else { 1 };
        let mut seen = Seen::default();
        let mut rows = Vec::new();
        let mut newer: BTreeMap<Vec<String>, (usize, bool)> = BTreeMap::new();
        for run in runs.into_iter().rev() {
            let (complete, is_any) = newer.entry(run.key.roots.clone()).or_default();
            let kept = if run.complete && *complete < keep && run.pruned.is_none() {
                Some(Kept::Newest)
            } else if !run.complete && !*is_any {
                Some(Kept::Unfinished)
            } else if bases.contains(&run.run_id) {
                Some(Kept::Base)
            } else if !wish.runs.is_empty() {
                (!wish.runs.contains(&run.run_id)).then_some(Kept::Young)
            } else if run.started > now - i64::from(wish.older_than_days) * DAY {
                Some(Kept::Young)
            } else {
                None
            };
            *complete += usize::from(run.complete);
            *is_any = true;
            let is_named = wish.runs.contains(&run.run_id);
            rows.push(seen.row(&store, &decisions, run, kept, is_named)?);
        }
        rows.reverse();
        Ok(rows)
    }

    /// Deletes what [`Session::pruning`] said it would, and gives room back to the system.
    ///
    /// # Errors
    ///
    /// If the results cannot be written, or one of the runs is being scanned.
    pub fn prune(&self, rows: &[PruneRow]) -> Result<Pruned, SessionError> {
        let mut store = self.results()?;
        let now = (self.settings.clock)();
        let is_stopped = || self.stop.load(std::sync::atomic::Ordering::Relaxed);
        let mut pruned = Pruned { file: (store.room()?.1, 0), ..Pruned::default() };
        for row in rows.iter().filter(|row| matches!(row.fate, Fate::Prune { .. })) {
            if is_stopped() {
                break;
            }
            let deleted = store.prune(row.run.run_id, &row.keys, now, &self.stop)?;
            pruned.deleted = pruned.deleted.and(deleted);
            pruned.runs += 1;
        }
        // Also what an earlier one could not give back.
        let (unused, all) = store.room()?;
        if unused > 0 && !is_stopped() {
            let needed = if store.gives_back()? { 0 } else { all.saturating_sub(unused) };
            let has_room = free_bytes(&self.home).is_none_or(|free| free > needed + needed / 8);
            // Whoever reads meanwhile, and a disk without room for a copy, costs nothing but the room.
            pruned.keeps_size = !has_room || store.give_back(&self.stop).is_err();
        }
        pruned.file.1 = store.room()?.1;
        pruned.stopped = is_stopped();
        Ok(pruned)
    }
}

/// The findings of newer runs, which keep their records.
#[derive(Debug, Default)]
struct Seen {
    /// Open ones, and those that are decided: a record of them stays.
    all: HashSet<Shown>,
}

impl Seen {
    fn row(
        &mut self,
        store: &ResultStore,
        decisions: &Decisions,
        run: Run,
        kept: Option<Kept>,
        is_named: bool,
    ) -> Result<PruneRow, SessionError> {
        let run_id = run.run_id;
        let of_here = decisions.reviewed_in(run_id);
        let (mut keys, mut left, mut open) = (BTreeSet::new(), RunSize::default(), 0);
        let mut here = Vec::new();
        store.for_each_left::<SessionError>(run_id, |key, record| {
            let mut stays = false;
            for finding in &record.findings {
                let place = shown(&record.item, finding);
                let decision = decisions.of(&record.item, finding);
                let is_known = self.all.contains(&place);
                stays |= of_here.contains(&finding.finding_id);
                match decision.map(|decision| decision.state) {
                    Some(DecisionState::Accepted | DecisionState::Dismissed) => {
                        stays |= !is_known;
                    }
                    // A deferred finding is open.
                    _ => open += u64::from(finding.verdict <= Verdict::Suspect && !is_known),
                }
                here.push(place);
            }
            if stays {
                left = left.and(ResultStore::size_of_record(key, &record));
                keys.insert(key.to_vec());
            }
            Ok(())
        })?;
        let size = store.size_of(run_id)?;
        let fate = match kept {
            Some(kept) => Fate::Keep(kept),
            None if open > 0 && !is_named => Fate::Keep(Kept::Open(open)),
            None if size.items <= left.items => Fate::Keep(Kept::Pruned),
            None => Fate::Prune { deleted: size.without(left), left },
        };
        match fate {
            // What stays of a pruned run is a record of its findings, too.
            Fate::Prune { .. } => {
                store.for_each_left::<SessionError>(run_id, |key, record| {
                    if keys.contains(key) {
                        let places = record.findings.iter().map(|found| shown(&record.item, found));
                        self.all.extend(places);
                    }
                    Ok(())
                })?;
            }
            Fate::Keep(_) => self.all.extend(here),
        }
        Ok(PruneRow { run, fate, keys })
    }
}
