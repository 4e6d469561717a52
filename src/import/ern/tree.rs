//! Reads a message as a stream of elements, each as a small tree.

use std::io::BufReader;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::import::MAX_ROW_BYTES;
use crate::import::encoding::{Bounded, Renew, Utf8};

/// The elements that are read.
const PARTS: [&str; 5] = ["Party", "SoundRecording", "Release", "TrackRelease", "ReleaseDeal"];
/// Most nodes of one tree: a release of 1,000 tracks has 10,000. A guess.
const MAX_NODES: usize = 200_000;
/// Most bytes of text of one tree. A guess.
const MAX_TEXT: usize = 8 << 20;
/// Most levels of elements. A guess.
const MAX_DEPTH: usize = 64;
/// Most notes about a message. A guess.
const MAX_NOTES: usize = 20;

/// An element of a message, with all that is in it.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// Name without the namespace's prefix.
    pub(super) name: String,
    /// Text directly in the element.
    pub(super) text: String,
    /// Attributes by local name, such as `LanguageAndScriptCode`.
    pub(super) attributes: Vec<(String, String)>,
    pub(super) children: Vec<Node>,
}

impl Node {
    /// The children with a name.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &Node> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// All elements at a path of names.
    pub(super) fn at(&self, path: &[&str]) -> Vec<&Node> {
        path.iter().fold(vec![self], |nodes, name| {
            nodes.into_iter().flat_map(|node| node.all(name)).collect()
        })
    }

    /// The first non-empty text of the elements at a path of names.
    pub(super) fn text_at(&self, path: &[&str]) -> Option<&str> {
        let texts = self.at(path).into_iter().map(|node| node.text.trim());
        texts.into_iter().find(|text| !text.is_empty())
    }

    /// All descendants with a name.
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

/// Reads the trees of a message.
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

    /// Local name of the root element.
    pub(super) fn root(&self) -> Option<&str> {
        self.root.as_deref()
    }

    /// The `LanguageAndScriptCode` of the message.
    pub(super) fn language(&self) -> &str {
        &self.language
    }

    /// Number of the current line.
    pub(super) fn line(&self) -> u64 {
        self.lines
    }

    /// Takes the notes about the message so far.
    pub(super) fn notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    fn note(&mut self, note: String) {
        if self.notes.len() < MAX_NOTES && !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Reads the next tree; `None` at the end of the message.
    pub(super) fn next(&mut self) -> Result<Option<Node>, String> {
        // The root of the tree that is being read, and the open elements in it.
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
                        Err("it ends before its last element does".into())
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
                        "the entity &{name}; is not expanded: only the five of XML itself are"
                    ));
                    format!("&{name};")
                }),
                Event::DocType(_) => {
                    self.note(
                        "it has a document type, which is not read: ERN messages have none".into(),
                    );
                    continue;
                }
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::Empty(_) => continue,
            };
            self.lines += text.matches('\n').count() as u64;
            bytes += text.len();
            if nodes > MAX_NODES || (bytes > MAX_TEXT && !open.is_empty()) {
                return Err(format!(
                    "one of its recordings or releases has more than {MAX_NODES} elements or {} MB of text",
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

/// Expands a character reference, or one of the five entities of XML itself.
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
