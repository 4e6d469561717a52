//! The index at a label's scale: sizes, look-ups, recall and false alarms on a catalogue that is inflated step by step.
//!
//! `cargo bench --bench index [-- [--corpus DIR] [--work DIR] [--seconds S] [--bare] [--queries N] [--asked WORDS] [--compact] [SIZE …]]` adds the
//! catalogue's music of `scripts/corpus` (or of DIR) to a home under `target/bench/index` (or WORK), makes it larger to each SIZE
//! (1000, 10000) with synthetic recordings of S seconds (200; see `inflate.rs`), and searches at each size for clips of
//! N (20) recordings, of the kinds that have WORDS in their name. `--bare` keeps only the peaks that make landmarks of synthetic
//! recordings: a million then fits on half the disk. `--compact` removes every hundredth synthetic recording at the end, and merges
//! all segments.
#![allow(clippy::print_stdout, reason = "a bench sub_fingerprints")]

#[path = "../../tests/common/dice.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod dice;
mod inflate;
mod queries;
mod rivals;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use leakhound::catalog::{Catalog, LogLine, Snapshot};
use leakhound::decode::{DecodeLimits, Decoder};
use leakhound::ingest::Ingester;
use leakhound::matching::verdict::VerdictConfig;
use leakhound::matching::{Alignment, LookupScratch, MatchConfig, Matcher, Share};
use leakhound::signal::fingerprint::{Fingerprint, FingerprintConfig, Fingerprinter};
use leakhound::source::{Item, Stamp};

use queries::{CONDITIONS, Condition};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

struct Options {
    corpus: PathBuf,
    work: PathBuf,
    seconds: f64,
    bare: bool,
    queries: usize,
    asked: String,
    compact: bool,
    sizes: Vec<u64>,
}

impl Options {
    fn parse() -> Result<Self> {
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache"));
        let cache = cache.or_else(home).ok_or("no HOME")?;
        let mut options = Self {
            corpus: cache.join("leakhound/corpus"),
            work: PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/bench/index"),
            seconds: 200.0,
            bare: false,
            queries: 20,
            asked: String::new(),
            compact: false,
            sizes: Vec::new(),
        };
        let mut args = std::env::args().skip(1).filter(|a| a != "--bench");
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or(format!("{arg} needs a value"));
            match &*arg {
                "--corpus" => options.corpus = value()?.into(),
                "--work" => options.work = value()?.into(),
                "--seconds" => options.seconds = value()?.parse()?,
                "--queries" => options.queries = value()?.parse()?,
                "--asked" => options.asked = value()?,
                "--bare" => options.bare = true,
                "--compact" => options.compact = true,
                size => options.sizes.push(size.parse()?),
            }
        }
        if options.sizes.is_empty() {
            options.sizes = vec![1_000, 10_000];
        }
        if !options.corpus.join("catalogue").is_dir() {
            return Err("no music: run scripts/corpus first, or name it with --corpus".into());
        }
        Ok(options)
    }
}

fn main() -> Result<()> {
    let options = Options::parse()?;
    let home = options.work.join("home");
    let leakhound = env!("CARGO_BIN_EXE_leakhound");
    if !home.exists() {
        let mut add = Command::new(leakhound);
        add.args(["--quiet", "catalog", "add"]).arg(options.corpus.join("catalogue"));
        if !add.env("LEAKHOUND_HOME", &home).status()?.success() {
            return Err("catalog add failed".into());
        }
    }
    let mut asked = Vec::new();
    for condition in CONDITIONS.into_iter().filter(|c| c.name.contains(&options.asked)) {
        let folder = options.work.join("queries");
        let clips = condition.make(&options.corpus, &folder, options.queries)?;
        asked.push((condition, fingerprints(clips)));
    }
    for size in &options.sizes {
        println!("\n## {size} recordings\n");
        let inflation = inflate::Inflation::of(&home, *size, options.seconds, options.bare)?;
        let (made, cost) = watched(|| inflation.add())?;
        println!("{made} made and added: {cost}\n");
        measure(&home, &asked)?;
    }
    if options.compact {
        let mut catalog = Catalog::open(&home, FingerprintConfig::default())?;
        let ids: Vec<String> = catalog.recordings()?.into_iter().map(|r| r.recording_id).collect();
        let removed: Vec<String> = ids.into_iter().filter(|id| inflate::leaves(id)).collect();
        let log = |detail| LogLine { at: 0, who: "bench".into(), action: "bench".into(), detail };
        let (removed, cost) = watched(|| Ok(catalog.remove(&removed, &[], &log)?.recordings))?;
        println!("\n## Compacted\n\n{removed} removed: {cost}\n");
        let (compacted, cost) = watched(|| Ok(catalog.compact(&log)?))?;
        println!("{compacted:?}: {cost}\n");
        measure(&home, &asked)?;
    }
    Ok(())
}

