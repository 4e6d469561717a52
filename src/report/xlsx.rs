//! A workbook for staff: a summary, the recordings that were found, the findings, the items that could not be read, and the
//! notices about findings.
//!
//! Untrusted text is written into text cells, never as a formula or a link. Hidden characters are escaped ([`visible`]), and a text
//! longer than a cell loses its middle. Rows beyond a full sheet continue in another. Rows go through a temporary file, so that
//! memory is bounded; the workbook is written at the end.

use std::io::{self, Write};

use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format as Style, Workbook, Worksheet, XlsxError,
};

use super::noticed::Noticed;
use super::table::{COLUMNS, Cell, ColumnKind, cells, own, rows};
use super::works::Works;
use super::{Counts, Format, ReportError, ReportWriter, RunSummary};
use crate::base::{shorten, visible};
use crate::record::{ItemRecord, Verdict};
use crate::results::About;
use crate::wording::clock;

/// Most rows in a sheet; Excel's limit is 1,048,576.
pub(super) const MAX_ROWS: u32 = 1_000_000;
/// Most characters in a cell. Excel's limit is 32,767 UTF-16 units: this many characters may take twice as many units.
const MAX_CHARS: usize = 16_000;

/// Writes the workbook.
pub struct XlsxWriter<W> {
    out: W,
    book: Workbook,
    summary: Option<RunSummary>,
    counts: Counts,
    works: Works,
    noticed: Noticed,
    found: Part,
    unread: Part,
    sheets: usize,
}

/// A table that may continue in further sheets.
#[derive(Debug)]
struct Part {
    name: &'static str,
    /// Number of its sheets.
    count: usize,
    /// Index of its last sheet in the book.
    sheet: usize,
    /// Next row of that sheet.
    row: u32,
}

impl Part {
    const fn new(name: &'static str) -> Self {
        Self { name, count: 0, sheet: 0, row: MAX_ROWS }
    }
}

impl<W> std::fmt::Debug for XlsxWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("XlsxWriter").finish_non_exhaustive()
    }
}

impl<W: Write> XlsxWriter<W> {
    /// A writer to `out`.
    pub fn new(out: W) -> Self {
        Self {
            out,
            book: Workbook::new(),
            summary: None,
            counts: Counts::default(),
            works: Works::default(),
            noticed: Noticed::default(),
            found: Part::new("Findings"),
            unread: Part::new("Not read"),
            sheets: 0,
        }
    }

    /// Begins a sheet of findings, or of items that could not be read, with the heads of the columns.
    fn begin_sheet(&mut self, is_unread: bool) -> Result<(), XlsxError> {
        let part = if is_unread { &mut self.unread } else { &mut self.found };
        part.count += 1;
        (part.sheet, part.row) = (self.sheets, 1);
        let name = match part.count {
            1 => part.name.to_owned(),
            nth => format!("{} {nth}", part.name),
        };
        self.sheets += 1;
        let sheet = self.book.add_worksheet_with_constant_memory()?;
        sheet.set_name(name)?.set_freeze_panes(1, 1)?;
        for (at, (column, kind)) in (0..).zip(COLUMNS) {
            let width = match (column, kind) {
                ("item_path" | "recording_path" | "locator", _) => 48.0,
                ("title" | "artist" | "failure_message" | "spans" | "standing", _) => 28.0,
                (_, ColumnKind::Text) => 16.0,
                (_, ColumnKind::Whole | ColumnKind::Decimal) => 12.0,
            };
            sheet.set_column_width(at, width)?;
        }
        for (at, (column, _)) in (0..).zip(COLUMNS) {
            sheet.write_string_with_format(0, at, column, &heading())?;
        }
        Ok(())
    }

    fn add(&mut self, record: &ItemRecord) -> Result<(), XlsxError> {
        self.counts.add(record);
        self.works.add(record);
        self.noticed.add(record);
        if record.verdict == Verdict::Clear {
            return Ok(());
        }
        let is_unread = record.verdict == Verdict::Failed;
        for finding in rows(record) {
            let part = if is_unread { &self.unread } else { &self.found };
            if part.row >= MAX_ROWS {
                self.begin_sheet(is_unread)?;
            }
            let part = if is_unread { &mut self.unread } else { &mut self.found };
            let (at, row) = (part.sheet, part.row);
            part.row += 1;
            let sheet = self.book.worksheet_from_index(at)?;
            for (column, cell) in (0..).zip(cells(record, finding)) {
                write_cell(sheet, row, column, &cell)?;
            }
        }
        Ok(())
    }

    /// The sheet of notices, if there are any, behind all others.
    fn notices(&mut self) -> Result<(), XlsxError> {
        if self.noticed.len() == 0 {
            return Ok(());
        }
        let sheet = self.book.add_worksheet_with_constant_memory()?;
        sheet.set_name("Notices")?.set_freeze_panes(1, 1)?;
        for (at, column) in (0..).zip(Noticed::COLUMNS) {
            sheet.set_column_width(at, if at < 3 { 14.0 } else { 28.0 })?;
            sheet.write_string_with_format(0, at, column, &heading())?;
        }
        for (row, notice) in (1..MAX_ROWS).zip(self.noticed.rows()) {
            for (column, text) in (0..).zip(notice) {
                write_cell(sheet, row, column, &own(text))?;
            }
        }
        Ok(())
    }

