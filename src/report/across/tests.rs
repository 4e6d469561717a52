//! Tests of the report across dumps, in all formats.

use std::path::Path;

use super::super::tests::{about, finding, notice, record};
use super::*;
use crate::notice::Notices;
use crate::record::{DecisionState, Finding, ItemRecord, Verdict};
use crate::results::fixtures::key;
use crate::results::{About, ResultStore, Run, RunKey};
use crate::review::{Case, Decisions, Ruling};
use crate::scan::{Outcome, OutcomeSink as _};
use crate::source::Stamp;

/// Seconds of a day; day 0 is 2026-11-23.
const DAY: i64 = 86_400;
const BEGIN: i64 = 1_795_461_154;

/// Keeps a run over `root` that began on a day.
fn keep(home: &Path, root: &str, day: i64, records: Vec<ItemRecord>, complete: bool) -> Run {
    let mut store = ResultStore::open(home).unwrap();
    let key = RunKey { settings_digest: day.to_string(), ..key(&[root]) };
    let (run, goes_on) = store.begin(&key, BEGIN + day * DAY).unwrap();
    let mut sink = store.sink(run.run_id, goes_on).unwrap();
    for record in records {
        let key = record.item.path.clone().into_bytes();
        sink.record(Outcome { key, stamp: Stamp { size_bytes: 1, modified_ns: 0 }, record })
            .unwrap();
    }
    if complete {
        sink.finish(0, |_| format!("{day}\n")).unwrap();
    } else {
        sink.settle().unwrap();
    }
    store.run(Some(run.run_id)).unwrap()
}

fn found(id: &str) -> Finding {
    let digits = crate::base::hex(id.as_bytes());
    Finding { finding_id: format!("f-{digits}"), title: format!("Song {id}"), ..finding(id) }
}

fn item(path: &str, ids: &[&str]) -> ItemRecord {
    record(path, ids.iter().map(|id| found(id)).collect())
}

fn suspect(path: &str, id: &str) -> ItemRecord {
    let mut record = item(path, &[id]);
    record.verdict = Verdict::Suspect;
    record.findings[0].verdict = Verdict::Suspect;
    record
}

/// The report of a home over some runs, or over all.
fn across(home: &Path, runs: Option<&[i64]>) -> Across {
    across_with(home, runs, &Decisions::default())
}

fn across_with(home: &Path, runs: Option<&[i64]>, decisions: &Decisions) -> Across {
    let (store, notices) = (ResultStore::open(home).unwrap(), Notices::default());
    let runs = runs.map(|runs| runs.iter().map(|run| store.run(Some(*run)).unwrap()).collect());
    let reader = AcrossReader::new(&store, decisions, &notices);
    reader.gather::<crate::session::SessionError>(runs).unwrap()
}

fn works(across: &Across) -> Vec<Work> {
    let mut works = Vec::new();
    across
        .each_work(|work| {
            works.push(work);
            Ok(true)
        })
        .unwrap();
    works
}

/// Two dumps of two and one runs, in three states of the first.
fn sample(home: &Path) {
    keep(home, "/a", 0, vec![item("/a/1.ogg", &["r1"]), item("/a/2.ogg", &["r2"])], true);
    keep(home, "/b", 3, vec![item("/b/1.ogg", &["r1", "r3"]), suspect("/b/2.ogg", "r4")], true);
    keep(home, "/a", 9, vec![item("/a/1.ogg", &["r1"]), item("/a/3.ogg", &["r1"])], true);
    keep(home, "/c", 9, vec![item("/c/1.ogg", &["r5"])], false);
    let store = ResultStore::open(home).unwrap();
    store.say_about(2, &about("Songs"), "Ann", 0).unwrap();
}

