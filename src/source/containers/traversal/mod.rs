//! The way through a file on disk: each member is shown as an item, or opened in turn if it is a container.
//!
//! One reader goes through a file from front to end. A member that is stored uncompressed becomes an item that is read from
//! the disk when its turn comes; any other is read into memory first. A container that breaks leaves what came before, and
//! one row that says so.
//!
//! | file | its one responsibility |
//! |---|---|
//! | `mod` | from member to member, and into the containers among them |
//! | `memory` | streams that are read into memory |
//! | `telling` | items and rows as they are shown |
//! | `together` | members that are held back until all in their folder have come |
//! | `sections` | a file that is read in sections |

mod memory;
mod sections;
mod telling;
mod together;

use std::io::{self, Cursor, Read};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::behind;
use super::group::Group;
use super::held::{Back, Held, Part};
use super::in_text::has_sound;
use super::limits::Costs;
pub(super) use super::parts::{At, Failing, Input, Member, length_of};
use super::parts::{Hidden, Positioned};
use super::rows;
use crate::base::panic_message;
use crate::bytes::codecs::{Codec, Counted, buffered};
use crate::bytes::{Budget, Bytes, PackedText};
use crate::sniff::container::{ContainerKind, HEAD_BYTES};
use crate::sniff::{is_database, is_text};
use crate::source::section::{Reading, TableEnd};
use crate::source::{Item, Place, ScanLimits, To, TorrentFile, Visit};

/// Opens a container. [`Unpacker`] is given it, so that the readers of formats can lie above this file.
pub(super) type Open = fn(&mut Unpacker<'_>, &At, ContainerKind, Input<'_>) -> ControlFlow<()>;

/// Goes through one file on disk.
pub(in crate::source) struct Unpacker<'v> {
    pub(super) visit: &'v mut dyn Visit,
    pub(super) costs: Costs,
    open: Open,
    budget: Budget,
    file: Place,
    /// Length of the file on disk, all its volumes counted.
    size_bytes: u64,
    /// Items and rows so far. Members that are passed over, such as empty cells, are no items.
    looked_at: u64,
    /// How far the file on disk was read by a decompressor.
    position: Arc<AtomicU64>,
    /// How far the file on disk was reported to be read.
    reported: u64,
    /// The file has its last row.
    is_closed: bool,
    /// The file of a torrent that the file on disk is.
    torrent: Option<TorrentFile>,
    /// Members that are held back until all that belongs to them has come.
    group: Option<Group>,
    /// Members that may belong to others in their folder, by the containers that are open.
    held: Vec<Held>,
    /// What is known beside the current container.
    pub(super) beside: Beside,
    /// Whether the file is read whole or in sections.
    reading: Reading,
    /// The section was read to its end.
    reached: bool,
    /// What the section says of the table as a whole.
    table: TableEnd,
}

/// What is known beside a container.
#[derive(Debug, Clone, Default)]
pub(super) struct Beside {
    /// The side-car of its group.
    pub(super) text: Option<Arc<str>>,
    /// The sample rates in the container that it lies in, by their names, in Hz.
    pub(super) rates: Arc<[(String, u32)]>,
    /// Where each volume but the last ends, if it is an archive whose volumes lie in memory as one.
    pub(super) volume_ends: Arc<[u64]>,
    /// What its own container tells about it, if it is a text.
    pub(super) flaws: Flaws,
}

/// What a container tells about a member that is opened in turn.
#[derive(Debug, Clone, Default)]
pub(super) struct Flaws {
    pub(super) notes: Vec<String>,
    /// Part of it is missing.
    pub(super) is_damaged: bool,
}

impl<'v> Unpacker<'v> {
    pub(super) fn new(
        limits: ScanLimits,
        budget: Budget,
        file: &Item,
        visit: &'v mut dyn Visit,
        open: Open,
    ) -> Self {
        let Item { place: file, size_bytes, torrent, .. } = file;
        Self {
            visit,
            costs: Costs::new(limits, *size_bytes),
            open,
            budget,
            file: file.clone(),
            size_bytes: *size_bytes,
            looked_at: 0,
            position: Arc::default(),
            reported: 0,
            is_closed: false,
            torrent: torrent.clone(),
            group: None,
            held: Vec::new(),
            beside: Beside::default(),
            reading: Reading::Whole,
            reached: false,
            table: TableEnd::default(),
        }
    }

