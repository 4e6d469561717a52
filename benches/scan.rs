//! A whole scan against decoding alone with the full decoders, and against `fpcalc -raw -length 0`.
//!
//! `cargo bench --bench scan [-- FOLDER [HOURS]]` takes the music of `scripts/corpus` (or of FOLDER), makes a
//! dump of at least five hours (or HOURS) of it in mixed codecs with ffmpeg (once, under `target/bench`), half of it
//! recordings of a catalogue of more than 300, half others, and clips of 10 s of both. It runs the programs alternately: over the
//! dump on one core and on all, and on one core for each half and codec, whole files and clips. Quoted are CPU seconds and ratios of
//! medians: these hold on a machine that others use too.
#![allow(clippy::print_stdout, reason = "a benchmark prints")]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use leakhound::decode::{DecodeError, DecodeLimits, Decoder, PcmSink};
use leakhound::signal::SampleRate;
use rayon::prelude::*;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Rounds of the programs in turn.
const ROUNDS: usize = 3;
/// Scans that are measured: a name, and the arguments by which it differs from the first.
const SCANS: [(&str, &[&str]); 3] = [
    ("scan", &[]),
    ("scan --mode identity", &["--mode", "identity"]),
    ("scan --mode probe", &["--mode", "probe"]),
];
/// What stands behind the scans in every measurement.
const OTHERS: [&str; 2] = ["decode alone", "fpcalc"];
/// Music in the dump.
const DUMP_HOURS: f64 = 5.2;
/// Folders of the corpus, and what a scan makes of their files: in the catalogue or not.
const KINDS: [(&str, &str); 2] = [("catalogue", "found"), ("held-out", "clear")];
/// Codecs of the dump, in turn: ending and ffmpeg's arguments.
const CODECS: [(&str, &[&str]); 5] = [
    ("opus", &["-c:a", "libopus", "-b:a", "75k"]),
    ("ogg", &["-c:a", "libvorbis", "-b:a", "160k"]),
    ("mp3", &["-c:a", "libmp3lame", "-b:a", "192k"]),
    // Of lossy music ffmpeg would make 24 bits of noise.
    ("flac", &["-c:a", "flac", "-sample_fmt", "s16"]),
    ("m4a", &["-c:a", "aac", "-b:a", "160k"]),
];
/// Length of the clips, in seconds, and how many are cut of each file.
const CLIP_SECONDS: f64 = 10.0;
const CLIPS_OF_A_FILE: usize = 8;
const DECODE_ONLY: &str = "--decode-only";

fn main() -> Result<()> {
    let mut args: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    if args.first().is_some_and(|a| a == DECODE_ONLY) {
        return decode_only(args[1].parse()?, &args[2..]);
    }
    let hours = if args.len() > 1 { args.pop().map(|hours| hours.parse()) } else { None };
    let hours = hours.transpose()?.unwrap_or(DUMP_HOURS);
    let corpus = args.pop().map_or_else(default_corpus, |a| Ok(PathBuf::from(a)))?;
    let work = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/bench");
    let (mut kinds, mut seconds) = (Vec::new(), 0.0);
    for (kind, _) in KINDS {
        let share = hours / KINDS.len() as f64;
        let (files, length) = make_dump(&corpus.join(kind), &work.join(kind), share)?;
        kinds.push(files);
        seconds += length;
    }
    let home = work.join("home");
    let leakhound = env!("CARGO_BIN_EXE_leakhound");
    if !home.exists() {
        let mut add = Command::new(leakhound);
        add.args(["--quiet", "catalog", "add"]).arg(corpus.join("catalogue"));
        ran(add.env("LEAKHOUND_HOME", &home))?;
    }
    let list =
        output(Command::new(leakhound).args(["catalog", "list"]).env("LEAKHOUND_HOME", &home))?;
    println!("catalogue: {}", list.lines().last().unwrap_or_default());
    let dump = kinds.concat();
    let (hours, codecs) = (seconds / 3_600.0, CODECS.len());
    println!("dump: {hours:.2} h in {codecs} codecs, {} files", dump.len());
    let all = std::thread::available_parallelism()?.get();
    for threads in [1, all] {
        print_overall(&measure(leakhound, &home, &dump, threads)?, seconds, threads);
    }
    println!("\nby codec, 1 thread, medians of {ROUNDS} alternated rounds");
    println!("{:<18}{:<22}{:>9}{:>16}{:>10}", "", "", "CPU s", "/ decode alone", "/ fpcalc");
    for ((folder, kind), files) in KINDS.iter().zip(&kinds) {
        for (ending, codec) in CODECS {
            let ends = |path: &&PathBuf| path.extension().is_some_and(|e| e == ending);
            let files: Vec<PathBuf> = files.iter().filter(ends).cloned().collect();
            print_codec(&format!("{kind} {ending}"), &measure(leakhound, &home, &files, 1)?);
            let clips = make_clips(&files, &work.join(format!("{folder}-clips")), (ending, codec))?;
            print_codec(&format!("{kind} {ending} 10 s"), &measure(leakhound, &home, &clips, 1)?);
        }
    }
    Ok(())
}

