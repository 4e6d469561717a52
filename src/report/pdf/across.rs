//! The report across dumps as PDF: a summary, how it spread, the dumps, the works, and a page for each data set.

use std::io::Write;

use super::document::Frame;
use super::fonts::{FontFile, Fonts};
use super::layout::{GREY, INK, Layout};
use crate::base::thousands;
use crate::report::across::{Across, Dump, words};
use crate::report::{Format, ReportError};
use crate::wording::counted;

/// Most rows of the list of works, and of the list of one data set; further ones are counted. Guesses.
const MAX_WORKS: usize = 1_000;
const MAX_WORKS_OF_A_DUMP: usize = 200;
/// Most runs in the table of the spread: the newest. A guess.
const MAX_RUNS: usize = 200;
/// Columns of the tables: offset from the margin and width, in points.
const RUNS: [(f32, f32); 5] =
    [(0.0, 62.0), (62.0, 40.0), (102.0, 215.0), (317.0, 80.0), (397.0, 90.0)];
const RUNS_HEAD: [&str; 5] = ["Day", "Run", "Dump", "Found in it", "New / so far"];
const DUMPS: [(f32, f32); 5] =
    [(0.0, 24.0), (24.0, 243.0), (267.0, 92.0), (359.0, 68.0), (427.0, 60.0)];
const DUMPS_HEAD: [&str; 5] = ["No.", "Dump or data set", "Runs", "Recordings", "Share"];
const WORKS: [(f32, f32); 4] = [(0.0, 190.0), (190.0, 135.0), (325.0, 102.0), (427.0, 60.0)];
const WORKS_HEAD: [&str; 4] =
    ["Recording [ISRC], label · release · UPC · ℗", "In dumps", "How changed", "First found"];
const PLACES: [(f32, f32); 4] = [(0.0, 200.0), (200.0, 70.0), (270.0, 157.0), (427.0, 60.0)];
const PLACES_HEAD: [&str; 4] =
    ["Recording [ISRC], label · release · UPC · ℗", "Found", "How changed, notices", "First found"];

/// Writes the report. Returns how many characters no font has.
pub(in crate::report) fn write(
    across: &Across,
    fonts: &[FontFile],
    out: &mut dyn Write,
) -> Result<u64, ReportError> {
    let fonts = Fonts::new(fonts).map_err(|message| ReportError::Font { message })?;
    let mut layout = pages(across, &fonts)?;
    let missing = layout.missing;
    if missing > 0 {
        layout.foot_note(&format!(
            "{} characters are in none of this document's fonts and are written as their Unicode numbers, such as \
             ‹U+65E5›. The HTML and JSONL reports have the characters themselves.",
            thousands(missing)
        ));
    }
    let bytes = frame(across).write(&layout, &fonts)?;
    let written = out.write_all(&bytes).and_then(|()| out.flush());
    written.map_err(|source| Format::Pdf.failed(source))?;
    Ok(missing)
}

fn frame(across: &Across) -> Frame {
    let (dumps, runs) = (across.dumps.len() as u64, across.runs.len() as u64);
    Frame {
        title: "Recordings across dumps and data sets".to_owned(),
        creator: format!("leakhound {}", env!("CARGO_PKG_VERSION")),
        head: "Leakhound · across dumps and data sets".to_owned(),
        foot: format!("{}, {}", counted(dumps, "dump"), counted(runs, "run")),
    }
}

/// The text of all pages, for tests: one line for each mark.
#[cfg(test)]
pub(in crate::report) fn drawn(across: &Across) -> String {
    let fonts = Fonts::new(&[]).unwrap();
    let layout = pages(across, &fonts).unwrap();
    let marks = layout.pages.iter().flatten().filter_map(|(_, mark)| match mark {
        super::layout::Mark::Text { text, .. } => Some(format!("{text}\n")),
        super::layout::Mark::Area { .. } => None,
    });
    marks.collect()
}

fn pages<'f>(across: &Across, fonts: &'f Fonts<'f>) -> Result<Layout<'f>, ReportError> {
    let mut layout = Layout::new(fonts);
    layout.page();
    cover(across, &mut layout);
    if across.works() > 0 {
        works(across, &mut layout)?;
    }
    for dump in &across.dumps {
        data_set(across, dump, &mut layout)?;
    }
    Ok(layout)
}

