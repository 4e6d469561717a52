//! The report across dumps as one page without scripts: summary, spread, dumps, works, and a part for each data set, which
//! begins a page when it is printed.

use std::io::{self, Write};

use askama::Template;

use super::charts::Chart;
use super::digest;
use super::shown::Shown;
use super::spread;
use crate::base::thousands;
use crate::report::across::{Across, Dump, words};
use crate::report::{Format, ReportError};
use crate::wording::{clock, counted};

const STYLE: &str = concat!(
    include_str!("page/base.css"),
    include_str!("page/style.css"),
    include_str!("page/across.css")
);
/// Most rows of the list of works, and of the list of one data set. Guesses: a page of 2,000 rows opens at once.
const MAX_WORKS: usize = 2_000;
const MAX_WORKS_OF_A_DUMP: usize = 500;

#[derive(Template)]
#[template(path = "across_head.html", config = "src/report/askama.toml")]
struct Head<'a> {
    policy: String,
    style: &'static str,
    runs: String,
    out: String,
    share: String,
    catalogue: String,
    several: String,
    suspected: String,
    gone: String,
    dump_count: String,
    hours: String,
    items: String,
    what_is_out: String,
    looked_at: String,
    unread: String,
    chart: Option<Chart>,
    dumps: &'a [DumpRow],
    works: Vec<WorkRow>,
    /// How many works are not in the list; `""` if all are.
    unlisted: String,
}

#[derive(Template)]
#[template(path = "across_dump.html", config = "src/report/askama.toml")]
struct DataSet<'a> {
    row: &'a DumpRow,
    listing: Vec<(&'static str, Shown)>,
    found: Vec<(&'static str, Shown)>,
    works: Vec<WorkRow>,
    unlisted: String,
}

#[derive(Template)]
#[template(path = "across_foot.html", config = "src/report/askama.toml")]
struct Foot {
    version: &'static str,
}

/// A dump in the table of dumps.
struct DumpRow {
    number: u32,
    kind: &'static str,
    name: Shown,
    facts: Vec<(&'static str, Shown)>,
    when: String,
    audio: String,
    not_read: String,
    recordings: String,
    suspected: String,
    share: String,
    /// Width of its bar, in percent.
    width: String,
}

/// A work in a list.
struct WorkRow {
    name: Shown,
    about: Shown,
    places: Vec<Shown>,
    how: Shown,
    first: String,
    notices: String,
    example: Option<Shown>,
}

pub(in crate::report) fn write(across: &Across, out: &mut dyn Write) -> Result<(), ReportError> {
    let failed = |source: io::Error| Format::Html.failed(source);
    let dumps: Vec<_> = across.dumps.iter().map(dump_row).collect();
    head(across, &dumps)?.write_into(out).map_err(failed)?;
    for (dump, row) in across.dumps.iter().zip(&dumps) {
        data_set(across, dump, row)?.write_into(out).map_err(failed)?;
    }
    let foot = Foot { version: env!("CARGO_PKG_VERSION") };
    foot.write_into(out).and_then(|()| out.flush()).map_err(failed)
}

fn head<'a>(across: &Across, dumps: &'a [DumpRow]) -> Result<Head<'a>, ReportError> {
    let totals = &across.totals;
    let mut works = Vec::new();
    across.each_work(|work| {
        works.push(WorkRow {
            name: Shown::new(&words::work(&work)),
            about: Shown::new(&words::about_work(&work)),
            places: work
                .places
                .iter()
                .map(|place| Shown::new(&format!("{}: {}", place.dump, words::how_many(place))))
                .collect(),
            how: Shown::new(&words::how_all(&work)),
            notices: words::notices(&work.places),
            first: work.first_day,
            example: None,
        });
        Ok(works.len() < MAX_WORKS)
    })?;
    let seconds: f64 = across.dumps.iter().map(|dump| dump.sums.audio_seconds).sum();
    let tenths = (seconds / 360.0).round() as u64;
    let items = across.dumps.iter().map(|dump| dump.sums.items).sum();
    Ok(Head {
        policy: format!(
            "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
            digest(STYLE)
        ),
        style: STYLE,
        runs: counted(across.runs.len() as u64, "run"),
        out: thousands(totals.recordings),
        share: words::share_out(totals.recordings, totals.catalogue_recordings),
        catalogue: thousands(totals.catalogue_recordings),
        several: thousands(totals.in_several),
        suspected: thousands(totals.suspected),
        gone: thousands(totals.gone),
        dump_count: thousands(across.dumps.len() as u64),
        hours: format!("{}.{}", thousands(tenths / 10), tenths % 10),
        items: thousands(items),
        what_is_out: words::what_is_out(across),
        looked_at: words::what_was_looked_at(across),
        unread: words::unread(&across.dumps),
        chart: spread::chart(&across.runs),
        dumps,
        unlisted: unlisted(across.works(), works.len()),
        works,
    })
}

fn unlisted(all: u64, listed: usize) -> String {
    match all.saturating_sub(listed as u64) {
        0 => String::new(),
        more => counted(more, "more recording"),
    }
}

fn shown(facts: Vec<(&'static str, String)>) -> Vec<(&'static str, Shown)> {
    facts.into_iter().map(|(name, value)| (name, Shown::new(&value))).collect()
}

fn dump_row(dump: &Dump) -> DumpRow {
    let about = dump.about.clone().unwrap_or_default();
    let facts = [
        ("Licence", about.licence),
        ("Source", about.source),
        ("Publisher", about.publisher),
        ("Scanned", if about.name.is_empty() { String::new() } else { dump.roots.join(", ") }),
    ];
    let facts = facts.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    let share = dump.recordings as f64 / dump.catalogue_recordings.max(1) as f64;
    DumpRow {
        number: dump.number,
        kind: if dump.about.is_some() { "Data set" } else { "Dump" },
        name: Shown::new(&dump.name),
        facts: shown(facts),
        when: format!(
            "{}, {} to {}{}",
            counted(dump.runs.len() as u64, "run"),
            dump.first_day,
            dump.last_day,
            if dump.complete { "" } else { "; none is complete" }
        ),
        audio: format!("{}, {}", counted(dump.sums.items, "item"), clock(dump.sums.audio_seconds)),
        not_read: thousands(dump.sums.failed + dump.sums.partial),
        recordings: thousands(dump.recordings),
        suspected: thousands(dump.suspected),
        share: words::share_out(dump.recordings, dump.catalogue_recordings),
        width: format!("{:.1}", (share * 100.0).clamp(0.0, 100.0)),
    }
}

fn data_set<'a>(
    across: &Across,
    dump: &Dump,
    row: &'a DumpRow,
) -> Result<DataSet<'a>, ReportError> {
    let mut works = Vec::new();
    across.each_work_of(dump.number, |work| {
        let place = &work.places[0];
        works.push(WorkRow {
            name: Shown::new(&words::work(&work)),
            about: Shown::new(&words::about_work(&work)),
            places: vec![Shown::new(&words::how_many(place))],
            how: Shown::new(&words::how(place)),
            notices: words::notices([place]),
            first: place.first_day.clone(),
            example: Some(Shown::short(&place.path)),
        });
        Ok(works.len() < MAX_WORKS_OF_A_DUMP)
    })?;
    Ok(DataSet {
        row,
        listing: shown(words::summary_facts(dump)),
        found: shown(words::found_facts(across, dump)),
        unlisted: unlisted(dump.recordings + dump.suspected, works.len()),
        works,
    })
}
