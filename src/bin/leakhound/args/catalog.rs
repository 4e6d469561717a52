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
        #[arg(long, value_parser = formats())]
        format: Option<Format>,
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

fn formats() -> impl TypedValueParser<Value = Format> {
    choice(Format::ALL, |format| {
        PossibleValue::new(format.as_str()).help(match format {
            Format::Csv => "UTF-8 with a byte-order mark",
            Format::Xlsx => "A workbook whose cells are all text",
            Format::Jsonl => "One JSON object an entry",
        })
    })
}
