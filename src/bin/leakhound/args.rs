//! The arguments, as clap parses them. Nothing is derived from them here.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

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

#[derive(Debug, ClapArgs)]
pub(crate) struct Global {
    /// Folder of catalogue, index and results [default: the platform's data folder]
    #[arg(long, global = true, env = "LEAKHOUND_HOME", value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
    /// Worker threads [default: one a core]
    #[arg(long, global = true, env = "LEAKHOUND_THREADS", value_name = "N",
          value_parser = clap::value_parser!(u16).range(1..=512))]
    pub(crate) threads: Option<u16>,
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
    Show {
        /// The item's locator, as the JSONL report has it
        #[arg(value_name = "LOCATOR")]
        locator: String,
        /// The record of the newest run that has it, as JSON
        #[arg(long)]
        json: bool,
    },
    /// Write what is at a place to a file, for a reviewer
    Extract {
        /// The item's locator, as the JSONL report has it
        #[arg(value_name = "LOCATOR")]
        locator: String,
        /// File to write
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Tell what is in a dump, without decoding: kinds, counts, bytes, what cannot be read, how long a scan takes
    Inspect {
        /// Files and folders
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        #[command(flatten)]
        limits: Limits,
    },
    /// Write the report of a run
    Report(Report),
    /// List the runs
    Runs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Catalog {
    /// Add files and folders
    Add {
        /// Files and folders
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
    /// List all recordings
    List {
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Show recordings
    Show {
        /// Id or the start of one, path, or ISRC
        #[arg(required = true, value_name = "RECORDING")]
        names: Vec<String>,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Remove recordings
    Remove {
        /// Id or the start of one, path, or ISRC; each has to name one recording
        #[arg(required = true, value_name = "RECORDING")]
        names: Vec<String>,
    },
    /// Read every byte of the catalogue and tell what is wrong
    Check,
    /// Show sizes, and what is too common to be looked up
    Stats {
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// Merge the index into one segment, without what was removed
    Compact,
}

/// How items are searched, and where the lines between match, suspect and clear are drawn.
#[derive(Debug, ClapArgs)]
pub(crate) struct Search {
    /// How much of each item is searched
    #[arg(long, value_enum, default_value_t = Mode::Full)]
    pub(crate) mode: Mode,
    /// False-alarm probability of an item below which it is a match
    #[arg(long, value_name = "P", default_value = "1e-6", value_parser = probability)]
    pub(crate) match_below: f64,
    /// … below which it is a suspect
    #[arg(long, value_name = "P", default_value = "1e-3", value_parser = probability)]
    pub(crate) suspect_below: f64,
}

/// What containers may cost. What goes beyond has a row that says so.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Limits on containers")]
pub(crate) struct Limits {
    /// Containers within each other
    #[arg(long = "max-depth", value_name = "N", default_value = "8", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) depth: u16,
    /// Memory for one item that lies compressed, in MiB
    #[arg(long = "max-item", value_name = "MIB", default_value = "256", value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub(crate) item: u32,
    /// A file may unpack to this many times its size, and 1 GiB
    #[arg(long = "max-ratio", value_name = "N", default_value = "100", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) ratio: u32,
    /// Members of one file
    #[arg(long = "max-members", value_name = "N", default_value = "200000000", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) members: u64,
}

impl From<&Limits> for leakhound::source::ScanLimits {
    fn from(limits: &Limits) -> Self {
        Self {
            max_depth: usize::from(limits.depth),
            max_item_bytes: u64::from(limits.item) << 20,
            max_ratio: u64::from(limits.ratio),
            max_members: limits.members,
            ..Self::default()
        }
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Scan {
    /// Files and folders
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) limits: Limits,
    #[command(flatten)]
    pub(crate) search: Search,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Query {
    /// Files
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// One JSON object a line, as in the JSONL report
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) search: Search,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Report {
    /// Number of the run [default: the newest]
    #[arg(value_name = "RUN")]
    pub(crate) run: Option<i64>,
    /// Format
    #[arg(long, value_enum, default_value_t = Format::Html)]
    pub(crate) format: Format,
    /// File to write; `-` for standard output
    #[arg(long, value_name = "PATH")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    /// One self-contained page for people
    Html,
    /// A row a finding, for spreadsheets
    Csv,
    /// One JSON object an item, for programs
    Jsonl,
}

/// The library's mode, with what each costs and may miss.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Mode {
    /// 3 windows of 8 s of each item, as released; the whole of it, as in full mode, if they hold
    /// anything, if it is short, or if it cannot be sought in. Costs a tenth of full where nothing
    /// is found. Misses passages between the windows, and what was changed in speed, tempo or pitch
    Probe,
    /// Each item whole, as released only. Costs four fifths of full. Misses what was changed in
    /// speed, tempo or pitch
    Identity,
    /// Each item whole, as released and at changed speed, tempo or pitch. Misses tempo and pitch
    /// changed by different amounts
    Full,
    /// As full, and at tempo and pitch changed by different amounts. Costs several times as much
    Thorough,
}

impl From<Mode> for leakhound::scan::Mode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Probe => Self::Probe,
            Mode::Identity => Self::Identity,
            Mode::Full => Self::Full,
            Mode::Thorough => Self::Thorough,
        }
    }
}

fn probability(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(p) if p > 0.0 && p < 1.0 => Ok(p),
        _ => Err("a probability is a number above 0 and below 1, such as 1e-6".into()),
    }
}