fn cover(across: &Across, layout: &mut Layout) {
    layout.y += 6.0;
    layout.bookmark("Summary");
    layout.heading("Recordings across dumps and data sets", 17.0);
    layout.subheading("What is out");
    layout.paragraph(&words::what_is_out(across), INK);
    layout.subheading("What was looked at");
    layout.paragraph(&words::what_was_looked_at(across), INK);
    layout.paragraph(&words::unread(&across.dumps), INK);
    layout.subheading("How to read it");
    layout.paragraph(
        "A recording is in a dump if a run found a match of it there that nobody has dismissed. A suspect may be a match: a \
         person has to listen. What is licensed, or where the label has no right, is left out. Name, version, licence and \
         source of a data set are what people said; the program has not checked them. That a data set holds a recording does \
         not say who trained a model with it.",
        INK,
    );
    layout.subheading("Dumps and data sets");
    let row = |dump: &Dump| {
        vec![
            dump.number.to_string(),
            dump.about.as_ref().map_or_else(|| dump.name.clone(), crate::results::About::describe),
            format!(
                "{}: {} to {}",
                thousands(dump.runs.len() as u64),
                dump.first_day,
                dump.last_day
            ),
            format!("{} / {}", thousands(dump.recordings), thousands(dump.suspected)),
            words::share_out(dump.recordings, dump.catalogue_recordings),
        ]
    };
    layout.y += 8.0;
    layout.table(&DUMPS, &DUMPS_HEAD, across.dumps.iter().map(row));
    layout.paragraph(
        "Recordings: with a match / suspects only. Share: of the catalogue that was searched for.",
        GREY,
    );
    layout.subheading("How it spread");
    layout.y += 8.0;
    let skipped = across.runs.len().saturating_sub(MAX_RUNS);
    let rows = across.runs.iter().skip(skipped).map(|run| {
        let dump = &across.dumps[run.dump as usize - 1];
        vec![
            run.day.clone(),
            run.run_id.to_string(),
            format!("{}: {}", dump.number, dump.name),
            thousands(run.recordings),
            format!("{} / {}", thousands(run.new), thousands(run.so_far)),
        ]
    });
    layout.table(&RUNS, &RUNS_HEAD, rows);
    if skipped > 0 {
        let more = counted(skipped as u64, "earlier run");
        layout.paragraph(&format!("And {more}, in the workbook (XLSX)."), GREY);
    }
}

fn works(across: &Across, layout: &mut Layout) -> Result<(), ReportError> {
    layout.page();
    layout.bookmark("Works");
    layout.heading("Works", 14.0);
    layout.paragraph(
        "Those in most dumps first. In dumps: the number of the dump, and what was found there.",
        GREY,
    );
    layout.y += 8.0;
    let mut rows = Vec::new();
    across.each_work(|work| {
        rows.push(vec![
            [words::work(&work), words::about_work(&work)]
                .join(" – ")
                .trim_end_matches(" – ")
                .to_owned(),
            words::places(&work),
            words::how_all(&work),
            work.first_day,
        ]);
        Ok(rows.len() < MAX_WORKS)
    })?;
    let more = across.works().saturating_sub(rows.len() as u64);
    layout.table(&WORKS, &WORKS_HEAD, rows);
    tell_more(layout, more);
    Ok(())
}

fn tell_more(layout: &mut Layout, more: u64) {
    if more > 0 {
        let more = counted(more, "more recording");
        layout.paragraph(&format!("And {more}, in the workbook (XLSX), CSV and JSONL."), GREY);
    }
}

/// The page of a dump or data set.
fn data_set(across: &Across, dump: &Dump, layout: &mut Layout) -> Result<(), ReportError> {
    layout.page();
    let name = crate::base::shorten(&dump.name, 80).into_owned();
    layout.bookmark(&format!("{}: {name}", dump.number));
    let kind = if dump.about.is_some() { "Data set" } else { "Dump" };
    layout.heading(&format!("{kind} {}", dump.number), 14.0);
    layout.name(&crate::base::shorten(&dump.name, 300));
    layout.subheading("As a public summary of training content would list it");
    for (name, value) in words::summary_facts(dump) {
        layout.fact(name, &value);
    }
    layout.paragraph(
        "The headings are those of the template for Art. 53(1)(d) of Regulation (EU) 2024/1689. What is not known is left out.",
        GREY,
    );
    layout.subheading("What was found in it");
    for (name, value) in words::found_facts(across, dump) {
        layout.fact(name, &value);
    }
    layout.y += 12.0;
    let mut rows = Vec::new();
    across.each_work_of(dump.number, |work| {
        let place = &work.places[0];
        let notices = words::notices([place]);
        let how = [
            words::how(place),
            if notices.is_empty() { notices } else { format!("notice {notices}") },
        ];
        rows.push(vec![
            [words::work(&work), words::about_work(&work)]
                .join(" – ")
                .trim_end_matches(" – ")
                .to_owned(),
            words::how_many(place),
            how.iter().filter(|text| !text.is_empty()).cloned().collect::<Vec<_>>().join("; "),
            place.first_day.clone(),
        ]);
        Ok(rows.len() < MAX_WORKS_OF_A_DUMP)
    })?;
    let more = (dump.recordings + dump.suspected).saturating_sub(rows.len() as u64);
    if !rows.is_empty() {
        layout.table(&PLACES, &PLACES_HEAD, rows);
    }
    tell_more(layout, more);
    Ok(())
}
