//! What Parquet and Arrow tables share: each cell with sound is an item, and all failures of a table become one row.

use std::io::{self, Cursor, Read};
use std::ops::ControlFlow;

use super::encoded::may_be_sound;
use super::rows::missing_note;
use super::samples::MAX_CHANNELS;
use super::traversal::{At, Failing, Member, Unpacker, length_of};
use crate::bytes::Bytes;
use crate::bytes::codecs::Allowance;
use crate::record::FailureKind;
use crate::sniff::sound::{SoundKind, sniff};
use crate::source::section::{BrokenGroup, TableEnd};
use crate::source::{Extent, ScanLimits, To};
use crate::wording::{shorten, visible};

/// Longest name of a file that is shown, in characters. A guess.
const MAX_NAME_CHARS: usize = 200;
/// Bytes that are kept of a text that describes the sound in its row: as many as the longest name may have in UTF-8.
pub(super) const MAX_SAID_BYTES: usize = 4 * MAX_NAME_CHARS;

/// Bytes of a sample: a list of samples becomes a WAV file of 32-bit floats.
const SAMPLE_BYTES: u64 = 4;

/// Limits on what the values of a table may come to.
#[derive(Debug, Clone)]
pub(super) struct Load {
    /// Bytes of all values, together with what else the file decompresses to.
    pub(super) allowance: Allowance,
    /// Values of one list: a page of a few bytes may repeat a value a thousand million times.
    pub(super) max_values: u64,
    /// Bytes of a page, or of the buffers of a batch, that are held in memory.
    pub(super) max_bytes: u64,
}

impl Load {
    /// For a table in the file that is being unpacked.
    pub(super) fn of(unpacker: &Unpacker<'_>) -> Self {
        Self::new(unpacker.costs.allowance.clone(), &unpacker.costs.limits)
    }

    /// For a table that is read by itself.
    pub(super) fn alone(bytes: &Bytes, limits: &ScanLimits) -> io::Result<Self> {
        let length = bytes.length()?.unwrap_or(0);
        Ok(Self::new(Allowance::new(limits.most_unpacked(length)), limits))
    }

    fn new(allowance: Allowance, limits: &ScanLimits) -> Self {
        let max_values = limits.max_item_bytes / SAMPLE_BYTES;
        Self { allowance, max_values, max_bytes: limits.max_page_bytes }
    }
}

/// A value of a column of text.
pub(crate) struct Value<'a> {
    /// Row group or record batch, from 0.
    pub(crate) group: u64,
    /// Row within the group, from 0.
    pub(crate) row: u64,
    /// Name of its column, parts joined by dots.
    pub(crate) column: &'a str,
    pub(crate) text: &'a [u8],
}

/// Takes the values of a table.
pub(crate) type EachText<'a> = &'a mut dyn FnMut(Value<'_>) -> ControlFlow<()>;

/// A cell of a column of sound.
pub(super) struct Cell<'r> {
    pub(super) to: To,
    /// The name that its table gives it.
    pub(super) path: Option<String>,
    pub(super) stream: &'r mut dyn Read,
    /// Its length in bytes.
    pub(super) length: u64,
    /// Its place in the table, if it is stored uncompressed.
    pub(super) extent: Option<Extent>,
    /// Its bytes in the table, if they can be read without copying.
    pub(super) bytes: Option<Bytes>,
    /// A sample rate is beside it.
    pub(super) has_rate: bool,
}

/// Bytes of a cell that are read to tell whether it may hold sound. A guess.
const HEAD_BYTES: u64 = 4_096;

/// Fewest bytes of raw samples that are reported: half a second of 16 bits at 8 kHz. A guess.
const MIN_RAW_BYTES: u64 = 8_000;

/// What a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    /// No column of sound: it is a document.
    Text,
    /// Columns of sound, and text only in rows with sound.
    Sound,
    /// Columns of sound, and rows with text but without sound: for these it is a document as well.
    Both,
}

/// A table that is being shown.
pub(super) struct Shown<'a> {
    pub(super) at: &'a At,
    /// What its format calls stretches of rows: `row groups` or `record batches`.
    pub(super) groups: &'static str,
    /// Cells that name a file and do not hold it.
    pub(super) names_only: u64,
    /// Stretches of rows that could not be read.
    pub(super) broken: Vec<Broken>,
    /// Number of further ones, of which only the number is known.
    more_broken: u64,
    /// Columns that may hold sound and are not read, in words.
    pub(super) unread: Option<String>,
    /// Cells with lists that are not samples: the first in words, and their number.
    shapeless: Option<(String, u64)>,
    /// Cells of no known format with a sample rate beside them.
    raw: u64,
    /// A cell of the current row may hold sound.
    row_has_sound: bool,
    /// There are rows with text and without sound.
    has_silent_rows: bool,
    /// Why the rest of the table could not be read.
    pub(super) trouble: Option<io::Error>,
}

