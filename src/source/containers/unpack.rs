//! The way into containers: what lies at a place is an item, or is opened in turn.
//!
//! One reader goes through a file on disk from front to end. What lies there as it is becomes an item
//! that is read from the disk when its turn comes; what comes as a stream is taken into memory first.
//! A container that breaks leaves what came before, and one row that says so.

use std::borrow::Cow;
use std::io::{self, Cursor, Read};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::group::Group;
use super::table::Held;
use super::{arrow, parquet, sevenz, tar, zip};
use crate::base::panic_message;
use crate::bytes::codecs::{Allowance, Bomb, Codec, Counted, buffered};
use crate::bytes::{Budget, Bytes};
use crate::bytes::{Filled, PackedText};
use crate::record::{FailureKind, FailureRecord, Stage};
use crate::sniff::container::{ContainerKind, HEAD_BYTES};
use crate::sniff::is_database;
use crate::sniff::is_text;
use crate::source::{Extent, Item, Place, ScanLimits, To, TorrentFile, Unlisted, Visit};
use crate::wording::visible;

/// Bytes that are read at a time where nobody wants them.
const BLOCK_BYTES: usize = 64 << 10;

/// What a container is read from.
pub(super) enum Input<'r> {
    /// From any place, any number of times.
    Anywhere(Bytes),
    /// Once, from its front to its end.
    Stream(&'r mut dyn Read),
}

/// Where the reader is.
#[derive(Debug, Clone)]
pub(super) struct At {
    /// The container's own place.
    pub(super) place: Place,
    /// Kinds of the containers that its members lie in, its own the last.
    pub(super) inside: String,
    /// How many those are.
    pub(super) depth: usize,
}

impl At {
    /// A place that is no container yet.
    fn of(place: Place, depth: usize) -> Self {
        Self { inside: place.containers.clone(), place, depth }
    }

    /// The place of a member, of which no more is known than where it is.
    pub(super) fn member(&self, to: To, extent: Option<Extent>) -> Place {
        let to = match to {
            To::Member { name, nth } => To::Member { name: bounded(name), nth },
            other => other,
        };
        Place {
            locator: self.place.locator.step(to, extent),
            stamp: self.place.stamp,
            containers: self.inside.clone(),
            offset: None,
        }
    }

    /// The same place as a container of a kind.
    fn opened(&self, kind: ContainerKind) -> Self {
        let between = if self.inside.is_empty() { "" } else { "/" };
        let inside = format!("{}{between}{}", self.inside, kind.as_str());
        Self { place: self.place.clone(), inside, depth: self.depth + 1 }
    }
}

/// Longest name that is kept, in bytes, as long as a path on disk may be. A row holds it three times over, and
/// hundreds of rows are under way at a time.
const MAX_NAME_BYTES: usize = 4_096;

/// A name of which there is not more than can be kept: what is longer is cut, and ends with its digest, so that it
/// stays one of its own.
pub(super) fn bounded(mut name: Vec<u8>) -> Vec<u8> {
    if name.len() > MAX_NAME_BYTES {
        let digest = crate::base::digest(&name);
        name.truncate(MAX_NAME_BYTES - digest.len());
        name.extend_from_slice(digest.as_bytes());
    }
    name
}

/// One member of a container, about to be looked at.
pub(super) struct Member<'r> {
    pub(super) place: Place,
    pub(super) depth: usize,
    /// Its bytes, from its front.
    pub(super) stream: &'r mut dyn Read,
    /// Its length, as the container has it. It may lie.
    pub(super) declared: Option<u64>,
    /// Where it lies as it is, if it does.
    pub(super) bytes: Option<Bytes>,
    pub(super) notes: Vec<String>,
}

/// Goes through one file on disk.
pub(in crate::source) struct Unpacker<'v> {
    pub(super) limits: ScanLimits,
    pub(super) visit: &'v mut dyn Visit,
    budget: Budget,
    file: Place,
    /// Length of the file on disk, all its volumes counted.
    size_bytes: u64,
    allowance: Allowance,
    members: u64,
    /// Members that were looked at, and rows: what nobody reads counts as a member and is none of them.
    looked_at: u64,
    /// Memory that open containers take.
    held_bytes: u64,
    /// How far the file on disk is read, and how much of it was told.
    position: Arc<AtomicU64>,
    told: u64,
    /// The file has its last row.
    is_closed: bool,
    /// The file of a torrent that it is.
    pub(super) torrent: Option<TorrentFile>,
    pub(super) group: Option<Group>,
}

