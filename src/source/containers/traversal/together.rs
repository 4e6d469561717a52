//! Members that are held back until all in their folder have come: those that belong together are shown as one.

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::vec::IntoIter;

use super::Unpacker;
use crate::bytes::{Bytes, Reader};
use crate::record::FailureKind;
use crate::sniff::container::ContainerKind;
use crate::source::containers::held::{Back, Held, Part, What, archives, streams};
use crate::source::containers::parts::{At, Input, length_of};
use crate::source::segments::Set;
use crate::source::{Item, Place};
use crate::wording::visible;

impl Unpacker<'_> {
    /// Shows what was held back in folders that the next member does not lie in.
    pub(super) fn new_folder(&mut self, next: &Place, depth: usize) -> ControlFlow<()> {
        self.shown_while(|held| held.ends_before(next, depth))
    }

    /// Holds a member back, if all of it is there and can be held. `part` has its bytes if they are stored.
    pub(super) fn hold_back(
        &mut self,
        mut part: Part,
        (depth, declared): (usize, Option<u64>),
        is_stored: bool,
        stream: &mut dyn Read,
    ) -> Back {
        let mut held_bytes = 0;
        if is_stored {
            let extent = part.place.locator.steps.last().and_then(|step| step.extent);
            part.length = length_of(&part.bytes);
            if declared != Some(part.length) || extent.is_some_and(|e| e.length != part.length) {
                return Back::Read(Vec::new(), None);
            }
        } else {
            let most = self.costs.container_bytes_left().min(part.what.most_bytes());
            let mut bytes = Vec::new();
            let broken = stream.take(most.saturating_add(1)).read_to_end(&mut bytes).err();
            part.length = bytes.len() as u64;
            let is_other = declared.is_some_and(|declared| declared != part.length);
            if broken.is_some() || is_other || part.length > most {
                return Back::Read(bytes, broken);
            }
            held_bytes = part.length;
            part.bytes = Bytes::of_memory(bytes);
        }
        self.costs.hold(held_bytes);
        if !self.held.last().is_some_and(|held| held.is_of(&part.place, depth)) {
            self.held.push(Held::new(&part.place, depth));
        }
        if let Some(held) = self.held.last_mut() {
            held.bytes += held_bytes;
            held.parts.push(part);
        }
        Back::Held
    }

    /// Shows all that was held back of what lies deeper than this: what belongs together as one, all else by itself.
    pub(super) fn unite(&mut self, depth: usize) -> ControlFlow<()> {
        self.shown_while(|held| held.depth > depth)
    }

    fn shown_while(&mut self, is_over: impl Fn(&Held) -> bool) -> ControlFlow<()> {
        while let Some(held) = self.held.pop_if(|held| is_over(held)) {
            let bytes = held.bytes;
            // The group is that of the member that comes next.
            let group = self.group.take();
            let flow = self.folder(held);
            self.group = group;
            self.costs.release_to(self.costs.held_bytes().saturating_sub(bytes));
            flow?;
        }
        ControlFlow::Continue(())
    }

    fn folder(&mut self, Held { parts, depth, .. }: Held) -> ControlFlow<()> {
        let names: Vec<Vec<u8>> = parts.iter().map(|part| part.name().to_vec()).collect();
        let (streams, archives) = (streams(&parts), archives(&parts));
        let mut parts: Vec<Option<Part>> = parts.into_iter().map(Some).collect();
        for set in &streams {
            let taken: Vec<Part> = set.parts().filter_map(|at| parts[at].take()).collect();
            self.stream(set, &taken, &names)?;
        }
        for volumes in archives {
            let taken = volumes.into_iter().filter_map(|at| parts[at].take()).collect();
            self.archive(taken, depth)?;
        }
        parts.into_iter().flatten().try_for_each(|part| self.alone(part, depth))
    }

    /// Shows a stream: an item at the place of its head, and a row for each segment.
    fn stream(&mut self, set: &Set, parts: &[Part], names: &[Vec<u8>]) -> ControlFlow<()> {
        let name = |at: usize| &names[at][..];
        let Some(head) = parts.first() else { return ControlFlow::Continue(()) };
        let (mut notes, row) = (set.notes(name), set.row(name));
        notes.extend(parts.iter().flat_map(|part| part.notes.iter().cloned()));
        let place = Place { offset: None, ..head.place.clone() };
        let length = parts.iter().fold(0_u64, |sum, part| sum.saturating_add(part.length));
        let all: Vec<Bytes> = parts.iter().map(|part| part.bytes.clone()).collect();
        if self.visit.wants(&place) {
            let item = match Bytes::in_a_row(&all) {
                Some(bytes) => Some(Item { notes, ..Item::within(place, length, bytes) }),
                None => self.take_in(place, &mut InTurn::of(all), Some(length), notes)?,
            };
            if let Some(item) = item {
                self.shown(Item { is_damaged: item.is_damaged || set.is_damaged(), ..item })?;
            }
        }
        let mut segments = parts.iter().skip(1);
        segments.try_for_each(|part| self.row(&part.place, FailureKind::NotAudio, row.clone()))
    }

    /// Opens an archive at the place of the first of its volumes, and shows a row for each of the others.
    fn archive(&mut self, parts: Vec<Part>, depth: usize) -> ControlFlow<()> {
        let all: Vec<Bytes> = parts.iter().map(|part| part.bytes.clone()).collect();
        let held_bytes = self.costs.held_bytes();
        let (bytes, ends) = match Bytes::in_a_row(&all) {
            Some(bytes) => (bytes, Vec::new()),
            None => match self.in_memory(&parts, all) {
                Some(joined) => joined,
                None => return parts.into_iter().try_for_each(|part| self.alone(part, depth)),
            },
        };
        let Some(first) = parts.first() else { return ControlFlow::Continue(()) };
        let name = visible(&String::from_utf8_lossy(first.name())).into_owned();
        let at = At::of(first.place.clone(), depth);
        self.beside.volume_ends = ends.into();
        let flow = self.container(&at, ContainerKind::Rar, Input::Stored(bytes));
        self.beside.volume_ends = [].into();
        self.costs.release_to(held_bytes);
        flow?;
        let row = format!("is a volume of the archive {name}, and is read with it");
        let mut others = parts.iter().skip(1);
        others.try_for_each(|part| self.row(&part.place, FailureKind::NotAudio, row.clone()))
    }

    /// Volumes as one in memory, and where each but the last ends. `None` if they cannot be read, or are more than may be held.
    fn in_memory(&mut self, parts: &[Part], all: Vec<Bytes>) -> Option<(Bytes, Vec<u64>)> {
        let mut end = 0_u64;
        let mut ends: Vec<u64> = parts
            .iter()
            .map(|part| {
                end = end.saturating_add(part.length);
                end
            })
            .collect();
        let whole = ends.pop().filter(|&whole| whole <= self.costs.container_bytes_left())?;
        let mut bytes = Vec::new();
        InTurn::of(all).take(whole).read_to_end(&mut bytes).ok()?;
        self.costs.hold(whole);
        Some((Bytes::of_memory(bytes), ends))
    }

    /// Shows a member that belongs to no other.
    fn alone(&mut self, part: Part, depth: usize) -> ControlFlow<()> {
        let Part { what, place, bytes, length, notes } = part;
        if matches!(what, What::Rar(_)) {
            return self.container(&At::of(place, depth), ContainerKind::Rar, Input::Stored(bytes));
        }
        if !self.visit.wants(&place) {
            return ControlFlow::Continue(());
        }
        let item = match bytes {
            Bytes::Memory(_) => {
                self.take_in(place, &mut InTurn::of(vec![bytes]), Some(length), notes)?
            }
            _ => Some(Item { notes, ..Item::within(place, length, bytes) }),
        };
        item.map_or(ControlFlow::Continue(()), |item| self.shown(item))
    }
}

/// Reads several bytes one after the other.
struct InTurn {
    open: Option<Reader>,
    rest: IntoIter<Bytes>,
}

impl InTurn {
    fn of(all: Vec<Bytes>) -> Self {
        Self { open: None, rest: all.into_iter() }
    }
}

impl Read for InTurn {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(open) = &mut self.open {
                let read = open.read(buffer)?;
                if read > 0 || buffer.is_empty() {
                    return Ok(read);
                }
            }
            let Some(next) = self.rest.next() else { return Ok(0) };
            self.open = Some(next.open_stored()?);
        }
    }
}
