//! The run, the manifest or the finding that somebody names by a number or an id; without a name, the newest.

use super::{ResultStore, ResultsError, Run, Sealed};
use crate::record::ItemRecord;

/// Fewest hexadecimal digits of a finding's id that may stand for it. A guess: with 4 an accidental prefix is rare.
const FEWEST_DIGITS: usize = 4;

/// Why what was named cannot be given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChoiceError {
    /// There is no run yet.
    #[error("there is no run yet; scan something first: leakhound scan PATH")]
    NoRun,
    /// There is no run of that number.
    #[error("there is no run {run_id}; list the runs: leakhound runs")]
    UnknownRun {
        /// The number.
        run_id: i64,
    },
    /// No run has a manifest yet.
    #[error("no run has a manifest yet; scan something first: leakhound scan PATH")]
    NoManifest,
    /// A complete run of a version without manifests.
    #[error("run {run_id} has no manifest: an old version of leakhound made it; scan again")]
    OldRun {
        /// The run.
        run_id: i64,
    },
    /// A run that was stopped gets its manifest when it ends.
    #[error("run {run_id} has no manifest: it was stopped before its end; scan again to resume it")]
    StoppedRun {
        /// The run.
        run_id: i64,
    },
    /// The text is no id of a finding.
    #[error(
        "{id:?} is not the id of a finding, which is f- and {FEWEST_DIGITS} to 16 hexadecimal digits; copy it from a \
         report"
    )]
    NoId {
        /// The text.
        id: String,
    },
    /// Several findings of a run have ids that begin so.
    #[error("several findings have ids that begin with {id}, such as {such_as}; give more digits")]
    SeveralFindings {
        /// The begin of an id.
        id: String,
        /// Two of the ids.
        such_as: String,
    },
    /// No run has such a finding, or not the run that was named.
    #[error(
        "no finding {id} is in {}; copy its id from a report",
        run_id.map_or("any run".to_owned(), |run_id| format!("run {run_id}"))
    )]
    UnknownFinding {
        /// The id, or its begin.
        id: String,
        /// The run, if one was named.
        run_id: Option<i64>,
    },
    /// The results cannot be read.
    #[error(transparent)]
    Results(#[from] ResultsError),
}

impl ChoiceError {
    /// Whether the caller named what is not there. Else something failed.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Results(error) => error.is_usage(),
            _ => true,
        }
    }
}

/// A record, and the position of a finding among its findings.
pub type FindingPlace = (ItemRecord, usize);

impl ResultStore {
    /// The run with this number; without a number, the newest.
    ///
    /// # Errors
    ///
    /// If there is no such run, or the results cannot be read.
    pub fn run(&self, wanted: Option<i64>) -> Result<Run, ChoiceError> {
        let mut runs = self.runs()?.into_iter();
        match wanted {
            None => runs.next_back().ok_or(ChoiceError::NoRun),
            Some(run_id) => {
                runs.find(|run| run.run_id == run_id).ok_or(ChoiceError::UnknownRun { run_id })
            }
        }
    }

    /// The run with this number and its manifest; without a number, the newest run that has one.
    ///
    /// # Errors
    ///
    /// If there is no such run, it has no manifest, or the results cannot be read.
    pub fn sealed_run(&self, wanted: Option<i64>) -> Result<(Run, Sealed), ChoiceError> {
        let run_id = if let Some(run_id) = wanted {
            run_id
        } else {
            let all = self.manifests()?;
            all.iter().map(|sealed| sealed.run_id).max().ok_or(ChoiceError::NoManifest)?
        };
        let run = self.run(Some(run_id))?;
        match self.manifest(run_id)? {
            Some(sealed) => Ok((run, sealed)),
            None if run.complete => Err(ChoiceError::OldRun { run_id }),
            None => Err(ChoiceError::StoppedRun { run_id }),
        }
    }

