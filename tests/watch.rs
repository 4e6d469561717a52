//! `leakhound watch`: what comes to rest is scanned, and what is new is told once, whatever happens.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::{Desk, Dice, Done, excerpt, parse, record, records, song};

/// Longest wait in these tests.
const PATIENCE: Duration = Duration::from_secs(120);
const STEP: Duration = Duration::from_millis(10);
/// Number of times that a watch is killed; `LEAKHOUND_CRASHES=50` sets another.
const CRASHES: usize = 8;

/// Scans once what is finished at once, and returns the events.
fn once(desk: &Desk, args: &[&str], code: i32) -> Vec<Value> {
    let words = [&["watch", "--once", "--json", "--settle", "0", "dump"], args].concat();
    parse(&desk.run(words).ends_with(code).stdout)
}

/// The files of the findings among events.
fn found(events: &[Value]) -> Vec<String> {
    let findings = events.iter().filter(|event| event["event"] == "finding");
    let path = |event: &Value| event["item"]["path"].as_str().unwrap().to_owned();
    let mut names: Vec<_> =
        findings.map(|f| path(f).rsplit('/').next().unwrap().to_owned()).collect();
    names.sort();
    names
}

fn clip(desk: &Desk, name: &str, seed: u64, from: f64) {
    desk.write_wav(name, excerpt(&song(seed, 20), from, from + 10.0));
}

