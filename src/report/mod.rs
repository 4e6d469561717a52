//! Reports of a run: one type of record, and one writer for each format.
//!
//! A writer takes the run's summary, then the items in the order of their paths, then the end. It keeps no more items than its
//! format can show. It draws no conclusions: everything it writes is in the record or in [`RunSummary`]. Equal input gives
//! equal bytes: a report has no clock, host name or locale. [`RunReader`] reports a run that is kept in the results.
//!
//! | format | for | module |
//! |---|---|---|
//! | HTML | people: one page, no network, readable without scripts | [`html`] |
//! | CSV | spreadsheets: one row for each finding | [`csv`] |
//! | XLSX | staff: summary, works, findings, items that were not read | [`xlsx`] |
//! | PDF | counsel: summary, works, one page of evidence for each finding | [`pdf`] |
//! | JSONL | programs: the record itself, exact | [`jsonl`] |
//! | Parquet | programs that read tables: the columns of the CSV, typed | [`parquet`] |
//! | `ACRCloud` CSV | tools that read the tables of that service's scanner | [`acrcloud`] |
//!
//! [`table`] has the columns of CSV, workbook and Parquet, [`changes`] compares two runs, [`across`] reports many runs at once.
//!
//! Titles and paths are untrusted. Every format makes them harmless in its own way; the tests of this module check each.

pub mod acrcloud;
pub mod across;
pub mod changes;
pub mod csv;
pub mod html;
pub mod jsonl;
mod noticed;
pub mod parquet;
pub mod pdf;
mod run;
mod summary;
pub mod table;
mod tally;
#[cfg(test)]
mod tests;
mod works;
pub mod xlsx;

use std::fmt;
use std::io::{self, BufWriter, Write};
use std::str::FromStr;

use crate::record::ItemRecord;
use crate::wording::counted;

pub use self::run::RunReader;
pub use self::summary::{Change, Counts, RunSummary};

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The output could not be written.
    #[error("the {format} report could not be written; free space or choose another place")]
    Write {
        /// Which report.
        format: Format,
        /// The system's reason; its kind tells a broken pipe from a full disk.
        source: io::Error,
    },
    /// A font of the PDF cannot be embedded.
    #[error("the font {message}; leave it out or name another")]
    Font {
        /// Name of the font, and why it cannot be embedded.
        message: String,
    },
    /// The summary, which is written first, does not fit the records that followed.
    #[error(
        "the summary counts {} and {}, the records have {} and {}; the results changed while the \
         report was written: write it again",
        counted(summary.items, "item"), counted(summary.findings, "finding"), records.items,
        records.findings
    )]
    CountsDisagree {
        /// The counts of the summary.
        summary: Box<Counts>,
        /// The counts of the records.
        records: Box<Counts>,
    },
    /// A report across dumps has no such format.
    #[error("there is no {format} report across dumps; choose html, pdf, xlsx, csv or jsonl")]
    NotAcross {
        /// The format.
        format: Format,
    },
    /// What the runs of a report across dumps found cannot be brought together.
    #[error(
        "what the runs found cannot be brought together; free space in the temporary folder, or name another with TMPDIR"
    )]
    Gather {
        /// `SQLite`'s reason.
        source: rusqlite::Error,
    },
    /// The name of a format is unknown.
    #[error(
        "there is no report format {name:?}; choose html, csv, jsonl, xlsx, parquet, pdf or acrcloud"
    )]
    UnknownFormat {
        /// The name.
        name: String,
    },
}

