//! Repeats one finding from the original bytes: finds the item again, and compares the old finding with the new one.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use crate::catalog::CatalogError;
use crate::ingest::sha256;
use crate::record::{Explained, Finding, ItemFacts, ItemRecord, Relation, Span, Tier};
use crate::results::Run;
use crate::scan::Engine;
use crate::source::{Dump, Item, Locator, Place, Source as _, Unlisted, Visit};

/// Where the bytes of an item are now.
#[derive(Debug)]
pub enum Located {
    /// Found, with the same SHA-256.
    Here(Box<Item>),
    /// At the item's place are other bytes.
    Differs {
        /// The place.
        locator: Locator,
        /// SHA-256 of the bytes that are there.
        sha256: String,
    },
    /// At the item's place is something that cannot be read, with the reason.
    Unreadable(String),
    /// Not found anywhere in the dump.
    Nowhere,
}

/// The result of repeating a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recheck {
    /// The same finding, equal to the last digit.
    Stands,
    /// The same recording is found, with these differences, one line each.
    Differs(Vec<String>),
    /// The recording is not found, with the reason.
    Falls(String),
}

/// What differs between a run and a search with this engine, one line each.
///
/// # Errors
///
/// If the catalogue cannot be read.
pub fn changed_since(engine: &Engine, run: &Run) -> Result<Vec<String>, CatalogError> {
    let key = &run.key;
    let mut lines = Vec::new();
    if engine.catalogue_digest()? != key.catalogue_digest {
        lines.push("the catalogue has changed since the run".to_owned());
    }
    let mut compare = |name: &str, before: &str, now: &str| {
        if before != now {
            lines.push(format!("{name} was {before}, is {now}"));
        }
    };
    compare("leakhound", &key.tool_version, env!("CARGO_PKG_VERSION"));
    compare("the decoder", &key.decoders, &engine.ingester.decoder().describe());
    let digest = engine.ingester.fingerprinter().config().digest();
    compare("the fingerprint's settings", &key.fingerprint_digest, &format!("{digest:08x}"));
    Ok(lines)
}

/// Looks for the bytes of an item in a dump: first at its place in each of `files` (see [`candidates`]), then everywhere by size and
/// SHA-256.
pub fn locate(dump: &Dump, facts: &ItemFacts, files: &[PathBuf]) -> Located {
    let named: Option<Locator> = facts.locator.parse().ok();
    for file in files {
        let Some(mut locator) = named.clone() else { break };
        locator.file.clone_from(file);
        let (key, file) = (locator.key(), Some(file.as_path()));
        let mut finder = Finder { key: Some(&key), file, facts, found: Located::Nowhere };
        // The walk ends early once something is found; its result does not matter.
        let _ = dump.walk(&mut finder);
        if !matches!(finder.found, Located::Nowhere) {
            return finder.found;
        }
    }
    let mut finder = Finder { key: None, file: None, facts, found: Located::Nowhere };
    let _ = dump.walk(&mut finder);
    finder.found
}

/// The existing files that may be the file of a record, if the dump that was at `roots` is now at `path`.
pub fn candidates(file: &Path, roots: &[String], path: &Path) -> Vec<PathBuf> {
    let mut seen = BTreeSet::new();
    let mut files = Vec::new();
    let mut add = |candidate: PathBuf| {
        if candidate.is_file() && seen.insert(candidate.clone()) {
            files.push(candidate);
        }
    };
    if file.starts_with(path) {
        add(file.to_path_buf());
    }
    if path.is_file() {
        add(path.to_path_buf());
    }
    for root in roots.iter().map(Path::new) {
        if let Ok(rest) = file.strip_prefix(root) {
            add(path.join(rest));
        }
    }
    if let Some(name) = file.file_name() {
        add(path.join(name));
    }
    files
}

/// Looks for an item while the dump is walked.
struct Finder<'a> {
    /// Key of the item's locator; `None` to look everywhere by size and hash.
    key: Option<&'a [u8]>,
    file: Option<&'a Path>,
    facts: &'a ItemFacts,
    found: Located,
}

