//! The arguments of `leakhound notice`.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use clap::builder::{PossibleValue, TypedValueParser};
use leakhound::notice::NoticeKind;

use super::choice::choice;

#[derive(Debug, ClapArgs)]
pub(crate) struct Notice {
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
    /// Number of the run [default: the newest]
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<i64>,
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