    /// Items and rows so far.
    pub(super) fn looked_at(&self) -> u64 {
        self.looked_at
    }

    /// Shows what is in a file on disk that is a container.
    pub(in crate::source) fn file(&mut self, kind: ContainerKind, bytes: Bytes) -> ControlFlow<()> {
        let at = At::of(self.file.clone(), 0);
        let flow = self.container(&at, kind, Input::Stored(bytes));
        if !self.visit.is_over() {
            self.release()?;
        }
        self.passed_to(self.file.stamp.size_bytes);
        match flow {
            // The file is closed; the walk goes on.
            ControlFlow::Break(()) if self.is_closed && !self.visit.is_over() => {
                ControlFlow::Continue(())
            }
            flow => flow,
        }
    }

    /// Shows what is in a container. `at` is the container's own place.
    ///
    /// If its reader panics, the rest of the container is lost, and nothing else.
    fn container(&mut self, at: &At, kind: ContainerKind, input: Input<'_>) -> ControlFlow<()> {
        if !self.visit.enters(&at.place) {
            return ControlFlow::Continue(());
        }
        let outer = self.beside.clone();
        if let Some(group) = &self.group {
            self.beside.text = group.side_car();
        }
        self.join(None)?;
        let held_bytes = self.costs.held_bytes();
        let opened = AssertUnwindSafe(|| (self.open)(self, at, kind, input));
        let flow = catch_unwind(opened);
        let flow = flow.unwrap_or_else(|panic| {
            let error = io::Error::other(panic_message(panic.as_ref()));
            self.broken(&at.place, &error)
        });
        // Of a file that exceeds a limit, what was held back was looked at before.
        let is_over = flow.is_break() && !self.is_closed || self.visit.is_over();
        let united = if is_over { flow } else { self.unite(at.depth) };
        self.costs.release_to(held_bytes);
        self.beside = outer;
        flow?;
        united?;
        self.join(None)
    }

    /// Shows what is in a compressed file: a container, or one item.
    pub(super) fn packed(&mut self, at: &At, codec: Codec, input: Input<'_>) -> ControlFlow<()> {
        let packed = match &input {
            Input::Stored(bytes) => Some(bytes.clone()),
            Input::Stream(_) => None,
        };
        let opened = match input {
            Input::Stored(bytes) => bytes.open_stored().map(|reader| {
                let position = (at.depth == 1).then(|| Arc::clone(&self.position));
                Box::new(Positioned { stream: reader, position }) as Box<dyn Read>
            }),
            Input::Stream(stream) => Ok(Box::new(stream) as Box<dyn Read>),
        };
        let unpacked = opened.and_then(|packed| codec.unpack(buffered(packed)));
        let mut stream = match unpacked {
            Ok(stream) => self.costs.allowance.count(stream),
            Err(error) => return self.broken(&at.place, &error),
        };
        let mut head = Vec::new();
        let broken = (&mut stream).take(HEAD_BYTES as u64).read_to_end(&mut head).err();
        if head.is_empty()
            && let Some(error) = broken
        {
            return self.broken(&at.place, &error);
        }
        let kind = ContainerKind::of(&head);
        if kind.is_none()
            && let Some(packed) = packed
            && (is_text(&head) || is_database(&head))
        {
            let packed_bytes = length_of(&packed);
            let most = self.costs.most_of_a_text(packed_bytes, at.depth);
            let text = PackedText { head, packed, codec, most };
            return self.text(at, text);
        }
        let mut stream = Cursor::new(head).chain(Failing(broken)).chain(stream);
        if let Some(kind) = kind {
            return self.container(at, kind, Input::Stream(&mut stream));
        }
        self.member(Member {
            place: at.member(To::Packed, None),
            depth: at.depth,
            stream: &mut stream,
            declared: None,
            bytes: None,
            notes: Vec::new(),
        })
    }

    /// Shows a compressed text or database, which is decompressed each time it is read.
    fn text(&mut self, at: &At, text: PackedText) -> ControlFlow<()> {
        self.counted()?;
        let place = at.member(To::Packed, None);
        let is_wanted = self.visit.wants(&place);
        if !is_wanted && !self.visit.enters(&place) {
            return ControlFlow::Continue(());
        }
        // Its length is only known at its end.
        let text = Arc::new(text);
        let item = Item::within(place, 0, Bytes::Text(Arc::clone(&text)));
        self.looked_into(item, &text.head, at.depth, is_wanted)
    }

