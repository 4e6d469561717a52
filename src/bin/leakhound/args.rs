//! The arguments, as clap parses them. Nothing is derived from them here.
#![allow(
    clippy::doc_markdown,
    rustdoc::bare_urls,
    reason = "the help on a terminal is no Markdown"
)]

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
        /// Those of the scan
        #[command(flatten)]
        limits: Limits,
    },
    /// Write what is at a place to a file, for a reviewer
    Extract {
        /// The item's locator, as the JSONL report has it
        #[arg(value_name = "LOCATOR")]
        locator: String,
        /// File to write
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Write over a file that is there; never over what is extracted from
        #[arg(long)]
        force: bool,
        /// Those of the scan
        #[command(flatten)]
        limits: Limits,
    },
    /// Tell what is in a dump, without decoding: kinds, counts, bytes, what cannot be read, how long a scan takes
    Inspect {
        /// Files and folders
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// Hash all sound and compare it with the label's files; without it only what has the size of one, where it lies
        /// unpacked
        #[arg(long)]
        hash: bool,
        #[command(flatten)]
        limits: Limits,
    },
    /// Write the report of a run
    Report(Report),
    /// List the findings of a run that nobody has decided about; decide, on the terminal or in a local page
    Review(Review),
    /// Draft notices about accepted findings, for a person to fill in and sign; nothing is ever sent
    Notice(Notice),
    /// Write the manifest of a run, or keep a timestamp authority's token with it
    Manifest(Manifest),
    /// Tell whether a run's manifest fits its records and the manifests before: exit code 0 it does, 1 it does not
    Verify {
        /// Number of the run [default: the newest that ended]
        #[arg(value_name = "RUN")]
        run: Option<i64>,
        /// A manifest that was written earlier, to be compared byte for byte
        #[arg(long, value_name = "FILE")]
        manifest: Option<PathBuf>,
    },
    /// Repeat one finding from the bytes: exit code 0 it stands, 1 it does not or not as it was, 3 its item is not there
    Recheck(Recheck),
    /// List the runs
    Runs,
}

