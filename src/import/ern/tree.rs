//! A message as a stream of its parts, each a small tree.

use std::io::BufReader;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::import::MAX_ROW_BYTES;
use crate::import::encoding::{Bounded, Renew, Utf8};

/// The elements that are read, as trees.
const PARTS: [&str; 5] = ["Party", "SoundRecording", "Release", "TrackRelease", "ReleaseDeal"];
/// Elements of one part: a release of 1,000 tracks has 10,000.
const MAX_NODES: usize = 200_000;
/// Bytes of text of one part.
const MAX_TEXT: usize = 8 << 20;
/// Elements in each other.
const MAX_DEPTH: usize = 64;
/// Notes that are told.
const MAX_NOTES: usize = 20;

/// An element: its local name, its text and what is in it.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) text: String,
    /// `LanguageAndScriptCode`, `TerritoryCode` and the like, by local name.
    pub(super) attributes: Vec<(String, String)>,
    pub(super) children: Vec<Node>,
}

impl Node {
    /// The elements of a name in it.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &Node> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The elements along a path, all of them.
    pub(super) fn at(&self, path: &[&str]) -> Vec<&Node> {
        path.iter().fold(vec![self], |nodes, name| {
            nodes.into_iter().flat_map(|node| node.all(name)).collect()
        })
    }

    /// The first text along a path that is not empty.
    pub(super) fn text_at(&self, path: &[&str]) -> Option<&str> {
        let texts = self.at(path).into_iter().map(|node| node.text.trim());
        texts.into_iter().find(|text| !text.is_empty())
    }

    /// All elements of a name, however deep.
    pub(super) fn within<'a>(&'a self, name: &str, found: &mut Vec<&'a Node>) {
        for child in &self.children {
            if child.name == name {
                found.push(child);
            }
            child.within(name, found);
        }
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// The parts of a message.
pub(super) struct Messages {
    reader: Reader<Bounded<BufReader<Utf8>>>,
    renew: Renew,
    root: Option<String>,
    language: String,
    depth: usize,
    lines: u64,
    notes: Vec<String>,
}

impl Messages {
    pub(super) fn new(text: Utf8) -> Self {
        let (bounded, renew) = Bounded::new(BufReader::new(text), MAX_ROW_BYTES);
        let mut reader = Reader::from_reader(bounded);
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        // `Rhythm & Blues`, as people type it into systems that do not escape it.
        config.allow_dangling_amp = true;
        Self {
            reader,
            renew,
            root: None,
            language: String::new(),
            depth: 0,
            lines: 1,
            notes: Vec::new(),
        }
    }

    /// Local name of the outermost element.
    pub(super) fn root(&self) -> Option<&str> {
        self.root.as_deref()
    }

    /// `LanguageAndScriptCode` of the message.
    pub(super) fn language(&self) -> &str {
        &self.language
    }

    /// The line that was read last.
    pub(super) fn line(&self) -> u64 {
        self.lines
    }

    pub(super) fn notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    fn note(&mut self, note: String) {
        if self.notes.len() < MAX_NOTES && !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// The next part.
    pub(super) fn next(&mut self) -> Result<Option<Node>, String> {
        // The part that is being read, and the elements that are open in it.
        let mut open: Vec<Node> = Vec::new();
        let (mut nodes, mut bytes) = (0, 0);
        let mut buffer = Vec::new();
        loop {
            self.renew.renew();
            buffer.clear();
            let event = self
                .reader
                .read_event_into(&mut buffer)
                .map_err(|error| format!("at byte {}: {error}", self.reader.error_position()))?;
            let text: String = match event {
                Event::Eof => {
                    return if self.depth == 0 {
                        Ok(None)
                    } else {
                        Err("it ends in the middle".into())
                    };
                }
                Event::Start(start) => {
                    self.depth += 1;
                    if self.depth > MAX_DEPTH {
                        return Err(format!("its elements lie more than {MAX_DEPTH} deep"));
                    }
                    let node = node(&start);
                    if self.root.is_none() {
                        self.root = Some(node.name.clone());
                        let language = node.attribute("LanguageAndScriptCode");
                        language.unwrap_or_default().clone_into(&mut self.language);
                    }
                    nodes += 1;
                    if !open.is_empty() || PARTS.contains(&node.name.as_str()) {
                        open.push(node);
                    }
                    continue;
                }
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    let Some(node) = open.pop() else { continue };
                    match open.last_mut() {
                        Some(parent) => parent.children.push(node),
                        None => return Ok(Some(node)),
                    }
                    continue;
                }
                Event::Text(text) => text.xml10_content().into_owned(),
                Event::CData(text) => text.xml10_content().into_owned(),
                Event::GeneralRef(reference) => resolve(&reference).unwrap_or_else(|| {
                    let name = reference.to_string();
                    self.note(format!(
                        "the entity &{name}; is not expanded: only those of XML itself are"
                    ));
                    format!("&{name};")
                }),
                Event::DocType(_) => {
                    self.note("it has a document type, which ERN does not; it is not read".into());
                    continue;
                }
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::Empty(_) => continue,
            };
            self.lines += text.matches('\n').count() as u64;
            bytes += text.len();
            if nodes > MAX_NODES || (bytes > MAX_TEXT && !open.is_empty()) {
                return Err(format!(
                    "one of its parts has more than {MAX_NODES} elements or {} MB of text",
                    MAX_TEXT >> 20
                ));
            }
            if let Some(node) = open.last_mut() {
                node.text.push_str(&text);
            } else {
                nodes = 0;
                bytes = 0;
            }
        }
    }
}

fn node(start: &BytesStart) -> Node {
    let mut node = Node { name: start.local_name().as_ref().to_owned(), ..Node::default() };
    for attribute in start.attributes().flatten() {
        let name = attribute.key.local_name().as_ref().to_owned();
        node.attributes.push((name, attribute.value.to_string()));
    }
    node
}

/// A character, or one of the five entities that every XML has.
fn resolve(reference: &quick_xml::events::BytesRef) -> Option<String> {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return Some(character.to_string());
    }
    let text = match &**reference {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ => return None,
    };
    Some(text.to_owned())
}