fn default_corpus() -> Result<PathBuf> {
    let cache = match std::env::var_os("XDG_CACHE_HOME") {
        Some(cache) => PathBuf::from(cache),
        None => PathBuf::from(std::env::var_os("HOME").ok_or("no HOME")?).join(".cache"),
    };
    let corpus = cache.join("leakhound/corpus");
    if !corpus.join("catalogue").is_dir() {
        return Err(
            "no music: run scripts/corpus first, or name a folder with a catalogue/ in it".into()
        );
    }
    Ok(corpus)
}

/// Transcodes music until there are `hours` of it; returns the files and their length in seconds.
fn make_dump(music: &Path, dump: &Path, hours: f64) -> Result<(Vec<PathBuf>, f64)> {
    fs::create_dir_all(dump)?;
    let sources = files(music)?;
    // Spread over the packages, which sort together.
    let stride = 7;
    let sources = (0..stride).flat_map(|i| sources.iter().skip(i).step_by(stride));
    let (mut made, mut seconds) = (Vec::new(), 0.0);
    for (i, source) in sources.enumerate() {
        if seconds > hours * 3_600.0 {
            break;
        }
        let (ending, codec) = CODECS[i % CODECS.len()];
        let target = dump.join(format!("{i:03}.{ending}"));
        if !target.exists() {
            let part = dump.join(format!("part.{ending}"));
            let mut ffmpeg = Command::new("ffmpeg");
            ffmpeg
                .args(["-nostdin", "-v", "error", "-y", "-i"])
                .arg(source)
                .args(["-vn", "-ac", "2"]);
            ran(ffmpeg.args(codec).arg(&part))?;
            fs::rename(&part, &target)?;
        }
        seconds += seconds_of(&target)?;
        made.push(target);
    }
    Ok((made, seconds))
}

/// Cuts clips out of files, spread over each, in the same codec.
fn make_clips(
    files: &[PathBuf],
    folder: &Path,
    (ending, codec): (&str, &[&str]),
) -> Result<Vec<PathBuf>> {
    fs::create_dir_all(folder)?;
    let mut made = Vec::new();
    for file in files {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let part = (seconds_of(file)? - CLIP_SECONDS).max(0.0) / CLIPS_OF_A_FILE as f64;
        for at in 0..CLIPS_OF_A_FILE {
            let target = folder.join(format!("{name}-{at}.{ending}"));
            if !target.exists() {
                let new = folder.join(format!("part.{ending}"));
                let from = at as f64 * part;
                let mut ffmpeg = Command::new("ffmpeg");
                ffmpeg
                    .args(["-nostdin", "-v", "error", "-y", "-ss", &from.to_string()])
                    .args(["-t", &CLIP_SECONDS.to_string(), "-i"])
                    .arg(file);
                ran(ffmpeg.args(codec).arg(&new))?;
                fs::rename(&new, &target)?;
            }
            made.push(target);
        }
    }
    Ok(made)
}

fn seconds_of(file: &Path) -> Result<f64> {
    let mut probe = Command::new("ffprobe");
    probe.args(["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0"]);
    Ok(output(probe.arg(file))?.trim().parse()?)
}

/// Runs [`SCANS`], then [`OTHERS`], alternately over the same files; the medians in that order.
fn measure(leakhound: &str, home: &Path, files: &[PathBuf], threads: usize) -> Result<Vec<Cost>> {
    let threads = threads.to_string();
    let mut runs: Vec<Vec<Cost>> = (0..SCANS.len() + OTHERS.len()).map(|_| Vec::new()).collect();
    for _ in 0..ROUNDS {
        for ((_, arguments), runs) in SCANS.iter().zip(&mut runs) {
            let _ = fs::remove_file(home.join("results.sqlite"));
            let mut scan = Command::new(leakhound);
            scan.args(["--quiet", "--threads", &threads, "scan"]).args(*arguments).args(files);
            runs.push(cost(scan.env("LEAKHOUND_HOME", home))?);
        }
        let mut decode = Command::new(std::env::current_exe()?);
        runs[SCANS.len()].push(cost(decode.args([DECODE_ONLY, &threads]).args(files))?);
        let mut fpcalc = Command::new("sh");
        let line = "printf '%s\\0' \"$@\" | xargs -0 -n 1 -P \"$0\" fpcalc -raw -length 0";
        fpcalc.args(["-c", line, &threads]).args(files).stderr(Stdio::null());
        runs[SCANS.len() + 1].push(cost(&mut fpcalc)?);
    }
    let median = |mut costs: Vec<Cost>| {
        costs.sort_by(|a, b| a.cpu.total_cmp(&b.cpu));
        costs.swap_remove(costs.len() / 2)
    };
    Ok(runs.into_iter().map(median).collect())
}

