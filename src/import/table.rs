//! Tables: a header and rows of cells, whatever they were read from; and CSV and TSV.
//!
//! The header is the first row that a mapping knows: titles may stand above it. The delimiter is the one
//! under which the header has most columns that are known.

use std::io::Read as _;
use std::path::Path;

use super::columns::Header;
use super::encoding::{self, Bounded};
use super::{MAX_ROW_BYTES, Options, Problem, Row, Spot, Take};
use crate::catalog::Entry;

/// Rows in which the header is looked for.
const HEADER_WITHIN: usize = 30;
/// Bytes in which the delimiter is looked for.
const HEAD_BYTES: u64 = 1 << 16;
const DELIMITERS: [u8; 4] = *b",;\t|";

/// The rows of one table, one by one.
pub(super) struct Table<'o> {
    options: &'o Options,
    part: String,
    header: Option<Header>,
    /// The first rows, while there is no header.
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

    /// Takes the cells of a row. False when there is nothing more to read.
    pub(super) fn row(&mut self, number: u64, cells: &[&str], take: &mut dyn Take) -> bool {
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            return true;
        }
        let Some(header) = &self.header else {
            return self.look_for_header(number, cells, take);
        };
        if self.options.max_rows.is_some_and(|most| self.rows >= most) {
            return false;
        }
        self.rows += 1;
        let spot = self.spot(number);
        if let Some(beyond) = cells[header.columns.len().min(cells.len())..]
            .iter()
            .find(|cell| !cell.trim().is_empty())
        {
            let why = format!(
                "is in column {}, beyond the {} of the header: is a delimiter inside a cell without quotes?",
                cells.len(),
                header.columns.len()
            );
            return take.problem(Problem::refused(spot, why).of("", beyond));
        }
        let mut entry = Entry::default();
        let mut whole = true;
        for ((name, field), cell) in header.columns.iter().zip(cells) {
            let Some(field) = field else { continue };
            for value in header.mapping.values(*field, cell) {
                if let Err(why) = field.put(&value, header.mapping.dates, &mut entry) {
                    whole = false;
                    let problem = Problem::refused(spot.clone(), why).of(name, &value);
                    if !take.problem(problem) {
                        return false;
                    }
                }
            }
        }
        if !whole {
            return true;
        }
        if !entry.names_something() {
            let why = "names no recording: it has no ISRC, title, id or file";
            return take.problem(Problem::refused(spot, why));
        }
        take.row(Row { spot, entry })
    }

    fn look_for_header(&mut self, number: u64, cells: &[&str], take: &mut dyn Take) -> bool {
        let Some(header) = Header::of(cells, self.options.mapping.as_ref()) else {
            self.seen.push(cells.iter().map(|cell| (*cell).to_owned()).collect());
            return self.seen.len() < HEADER_WITHIN;
        };
        let unknown = header.unknown();
        let mut goes_on = true;
        if !unknown.is_empty() {
            let why = format!(
                "the columns {} are not read (the others as in {}); a mapping file says what they hold",
                unknown.join(", "),
                header.mapping.name
            );
            goes_on = take.problem(Problem::warning(self.spot(number), why));
        }
        self.header = Some(header);
        goes_on
    }

    /// Tells if there was no header.
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

/// Reads CSV or TSV.
pub(super) fn read(path: &Path, options: &Options, take: &mut dyn Take) -> Result<(), Problem> {
    let cannot = |row, error: &dyn std::fmt::Display| {
        Problem::refused(
            Spot { row, part: String::new() },
            format!("cannot be read further: {error}"),
        )
    };
    let (text, encoding) =
        encoding::open(path, options.encoding).map_err(|error| cannot(0, &error))?;
    let delimiter = match options.delimiter {
        Some(delimiter) => delimiter,
        None => delimiter(path, options, encoding).map_err(|error| cannot(0, &error))?,
    };
    let (bounded, renew) = Bounded::new(text, MAX_ROW_BYTES);
    let mut rows = builder(delimiter).buffer_capacity(1 << 16).from_reader(bounded);
    let mut table = Table::new(options, "");
    let mut record = csv::StringRecord::new();
    let mut line = 0;
    loop {
        renew.renew();
        match rows.read_record(&mut record) {
            Ok(false) => return table.finish(),
            Ok(true) => {}
            Err(error) => return Err(cannot(line + 1, &error)),
        }
        line = record.position().map_or(line + 1, csv::Position::line);
        let cells: Vec<&str> = record.iter().collect();
        if !table.row(line, &cells, take) {
            return table.finish();
        }
    }
}

fn builder(delimiter: u8) -> csv::ReaderBuilder {
    let mut builder = csv::ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(delimiter);
    builder
}

fn delimiter(path: &Path, options: &Options, known: encoding::Encoding) -> std::io::Result<u8> {
    let (text, _) = encoding::open(path, Some(known))?;
    let mut head = Vec::new();
    text.take(HEAD_BYTES).read_to_end(&mut head)?;
    let columns = |delimiter: &u8| {
        let mut rows = builder(*delimiter).from_reader(&head[..]);
        let header = rows.records().take(HEADER_WITHIN).filter_map(Result::ok).find_map(|record| {
            Header::of(&record.iter().collect::<Vec<_>>(), options.mapping.as_ref())
        });
        header.map_or(0, |header| header.read())
    };
    // The first of the best.
    let best = DELIMITERS.iter().rev().max_by_key(|delimiter| columns(delimiter));
    Ok(best.copied().unwrap_or(b','))
}
