//! What tables of all formats have in common where they are shown: a cell is an item, and what cannot be one is told in
//! one row for the whole table.

use std::io::{self, Cursor, Read};
use std::ops::ControlFlow;

use super::unpack::{At, Failing, Member, Unpacker};
use crate::bytes::Bytes;
use crate::bytes::codecs::Allowance;
use crate::record::FailureKind;
use crate::sniff::container::ContainerKind;
use crate::sniff::look_into;
use crate::source::{Extent, To};
use crate::wording::{shorten, visible};

/// Longest name of a file that is shown.
const MAX_NAME_CHARS: usize = 200;
/// Bytes of a text that are kept where it speaks of the sound in its row.
pub(super) const MAX_SAID_BYTES: usize = 4 * MAX_NAME_CHARS;

/// What the values of a table may come to.
#[derive(Debug, Clone)]
pub(super) struct Load {
    /// Bytes of them all, with what else its file unpacks to.
    pub(super) allowance: Allowance,
    /// Values of one list: a page of a few bytes may say one of them a thousand million times.
    pub(super) max_values: u64,
    /// Bytes that are taken into memory at a time.
    pub(super) max_bytes: u64,
}

impl Load {
    pub(super) fn of(unpacker: &Unpacker<'_>) -> Self {
        let limits = &unpacker.limits;
        Self {
            allowance: unpacker.allowance(),
            max_values: limits.max_item_bytes / 4,
            max_bytes: limits.max_page_bytes,
        }
    }
}

/// One cell with sound in it.
pub(super) struct Cell<'r> {
    pub(super) to: To,
    /// What its table calls it.
    pub(super) path: Option<String>,
    pub(super) stream: &'r mut dyn Read,
    /// Its length in bytes.
    pub(super) length: u64,
    /// Where it lies as it is in the table, if it does.
    pub(super) extent: Option<Extent>,
    /// Its bytes there, if they can be had without copying.
    pub(super) bytes: Option<Bytes>,
}

/// Bytes of a cell that tell whether it may hold sound.
const HEAD_BYTES: u64 = 4_096;

/// What a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    /// Nothing that could be sound: it is a document.
    Text,
    /// Sound, or what is in columns of it.
    Sound,
    /// The same, and rows with words and without sound: it is a document as well, for what these say.
    Both,
}

/// A table that is being shown.
pub(super) struct Shown<'a> {
    pub(super) at: &'a At,
    /// What its stretches of rows are called: `row groups`.
    pub(super) groups: &'static str,
    /// Cells that name a file and do not hold it.
    pub(super) names_only: u64,
    /// Stretches of rows that broke.
    pub(super) broken: Vec<Broken>,
    /// What of it may hold sound and is not read.
    pub(super) unread: Option<String>,
    /// A cell of the row that is being shown may hold sound.
    row_has_sound: bool,
    /// There are rows that say something and hold no sound.
    has_silent_rows: bool,
    /// Why what follows could not be read.
    pub(super) trouble: Option<io::Error>,
}

/// A stretch of rows that broke.
pub(super) struct Broken {
    pub(super) group: u64,
    /// Rows that were read of how many, if any were.
    pub(super) rows: Option<(u64, u64)>,
    pub(super) error: io::Error,
}

impl<'a> Shown<'a> {
    pub(super) fn new(at: &'a At, groups: &'static str, unread: Option<String>) -> Self {
        Self {
            at,
            groups,
            names_only: 0,
            broken: Vec::new(),
            unread,
            row_has_sound: false,
            has_silent_rows: false,
            trouble: None,
        }
    }

    /// Ends a row that says so many words beside what its cells hold.
    pub(super) fn row_ends(&mut self, words: &str) {
        self.has_silent_rows |= !self.row_has_sound && !words.is_empty();
        self.row_has_sound = false;
    }

    /// What it holds, if it is not a document alone.
    pub(super) fn held(&self) -> Held {
        if self.has_silent_rows { Held::Both } else { Held::Sound }
    }