impl<'v> Unpacker<'v> {
    pub(in crate::source) fn new(
        limits: ScanLimits,
        budget: Budget,
        file: &Item,
        visit: &'v mut dyn Visit,
    ) -> Self {
        let Item { place: file, size_bytes, torrent, .. } = file;
        let most = size_bytes.saturating_mul(limits.max_ratio);
        let most = most.saturating_add(limits.ratio_slack_bytes);
        Self {
            limits,
            visit,
            budget,
            file: file.clone(),
            size_bytes: *size_bytes,
            allowance: Allowance::new(most),
            members: 0,
            looked_at: 0,
            held_bytes: 0,
            position: Arc::default(),
            told: 0,
            is_closed: false,
            torrent: torrent.clone(),
            group: None,
        }
    }

    /// Shows what is in the container that a file on disk is.
    pub(in crate::source) fn file(&mut self, kind: ContainerKind, bytes: Bytes) -> ControlFlow<()> {
        let at = At::of(self.file.clone(), 0);
        let flow = self.container(&at, kind, Input::Anywhere(bytes));
        if !self.visit.is_over() {
            self.release()?;
        }
        self.passed_to(self.file.stamp.size_bytes);
        match flow {
            // The file has ended, not the walk.
            ControlFlow::Break(()) if self.is_closed && !self.visit.is_over() => {
                ControlFlow::Continue(())
            }
            flow => flow,
        }
    }

    /// Shows what is in a container. `at` is the container's own place.
    ///
    /// A panic of its reader costs what is left of it.
    fn container(&mut self, at: &At, kind: ContainerKind, input: Input<'_>) -> ControlFlow<()> {
        if !self.visit.enters(&at.place) {
            return ControlFlow::Continue(());
        }
        self.join(None)?;
        let held_bytes = self.held_bytes;
        let opened = AssertUnwindSafe(|| self.opened(at, kind, input));
        let flow = catch_unwind(opened);
        self.held_bytes = held_bytes;
        let flow = flow.unwrap_or_else(|panic| {
            let error = io::Error::other(panic_message(panic.as_ref()));
            self.broken(&at.place, &error)
        });
        flow?;
        self.join(None)
    }

    fn opened(&mut self, at: &At, kind: ContainerKind, input: Input<'_>) -> ControlFlow<()> {
        if let ContainerKind::Unread(what, remedy) = kind {
            let message = format!("is {what}, which is not read here; {remedy}");
            return self.row(&at.place, FailureKind::ContainerUnsupported, message);
        }
        if at.depth >= self.limits.max_depth {
            let message = format!(
                "lies in {} containers, more are not opened; unpack it and scan what it holds",
                at.depth
            );
            return self.row(&at.place, FailureKind::ContainerTooDeep, message);
        }
        let before = self.looked_at;
        let inner = at.opened(kind);
        match kind {
            ContainerKind::Packed(codec) => return self.packed(&inner, codec, input),
            ContainerKind::Tar => tar::walk(self, &inner, input)?,
            ContainerKind::Zip => match self.anywhere(at, input)? {
                Some(bytes) => zip::walk(self, &inner, &bytes)?,
                None => return ControlFlow::Continue(()),
            },
            ContainerKind::Parquet | ContainerKind::Arrow => match self.anywhere(at, input)? {
                Some(bytes) => return self.table(at, &inner, kind, bytes),
                None => return ControlFlow::Continue(()),
            },
            ContainerKind::SevenZ => match self.anywhere(at, input)? {
                Some(bytes) => sevenz::walk(self, &inner, &bytes)?,
                None => return ControlFlow::Continue(()),
            },
            ContainerKind::Unread(..) => {}
        }
        if self.looked_at == before {
            let message = format!("is a {} file that holds nothing", kind.as_str());
            return self.row(&at.place, FailureKind::ContainerEmpty, message);
        }
        ControlFlow::Continue(())
    }