/// Waits until something is so.
#[track_caller]
fn wait_for(what: &str, mut ready: impl FnMut() -> bool) {
    let since = Instant::now();
    while !ready() {
        assert!(since.elapsed() < PATIENCE, "never came: {what}");
        sleep(STEP);
    }
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// A watch whose output goes to files in the desk's folder.
fn start(desk: &Desk, args: &[&str]) -> Child {
    let file = |name| {
        let mut options = fs::OpenOptions::new();
        Stdio::from(options.create(true).append(true).open(desk.path(name)).unwrap())
    };
    let words = [&["watch", "dump", "--poll", "1", "--settle", "0"], args].concat();
    desk.command(words).stdout(file("out")).stderr(file("err")).spawn().unwrap()
}

fn text(desk: &Desk, name: &str) -> String {
    fs::read_to_string(desk.path(name)).unwrap_or_default()
}

#[test]
fn what_is_new_is_told_once_with_item_and_finding_and_the_end_of_each_scan() {
    let desk = Desk::with_songs(&[1, 2], 20);
    clip(&desk, "dump/one.wav", 1, 4.0);
    let events = once(&desk, &[], 1);
    assert_eq!(found(&events), ["one.wav"]);
    let finding = &events[0];
    assert_eq!(
        (&finding["attempt"], &finding["run_id"], &finding["verdict"]),
        (&1.into(), &1.into(), &"match".into())
    );
    assert_eq!(
        (&finding["finding"]["title"], &finding["item"]["codec"]),
        (&"Song 1".into(), &"pcm_s16le".into())
    );
    let end = &events[1];
    assert_eq!(
        (&end["event"], &end["event_id"], &end["items"]["all"]),
        (&"run".into(), &"run-1".into(), &1.into())
    );
    // Nothing has changed: there is no further run.
    assert!(once(&desk, &[], 0).is_empty());
    assert_eq!(desk.run(["runs"]).stdout.lines().count(), 1);
    // Another file, and the same bytes at another place.
    clip(&desk, "dump/two.wav", 2, 4.0);
    fs::copy(desk.path("dump/one.wav"), desk.path("dump/copy.wav")).unwrap();
    assert_eq!(found(&once(&desk, &[], 1)), ["copy.wav", "two.wav"]);
    // A scan by hand tells it to whoever looks at the terminal; to the others the next watch does.
    clip(&desk, "dump/three.wav", 2, 6.0);
    desk.run(["scan", "dump"]).ends_with(1);
    assert_eq!(found(&once(&desk, &[], 1)), ["three.wav"]);
    desk.write("dump/broken.flac", b"");
    assert_eq!(found(&once(&desk, &[], 3)), [""; 0]);
}

#[test]
fn for_people_it_is_text_and_quiet_says_nothing_and_keeps_it_for_later() {
    let desk = Desk::with_songs(&[1], 20);
    clip(&desk, "dump/one.wav", 1, 4.0);
    let quiet = desk.run(["--quiet", "watch", "--once", "--settle", "0", "dump"]).ends_with(1);
    assert_eq!(quiet.stdout + &quiet.stderr, "");
    let told = desk.run(["watch", "--once", "--settle", "0", "dump"]).ends_with(0).stdout;
    assert!(told.starts_with("match   /") && told.contains("The Seeds – Song 1"), "{told}");
    assert!(told.ends_with(": 1 item, 1 match, 0 suspects, 0 not read\n"), "{told}");
}

#[test]
fn unfinished_files_are_rows_and_are_scanned_when_they_are_finished() {
    let desk = Desk::with_songs(&[1], 20);
    clip(&desk, "dump/one.wav.part", 1, 4.0);
    clip(&desk, "dump/~incomplete/two.wav", 1, 5.0);
    clip(&desk, "dump/three.wav", 1, 6.0);
    desk.write("dump/three.wav.aria2", b"x");
    clip(&desk, "dump/four.wav", 1, 7.0);
    let events = once(&desk, &[], 1);
    assert_eq!(found(&events), ["four.wav"]);
    assert_eq!(events[1]["items"]["unfinished"], 4);
    let rows = records(&desk.jsonl());
    let row = record(&rows, "one.wav.part").failure.clone().unwrap();
    assert_eq!((row.kind.as_str(), row.stage.as_str()), ("unfinished", "walk"));
    assert!(
        row.message.contains("ending .part of an unfinished download; it is scanned once"),
        "{row:?}"
    );
    fs::rename(desk.path("dump/one.wav.part"), desk.path("dump/one.wav")).unwrap();
    fs::rename(desk.path("dump/~incomplete/two.wav"), desk.path("dump/two.wav")).unwrap();
    fs::remove_file(desk.path("dump/three.wav.aria2")).unwrap();
    assert_eq!(found(&once(&desk, &[], 1)), ["one.wav", "three.wav", "two.wav"]);
    // Who scans by hand gets everything as it is.
    clip(&desk, "dump/five.wav.part", 1, 8.0);
    desk.run(["scan", "dump"]).ends_with(1);
    let rows = records(&desk.jsonl());
    assert_eq!(record(&rows, "five.wav.part").findings.len(), 1);
}

#[test]
fn a_file_that_is_still_being_written_has_to_rest_first() {
    let desk = Desk::with_songs(&[1], 20);
    clip(&desk, "dump/one.wav", 1, 4.0);
    let began = Instant::now();
    let words = ["watch", "--once", "--json", "--settle", "2", "--poll", "1", "dump"];
    let events = parse(&desk.run(words).ends_with(1).stdout);
    assert!(began.elapsed() >= Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!(found(&events), ["one.wav"]);
}

#[cfg(feature = "torrent")]
#[test]
fn a_download_whose_torrent_lacks_pieces_is_left_alone_until_they_are_there() {
    for version in ["v1", "v2", "hybrid"] {
        let desk = crate::torrents::shared(version);
        let path = desk.path("dump/album/02 two.wav");
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let events = once(&desk, &[], 1);
        assert_eq!(found(&events), ["01 one.wav"], "{version}");
        let rows = records(&desk.jsonl());
        let row = record(&rows, "02 two.wav").failure.clone().unwrap();
        assert!(row.message.starts_with("lacks pieces that its torrent has"), "{row:?}");
        assert!(once(&desk, &[], 0).is_empty(), "{version}");
        fs::write(&path, &whole).unwrap();
        assert_eq!(found(&once(&desk, &[], 1)), ["02 two.wav"], "{version}");
        // One with other bytes will not change any more.
        let mut other = whole;
        other[20_000..30_000].fill(7);
        fs::write(&path, &other).unwrap();
        let events = once(&desk, &[], 0);
        assert_eq!(events.len(), 1, "it was scanned, and what is in it was told: {events:?}");
    }
}

#[test]
fn the_command_gets_each_finding_on_its_standard_input_and_no_name_reaches_a_shell() {
    let desk = Desk::with_songs(&[1], 20);
    clip(&desk, "dump/$(touch pwned) `touch pwned`; touch pwned.wav", 1, 4.0);
    clip(&desk, "dump/b.wav", 1, 5.0);
    desk.write("notify", b"#!/bin/sh\necho \"$#\" >>counts\ncat >>lines\n");
    let made = Command::new("chmod").arg("+x").arg(desk.path("notify")).status().unwrap();
    assert!(made.success());
    let notify = format!("'{}' 'one word'", desk.path("notify").display());
    let events = once(&desk, &["--on-finding", &notify], 1);
    assert_eq!(events.len(), 3);
    let lines = parse(&text(&desk, "lines"));
    assert_eq!(found(&lines), found(&events));
    assert_eq!(lines[0], events[0], "the same line for both");
    assert_eq!(text(&desk, "counts"), "1\n1\n");
    assert!(!desk.path("pwned").exists());
    assert!(once(&desk, &["--on-finding", &notify], 0).is_empty());
    assert_eq!(text(&desk, "counts"), "1\n1\n");
}

#[test]
fn a_command_that_fails_or_hangs_is_told_in_one_line_and_runs_again_at_the_next_start() {
    let desk = Desk::with_songs(&[1], 20);
    clip(&desk, "dump/one.wav", 1, 4.0);
    let run = |script: &str, code: i32| {
        let cmd = format!("sh -c '{script}'");
        let words = [
            "--quiet",
            "watch",
            "--once",
            "--settle",
            "0",
            "dump",
            "--on-finding",
            &cmd,
            "--command-timeout",
            "1",
        ];
        desk.run(words).ends_with(code)
    };
    let told = run("exit 7", 1).says_in_one_line(&[
        "--on-finding ended with exit status: 7",
        "attempt 1",
        "at the next start",
    ]);
    assert_eq!(told.stdout, "");
    run("sleep 100", 0).says_in_one_line(&["took longer than 1 s and was ended", "attempt 2"]);
    assert_eq!(run("cat >given", 0).stderr, "");
    let given = parse(&text(&desk, "given"));
    assert_eq!((given.len(), &given[0]["attempt"]), (1, &3.into()));
    // A command that cannot be is refused before anything is scanned.
    for (cmd, words) in [
        ("/no/such/program", "there is no program /no/such/program"),
        ("'", "is no command"),
        (" ", "is no command"),
    ] {
        desk.run(["watch", "dump", "--on-finding", cmd]).ends_with(2).says_in_one_line(&[words]);
    }
}

#[test]
fn what_was_dismissed_before_it_was_told_is_not_told() {
    let desk = Desk::with_songs(&[1], 20);
    clip(&desk, "dump/one.wav", 1, 4.0);
    desk.run(["scan", "dump"]).ends_with(1);
    let id = records(&desk.jsonl())[0].findings[0].finding_id.clone();
    let why = ["--as", "licensed", "--reason", "a partner", "--by", "Ann"];
    desk.run([["review", "dismiss", &id].as_slice(), &why].concat()).ends_with(0);
    let words = ["watch", "--once", "--json", "--settle", "0", "dump"];
    let events = parse(&desk.run(words).stdout);
    assert_eq!(found(&events), [""; 0]);
}

#[test]
fn a_home_has_one_watch_and_a_signal_ends_it_with_130() {
    let desk = Desk::with_songs(&[1], 20);
    clip(&desk, "dump/one.wav", 1, 4.0);
    for name in ["-TERM", "-INT"] {
        let mut child = start(&desk, &["--json"]);
        wait_for("the finding", || text(&desk, "out").lines().count() >= 2);
        wait_for("the lock", || text(&desk, "home/watch.lock") == child.id().to_string());
        desk.run(["watch", "--once", "dump"])
            .ends_with(4)
            .says_in_one_line(&["another leakhound (process ", "watches with the home"]);
        let asked = Instant::now();
        signal(&child, name);
        assert_eq!(child.wait().unwrap().code(), Some(130));
        assert!(asked.elapsed() < Duration::from_secs(20), "{:?}", asked.elapsed());
    }
    assert_eq!(text(&desk, "err"), "");
    assert_eq!(parse(&text(&desk, "out")).len(), 2);
}

#[test]
fn what_arrives_while_it_watches_is_scanned_and_so_is_everything_if_the_catalogue_grows() {
    let desk = Desk::with_songs(&[1], 20);
    clip(&desk, "dump/one.wav", 1, 4.0);
    clip(&desk, "dump/later.wav", 3, 4.0);
    let mut child = start(&desk, &["--json"]);
    let events = || parse(&text(&desk, "out"));
    wait_for("the first scan", || events().len() == 2);
    clip(&desk, "dump/two.wav", 1, 6.0);
    wait_for("the second scan", || events().len() == 4);
    desk.master(3, 20);
    desk.run(["catalog", "add", "masters"]).ends_with(0);
    wait_for("the third scan", || events().len() == 6);
    assert_eq!(found(&events()), ["later.wav", "one.wav", "two.wav"]);
    // A folder that is away is waited for.
    fs::rename(desk.path("dump"), desk.path("away")).unwrap();
    wait_for("the line", || text(&desk, "err").contains("waits until that has passed"));
    fs::rename(desk.path("away"), desk.path("dump")).unwrap();
    wait_for("the line", || text(&desk, "err").contains("leakhound: goes on\n"));
    signal(&child, "-TERM");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(text(&desk, "err").lines().count(), 2, "{}", text(&desk, "err"));
}

#[test]
fn without_a_reader_of_its_output_it_ends_and_nothing_is_lost() {
    let desk = Desk::with_songs(&[1], 20);
    clip(&desk, "dump/one.wav", 1, 4.0);
    let words = ["watch", "dump", "--poll", "1", "--settle", "0", "--json"];
    let mut child =
        desk.command(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let done = Done::of(child.wait_with_output().unwrap()).ends_with(4);
    assert!(done.stderr.contains("nobody reads standard output any more"), "{done:#?}");
    assert_eq!(found(&once(&desk, &[], 0)), ["one.wav"]);
}

#[test]
fn a_folder_that_is_not_there_and_an_empty_catalogue_are_told_at_the_start() {
    let desk = Desk::with_songs(&[1], 20);
    desk.run(["watch", "nowhere"]).ends_with(2).says_in_one_line(&["check the path"]);
    desk.run(["watch", "home/catalog"]).ends_with(2).says_in_one_line(&["name the dump"]);
    let empty = Desk::new();
    empty
        .run(["watch", "dump"])
        .ends_with(4)
        .says_in_one_line(&["is empty", "leakhound catalog add"]);
}

/// A watch with a limit on the size of files, in blocks of 512 bytes: as on a full disk.
fn on_a_full_disk(desk: &Desk, blocks: u64) -> Child {
    let file = |name| {
        Stdio::from(fs::OpenOptions::new().create(true).append(true).open(desk.path(name)).unwrap())
    };
    let line = format!("trap '' XFSZ; ulimit -S -f {blocks}; exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &line, env!("CARGO_BIN_EXE_leakhound")]);
    command.args(["watch", "dump", "--poll", "1", "--settle", "0", "--json"]);
    command
        .env("LEAKHOUND_HOME", desk.path("home"))
        .env("LEAKHOUND_CONFIG", "")
        .current_dir(desk.path(""));
    command.stdin(Stdio::null()).stdout(file("out")).stderr(file("err")).spawn().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_in_one_line_and_waited_for_and_then_it_goes_on() {
    let desk = Desk::with_songs(&[1], 20);
    clip(&desk, "dump/one.wav", 1, 4.0);
    once(&desk, &[], 1);
    // The results are as long as they may get: nothing more can be written.
    let blocks = desk.path("home/results.sqlite").metadata().unwrap().len() / 512;
    let mut child = on_a_full_disk(&desk, blocks / 2);
    clip(&desk, "dump/two.wav", 1, 6.0);
    wait_for("the line", || text(&desk, "err").contains("waits until that has passed"));
    sleep(Duration::from_secs(3));
    let lines = text(&desk, "err");
    assert_eq!(lines.lines().filter(|line| line.contains("waits until")).count(), 1, "{lines}");
    assert!(lines.contains("is the disk full") && child.try_wait().unwrap().is_none(), "{lines}");
    for id in [child.id(), teller_of(&child)] {
        let freed =
            Command::new("prlimit").args(["--pid", &id.to_string(), "--fsize=unlimited"]).status();
        assert!(freed.unwrap().success());
    }
    wait_for("the finding", || found(&parse(&text(&desk, "out"))) == ["two.wav"]);
    signal(&child, "-TERM");
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

/// The number of the process that tells what a watch finds.
fn teller_of(child: &Child) -> u32 {
    let list = format!("/proc/{0}/task/{0}/children", child.id());
    let numbers = fs::read_to_string(list).unwrap();
    numbers.split_whitespace().next().unwrap().parse().unwrap()
}

/// How often each id is in lines of JSON.
fn counts(lines: &str) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for event in parse(lines).into_iter().filter(|event| event["event"] == "finding") {
        *counts.entry(event["event_id"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    counts
}

/// Kills a watch at random moments while files arrive; nothing is lost or told twice.
#[allow(clippy::print_stderr, reason = "how many kills it was is what is shown")]
fn killed(crashes: usize, command: &str) {
    let desk = Desk::with_songs(&[1, 2], 20);
    desk.write("notify", command.as_bytes());
    let made = Command::new("chmod").arg("+x").arg(desk.path("notify")).status().unwrap();
    assert!(made.success());
    let notify = format!("'{}'", desk.path("notify").display());
    let mut dice = Dice::new(crashes as u64);
    let (mut files, mut in_time) = (0, 0);
    for round in 0..crashes {
        for _ in 0..=dice.below(3) {
            clip(&desk, &format!("dump/{files}.wav"), 1 + files % 2, (files % 7) as f64);
            files += 1;
        }
        let before = text(&desk, "out").len();
        let mut child = start(&desk, &["--json", "--on-finding", &notify]);
        // Killed after any time, or a moment after something was told.
        let pause = Duration::from_millis(dice.below(1_200) as u64);
        if round % 2 == 0 {
            sleep(pause);
        } else {
            let since = Instant::now();
            while text(&desk, "out").len() == before && since.elapsed() < Duration::from_secs(5) {
                sleep(Duration::from_millis(1));
            }
            sleep(Duration::from_micros(dice.below(20_000) as u64));
        }
        assert!(child.try_wait().unwrap().is_none(), "{}", text(&desk, "err"));
        signal(&child, "-KILL");
        in_time += usize::from(text(&desk, "out").len() > before);
        child.wait().unwrap();
    }
    // The last start tells what is left.
    let mut last = desk.command([
        "watch",
        "dump",
        "--once",
        "--settle",
        "0",
        "--json",
        "--on-finding",
        &notify,
    ]);
    let last = Done::of(last.output().unwrap());
    assert!([0, 1].contains(&last.code), "{last:#?}");
    let printed = counts(&(text(&desk, "out") + &last.stdout));
    let handed = counts(&text(&desk, "lines"));
    assert_eq!(printed.len() as u64, files, "lost");
    assert_eq!(printed.keys().collect::<Vec<_>>(), handed.keys().collect::<Vec<_>>(), "lost");
    assert!(printed.values().all(|&count| count == 1), "printed twice: {printed:?}");
    assert!(handed.values().all(|&count| count == 1), "handed over twice: {handed:?}");
    assert!(in_time > 0, "every kill came before anything was told");
    eprintln!(
        "{crashes} kills, {in_time} of them after something was told; {files} findings told once by each of two"
    );
}

#[test]
fn nothing_is_lost_or_told_twice_if_it_is_killed_again_and_again() {
    let crashes = std::env::var("LEAKHOUND_CRASHES").ok().map_or(CRASHES, |n| n.parse().unwrap());
    killed(crashes, "#!/bin/sh\ncat >>lines\n");
}

#[test]
fn nor_if_the_command_takes_its_time_and_the_watch_is_killed_while_it_runs() {
    let crashes = std::env::var("LEAKHOUND_CRASHES").ok().map_or(CRASHES, |n| n.parse().unwrap());
    killed(crashes, "#!/bin/sh\ncat >>lines\nsleep 0.3\n");
}

#[test]
fn a_link_to_a_home_is_no_way_around_the_lock() {
    let desk = Desk::with_songs(&[1], 20);
    std::os::unix::fs::symlink(desk.path("home"), desk.path("link")).unwrap();
    let mut child = start(&desk, &[]);
    wait_for("the lock", || text(&desk, "home/watch.lock") == child.id().to_string());
    desk.run(["--home", "link", "watch", "--once", "dump"])
        .ends_with(4)
        .says_in_one_line(&["another leakhound"]);
    signal(&child, "-TERM");
    assert_eq!(child.wait().unwrap().code(), Some(130));
}
