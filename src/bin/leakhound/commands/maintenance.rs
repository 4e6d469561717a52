//! `leakhound catalog check|stats|compact`: the catalogue's index looked after.

use std::io::Write as _;

use leakhound::catalog::{Catalog, Checked, Compacted, Stats, TooCommon};
use leakhound::matching::MatchConfig;
use leakhound::wording::{thousands, visible};

use super::log::line;
use crate::args::Global;
use crate::exit::Exit;
use crate::out::Out;

pub(crate) fn check(catalog: &Catalog) -> anyhow::Result<Exit> {
    let Checked { recordings, neutral, segments, bytes, problems, leftovers } = catalog.check()?;
    let mut out = Out::lock();
    for problem in &problems {
        writeln!(out, "{}", visible(problem))?;
    }
    if leftovers > 0 {
        let files = thousands(leftovers as u64);
        writeln!(
            out,
            "{files} files are left of a change that did not come to its end; the next change sweeps \
             them away"
        )?;
    }
    let (recordings, bytes) = (thousands(recordings), thousands(bytes));
    let neutral = match neutral {
        0 => String::new(),
        n => format!(" ({} of them neutral references)", thousands(n)),
    };
    writeln!(
        out,
        "{recordings} recordings{neutral}, {segments} segments, {bytes} bytes of index read"
    )?;
    out.flush()?;
    match problems.len() {
        0 => {
            writeln!(out, "all is as it was written")?;
            Ok(Exit::Clear)
        }
        1 => anyhow::bail!("the catalogue has a problem; the line above says what to do"),
        n => anyhow::bail!("the catalogue has {n} problems; the lines above say what to do"),
    }
}

pub(crate) fn compact(global: &Global, catalog: &mut Catalog) -> anyhow::Result<Exit> {
    let Compacted { segments, bytes, dropped } =
        catalog.compact(&|detail| line(global, "compact", detail))?;
    if !global.quiet {
        writeln!(
            Out::lock(),
            "{} segments of {} bytes became {} of {}; {} tracks of removed recordings were dropped",
            segments.0,
            thousands(bytes.0),
            segments.1,
            thousands(bytes.1),
            thousands(dropped),
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
        let (entries, silent) = (thousands(entries), thousands(all.entries_without_audio));
        let passages = thousands(all.shared_passages as u64);
        let masks = thousands(all.masks as u64);
        write!(out, "{}", table(&stats))?;
        writeln!(
            out,
            "{entries} entries, {silent} of them without audio; {passages} shared passages marked; {masks} masks"
        )?;
    }
    out.flush()?;
    Ok(Exit::Clear)
}

/// What `--json` prints.
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
        format!("{:>15} bytes, {:>6} a second of audio", thousands(bytes), second(bytes))
    };
    let mut out = String::new();
    let rows = [
        ("recordings", thousands(stats.recordings)),
        ("length", format!("{:.1} h", stats.seconds / 3_600.0)),
        (
            "neutral",
            format!(
                "{} references, {:.1} h",
                thousands(stats.neutral),
                stats.neutral_seconds / 3_600.0
            ),
        ),
        ("segments", thousands(stats.segments as u64)),
        ("removed", format!("{} tracks, until they are merged away", thousands(stats.dead_tracks))),
        ("index", part(stats.bytes)),
        ("  postings", part(stats.postings_bytes)),
        ("  peaks", part(stats.peaks_bytes)),
        ("  prints", part(stats.prints_bytes)),
        ("database", format!("{:>15} bytes", thousands(stats.database_bytes))),
        ("postings", thousands(stats.postings)),
        (
            "hashes",
            format!(
                "{} occur, the commonest {} times",
                thousands(stats.hashes),
                thousands(stats.longest_list)
            ),
        ),
    ];
    for (name, value) in rows {
        out += &format!("{name:<12}{value}\n");
    }
    out += "Nothing is left out of the index. A look-up reads the rarest of the likely hashes first, up to a limit:\n";
    for TooCommon { limit, hashes, postings } in &stats.too_common {
        out += &format!(
            "  of {:>9} postings: {} hashes are too common for it, {:.2} % of the postings\n",
            thousands(*limit),
            thousands(*hashes),
            100.0 * *postings as f64 / stats.postings.max(1) as f64,
        );
    }
    out
}