fn names() -> impl Iterator<Item = &'static str> {
    SCANS.iter().map(|(name, _)| *name).chain(OTHERS)
}

fn print_overall(costs: &[Cost], seconds: f64, threads: usize) {
    println!("\n{threads} thread(s), medians of {ROUNDS} alternated rounds");
    println!("{:<22}{:>9}{:>9}{:>16}{:>12}", "", "CPU s", "wall s", "× real, CPU", "peak MB");
    for (name, cost) in names().zip(costs) {
        let real = seconds / cost.cpu;
        let Cost { cpu, wall, peak_mb } = cost;
        println!("{name:<22}{cpu:>9.1}{wall:>9.1}{real:>16.0}{peak_mb:>12.0}");
    }
    let (scans, others) = costs.split_at(SCANS.len());
    for ((name, _), scan) in SCANS.iter().zip(scans) {
        for (other, cost) in OTHERS.iter().zip(others) {
            let (cpu, wall) = (scan.cpu / cost.cpu, scan.wall / cost.wall);
            println!("{:<38}CPU {cpu:.2}, wall {wall:.2}", format!("{name} / {other}:"));
        }
    }
}

fn print_codec(codec: &str, costs: &[Cost]) {
    let (decode, fpcalc) = (costs[SCANS.len()].cpu, costs[SCANS.len() + 1].cpu);
    for (name, Cost { cpu, .. }) in names().zip(costs) {
        let (to_decode, to_fpcalc) = (cpu / decode, cpu / fpcalc);
        println!("{codec:<18}{name:<22}{cpu:>9.2}{to_decode:>16.2}{to_fpcalc:>10.2}");
    }
}

/// What a program took. The peak is that of the program itself, not of what it starts.
#[derive(Default)]
struct Cost {
    cpu: f64,
    wall: f64,
    peak_mb: f64,
}

fn cost(command: &mut Command) -> Result<Cost> {
    let before = children_cpu()?;
    let start = Instant::now();
    let mut child = command.stdout(Stdio::null()).spawn()?;
    let mut peak_kb = 0_u64;
    let status = loop {
        if let Ok(status) = fs::read_to_string(format!("/proc/{}/status", child.id())) {
            let high = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
            let high = high.and_then(|l| l.trim().trim_end_matches("kB").trim().parse().ok());
            peak_kb = peak_kb.max(high.unwrap_or(0));
        }
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    // A scan that found something ends with 1; xargs with 123 where fpcalc ends with 3 because a file's
    // last frame is short, after it has printed the fingerprint.
    if !matches!(status.code(), Some(0 | 1 | 123)) {
        return Err(format!("{command:?} ended with {status}").into());
    }
    let wall = start.elapsed().as_secs_f64();
    Ok(Cost { cpu: children_cpu()? - before, wall, peak_mb: peak_kb as f64 / 1_024.0 })
}

/// CPU seconds of all children that have ended: fields 16 and 17 of proc(5)'s stat, 100 ticks a second.
fn children_cpu() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit(')').next().ok_or("no stat")?;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    Ok((fields[13].parse::<f64>()? + fields[14].parse::<f64>()?) / 100.0)
}

/// Decodes files in full with the program's own decoders and throws the samples away.
fn decode_only(threads: usize, paths: &[String]) -> Result<()> {
    struct Nothing(f32);
    impl PcmSink for Nothing {
        fn begin(&mut self, _: usize, _: SampleRate) {}
        fn push(&mut self, _: usize, samples: &[f32]) {
            self.0 += samples.first().copied().unwrap_or(0.0);
        }
        fn restart(&mut self) {}
    }
    let timeout = Duration::from_secs(600);
    let limits = DecodeLimits { max_seconds_of_audio: 86_400.0, max_streams: 32, timeout };
    let decoder = Decoder::new(limits, None);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    pool.install(|| {
        paths.par_iter().for_each(|path| {
            let mut sink = Nothing(0.0);
            let decoded =
                decoder.decode(&Path::new(path).into(), &AtomicBool::new(false), &mut sink);
            // A clip may be of a rest.
            let is_heard = matches!(decoded, Ok(_) | Err(DecodeError::Silent { .. }));
            assert!(is_heard, "{path}: {decoded:?}");
            std::hint::black_box(sink.0);
        });
    });
    Ok(())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.sort();
    Ok(files)
}

fn output(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output()?;
    Ok(String::from_utf8(output.stdout)?)
}

fn ran(command: &mut Command) -> Result<()> {
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} ended with {status}").into()) }
}