    pub(super) fn sound(&mut self, unpacker: &mut Unpacker<'_>, cell: Cell<'_>) -> ControlFlow<()> {
        let Cell { to, path, stream, length, extent, bytes } = cell;
        let mut head = Vec::new();
        let broken = (&mut *stream).take(HEAD_BYTES).read_to_end(&mut head).err();
        self.row_has_sound |= may_be_sound(&head);
        let stream = &mut Cursor::new(head).chain(Failing(broken)).chain(stream);
        let note = |path: String| {
            format!("its table calls it {}", visible(&shorten(&path, MAX_NAME_CHARS)))
        };
        let mut notes: Vec<String> = path.map(note).into_iter().collect();
        let mut place = self.at.member(to, extent);
        let mut declared = length;
        if let Some(Bytes::Range { offset, .. }) = &bytes {
            place.offset = Some(*offset);
            let there =
                bytes.as_ref().and_then(|bytes| bytes.open().ok()).map_or(0, |r| r.length());
            if there < length {
                let missing = length - there;
                notes.push(format!(
                    "its container is damaged: {missing} of {length} bytes are missing"
                ));
            }
            declared = there;
        }
        unpacker.member(Member {
            place,
            depth: self.at.depth,
            stream,
            declared: Some(declared),
            bytes,
            notes,
        })
    }

    /// A cell that only names a file.
    pub(super) fn name(&mut self, unpacker: &mut Unpacker<'_>) -> ControlFlow<()> {
        self.names_only += 1;
        unpacker.counted()
    }

    /// The one row about the table as a whole, if there is anything to say.
    pub(super) fn end(self, unpacker: &mut Unpacker<'_>) -> ControlFlow<()> {
        let Self {
            at,
            groups,
            names_only,
            broken,
            unread,
            trouble,
            row_has_sound: _,
            has_silent_rows: _,
        } = self;
        let (mut told, mut kind) = (Vec::new(), None);
        if let Some(Broken { group, rows, error }) = broken.first() {
            let from = match rows {
                Some((read, rows)) => format!(" from its row {read} of {rows} on"),
                None => String::new(),
            };
            let count = broken.len();
            told.push(format!(
                "{count} of its {groups} cannot be read, the first of them is {group}{from}: {error}"
            ));
            kind = Some(error.kind());
        }
        if let Some(error) = trouble {
            if error.raw_os_error().is_some() {
                return unpacker.broken(&at.place, &error);
            }
            // Where one breaks off, what follows is missing too.
            if kind != Some(io::ErrorKind::UnexpectedEof) {
                told.push(error.to_string());
            }
            kind = kind.or(Some(error.kind()));
        }
        let is_unread = unread.is_some();
        told.extend(unread);
        if names_only > 0 {
            told.push(format!(
                "names {names_only} files in columns of sound without holding them; scan the folder that has them"
            ));
        }
        let told = told.join("; ");
        match kind {
            Some(io::ErrorKind::Unsupported) => {
                unpacker.row(&at.place, FailureKind::ContainerUnsupported, told)
            }
            Some(kind) => unpacker.broken(&at.place, &io::Error::new(kind, told)),
            None if is_unread => unpacker.row(&at.place, FailureKind::ContainerUnsupported, told),
            None if names_only > 0 => unpacker.row(&at.place, FailureKind::NotAudio, told),
            None => ControlFlow::Continue(()),
        }
    }
}

/// Whether something that begins like this is sound, or a container that may hold some.
fn may_be_sound(head: &[u8]) -> bool {
    let is_sound = |look: crate::sniff::Look| look.bytes_per_second.is_some();
    ContainerKind::of(head).is_some() || look_into(Cursor::new(head)).is_ok_and(is_sound)
}

/// Samples as a WAV file, which is what they are. None if there are none.
pub(super) fn wav(
    rate_hz: u32,
    count: usize,
    samples: impl Iterator<Item = f32>,
) -> Option<Vec<u8>> {
    let data_bytes = u32::try_from(count.saturating_mul(4)).unwrap_or(u32::MAX);
    if count == 0 {
        return None;
    }
    let mut wav = Vec::with_capacity(44 + count * 4);
    wav.extend_from_slice(b"RIFF");
    wav.extend_from_slice(&data_bytes.saturating_add(36).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt \x10\0\0\0\x03\0\x01\0");
    wav.extend_from_slice(&rate_hz.to_le_bytes());
    wav.extend_from_slice(&rate_hz.saturating_mul(4).to_le_bytes());
    wav.extend_from_slice(b"\x04\0\x20\0data");
    wav.extend_from_slice(&data_bytes.to_le_bytes());
    samples.for_each(|sample| wav.extend_from_slice(&sample.to_le_bytes()));
    Some(wav)
}

/// The beginning of a text: it may be as long as a page, and every row have the same.
pub(super) fn said(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_SAID_BYTES)]).into_owned()
}
