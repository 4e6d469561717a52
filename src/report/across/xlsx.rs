//! A workbook: summary, dumps, runs, works, and the places where they are. A table longer than a sheet ends there; the last row
//! says so, and the CSV has all rows.

use std::io::Write;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format as Style, Workbook, XlsxError};

use super::csv::{COLUMNS, NUMBERS, cells};
use super::facts::Work;
use super::gather::Across;
use super::words;
use crate::report::table::{Cell, own};
use crate::report::xlsx::{MAX_ROWS, failed, heading, write_cell};
use crate::report::{Format, ReportError};
use crate::results::About;

const DUMPS: [&str; 22] = [
    "dump",
    "name",
    "version",
    "revision",
    "licence",
    "source",
    "publisher",
    "section of the summary",
    "collected",
    "obtained",
    "summaries that name it",
    "scanned",
    "runs",
    "first run",
    "newest run",
    "complete",
    "items",
    "hours of audio",
    "not read",
    "recordings",
    "suspects only",
    "share of the catalogue",
];
const RUNS: [&str; 10] = [
    "run",
    "day",
    "dump",
    "complete",
    "newest",
    "mode",
    "recordings searched for",
    "recordings found",
    "first found in it",
    "found so far",
];
const WORKS: [&str; 14] = [
    "artist",
    "title",
    "isrc",
    "label",
    "release",
    "upc",
    "p_line",
    "registration",
    "recording_id",
    "dumps now",
    "in dumps",
    "how changed",
    "first found",
    "notices",
];

pub(super) fn write(across: &Across, out: &mut dyn Write) -> Result<(), ReportError> {
    let bytes = book(across)?;
    let written = out.write_all(&bytes).and_then(|()| out.flush());
    written.map_err(|source| Format::Xlsx.failed(source))
}

/// Writes a table as a new sheet, row by row, and says in the last row if there is no room.
struct Sheet<'a> {
    book: &'a mut Workbook,
    at: usize,
    row: u32,
}

impl<'a> Sheet<'a> {
    fn new(book: &'a mut Workbook, name: &str, heads: &[&str]) -> Result<Self, XlsxError> {
        let at = book.worksheets().len();
        let sheet = book.add_worksheet_with_constant_memory()?;
        sheet.set_name(name)?.set_freeze_panes(1, 1)?;
        for (column, head) in (0..).zip(heads) {
            let width = match *head {
                "scanned" | "strongest_path" | "in dumps" | "how" | "how changed" => 48.0,
                "name" | "artist" | "title" | "source" | "release" | "label" => 28.0,
                _ => 16.0,
            };
            sheet.set_column_width(column, width)?;
            sheet.write_string_with_format(0, column, *head, &heading())?;
        }
        Ok(Self { book, at, row: 1 })
    }

    /// Writes a row. `false` if the sheet is full.
    fn row<'c>(&mut self, cells: impl IntoIterator<Item = Cell<'c>>) -> Result<bool, XlsxError> {
        let sheet = self.book.worksheet_from_index(self.at)?;
        if self.row >= MAX_ROWS {
            let more = own("… the sheet is full; the CSV report has all rows".to_owned());
            write_cell(sheet, self.row, 0, &more)?;
            return Ok(false);
        }
        for (column, cell) in (0..).zip(cells) {
            write_cell(sheet, self.row, column, &cell)?;
        }
        self.row += 1;
        Ok(true)
    }
}

fn book(across: &Across) -> Result<Vec<u8>, ReportError> {
    let mut book = Workbook::new();
    // A fixed date: equal runs give equal bytes.
    let day = ExcelDateTime::from_ymd(2000, 1, 1).map_err(failed)?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&day));
    summary(across, &mut book).map_err(failed)?;
    dumps(across, &mut book).map_err(failed)?;
    runs(across, &mut book).map_err(failed)?;
    let mut works = Sheet::new(&mut book, "Works", &WORKS).map_err(failed)?;
    across.each_work(|work| works.row(work_cells(&work)).map_err(failed))?;
    let mut places = Sheet::new(&mut book, "Where", &COLUMNS).map_err(failed)?;
    across.each_work(|work| {
        for place in &work.places {
            let cells = cells(&work, &across.dumps[place.dump as usize - 1], place);
            let cells = (0..).zip(cells).map(|(at, text)| match text.parse() {
                Ok(number) if NUMBERS.contains(&at) => Cell::Whole(number),
                _ => own(text),
            });
            if !places.row(cells).map_err(failed)? {
                return Ok(false);
            }
        }
        Ok(true)
    })?;
    book.save_to_buffer().map_err(failed)
}

