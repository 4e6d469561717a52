//! Drafts of takedown notices, with the elements that 17 USC 512(c)(3)(A) and Art. 16(2) of the Digital Services Act require; and
//! what becomes of them.
//!
//! A draft lists only findings that a person accepted in the very item where they were found, and that no right or licence permits.
//! Nothing is invented: what is not known is a visible blank. The program never sends a draft: a person has to read, complete and
//! sign it. Drafts do not name the reviewers, because notices are published. What happened to a notice is what people say: the
//! program keeps it, counts the days, and looks whether the material is still in a later copy of the dump.
//!
//! | file | what it does |
//! |---|---|
//! | `selection` | chooses the findings of a run |
//! | `document` | writes a draft as Markdown and HTML |
//! | `step`, `life` | what people record of a notice; the state and the deadlines that follow |
//! | `day` | days, and business days |
//! | `kept`, `rows` | what is kept of a notice; its rows, read and written |
//! | `store` | keeps notices and steps in a database to which rows are only added |
//! | `check` | looks for the material in a later copy |
//! | `index` | adds notices to the records that are read |

mod check;
mod day;
mod document;
mod index;
mod kept;
mod life;
mod rows;
mod selection;
mod step;
mod store;
#[cfg(test)]
mod tests;

pub use check::{Look, Sought, sums};
pub use day::{Day, NoDay};
pub use index::Notices;
pub use kept::{Material, NewNotice, Notice, Search};
pub use life::Life;
pub use selection::{Drafted, NoticeError, draft_run};
pub use step::{Act, Step, StepError};
pub use store::{NoticeStore, NoticeStoreError};

pub use crate::record::{NoticeKind, NoticeState};

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use self::document::{Block, blank, html, markdown, or_blank};
use crate::record::{Basis, DecisionState, Finding, ItemFacts, TorrentFacts, Verdict};
use crate::source::{Locator, To, path_key};
use crate::wording::{agreement, chance, claim, clock, share, warp};

/// The complainant, as the user says. Empty fields become blanks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Particulars {
    /// The person who will sign.
    pub name: String,
    /// Organisation of that person.
    pub organisation: String,
    /// The owner of the rights.
    pub acts_for: String,
    /// Postal address.
    pub address: String,
    /// Telephone.
    pub phone: String,
    /// E-mail.
    pub email: String,
}

/// Where the scanned material is offered, as the user says. Empty fields become blanks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Offer {
    /// Name of the recipient.
    pub recipient: String,
    /// URL of the scanned folder.
    pub url: String,
    /// Repository of the data set on a hub.
    pub repository: String,
    /// Revision (commit) of the repository.
    pub revision: String,
    /// The folders that were scanned.
    pub roots: Vec<String>,
}

/// A draft, as Markdown and as HTML with the same words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Name for its files, without extension.
    pub name: String,
    /// Places of its findings among those that were given.
    pub findings: Vec<usize>,
    /// Where the material is offered: an address, a repository with its revision, or an info-hash; `""` if not known.
    pub place: String,
    /// The draft as Markdown.
    pub markdown: String,
    /// The draft as one HTML page.
    pub html: String,
}

/// Why a finding is left out of notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    /// Nobody accepted it.
    NotAccepted,
    /// The same bytes or sound were accepted in another item, but nobody reviewed this one.
    AcceptedElsewhere,
    /// The catalogue's rights or a licence permit the use.
    Permitted,
    /// For an index of torrents: it is in no torrent whose `.torrent` file was found.
    NoTorrent,
    /// A notice that was not withdrawn is about it already.
    Noticed,
}

/// Whether a finding may be listed in a notice.
///
/// # Errors
///
/// The reason why it may not.
pub fn may_be_noticed(finding: &Finding) -> Result<(), LeftOut> {
    match &finding.decision {
        Some(d) if d.state == DecisionState::Accepted => {
            if finding.verdict == Verdict::Permitted {
                Err(LeftOut::Permitted)
            } else if d.basis == Basis::Item {
                Ok(())
            } else {
                Err(LeftOut::AcceptedElsewhere)
            }
        }
        _ => Err(LeftOut::NotAccepted),
    }
}

