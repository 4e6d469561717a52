//! The arguments as clap parses them: the global options here, one file a verb.
#![allow(
    clippy::doc_markdown,
    rustdoc::bare_urls,
    reason = "the help on a terminal is no Markdown"
)]

mod catalog;
mod choice;
mod extract;
mod inspect;
mod limits;
mod manifest;
mod notice;
mod query;
mod recheck;
mod report;
mod review;
mod scan;
mod search;
mod show;
mod verify;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Parser, Subcommand};

pub(crate) use catalog::{Allow, Catalog, Import, Mask};
pub(crate) use extract::Extract;
pub(crate) use inspect::Inspect;
pub(crate) use limits::Limits;
pub(crate) use manifest::Manifest;
pub(crate) use notice::Notice;
pub(crate) use query::Query;
pub(crate) use recheck::Recheck;
pub(crate) use report::{Report, ReportFormat};
pub(crate) use review::{Decide, Review, ReviewCommand, ReviewList};
pub(crate) use scan::Scan;
pub(crate) use search::Search;
pub(crate) use show::Show;
pub(crate) use verify::Verify;

use crate::setup::Decoding;

/// Finds a label's recordings in dumps and data sets.
///
/// Add the label's recordings to a catalogue, scan a dump against it, write the report:
///
///   leakhound catalog add MASTERS
///   leakhound scan DUMP
///   leakhound report --format html --out report.html
///
/// Exit codes: 0 nothing found; 1 something found; 2 wrong usage; 3 nothing found, but some items
/// could not be read; 4 the command failed; 130 stopped, the same command goes on.
#[derive(Debug, Parser)]
#[command(version, verbatim_doc_comment, max_term_width = 100)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct Global {
    /// Folder of catalogue, index and results [default: the platform's data folder]
    #[arg(long, global = true, env = "LEAKHOUND_HOME", value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
    /// Worker threads [default: one a core]
    #[arg(long, global = true, env = "LEAKHOUND_THREADS", value_name = "N",
          value_parser = clap::value_parser!(u16).range(1..=512))]
    pub(crate) threads: Option<u16>,
    /// Who is at work, for the catalogue's log and the manifests of runs [default: the system's name of the user]
    #[arg(long, global = true, env = "LEAKHOUND_OPERATOR", value_name = "NAME")]
    pub(crate) operator: Option<String>,
    /// Do not use an installed ffmpeg for what the built-in decoders lack
    #[arg(long, global = true)]
    pub(crate) no_ffmpeg: bool,
    /// Longest time for one item, in seconds
    #[arg(long, global = true, env = "LEAKHOUND_ITEM_TIMEOUT", value_name = "SECONDS",
          default_value = "600", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub(crate) item_timeout: u32,
    /// No progress and no list of findings, only errors
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
}

impl Global {
    /// Worker threads: as asked for, else one per core.
    pub(crate) fn threads(&self) -> usize {
        match self.threads {
            Some(threads) => usize::from(threads),
            None => std::thread::available_parallelism().map_or(1, usize::from),
        }
    }

    /// How files are decoded.
    pub(crate) fn decoding(&self) -> Decoding {
        Decoding {
            item_timeout: Duration::from_secs(u64::from(self.item_timeout)),
            uses_ffmpeg: !self.no_ffmpeg,
        }
    }

    /// Who is at work: as they say, else the system's user name, else `unknown`.
    pub(crate) fn operator(&self) -> String {
        self.known_operator().unwrap_or_else(|| "unknown".into())
    }

    /// Who is at work, if they say or the system knows.
    pub(crate) fn known_operator(&self) -> Option<String> {
        let user = || std::env::var("USER").or_else(|_| std::env::var("USERNAME")).ok();
        self.operator.clone().or_else(user)
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The label's own recordings
    #[command(subcommand)]
    Catalog(Catalog),
    /// Scan files and folders against the catalogue; begun again, it goes on where it stopped
    Scan(Scan),
    /// Ask about single files
    Query(Query),
    /// Show what is at a place that a report names
    Show(Show),
    /// Write what is at a place to a file, for a reviewer
    Extract(Extract),
    /// Tell what is in a dump, without decoding: kinds, counts, bytes, what cannot be read, how long a scan takes
    Inspect(Inspect),
    /// Write the report of a run
    Report(Report),
    /// List the findings of a run that nobody has decided about; decide, on the terminal or in a local page
    Review(Review),
    /// Draft notices about accepted findings, for a person to fill in and sign; nothing is ever sent
    Notice(Notice),
    /// Write the manifest of a run, or keep a timestamp authority's token with it
    Manifest(Manifest),
    /// Tell whether a run's manifest fits its records and the manifests before: exit code 0 it does, 1 it does not
    Verify(Verify),
    /// Repeat one finding from the bytes: exit code 0 it stands, 1 it does not or not as it was, 3 its item is not there
    Recheck(Recheck),
    /// List the runs
    Runs,
}