/// The formats of a report.
///
/// # Example
///
/// ```
/// use leakhound::report::{Format, RunSummary, write};
///
/// let (mut out, nothing) = (Vec::new(), Vec::<Result<_, leakhound::report::ReportError>>::new());
/// write(Format::Csv, &RunSummary::default(), nothing, &mut out)?;
/// assert!(String::from_utf8_lossy(&out).contains("recording_id"));
/// assert_eq!("xlsx".parse::<Format>()?, Format::Xlsx);
/// # Ok::<(), leakhound::report::ReportError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// HTML: one self-contained page.
    Html,
    /// CSV: one row for each finding, and one for each item without findings.
    Csv,
    /// JSON Lines: one object for each item.
    Jsonl,
    /// Excel workbook (XLSX).
    Xlsx,
    /// Parquet: the columns of the CSV, typed.
    Parquet,
    /// PDF: a summary, the works list and pages of evidence.
    Pdf,
    /// CSV with the columns of `ACRCloud`'s scanner.
    Acrcloud,
}

impl Format {
    /// Every format, in the order of the help.
    pub const ALL: [Self; 7] =
        [Self::Html, Self::Csv, Self::Jsonl, Self::Xlsx, Self::Parquet, Self::Pdf, Self::Acrcloud];

    /// Name of the format on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Xlsx => "xlsx",
            Self::Parquet => "parquet",
            Self::Pdf => "pdf",
            Self::Acrcloud => "acrcloud",
        }
    }

    /// Whether the report begins with counts of all records, so that they have to be read once before it is written.
    pub const fn counts_first(self) -> bool {
        matches!(self, Self::Html)
    }

    /// The format's writer to `out`, which should be buffered.
    pub fn writer<'a>(self, out: &'a mut dyn Write) -> Box<dyn ReportWriter + 'a> {
        match self {
            Self::Html => Box::new(html::HtmlWriter::new(out)),
            Self::Csv => Box::new(csv::CsvWriter::new(out)),
            Self::Jsonl => Box::new(jsonl::JsonlWriter::new(out)),
            Self::Xlsx => Box::new(xlsx::XlsxWriter::new(out)),
            Self::Parquet => Box::new(parquet::ParquetWriter::new(out)),
            Self::Pdf => Box::new(pdf::PdfWriter::new(out, pdf::MAX_EXHIBITS)),
            Self::Acrcloud => Box::new(acrcloud::AcrcloudWriter::new(out)),
        }
    }

    const fn failed(self, source: io::Error) -> ReportError {
        ReportError::Write { format: self, source }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Format {
    type Err = ReportError;

    fn from_str(name: &str) -> Result<Self, ReportError> {
        Self::ALL
            .into_iter()
            .find(|format| format.as_str() == name)
            .ok_or_else(|| ReportError::UnknownFormat { name: name.to_owned() })
    }
}

/// Writes one format: call `begin` once, `item` for each item in the order of their paths, and `end` once.
pub trait ReportWriter {
    /// Writes what comes before the items.
    ///
    /// # Errors
    /// If the output cannot be written.
    fn begin(&mut self, summary: &RunSummary) -> Result<(), ReportError>;

    /// Writes the next item, or keeps it for a later section.
    ///
    /// # Errors
    /// If the output cannot be written.
    fn item(&mut self, record: &ItemRecord) -> Result<(), ReportError>;

    /// Writes what comes after the items, and flushes.
    ///
    /// # Errors
    /// If the output cannot be written, or the summary does not fit the items.
    fn end(&mut self) -> Result<(), ReportError>;
}

/// Writes a whole report of `records`, sorted by path, to `out`.
///
/// Only a format with [`Format::counts_first`] prints [`RunSummary::counts`]; for the others they may stay zero.
///
/// # Errors
/// The first error of `records`, or a [`ReportError`] as the caller's error type.
pub fn write<E: From<ReportError>>(
    format: Format,
    summary: &RunSummary,
    records: impl IntoIterator<Item = Result<ItemRecord, E>>,
    out: &mut dyn Write,
) -> Result<(), E> {
    let mut buffered = BufWriter::new(out);
    let mut writer = format.writer(&mut buffered);
    writer.begin(summary)?;
    for record in records {
        writer.item(&record?)?;
    }
    writer.end()?;
    Ok(())
}