#[derive(Debug, ClapArgs)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Review {
    #[command(flatten)]
    pub(crate) list: ReviewList,
    #[command(subcommand)]
    pub(crate) command: Option<ReviewCommand>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ReviewList {
    /// Number of the run [default: the newest]
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<i64>,
    /// Only findings of this verdict
    #[arg(long, value_enum)]
    pub(crate) verdict: Option<FindingVerdict>,
    /// Only findings of a recording: its id, ISRC, or a part of artist and title
    #[arg(long, value_name = "TEXT")]
    pub(crate) recording: Option<String>,
    /// Also what is decided already
    #[arg(long)]
    pub(crate) all: bool,
    /// One JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
    /// Show a page to this machine's browser instead, until Ctrl-C: the only command that opens a socket, on 127.0.0.1 alone
    #[arg(long, conflicts_with_all = ["json", "verdict", "recording", "all"])]
    pub(crate) serve: bool,
    /// Port of the page [default: any that is free]
    #[arg(long, value_name = "PORT", requires = "serve", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: Option<u16>,
    /// Where the dump is now, to listen to it, if it was moved since the scan
    #[arg(long, value_name = "PATH", requires = "serve")]
    pub(crate) dump: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReviewCommand {
    /// Accept findings: they are infringements, and notices may be drafted
    Accept(Decide),
    /// Dismiss findings, on one of four grounds
    Dismiss {
        /// Why
        #[arg(long = "as", value_enum, value_name = "GROUND")]
        ground: Ground,
        #[command(flatten)]
        decide: Decide,
    },
    /// Put findings off
    Defer(Decide),
    /// Take back what was decided; the history keeps both
    Undo(Decide),
    /// Show all evidence of findings
    Show {
        /// Ids of findings, or the starts of them
        #[arg(required = true, value_name = "FINDING")]
        findings: Vec<String>,
        /// Number of the run [default: the newest]
        #[arg(long, value_name = "RUN")]
        run: Option<i64>,
    },
    /// Show all that was ever decided, oldest first
    History {
        /// Id of a finding, or the start of one [default: all]
        #[arg(value_name = "FINDING")]
        finding: Option<String>,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Take decisions from a table or JSONL with the columns of the CSV report: `finding_id`, `decision`,
    /// `decision_ground`, `decision_reason`, `decided_by`; all of them or none
    Batch {
        /// File
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Who decided, where the table does not say
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
        /// Number of the run [default: the newest]
        #[arg(long, value_name = "RUN")]
        run: Option<i64>,
    },
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Decide {
    /// Ids of findings, or the starts of them; every copy in the run is decided on
    #[arg(required = true, value_name = "FINDING")]
    pub(crate) findings: Vec<String>,
    /// Why, in your words
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// Who decides [default: the operator]
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,
    /// Number of the run [default: the newest]
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<i64>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum FindingVerdict {
    /// Below --match-below
    Match,
    /// To be heard by a person
    Suspect,
    /// Licensed, or no right of the label's
    Permitted,
}

impl From<FindingVerdict> for leakhound::record::Verdict {
    fn from(verdict: FindingVerdict) -> Self {
        match verdict {
            FindingVerdict::Match => Self::Match,
            FindingVerdict::Suspect => Self::Suspect,
            FindingVerdict::Permitted => Self::Permitted,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Ground {
    /// The use is licensed
    Licensed,
    /// Both took it from the same source
    SharedSample,
    /// The recording is not in the item
    Wrong,
    /// The recording is not the label's
    NotOurs,
}

impl From<Ground> for leakhound::record::Ground {
    fn from(ground: Ground) -> Self {
        match ground {
            Ground::Licensed => Self::Licensed,
            Ground::SharedSample => Self::SharedSample,
            Ground::Wrong => Self::Wrong,
            Ground::NotOurs => Self::NotOurs,
        }
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Notice {
    /// Who gets it
    #[arg(long = "for", value_enum, value_name = "KIND")]
    pub(crate) kind: NoticeFor,
    /// Folder to write the drafts to; it has to be new or empty
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: PathBuf,
    /// The complainant's particulars, as JSON: name, organisation, `acts_for`, address, phone, email. What is not there
    /// stays a visible blank
    #[arg(long, value_name = "FILE")]
    pub(crate) particulars: Option<PathBuf>,
    /// Name of the recipient
    #[arg(long, value_name = "NAME")]
    pub(crate) recipient: Option<String>,
    /// Address under which the scanned folder can be had: `https://host.example/files/`
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Data set on the hub, such as owner/name
    #[arg(long, value_name = "NAME")]
    pub(crate) repository: Option<String>,
    /// … and its revision
    #[arg(long, value_name = "REVISION")]
    pub(crate) revision: Option<String>,
    /// Number of the run [default: the newest]
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum NoticeFor {
    /// A host of files, by their addresses
    Host,
    /// A hub of data sets, by repository, revision, path and row
    Hub,
    /// An index of torrents, by info-hash
    TorrentIndex,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Catalog {
    /// Add files and folders
    Add {
        /// Files and folders
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// They are nobody's: loop packs, drum kits, sound effects, test tones, licensed samples. They are never found, and what they
        /// explain of an item speaks for no recording; one-shots of any length are taken
        #[arg(long)]
        neutral: bool,
    },
    /// Stretches of a recording that speak for nothing: a licensed sample, an intro jingle
    Mask(Mask),
    /// Read what the label delivers: CSV, TSV, XLSX, DDEX ERN 3.8 to 4.3, JSONL; the same again changes nothing
    Import(Import),
    /// Write all entries: .csv, .xlsx or .jsonl; import reads them back without loss. Without neutral references and masks
    Export {
        /// File to write; `-` for standard output
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Format [default: by the ending of the file]
        #[arg(long, value_enum)]
        format: Option<TableFormat>,
    },
    /// Look for what makes wrong accusations: the same audio twice, shared passages, recordings that are only kit (neutral
    /// references and masks), previews, rights; marks passages
    Lint {
        /// Compare at other speeds and pitches, too; takes several times as long
        #[arg(long)]
        edits: bool,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Uses that are licensed: what is found of them is shown as permitted
    Allow(Allow),
    /// Show who imported, added, removed and exported what and when, and whether the log is whole
    Log {
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// List all recordings
    List {
        /// The entries instead: what the label says, with and without audio
        #[arg(long)]
        entries: bool,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Show recordings, and what the label says of them
    Show {
        /// Id or the start of one, path, ISRC, id of an entry, or an id of the label
        #[arg(required = true, value_name = "RECORDING")]
        names: Vec<String>,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Remove recordings, or entries by their ids; the audio of an entry stays
    Remove {
        /// Id or the start of one, path, or ISRC; each has to name one recording or be the id of an entry
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

#[derive(Debug, ClapArgs)]
pub(crate) struct Import {
    /// Files, and folders of them
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// What the columns hold, as JSON: {"columns": {"Track title": "title"}, "dates": "dmy"}
    #[arg(long, value_name = "FILE", conflicts_with = "preset")]
    pub(crate) mapping: Option<PathBuf>,
    /// A mapping that is shipped [default: the one that knows most headers]
    #[arg(long, value_name = "NAME")]
    pub(crate) preset: Option<String>,
    /// Encoding of texts, such as windows-1250 [default: found by their bytes]
    #[arg(long, value_name = "NAME")]
    pub(crate) encoding: Option<String>,
    /// Delimiter of tables, one character or `tab` [default: found by their header]
    #[arg(long, value_name = "CHAR")]
    pub(crate) delimiter: Option<String>,
    /// Folder in which sound files are looked for, beside that of the delivery
    #[arg(long, value_name = "DIR")]
    pub(crate) audio: Vec<PathBuf>,
    /// Lists (ISRCs, artists, releases, files) that a row has take the place of the earlier, and do not add to them
    #[arg(long)]
    pub(crate) replace: bool,
    /// Show what would be read of the first rows and what is wrong with all, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Mask {
    /// Id or the start of one, path, or ISRC; it has to name one recording
    #[arg(value_name = "RECORDING", required_unless_present = "list")]
    pub(crate) recording: Option<String>,
    /// Stretches of it, such as 0:12-0:20, 12.5-20 or 1:02:03-1:02:08
    #[arg(value_name = "FROM-TO", required_unless_present_any = ["list", "remove"], allow_negative_numbers = true)]
    pub(crate) stretches: Vec<String>,
    /// Why: whose sample it is, the licence
    #[arg(long, value_name = "WHY", default_value = "", conflicts_with_all = ["list", "remove"])]
    pub(crate) note: String,
    /// List the masks, of the recording or of all
    #[arg(long, conflicts_with_all = ["remove", "stretches"])]
    pub(crate) list: bool,
    /// Take these masks away instead; without FROM-TO all of the recording
    #[arg(long)]
    pub(crate) remove: bool,
    /// With --list one JSON object a line
    #[arg(long, requires = "list")]
    pub(crate) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Allow {
    /// File or folder whose items are licensed, as reports write its path
    #[arg(long, value_name = "PATH")]
    pub(crate) dump: Vec<PathBuf>,
    /// SHA-256 of a file that is licensed
    #[arg(long, value_name = "SHA256")]
    pub(crate) hash: Vec<String>,
    /// Recording that may be used: its id, an ISRC, or the id of an entry without audio
    #[arg(long, value_name = "ID")]
    pub(crate) recording: Vec<String>,
    /// Why: the contract, the person who said so
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) note: String,
    /// Take these away instead
    #[arg(long)]
    pub(crate) remove: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TableFormat {
    /// UTF-8 with a byte-order mark
    Csv,
    /// A workbook whose cells are all text
    Xlsx,
    /// One JSON object an entry
    Jsonl,
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
    /// Country where the items are offered, two letters (ISO 3166): what the label has no rights in there is shown
    /// as permitted
    #[arg(long, value_name = "CC", value_parser = territory)]
    pub(crate) territory: Option<String>,
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
    /// Memory for one page of a Parquet table, in MiB, taken twice if it lies compressed; or for a batch of an Arrow table
    #[arg(long = "max-page", value_name = "MIB", default_value = "512", value_parser = clap::value_parser!(u32).range(1..=2_048))]
    pub(crate) page: u32,
}

impl From<&Limits> for leakhound::source::ScanLimits {
    fn from(limits: &Limits) -> Self {
        Self {
            max_depth: usize::from(limits.depth),
            max_item_bytes: u64::from(limits.item) << 20,
            max_ratio: u64::from(limits.ratio),
            max_members: limits.members,
            max_page_bytes: u64::from(limits.page) << 20,
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
    /// Containers whose SHA-256 goes into the manifest; each is read once more, unless it has not changed since
    #[arg(long, value_enum, default_value_t = HashContainers::Found)]
    pub(crate) hash_containers: HashContainers,
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

#[derive(Debug, ClapArgs)]
pub(crate) struct Manifest {
    /// Number of the run [default: the newest that ended]
    #[arg(value_name = "RUN")]
    pub(crate) run: Option<i64>,
    /// File to write; `-` for standard output
    #[arg(long, value_name = "FILE", required_unless_present = "attach_token")]
    pub(crate) out: Option<PathBuf>,
    /// Keep this answer of a timestamp authority (RFC 3161, DER) with the run; its hash has to be the manifest's
    #[arg(long, value_name = "FILE")]
    pub(crate) attach_token: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Recheck {
    /// Id of the finding, or its start: `f-` and hexadecimal digits, as reports have it
    #[arg(value_name = "FINDING")]
    pub(crate) finding: String,
    /// Where the dump is now: the same file or folder that was scanned, or one that holds the item
    #[arg(long, value_name = "PATH")]
    pub(crate) dump: PathBuf,
    /// The run whose finding it is [default: the newest that has it]
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<i64>,
    #[command(flatten)]
    pub(crate) limits: Limits,
}

/// Which containers on disk are hashed for the manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HashContainers {
    /// Those in which something was found
    Found,
    /// All
    All,
    /// None
    None,
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

fn territory(text: &str) -> Result<String, String> {
    if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        Ok(text.to_ascii_uppercase())
    } else {
        Err("a territory is two letters, such as DE".into())
    }
}

fn probability(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(p) if p > 0.0 && p < 1.0 => Ok(p),
        _ => Err("a probability is a number above 0 and below 1, such as 1e-6".into()),
    }
}
