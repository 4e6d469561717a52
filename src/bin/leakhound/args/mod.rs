//! The arguments as clap parses them: the global options here, one file per verb.
#![allow(
    clippy::doc_markdown,
    rustdoc::bare_urls,
    reason = "the help on a terminal is no Markdown"
)]

mod catalog;
mod catalogue_file;
mod choice;
mod cluster;
mod config;
mod extract;
mod guide;
mod inspect;
mod limits;
mod manifest;
mod notice;
mod profile;
mod prune;
mod query;
mod recheck;
mod report;
mod review;
mod runs;
mod scan;
mod search;
mod show;
mod verify;
mod watch;

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};

pub(crate) use catalog::{Allow, Catalog, Import, Mask};
pub(crate) use catalogue_file::CatalogueFile;
pub(crate) use cluster::{Merge, Plan, PlanCommand, Work};
pub(crate) use config::Config;
pub(crate) use extract::Extract;
pub(crate) use guide::Guide;
pub(crate) use inspect::Inspect;
pub(crate) use limits::Limits;
pub(crate) use manifest::Manifest;
pub(crate) use notice::{Notice, NoticeCommand, NoticeDraft, NoticeRemark};
pub(crate) use profile::Profile;
pub(crate) use prune::Prune;
pub(crate) use query::Query;
pub(crate) use recheck::Recheck;
pub(crate) use report::{Report, ReportFormat};
pub(crate) use review::{Decide, Review, ReviewCommand, ReviewList};
pub(crate) use runs::Runs;
pub(crate) use scan::{Hashing, Scan};
pub(crate) use search::Search;
pub(crate) use show::Show;
pub(crate) use verify::Verify;
pub(crate) use watch::{Tell, Watch, Watching};

/// Version and build, as `--version` prints them.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("LEAKHOUND_BUILD"), ")");

/// Finds a label's recordings in dumps and data sets.
///
/// Add the label's recordings to a catalogue, scan a dump against it, write the report:
///
///   leakhound catalog add MASTERS
///   leakhound scan DUMP
///   leakhound report --format html --out report.html
///
/// The guide explains each step: leakhound guide first-scan
///
/// Exit codes:
///
///   0    nothing found
///   1    something found
///   2    wrong usage
///   3    nothing found, but some items could not be read
///   4    the command failed
///   130  stopped; the same command continues where it stopped
#[derive(Debug, Parser)]
#[command(version = VERSION, verbatim_doc_comment, max_term_width = 100)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(flatten)]
    pub(crate) profile: Profile,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, ClapArgs)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Folder with the catalogue, its index and the results [default: the platform's data folder]
    #[arg(long, global = true, env = "LEAKHOUND_HOME", value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
    /// Worker threads [default: one per core]
    #[arg(long, global = true, env = "LEAKHOUND_THREADS", value_name = "N",
          value_parser = clap::value_parser!(u16).range(1..=512))]
    pub(crate) threads: Option<u16>,
    /// Who is at work, for the catalogue's log and the manifests of runs [default: your user name]
    #[arg(long, global = true, env = "LEAKHOUND_OPERATOR", value_name = "NAME")]
    pub(crate) operator: Option<String>,
    /// Do not use an installed ffmpeg for formats that the built-in decoders lack
    #[arg(long, global = true, env = "LEAKHOUND_NO_FFMPEG", hide_env = true,
          value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) no_ffmpeg: bool,
    /// Longest time for one item, in seconds; an item that takes longer counts as not read
    #[arg(long, global = true, env = "LEAKHOUND_ITEM_TIMEOUT", value_name = "SECONDS",
          default_value = "600", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub(crate) item_timeout: u32,
    /// Print errors only: no progress, no list of findings
    #[arg(long, short, global = true, env = "LEAKHOUND_QUIET", hide_env = true,
          value_parser = clap::builder::BoolishValueParser::new())]
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
    /// Manage the label's own recordings
    #[command(subcommand)]
    Catalog(Catalog),
    /// Scan files and folders against the catalogue; a stopped scan continues when the command is repeated
    Scan(Scan),
    /// Scan what comes to rest in folders, again and again, and tell what is new: on standard output, or by a command
    Watch(Watch),
    /// Divide a scan into units for many machines, and see how far they are; see the page on many machines of the guide
    Plan(Plan),
    /// Do units of a plan; findings end it with 0, so that a scheduler repeats failures only
    Work(Work),
    /// Make one run of the parts of a plan, as if one machine had scanned the dump
    Merge(Merge),
    /// Look up single files, without keeping the result
    Query(Query),
    /// Show the item at a locator from a report
    Show(Show),
    /// Write the item at a locator to a file, for a reviewer
    Extract(Extract),
    /// List what a dump contains without decoding: kinds, counts, bytes, what cannot be read, how long a scan would
    /// take
    Inspect(Inspect),
    /// Write the report of a run
    Report(Report),
    /// List the findings of a run that nobody has decided on; decide in the terminal or on a local page
    Review(Review),
    /// Draft notices about accepted findings, for a person to complete and sign, and keep what becomes of them; nothing is
    /// ever sent
    Notice(Notice),
    /// Write the manifest of a run, or store a timestamp authority's token with it
    Manifest(Manifest),
    /// Check a run's manifest against its records and the earlier manifests; exit code 0: it fits, 1: it does not
    Verify(Verify),
    /// Repeat one finding from the original bytes; exit code 0: confirmed, 1: not confirmed or different, 3: the item
    /// is not there
    Recheck(Recheck),
    /// List the runs
    Runs(Runs),
    /// Delete the records of old runs, after showing which; decisions, manifests and what people decided on stay
    Prune(Prune),
    /// Show each setting, its value and where it comes from: option, environment, file or default
    Config(Config),
    /// Show a page of the guide, or list the pages
    Guide(Guide),
    /// Unpack members of RAR archives from standard input to standard output: how this program runs itself
    #[command(hide = true, name = UNPACK_RAR)]
    UnpackRar,
    /// Tell what a watch found: how this program runs itself
    #[command(hide = true, name = TELL)]
    Tell(Tell),
}

/// The command by which the program runs itself to tell what a watch found.
pub(crate) const TELL: &str = "tell-what-was-found";

/// The command by which the program runs itself to unpack RAR.
pub(crate) const UNPACK_RAR: &str = "unpack-rar";
