//! The sound recordings of a message.

use std::collections::BTreeMap;

use super::tree::Node;
use crate::catalog::{AudioName, Entry};
use crate::import::field::Field;
use crate::import::value::{DateOrder, hash, line};
use crate::import::{Problem, Spot};

/// Paths to the identifiers of a recording, in the different versions of the standard.
const IDS: [&[&str]; 3] =
    [&["SoundRecordingId"], &["ResourceId"], &["SoundRecordingEdition", "ResourceId"]];
/// Names of the elements about the files of a recording, in the different versions of the standard.
const TECHNICAL: [&str; 2] = ["TechnicalSoundRecordingDetails", "TechnicalDetails"];

/// A recording, before the parties and releases that it refers to are known.
#[derive(Debug, Default)]
pub(super) struct Sound {
    /// The reference by which releases name it, such as `A1`.
    pub(super) reference: String,
    entry: Entry,
    /// The artists, in the order in which they are displayed.
    artists: Vec<Artist>,
    problems: Vec<Problem>,
}

#[derive(Debug)]
enum Artist {
    Named(String),
    Party(String),
}

/// Puts the texts of an element into an entry, and notes those that are not valid.
pub(super) fn put(
    field: Field,
    element: &str,
    texts: &[&str],
    entry: &mut Entry,
    problems: &mut Vec<Problem>,
) {
    for text in texts {
        if let Err(why) = field.put(text, DateOrder::Unknown, entry) {
            problems.push(Problem::refused(Spot::default(), why).of(element, text));
        }
    }
}

/// The title and subtitle of an element: the default one, else that in the message's language, else the first.
pub(super) fn title<'a>(node: &'a Node, language: &str) -> Option<(&'a str, Option<&'a str>)> {
    for name in ["ReferenceTitle", "DisplayTitle", "Title"] {
        let all: Vec<&Node> = node.all(name).collect();
        let chosen = all
            .iter()
            .find(|n| n.attribute("IsDefault") == Some("true"))
            .or_else(|| {
                let of_language =
                    |n: &&&Node| n.attribute("LanguageAndScriptCode") == Some(language);
                all.iter().find(of_language)
            })
            .or(all.first());
        if let Some(text) = chosen.and_then(|n| n.text_at(&["TitleText"])) {
            return Some((text, chosen.and_then(|n| n.text_at(&["SubTitle"]))));
        }
    }
    node.text_at(&["DisplayTitleText"]).map(|text| (text, None))
}

/// The details that are read: those of the whole world, else those of the first territory, else the element itself.
pub(super) fn details<'a>(node: &'a Node, name: &str) -> &'a Node {
    let blocks: Vec<&Node> = node.all(name).collect();
    let worldwide = |block: &&&Node| block.text_at(&["TerritoryCode"]) == Some("Worldwide");
    blocks.iter().find(worldwide).or(blocks.first()).copied().unwrap_or(node)
}

/// Reads a recording.
pub(super) fn sound(node: &Node, language: &str) -> Sound {
    let mut sound = Sound {
        reference: node.text_at(&["ResourceReference"]).unwrap_or_default().to_owned(),
        ..Sound::default()
    };
    let Sound { entry, problems, .. } = &mut sound;
    for path in IDS {
        for ids in node.at(path) {
            let texts = |name| ids.all(name).map(|id| id.text.as_str()).collect::<Vec<_>>();
            put(Field::Isrc, "ISRC", &texts("ISRC"), entry, problems);
            put(Field::OwnId, "ProprietaryId", &texts("ProprietaryId"), entry, problems);
        }
    }
    let details = details(node, "SoundRecordingDetailsByTerritory");
    let editions: Vec<&Node> = node.all("SoundRecordingEdition").collect();
    if let Some((text, version)) = title(node, language).or_else(|| title(details, language)) {
        put(Field::Title, "TitleText", &[text], entry, problems);
        put(Field::Version, "SubTitle", &version.into_iter().collect::<Vec<_>>(), entry, problems);
    }
    let texts: Vec<&str> = node.text_at(&["Duration"]).into_iter().collect();
    put(Field::Duration, "Duration", &texts, entry, problems);
    let texts: Vec<&str> = details.text_at(&["LabelName"]).into_iter().collect();
    put(Field::Label, "LabelName", &texts, entry, problems);
    let holders = [details, node].into_iter().chain(editions.iter().copied());
    if let Some(text) = holders.clone().find_map(|holder| year_line(holder, "PLine")) {
        put(Field::PLine, "PLine", &[&text], entry, problems);
    }
    sound.artists = artists(details);
    for holder in [details, node].into_iter().chain(editions) {
        sound.files(holder);
    }
    // In ERN 4 the details are the recording itself, so that its files were read twice.
    let mut once: Vec<AudioName> = Vec::new();
    for file in std::mem::take(&mut sound.entry.audio) {
        if !once.contains(&file) {
            once.push(file);
        }
    }
    sound.entry.audio = once;
    sound
}

