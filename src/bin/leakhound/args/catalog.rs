//! The arguments of `leakhound catalog`.

use std::path::PathBuf;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Args as ClapArgs, Subcommand};
use leakhound::export::Format;

use super::choice::choice;

#[derive(Debug, Subcommand)]
pub(crate) enum Catalog {
    /// Add files and folders
    Add {
        /// Files and folders
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// Add them as neutral references: material of nobody in particular, such as loop packs, drum kits, sound
        /// effects, test tones, licensed samples. They are never reported, and what they explain in an item counts for
        /// no recording. Any length is accepted, for one-shots
        #[arg(long)]
        neutral: bool,
    },
    /// Mask stretches of a recording, such as a licensed sample or an intro jingle: they count as no evidence
    Mask(Mask),
    /// Import what the label delivers: CSV, TSV, XLSX, DDEX ERN 3.8 to 4.3, JSONL; importing the same again changes
    /// nothing
    Import(Import),
    /// Export all entries to .csv, .xlsx or .jsonl, which import reads back without loss; neutral references and masks
    /// are left out
    Export {
        /// File to write, or - for standard output
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Format [default: by the file's extension]
        #[arg(long, value_parser = formats())]
        format: Option<Format>,
    },
    /// Find what would lead to wrong accusations: duplicate audio, shared passages, recordings made of neutral
    /// references or masked stretches alone, previews, rights; marks shared passages
    Lint {
        /// Also compare at other speeds and pitches; takes several times as long
        #[arg(long)]
        edits: bool,
        /// Print one JSON object per line
        #[arg(long)]
        json: bool,
    },
    /// Add, remove or list licensed uses; findings of them are shown as permitted
    Allow(Allow),
    /// Show who imported, added, removed and exported what and when, and whether the log is intact
    Log {
        /// Print one JSON object per line
        #[arg(long)]
        json: bool,
    },
    /// List all recordings
    List {
        /// List the entries instead: what the label says, with and without audio
        #[arg(long)]
        entries: bool,
        /// Print one JSON object per line
        #[arg(long)]
        json: bool,
    },
    /// Show recordings and what the label says about them
    Show {
        /// Ids or their first characters, paths, ISRCs, ids of entries, or ids that the label gave
        #[arg(required = true, value_name = "RECORDING")]
        names: Vec<String>,
        /// Print one JSON object per line
        #[arg(long)]
        json: bool,
    },
    /// Remove recordings, or entries by their ids; the audio of a removed entry stays
    Remove {
        /// Ids or their first characters, paths or ISRCs; each has to match one recording, or be the id of an entry
        #[arg(required = true, value_name = "RECORDING")]
        names: Vec<String>,
    },
    /// Read every byte of the catalogue and report damage
    Check {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Show sizes, and which hashes are too common to be looked up
    Stats {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Merge the index into one segment, without removed recordings
    Compact,
    /// Write the catalogue as one file with a digest, which scan, query and work search on other machines with --catalogue FILE
    Pack {
        /// File to write
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Divide the index into about equal files beside it (FILE.1, FILE.2 …), which are searched in turns: for a catalogue that
        /// does not fit into memory
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
        shards: Option<u32>,
    },
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Import {
    /// Files, and folders of files
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// What the columns hold, as a JSON file: {"columns": {"Track title": "title"}, "dates": "dmy"}
    #[arg(long, value_name = "FILE", conflicts_with = "preset")]
    pub(crate) mapping: Option<PathBuf>,
    /// One of the built-in mappings [default: the one that knows most of the headers]
    #[arg(long, value_name = "NAME")]
    pub(crate) preset: Option<String>,
    /// Text encoding, such as windows-1250 [default: detected]
    #[arg(long, value_name = "NAME")]
    pub(crate) encoding: Option<String>,
    /// Delimiter of tables: one character, or tab [default: detected from the header]
    #[arg(long, value_name = "CHAR")]
    pub(crate) delimiter: Option<String>,
    /// Folder to look for audio files in, besides that of the delivery
    #[arg(long, value_name = "DIR")]
    pub(crate) audio: Vec<PathBuf>,
    /// Replace the lists of existing entries (ISRCs, artists, releases, files) instead of adding to them
    #[arg(long)]
    pub(crate) replace: bool,
    /// Show how the first rows are understood and every problem, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Mask {
    /// Recording: its id or first characters of it, its path or ISRC; exactly one has to match
    #[arg(value_name = "RECORDING", required_unless_present = "list")]
    pub(crate) recording: Option<String>,
    /// Stretches to mask, such as 0:12-0:20, 12.5-20 or 1:02:03-1:02:08
    #[arg(value_name = "FROM-TO", required_unless_present_any = ["list", "remove"], allow_negative_numbers = true)]
    pub(crate) stretches: Vec<String>,
    /// Reason: whose sample it is, the licence
    #[arg(long, value_name = "TEXT", default_value = "", conflicts_with_all = ["list", "remove"])]
    pub(crate) note: String,
    /// List the masks of the recording, or all masks
    #[arg(long, conflicts_with_all = ["remove", "stretches"])]
    pub(crate) list: bool,
    /// Remove these masks; without FROM-TO, all masks of the recording
    #[arg(long)]
    pub(crate) remove: bool,
    /// With --list: print one JSON object per line
    #[arg(long, requires = "list")]
    pub(crate) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Allow {
    /// File or folder whose items are licensed, with the path that reports show
    #[arg(long, value_name = "PATH")]
    pub(crate) dump: Vec<PathBuf>,
    /// SHA-256 of a licensed file
    #[arg(long, value_name = "SHA256")]
    pub(crate) hash: Vec<String>,
    /// Licensed recording: its id, an ISRC, or the id of an entry without audio
    #[arg(long, value_name = "ID")]
    pub(crate) recording: Vec<String>,
    /// Reason: the contract, who confirmed it
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) note: String,
    /// Remove these licences instead
    #[arg(long)]
    pub(crate) remove: bool,
    /// Print the licences as one JSON object per line
    #[arg(long)]
    pub(crate) json: bool,
}

/// The formats of an export.
fn formats() -> impl TypedValueParser<Value = Format> {
    choice(Format::ALL, |format| {
        PossibleValue::new(format.as_str()).help(match format {
            Format::Csv => "UTF-8 with a byte-order mark",
            Format::Xlsx => "A workbook; every cell is text",
            Format::Jsonl => "One JSON object per entry",
        })
    })
}
