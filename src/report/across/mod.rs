//! A report across dumps: which works are in which dumps and data sets, since when, how changed, and how that spread.
//!
//! Runs over the same data set, or over the same files and folders, are one dump. Its newest complete run says what is in it
//! now; earlier ones say since when. The findings of all runs are brought together in a database in the temporary folder, so
//! that memory grows with the number of runs alone, not with that of items, findings or recordings. Equal runs, decisions,
//! notices and descriptions give equal bytes.
//!
//! What people dismissed is left out, and so is what is permitted.
//!
//! | file | what it does |
//! |---|---|
//! | `facts` | the report as data |
//! | `gather` | chooses runs and reads their records; sums |
//! | `found` | the database of works and the places where they are |
//! | `words` | sentences and cells, shared by the writers |
//! | `xlsx`, `csv`, `jsonl` | the formats; HTML and PDF are beside those of a run |

mod csv;
mod facts;
mod found;
mod gather;
mod jsonl;
#[cfg(test)]
mod tests;
pub(super) mod words;
mod xlsx;

use std::io::Write;

pub use self::facts::{Dump, OfRun, Place, Sums, Totals, Work};
pub use self::gather::{Across, AcrossReader};

use super::pdf::FontFile;
use super::{Format, ReportError, html, pdf};

/// The formats of a report across dumps.
pub const FORMATS: [Format; 5] =
    [Format::Html, Format::Pdf, Format::Xlsx, Format::Csv, Format::Jsonl];

impl Across {
    /// Writes the report. `fonts` are for characters that the PDF's own fonts lack. Returns how many characters no font has.
    ///
    /// # Errors
    ///
    /// If the report has no such format, or cannot be written.
    pub fn write(
        &self,
        format: Format,
        fonts: &[FontFile],
        out: &mut dyn Write,
    ) -> Result<u64, ReportError> {
        match format {
            Format::Html => html::across::write(self, out).map(|()| 0),
            Format::Pdf => pdf::across::write(self, fonts, out),
            Format::Xlsx => xlsx::write(self, out).map(|()| 0),
            Format::Csv => csv::write(self, out).map(|()| 0),
            Format::Jsonl => jsonl::write(self, out).map(|()| 0),
            Format::Parquet | Format::Acrcloud => Err(ReportError::NotAcross { format }),
        }
    }
}
