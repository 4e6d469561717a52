//! The arguments of `leakhound review`.

use std::path::PathBuf;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Args as ClapArgs, Subcommand};
use leakhound::record::{Ground, Verdict};

use super::choice::choice;

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
    #[arg(long, value_parser = verdicts())]
    pub(crate) verdict: Option<Verdict>,
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
        #[arg(long = "as", value_name = "GROUND", value_parser = grounds())]
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

/// The verdicts that a finding may have.
fn verdicts() -> impl TypedValueParser<Value = Verdict> {
    choice([Verdict::Match, Verdict::Suspect, Verdict::Permitted], |verdict| {
        PossibleValue::new(verdict.as_str()).help(match verdict {
            Verdict::Match => "Below --match-below",
            Verdict::Suspect => "To be heard by a person",
            Verdict::Permitted => "Licensed, or no right of the label's",
            Verdict::Clear | Verdict::Failed => "No finding has it",
        })
    })
}

fn grounds() -> impl TypedValueParser<Value = Ground> {
    choice(Ground::ALL, |ground| match ground {
        Ground::Licensed => PossibleValue::new("licensed").help("The use is licensed"),
        Ground::SharedSample => {
            PossibleValue::new("shared-sample").help("Both took it from the same source")
        }
        Ground::Wrong => PossibleValue::new("wrong").help("The recording is not in the item"),
        Ground::NotOurs => PossibleValue::new("not-ours").help("The recording is not the label's"),
    })
}
