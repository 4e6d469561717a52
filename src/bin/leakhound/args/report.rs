//! The arguments of `leakhound report`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

#[derive(Debug, ClapArgs)]
pub(crate) struct Report {
    /// Number of the run [default: the newest]
    #[arg(value_name = "RUN")]
    pub(crate) run: Option<i64>,
    /// Format [default: html; with --since, text]
    #[arg(long, value_enum)]
    pub(crate) format: Option<Format>,
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

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    /// One self-contained page for people
    Html,
    /// A row a finding, for spreadsheets
    Csv,
    /// One JSON object an item, for programs
    Jsonl,
    /// A workbook: summary, works, findings, what was not read
    Xlsx,
    /// The columns of the CSV, typed, for programs
    Parquet,
    /// For counsel: summary, works list, a page of evidence a finding
    Pdf,
    /// CSV in the columns of `acrcloud_scan_files_python3`
    Acrcloud,
    /// One screen of text, for a mail
    Text,
}
