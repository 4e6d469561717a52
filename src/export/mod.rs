//! Writes the catalogue's entries as CSV, XLSX or JSONL, so that an import reads them back without loss. A recording without
//! an entry is written as an entry made of its tags.
//!
//! The tables have a column for each [`Field`], and a row for each entry; each further release or file of an entry has a row
//! of its own with the entry's id. Several values in a cell are separated by `; `; a `;` or `\` in a value is written as `\;`
//! or `\\`. A cell that a spreadsheet would run as a formula gets an apostrophe in front, which an import removes. The same
//! entries give the same bytes.

mod recordings;
mod tables;

use std::io::Write;

use crate::catalog::{Catalog, CatalogError, Entry, Known};
use crate::import::Field;
use crate::record::json;
use tables::{csv_row, workbook};

/// A format of the export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// CSV in UTF-8 with a byte-order mark, separated by commas, with CRLF.
    Csv,
    /// An XLSX workbook. All cells are text, so that no leading zero is lost.
    Xlsx,
    /// One JSON object per line and entry.
    Jsonl,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 3] = [Self::Csv, Self::Xlsx, Self::Jsonl];

    /// The word that `FromStr` reads, and the ending of a file in this format.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Jsonl => "jsonl",
        }
    }
}

crate::base::impl_from_word!(Format, "format of an export");

/// Why an export failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The output cannot be written.
    #[error("cannot write the export: is the disk full?")]
    Write(#[from] std::io::Error),
    /// A row cannot be written.
    #[error("cannot write the export: is the disk full?")]
    Csv(#[from] csv::Error),
    /// A workbook cannot hold the entry.
    #[error(
        "the entry {entry_id} does not fit into a workbook ({what}); write .csv or .jsonl instead"
    )]
    TooLarge {
        /// Id of the first entry that does not fit.
        entry_id: String,
        /// The limit that it exceeds.
        what: String,
    },
    /// The workbook cannot be written.
    #[error("cannot write the workbook: is the disk full?")]
    Workbook(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The catalogue cannot be read.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

/// The columns of the tables: header and field.
fn columns() -> impl Iterator<Item = (&'static str, Field)> {
    let all = Field::ALL.iter().filter(|(_, field, _)| *field != Field::Ignore);
    all.map(|(name, field, _)| (*name, *field))
}

/// Numbers of what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exported {
    /// Number of entries.
    pub entries: u64,
    /// Number of recordings without an entry, each written as an entry.
    pub recordings: u64,
}

/// Writes all entries, and all recordings without an entry.
///
/// # Errors
///
/// If the output cannot be written or the catalogue cannot be read.
pub fn write(
    catalog: &Catalog,
    format: Format,
    out: &mut dyn Write,
) -> Result<Exported, ExportError> {
    let exported;
    match format {
        Format::Jsonl => {
            exported = for_each(catalog, |entry| {
                writeln!(out, "{}", json(&entry)).map_err(ExportError::from)
            })?;
        }
        Format::Csv => {
            let mut rows = csv::WriterBuilder::new();
            let mut rows =
                rows.terminator(csv::Terminator::CRLF).flexible(false).from_writer(&mut *out);
            // Without the mark, spreadsheets read UTF-8 in the machine's old code page.
            let names = columns().enumerate().map(|(at, (name, _))| {
                if at == 0 { format!("\u{FEFF}{name}") } else { name.to_owned() }
            });
            rows.write_record(names)?;
            exported = for_each(catalog, |entry| {
                for row in crate::import::cells(&entry) {
                    rows.write_record(csv_row(&row))?;
                }
                Ok::<_, ExportError>(())
            })?;
            rows.flush()?;
            drop(rows);
        }
        Format::Xlsx => exported = workbook(catalog, out)?,
    }
    out.flush()?;
    Ok(exported)
}

/// Calls `take` with each entry and each recording without one, in the order of their ids in the export: a catalogue that
/// imported them all has the same order.
fn for_each(
    catalog: &Catalog,
    mut take: impl FnMut(Entry) -> Result<(), ExportError>,
) -> Result<Exported, ExportError> {
    let mut exported = Exported::default();
    catalog.for_each_entry_and_recording(recordings::PREFIX, |known| {
        let entry = match known {
            Known::Entry(entry) => {
                exported.entries += 1;
                *entry
            }
            Known::Recording(recording) => {
                exported.recordings += 1;
                recordings::entry(&recording)
            }
        };
        take(entry)
    })?;
    Ok(exported)
}