/// Runs a closure and prints its cost: seconds, and peak memory without memory maps and the kernel's file cache.
fn watched<T>(run: impl FnOnce() -> Result<T>) -> Result<(T, String)> {
    let before = status_kb("RssAnon:")?;
    let ended = AtomicBool::new(false);
    let began = Instant::now();
    let (result, most) = std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut most = before;
            while !ended.load(Ordering::Relaxed) {
                most = most.max(status_kb("RssAnon:").unwrap_or(0));
                std::thread::sleep(Duration::from_millis(5));
            }
            most
        });
        let result = run();
        ended.store(true, Ordering::Relaxed);
        (result, watch.join().unwrap_or(0))
    });
    let (took, before, most) = (began.elapsed().as_secs_f64(), before / 1_024, most / 1_024);
    let cost = format!("{took:.1} s, memory beyond maps {most} MB at the most, {before} MB before");
    Ok((result?, cost))
}

type Asked = (Condition, Vec<(Fingerprint, String)>);

fn fingerprints(clips: Vec<(PathBuf, String)>) -> Vec<(Fingerprint, String)> {
    let timeout = Duration::from_secs(600);
    let limits = DecodeLimits { max_seconds_of_audio: 86_400.0, max_streams: 1, timeout };
    let fingerprinter = Fingerprinter::new(FingerprintConfig::default());
    let ingester = Ingester::new(Decoder::new(limits, None), fingerprinter);
    let decode = |path: &Path| {
        let stamp = Stamp { size_bytes: path.metadata().ok()?.len(), modified_ns: 0 };
        let item = Item::of_file(path, stamp);
        let ingested = ingester.ingest(&item, &AtomicBool::new(false)).ok()?;
        ingested.fingerprints.into_iter().next()
    };
    let made = clips.into_iter().filter_map(|(clip, of)| Some((decode(&clip)?, of)));
    // Of silence nothing can be told.
    made.filter(|(fingerprint, _)| fingerprint.peaks.len() >= 24).collect()
}

fn measure(home: &Path, asked: &[Asked]) -> Result<()> {
    let began = Instant::now();
    let catalog = Catalog::open(home, FingerprintConfig::default())?;
    let snapshot = catalog.snapshot()?;
    let opened = began.elapsed().as_secs_f64();
    let stats = catalog.stats(&[])?;
    let second = |bytes: u64| bytes as f64 / stats.indexed_seconds;
    println!(
        "{} segments, {:.1} GB: {:.1} bytes a second of audio, postings {:.1}, peaks {:.1}, sub_fingerprints {:.1}; {} postings, \
         {} hashes occur; opened in {opened:.2} s\n",
        stats.segments,
        stats.bytes as f64 / 1e9,
        second(stats.bytes),
        second(stats.postings_bytes),
        second(stats.peaks_bytes),
        second(stats.prints_bytes),
        stats.postings,
        stats.hashes,
    );
    println!(
        "| asked | queries | match % | also suspect % | wrong match | wrong suspect | look-up, CPU ms, median / worst | postings read | identity, CPU ms, median / worst | postings read | with warps, CPU ms, median / worst | postings read |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for (condition, clips) in asked {
        row(&snapshot, condition, clips);
    }
    let anonymous = status_kb("RssAnon:")? / 1_024;
    println!("\nmemory beyond the map: {anonymous} MB, the fingerprints of all clips among them\n");
    if stats.postings < 100_000_000 {
        rivals::compare(&snapshot, &stats, asked.iter().flat_map(|(_, clips)| clips))?;
    }
    Ok(())
}