#[test]
fn works_are_told_with_the_dumps_where_they_are_since_when_and_where_they_are_no_longer() {
    let home = tempfile::tempdir().unwrap();
    sample(home.path());
    let across = across(home.path(), None);
    assert_eq!((across.runs.len(), across.dumps.len(), across.totals.stopped), (3, 2, 1));
    let totals = &across.totals;
    assert_eq!((totals.recordings, totals.in_several, totals.suspected, totals.gone), (2, 1, 1, 1));
    let works = works(&across);
    let names: Vec<_> = works.iter().map(|work| work.recording_id.as_str()).collect();
    assert_eq!(names, ["r1", "r3", "r4", "r2"], "those in most dumps first");
    let [here, there] = works[0].places.as_slice() else { panic!("{works:?}") };
    assert_eq!((here.dump, here.matches, here.suspects), (1, 2, 0), "of the newest run alone");
    assert_eq!((here.first_day.as_str(), here.first_run), ("2026-11-23", 1));
    assert_eq!((here.last_day.as_str(), here.last_run), ("2026-12-02", 3));
    assert_eq!((there.dump, there.matches, there.first_day.as_str()), (2, 1, "2026-11-26"));
    assert_eq!((here.as_released, here.changed, here.how.as_str()), (2, 0, "as released"));
    let gone = &works[3].places[0];
    assert!(!gone.is_there() && gone.path == "/a/2.ogg", "{gone:?}");
    assert_eq!((gone.last_run, works[3].first_day.as_str()), (1, "2026-11-23"));
    let dump = &across.dumps[1];
    assert_eq!(
        (dump.name.as_str(), dump.recordings, dump.suspected),
        ("Songs, version Songs, revision Songs", 2, 1)
    );
    assert_eq!((dump.sums.items, dump.sums.matched, dump.sums.suspect), (2, 1, 1));
    let spread: Vec<_> = across.runs.iter().map(|r| (r.recordings, r.new, r.so_far)).collect();
    assert_eq!(spread, [(2, 2, 2), (2, 1, 3), (1, 0, 3)]);
    let mut of_dump = Vec::new();
    across
        .each_work_of(1, |work| {
            of_dump.push(work.recording_id);
            Ok(true)
        })
        .unwrap();
    assert_eq!(of_dump, ["r1"]);
}

#[test]
fn only_the_runs_that_are_named_count_also_one_that_was_stopped() {
    let home = tempfile::tempdir().unwrap();
    sample(home.path());
    let across = across(home.path(), Some(&[4, 2, 4]));
    assert_eq!(across.runs.iter().map(|run| run.run_id).collect::<Vec<_>>(), [2, 4]);
    assert!(!across.dumps[1].complete);
    assert!(words::unread(&across.dumps).starts_with("Of 1 dump no run is complete. "));
    assert_eq!(works(&across).len(), 4);
}

#[test]
fn one_data_set_in_two_folders_is_one_and_another_revision_is_another() {
    let home = tempfile::tempdir().unwrap();
    keep(home.path(), "/disk1", 0, vec![item("/disk1/1", &["r1"])], true);
    keep(home.path(), "/disk2", 1, vec![item("/disk2/1", &["r2"])], true);
    keep(home.path(), "/disk1", 2, vec![item("/disk1/1", &["r3"])], true);
    let store = ResultStore::open(home.path()).unwrap();
    let revision = |revision: &str| About { revision: revision.into(), ..about("Songs") };
    for (run, of) in [(1, "A"), (2, "A"), (3, "B")] {
        store.say_about(run, &revision(of), "Ann", 0).unwrap();
    }
    let across = across(home.path(), None);
    let told: Vec<_> =
        across.dumps.iter().map(|d| (d.runs.clone(), d.recordings, d.sums.items)).collect();
    assert_eq!(told, [(vec![1, 2], 2, 2), (vec![3], 1, 1)]);
    assert_eq!(across.dumps[0].roots, ["/disk1", "/disk2"]);
}

#[test]
fn what_people_dismissed_and_what_is_permitted_is_left_out() {
    let home = tempfile::tempdir().unwrap();
    let mut permitted = item("/a/2.ogg", &["r2"]);
    permitted.verdict = Verdict::Permitted;
    permitted.findings[0].verdict = Verdict::Permitted;
    let dismissed = item("/a/1.ogg", &["r1"]);
    let run = keep(home.path(), "/a", 0, vec![dismissed.clone(), permitted], true);
    let case = Case::new(run.run_id, &dismissed.item, &dismissed.findings[0]).unwrap();
    let ruling = Ruling {
        state: Some(DecisionState::Dismissed),
        ground: Some(crate::record::Ground::Wrong),
        reason: "heard it".into(),
        by: "Ann".into(),
        at: 0,
    };
    let across = across_with(home.path(), None, &Decisions::new([(case, ruling)]));
    assert_eq!((works(&across).len(), across.totals.recordings), (0, 0));
    assert_eq!((across.dumps[0].sums.dismissed, across.dumps[0].sums.permitted), (1, 1));
    assert!(
        words::what_was_looked_at(&across)
            .ends_with("1 finding was dismissed by people and left out.")
    );
    for format in FORMATS {
        assert!(!text(&across, format).contains("Song r1"), "{format}");
    }
}