    /// A table: the sound in its cells, and the table itself where it speaks of what it does not hold.
    fn table(&mut self, at: &At, inner: &At, kind: ContainerKind, bytes: Bytes) -> ControlFlow<()> {
        let before = self.looked_at;
        let held = match kind {
            ContainerKind::Arrow => arrow::walk(self, inner, &bytes)?,
            _ => parquet::walk(self, inner, &bytes)?,
        };
        if held == Held::Sound && self.looked_at == before {
            let message = format!(
                "is a table ({}) without sound in any row; fetch it again if it should have some",
                kind.as_str()
            );
            return self.row(&at.place, FailureKind::ContainerEmpty, message);
        }
        let place = match held {
            Held::Text => at.place.clone(),
            Held::Both => inner.member(To::Words, None),
            Held::Sound => return ControlFlow::Continue(()),
        };
        if !self.visit.wants(&place) {
            return ControlFlow::Continue(());
        }
        let size_bytes = bytes.open().map_or(0, |reader| reader.length());
        self.shown(Item::within(place, size_bytes, bytes))
    }

    /// A compressed file: the container in it, else the file in it.
    fn packed(&mut self, at: &At, codec: Codec, input: Input<'_>) -> ControlFlow<()> {
        let packed = match &input {
            Input::Anywhere(bytes) => Some(bytes.clone()),
            Input::Stream(_) => None,
        };
        let opened = match input {
            Input::Anywhere(bytes) => bytes.open().map(|reader| {
                let position = (at.depth == 1).then(|| Arc::clone(&self.position));
                Box::new(Told { stream: reader, position }) as Box<dyn Read>
            }),
            Input::Stream(stream) => Ok(Box::new(stream) as Box<dyn Read>),
        };
        let unpacked = opened.and_then(|packed| codec.unpack(buffered(packed)));
        let mut stream = match unpacked {
            Ok(stream) => self.allowance.count(stream),
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
            let most = self.most_of_a_text(&packed, at.depth);
            let text = PackedText { head, packed, codec, most };
            return self.text(at.member(To::Packed, None), text);
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

    /// What a compressed text may unpack to. It is not counted against what its file may unpack to, as whoever
    /// reads it does so at another time; so its share goes by its own length.
    fn most_of_a_text(&self, packed: &Bytes, depth: usize) -> u64 {
        let length = packed.open().map_or(0, |reader| reader.length());
        let most = length.saturating_mul(self.limits.max_ratio);
        let limits = &self.limits;
        let slack = if depth == 1 { limits.ratio_slack_bytes } else { limits.text_slack_bytes };
        most.saturating_add(slack).min(self.allowance.most())
    }

    /// Shows a compressed text or database, which whoever wants it unpacks.
    fn text(&mut self, place: Place, text: PackedText) -> ControlFlow<()> {
        self.counted()?;
        if !self.visit.wants(&place) {
            return ControlFlow::Continue(());
        }
        // Its length is known to whoever reads it to the end.
        self.shown(Item::within(place, 0, Bytes::Text(Arc::new(text))))
    }

    /// Shows one member: the container that it is, else the item.
    pub(super) fn member(&mut self, member: Member<'_>) -> ControlFlow<()> {
        let Member { place, depth, stream, declared, bytes, notes } = member;
        self.counted()?;
        self.looked_at += 1;
        let mut head = Vec::new();
        let broken = stream.take(HEAD_BYTES as u64).read_to_end(&mut head).err();
        if let Some(kind) = ContainerKind::of(&head) {
            let mut stream = Cursor::new(head).chain(Failing(broken)).chain(stream);
            let input = bytes.map_or(Input::Stream(&mut stream), Input::Anywhere);
            return self.container(&At::of(place, depth), kind, input);
        }
        if !self.visit.wants(&place) {
            return ControlFlow::Continue(());
        }
        if let Some(bytes) = bytes {
            let size_bytes = declared.unwrap_or_default();
            let extent = place.locator.steps.last().and_then(|step| step.extent);
            let is_damaged = extent.is_some_and(|extent| size_bytes < extent.length);
            let item = Item::within(place, size_bytes, bytes);
            return self.shown(Item { notes, is_damaged, ..item });
        }
        let mut stream = Cursor::new(head).chain(Failing(broken)).chain(stream);
        self.take_in(place, &mut stream, declared, notes)
    }

    /// Takes an item into memory and shows it.
    fn take_in(
        &mut self,
        place: Place,
        stream: &mut dyn Read,
        declared: Option<u64>,
        mut notes: Vec<String>,
    ) -> ControlFlow<()> {
        if let Some(most) = self.visit.most_bytes() {
            return self.look(place, stream, most, declared);
        }
        let limit = self.limits.max_item_bytes;
        let (visit, budget) = (&*self.visit, &self.budget);
        let (buffer, missing) = match budget.fill(stream, declared, limit, &|| visit.is_over()) {
            Filled::Whole(buffer) => {
                let bytes = buffer.as_slice().len() as u64;
                let short = declared.filter(|&declared| bytes < declared);
                (buffer, short.map(|declared| format!("{bytes} of {declared} bytes are there")))
            }
            Filled::Broken(buffer, error) => {
                if self.allowance.is_spent() {
                    return self.bomb();
                }
                let bytes = buffer.as_slice().len();
                if bytes == 0 && error.raw_os_error().is_none() {
                    let message = format!("is damaged in its container ({error}); fetch it again");
                    return self.row(&place, FailureKind::Damaged, message);
                } else if bytes == 0 {
                    return self.broken(&place, &error);
                }
                (buffer, Some(format!("{bytes} bytes could be read ({error})")))
            }
            Filled::TooLong => {
                let message = format!(
                    "is longer than {} MiB and lies compressed: that much of it is not held in \
                     memory; unpack it and scan the file",
                    limit >> 20
                );
                return self.row(&place, FailureKind::TooLarge, message);
            }
            Filled::Over => return ControlFlow::Break(()),
        };
        let is_damaged = missing.is_some();
        notes.extend(missing.map(|missing| format!("its container is damaged: {missing}")));
        let size_bytes = buffer.as_slice().len() as u64;
        let bytes = Bytes::Memory(buffer);
        self.shown(Item { notes, is_damaged, ..Item::within(place, size_bytes, bytes) })
    }

    /// Shows the first bytes of an item, with the length of all.
    fn look(
        &mut self,
        place: Place,
        stream: &mut dyn Read,
        most: u64,
        declared: Option<u64>,
    ) -> ControlFlow<()> {
        let mut head = Vec::new();
        // What breaks is told by whoever reads on.
        let _ = (&mut *stream).take(most).read_to_end(&mut head);
        let mut size_bytes = head.len() as u64;
        match declared {
            Some(declared) => size_bytes = declared,
            None => size_bytes += io::copy(stream, &mut io::sink()).unwrap_or(0),
        }
        self.shown(Item::within(place, size_bytes, Bytes::of_memory(head)))
    }

    /// Reads a stream to its end for nobody.
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
                Err(_) if self.allowance.is_spent() => return self.bomb(),
                // Damage: whoever reads on meets it again.
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
        self.members += 1;
        if self.members <= self.limits.max_members {
            return ControlFlow::Continue(());
        }
        let message = format!(
            "holds more than {} members; the others were not looked at: unpack it and scan the folder",
            self.limits.max_members
        );
        self.close(FailureKind::ContainerMembers, message)
    }

    /// A row for what could not be read.
    pub(super) fn row(
        &mut self,
        place: &Place,
        kind: FailureKind,
        message: String,
    ) -> ControlFlow<()> {
        self.looked_at += 1;
        // Packages quote what they met.
        let message = match visible(&message) {
            Cow::Borrowed(_) => message,
            Cow::Owned(shown) => shown,
        };
        let failure = FailureRecord { stage: Stage::Read, kind, message };
        self.visit.unlisted(Unlisted { place: place.clone(), size_bytes: 0, failure })
    }

    /// The row of a container that broke.
    pub(super) fn broken(&mut self, place: &Place, error: &io::Error) -> ControlFlow<()> {
        if self.allowance.is_spent()
            || error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<Bomb>)
        {
            return self.bomb();
        }
        if error.raw_os_error().is_some() {
            let message = format!(
                "could not be read to its end ({error}); check the medium it is on and scan again"
            );
            return self.row(place, FailureKind::Io, message);
        }
        if error.kind() == io::ErrorKind::UnexpectedEof {
            return self.truncated(place, &error.to_string());
        }
        if is_too_large(error) {
            let message = format!(
                "needs more memory to unpack than the usual programs take without being told to ({error}); unpack it, as by \
                 zstd -d --long=31 or xz -d, and scan what it holds"
            );
            return self.row(place, FailureKind::ContainerUnsupported, message);
        }
        let message = format!(
            "is damaged ({error}); what came before was looked at, the rest was not: fetch it again"
        );
        self.row(place, FailureKind::ContainerDamaged, message)
    }