fn row(snapshot: &Snapshot, condition: &Condition, clips: &[(Fingerprint, String)]) {
    let full = MatchConfig::default();
    let identity = MatchConfig { warp_reach_octaves: 0.0, ..full };
    // Only looks up candidates, without aligning them.
    let looked_up = MatchConfig { candidates: Share { item: 0, window: 0 }, ..identity };
    let verdict = VerdictConfig::default();
    let mut scratch = LookupScratch::default();
    let mut ask = |config: MatchConfig, clip: &Fingerprint| {
        let matcher = Matcher::new(&snapshot.index, FingerprintConfig::default(), config, verdict);
        // A first run brings all pages into memory.
        matcher.search(clip, &mut scratch);
        let (read, began) = (scratch.postings_read, cpu_ms());
        let found = matcher.search(clip, &mut scratch);
        (found, cpu_ms() - began, scratch.postings_read - read)
    };
    let of = |alignment: &Alignment| {
        let recording = snapshot.recording(alignment.track)?;
        Some(Path::new(&recording.path).file_stem()?.to_string_lossy().into_owned())
    };
    let (mut matched, mut suspected, mut wrong) = (0, 0, [0; 2]);
    let (mut alone, mut as_is, mut warped) = (Vec::new(), Vec::new(), Vec::new());
    for (clip, name) in clips {
        let (_, ms, read) = ask(looked_up, clip);
        alone.push((ms, read));
        let (_, ms, read) = ask(identity, clip);
        as_is.push((ms, read));
        let (found, ms, read) = ask(full, clip);
        warped.push((ms, read));
        let chance = |right: bool| {
            let those = found.iter().filter(|a| (of(a).as_ref() == Some(name)) == right);
            those.map(Alignment::false_alarm_probability).fold(1.0, f64::min)
        };
        matched += u32::from(chance(true) < verdict.match_below);
        suspected += u32::from(chance(true) < verdict.suspect_below);
        wrong[0] += u32::from(chance(false) < verdict.match_below);
        wrong[1] += u32::from(chance(false) < verdict.suspect_below);
    }
    let n = clips.len().max(1);
    let told = |costs: &mut Vec<(f64, u64)>| {
        costs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let read = costs.iter().map(|(_, read)| read).sum::<u64>() / n as u64;
        let (median, worst) = (costs[costs.len() / 2].0, costs[costs.len() - 1].0);
        format!("{median:.1} / {worst:.1} | {read}")
    };
    let percent = |count: u32| {
        let percent = 100.0 * f64::from(count) / n as f64;
        if condition.held_out { "–".to_owned() } else { format!("{percent:.0}") }
    };
    let (right, also) = (percent(matched), percent(suspected));
    println!(
        "| {} | {} | {right} | {also} | {} | {} | {} | {} | {} |",
        condition.name,
        clips.len(),
        wrong[0],
        wrong[1],
        told(&mut alone),
        told(&mut as_is),
        told(&mut warped)
    );
}

/// CPU time of this thread, which other programs do not lengthen: field 1 of schedstat, in ns.
fn cpu_ms() -> f64 {
    let told = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let ns = told.split(' ').next().and_then(|ns| ns.parse::<f64>().ok());
    ns.unwrap_or(f64::NAN) / 1e6
}

/// A line of `/proc/self/status`, in kB.
fn status_kb(name: &str) -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).ok_or("no such line")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}
