//! Tables, which have a header and rows of cells; and the reader of CSV and TSV.
//!
//! The header is the first row that a mapping knows; there may be a title above it. The delimiter is the one with which the
//! header has most known columns.

use std::io::Read as _;
use std::path::Path;

use super::columns::Header;
use super::encoding::{self, Bounded};
use super::unspaced::Unspaced;
use super::{Flow, MAX_ROW_BYTES, Options, Problem, Row, Spot, Stop, Take};
use crate::catalog::Entry;

/// Rows in which the header is searched for. A guess.
const HEADER_WITHIN: usize = 30;
/// Bytes by which the delimiter is chosen. A guess.
const HEAD_BYTES: u64 = 1 << 16;
/// The delimiters that are tried; of two equally good ones the first is used.
const DELIMITERS: [u8; 4] = *b",;\t|";

/// Errors that spreadsheets show in place of a value.
const ERRORS: [&str; 9] =
    ["#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#SPILL!", "#CALC!"];
const IS_ERROR: &str = "is an error of a formula, not a value: correct it in the spreadsheet, and save the table again";
const UNCOMPUTED: &str =
    "is a formula whose value is not stored: open the workbook in a spreadsheet, and save it again";

/// Reads one table row by row.
pub(super) struct Table<'o> {
    options: &'o Options,
    /// Name of the sheet, or empty.
    part: String,
    header: Option<Header>,
    /// The rows above the header.
    seen: Vec<Vec<String>>,
    rows: u64,
}

impl<'o> Table<'o> {
    pub(super) fn new(options: &'o Options, part: &str) -> Self {
        Self { options, part: part.to_owned(), header: None, seen: Vec::new(), rows: 0 }
    }

    fn spot(&self, row: u64) -> Spot {
        Spot { row, part: self.part.clone() }
    }

    /// Takes the cells of a row.
    pub(super) fn row(&mut self, number: u64, cells: &[&str], take: &mut dyn Take) -> Flow {
        self.row_with(number, cells, &[], take)
    }

    /// Takes the cells of a row; those with the numbers `uncomputed` are formulas without a value.
    pub(super) fn row_with(
        &mut self,
        number: u64,
        cells: &[&str],
        uncomputed: &[usize],
        take: &mut dyn Take,
    ) -> Flow {
        if cells.iter().all(|cell| cell.trim().is_empty()) && uncomputed.is_empty() {
            return Flow::Continue(());
        }
        let Some(header) = &self.header else {
            return self.look_for_header(number, cells, take);
        };
        if self.options.max_rows.is_some_and(|most| self.rows >= most) {
            return Flow::Break(Stop::Enough);
        }
        self.rows += 1;
        let spot = self.spot(number);
        if let Some(beyond) = cells[header.columns.len().min(cells.len())..]
            .iter()
            .find(|cell| !cell.trim().is_empty())
        {
            let why = format!(
                "is in column {}, but the header has {}: is a delimiter inside a cell without quotes?",
                cells.len(),
                header.columns.len()
            );
            return take.problem(Problem::refused(spot, why).of("", beyond));
        }
        let mut entry = Entry::default();
        let mut whole = true;
        for (place, ((name, field), cell)) in header.columns.iter().zip(cells).enumerate() {
            let Some(field) = field else { continue };
            let wrong = if uncomputed.contains(&place) {
                Some(UNCOMPUTED)
            } else if ERRORS.contains(&cell.trim()) {
                Some(IS_ERROR)
            } else {
                None
            };
            if let Some(why) = wrong {
                whole = false;
                take.problem(Problem::refused(spot.clone(), why).of(name, cell))?;
                continue;
            }
            for value in header.mapping.values(*field, cell) {
                if let Err(why) = field.put(&value, header.mapping.dates, &mut entry) {
                    whole = false;
                    take.problem(Problem::refused(spot.clone(), why).of(name, &value))?;
                }
            }
        }
        if !whole {
            return Flow::Continue(());
        }
        if !entry.names_something() {
            let why = "names no recording: it has no ISRC, title, id or file";
            return take.problem(Problem::refused(spot, why));
        }
        take.row(Row { spot, entry })
    }

