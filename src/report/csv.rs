//! CSV for spreadsheets: one row for each finding, and one for each item without findings.
//!
//! UTF-8 with a byte-order mark, commas, CRLF (RFC 4180). The columns are those of [`super::table`], always all of them.
//!
//! A spreadsheet runs a cell that starts with `=`, `+`, `-` or `@` as a formula, and titles are untrusted: such text gets a leading
//! apostrophe. So does such text after a semicolon, which separates cells in countries with a decimal comma. Control and
//! bidirectional characters are written as [`visible`] escapes, so that a row is always one line. The JSONL report has the exact
//! text.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::base::visible;
use crate::record::ItemRecord;

use super::table::{COLUMNS, Cell, cells};
use super::{Format, ReportError, ReportWriter, RunSummary};

/// Byte-order mark of UTF-8: without it, spreadsheets read the file in the system's legacy code page.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
/// Characters that begin a formula, and their full-width forms, which spreadsheets treat alike (OWASP, “CSV Injection”).
const FORMULA_STARTS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Writes the CSV report.
pub struct CsvWriter<W: Write> {
    rows: csv::Writer<W>,
}

impl<W: Write> std::fmt::Debug for CsvWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CsvWriter").finish_non_exhaustive()
    }
}

impl<W: Write> CsvWriter<W> {
    /// A writer to `out`.
    pub fn new(out: W) -> Self {
        let rows = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        Self { rows }
    }

    fn row<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) -> Result<(), ReportError> {
        let written = self.rows.write_record(cells);
        written.map_err(|error| Format::Csv.failed(io::Error::from(error)))
    }
}

impl<W: Write> ReportWriter for CsvWriter<W> {
    fn begin(&mut self, _summary: &RunSummary) -> Result<(), ReportError> {
        // The mark is joined to the first name, so that no quote comes before it.
        let mut head = BYTE_ORDER_MARK.to_vec();
        head.extend_from_slice(COLUMNS[0].0.as_bytes());
        let columns = std::iter::once(head.as_slice())
            .chain(COLUMNS[1..].iter().map(|(column, _)| column.as_bytes()));
        let written = self.rows.write_record(columns);
        written.map_err(|error| Format::Csv.failed(io::Error::from(error)))
    }

    fn item(&mut self, record: &ItemRecord) -> Result<(), ReportError> {
        super::table::rows(record).try_for_each(|finding| {
            let row = cells(record, finding);
            let row: Vec<_> = row.iter().map(shown).collect();
            self.row(row.iter().map(AsRef::as_ref))
        })
    }

    fn end(&mut self) -> Result<(), ReportError> {
        self.rows.flush().map_err(|source| Format::Csv.failed(source))
    }
}

/// The text of a cell.
fn shown<'a>(cell: &'a Cell<'a>) -> Cow<'a, str> {
    match cell {
        Cell::None => Cow::Borrowed(""),
        Cell::Text(raw) => text(raw),
        Cell::Whole(number) => Cow::Owned(number.to_string()),
        Cell::Decimal(number, decimals) => Cow::Owned(fixed(*number, *decimals)),
        Cell::Small(number) => Cow::Owned(format!("{number:.3e}")),
    }
}

/// A number with this many decimals; minus zero is zero.
fn fixed(number: f64, decimals: usize) -> String {
    let written = format!("{number:.decimals$}");
    match written.strip_prefix('-') {
        Some(zero) if zero.bytes().all(|byte| matches!(byte, b'0' | b'.')) => zero.to_owned(),
        _ => written,
    }
}

/// Untrusted text as a cell that no spreadsheet runs.
pub(super) fn text(raw: &str) -> Cow<'_, str> {
    if raw.starts_with(['\t', '\r']) {
        return Cow::Owned(format!("'{}", disarmed(&visible(raw))));
    }
    match visible(raw) {
        Cow::Borrowed(plain) => disarmed(plain),
        Cow::Owned(escaped) => Cow::Owned(disarmed(&escaped).into_owned()),
    }
}

/// Puts an apostrophe before each part that could begin a cell as a formula: at the front or after a semicolon, also after
/// blanks and quotes.
fn disarmed(shown: &str) -> Cow<'_, str> {
    if !shown.contains(FORMULA_STARTS) {
        return Cow::Borrowed(shown);
    }
    let pieces = shown.split(';').map(|piece| {
        let start = piece.trim_start_matches(|c: char| c.is_whitespace() || c == '"');
        let mark = if start.starts_with(FORMULA_STARTS) { "'" } else { "" };
        format!("{mark}{piece}")
    });
    Cow::Owned(pieces.collect::<Vec<_>>().join(";"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_would_be_a_formula_gets_an_apostrophe() {
        for start in ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", " =1", "\"=1"] {
            assert_eq!(text(start), format!("'{start}"));
        }
        assert_eq!(text("\t=1"), "'\\t=1");
        assert_eq!(text("\r=1"), "'\\r=1");
        assert_eq!(text("a; =1;b"), "a;' =1;b");
    }

    #[test]
    fn text_that_is_no_formula_is_unchanged() {
        for plain in ["", "A-ha", "1+1=2", "Who; what", "Ke$ha @ home", "'t Is"] {
            assert_eq!(text(plain), plain);
        }
    }

    #[test]
    fn minus_zero_is_zero_and_a_negative_number_stays_one() {
        assert_eq!(fixed(-0.04, 1), "0.0");
        assert_eq!(fixed(-0.05001, 1), "-0.1");
        assert_eq!(fixed(-386.31, 1), "-386.3");
    }
}
