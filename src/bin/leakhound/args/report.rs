//! The arguments of `leakhound report`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args as ClapArgs;
use clap::builder::{PossibleValue, TypedValueParser};
use leakhound::report::{Format, ReportError};

use super::choice::choice;

#[derive(Debug, ClapArgs)]
pub(crate) struct Report {
    /// Number of the run [default: the newest]
    #[arg(value_name = "RUN")]
    pub(crate) run: Option<i64>,
    /// Format [default: html; with --since, text]
    #[arg(long, value_parser = formats())]
    pub(crate) format: Option<ReportFormat>,
    /// File to write; `-` for standard output [default with text: standard output]
    #[arg(long, value_name = "PATH")]
    pub(crate) out: Option<PathBuf>,
    /// What is new, gone and standing since this run, as text of one screen; exit code 1 something is new, 3 nothing is, but
    /// some items could not be read, 0 nothing is
    #[arg(long, value_name = "RUN")]
    pub(crate) since: Option<i64>,
    /// Findings that have a page of their own in the PDF
    #[arg(long, value_name = "N", default_value = "100", value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub(crate) exhibits: u32,
    /// Font for what Noto Sans lacks in the PDF (Chinese, Japanese, Korean, Arabic, Hebrew, emoji …): TTF, OTF, or TTC with the number
    /// of a font in it; of several, the first that has a character gives it
    #[arg(long, value_name = "FILE[#NUMBER]")]
    pub(crate) font: Vec<PathBuf>,
}

/// What `--format` names: one of the library's formats, or the text of one screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReportFormat {
    /// A report of the library.
    File(Format),
    /// The text of one screen, as for a mail.
    Text,
}

impl FromStr for ReportFormat {
    type Err = ReportError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        if word == "text" { Ok(Self::Text) } else { word.parse().map(Self::File) }
    }
}

fn formats() -> impl TypedValueParser<Value = ReportFormat> {
    let all = Format::ALL.into_iter().map(ReportFormat::File).chain([ReportFormat::Text]);
    choice(all, |format| match format {
        ReportFormat::File(format) => PossibleValue::new(format.as_str()).help(match format {
            Format::Html => "One self-contained page for people",
            Format::Csv => "A row a finding, for spreadsheets",
            Format::Jsonl => "One JSON object an item, for programs",
            Format::Xlsx => "A workbook: summary, works, findings, what was not read",
            Format::Parquet => "The columns of the CSV, typed, for programs",
            Format::Pdf => "For counsel: summary, works list, a page of evidence a finding",
            Format::Acrcloud => "CSV in the columns of `acrcloud_scan_files_python3`",
        }),
        ReportFormat::Text => PossibleValue::new("text").help("One screen of text, for a mail"),
    })
}