    /// Shows one member: what is in it if it is a container, else the item.
    pub(super) fn member(&mut self, member: Member<'_>) -> ControlFlow<()> {
        let Member { place, depth, stream, declared, bytes, notes } = member;
        self.counted()?;
        self.looked_at += 1;
        self.new_folder(&place, depth)?;
        let mut head = Vec::new();
        let broken = stream.take(HEAD_BYTES as u64).read_to_end(&mut head).err();
        let begin = head.clone();
        let mut stream: Box<dyn Read> =
            Box::new(Cursor::new(head).chain(Failing(broken)).chain(stream));
        if let Some(part) = Part::of(&place, &begin, &notes) {
            let is_stored = bytes.is_some();
            let part = Part { bytes: bytes.clone().unwrap_or(part.bytes), ..part };
            match self.hold_back(part, (depth, declared), is_stored, &mut stream) {
                Back::Held => return ControlFlow::Continue(()),
                Back::Read(front, broken) => {
                    stream = Box::new(Cursor::new(front).chain(Failing(broken)).chain(stream));
                }
            }
        }
        if let Some(kind) = ContainerKind::of(&begin) {
            let input = bytes.map_or(Input::Stream(&mut stream), Input::Stored);
            return self.container(&At::of(place, depth), kind, input);
        }
        let wants = self.visit.wants(&place);
        let hides = behind::may_be(&begin) && (wants || self.visit.enters(&place));
        if hides {
            let at = At::of(place.clone(), depth);
            match self.hidden(&at, &begin, &mut stream, bytes.as_ref())? {
                Hidden::Opened => return ControlFlow::Continue(()),
                Hidden::Nothing => {}
                Hidden::NothingIn(front, broken) => {
                    stream = Box::new(front.chain(Failing(broken)).chain(stream));
                }
            }
        }
        // What is in a text may be wanted where the text is not.
        if !(wants || is_text(&begin) && self.visit.enters(&place)) {
            return ControlFlow::Continue(());
        }
        if let Some(bytes) = bytes {
            let size_bytes = declared.unwrap_or_default();
            let extent = place.locator.steps.last().and_then(|step| step.extent);
            let is_damaged = extent.is_some_and(|extent| size_bytes < extent.length);
            let item = Item::within(place, size_bytes, bytes);
            return self.looked_into(Item { notes, is_damaged, ..item }, &begin, depth, wants);
        }
        match self.take_in(place, &mut stream, declared, notes)? {
            Some(item) => self.looked_into(item, &begin, depth, wants),
            None => ControlFlow::Continue(()),
        }
    }

    /// Shows an item that begins with `head` if it is wanted, or what is in it if it is a text with sound.
    fn looked_into(
        &mut self,
        item: Item,
        head: &[u8],
        depth: usize,
        is_wanted: bool,
    ) -> ControlFlow<()> {
        let visit = &*self.visit;
        let holds_sound = is_text(head) && has_sound(&item.bytes, head, &|| visit.is_over());
        if self.visit.is_over() {
            return ControlFlow::Break(());
        }
        if holds_sound {
            // What is in it is counted instead: it could not get the memory that waits for it.
            item.bytes.forfeit();
            let Item { place, bytes, notes, is_damaged, .. } = item;
            self.beside.flaws = Flaws { notes, is_damaged };
            let at = At::of(place, depth);
            let flow = self.container(&at, ContainerKind::Text, Input::Stored(bytes));
            self.beside.flaws = Flaws::default();
            return flow;
        }
        if is_wanted { self.shown(item) } else { ControlFlow::Continue(()) }
    }

    /// Counts a member, before it is looked at.
    pub(super) fn counted(&mut self) -> ControlFlow<()> {
        self.passed_to(self.position.load(Ordering::Relaxed));
        if self.visit.is_over() {
            return ControlFlow::Break(());
        }
        if self.costs.count_member() {
            return ControlFlow::Continue(());
        }
        self.close(rows::too_many_members(&self.costs.limits))
    }

    /// Reports how far the file on disk is read, for the progress.
    pub(super) fn passed_to(&mut self, position: u64) {
        let position = position.min(self.file.stamp.size_bytes);
        if position > self.reported {
            self.visit.passed(position - self.reported);
            self.reported = position;
        }
    }

    /// A stream that counts against what the file on disk may decompress to.
    pub(super) fn limited<R: Read>(&self, stream: R) -> Counted<R> {
        self.costs.allowance.count(stream)
    }
}
