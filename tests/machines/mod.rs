//! One dump on many machines: planned, done in units and merged, it is the run of one machine, record by record.

mod digest;
mod hostile;
mod killed;
mod many;
mod pack;
mod refused;

use std::path::{Path, PathBuf};

use leakhound::cluster::{Done, Parts, Plan, UnitSize};
use leakhound::provenance::Manifest;
use leakhound::report::Format;
use leakhound::scan::Progress;
use leakhound::session::{Session, Settings};
use leakhound::source::ScanLimits;

use crate::common::{Desk, Dice};

/// Settings without an outside ffmpeg, at a time that stands still.
fn settings(limits: ScanLimits) -> Settings {
    let mode = "identity".parse().unwrap();
    let clock = || 1_795_461_154;
    Settings { ffmpeg: false, threads: 2, mode, limits, clock, ..Settings::default() }
}

/// What a run says: its content digest, and its records as JSONL.
#[derive(Debug, Clone, PartialEq)]
struct Told {
    content_digest: String,
    records: String,
}

fn told(session: &Session, run_id: i64) -> Told {
    let sealed = session.results().unwrap().manifest(run_id).unwrap().unwrap();
    let content_digest = Manifest::parse(&sealed.document).unwrap().content_digest;
    let mut records = Vec::new();
    session.report(Some(run_id), Format::Jsonl, &mut records).unwrap();
    Told { content_digest, records: String::from_utf8(records).unwrap() }
}

/// The run of one machine.
fn scanned(desk: &Desk, limits: ScanLimits) -> Told {
    let session = Session::with_settings(desk.path("home"), settings(limits)).unwrap();
    let end = session.scan(&[desk.path("dump")], &mut |_: &Progress| {}).unwrap();
    told(&session, end.run.run_id)
}

/// A plan of the dump with units of about this many bytes.
fn planned(desk: &Desk, limits: ScanLimits, bytes: u64) -> Plan {
    let session = Session::with_settings(desk.path("home"), settings(limits)).unwrap();
    let out = desk.path(format!("plan-{bytes}"));
    session.plan(&[desk.path("dump")], &out, UnitSize::Bytes(bytes)).unwrap().unwrap()
}

/// Does all units of a plan, in an order by chance and some of them twice.
fn worked(desk: &Desk, plan: &Plan, seed: u64) {
    let session = Session::with_settings(
        desk.path("home"),
        settings(ScanLimits::default()).of_plan(plan).unwrap(),
    );
    let worker = session.unwrap().worker(plan.clone(), Parts::new(plan.parts_folder())).unwrap();
    let mut dice = Dice::new(seed);
    let mut units: Vec<u64> = (0..plan.content().units).collect();
    for at in (1..units.len()).rev() {
        units.swap(at, dice.below(at + 1));
    }
    for unit in units {
        let done = worker.work(unit, &mut |_| {}).unwrap();
        assert!(matches!(done, Done::Now(_)), "{done:?}");
        if dice.below(4) == 0 {
            let again = worker.work(unit, &mut |_| {}).unwrap();
            assert!(matches!(again, Done::Before(_)), "{again:?}");
        }
    }
}

/// The run that a plan's parts make.
fn merged(desk: &Desk, plan: &Plan) -> Told {
    let settings = settings(ScanLimits::default()).of_plan(plan).unwrap();
    let session = Session::with_settings(desk.path("home"), settings).unwrap();
    let parts = [Parts::new(plan.parts_folder())];
    let end = session.merge(plan.clone(), &parts, &mut |_: &Progress| {}).unwrap().unwrap();
    told(&session, end.end.run.run_id)
}

/// Asserts that a dump in units of each of these sizes gives the run of one machine. Returns the numbers of units.
#[track_caller]
fn assert_same(desk: &Desk, limits: ScanLimits, sizes: &[u64]) -> Vec<u64> {
    let expected = scanned(desk, limits);
    let each = |bytes: &u64| {
        let plan = planned(desk, limits, *bytes);
        worked(desk, &plan, *bytes);
        let found = merged(desk, &plan);
        for (one, other) in expected.records.lines().zip(found.records.lines()) {
            assert_eq!(one, other, "in units of {bytes} bytes");
        }
        assert_eq!(expected, found, "in units of {bytes} bytes");
        plan.content().units
    };
    sizes.iter().map(each).collect()
}

/// The file of a part with this ending.
fn part_of(plan: &Path, unit: u64, ending: &str) -> PathBuf {
    let shelf = plan.join("parts").join(format!("{:03}", unit / 1_000));
    let begins = format!("part-{unit:07}");
    let files = std::fs::read_dir(shelf).unwrap().map(|file| file.unwrap().path());
    let is_it = |file: &PathBuf| {
        let name = file.file_name().unwrap().to_str().unwrap();
        name.starts_with(&begins) && name.ends_with(ending)
    };
    { files }.find(is_it).unwrap()
}
