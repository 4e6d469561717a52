//! DDEX Electronic Release Notification messages, versions 3.8.x and 4.1 to 4.3.
//!
//! These elements are read, by their local names in any namespace:
//!
//! ```text
//! NewReleaseMessage
//!   PartyList/Party            PartyReference, PartyName/FullName                                     (4.x)
//!   ResourceList/SoundRecording
//!     SoundRecordingId | ResourceId | SoundRecordingEdition/ResourceId     ISRC, ProprietaryId
//!     ReferenceTitle | DisplayTitle | DisplayTitleText, VersionType        TitleText, SubTitle
//!     SoundRecordingDetailsByTerritory (3.8) or the recording itself (4.x): DisplayArtist, LabelName, PLine
//!     Technical…Details        IsPreview, File/{URI, FilePath, FileName, HashSum}
//!   ReleaseList/Release        ReleaseId/{ICPN, GRid, CatalogNumber}, the references of its recordings
//!   DealList/ReleaseDeal       the release, TerritoryCode, ExcludedTerritoryCode, ValidityPeriod/EndDate
//! ```
//!
//! Of deals, territories and end dates are read, but not start dates: these are the dates of releases, while the rights are
//! older, and a leak before the release has to be reported. Files that are previews are left out. The message is read as a
//! stream, and each of these elements as a small tree of bounded size. Entities of a document type are never expanded.

mod deals;
mod recording;
mod release;
mod tree;

use std::collections::BTreeMap;
use std::path::Path;

use super::{Flow, Options, Problem, Row, Spot, Take};
use deals::Deals;
use recording::{Sound, sound};
use release::Releases;
use tree::{Messages, Node};

/// The outermost elements of HTML pages: some programs call such a table `.xls`.
const OF_PAGES: [&str; 5] = ["html", "head", "meta", "body", "table"];

/// The parts of a message, which are kept until its end, since releases and deals come after the recordings.
#[derive(Default)]
struct Message {
    parties: BTreeMap<String, String>,
    sounds: Vec<Sound>,
    releases: Releases,
    deals: Deals,
}

/// Reads a message, or returns the problem for which it is refused.
pub(super) fn read(path: &Path, options: &Options, take: &mut dyn Take) -> Result<Flow, Problem> {
    let (text, told) = super::encoding::open(path, options.encoding)
        .map_err(|error| Problem::refused(Spot::default(), format!("cannot be read: {error}")))?;
    if let Some(warning) = told.warning()
        && let flow @ Flow::Break(_) = take.problem(warning)
    {
        return Ok(flow);
    }
    let mut messages = Messages::new(text);
    let mut message = Message::default();
    let ended = loop {
        match messages.next() {
            Ok(Some(node)) => message.take(&node, messages.language()),
            Ok(None) => break Ok(()),
            Err(why) => break Err(why),
        }
    };
    let whole = Spot::default();
    match messages.root() {
        Some("NewReleaseMessage") => {}
        Some(root) if OF_PAGES.iter().any(|name| root.eq_ignore_ascii_case(name)) => {
            let why = "is an HTML page, whatever its name says: open it in a spreadsheet and save it as XLSX or CSV (UTF-8)";
            return Err(Problem::refused(whole, why));
        }
        Some("Workbook") => {
            let why = "is a workbook of Excel 2003 in XML, which is not read; save it as XLSX or CSV (UTF-8)";
            return Err(Problem::refused(whole, why));
        }
        Some(root) => {
            let why = format!("is not an ERN message but a {root}; nothing of it is read");
            return Err(Problem::warning(whole, why));
        }
        None if ended.is_ok() => {
            return Err(Problem::refused(whole, "is not an XML message: it has no element"));
        }
        None => {}
    }
    for note in messages.notes() {
        let flow = take.problem(Problem::warning(Spot::default(), note));
        if flow.is_break() {
            return Ok(flow);
        }
    }
    // The recordings before the damage are intact, but their rights are unknown.
    if let Err(why) = ended {
        return Err(Problem::refused(
            Spot { row: messages.line(), part: String::new() },
            format!("is damaged ({why}), so nothing of the message is read: have it sent again"),
        ));
    }
    Ok(message.finish(options, take))
}

impl Message {
    /// Takes one element of the message.
    fn take(&mut self, node: &Node, language: &str) {
        match node.name.as_str() {
            "Party" => {
                let reference = node.text_at(&["PartyReference"]);
                let name = node.text_at(&["PartyName", "FullName"]);
                if let (Some(reference), Some(name)) = (reference, name) {
                    self.parties.insert(reference.to_owned(), name.to_owned());
                }
            }
            "SoundRecording" => self.sounds.push(sound(node, language)),
            "Release" | "TrackRelease" => self.releases.take(node),
            "ReleaseDeal" => self.deals.take(node),
            _ => {}
        }
    }

    /// Hands on the recordings, with their parties, releases and deals.
    fn finish(self, options: &Options, take: &mut dyn Take) -> Flow {
        let Self { parties, sounds, releases, deals } = self;
        let most = options.max_rows.unwrap_or(u64::MAX);
        for (sound, row) in sounds.into_iter().zip(1..=most) {
            let reference = sound.reference.clone();
            let spot = Spot { row, part: reference.clone() };
            let (mut entry, mut problems) = sound.entry(&parties);
            let on = releases.of(&reference);
            for release in &on {
                release.add_to(&mut entry, &parties, &mut problems);
            }
            deals.apply(on.iter().map(|release| release.reference()), &mut entry, &mut problems);
            let mut whole = true;
            for problem in problems {
                whole &= !problem.is_fatal;
                take.problem(Problem { spot: spot.clone(), ..problem })?;
            }
            if !whole {
                continue;
            }
            if entry.names_something() {
                take.row(Row { spot, entry })?;
            } else {
                let why = "names no recording: it has no ISRC, title, id or file";
                take.problem(Problem::refused(spot, why))?;
            }
        }
        Flow::Continue(())
    }
}