    /// The one finding whose id begins with `id`: the newest run that has it, or the one that is wanted, and all places
    /// where it is.
    ///
    /// # Errors
    ///
    /// If `id` is none, no run has such a finding, several findings have ids that begin so, or the results cannot be
    /// read.
    pub fn find(
        &self,
        id: &str,
        wanted: Option<i64>,
    ) -> Result<(Run, Vec<FindingPlace>), ChoiceError> {
        let is_id = id.strip_prefix("f-").is_some_and(|digits| {
            digits.len() >= FEWEST_DIGITS && digits.bytes().all(|b| b.is_ascii_hexdigit())
        });
        if !is_id {
            return Err(ChoiceError::NoId { id: id.to_owned() });
        }
        let runs = match wanted {
            Some(_) => vec![self.run(wanted)?],
            None => self.runs()?,
        };
        for run in runs.into_iter().rev() {
            let found = self.with_finding(run.run_id, id)?;
            let places: Vec<FindingPlace> = found
                .into_iter()
                .flat_map(|(record, at)| at.into_iter().map(move |at| (record.clone(), at)))
                .collect();
            let id_of = |(record, at): &FindingPlace| record.findings[*at].finding_id.clone();
            let mut ids: Vec<String> = places.iter().map(id_of).collect();
            ids.dedup();
            match ids.as_slice() {
                [] => {}
                [one, others @ ..] if others.iter().any(|other| other != one) => {
                    let such_as = ids[..2].join(" and ");
                    return Err(ChoiceError::SeveralFindings { id: id.to_owned(), such_as });
                }
                _ => return Ok((run, places)),
            }
        }
        Err(ChoiceError::UnknownFinding { id: id.to_owned(), run_id: wanted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fixtures::{facts, record_of};
    use crate::record::{Finding, Verdict};
    use crate::results::RunKey;
    use crate::results::fixtures;

    /// Keeps a run in which an item has findings with these ids.
    fn keep(store: &mut ResultStore, ids: &[&str], complete: bool) -> i64 {
        // Another catalogue: the run is a new one.
        let key = RunKey { catalogue_digest: ids.concat(), ..fixtures::key(&["/dump"]) };
        let found = |id: &&str| Finding {
            finding_id: format!("f-{id}"),
            ..Finding::unheard("rec-1".to_owned(), Verdict::Suspect)
        };
        let record = record_of(facts("/dump/a.ogg", "aa"), ids.iter().map(found).collect());
        fixtures::keep(store, &key, vec![record], complete).run_id
    }

    #[test]
    fn without_a_number_the_newest_run_is_meant() {
        let home = tempfile::tempdir().unwrap();
        let mut store = ResultStore::open(home.path()).unwrap();
        let none = store.run(None).unwrap_err();
        assert!(none.is_usage() && none.to_string().starts_with("there is no run yet"), "{none}");
        let first = keep(&mut store, &["1111"], true);
        let second = keep(&mut store, &["2222"], false);
        assert_eq!(store.run(None).unwrap().run_id, second);
        assert_eq!(store.run(Some(first)).unwrap().run_id, first);
        let unknown = store.run(Some(9)).unwrap_err();
        assert_eq!(unknown.to_string(), "there is no run 9; list the runs: leakhound runs");
    }

    #[test]
    fn without_a_number_the_newest_run_with_a_manifest_is_meant() {
        let home = tempfile::tempdir().unwrap();
        let mut store = ResultStore::open(home.path()).unwrap();
        assert!(matches!(store.sealed_run(None), Err(ChoiceError::NoManifest)));
        let first = keep(&mut store, &["1111"], true);
        let second = keep(&mut store, &["2222"], false);
        let (run, sealed) = store.sealed_run(None).unwrap();
        assert_eq!((run.run_id, sealed.run_id), (first, first));
        let stopped = store.sealed_run(Some(second)).unwrap_err();
        assert!(matches!(stopped, ChoiceError::StoppedRun { run_id } if run_id == second));
        // As runs of a version without manifests ended.
        store.connection.execute("UPDATE runs SET finished = 0", []).unwrap();
        assert!(matches!(store.sealed_run(Some(second)), Err(ChoiceError::OldRun { .. })));
    }

    #[test]
    fn a_finding_is_found_by_the_begin_of_its_id_in_the_newest_run_that_has_it() {
        let home = tempfile::tempdir().unwrap();
        let mut store = ResultStore::open(home.path()).unwrap();
        let first = keep(&mut store, &["12345678", "aaaa1111"], true);
        let second = keep(&mut store, &["12345678", "bbbb1111", "bbbb2222"], true);
        let (run, places) = store.find("f-1234", None).unwrap();
        assert_eq!((run.run_id, places.len(), places[0].1), (second, 1, 0));
        assert_eq!(store.find("f-1234", Some(first)).unwrap().0.run_id, first);
        let (run, places) = store.find("f-aaaa", None).unwrap();
        assert_eq!((run.run_id, places[0].1), (first, 1));
        let told = |id, run| store.find(id, run).unwrap_err().to_string();
        assert_eq!(
            told("f-bbbb", None),
            "several findings have ids that begin with f-bbbb, such as f-bbbb1111 and f-bbbb2222; give more digits"
        );
        assert!(told("f-cccc", None).starts_with("no finding f-cccc is in any run; "));
        assert!(told("f-aaaa", Some(second)).contains(&format!("is in run {second}; ")));
        for no_id in ["aaaa", "f-aaa", "f-xxxx", ""] {
            let error = store.find(no_id, None).unwrap_err();
            assert!(error.is_usage() && matches!(error, ChoiceError::NoId { .. }), "{error}");
        }
    }
}