    /// Takes a row above the header, or the header itself.
    fn look_for_header(&mut self, number: u64, cells: &[&str], take: &mut dyn Take) -> Flow {
        let Some(header) = Header::of(cells, self.options.mapping.as_ref()) else {
            self.seen.push(cells.iter().map(|cell| (*cell).to_owned()).collect());
            return if self.seen.len() < HEADER_WITHIN {
                Flow::Continue(())
            } else {
                Flow::Break(Stop::Enough)
            };
        };
        let unknown = header.unknown();
        let mut flow = Flow::Continue(());
        if !unknown.is_empty() {
            let why = format!(
                "the columns {} are not read (the others are mapped as in {}); name their fields in a mapping file",
                unknown.join(", "),
                header.mapping.name
            );
            flow = take.problem(Problem::warning(self.spot(number), why));
        }
        self.header = Some(header);
        flow
    }

    /// Ends the table; it is a problem if there was no header.
    pub(super) fn finish(self) -> Result<(), Problem> {
        match (&self.header, self.seen.first()) {
            (Some(_), _) => Ok(()),
            (None, None) => Err(Problem::refused(self.spot(0), "has no rows")),
            (None, Some(first)) => {
                let shown = crate::wording::shorten(&first.join(", "), 200).into_owned();
                let why = format!(
                    "has no header that is known (it begins with {shown}); write a mapping file, and name it with --mapping"
                );
                Err(Problem::refused(self.spot(0), why))
            }
        }
    }
}

/// Reads CSV or TSV, or returns the problem that ended the file.
pub(super) fn read(path: &Path, options: &Options, take: &mut dyn Take) -> Result<Flow, Problem> {
    let cannot = |row, error: &dyn std::fmt::Display| {
        Problem::refused(
            Spot { row, part: String::new() },
            format!("cannot be read further: {error}"),
        )
    };
    let (text, told) = encoding::open(path, options.encoding).map_err(|error| cannot(0, &error))?;
    let encoding = told.encoding;
    if let Some(warning) = told.warning()
        && let flow @ Flow::Break(_) = take.problem(warning)
    {
        return Ok(flow);
    }
    let delimiter = match options.delimiter {
        Some(delimiter) => delimiter,
        None => delimiter(path, options, encoding).map_err(|error| cannot(0, &error))?,
    };
    let (bounded, renew) = Bounded::new(text, MAX_ROW_BYTES);
    let unspaced = Unspaced::new(bounded, delimiter);
    let mut rows = builder(delimiter).buffer_capacity(1 << 16).from_reader(unspaced);
    let mut table = Table::new(options, "");
    let mut record = csv::StringRecord::new();
    let mut line = 0;
    loop {
        renew.renew();
        match rows.read_record(&mut record) {
            Ok(false) => return table.finish().map(Flow::Continue),
            Ok(true) => {}
            Err(error) => return Err(cannot(line + 1, &error)),
        }
        line = record.position().map_or(line + 1, csv::Position::line);
        let cells: Vec<&str> = record.iter().collect();
        let flow = table.row(line, &cells, take);
        if flow.is_break() {
            return table.finish().map(|()| flow);
        }
    }
}

fn builder(delimiter: u8) -> csv::ReaderBuilder {
    let mut builder = csv::ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(delimiter);
    builder
}

/// Finds the delimiter of a file.
fn delimiter(path: &Path, options: &Options, known: encoding::Encoding) -> std::io::Result<u8> {
    let (text, _) = encoding::open(path, Some(known))?;
    let mut head = Vec::new();
    text.take(HEAD_BYTES).read_to_end(&mut head)?;
    let columns = |delimiter: &u8| {
        let mut rows = builder(*delimiter).from_reader(Unspaced::new(&head[..], *delimiter));
        let header = rows.records().take(HEADER_WITHIN).filter_map(Result::ok).find_map(|record| {
            Header::of(&record.iter().collect::<Vec<_>>(), options.mapping.as_ref())
        });
        header.map_or(0, |header| header.read())
    };
    let best = DELIMITERS.iter().rev().max_by_key(|delimiter| columns(delimiter));
    Ok(best.copied().unwrap_or(b','))
}
