//! Rows of cells for CSV and XLSX.

use std::io::Write;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, Worksheet, XlsxError};

use super::{ExportError, Exported, columns, for_each};
use crate::catalog::{Catalog, Entry};
use crate::import::{Field, cells};

/// Most characters (UTF-16 units) in a cell of a workbook: a limit of Excel.
const MAX_CELL: usize = 32_767;
/// Most rows of a sheet: a limit of Excel.
const MAX_ROWS: u32 = 1_048_576;
/// Characters that begin a formula in a spreadsheet, half-width and full-width; and the apostrophe, which marks a cell as text.
const MARKED: [char; 9] = ['=', '+', '-', '@', '\'', '＝', '＋', '－', '＠'];

type Cells = Vec<(Field, Vec<String>)>;

/// The texts of a row's cells, in the order of the columns.
fn row(cells: &Cells) -> impl Iterator<Item = String> {
    columns().map(move |(_, field)| {
        let values = cells.iter().find(|(known, _)| *known == field).map(|(_, values)| values);
        let Some(values) = values else { return String::new() };
        if !field.is_list() {
            return values.first().cloned().unwrap_or_default();
        }
        let escaped = values.iter().map(|value| value.replace('\\', "\\\\").replace(';', "\\;"));
        escaped.collect::<Vec<_>>().join("; ")
    })
}

/// The texts of a row's cells, with an apostrophe before those that a spreadsheet would run.
pub(super) fn csv_row(cells: &Cells) -> impl Iterator<Item = String> {
    row(cells).map(|cell| if cell.starts_with(MARKED) { format!("'{cell}") } else { cell })
}

/// Writes a workbook of one sheet.
pub(super) fn workbook(catalog: &Catalog, out: &mut dyn Write) -> Result<Exported, ExportError> {
    let failed = |error: XlsxError| ExportError::Workbook(Box::new(error));
    let mut book = Workbook::new();
    // A fixed date: the date of writing would change the bytes of each export.
    let day = ExcelDateTime::from_ymd(2000, 1, 1).map_err(failed)?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&day));
    let sheet = book.add_worksheet_with_constant_memory().map_err(failed)?;
    sheet.set_name("entries").map_err(failed)?;
    sheet.set_freeze_panes(1, 0).map_err(failed)?;
    for (column, (name, _)) in (0..).zip(columns()) {
        sheet.write_string(0, column, name).map_err(failed)?;
    }
    let mut next = 1;
    let exported = for_each(catalog, |entry| write_entry(sheet, &entry, &mut next))?;
    let bytes = book.save_to_buffer().map_err(failed)?;
    out.write_all(&bytes)?;
    Ok(exported)
}

fn write_entry(sheet: &mut Worksheet, entry: &Entry, next: &mut u32) -> Result<(), ExportError> {
    let too_large = |what: String| ExportError::TooLarge { entry_id: entry.entry_id.clone(), what };
    for cells in cells(entry) {
        if *next >= MAX_ROWS {
            return Err(too_large(format!("a sheet can have {MAX_ROWS} rows")));
        }
        // A cell of text needs no apostrophe, but an import removes one from both kinds of tables.
        for (column, cell) in (0..).zip(csv_row(&cells)) {
            if cell.is_empty() {
                continue;
            }
            let length = cell.encode_utf16().count();
            if length > MAX_CELL {
                return Err(too_large(format!(
                    "a cell can have {MAX_CELL} characters, this one has {length}"
                )));
            }
            let written = sheet.write_string(*next, column, cell);
            written.map_err(|error| ExportError::Workbook(Box::new(error)))?;
        }
        *next += 1;
    }
    Ok(())
}
