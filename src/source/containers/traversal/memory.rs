//! Streams that are read into memory: items, containers that are read from their end, and what may have an archive behind it.

use std::io::{self, Read};
use std::ops::ControlFlow;

use super::Unpacker;
use crate::bytes::{Bytes, Filled};
use crate::source::containers::behind;
use crate::source::containers::parts::{At, Hidden, Input, length_of};
use crate::source::containers::rows;
use crate::source::{Item, Place};

/// Bytes that are read at a time and discarded.
const BLOCK_BYTES: usize = 64 << 10;

impl Unpacker<'_> {
    /// Opens an archive that lies behind what a member begins as. A stream has to be read into memory for that, as far as
    /// containers in containers may.
    pub(super) fn hidden(
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
            let broken = stream.take(left.saturating_add(1)).read_to_end(&mut front).err();
            let is_cut = front.len() as u64 > left;
            let front = Bytes::of_memory(front);
            if is_cut && behind::needs_all(head, &front) {
                self.tell(&at.place, rows::too_large_to_hold(&self.costs.limits))?;
                return ControlFlow::Continue(Hidden::Opened);
            }
            (front, broken)
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
    pub(super) fn take_in(
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

    /// The bytes of a container that has to be read from any position: a stream is read into memory while the container
    /// is open. `None` if there is a row instead.
    pub(in crate::source::containers) fn seekable(
        &mut self,
        at: &At,
        input: Input<'_>,
    ) -> ControlFlow<(), Option<Bytes>> {
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

    /// Reads and discards the rest of a stream.
    pub(in crate::source::containers) fn drain(
        &mut self,
        stream: &mut dyn Read,
    ) -> ControlFlow<()> {
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