/// Makes drafts that list findings in the given order. Findings that [`may_be_noticed`] refuses are left out; for an index of
/// torrents, so are findings without a known torrent.
pub fn drafts<'a>(
    kind: NoticeKind,
    who: &Particulars,
    offer: &Offer,
    findings: impl IntoIterator<Item = (&'a ItemFacts, &'a Finding)>,
) -> Vec<Draft> {
    let mut groups: BTreeMap<String, Vec<(usize, &ItemFacts, &Finding)>> = BTreeMap::new();
    let given = findings.into_iter().enumerate();
    for (at, (item, finding)) in given.filter(|(_, (_, f))| may_be_noticed(f).is_ok()) {
        let group = match (kind, &item.torrent) {
            (NoticeKind::TorrentIndex, None) => continue,
            (NoticeKind::TorrentIndex, Some(torrent)) => format!("torrent-{}", hash(torrent)),
            (NoticeKind::Host, _) => "host".to_owned(),
            (NoticeKind::Hub, _) => "hub".to_owned(),
        };
        groups.entry(group).or_default().push((at, item, finding));
    }
    let draft = |(name, found): (String, Vec<(usize, &ItemFacts, &Finding)>)| {
        let findings = found.iter().map(|(at, ..)| *at).collect();
        let found: Vec<_> = found.into_iter().map(|(_, item, finding)| (item, finding)).collect();
        let place = match kind {
            NoticeKind::Host => offer.url.clone(),
            NoticeKind::Hub if offer.revision.is_empty() => offer.repository.clone(),
            NoticeKind::Hub => format!("{} at {}", offer.repository, offer.revision),
            NoticeKind::TorrentIndex => {
                found[0].0.torrent.as_ref().map_or_else(String::new, |t| hash(t).to_owned())
            }
        };
        let (title, blocks) = blocks(kind, who, offer, &found);
        let (markdown, html) = (markdown(&title, &blocks), html(&title, &blocks));
        Draft { name: format!("notice-{name}"), findings, place, markdown, html }
    };
    groups.into_iter().map(draft).collect()
}

fn hash(torrent: &TorrentFacts) -> &str {
    if torrent.info_hash.is_empty() { &torrent.info_hash_v2 } else { &torrent.info_hash }
}

/// The title and the blocks of a draft.
fn blocks(
    kind: NoticeKind,
    who: &Particulars,
    offer: &Offer,
    found: &[(&ItemFacts, &Finding)],
) -> (String, Vec<Block>) {
    let title = "DRAFT: Notice of claimed infringement of sound recordings".to_owned();
    let heading = |text: &str| Block::Heading(text.to_owned());
    let text = |text: &str| Block::Text(text.to_owned());
    let whose = or_blank(&who.acts_for, "name of the owner of the rights");
    let mut all = vec![
        text(
            "This draft was made by a program from findings that a person has accepted. It has not been sent to anybody. A person \
             authorised to act must read it, fill in each blank, delete what does not apply, and sign it.",
        ),
        Block::Exhibit(
            "Recipient".into(),
            vec![
                ("To", or_blank(&offer.recipient, "name of the recipient")),
                (
                    "Address for notices",
                    blank("designated agent or point of contact of the recipient"),
                ),
                ("Date", blank("date of signature")),
            ],
        ),
        heading("1. Works – 17 USC 512(c)(3)(A)(ii)"),
        text(&format!("The sound recordings in which {whose} claims rights:")),
    ];
    let mut works: Vec<&Finding> = Vec::new();
    for (_, finding) in found {
        if !works.iter().any(|work| work.recording_id == finding.recording_id) {
            works.push(finding);
        }
    }
    for (work, number) in works.iter().zip(1..) {
        all.push(Block::Exhibit(format!("Work {number}"), self::work(work)));
    }
    all.push(heading(
        "2. Material and where it is – 17 USC 512(c)(3)(A)(iii); DSA Art. 16(2)(a) and (b)",
    ));
    all.push(text(
        "Each item was found by comparing an acoustic fingerprint of the material with that of the rights owner's own file, and \
         was then reviewed by a person. It is requested that the following be removed, or that access to it be disabled:",
    ));
    for ((item, finding), number) in found.iter().zip(1..) {
        let work = works.iter().position(|work| work.recording_id == finding.recording_id);
        let mut lines = vec![("Work", (work.unwrap_or(0) + 1).to_string())];
        lines.extend(location(kind, offer, item));
        lines.extend(explanation(item, finding));
        all.push(Block::Exhibit(format!("Material {number}"), lines));
    }
    all.push(heading("3. Contact – 17 USC 512(c)(3)(A)(iv); DSA Art. 16(2)(c)"));
    all.push(Block::Exhibit(
        "Complainant".into(),
        vec![
            ("Name", or_blank(&who.name, "name of the person who signs")),
            ("Organisation", or_blank(&who.organisation, "organisation, or delete")),
            ("Acting for", whose),
            ("Postal address", or_blank(&who.address, "postal address")),
            ("Telephone", or_blank(&who.phone, "telephone number")),
            ("E-mail", or_blank(&who.email, "e-mail address")),
        ],
    ));
    all.push(heading("4. Statements, to be made by the person who signs"));
    for statement in STATEMENTS {
        all.push(text(statement));
    }
    all.push(heading("5. Signature – 17 USC 512(c)(3)(A)(i)"));
    all.push(Block::Exhibit(
        "Signed by a person authorised to act on behalf of the owner".into(),
        vec![
            ("Signature", blank("physical or electronic signature")),
            ("Name in full", or_blank(&who.name, "name of the person who signs")),
            ("Place and date", blank("place and date of signature")),
        ],
    ));
    (title, all)
}