impl Visit for Finder<'_> {
    fn wants_file(&mut self, file: &Place) -> bool {
        self.file.is_none_or(|wanted| file.locator.file == wanted)
    }

    fn wants(&mut self, place: &Place) -> bool {
        self.key.is_none_or(|key| place.locator.key() == key)
    }

    fn enters(&mut self, container: &Place) -> bool {
        self.key.is_none_or(|key| key.starts_with(&container.locator.key()))
    }

    fn item(&mut self, item: Item) -> ControlFlow<()> {
        // The size of a text column of a table is 0 until it is read.
        let may_be = item.size_bytes == self.facts.size_bytes || item.size_bytes == 0;
        if self.key.is_none() && !may_be {
            return ControlFlow::Continue(());
        }
        match sha256(&item.bytes, &AtomicBool::new(false)) {
            Ok(hash) if hash == self.facts.sha256 => self.found = Located::Here(Box::new(item)),
            Ok(sha256) if self.key.is_some() => {
                self.found = Located::Differs { locator: item.place.locator, sha256 };
            }
            Err(failure) if self.key.is_some() => {
                self.found = Located::Unreadable(failure.message);
            }
            Ok(_) | Err(_) => return ControlFlow::Continue(()),
        }
        ControlFlow::Break(())
    }

    fn unlisted(&mut self, row: Unlisted) -> ControlFlow<()> {
        if self.key.is_some_and(|key| row.place.locator.key() == key) {
            self.found = Located::Unreadable(row.failure.message);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

/// Compares a finding with what is found now in the same bytes.
pub fn recheck(before: &Finding, now: &ItemRecord) -> Recheck {
    let same = |finding: &&Finding| finding.recording_id == before.recording_id;
    let by_id = now.findings.iter().find(|finding| finding.finding_id == before.finding_id);
    let in_stream = || now.findings.iter().filter(same).find(|f| f.stream == before.stream);
    let found = by_id.or_else(in_stream).or_else(|| now.findings.iter().find(same));
    let Some(found) = found else {
        let others: Vec<&str> = now.findings.iter().map(|f| f.recording_id.as_str()).collect();
        return Recheck::Falls(match (&now.failure, others.is_empty()) {
            (Some(failure), _) => format!("the item cannot be compared: {}", failure.message),
            (None, true) => "nothing is found in the item".to_owned(),
            (None, false) => {
                format!("only other recordings are found in the item: {}", others.join(", "))
            }
        });
    };
    let differences = differences(before, found);
    if differences.is_empty() { Recheck::Stands } else { Recheck::Differs(differences) }
}

/// One line for each difference. Texts for people (titles, the label's paths) are not compared.
fn differences(before: &Finding, now: &Finding) -> Vec<String> {
    let mut lines = Vec::new();
    let mut compare = |name: &str, before: String, now: String| {
        if before != now {
            lines.push(format!("{name} was {before}, is {now}"));
        }
    };
    let number = |number: f64| number.to_string();
    compare("verdict", before.verdict.as_str().into(), now.verdict.as_str().into());
    let of = |f: &Finding| f.standing.as_ref().map_or("none", |s| s.kind.as_str()).to_owned();
    compare("standing", of(before), of(now));
    let of = |f: &Finding| f.relation.map_or("not told", Relation::as_str).to_owned();
    compare("relation", of(before), of(now));
    compare("tiers", Tier::join(&before.tiers, "+"), Tier::join(&now.tiers, "+"));
    let of = |f: &Finding| number(f.false_alarm_probability);
    compare("false-alarm probability", of(before), of(now));
    compare("score", number(before.score), number(now.score));
    compare("tempo", number(before.tempo), number(now.tempo));
    compare("pitch in cents", number(before.pitch_cents), number(now.pitch_cents));
    compare("stream", before.stream.to_string(), now.stream.to_string());
    compare("spans", spans(&before.spans), spans(&now.spans));
    compare("coverage of the item", number(before.item_coverage), number(now.item_coverage));
    let of = |f: &Finding| number(f.recording_coverage);
    compare("coverage of the recording", of(before), of(now));
    let of = |f: &Finding| f.shares_passage_with.join(", ");
    compare("recordings with the same passage", of(before), of(now));
    let told = |f: &Finding, of: fn(&Explained) -> f64| {
        f.explained.as_ref().map_or("not told".to_owned(), |explained| number(of(explained)))
    };
    let mut share = |name: &str, of: fn(&Explained) -> f64| {
        compare(name, told(before, of), told(now, of));
    };
    share("share of the recording's peaks", |explained| explained.recording_share);
    share("share of the item's peaks", |explained| explained.item_share);
    share("share at another alignment", |explained| explained.elsewhere_share);
    share("share of another recording", |explained| explained.others_share);
    lines
}

/// Spans with all digits, to compare and print.
fn spans(spans: &[Span]) -> String {
    let told = spans.iter().map(|span| {
        let Span {
            item_start_seconds,
            item_end_seconds,
            recording_start_seconds,
            recording_end_seconds,
        } = span;
        format!(
            "{item_start_seconds}-{item_end_seconds} > {recording_start_seconds}-{recording_end_seconds}"
        )
    });
    told.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Verdict;

    #[test]
    fn another_relation_and_other_shares_are_differences() {
        let explained = Explained {
            recording_share: 0.9,
            item_share: 0.9,
            elsewhere_share: 0.2,
            others_share: 0.0,
            measures: None,
        };
        let before = Finding {
            relation: Some(Relation::Copy),
            explained: Some(explained),
            ..Finding::unheard("r".to_owned(), Verdict::Match)
        };
        assert_eq!(differences(&before, &before), [""; 0]);
        let mut now = before.clone();
        now.relation = Some(Relation::SharedMaterial);
        if let Some(explained) = &mut now.explained {
            explained.others_share = 0.5;
        }
        assert_eq!(
            differences(&before, &now),
            ["relation was copy, is shared_material", "share of another recording was 0, is 0.5"]
        );
        let old = Finding { relation: None, explained: None, ..before.clone() };
        let told = differences(&old, &before);
        assert_eq!((told.len(), told[0].as_str()), (5, "relation was not told, is copy"));
    }
}