/// The report as text.
fn text(across: &Across, format: Format) -> String {
    let mut out = Vec::new();
    across.write(format, &[], &mut out).unwrap();
    match format {
        Format::Pdf => super::super::pdf::across::drawn(across),
        Format::Xlsx => super::super::tests::text_of_workbook(out),
        _ => String::from_utf8(out).unwrap(),
    }
}

#[test]
fn every_format_has_the_works_the_dumps_and_what_a_person_said_of_them() {
    let home = tempfile::tempdir().unwrap();
    sample(home.path());
    let across = across(home.path(), None);
    for format in FORMATS {
        let text = text(&across, format);
        for told in ["Song r1", "Song r3", "/a", "Songs", "2026-11-26"] {
            assert!(text.contains(told), "{format}: {told}");
        }
        let mut twice = [Vec::new(), Vec::new()];
        for out in &mut twice {
            across.write(format, &[], out).unwrap();
        }
        assert!(twice[0] == twice[1], "{format} differs from itself");
    }
    for format in [Format::Html, Format::Pdf] {
        let text = text(&across, format);
        for told in ["2.1 publicly available data sets", "less than 10 000 hours", "Art. 53(1)(d)"]
        {
            assert!(text.contains(told), "{format}: {told}");
        }
    }
    for format in [Format::Parquet, Format::Acrcloud] {
        let refused = across.write(format, &[], &mut Vec::new()).unwrap_err();
        assert!(refused.to_string().starts_with(&format!("there is no {format} report across")));
    }
}

#[test]
fn text_from_outside_is_text_in_every_format() {
    let hostile = "=cmd|' /C calc'!A0</td><script>alert(1)</script>\u{202E}\u{1b}[31m\n";
    let home = tempfile::tempdir().unwrap();
    let mut record = item("/a/1.ogg", &["r1"]);
    record.item.path = hostile.into();
    let found = &mut record.findings[0];
    (found.title, found.artist, found.isrc) = (hostile.into(), hostile.into(), hostile.into());
    keep(home.path(), "/a", 0, vec![record], true);
    let store = ResultStore::open(home.path()).unwrap();
    store.say_about(1, &about(hostile), "Ann", 0).unwrap();
    let across = across(home.path(), None);
    let page = text(&across, Format::Html);
    assert!(!page.contains("<script") && page.contains("script-src") == page.contains("<script"));
    // The lines for programs are exact.
    for format in FORMATS.into_iter().filter(|format| *format != Format::Jsonl) {
        let text = text(&across, format);
        assert!(!text.contains(['\u{202E}', '\u{1b}']), "{format}");
    }
    let csv = text(&across, Format::Csv);
    assert!(csv.contains("'=cmd") && !csv.contains(",=cmd") && !csv.contains(",\"=cmd"));
}

#[test]
fn a_report_without_findings_is_whole() {
    let home = tempfile::tempdir().unwrap();
    keep(home.path(), "/a", 0, vec![record("/a/1.ogg", Vec::new())], true);
    let across = across(home.path(), None);
    assert!(text(&across, Format::Html).trim_end().ends_with("</html>"));
    assert_eq!(text(&across, Format::Csv).lines().count(), 1);
    assert_eq!(text(&across, Format::Jsonl).lines().count(), 3);
    assert!(text(&across, Format::Pdf).contains("0 of 7 recordings"));
}

#[test]
fn the_notices_about_a_work_are_told_once_for_each() {
    let place = |notices| Place {
        dump: 1,
        matches: 1,
        suspects: 0,
        relations: facts::Relations::default(),
        as_released: 1,
        changed: 0,
        how: String::new(),
        claim: String::new(),
        path: String::new(),
        finding_id: String::new(),
        first_day: String::new(),
        first_run: 1,
        last_day: String::new(),
        last_run: 1,
        notices,
    };
    let of = |number| facts::PlaceNotice { number, state: notice(number).state };
    let places = [place(vec![of(3), of(4)]), place(vec![of(3)])];
    assert_eq!(words::notices(&places), "3 sent, 4 sent");
}
