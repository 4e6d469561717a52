//! The HTML report of a large run: measures how long it takes to write, and makes a page to open.
//!
//! `cargo bench --bench report [-- [--findings N] [OUT.html]]` writes the page of a synthetic run with N (default 100,000) findings of all
//! kinds to OUT (default `target/bench/report.html`). `scripts/page-speed` measures how long a browser takes to show and filter it,
//! and the browser test of `scripts/test` opens a small one. With `--home HOME`, the run is stored in the results of a new folder
//! HOME as a scan would do, for `scripts/page-speed --review HOME`, which measures the review page.
#![allow(clippy::print_stdout, reason = "a bench prints")]

use std::fs;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leakhound::record::{
    ClaimCheck, Evidence, Explained, FailureRecord, Finding, Integrity, ItemFacts, ItemRecord,
    PeakWindow, Relation, Release, RunnerUp, Span, Stage, Standing, StandingKind, Tier,
    TorrentFacts, Verdict, Work,
};
use leakhound::report::{Change, Counts, Format, ReportError, RunSummary, write};
use leakhound::results::{ResultStore, RunKey};
use leakhound::scan::OutcomeSink as _;
use leakhound::scan::{Mode, Outcome};
use leakhound::source::Stamp;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut findings = 100_000;
    let mut out = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/bench/report.html");
    let mut home = None;
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--findings" => findings = args.next().ok_or("--findings needs a number")?.parse()?,
            "--home" => home = Some(PathBuf::from(args.next().ok_or("--home needs a folder")?)),
            path => out = PathBuf::from(path),
        }
    }
    if let Some(home) = home {
        return keep(&home, findings);
    }
    let mut counts = Counts::default();
    (0..findings).for_each(|number| counts.add(&item(number)));
    let summary = RunSummary {
        run_id: "12".to_owned(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        mode: "full".to_owned(),
        about: None,
        roots: vec!["/dumps/2026-11".to_owned()],
        catalogue_recordings: 48_210,
        catalogue_digest: "c0ffee".repeat(10),
        fingerprint_digest: "5d3c01fe".to_owned(),
        decoders: "symphonia 0.6.1".to_owned(),
        manifest_digest: "5e".repeat(32),
        complete: true,
        counts,
        change: Some(Change { since_run: "11".to_owned(), new: 18, gone: 3, standing: findings }),
    };
    if let Some(folder) = out.parent() {
        fs::create_dir_all(folder)?;
    }
    let start = Instant::now();
    let records = (0..findings).map(|number| Ok::<_, ReportError>(item(number)));
    write(Format::Html, &summary, records, &mut BufWriter::new(fs::File::create(&out)?))?;
    let bytes = fs::metadata(&out)?.len();
    println!(
        "{}: {findings} findings, {:.1} MB, written in {:.2} s",
        out.display(),
        bytes as f64 / 1e6,
        start.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Stores the run in the results of a folder, which must have no runs.
fn keep(home: &Path, findings: u64) -> Result<(), Box<dyn std::error::Error>> {
    fs::create_dir_all(home)?;
    let mut store = ResultStore::open(home)?;
    if !store.runs()?.is_empty() {
        return Err(format!("{} has runs already; name another folder", home.display()).into());
    }
    let key = RunKey {
        roots: vec!["/dumps/2026-11".to_owned()],
        mode: Mode::Full,
        settings_digest: String::new(),
        catalogue_digest: "c0ffee".repeat(10),
        catalogue_recordings: 48_210,
        fingerprint_digest: "5d3c01fe".to_owned(),
        decoders: "symphonia 0.6.1".to_owned(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let (run, goes_on) = store.begin(&key, 0)?;
    let mut sink = store.sink(run.run_id, goes_on)?;
    for number in 0..findings {
        let record = item(number);
        let key = record.item.path.clone().into_bytes();
        let stamp = Stamp { size_bytes: record.item.size_bytes, modified_ns: 0 };
        sink.record(Outcome { key, stamp, record })?;
    }
    sink.finish(0, |_| String::new())?;
    println!("{}: {findings} items", home.display());
    Ok(())
}

/// Pseudo-random numbers, the same each time: a linear congruential generator with Knuth's constants (MMIX).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn share(&mut self) -> f64 {
        self.roll(10_000) as f64 / 10_000.0
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.roll(all.len() as u64) as usize]
    }
}

const FIRST: [&str; 8] =
    ["Quiet", "Silver", "Night", "Paper", "Salt", "Amber", "Glass", "<b>Bold</b>"];
const SECOND: [&str; 8] =
    ["Harbour", "Train", "Garden", "Signal", "Rivers", "</script>", "Atlas", "Parade"];
const ARTISTS: [&str; 6] =
    ["The Harbour", "Ana Ruiz", "Ödland", "Sons of Ferrara", "Lighthouse Club", "& Co"];
const LABELS: [&str; 4] = ["Northlight Records", "Maris & Sons", "Kupfer Audio", ""];

/// An item with one finding; one in twenty could not be read instead.
fn item(number: u64) -> ItemRecord {
    let mut dice = Dice(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    dice.roll(1);
    let container = number / 997;
    let path = format!(
        "/dumps/2026-11/part {container:04}.tar!/music/{:07} {} {}.ogg",
        number,
        dice.of(&FIRST),
        dice.of(&SECOND)
    );
    let mut record = ItemRecord {
        item: ItemFacts {
            locator: path.replace(' ', "%20").replace('<', "%3C").replace('>', "%3E"),
            path,
            size_bytes: 4_008_000 + dice.roll(900_000),
            sha256: format!("{:064x}", u128::from(number) * 0x1_0001),
            codec: "vorbis".to_owned(),
            duration_seconds: 60.0 + 240.0 * dice.share(),
            streams: 1,
            containers: "tar".to_owned(),
            offset: Some(number * 4_096),
            torrent: (container.is_multiple_of(7)).then(|| torrent(container)),
        },
        verdict: Verdict::Clear,
        findings: Vec::new(),
        failure: None,
        notes: if number.is_multiple_of(11) {
            vec!["2 damaged packets were skipped.".to_owned()]
        } else {
            Vec::new()
        },
        claims: dice.of(&[
            ClaimCheck::Nothing,
            ClaimCheck::Agree,
            ClaimCheck::Disagree,
            ClaimCheck::SoundOnly,
        ]),

        is_partial: false,
    };
    if number % 20 == 19 {
        let kind = dice.of(&["truncated", "empty", "encrypted", "unknown_codec"]).into();
        record.verdict = Verdict::Failed;
        record.failure = Some(FailureRecord {
            stage: Stage::Read,
            kind,
            message: "it ends after 812 of 4,096 bytes".to_owned(),
        });
    }
    let finding = finding(number, record.item.duration_seconds, &mut dice);
    if record.failure.is_none() {
        record.verdict = finding.verdict;
        record.findings = vec![finding];
    }
    record
}

fn torrent(container: u64) -> TorrentFacts {
    TorrentFacts {
        locator: format!("part {container}.torrent"),
        info_hash: format!("{container:040x}"),
        info_hash_v2: String::new(),
        name: format!("Collection {container:04}"),
        file: format!("part {container:04}.tar"),
        integrity: Integrity::Verified,
        verified_bytes: 4_008_000,
        others: 0,
    }
}

fn finding(number: u64, seconds: f64, dice: &mut Dice) -> Finding {
    let recording = dice.roll(9_000);
    let mut names = Dice(recording * 7_919 + 1);
    let verdict = match dice.roll(12) {
        0 | 1 => Verdict::Suspect,
        2 => Verdict::Permitted,
        _ => Verdict::Match,
    };
    let claimed = dice.roll(30) == 0;
    let is_warped = dice.roll(4) == 0;
    let tempo = if is_warped { 0.8 + 0.05 * dice.roll(10) as f64 } else { 1.0 };
    let (item, of_recording) = (dice.share(), dice.share().max(0.05));
    let length = 180.0;
    let covered = (item * seconds).min(length);
    let relation = match verdict {
        Verdict::Suspect => Relation::SharedMaterial,
        _ => Relation::ALL[number as usize % 5],
    };
    Finding {
        recording_id: format!("{recording:016x}"),
        recording_path: format!("/masters/{recording:05}.flac"),
        title: format!("{} {}", names.of(&FIRST), names.of(&SECOND)),
        artist: names.of(&ARTISTS).to_owned(),
        isrc: format!("GBXYZ24{recording:05}"),
        verdict: if claimed { Verdict::Suspect } else { verdict },
        false_alarm_probability: if verdict == Verdict::Suspect {
            4e-5
        } else {
            10_f64.powi(-7 - dice.roll(60) as i32)
        },
        score: if claimed { 0.0 } else { 20.0 + 4_000.0 * of_recording.powi(3) },
        tempo,
        pitch_cents: if is_warped && dice.roll(2) == 0 { 1_200.0 * tempo.log2() } else { 0.0 },
        spans: if claimed {
            Vec::new()
        } else {
            vec![span(10.0, covered), span(20.0 + covered, 12.0)]
        },
        item_coverage: item,
        recording_coverage: of_recording,
        stream: 0,
        shares_passage_with: Vec::new(),
        decision: None,
        notices: Vec::new(),
        sound: String::new(),
        tiers: vec![if claimed {
            Tier::Identifier
        } else if is_warped {
            Tier::ChangedSound
        } else {
            Tier::Sound
        }],
        claimed_by: if claimed {
            vec!["ISRC GBXYZ2400001 in its tags".to_owned()]
        } else {
            Vec::new()
        },
        standing: (verdict == Verdict::Permitted).then(|| Standing {
            kind: StandingKind::Licensed,
            reason: "promotion agreement 2025/17".to_owned(),
        }),
        relation: (!claimed).then_some(relation),
        explained: (!claimed).then_some(Explained {
            recording_share: 0.3 + 0.6 * of_recording,
            item_share: 0.3 + 0.6 * item,
            elsewhere_share: 0.17,
            others_share: if is_warped { 0.12 } else { 0.0 },
            measures: None,
        }),
        evidence: (!claimed).then(|| evidence(dice, length)),
        finding_id: format!("f-{number:016x}"),
        work: Some(Work {
            label: names.of(&LABELS).to_owned(),
            releases: vec![Release {
                title: format!("{} Sessions", SECOND[(recording / 12 % 8) as usize]),
                ..Release::default()
            }],
            p_line: "2024 Northlight Records".to_owned(),
            ..Work::default()
        }),
    }
}

fn span(from: f64, length: f64) -> Span {
    Span {
        item_start_seconds: from,
        item_end_seconds: from + length,
        recording_start_seconds: from / 2.0,
        recording_end_seconds: from / 2.0 + length,
    }
}

fn evidence(dice: &mut Dice, recording_seconds: f64) -> Evidence {
    let mut bytes = |count: usize| {
        STANDARD.encode((0..count).map(|_| dice.roll(256) as u8).collect::<Vec<u8>>())
    };
    let (dots, item, recording) = (bytes(256), bytes(192), bytes(192));
    let mut shares: Vec<u8> = (0..61).map(|_| dice.roll(14) as u8).collect();
    shares[30] = 60 + dice.roll(40) as u8;
    Evidence {
        peaks: 1_800,
        peaks_met: 1_420,
        dots,
        recording_seconds,
        window: Some(PeakWindow { span: span(31.0, 5.0), item, recording }),
        met_when_moved: STANDARD.encode(shares),
        runner_up: (dice.roll(2) == 0).then(|| RunnerUp {
            recording_id: format!("{:016x}", dice.roll(9_000)),
            title: "Paper Atlas".to_owned(),
            artist: "Ana Ruiz".to_owned(),
            false_alarm_probability: 1.0,
        }),
    }
}
