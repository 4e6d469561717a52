//! Reports: one typed record, many writers, one file a format.
//!
//! A writer takes the run's summary, then the items in the order of their paths, then the end; it
//! holds no more of them than its format's page can show. It concludes nothing: what it says is in
//! the record or in [`RunSummary`]. Equal input gives equal bytes: there is no clock, host name or
//! locale in a report.
//!
//! | format | for | module |
//! |---|---|---|
//! | HTML | people: one page, no network, readable without scripts | [`html`] |
//! | CSV | spreadsheets: a row a finding | [`csv`] |
//! | XLSX | staff: summary, works, findings, what was not read | [`xlsx`] |
//! | PDF | counsel: summary, works, a page of evidence a finding | [`pdf`] |
//! | JSONL | programs: the record itself, exact | [`jsonl`] |
//! | Parquet | programs that read tables: the columns of the CSV, typed | [`parquet`] |
//! | `ACRCloud` CSV | tools made for that service's scans | [`acrcloud`] |
//!
//! [`table`] has the columns that CSV, workbook and Parquet share, [`changes`] what differs between two runs.
//!
//! Titles and paths come from strangers. Every format keeps them harmless in its own way, and the
//! tests of this module hold each to it.

pub mod acrcloud;
pub mod changes;
pub mod csv;
pub mod html;
pub mod jsonl;
pub mod parquet;
pub mod pdf;
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

pub use self::summary::{Change, Counts, RunSummary};

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The output takes no more bytes.
    #[error("the {format} report could not be written; free space or choose another place")]
    Write {
        /// Which report.
        format: Format,
        /// What the output said; a broken pipe is to be told from a full disk by its kind.
        source: io::Error,
    },
    /// A font of the PDF is damaged where nobody looked before.
    #[error("the font {message}; leave it away or name another")]
    Font {
        /// Which font, and why.
        message: String,
    },
    /// The summary, which is printed first, was not made from the records that followed.
    #[error(
        "the summary counts {} items and {} findings, the records hold {} and {}; the results \
         changed between the two readings: write the report again",
        summary.items, summary.findings, records.items, records.findings
    )]
    CountsDisagree {
        /// What the summary said.
        summary: Box<Counts>,
        /// What the records hold.
        records: Box<Counts>,
    },
    /// A format's name is none of those known.
    #[error(
        "there is no report format {name:?}; choose html, csv, jsonl, xlsx, parquet, pdf or acrcloud"
    )]
    UnknownFormat {
        /// What was asked for.
        name: String,
    },
}

/// The formats of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// One self-contained page.
    Html,
    /// A row a finding, and a row an item without one.
    Csv,
    /// One JSON object an item, one line each.
    Jsonl,
    /// A workbook.
    Xlsx,
    /// The CSV's columns, typed.
    Parquet,
    /// Pages for counsel.
    Pdf,
    /// The columns of `ACRCloud`'s scanner, as CSV.
    Acrcloud,
}

impl Format {
    /// Every format, in the order they are listed to people.
    pub const ALL: [Self; 7] =
        [Self::Html, Self::Csv, Self::Jsonl, Self::Xlsx, Self::Parquet, Self::Pdf, Self::Acrcloud];

    /// The format's name.
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

/// Takes a run item by item and writes one format: `begin` once, `item` for each, `end` once.
pub trait ReportWriter {
    /// Writes what stands before the items.
    ///
    /// # Errors
    /// If the output takes no bytes.
    fn begin(&mut self, summary: &RunSummary) -> Result<(), ReportError>;

    /// Writes, or keeps for its section, the next item in the order of paths.
    ///
    /// # Errors
    /// If the output takes no bytes.
    fn item(&mut self, record: &ItemRecord) -> Result<(), ReportError>;

    /// Writes what stands after the items, and flushes.
    ///
    /// # Errors
    /// If the output takes no bytes, or the summary was not that of these items.
    fn end(&mut self) -> Result<(), ReportError>;
}

/// Writes a whole report of `records`, sorted by path, to `out`.
///
/// Only the HTML report prints [`RunSummary::counts`], so only for it has the caller to count the
/// records beforehand.
///
/// # Errors
/// The first error of `records`, as it is, or a [`ReportError`] as the caller's error type.
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