    fn close(&mut self) -> Result<Vec<u8>, XlsxError> {
        // A fixed date: equal runs give equal bytes.
        let day = ExcelDateTime::from_ymd(2000, 1, 1)?;
        self.book.set_properties(&DocProperties::new().set_creation_datetime(&day));
        let works = self.book.worksheet_from_index(1)?;
        works.set_name("Works")?.set_freeze_panes(1, 0)?;
        for (at, column) in (0..).zip(Works::COLUMNS) {
            works.set_column_width(at, if at < 4 { 28.0 } else { 16.0 })?;
            works.write_string_with_format(0, at, column, &heading())?;
        }
        for (row, work) in (1..MAX_ROWS).zip(self.works.rows()) {
            for (column, cell) in (0..).zip(&work) {
                write_cell(works, row, column, cell)?;
            }
        }
        self.notices()?;
        let sheet = self.book.worksheet_from_index(0)?;
        sheet.set_name("Summary")?.set_column_width(0, 34)?.set_column_width(1, 90)?;
        if let Some(summary) = &self.summary {
            for (row, (name, value)) in (0..).zip(summary_rows(summary, &self.counts)) {
                sheet.write_string_with_format(row, 0, name, &Style::new().set_bold())?;
                write_cell(sheet, row, 1, &value)?;
            }
        }
        self.book.save_to_buffer()
    }
}

pub(super) fn heading() -> Style {
    Style::new()
        .set_bold()
        .set_font_color(Color::White)
        .set_background_color(Color::RGB(0x1F_3A_5F))
}

fn summary_rows<'a>(run: &'a RunSummary, counts: &Counts) -> Vec<(&'static str, Cell<'a>)> {
    let text = |text: &'a str| Cell::Text(text.into());
    vec![
        ("Run", text(&run.run_id)),
        ("Scanned", Cell::Text(run.roots.join("; ").into())),
        ("Data set", own(run.about.as_ref().map_or_else(String::new, About::describe))),
        (
            "Complete",
            text(if run.complete { "yes" } else { "no: it was stopped and can be resumed" }),
        ),
        ("Items", Cell::Whole(counts.items)),
        ("Audio", Cell::Text(clock(counts.audio_seconds).into())),
        ("Items with a match", Cell::Whole(counts.matched)),
        ("Items with a suspect only", Cell::Whole(counts.suspect)),
        ("Items with permitted findings only", Cell::Whole(counts.permitted)),
        ("Items without a finding", Cell::Whole(counts.clear)),
        ("Items that could not be read", Cell::Whole(counts.failed)),
        ("Items that are not audio", Cell::Whole(counts.not_audio)),
        ("Findings", Cell::Whole(counts.findings)),
        ("Findings by what they claim", own(counts.claims())),
        ("Recordings found", Cell::Whole(counts.recordings_found)),
        ("Recordings searched for", Cell::Whole(run.catalogue_recordings)),
        ("Mode", text(&run.mode)),
        ("Leakhound", text(&run.tool_version)),
        ("Decoders", text(&run.decoders)),
        ("Catalogue (SHA-256)", text(&run.catalogue_digest)),
        ("Fingerprint settings", text(&run.fingerprint_digest)),
        ("Manifest (SHA-256)", text(&run.manifest_digest)),
    ]
}

pub(super) fn write_cell(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    cell: &Cell,
) -> Result<(), XlsxError> {
    let number = |format: &str| Style::new().set_num_format(format);
    match cell {
        Cell::None => Ok(()),
        Cell::Text(text) => {
            let shown = visible(text);
            sheet.write_string(row, column, shorten(&shown, MAX_CHARS)).map(drop)
        }
        // A spreadsheet's numbers are doubles, which lose digits above 2^53.
        Cell::Whole(count) if *count >= 1 << 53 => {
            sheet.write_string(row, column, count.to_string()).map(drop)
        }
        Cell::Whole(count) => {
            sheet.write_number_with_format(row, column, *count as f64, &number("0")).map(drop)
        }
        Cell::Decimal(value, _) | Cell::Small(value) if !value.is_finite() => Ok(()),
        Cell::Decimal(value, decimals) => {
            let format = number(&format!("0.{}", "0".repeat(*decimals)));
            sheet.write_number_with_format(row, column, *value, &format).map(drop)
        }
        Cell::Small(value) => {
            sheet.write_number_with_format(row, column, *value, &number("0.0E+00")).map(drop)
        }
    }
}

pub(super) fn failed(error: XlsxError) -> ReportError {
    Format::Xlsx.failed(io::Error::other(error))
}

impl<W: Write> ReportWriter for XlsxWriter<W> {
    fn begin(&mut self, summary: &RunSummary) -> Result<(), ReportError> {
        self.summary = Some(summary.clone());
        // Summary and works come first in the book, but are known last.
        for _ in 0..2 {
            self.book.add_worksheet_with_constant_memory().map_err(failed)?;
            self.sheets += 1;
        }
        self.begin_sheet(false).map_err(failed)?;
        self.begin_sheet(true).map_err(failed)
    }

    fn item(&mut self, record: &ItemRecord) -> Result<(), ReportError> {
        self.add(record).map_err(failed)
    }

    fn end(&mut self) -> Result<(), ReportError> {
        let bytes = self.close().map_err(failed)?;
        let written = self.out.write_all(&bytes).and_then(|()| self.out.flush());
        written.map_err(|source| Format::Xlsx.failed(source))
    }
}
