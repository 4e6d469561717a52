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
    /// Report several runs at once, such as 3,7,9: which works are in which dumps and data sets, since when, how changed
    #[arg(long, value_name = "RUNS", value_delimiter = ',', conflicts_with_all = ["run", "since", "all"])]
    pub(crate) runs: Vec<i64>,
    /// The same of all complete runs
    #[arg(long, conflicts_with_all = ["run", "since"])]
    pub(crate) all: bool,
    /// Format [default: html; with --since: text]
    #[arg(long, value_parser = formats())]
    pub(crate) format: Option<ReportFormat>,
    /// File to write, or - for standard output [default with text: standard output]
    #[arg(long, value_name = "PATH")]
    pub(crate) out: Option<PathBuf>,
    /// Print what is new, gone and still there since this run, as one screen of text; exit code 0: nothing new, 1:
    /// something new, 3: nothing new, but some items could not be read
    #[arg(long, value_name = "RUN")]
    pub(crate) since: Option<i64>,
    /// Findings that get a page of their own in the PDF
    #[arg(long, value_name = "N", default_value = "100", value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub(crate) exhibits: u32,
    /// Font for characters that Noto Sans lacks in the PDF (Chinese, Japanese, Korean, Arabic, Hebrew, emoji …): TTF,
    /// OTF, or TTC with the number of one of its fonts; of several fonts, the first that has a character is used
    #[arg(long, value_name = "FILE[#NUMBER]")]
    pub(crate) font: Vec<PathBuf>,
}

/// What `--format` names: one of the library's formats, or the text of one screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReportFormat {
    /// A report of the library.
    File(Format),
    /// The text of one screen, as for an e-mail.
    Text,
}

impl FromStr for ReportFormat {
    type Err = ReportError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        if word == "text" { Ok(Self::Text) } else { word.parse().map(Self::File) }
    }
}

/// The formats of a report.
fn formats() -> impl TypedValueParser<Value = ReportFormat> {
    let all = Format::ALL.into_iter().map(ReportFormat::File).chain([ReportFormat::Text]);
    choice(all, |format| match format {
        ReportFormat::File(format) => PossibleValue::new(format.as_str()).help(match format {
            Format::Html => "One self-contained page for people",
            Format::Csv => "One row per finding, for spreadsheets",
            Format::Jsonl => "One JSON object per item, for programs",
            Format::Xlsx => "A workbook: summary, works, findings, what was not read",
            Format::Parquet => "The columns of the CSV, typed, for programs",
            Format::Pdf => "For counsel: summary, works, one page of evidence per finding",
            Format::Acrcloud => "CSV with the columns of acrcloud_scan_files_python3",
        }),
        ReportFormat::Text => PossibleValue::new("text").help("One screen of text, for e-mail"),
    })
}
