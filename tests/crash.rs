//! Killed processes and full disks: every change that was reported as done stays done.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::{Desk, Dice, parse};

/// Number of times that a change is killed; `LEAKHOUND_CRASHES=100` sets another.
const CRASHES: usize = 20;
/// The songs that are added and removed.
const SONGS: u64 = 14;

fn listed(desk: &Desk) -> BTreeSet<PathBuf> {
    let lines = parse(&desk.run(["catalog", "list", "--json"]).ends_with(0).stdout);
    lines.iter().map(|line| line["path"].as_str().unwrap().into()).collect()
}

/// The number of recordings by the additions and removals in the log.
fn logged(desk: &Desk) -> usize {
    let rows = parse(&desk.run(["catalog", "log", "--json"]).ends_with(0).stdout);
    rows.iter().fold(0, |sum, row| {
        let detail = row["detail"].as_str().unwrap();
        let detail =
            detail.rsplit_once(": ").map_or(detail, |(front, end)| match row["action"].as_str() {
                Some("add") => end,
                _ => front,
            });
        let count: usize = detail.split(' ').next().unwrap().parse().unwrap();
        match row["action"].as_str().unwrap() {
            "add" => sum + count,
            "remove" => sum - count,
            "compact" => sum,
            other => panic!("{other}: {row}"),
        }
    })
}

/// Whether a file is being written, or was just renamed.
fn writing(desk: &Desk) -> bool {
    let Ok(folder) = fs::read_dir(desk.path("home/catalog/segments")) else { return false };
    folder.flatten().any(|entry| entry.file_name().to_string_lossy().ends_with(".part"))
}

/// Runs a change and kills it after a while, or a moment after it has begun to write. True if it ended before.
fn killed(desk: &Desk, args: &[String], dice: &mut Dice, usual: Duration) -> bool {
    let mut command = desk.command(args);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    let mut at = usual.mul_f64(1.2 * dice.below(1_000) as f64 / 1_000.0);
    let mut waits_for_a_file = dice.below(3) > 0;
    while began.elapsed() < at || waits_for_a_file {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{args:?}: {status}");
            return true;
        }
        if waits_for_a_file && writing(desk) {
            waits_for_a_file = false;
            at = began.elapsed() + Duration::from_micros(dice.below(6_000) as u64);
        }
        std::thread::sleep(Duration::from_micros(100));
    }
    child.kill().unwrap();
    child.wait().unwrap().success()
}

#[test]
fn a_change_that_is_killed_at_any_moment_loses_nothing_that_was_told_to_be_done() {
    let crashes = std::env::var("LEAKHOUND_CRASHES").ok().map_or(CRASHES, |n| n.parse().unwrap());
    let desk = Desk::new();
    let songs: Vec<PathBuf> = (1..=SONGS).map(|seed| desk.master(seed, 5)).collect();
    let word = |path: &PathBuf| path.to_str().unwrap().to_owned();
    let began = Instant::now();
    desk.run(["catalog".into(), "add".into(), word(&songs[0])]).ends_with(0);
    let usual = began.elapsed();
    let mut dice = Dice::new(crashes as u64);
    let mut unfinished = 0;
    for round in 0..crashes {
        let before = listed(&desk);
        let there = |dice: &mut Dice| before.iter().nth(dice.below(before.len()));
        let absent: Vec<&PathBuf> = songs.iter().filter(|s| !before.contains(*s)).collect();
        let (verb, names): (&str, Vec<PathBuf>) = match dice.below(4) {
            0 if before.len() > 3 => ("remove", vec![there(&mut dice).unwrap().clone()]),
            1 if before.len() > 1 => ("compact", Vec::new()),
            _ if absent.is_empty() => ("remove", before.iter().take(9).cloned().collect()),
            _ => ("add", absent.into_iter().take(1 + dice.below(3)).cloned().collect()),
        };
        let args: Vec<String> =
            ["catalog".into(), verb.into()].into_iter().chain(names.iter().map(word)).collect();
        let done = killed(&desk, &args, &mut dice, usual);
        unfinished += usize::from(!done);
        let after = listed(&desk);
        let (mut with, mut without) = (before.clone(), before.clone());
        with.extend(names.iter().cloned());
        without.retain(|path| !names.contains(path));
        let may_be = match (verb, done) {
            ("add", true) => [&with, &with],
            ("add", false) => [&before, &with],
            ("remove", true) => [&without, &without],
            ("remove", false) => [&before, &without],
            _ => [&before, &before],
        };
        assert!(may_be.contains(&&after), "round {round}, {args:?}, done: {done}: {after:?}");
        assert_eq!(logged(&desk), after.len(), "round {round}, {args:?}, done: {done}");
        desk.run(["catalog", "check"]).ends_with(0);
    }
    assert!(unfinished * 4 > crashes, "{unfinished} of {crashes} were killed before they ended");
    let left = listed(&desk);
    for line in parse(&desk.run(["query", "--json", "masters"]).stdout) {
        let path = PathBuf::from(line["item"]["path"].as_str().unwrap());
        let found = line["findings"].as_array().unwrap();
        assert_eq!(found.iter().any(|f| f["recording_path"] == word(&path)), left.contains(&path));
    }
}

/// Runs the program with a limit on the size of files, in blocks of 512 bytes: as on a full disk.
#[cfg(unix)]
fn on_a_full_disk(desk: &Desk, blocks: u32, args: &[&str]) -> crate::common::Done {
    let mut command = Command::new("sh");
    let line = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    command.args(["-c", &line, env!("CARGO_BIN_EXE_leakhound")]).args(args);
    command.env("LEAKHOUND_HOME", desk.path("home")).current_dir(desk.path(""));
    crate::common::Done::of(command.stdin(Stdio::null()).output().unwrap())
}

#[cfg(unix)]
#[test]
fn a_disk_that_is_full_is_told_in_one_line_and_nothing_is_lost() {
    let desk = Desk::new();
    for seed in 1..=3 {
        let path = desk.master(seed, 12);
        desk.run(["catalog".as_ref(), "add".as_ref(), path.as_os_str()]).ends_with(0);
    }
    let before = listed(&desk);
    desk.master(4, 12);
    for blocks in [0, 1, 64, 300] {
        for args in [&["catalog", "add", "masters"][..], &["catalog", "compact"]] {
            let told = on_a_full_disk(&desk, blocks, args).ends_with(4);
            told.says_in_one_line(&["is the disk full"]);
            assert_eq!(listed(&desk), before, "{blocks} {args:?}");
            assert_eq!(logged(&desk), before.len(), "{blocks} {args:?}");
            let checked = desk.run(["catalog", "check"]).ends_with(0).stdout;
            assert!(checked.starts_with("3 recordings, 3 segments"), "{checked}");
        }
    }
    desk.run(["catalog", "add", "masters"]).ends_with(0);
    desk.run(["catalog", "compact"]).ends_with(0);
    assert_eq!(listed(&desk).len(), 4);
}
