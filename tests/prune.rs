//! Old runs are pruned: first shown, then deleted, and what people decided on stays.

use std::fs;

use serde_json::Value;

use crate::common::{Desk, excerpt, parse, record, song};

/// A desk with runs over one dump: two findings and eight other files.
fn runs(count: usize) -> Desk {
    let desk = Desk::with_songs(&[1, 2], 20);
    desk.write_wav("dump/one.wav", excerpt(&song(1, 20), 4.0, 14.0));
    desk.write_wav("dump/two.wav", excerpt(&song(2, 20), 4.0, 14.0));
    for number in 0..8 {
        desk.write(format!("dump/text-{number}.txt"), b"no sound");
    }
    for _ in 0..count {
        desk.run(["scan", "dump"]).ends_with(1);
    }
    desk
}

fn planned(desk: &Desk, args: &[&str]) -> Vec<Value> {
    parse(&desk.run([&["prune", "--json"], args].concat()).ends_with(0).stdout)
}

/// Decides on the finding in a file.
fn decide(desk: &Desk, file: &str, verb: &[&str]) -> String {
    let records = crate::common::records(&desk.jsonl());
    let id = record(&records, file).findings[0].finding_id.clone();
    let args = [&["review"], verb, &[&id, "--reason", "heard", "--by", "Ann"]].concat();
    desk.run(args).ends_with(0);
    id
}

#[test]
fn what_would_be_deleted_is_shown_first_and_nothing_is_changed() {
    let desk = runs(4);
    let before = fs::read(desk.path("home/results.sqlite")).unwrap().len();
    let list = desk.run(["prune", "--older-than", "0"]).ends_with(0).stdout;
    assert!(
        list.contains("10 items, ") && list.contains(" would be deleted; with --yes they are"),
        "{list}"
    );
    let rows = planned(&desk, &["--older-than", "0"]);
    let fates: Vec<_> = rows.iter().map(|row| row["fate"].as_str().unwrap()).collect();
    assert_eq!(fates, ["prune", "keep", "keep", "keep"]);
    assert_eq!((&rows[0]["items"], &rows[0]["items_kept"]), (&10.into(), &0.into()));
    assert_eq!(fs::read(desk.path("home/results.sqlite")).unwrap().len(), before);
    desk.run(["report", "1", "--format", "jsonl", "--out", "-"]).ends_with(0);
    // None is a month old.
    let list = desk.run(["prune"]).ends_with(0).stdout;
    assert!(list.ends_with("nothing to delete\n"), "{list}");
}

#[test]
fn a_pruned_run_keeps_its_manifest_and_the_chain_and_says_what_it_is() {
    let desk = runs(3);
    let told = desk.run(["prune", "--older-than", "0", "--keep", "1", "--yes"]).ends_with(0).stdout;
    assert!(
        told.contains("deleted 20 items, ") && told.contains(" of 2 runs; results.sqlite had "),
        "{told}"
    );
    for args in [
        &["report", "1", "--out", "x.html"][..],
        &["review", "--run", "1"],
        &["report", "--since", "1"],
    ] {
        desk.run(args)
            .ends_with(2)
            .says_in_one_line(&["the records of run 1 were pruned on", "leakhound runs"]);
    }
    let checks = parse(&desk.run(["verify", "1", "--json"]).ends_with(0).stdout);
    assert!(
        checks.iter().any(|check| check["told"].as_str().unwrap().contains("were pruned on")),
        "{checks:?}"
    );
    desk.run(["verify"]).ends_with(0);
    desk.run(["manifest", "1", "--out", "m.json"]).ends_with(0);
    assert!(desk.run(["runs"]).stdout.contains("1  pruned "));
    // Nothing of it is taken over, and a second time there is nothing to do.
    desk.run(["scan", "dump"]).ends_with(1);
    desk.run(["prune", "--older-than", "0", "--yes"]).ends_with(0);
}

