//! `leakhound catalog check`, `stats`, `compact` and `pack`: maintenance of the catalogue's index.

use std::io::Write as _;
use std::path::Path;

use leakhound::catalog::{Catalog, Checked, Compacted, Packed, Stats, TooCommon};
use leakhound::matching::MatchConfig;
use leakhound::wording::{counted, plural, thousands, visible};

use super::log::line;
use crate::args::Global;
use crate::exit::Exit;
use crate::out::Out;

pub(crate) fn check(catalog: &Catalog, json: bool) -> anyhow::Result<Exit> {
    let Checked { recordings, neutral, segments, bytes, problems, leftovers } = catalog.check()?;
    let mut out = Out::lock();
    if json {
        let line = serde_json::json!({
            "problems": problems, "leftovers": leftovers, "recordings": recordings, "neutral": neutral,
            "segments": segments, "bytes": bytes,
        });
        writeln!(out, "{line}")?;
        return verdict(problems.len());
    }
    for problem in &problems {
        writeln!(out, "{}", visible(problem))?;
    }
    if leftovers > 0 {
        let files = counted(leftovers as u64, "file");
        writeln!(
            out,
            "{files} left over from an interrupted change; the next change removes them"
        )?;
    }
    let (recordings, bytes) = (counted(recordings, "recording"), counted(bytes, "byte"));
    let neutral = match neutral {
        0 => String::new(),
        n => format!(" ({} of them neutral references)", thousands(n)),
    };
    let segments = counted(segments as u64, "segment");
    writeln!(out, "{recordings}{neutral}, {segments}, {bytes} of index read")?;
    out.flush()?;
    if problems.is_empty() {
        writeln!(out, "no damage found")?;
    }
    verdict(problems.len())
}

/// How a check ends that found so many problems.
fn verdict(problems: usize) -> anyhow::Result<Exit> {
    match problems {
        0 => Ok(Exit::Clear),
        1 => anyhow::bail!("the catalogue has 1 problem; the line above says what to do"),
        n => anyhow::bail!("the catalogue has {n} problems; the lines above say what to do"),
    }
}

pub(crate) fn compact(global: &Global, catalog: &mut Catalog) -> anyhow::Result<Exit> {
    let Compacted { segments, bytes, dropped } =
        catalog.compact(&|detail| line(global, "compact", detail))?;
    if !global.quiet {
        writeln!(
            Out::lock(),
            "{} of {} merged into {} of {}; {} of removed recordings dropped",
            counted(segments.0 as u64, "segment"),
            counted(bytes.0, "byte"),
            segments.1,
            counted(bytes.1, "byte"),
            counted(dropped, "track"),
        )?;
    }
    Ok(Exit::Clear)
}

pub(crate) fn pack(
    global: &Global,
    catalog: &Catalog,
    out: &Path,
    shards: u32,
) -> anyhow::Result<Exit> {
    let Packed { digest, recordings, bytes, shards } = catalog.pack(out, shards)?;
    if !global.quiet {
        let beside = match shards {
            (0, _) => String::new(),
            (count, bytes) => {
                format!(" and {} of {}", counted(count.into(), "shard"), counted(bytes, "byte"))
            }
        };
        writeln!(
            Out::lock(),
            "{} in {} of {}{beside}; digest {digest}",
            counted(recordings, "recording"),
            out.display(),
            counted(bytes, "byte"),
        )?;
    }
    Ok(Exit::Clear)
}

pub(crate) fn stats(catalog: &Catalog, json: bool) -> anyhow::Result<Exit> {
    let MatchConfig { likely_postings, likely_warp_postings, .. } = MatchConfig::default();
    let limits = [likely_warp_postings, likely_postings.window, likely_postings.item];
    let stats = catalog.stats(&limits)?;
    let (entries, heard) = catalog.count_entries()?;
    let all = All {
        stats: &stats,
        entries,
        entries_without_audio: entries - heard,
        shared_passages: catalog.passages()?.len(),
        masks: catalog.masks()?.len(),
    };
    let mut out = Out::lock();
    if json {
        writeln!(out, "{}", serde_json::to_string(&all)?)?;
    } else {
        let entries = plural(entries, "entry", "entries");
        let silent = thousands(all.entries_without_audio);
        let passages = counted(all.shared_passages as u64, "shared passage");
        let masks = counted(all.masks as u64, "mask");
        write!(out, "{}", table(&stats))?;
        writeln!(out, "{entries}, {silent} of them without audio; {passages} marked; {masks}")?;
    }
    out.flush()?;
    Ok(Exit::Clear)
}

/// What `--json` prints: one object.
#[derive(serde::Serialize)]
struct All<'a> {
    #[serde(flatten)]
    stats: &'a Stats,
    entries: u64,
    entries_without_audio: u64,
    shared_passages: usize,
    masks: usize,
}

fn table(stats: &Stats) -> String {
    let second = |bytes: u64| format!("{:.1}", bytes as f64 / stats.indexed_seconds.max(1.0));
    let part = |bytes: u64| {
        format!("{:>15} bytes, {:>6} per second of audio", thousands(bytes), second(bytes))
    };
    let mut out = String::new();
    let rows = [
        ("recordings", thousands(stats.recordings)),
        ("length", format!("{:.1} h", stats.seconds / 3_600.0)),
        (
            "neutral",
            format!(
                "{}, {:.1} h",
                counted(stats.neutral, "reference"),
                stats.neutral_seconds / 3_600.0
            ),
        ),
        ("segments", thousands(stats.segments as u64)),
        (
            "removed",
            format!("{}, until the next catalog compact", counted(stats.dead_tracks, "track")),
        ),
        ("index", part(stats.bytes)),
        ("  postings", part(stats.postings_bytes)),
        ("  peaks", part(stats.peaks_bytes)),
        ("  prints", part(stats.prints_bytes)),
        ("database", format!("{:>15} bytes", thousands(stats.database_bytes))),
        ("postings", thousands(stats.postings)),
        (
            "hashes",
            format!(
                "{} different ones, the most common {} times",
                thousands(stats.hashes),
                thousands(stats.longest_list)
            ),
        ),
    ];
    for (name, value) in rows {
        out += &format!("{name:<12}{value}\n");
    }
    out += "The index holds every hash. A look-up reads the postings of the rarest likely hashes first, up to a limit:\n";
    for TooCommon { limit, hashes, postings } in &stats.too_common {
        out += &format!(
            "  {:>9} postings: {} more common than that, with {:.2} % of all postings\n",
            thousands(*limit),
            plural(*hashes, "hash is", "hashes are"),
            100.0 * *postings as f64 / stats.postings.max(1) as f64,
        );
    }
    out
}
