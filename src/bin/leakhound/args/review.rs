//! The arguments of `leakhound review`.

use std::path::PathBuf;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Args as ClapArgs, Subcommand};
use leakhound::record::{Ground, Verdict};

use super::choice::choice;

/// The list of findings, or one of the commands.
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
    /// Only findings with this verdict
    #[arg(long, value_parser = verdicts())]
    pub(crate) verdict: Option<Verdict>,
    /// Only findings of this recording: its id, its ISRC, or part of its artist and title
    #[arg(long, value_name = "TEXT")]
    pub(crate) recording: Option<String>,
    /// Also list findings that are already decided
    #[arg(long)]
    pub(crate) all: bool,
    /// Print one JSON object per line
    #[arg(long)]
    pub(crate) json: bool,
    /// Open a review page for this machine's browser instead, until Ctrl-C; it is the only command that opens a socket,
    /// on 127.0.0.1 only
    #[arg(long, conflicts_with_all = ["json", "verdict", "recording", "all"])]
    pub(crate) serve: bool,
    /// Port of the page [default: any free port]
    #[arg(long, value_name = "PORT", requires = "serve", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: Option<u16>,
    /// Where the dump is now, if it was moved since the scan; the page plays its audio from there
    #[arg(long, value_name = "PATH", requires = "serve")]
    pub(crate) dump: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReviewCommand {
    /// Accept findings: they are infringements, and notices may be drafted
    Accept(Decide),
    /// Dismiss findings, on one of four grounds
    Dismiss {
        /// Ground of the dismissal
        #[arg(long = "as", value_name = "GROUND", value_parser = grounds())]
        ground: Ground,
        #[command(flatten)]
        decide: Decide,
    },
    /// Defer findings: decide later
    Defer(Decide),
    /// Withdraw decisions; the history keeps both
    Undo(Decide),
    /// Show all evidence for findings
    Show {
        /// Ids of findings, or their first characters
        #[arg(required = true, value_name = "FINDING")]
        findings: Vec<String>,
        /// Number of the run [default: the newest]
        #[arg(long, value_name = "RUN")]
        run: Option<i64>,
        /// Print one JSON object per line
        #[arg(long)]
        json: bool,
    },
    /// Show every decision that was made, oldest first
    History {
        /// Id of a finding, or its first characters [default: all findings]
        #[arg(value_name = "FINDING")]
        finding: Option<String>,
        /// Print one JSON object per line
        #[arg(long)]
        json: bool,
    },
    /// Read decisions from a CSV, TSV or JSONL file with the columns of the CSV report: finding_id, decision,
    /// decision_ground, decision_reason, decided_by; all of them are taken, or none
    Batch {
        /// CSV, TSV or JSONL file
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Who decided, where the file does not say
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
        /// Number of the run [default: the newest]
        #[arg(long, value_name = "RUN")]
        run: Option<i64>,
    },
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Decide {
    /// Ids of findings, or their first characters; a decision covers every copy in the run
    #[arg(required = true, value_name = "FINDING")]
    pub(crate) findings: Vec<String>,
    /// Reason, in your own words
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// Who decides [default: the operator]
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,
    /// Number of the run [default: the newest]
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<i64>,
}

/// The verdicts that a finding may have.
fn verdicts() -> impl TypedValueParser<Value = Verdict> {
    choice([Verdict::Match, Verdict::Suspect, Verdict::Permitted], |verdict| {
        PossibleValue::new(verdict.as_str()).help(match verdict {
            Verdict::Match => "Below the scan's --match-below",
            Verdict::Suspect => "A person has to listen",
            Verdict::Permitted => "Licensed, or the label has no right in force",
            Verdict::Clear | Verdict::Failed => "No finding has it",
        })
    })
}

/// The grounds on which a finding is dismissed.
fn grounds() -> impl TypedValueParser<Value = Ground> {
    choice(Ground::ALL, |ground| match ground {
        Ground::Licensed => PossibleValue::new("licensed").help("The use is licensed"),
        Ground::SharedSample => PossibleValue::new("shared-sample")
            .help("Both use the same sample or loop of a third party"),
        Ground::Wrong => PossibleValue::new("wrong").help("The recording is not in the item"),
        Ground::NotOurs => PossibleValue::new("not-ours").help("The recording is not the label's"),
    })
}