    /// The row of a container whose end is missing.
    pub(super) fn truncated(&mut self, place: &Place, what: &str) -> ControlFlow<()> {
        let message = format!(
            "is cut off ({what}); what came before was looked at, the rest is missing: fetch it again"
        );
        self.row(place, FailureKind::ContainerTruncated, message)
    }

    fn bomb(&mut self) -> ControlFlow<()> {
        let message = format!(
            "unpacks to more than {} times its {} bytes and {} MiB; the rest was not looked at: unpack \
             it with care and scan the folder",
            self.limits.max_ratio,
            self.size_bytes,
            self.limits.ratio_slack_bytes >> 20
        );
        self.close(FailureKind::ContainerBomb, message)
    }

    /// The last row of the file on disk.
    fn close(&mut self, kind: FailureKind, message: String) -> ControlFlow<()> {
        if !self.is_closed {
            let file = self.file.clone();
            self.row(&file, kind, message)?;
            self.is_closed = true;
        }
        ControlFlow::Break(())
    }

    /// Tells how far the file on disk is read.
    pub(super) fn passed_to(&mut self, position: u64) {
        let position = position.min(self.file.stamp.size_bytes);
        if position > self.told {
            self.visit.passed(position - self.told);
            self.told = position;
        }
    }

    /// What the file on disk may unpack to.
    pub(super) fn allowance(&self) -> Allowance {
        self.allowance.clone()
    }

