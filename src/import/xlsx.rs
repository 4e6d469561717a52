//! XLSX workbooks: every visible sheet with a known header.
//!
//! A workbook is a ZIP archive of XML. It is first unpacked once and discarded, so that one that would not fit into memory is
//! refused. Cells are read one by one.

use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::path::Path;

use calamine::{DataRef, Reader as _, SheetType, SheetVisible, Xlsx};

use super::table::Table;
use super::{Flow, Options, Problem, Spot, Stop, Take};
use crate::base::open_file;

/// Most bytes that a workbook may unpack to: a million rows of thirty cells have 600 MB. A guess.
const MAX_UNPACKED: u64 = 2 << 30;
/// Most bytes of its shared strings, which are held in memory. A guess.
const MAX_STRINGS: u64 = 512 << 20;
/// Most bytes of any other part that is read whole, such as styles and relations. A guess.
const MAX_PART: u64 = 64 << 20;
/// Most columns that are read of a row; further ones are ignored. A guess.
const MAX_COLUMNS: u32 = 1_024;

/// Reads a workbook, or returns the problem that ended it.
pub(super) fn read(path: &Path, options: &Options, take: &mut dyn Take) -> Result<Flow, Problem> {
    let refused = |why: String| Problem::refused(Spot::default(), why);
    let unreadable = |error: &dyn std::fmt::Display| {
        refused(format!(
            "is not a workbook that can be read ({error}); save it again as XLSX or as CSV (UTF-8)"
        ))
    };
    unpack(path).map_err(|why| refused(format!("{why}; save the table as CSV (UTF-8)")))?;
    let file = open_file(path).map_err(|error| unreadable(&error))?;
    let mut book: Xlsx<_> = Xlsx::new(BufReader::new(file)).map_err(|error| unreadable(&error))?;
    let shown = |sheet: &&calamine::Sheet| {
        sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible
    };
    let sheets: Vec<String> =
        book.sheets_metadata().iter().filter(shown).map(|sheet| sheet.name.clone()).collect();
    let mut headless = Vec::new();
    for name in &sheets {
        let mut table = Table::new(options, name);
        match sheet(&mut book, name, &mut table, take) {
            // The rows that are wanted are counted for each sheet.
            Ok(Flow::Continue(()) | Flow::Break(Stop::Enough)) => {
                headless.extend(table.finish().err());
            }
            Ok(stopped) => return Ok(stopped),
            Err(problem) => {
                let flow = take.problem(problem);
                if flow.is_break() {
                    return Ok(flow);
                }
            }
        }
    }
    // A cover sheet beside a table is usual; a workbook without any table is a problem.
    if headless.len() == sheets.len() {
        return headless
            .into_iter()
            .next()
            .map_or_else(|| Err(refused("has no visible sheet with cells".into())), Err);
    }
    Ok(Flow::Continue(()))
}

/// Reads one sheet, or returns the problem that ended it.
fn sheet(
    book: &mut Xlsx<BufReader<File>>,
    name: &str,
    table: &mut Table,
    take: &mut dyn Take,
) -> Result<Flow, Problem> {
    let spot = |row: u32| Spot { row: u64::from(row) + 1, part: name.to_owned() };
    let cannot = |row, error: &dyn std::fmt::Display| {
        Problem::refused(spot(row), format!("cannot be read further: {error}"))
    };
    let mut cells = book.worksheet_cells_reader(name).map_err(|error| cannot(0, &error))?;
    let mut row: Vec<String> = Vec::new();
    let mut uncomputed: Vec<usize> = Vec::new();
    let mut number = 0;
    loop {
        let cell = cells.next_cell_with_formula_metadata();
        let cell = cell.map_err(|error| cannot(number, &error))?;
        let position = cell.as_ref().map(|cell| cell.pos);
        if position.is_none_or(|(at, _)| at != number) {
            let texts: Vec<&str> = row.iter().map(String::as_str).collect();
            let flow = table.row_with(u64::from(number) + 1, &texts, &uncomputed, take);
            if flow.is_break() {
                return Ok(flow);
            }
            row.clear();
            uncomputed.clear();
        }
        let (Some(cell), Some((at, column))) = (&cell, position) else {
            return Ok(Flow::Continue(()));
        };
        if at < number {
            return Err(cannot(number, &"its rows are not in order"));
        }
        number = at;
        if column < MAX_COLUMNS {
            let column = column as usize;
            if row.len() <= column {
                row.resize_with(column + 1, String::new);
            }
            row[column] = text(&cell.value);
            // A formula whose value is an empty text has that as its value.
            if cell.formula.is_some() && cell.value == DataRef::Empty {
                uncomputed.push(column);
            }
        }
    }
}

/// The text of a cell, as a person would type it.
fn text(cell: &DataRef) -> String {
    match cell {
        DataRef::Int(number) => number.to_string(),
        // Whole numbers are written without a point: a bar code that was typed as a number keeps its digits.
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            text.clone()
        }
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(value) => value.to_string(),
        DataRef::DateTime(date) if date.is_duration() => {
            format!("{:.3}", date.as_f64() * 86_400.0)
        }
        DataRef::DateTime(date) => {
            let (year, month, day, ..) = date.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        DataRef::Error(error) => format!("{error}"),
        DataRef::Empty => String::new(),
    }
}

/// Unpacks all parts and discards them; an error names the part that is too large. Sizes in headers are not trusted.
fn unpack(path: &Path) -> Result<(), String> {
    let broken = |error: &dyn std::fmt::Display| format!("is a damaged ZIP archive ({error})");
    let file = open_file(path).map_err(|error| format!("cannot be opened: {error}"))?;
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(|error| broken(&error))?;
    let mut whole = 0;
    for at in 0..archive.len() {
        let part = archive.by_index(at).map_err(|error| broken(&error))?;
        let name = String::from_utf8_lossy(part.name_raw()).into_owned();
        let most = match name.as_str() {
            name if name.ends_with("sharedStrings.xml") => MAX_STRINGS,
            name if name.contains("worksheets/") || !name.ends_with("xml") => MAX_UNPACKED,
            _ => MAX_PART,
        };
        let read = io::copy(&mut part.take(most + 1), &mut io::sink());
        let read = read.map_err(|error| broken(&error))?;
        whole += read;
        if read > most || whole > MAX_UNPACKED {
            return Err(format!(
                "unpacks to more than {} MB ({name})",
                most.min(MAX_UNPACKED) >> 20
            ));
        }
    }
    Ok(())
}
