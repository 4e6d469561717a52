//! Units that are killed at random, done twice and in any order, by processes.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::common::{Desk, Dice, Done, excerpt, song, tar, wav, zip};

/// Number of times that a unit is killed; `LEAKHOUND_CRASHES=500` sets another.
const KILLS: usize = 50;
/// Longest wait of a test.
const PATIENCE: Duration = Duration::from_secs(120);

fn dump() -> Desk {
    let desk = Desk::with_songs(&[1, 2], 30);
    let clip = |n: u64| {
        let song = song(1 + n % 2, 30);
        (format!("{n:02}.wav"), wav(excerpt(&song, (n % 10) as f64, (n % 10) as f64 + 15.0)))
    };
    for number in 0..8 {
        let (name, bytes) = clip(number);
        desk.write(format!("dump/{name}"), &bytes);
    }
    let many: Vec<_> = (10..18).map(clip).collect();
    desk.write("dump/a.tar", &tar(&many));
    desk.write("dump/b.zip", &zip(&many));
    desk
}

fn content_digest(desk: &Desk, run: u32) -> String {
    let name = format!("manifest-{run}.json");
    desk.run(["manifest", &run.to_string(), "--out", &name]).ends_with(0);
    let text = std::fs::read_to_string(desk.path(&name)).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
    manifest["content_digest"].as_str().unwrap().to_owned()
}

fn start(desk: &Desk, unit: u64) -> Child {
    let mut command = desk.command(["--quiet", "work", "plan"]);
    command.env("SLURM_ARRAY_TASK_ID", unit.to_string());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn units_that_were_killed_again_and_again_make_the_run_of_one_machine() {
    let desk = dump();
    desk.run(["scan", "dump"]).ends_with(1);
    desk.run(["plan", "dump", "--out", "plan", "--units", "12"]).ends_with(0);
    let status = desk.run(["plan", "status", "plan", "--json"]).ends_with(3).stdout;
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    let units = status["units"].as_u64().unwrap();
    let kills =
        std::env::var("LEAKHOUND_CRASHES").ok().and_then(|n| n.parse().ok()).unwrap_or(KILLS);

    let mut dice = Dice::new(21);
    let began = Instant::now();
    Done::of(start(&desk, 0).wait_with_output().unwrap()).ends_with(0);
    let usual = began.elapsed();
    let (mut killed, mut left) = (0, (1..units).collect::<Vec<_>>());
    let patience = Instant::now();
    while killed < kills {
        assert!(
            patience.elapsed() < PATIENCE * (1 + kills as u32 / 50),
            "only {killed} were killed"
        );
        // Two at a time, sometimes of one unit; some were done before.
        let pick = |dice: &mut Dice| dice.below(units as usize) as u64;
        let (one, other) = (pick(&mut dice), pick(&mut dice));
        let mut both = [start(&desk, one), start(&desk, other)];
        std::thread::sleep(usual.mul_f64(0.9 * dice.share()));
        for (child, unit) in both.iter_mut().zip([one, other]) {
            if let Some(status) = child.try_wait().unwrap() {
                assert!(status.success(), "unit {unit}: {status}");
                left.retain(|&other| other != unit);
            } else {
                child.kill().unwrap();
                child.wait().unwrap();
                killed += 1;
            }
        }
        if left.is_empty() {
            // All are done: begin again, so that there is something to kill.
            std::fs::remove_dir_all(desk.path("plan/parts")).unwrap();
            left = (0..units).collect();
        }
    }
    let mut order: Vec<u64> = (0..units).chain(0..units).collect();
    for at in (1..order.len()).rev() {
        order.swap(at, dice.below(at + 1));
    }
    for unit in order {
        Done::of(start(&desk, unit).wait_with_output().unwrap()).ends_with(0);
    }
    desk.run(["plan", "status", "plan"]).ends_with(0);
    desk.run(["merge", "plan"]).ends_with(1);
    assert_eq!(content_digest(&desk, 1), content_digest(&desk, 2));
    desk.run(["verify", "2"]).ends_with(0);
}

#[test]
fn a_worker_that_reads_units_answers_each_and_goes_on_after_a_failure() {
    use std::io::Write as _;

    let desk = dump();
    desk.run(["plan", "dump", "--out", "plan", "--units", "6"]).ends_with(0);
    let mut command = desk.command(["work", "plan", "--units"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let lines = "1\n{\"unit\":1}\n\nnothing\n{\"unit\":77}\n{\"unit\":0,\"more\":[]}\n";
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let done = Done::of(child.wait_with_output().unwrap()).ends_with(4);
    let answers: Vec<serde_json::Value> =
        done.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let states: Vec<_> = answers.iter().map(|answer| answer["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["done", "done_before", "failed", "failed", "done"]);
    assert!(answers[3]["error"].as_str().unwrap().contains("no unit 77"), "{done:#?}");
}

#[test]
fn a_worker_that_waits_for_units_ends_when_it_is_asked_to() {
    use std::io::{BufRead as _, Write as _};

    let desk = dump();
    desk.run(["plan", "dump", "--out", "plan", "--units", "6"]).ends_with(0);
    let mut command = desk.command(["work", "plan", "--units"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It stays open.
    let mut input = child.stdin.take().unwrap();
    writeln!(input, "0").unwrap();
    let mut answer = String::new();
    let mut output = std::io::BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut answer).unwrap();
    assert!(answer.contains("\"done\""), "{answer}");
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let began = Instant::now();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(began.elapsed() < PATIENCE);
    drop(input);
}

#[test]
fn the_unit_of_a_task_is_read_from_the_scheduler() {
    let desk = dump();
    desk.run(["plan", "dump", "--out", "plan", "--units", "6"]).ends_with(0);
    let with = |vars: &[(&str, &str)], more: &[&str]| {
        let mut command = desk.command(["work", "plan"].iter().chain(more));
        command.envs(vars.iter().copied());
        Done::of(command.output().unwrap())
    };
    for (number, name) in
        ["SLURM_ARRAY_TASK_ID", "AWS_BATCH_JOB_ARRAY_INDEX", "JOB_COMPLETION_INDEX"]
            .into_iter()
            .enumerate()
    {
        let done = with(&[(name, &number.to_string())], &[]).ends_with(0);
        assert!(done.stdout.starts_with(&format!("unit {number}: ")), "{done:#?}");
    }
    let done = with(&[("JOB_COMPLETION_INDEX", "1")], &["--units-per-index", "2"]).ends_with(0);
    assert!(done.stdout.starts_with("unit 2: ") && done.stdout.contains("\nunit 3: "), "{done:#?}");
    with(&[], &[]).ends_with(2).says_in_one_line(&["--unit N", "SLURM_ARRAY_TASK_ID"]);
    with(&[("SLURM_ARRAY_TASK_ID", "x")], &[]).ends_with(2).says_in_one_line(&["\"x\""]);
    let two = [("SLURM_ARRAY_TASK_ID", "1"), ("JOB_COMPLETION_INDEX", "2")];
    with(&two, &[]).ends_with(2).says_in_one_line(&["several"]);
    with(&[("SLURM_ARRAY_TASK_ID", "900")], &[]).ends_with(2).says_in_one_line(&["no unit 900"]);
}
