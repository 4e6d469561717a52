//! The arguments of `leakhound notice`.

use std::path::PathBuf;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Args as ClapArgs, Subcommand};
use leakhound::notice::{Day, NoticeKind, NoticeState};

use super::Limits;
use super::choice::choice;

/// The drafts, or one of the commands.
#[derive(Debug, ClapArgs)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Notice {
    #[command(flatten)]
    pub(crate) draft: Option<NoticeDraft>,
    #[command(subcommand)]
    pub(crate) command: Option<NoticeCommand>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct NoticeDraft {
    /// Kind of recipient
    #[arg(long = "for", value_name = "KIND", value_parser = kinds())]
    pub(crate) kind: NoticeKind,
    /// Folder for the drafts; it has to be new or empty
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: PathBuf,
    /// The complainant's details, as a JSON file: name, organisation, acts_for, address, phone, email. What is missing
    /// stays a visible blank
    #[arg(long, value_name = "FILE")]
    pub(crate) particulars: Option<PathBuf>,
    /// Name of the recipient
    #[arg(long, value_name = "NAME")]
    pub(crate) recipient: Option<String>,
    /// Address where the scanned folder is offered, such as https://host.example/files/
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Data set on the hub, such as owner/name
    #[arg(long, value_name = "NAME")]
    pub(crate) repository: Option<String>,
    /// Revision of the data set
    #[arg(long, value_name = "REVISION")]
    pub(crate) revision: Option<String>,
    /// Leave out findings that are in an earlier notice, unless that was withdrawn
    #[arg(long)]
    pub(crate) new: bool,
    /// Number of the run [default: the newest]
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<i64>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum NoticeCommand {
    /// List the notices, with their states and deadlines
    List {
        /// Only notices with a deadline that is past or near; exit code 0: none, 1: some
        #[arg(long)]
        due: bool,
        /// With --due: how many days ahead
        #[arg(long, value_name = "DAYS", requires = "due", default_value = "14",
              value_parser = clap::value_parser!(u16).range(0..=3650))]
        within: u16,
        /// With --due: from which day, as 2026-11-30 [default: today]
        #[arg(long, value_name = "DAY", requires = "due")]
        as_of: Option<Day>,
        /// Only notices in this state
        #[arg(long, value_parser = states())]
        state: Option<NoticeState>,
        /// Print one JSON object per line
        #[arg(long)]
        json: bool,
    },
    /// Show one notice: every step, and each finding that it is about
    Show {
        /// Number of the notice
        #[arg(value_name = "NOTICE")]
        number: i64,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Record what became of a notice; nothing is sent
    Mark {
        /// Number of the notice
        #[arg(value_name = "NOTICE")]
        number: i64,
        /// What it has become
        #[arg(value_name = "STATE", value_parser = marks())]
        state: NoticeState,
        /// Day on which it happened, as 2026-11-30; of a counter-notice, the day on which the provider received it
        #[arg(long, value_name = "DAY")]
        on: Day,
        /// The addressee
        #[arg(long, value_name = "NAME")]
        to: Option<String>,
        /// The addressee's reference, such as the number of a ticket
        #[arg(long, value_name = "TEXT")]
        reference: Option<String>,
        /// Deadline: of what is sent, the day by which you want an answer; else the day to look again
        #[arg(long, value_name = "DAY")]
        due: Option<Day>,
        /// What happened, in your own words
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
        /// Who says so [default: the operator]
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// Record that what was due is done, so that it is no longer listed
    Done(NoticeRemark),
    /// Take back the last step; the history keeps both
    Undo(NoticeRemark),
    /// Scan a later copy of the dump and say of each finding of a notice whether the material is still there; exit code
    /// 0: all gone, 1: some is there, 3: none was found, but not all is known
    Check {
        /// Number of the notice
        #[arg(value_name = "NOTICE")]
        number: i64,
        /// The later copy: a file or folder
        #[arg(long, value_name = "PATH")]
        dump: PathBuf,
        /// Print one JSON object per finding
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        limits: Limits,
    },
}

#[derive(Debug, ClapArgs)]
pub(crate) struct NoticeRemark {
    /// Number of the notice
    #[arg(value_name = "NOTICE")]
    pub(crate) number: i64,
    /// What was done, or why it is taken back, in your own words
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: String,
    /// Who says so [default: the operator]
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,
}

/// The kinds of recipients.
fn kinds() -> impl TypedValueParser<Value = NoticeKind> {
    choice(NoticeKind::ALL, |kind| match kind {
        NoticeKind::Host => PossibleValue::new("host").help("A file host, by addresses"),
        NoticeKind::Hub => PossibleValue::new("hub")
            .help("A hub of data sets, by repository, revision, path and row"),
        NoticeKind::TorrentIndex => {
            PossibleValue::new("torrent-index").help("A torrent index, by info-hash")
        }
    })
}

/// The states of a notice.
fn states() -> impl TypedValueParser<Value = NoticeState> {
    choice(NoticeState::ALL, state)
}

/// The states that people record.
fn marks() -> impl TypedValueParser<Value = NoticeState> {
    choice(NoticeState::ALL.into_iter().filter(|state| *state != NoticeState::Drafted), state)
}

fn state(state: NoticeState) -> PossibleValue {
    match state {
        NoticeState::Drafted => PossibleValue::new("drafted").help("Nobody has sent it"),
        NoticeState::Sent => PossibleValue::new("sent").help("A person sent it, or sent it again"),
        NoticeState::Answered => PossibleValue::new("answered").help("The addressee answered"),
        NoticeState::CounterNotice => PossibleValue::new("counter-notice")
            .help("Whoever offered the material objects (17 U.S.C. § 512(g))"),
        NoticeState::Withdrawn => {
            PossibleValue::new("withdrawn").help("You took it back; that is final")
        }
        NoticeState::Gone => PossibleValue::new("gone").help("The material is gone"),
    }
}