/// The statements, with empty boxes: only a person can make them.
const STATEMENTS: [&str; 4] = [
    "[ ] I have considered whether the use is permitted by an exception or limitation, such as fair use (Lenz v. Universal), and \
     conclude for each material listed that it is not.",
    "[ ] I have a good-faith belief that use of the material in the manner complained of is not authorised by the copyright owner, \
     its agent, or the law. (17 USC 512(c)(3)(A)(v))",
    "[ ] The information in this notice is accurate, and under penalty of perjury, I am authorised to act on behalf of the \
     owner of an exclusive right that is allegedly infringed. (17 USC 512(c)(3)(A)(vi); who knowingly misrepresents is liable, 512(f))",
    "[ ] I have a bona-fide belief that the information and allegations in this notice are accurate and complete. (DSA Art. 16(2)(d))",
];

/// The known facts about a recording.
fn work(finding: &Finding) -> Vec<(&'static str, String)> {
    let mut lines = vec![
        ("Title", or_blank(&finding.title, "title of the recording")),
        ("Artist", or_blank(&finding.artist, "artist")),
    ];
    let mut more = |name, value: &str| {
        if !value.is_empty() {
            lines.push((name, value.to_owned()));
        }
    };
    more("ISRC", &finding.isrc);
    if let Some(work) = &finding.work {
        more("Version", &work.version);
        more("Label", &work.label);
        let releases = work.releases.iter().map(|r| {
            if r.upc.is_empty() { r.title.clone() } else { format!("{} (UPC {})", r.title, r.upc) }
        });
        more("Releases", &releases.filter(|r| !r.is_empty()).collect::<Vec<_>>().join("; "));
        more("℗ line", &work.p_line);
        more("US registration", [&*work.registration, &work.registration_date].join(" ").trim());
        more("First published", &work.first_published);
    }
    lines
}

