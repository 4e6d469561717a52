//! Scans that are stopped or killed, and continued.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::common::{Desk, Done, encode, excerpt, records, song};

/// Longest wait in these tests.
const PATIENCE: Duration = Duration::from_secs(60);
const STEP: Duration = Duration::from_millis(3);

/// A catalogue and a dump of 60 files, a few of them unreadable.
fn long_dump() -> Desk {
    let desk = Desk::with_songs(&[1, 2], 30);
    for i in 0..60_u32 {
        let from = f64::from(i % 11);
        let name = format!("dump/{}/{i:02}", i % 3);
        match i % 10 {
            3 => drop(desk.write(format!("{name}.mp3"), format!("text {i}\n").as_bytes())),
            7 => drop(desk.write_wav(format!("{name}.wav"), &song(100 + u64::from(i), 12))),
            _ => {
                let song = song(1 + u64::from(i % 2), 30);
                let clip = excerpt(&song, from, from + 14.0 + f64::from(i) / 10.0);
                desk.write_wav(format!("{name}.wav"), clip);
            }
        }
    }
    desk
}

fn start(desk: &Desk, home: &str) -> Child {
    let mut command = desk.command(["--home", home, "--threads", "2", "scan", "dump"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Numbers of stored outcomes and of runs.
fn kept(home: &Path) -> (u64, u64) {
    let path = home.join("results.sqlite");
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let count = || -> rusqlite::Result<(u64, u64)> {
        let database = rusqlite::Connection::open_with_flags(path, flags)?;
        let sql = "SELECT (SELECT count(*) FROM outcomes), (SELECT count(*) FROM runs)";
        database.query_row(sql, [], |row| {
            Ok((row.get::<_, i64>(0)? as u64, row.get::<_, i64>(1)? as u64))
        })
    };
    // The database may not exist yet, or be busy.
    count().unwrap_or_default()
}

/// Waits until `ready`, or until the child has ended. True if it is still running.
fn runs_until(child: &mut Child, ready: impl Fn() -> bool) -> bool {
    let since = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if ready() {
            return true;
        }
        assert!(since.elapsed() < PATIENCE, "the scan neither ended nor got on");
        sleep(STEP);
    }
    false
}

fn copy_of_home(desk: &Desk, to: &str) {
    let done = Command::new("cp").arg("-R").arg(desk.path("home")).arg(desk.path(to)).status();
    assert!(done.unwrap().success());
}

fn jsonl(desk: &Desk, home: &str) -> String {
    let args = ["--home", home, "report", "--format", "jsonl", "--out", "-"];
    desk.run(args).ends_with(0).stdout
}

/// The JSONL report of a scan that is not interrupted.
fn undisturbed(desk: &Desk) -> String {
    copy_of_home(desk, "calm");
    let done = Done::of(start(desk, "calm").wait_with_output().unwrap()).ends_with(1);
    assert!(!done.stderr.contains("goes on"), "{done:#?}");
    jsonl(desk, "calm")
}

#[test]
fn a_scan_that_is_killed_again_and_again_ends_as_if_it_had_not_been() {
    let desk = long_dump();
    let expected = undisturbed(&desk);
    assert_eq!(records(&expected).len(), 60);

    let home = desk.path("home");
    // Killed as soon as there is a run, a little later, and then whenever more outcomes are stored than before.
    let (mut killed, mut in_the_middle, mut before) = (0, 0, 0);
    let last = loop {
        assert!(killed < 62, "it does not get on");
        let mut child = start(&desk, "home");
        let ready = || match (killed, kept(&home)) {
            (0 | 1, (_, runs)) => runs > 0,
            (_, (outcomes, _)) => (before + 1..60).contains(&outcomes),
        };
        if !runs_until(&mut child, ready) {
            break Done::of(child.wait_with_output().unwrap()).ends_with(1);
        }
        if killed == 1 {
            sleep(Duration::from_millis(200));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        killed += 1;
        before = kept(&home).0;
        in_the_middle += u32::from((1..60).contains(&before));
    };
    assert!(in_the_middle > 0, "the scan was over too soon to be killed in the middle");
    assert!(last.stderr.contains("run 1 goes on where it stopped"), "{last:#?}");
    assert_eq!(kept(&home), (60, 1));
    assert_eq!(expected, jsonl(&desk, "home"));
}

#[test]
fn a_scan_that_is_asked_to_stop_says_how_to_go_on() {
    let desk = long_dump();
    let expected = undisturbed(&desk);
    let home = desk.path("home");
    let mut child = start(&desk, "home");
    assert!(runs_until(&mut child, || kept(&home).0 > 0), "it was over too soon");
    let sent = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let asked = Instant::now();
    let done = Done::of(child.wait_with_output().unwrap()).ends_with(130);
    assert!(asked.elapsed() < Duration::from_secs(10), "it took {:?}", asked.elapsed());
    let line = done.stderr.trim_end();
    assert!(line.starts_with("stopped after ") && !line.contains('\n'), "{done:#?}");
    assert!(line.ends_with("the same command goes on with run 1"), "{done:#?}");
    assert_eq!(done.stdout, "", "nothing is concluded");

    // The outcomes so far can be reported, and the report says that it is incomplete.
    let told = desk.run(["report", "--out", "part.html"]).ends_with(0).stdout;
    assert_eq!(told, "part.html (run 1, which was stopped before its end)\n");
    assert!(desk.run(["runs"]).stdout.contains("1  stopped"), "{told}");
    let part = desk.jsonl();
    assert!(part.lines().count() < 60);
    assert!(part.lines().all(|line| expected.contains(line)));

    let done = Done::of(start(&desk, "home").wait_with_output().unwrap()).ends_with(1);
    assert!(done.stderr.contains("run 1 goes on where it stopped"), "{done:#?}");
    assert_eq!(expected, jsonl(&desk, "home"));
}

#[test]
fn what_was_deleted_while_a_scan_was_stopped_is_not_in_its_report() {
    let desk = long_dump();
    let home = desk.path("home");
    let mut child = start(&desk, "home");
    assert!(runs_until(&mut child, || kept(&home).0 > 0), "it was over too soon");
    child.kill().unwrap();
    child.wait().unwrap();
    let part = records(&desk.jsonl());
    std::fs::remove_file(&part[0].item.path).unwrap();
    Done::of(start(&desk, "home").wait_with_output().unwrap()).ends_with(1);
    let whole = records(&desk.jsonl());
    assert_eq!(whole.len(), 59);
    assert!(whole.iter().all(|record| record.item.path != part[0].item.path));
}

#[test]
fn a_catalogue_whose_filling_was_killed_keeps_what_it_has_and_takes_the_rest_again() {
    let desk = Desk::new();
    for seed in 1..=12 {
        desk.master(seed, 30);
    }
    for pause in [0, 40, 150] {
        let mut child = desk
            .command(["catalog", "add", "masters"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        sleep(Duration::from_millis(pause));
        child.kill().unwrap();
        child.wait().unwrap();
        desk.run(["catalog", "list"]).ends_with(0);
    }
    desk.run(["catalog", "add", "masters"]).ends_with(0);
    let list = desk.run(["catalog", "list"]).ends_with(0).stdout;
    assert!(list.contains("12 recordings"), "{list}");
    desk.run(["query", "masters/song-12.wav"]).ends_with(1);
    let left = std::fs::read_dir(desk.path("home/catalog/segments")).unwrap();
    assert!(left.map(|e| e.unwrap().file_name()).all(|n| !n.to_string_lossy().ends_with(".part")));
}

#[test]
fn a_scan_that_was_killed_among_encoded_files_goes_on_too() {
    let desk = Desk::with_songs(&[1], 30);
    let whole = desk.path("masters/song-1.wav");
    std::fs::create_dir_all(desk.path("dump")).unwrap();
    for (i, name) in ["a.ogg", "b.mp3", "c.flac", "d.m4a", "e.opus", "f.wv"].iter().enumerate() {
        let from = i.to_string();
        encode(&whole, &desk.path("dump").join(name), &["-ss", &from, "-t", "12"]);
    }
    let expected = undisturbed(&desk);
    let home = desk.path("home");
    let mut child = start(&desk, "home");
    runs_until(&mut child, || kept(&home).1 > 0);
    child.kill().unwrap();
    child.wait().unwrap();
    Done::of(start(&desk, "home").wait_with_output().unwrap()).ends_with(1);
    assert_eq!(expected, jsonl(&desk, "home"));
}