fn summary(across: &Across, book: &mut Workbook) -> Result<(), XlsxError> {
    let totals = &across.totals;
    let sheet = book.add_worksheet_with_constant_memory()?;
    sheet.set_name("Summary")?.set_column_width(0, 34)?.set_column_width(1, 110)?;
    let share = words::share_out(totals.recordings, totals.catalogue_recordings);
    let rows = [
        ("Recordings in dumps now", Cell::Whole(totals.recordings)),
        ("Recordings searched for", Cell::Whole(totals.catalogue_recordings)),
        ("Share of the catalogue", own(share)),
        ("Recordings in several dumps", Cell::Whole(totals.in_several)),
        ("Recordings that are suspects only", Cell::Whole(totals.suspected)),
        ("Recordings no longer found", Cell::Whole(totals.gone)),
        ("Dumps and data sets", Cell::Whole(across.dumps.len() as u64)),
        ("Runs", Cell::Whole(across.runs.len() as u64)),
        ("What is out", own(words::what_is_out(across))),
        ("What was looked at", own(words::what_was_looked_at(across))),
        ("What could not be read", own(words::unread(&across.dumps))),
    ];
    for (row, (name, value)) in (0..).zip(rows) {
        sheet.write_string_with_format(row, 0, name, &Style::new().set_bold())?;
        write_cell(sheet, row, 1, &value)?;
    }
    Ok(())
}

fn dumps(across: &Across, book: &mut Workbook) -> Result<(), XlsxError> {
    let mut sheet = Sheet::new(book, "Dumps", &DUMPS)?;
    for dump in &across.dumps {
        let about = dump.about.clone().unwrap_or_default();
        let About { name, version, revision, licence, source, publisher, category, .. } = about;
        let runs: Vec<_> = dump.runs.iter().map(ToString::to_string).collect();
        sheet.row([
            Cell::Whole(dump.number.into()),
            own(name),
            own(version),
            own(revision),
            own(licence),
            own(source),
            own(publisher),
            own(category.describe().to_owned()),
            own(about.collected),
            own(about.obtained),
            own(about.summaries.join("; ")),
            own(dump.roots.join("; ")),
            own(runs.join(", ")),
            own(dump.first_day.clone()),
            own(dump.last_day.clone()),
            yes(dump.complete),
            Cell::Whole(dump.sums.items),
            Cell::Decimal(dump.sums.audio_seconds / 3_600.0, 1),
            Cell::Whole(dump.sums.failed),
            Cell::Whole(dump.recordings),
            Cell::Whole(dump.suspected),
            own(words::share_out(dump.recordings, dump.catalogue_recordings)),
        ])?;
    }
    Ok(())
}

fn runs(across: &Across, book: &mut Workbook) -> Result<(), XlsxError> {
    let mut sheet = Sheet::new(book, "Runs", &RUNS)?;
    for run in &across.runs {
        sheet.row([
            Cell::Whole(run.run_id.unsigned_abs()),
            own(run.day.clone()),
            Cell::Whole(run.dump.into()),
            yes(run.complete),
            yes(run.newest),
            own(run.mode.clone()),
            Cell::Whole(run.catalogue_recordings),
            Cell::Whole(run.recordings),
            Cell::Whole(run.new),
            Cell::Whole(run.so_far),
        ])?;
    }
    Ok(())
}

fn yes<'a>(is: bool) -> Cell<'a> {
    own(if is { "yes" } else { "no" }.to_owned())
}

fn work_cells<'a>(work: &Work) -> [Cell<'a>; WORKS.len()] {
    [
        own(work.artist.clone()),
        own(work.title.clone()),
        own(work.isrc.clone()),
        own(work.label.clone()),
        own(work.releases.clone()),
        own(work.upcs.clone()),
        own(work.p_line.clone()),
        own(work.registration.clone()),
        own(work.recording_id.clone()),
        Cell::Whole(work.places.iter().filter(|place| place.is_there()).count() as u64),
        own(words::places(work)),
        own(words::how_all(work)),
        own(work.first_day.clone()),
        own(words::notices(&work.places)),
    ]
}