/// Where the material is, in the terms of this kind of recipient.
fn location(kind: NoticeKind, offer: &Offer, item: &ItemFacts) -> Vec<(&'static str, String)> {
    let locator: Option<Locator> = item.locator.parse().ok();
    let path = locator.as_ref().map_or_else(String::new, |locator| relative(locator, &offer.roots));
    let inside = locator.as_ref().map_or_else(String::new, within);
    let mut lines = Vec::new();
    match kind {
        NoticeKind::Host => {
            let url = match offer.url.trim_end_matches('/') {
                "" => blank(&format!("address (URL) of {path}")),
                url => format!("{url}/{path}"),
            };
            lines.push(("Address", url));
        }
        NoticeKind::Hub => {
            lines.push(("Repository", or_blank(&offer.repository, "repository on the hub")));
            lines.push((
                "Revision",
                or_blank(&offer.revision, "revision (commit) of the repository"),
            ));
            lines.push(("Path", path));
        }
        NoticeKind::TorrentIndex => {
            if let Some(torrent) = &item.torrent {
                let mut hashes = |name, hash: &str| {
                    if !hash.is_empty() {
                        lines.push((name, hash.to_owned()));
                    }
                };
                hashes("Info-hash (v1)", &torrent.info_hash);
                hashes("Info-hash (v2)", &torrent.info_hash_v2);
                lines.push(("Torrent", torrent.name.clone()));
                lines.push(("File in it", torrent.file.clone()));
                lines.push(("Bytes compared with its hashes", torrent.integrity.as_str().into()));
            }
            lines.push(("Page of the index", blank("address (URL) of its page, if it has one")));
        }
    }
    if !inside.is_empty() {
        lines.push(("Inside that file", inside));
    }
    lines.push(("SHA-256 of the item", item.sha256.clone()));
    lines
}

/// The path below the scanned folder, percent-encoded for a URL.
fn relative(locator: &Locator, roots: &[String]) -> String {
    let file = &locator.file;
    let below = roots.iter().filter_map(|root| file.strip_prefix(root).ok());
    let shortest = below.min_by_key(|path| path.as_os_str().len());
    let path = match shortest {
        Some(path) if !path.as_os_str().is_empty() => path,
        _ => Path::new(file.file_name().unwrap_or_default()),
    };
    let mut out = String::new();
    for byte in path_key(path) {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(*byte));
            }
            other => out += &format!("%{other:02X}"),
        }
    }
    out
}

/// The path inside of containers, in words.
fn within(locator: &Locator) -> String {
    let step = |step: &crate::source::Step| match &step.to {
        To::Member { name, nth: 1 } => format!("member {}", String::from_utf8_lossy(name)),
        To::Member { name, nth } => {
            format!("member {} (number {nth} of that name)", String::from_utf8_lossy(name))
        }
        To::Packed => "its uncompressed content".to_owned(),
        To::Cell { group, row, column } => {
            format!("row group {group}, row {row} in it (both counted from 0), column {column}")
        }
        To::Words => "its columns of text".to_owned(),
        To::Shared { path, .. } => format!("file {}", String::from_utf8_lossy(path)),
    };
    locator.steps.iter().map(step).collect::<Vec<_>>().join(", then ")
}

/// Why the material is believed to be that recording.
fn explanation(item: &ItemFacts, finding: &Finding) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    if finding.is_heard() {
        lines.extend(claim(finding).map(|claim| ("What it is", claim)));
        let spans = finding.spans.iter().take(10).map(|span| {
            format!(
                "{} to {} of the material is {} to {} of the recording",
                clock(span.item_start_seconds),
                clock(span.item_end_seconds),
                clock(span.recording_start_seconds),
                clock(span.recording_end_seconds)
            )
        });
        lines.push(("What agrees", spans.collect::<Vec<_>>().join("; ")));
        let shares = (share(finding.item_coverage), share(finding.recording_coverage));
        lines.push((
            "How much",
            format!(
                "{} of the material ({}), {} of the recording; {}",
                shares.0,
                clock(item.duration_seconds),
                shares.1,
                warp(finding.tempo, finding.pitch_cents)
            ),
        ));
        let explained = finding.explained.as_ref().map(agreement);
        lines.extend(explained.map(|agreement| ("Measured", agreement)));
        lines.push(("Chance of coincidence", chance(finding.false_alarm_probability)));
    } else {
        lines.push(("Named by", finding.claimed_by.join("; ")));
    }
    let day = finding.decision.as_ref().and_then(|d| d.at.get(..10)).unwrap_or_default();
    lines.push(("Reviewed and accepted by a person", day.to_owned()));
    lines.push(("Reference of the complainant", finding.finding_id.clone()));
    lines
}