/// A stretch of rows that could not be read to its end.
pub(super) struct Broken {
    pub(super) group: u64,
    /// The row that failed, from 0, and the number of rows; `None` if no row could be read.
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
            more_broken: 0,
            unread,
            shapeless: None,
            raw: 0,
            row_has_sound: false,
            has_silent_rows: false,
            trouble: None,
        }
    }

    /// Ends a row whose columns of text hold `words`.
    pub(super) fn row_ends(&mut self, words: &str) {
        self.has_silent_rows |= !self.row_has_sound && !words.is_empty();
        self.row_has_sound = false;
    }

    /// What a table with columns of sound holds.
    pub(super) fn held(&self) -> Held {
        if self.has_silent_rows { Held::Both } else { Held::Sound }
    }

    /// What the rows so far say of the table as a whole.
    pub(super) fn tally(&self) -> TableEnd {
        let group = |broken: &Broken| BrokenGroup {
            group: broken.group,
            rows: broken.rows,
            is_unsupported: broken.error.kind() == io::ErrorKind::Unsupported,
            message: broken.error.to_string(),
        };
        TableEnd {
            broken: self.broken.len() as u64 + self.more_broken,
            first: self.broken.first().map(group),
            names_only: self.names_only,
            has_silent_rows: self.has_silent_rows,
            shapeless: self.shapeless.clone(),
            raw: self.raw,
        }
    }

    /// Takes over what the sections of a table said, so that it is told as of one table.
    pub(super) fn resume(&mut self, end: &TableEnd) {
        let TableEnd { broken, first, names_only, has_silent_rows, shapeless, raw } = end;
        self.names_only = *names_only;
        self.has_silent_rows = *has_silent_rows;
        self.shapeless.clone_from(shapeless);
        self.raw = *raw;
        if let Some(BrokenGroup { group, rows, is_unsupported, message }) = first {
            let kind =
                if *is_unsupported { io::ErrorKind::Unsupported } else { io::ErrorKind::Other };
            let error = io::Error::new(kind, message.clone());
            self.broken.push(Broken { group: *group, rows: *rows, error });
            self.more_broken = broken.saturating_sub(1);
        }
    }

    /// Shows a cell of a column of sound.
    pub(super) fn sound(&mut self, unpacker: &mut Unpacker<'_>, cell: Cell<'_>) -> ControlFlow<()> {
        let Cell { to, path, stream, length, extent, bytes, has_rate } = cell;
        let mut head = Vec::new();
        let broken = (&mut *stream).take(HEAD_BYTES).read_to_end(&mut head).err();
        self.row_has_sound |= may_be_sound(&head);
        let is_raw = has_rate && length >= MIN_RAW_BYTES && sniff(&head) == SoundKind::Unknown;
        self.raw += u64::from(is_raw);
        let stream = &mut Cursor::new(head).chain(Failing(broken)).chain(stream);
        let note = |path: String| {
            format!("its table calls it {}", visible(&shorten(&path, MAX_NAME_CHARS)))
        };
        let mut notes: Vec<String> = path.map(note).into_iter().collect();
        let mut place = self.at.member(to, extent);
        let mut declared = length;
        if let Some(Bytes::Range { offset, .. }) = &bytes {
            place.offset = Some(*offset);
            let there = bytes.as_ref().map_or(0, length_of);
            if there < length {
                let missing = length - there;
                notes.push(missing_note(missing, length));
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

    /// Shows a file that was made of a cell.
    pub(super) fn made(
        &mut self,
        unpacker: &mut Unpacker<'_>,
        to: To,
        file: &[u8],
    ) -> ControlFlow<()> {
        let (length, path, extent, bytes) = (file.len() as u64, None, None, None);
        // A page of a few bytes may repeat one sample any number of times.
        let stream = &mut unpacker.limited(file);
        self.sound(unpacker, Cell { to, path, stream, length, extent, bytes, has_rate: false })
    }

    /// Counts a cell that only names a file.
    pub(super) fn name(&mut self, unpacker: &mut Unpacker<'_>) -> ControlFlow<()> {
        self.names_only += 1;
        unpacker.counted()
    }

    /// Counts a cell that has a sample rate beside it and no samples that can be read.
    pub(super) fn shapeless(
        &mut self,
        unpacker: &mut Unpacker<'_>,
        column: &str,
        told: &str,
    ) -> ControlFlow<()> {
        let first = || (format!("{}: {told}", visible(&shorten(column, MAX_NAME_CHARS))), 0);
        self.shapeless.get_or_insert_with(first).1 += 1;
        unpacker.counted()
    }

    /// Shows the one row about the table as a whole, if it has any failure.
    pub(super) fn end(self, unpacker: &mut Unpacker<'_>) -> ControlFlow<()> {
        let Self {
            at,
            groups,
            names_only,
            broken,
            more_broken,
            unread,
            shapeless,
            raw,
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
            let count = broken.len() as u64 + more_broken;
            told.push(format!(
                "{count} of its {groups} cannot be read, the first of them is {group}{from}: {error}"
            ));
            kind = Some(error.kind());
        }
        if let Some(error) = trouble {
            if error.raw_os_error().is_some() {
                return unpacker.broken(&at.place, &error);
            }
            // If the last batch is cut off, the end of the table is missing as well: that is told already.
            if kind != Some(io::ErrorKind::UnexpectedEof) {
                told.push(error.to_string());
            }
            kind = kind.or(Some(error.kind()));
        }
        let is_unread = unread.is_some() || shapeless.is_some() || raw > 0;
        told.extend(unread);
        if let Some((first, count)) = shapeless {
            told.push(format!(
                "has {count} cells of lists that are not samples of up to {MAX_CHANNELS} channels ({first}); if they are sound, write \
                 it again with mono samples"
            ));
        }
        if raw > 0 {
            told.push(format!(
                "has {raw} cells of no known format with a sample rate beside them, as raw samples are; write it again with files, or \
                 with lists of samples"
            ));
        }
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

/// The beginning of a text. Whole texts would take too much memory: every row may have one as long as a page.
pub(super) fn said(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_SAID_BYTES)]).into_owned()
}
