//! The way through a file on disk: each member is shown as an item, or opened in turn if it is a container.
//!
//! One reader goes through a file from front to end. A member that is stored uncompressed becomes an item that is read from
//! the disk when its turn comes; any other is read into memory first. A container that breaks leaves what came before, and
//! one row that says so.

use std::borrow::Cow;
use std::io::{self, Cursor, Read};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::behind;
use super::encoded::is_in;
use super::group::Group;
use super::json::has_samples;
use super::limits::Costs;
use super::parts::Positioned;
pub(super) use super::parts::{At, Failing, Input, Member, length_of};
use super::rows::{self, Row};
use crate::base::panic_message;
use crate::bytes::codecs::{Bomb, Codec, Counted, buffered};
use crate::bytes::{Budget, Bytes, Filled, PackedText, Reader};
use crate::record::{FailureKind, FailureRecord, Stage};
use crate::sniff::container::{ContainerKind, HEAD_BYTES};
use crate::sniff::{is_database, is_text};
use crate::source::section::{Carried, Reading, Section, SectionEnd, TableEnd};
use crate::source::{Item, Place, ScanLimits, To, TorrentFile, Unlisted, Visit};
use crate::wording::visible;

/// Bytes that are read at a time and discarded.
const BLOCK_BYTES: usize = 64 << 10;

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
    /// A sample rate in the container that it lies in, in Hz.
    pub(super) rate_hz: Option<u32>,
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
            beside: Beside::default(),
            reading: Reading::Whole,
            reached: false,
            table: TableEnd::default(),
        }
    }

    /// The same for a file that is read in sections.
    pub(super) fn reading(mut self, reading: Reading) -> Self {
        match &reading {
            Reading::Whole => {}
            Reading::Part(_, Carried { unpacked_bytes, members }) => {
                self.costs.carry(*unpacked_bytes, *members);
            }
            Reading::Last(sum) => {
                self.costs.carry(sum.unpacked_bytes, sum.members);
                self.looked_at = sum.looked_at;
            }
        }
        self.reading = reading;
        self
    }

    /// The section of a container that is to be read; `None` for all of it. Only the file on disk itself has sections.
    pub(super) fn section(&self, inside: &At) -> Option<Section> {
        match &self.reading {
            Reading::Part(section, _) if inside.depth == 1 => Some(*section),
            _ => None,
        }
    }

    /// What is said of a container whose sections were all read; `None` if it is yet to be read.
    pub(super) fn sections_end(&self, inside: &At) -> Option<&SectionEnd> {
        match &self.reading {
            Reading::Last(sum) if inside.depth == 1 => Some(sum),
            _ => None,
        }
    }

    /// Notes that the section was read to its end.
    pub(super) fn section_ends(&mut self) -> ControlFlow<()> {
        self.reached = true;
        ControlFlow::Continue(())
    }

    /// Keeps what the section says of its table.
    pub(super) fn keep_table(&mut self, table: TableEnd) {
        self.table = table;
    }

    /// How the reading of the section ended.
    pub(in crate::source) fn into_section_end(self) -> SectionEnd {
        let carried = match &self.reading {
            Reading::Part(_, carried) => *carried,
            Reading::Whole | Reading::Last(_) => Carried::default(),
        };
        SectionEnd {
            reached: self.reached,
            unpacked_bytes: self.costs.allowance.spent().saturating_sub(carried.unpacked_bytes),
            members: self.costs.members().saturating_sub(carried.members),
            looked_at: self.looked_at,
            table: self.table,
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
        self.costs.release_to(held_bytes);
        self.beside = outer;
        let flow = flow.unwrap_or_else(|panic| {
            let error = io::Error::other(panic_message(panic.as_ref()));
            self.broken(&at.place, &error)
        });
        flow?;
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
        let item = Item::within(place, 0, Bytes::Text(Arc::new(text)));
        self.looked_into(item, at.depth, is_wanted)
    }

    /// Shows one member: what is in it if it is a container, else the item.
    pub(super) fn member(&mut self, member: Member<'_>) -> ControlFlow<()> {
        let Member { place, depth, stream, declared, bytes, notes } = member;
        self.counted()?;
        self.looked_at += 1;
        let mut head = Vec::new();
        let broken = stream.take(HEAD_BYTES as u64).read_to_end(&mut head).err();
        if let Some(kind) = ContainerKind::of(&head) {
            let mut stream = Cursor::new(head).chain(Failing(broken)).chain(stream);
            let input = bytes.map_or(Input::Stream(&mut stream), Input::Stored);
            return self.container(&At::of(place, depth), kind, input);
        }
        let wants = self.visit.wants(&place);
        let hides = behind::may_be(&head) && (wants || self.visit.enters(&place));
        let begin = head.clone();
        let mut stream: Box<dyn Read> =
            Box::new(Cursor::new(head).chain(Failing(broken)).chain(stream));
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
            return self.looked_into(Item { notes, is_damaged, ..item }, depth, wants);
        }
        match self.take_in(place, &mut stream, declared, notes)? {
            Some(item) => self.looked_into(item, depth, wants),
            None => ControlFlow::Continue(()),
        }
    }

    /// Shows an item if it is wanted, or what is in it if it is a text with sound.
    fn looked_into(&mut self, item: Item, depth: usize, is_wanted: bool) -> ControlFlow<()> {
        let is_text = item.bytes.head(HEAD_BYTES as u64).is_ok_and(|head| is_text(&head));
        if is_text && has_sound(&item.bytes) {
            // What is in it is counted instead: it could not get the memory that waits for it.
            item.bytes.forfeit();
            let input = Input::Stored(item.bytes);
            return self.container(&At::of(item.place, depth), ContainerKind::Text, input);
        }
        if is_wanted { self.shown(item) } else { ControlFlow::Continue(()) }
    }

    /// Opens an archive that lies behind what a member begins as. A stream has to be read into memory for that, as far as
    /// containers in containers may.
    fn hidden(
        &mut self,
        at: &At,
        head: &[u8],
        stream: &mut dyn Read,
        bytes: Option<&Bytes>,
    ) -> ControlFlow<(), Hidden> {
        let (stored, broken) = if let Some(bytes) = bytes {
            (bytes.clone(), None)
        } else {
            let mut front = Vec::new();
            let left = self.costs.container_bytes_left();
            let broken = stream.take(left).read_to_end(&mut front).err();
            (Bytes::of_memory(front), broken)
        };
        // What cannot be read fails again as an item.
        let Ok(Some((kind, archive))) = behind::archive(head, &stored) else {
            let front = stored.open_stored().ok().filter(|_| bytes.is_none());
            let nothing = front.map_or(Hidden::Nothing, |front| Hidden::NothingIn(front, broken));
            return ControlFlow::Continue(nothing);
        };
        let held_bytes = self.costs.held_bytes();
        if bytes.is_none() {
            self.costs.hold(length_of(&stored));
        }
        let flow = self.container(at, kind, Input::Stored(archive));
        self.costs.release_to(held_bytes);
        flow?;
        ControlFlow::Continue(Hidden::Opened)
    }

    /// Takes an item into memory; `None` if there is a row instead.
    fn take_in(
        &mut self,
        place: Place,
        stream: &mut dyn Read,
        declared: Option<u64>,
        mut notes: Vec<String>,
    ) -> ControlFlow<(), Option<Item>> {
        let none = |flow: ControlFlow<()>| flow.map_continue(|()| None);
        if let Some(most) = self.visit.most_bytes() {
            return ControlFlow::Continue(Some(look(place, stream, most, declared)));
        }
        let limit = self.costs.limits.max_item_bytes;
        let (visit, budget) = (&*self.visit, &self.budget);
        let (buffer, missing) = match budget.fill(stream, declared, limit, &|| visit.is_over()) {
            Filled::Whole(buffer) => {
                let bytes = buffer.as_slice().len() as u64;
                let short = declared.filter(|&declared| bytes < declared);
                (
                    buffer,
                    short.map(|declared| format!("only {bytes} of {declared} bytes are there")),
                )
            }
            Filled::Broken(buffer, error) => {
                if self.costs.allowance.is_spent() {
                    return none(self.bomb());
                }
                let bytes = buffer.as_slice().len();
                if bytes == 0 && error.raw_os_error().is_none() {
                    return none(self.tell(&place, rows::damaged_member(&error)));
                } else if bytes == 0 {
                    return none(self.broken(&place, &error));
                }
                (buffer, Some(format!("only the first {bytes} bytes could be read ({error})")))
            }
            Filled::TooLong => return none(self.tell(&place, rows::item_too_large(limit))),
            Filled::Over => return ControlFlow::Break(()),
        };
        let is_damaged = missing.is_some();
        notes.extend(missing.map(|missing| format!("its container is damaged: {missing}")));
        let size_bytes = buffer.as_slice().len() as u64;
        let bytes = Bytes::Memory(buffer);
        let item = Item { notes, is_damaged, ..Item::within(place, size_bytes, bytes) };
        ControlFlow::Continue(Some(item))
    }

    /// Reads and discards the rest of a stream.
    pub(super) fn drain(&mut self, stream: &mut dyn Read) -> ControlFlow<()> {
        let mut block = vec![0; BLOCK_BYTES];
        loop {
            if self.visit.is_over() {
                return ControlFlow::Break(());
            }
            match stream.read(&mut block) {
                Ok(0) => return ControlFlow::Continue(()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) if self.costs.allowance.is_spent() => return self.bomb(),
                // Damage of the container: the next member meets it again.
                Err(_) => return ControlFlow::Continue(()),
            }
        }
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

    /// Shows a failure in words.
    pub(super) fn tell(&mut self, place: &Place, (kind, message): Row) -> ControlFlow<()> {
        self.row(place, kind, message)
    }

    /// Shows a row for something that could not be read. The message completes a sentence that begins with the path.
    pub(super) fn row(
        &mut self,
        place: &Place,
        kind: FailureKind,
        message: String,
    ) -> ControlFlow<()> {
        self.looked_at += 1;
        // Other crates quote the bytes that they could not read.
        let message = match visible(&message) {
            Cow::Borrowed(_) => message,
            Cow::Owned(shown) => shown,
        };
        let failure = FailureRecord { stage: Stage::Read, kind, message };
        self.visit.unlisted(Unlisted { place: place.clone(), size_bytes: 0, failure })
    }

    /// Shows the row of a container that broke.
    pub(super) fn broken(&mut self, place: &Place, error: &io::Error) -> ControlFlow<()> {
        if self.costs.allowance.is_spent() || Bomb::is(error) {
            return self.bomb();
        }
        self.tell(place, rows::broken(error))
    }

    /// Shows the row of a container whose end is missing.
    pub(super) fn truncated(&mut self, place: &Place, why: &str) -> ControlFlow<()> {
        self.tell(place, rows::truncated(why))
    }

    fn bomb(&mut self) -> ControlFlow<()> {
        self.close(rows::bomb(&self.costs.limits, self.size_bytes))
    }

    /// Shows the last row of the file on disk.
    fn close(&mut self, row: Row) -> ControlFlow<()> {
        if !self.is_closed {
            let file = self.file.clone();
            self.tell(&file, row)?;
            self.is_closed = true;
        }
        ControlFlow::Break(())
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

    /// The bytes of a container that has to be read from any position: a stream is read into memory while the container
    /// is open. `None` if there is a row instead.
    pub(super) fn seekable(&mut self, at: &At, input: Input<'_>) -> ControlFlow<(), Option<Bytes>> {
        let stream = match input {
            Input::Stored(bytes) => return ControlFlow::Continue(Some(bytes)),
            Input::Stream(stream) => stream,
        };
        let left = self.costs.container_bytes_left();
        let mut bytes = Vec::new();
        if let Err(error) = stream.take(left.saturating_add(1)).read_to_end(&mut bytes) {
            // Its directory would be at the missing end.
            self.broken(&at.place, &error)?;
            return ControlFlow::Continue(None);
        }
        if bytes.len() as u64 > left {
            self.tell(&at.place, rows::too_large_to_hold(&self.costs.limits))?;
            return ControlFlow::Continue(None);
        }
        self.costs.hold(bytes.len() as u64);
        ControlFlow::Continue(Some(Bytes::of_memory(bytes)))
    }

    /// Begins the group of a key, unless it is open already; without a key, ends the group.
    pub(super) fn join(&mut self, key: Option<&[u8]>) -> ControlFlow<()> {
        if self.group.as_ref().map(Group::key) == key {
            return ControlFlow::Continue(());
        }
        self.release()?;
        self.group = key.map(Group::new);
        ControlFlow::Continue(())
    }

    /// Gives a side-car to all items of the group.
    pub(super) fn side_car(&mut self, bytes: &[u8]) {
        if let Some(group) = &mut self.group {
            group.set_side_car(bytes);
        }
    }

    /// Shows an item, at once or when its group is complete.
    pub(super) fn shown(&mut self, mut item: Item) -> ControlFlow<()> {
        item.torrent.clone_from(&self.torrent);
        let Some(group) = &mut self.group else { return self.visit.item(item) };
        group.hold(item);
        if group.is_full(self.costs.limits.extra_item_bytes) {
            return self.release();
        }
        ControlFlow::Continue(())
    }

    /// Shows the items of the group that are held back.
    fn release(&mut self) -> ControlFlow<()> {
        let held = self.group.as_mut().map(Group::take);
        held.into_iter().flatten().try_for_each(|item| self.visit.item(item))
    }
}

/// Whether a text holds sound, in Base64 or as samples in JSON.
pub(super) fn has_sound(text: &Bytes) -> bool {
    let is_json = text.head(HEAD_BYTES as u64).is_ok_and(|head| may_be_json(&head));
    is_in(text) || is_json && text.stream().is_ok_and(has_samples)
}

/// Whether a text begins as an object or a list of JSON does.
pub(super) fn may_be_json(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    matches!(head.trim_ascii_start().first(), Some(b'{' | b'['))
}

/// The first bytes of an item, with its length.
fn look(place: Place, stream: &mut dyn Read, most: u64, declared: Option<u64>) -> Item {
    let mut head = Vec::new();
    // An error comes again when the rest is read.
    let _ = (&mut *stream).take(most).read_to_end(&mut head);
    let mut size_bytes = head.len() as u64;
    match declared {
        Some(declared) => size_bytes = declared,
        None => size_bytes += io::copy(stream, &mut io::sink()).unwrap_or(0),
    }
    Item::within(place, size_bytes, Bytes::of_memory(head))
}

/// What was found behind the first bytes of a member.
enum Hidden {
    /// An archive, which was opened.
    Opened,
    Nothing,
    /// Nothing in what was read of a stream, which may have broken off.
    NothingIn(Reader, Option<io::Error>),
}