    /// A stream that counts against what the file on disk may unpack to.
    pub(super) fn limited<R: Read>(&self, stream: R) -> Counted<R> {
        self.allowance.count(stream)
    }

    /// What a container can be read from anywhere in: one that comes as a stream is taken into memory
    /// while it is open. `None` if there is a row instead.
    fn anywhere(&mut self, at: &At, input: Input<'_>) -> ControlFlow<(), Option<Bytes>> {
        let stream = match input {
            Input::Anywhere(bytes) => return ControlFlow::Continue(Some(bytes)),
            Input::Stream(stream) => stream,
        };
        let left = self.limits.max_container_bytes.saturating_sub(self.held_bytes);
        let mut bytes = Vec::new();
        if let Err(error) = stream.take(left.saturating_add(1)).read_to_end(&mut bytes) {
            // Its directory would be at the end.
            self.broken(&at.place, &error)?;
            return ControlFlow::Continue(None);
        }
        if bytes.len() as u64 > left {
            let message = format!(
                "lies compressed and is longer than the {} MiB that containers in containers may take \
                 of memory; unpack it and scan what it holds",
                self.limits.max_container_bytes >> 20
            );
            self.row(&at.place, FailureKind::ContainerUnsupported, message)?;
            return ControlFlow::Continue(None);
        }
        self.held_bytes += bytes.len() as u64;
        ControlFlow::Continue(Some(Bytes::of_memory(bytes)))
    }
}

/// Whether a compression asks for more memory than it gets: the packages have no kind of their own for it.
fn is_too_large(error: &io::Error) -> bool {
    let text = error.to_string();
    ["requires too much memory", "memory too big"].iter().any(|words| text.contains(words))
}

/// A stream that tells how far it is read.
struct Told<R> {
    stream: R,
    position: Option<Arc<AtomicU64>>,
}

impl<R: Read> Read for Told<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(buffer)?;
        if let Some(position) = &self.position {
            position.fetch_add(read as u64, Ordering::Relaxed);
        }
        Ok(read)
    }
}

/// A stream that may have broken already, else one that is at its end.
pub(super) struct Failing(pub(super) Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}