/// The text of a `PLine` or `CLine`, with the year in front if the text lacks it.
pub(super) fn year_line(node: &Node, name: &str) -> Option<String> {
    let line = node.all(name).next()?;
    let text = line.text_at(&["PLineText"]).or_else(|| line.text_at(&["CLineText"]))?;
    Some(match line.text_at(&["Year"]) {
        Some(year) if !text.contains(year) => format!("{year} {text}"),
        _ => text.to_owned(),
    })
}

/// The artists in their sequence.
fn artists(details: &Node) -> Vec<Artist> {
    let mut found: Vec<(u32, Artist)> = Vec::new();
    for artist in details.all("DisplayArtist") {
        let order = artist.attribute("SequenceNumber").and_then(|n| n.parse().ok());
        let order = order.unwrap_or(u32::MAX);
        if let Some(name) = artist.text_at(&["PartyName", "FullName"]) {
            found.push((order, Artist::Named(name.to_owned())));
        } else if let Some(party) = artist.text_at(&["ArtistPartyReference"]) {
            found.push((order, Artist::Party(party.to_owned())));
        }
    }
    found.sort_by_key(|(order, _)| *order);
    if found.is_empty() {
        let name = details.text_at(&["DisplayArtistName"]);
        found.extend(name.map(|name| (0, Artist::Named(name.to_owned()))));
    }
    found.into_iter().map(|(_, artist)| artist).collect()
}

impl Sound {
    /// Adds the files of an element that are not previews.
    fn files(&mut self, holder: &Node) {
        let mut previews = 0;
        for technical in TECHNICAL.into_iter().flat_map(|name| holder.all(name)) {
            let is_true = |name: &str| technical.text_at(&[name]) == Some("true");
            if is_true("IsPreview") || is_true("IsClip") {
                previews += 1;
                continue;
            }
            let mut files = Vec::new();
            technical.within("File", &mut files);
            for file in files {
                match self::file(file) {
                    Ok(Some(file)) => self.entry.audio.push(file),
                    Ok(None) => {}
                    Err(problem) => self.problems.push(problem),
                }
            }
        }
        if previews > 0 && self.entry.audio.is_empty() {
            let why = "has only a preview, which is not used as a reference: it is imported without audio";
            self.problems.push(Problem::warning(Spot::default(), why).of("IsPreview", "true"));
        }
    }

    /// Makes the entry, with the names of its artists from the parties.
    pub(super) fn entry(self, parties: &BTreeMap<String, String>) -> (Entry, Vec<Problem>) {
        let Self { mut entry, artists, mut problems, .. } = self;
        for artist in artists {
            let name = match &artist {
                Artist::Named(name) => Some(name),
                Artist::Party(reference) => {
                    let name = parties.get(reference);
                    if name.is_none() {
                        let why =
                            "is a party that the message does not have, so the artist is not known";
                        let problem = Problem::warning(Spot::default(), why);
                        problems.push(problem.of("ArtistPartyReference", reference));
                    }
                    name
                }
            };
            if let Some(name) = name {
                put(Field::Artist, "DisplayArtist", &[name], &mut entry, &mut problems);
            }
        }
        (entry, problems)
    }
}

/// Reads a `File`: its URI, or its path and name, and its hash.
fn file(node: &Node) -> Result<Option<AudioName>, Problem> {
    let wrong = |element: &str, text: &str, why: String| {
        Problem::warning(Spot::default(), why).of(element, text)
    };
    let uri = node.text_at(&["URI"]).or_else(|| node.text_at(&["URL"]));
    let uri = match (uri, node.text_at(&["FilePath"]), node.text_at(&["FileName"])) {
        (Some(uri), ..) => uri.to_owned(),
        (None, Some(path), Some(name)) => format!("{}/{name}", path.trim_end_matches('/')),
        (None, None, Some(name)) => name.to_owned(),
        (None, path, None) => path.unwrap_or_default().to_owned(),
    };
    let uri = line(&uri).map_err(|why| wrong("URI", &uri, why))?;
    let sum = node.text_at(&["HashSum", "HashSum"]);
    let sum = sum.or_else(|| node.text_at(&["HashSum", "HashSumValue"]));
    let hash = match sum {
        Some(sum) => hash(sum)
            .map_err(|why| wrong("HashSum", sum, format!("{why}, so the file is not used")))?,
        None => String::new(),
    };
    let file = AudioName { uri, hash };
    Ok((file != AudioName::default()).then_some(file))
}