#[test]
fn a_run_whose_open_finding_no_newer_run_has_is_kept_unless_it_is_named() {
    let desk = runs(1);
    fs::remove_file(desk.path("dump/two.wav")).unwrap();
    desk.run(["scan", "dump"]).ends_with(1);
    let args = ["--older-than", "0", "--keep", "1"];
    let rows = planned(&desk, &args);
    assert_eq!((&rows[0]["fate"], &rows[0]["open_findings"]), (&"keep".into(), &1.into()));
    assert!(rows[0]["why"].as_str().unwrap().contains("leakhound prune 1"), "{rows:?}");
    desk.run([&["prune", "--yes"], &args[..]].concat()).ends_with(0);
    desk.run(["report", "1", "--out", "x.html"]).ends_with(0);
    let named = planned(&desk, &["1"]);
    assert_eq!((named.len(), &named[0]["fate"]), (1, &"prune".into()));
    desk.run(["prune", "1", "--yes"]).ends_with(0);
    desk.run(["report", "1", "--out", "x.html"]).ends_with(2);
    // The newest run is never pruned, and one that is not there is told.
    assert_eq!(planned(&desk, &["2"])[0]["fate"], "keep");
    desk.run(["prune", "9"]).ends_with(2).says_in_one_line(&["there is no run 9"]);
}

#[test]
fn records_that_people_decided_on_stay_where_they_were_decided_on_and_where_they_are_newest() {
    let desk = runs(1);
    let accepted = decide(&desk, "one.wav", &["accept"]);
    let dismissed = decide(&desk, "two.wav", &["dismiss", "--as", "licensed"]);
    desk.run(["scan", "dump"]).ends_with(1);
    fs::remove_file(desk.path("dump/one.wav")).unwrap();
    for _ in 0..2 {
        desk.run(["scan", "dump"]).ends_with(0);
    }
    let args = ["--older-than", "0", "--keep", "1"];
    let rows = planned(&desk, &args);
    let numbers = |key: &str| rows.iter().map(|row| row[key].as_u64().unwrap()).collect::<Vec<_>>();
    // Run 1: both were decided on there. Run 2: the newest with the first. Run 3: all of it is in run 4.
    assert_eq!(numbers("items_kept"), [2, 1, 0, 0]);
    assert_eq!(numbers("items"), [8, 9, 9, 0]);
    desk.run([&["prune", "--yes"], &args[..]].concat()).ends_with(0);
    let history = desk.run(["review", "history", "--json"]).ends_with(0).stdout;
    assert_eq!(history.lines().count(), 2);
    fs::write(desk.path("dump/one.wav"), crate::common::wav(excerpt(&song(1, 20), 4.0, 14.0)))
        .unwrap();
    desk.run(["recheck", &accepted, "--dump", "dump"]).ends_with(0);
    desk.run(["recheck", &dismissed, "--run", "1", "--dump", "dump"]).ends_with(0);
}

#[test]
fn a_stopped_run_with_which_a_scan_goes_on_is_kept_with_what_it_needs() {
    let desk = runs(2);
    // As after a kill: the newest run is not complete.
    let database = rusqlite::Connection::open(desk.path("home/results.sqlite")).unwrap();
    let sql = "INSERT INTO runs SELECT 3, roots, settings_digest, catalogue_digest, catalogue_recordings,
               fingerprint_digest, decoders, tool_version, mode, 1, started, NULL, NULL FROM runs WHERE run_id = 1";
    database.execute(sql, []).unwrap();
    drop(database);
    let rows = planned(&desk, &["--older-than", "0", "--keep", "1"]);
    let why: Vec<_> = rows.iter().map(|row| row["why"].as_str().unwrap_or_default()).collect();
    assert!(why[0].contains("needs it") && why[2].contains("goes on with it"), "{why:?}");
}

#[test]
fn a_report_of_all_runs_leaves_the_pruned_ones_out_and_counts_them() {
    let desk = runs(3);
    desk.run(["prune", "--older-than", "0", "--keep", "1", "--yes"]).ends_with(0);
    let report = ["report", "--all", "--format", "jsonl", "--out"];
    let told = desk.run([&report[..], &["all.jsonl"]].concat()).ends_with(0).stdout;
    assert!(told.contains("1 run of 1 dump; 2 runs left out, as pruned"), "{told}");
    let lines = parse(&fs::read_to_string(desk.path("all.jsonl")).unwrap());
    assert_eq!((&lines[0]["pruned"], &lines[0]["stopped"]), (&2.into(), &0.into()));
    desk.run(["report", "--runs", "1,3", "--out", "x.html"])
        .ends_with(2)
        .says_in_one_line(&["the records of run 1 were pruned on"]);
}
