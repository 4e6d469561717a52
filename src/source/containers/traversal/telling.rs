//! What is shown of a file on disk: items, at once or with their group, and rows for what could not be read.

use std::borrow::Cow;
use std::io;
use std::ops::ControlFlow;

use super::Unpacker;
use crate::bytes::codecs::Bomb;
use crate::record::{FailureKind, FailureRecord, Stage};
use crate::source::containers::group::Group;
use crate::source::containers::rows::{self, Row};
use crate::source::{Item, Place, Unlisted};
use crate::wording::visible;

impl Unpacker<'_> {
    /// Shows a failure in words.
    pub(in crate::source::containers) fn tell(
        &mut self,
        place: &Place,
        (kind, message): Row,
    ) -> ControlFlow<()> {
        self.row(place, kind, message)
    }

    /// Shows a row for something that could not be read. The message completes a sentence that begins with the path.
    pub(in crate::source::containers) fn row(
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
    pub(in crate::source::containers) fn broken(
        &mut self,
        place: &Place,
        error: &io::Error,
    ) -> ControlFlow<()> {
        if self.costs.allowance.is_spent() || Bomb::is(error) {
            return self.bomb();
        }
        self.tell(place, rows::broken(error))
    }

    /// Shows the row of a container whose end is missing.
    pub(in crate::source::containers) fn truncated(
        &mut self,
        place: &Place,
        why: &str,
    ) -> ControlFlow<()> {
        self.tell(place, rows::truncated(why))
    }

    pub(super) fn bomb(&mut self) -> ControlFlow<()> {
        self.close(rows::bomb(&self.costs.limits, self.size_bytes))
    }

    /// Shows the last row of the file on disk.
    pub(super) fn close(&mut self, row: Row) -> ControlFlow<()> {
        if !self.is_closed {
            let file = self.file.clone();
            self.tell(&file, row)?;
            self.is_closed = true;
        }
        ControlFlow::Break(())
    }

    /// Begins the group of a key, unless it is open already; without a key, ends the group.
    pub(in crate::source::containers) fn join(&mut self, key: Option<&[u8]>) -> ControlFlow<()> {
        if self.group.as_ref().map(Group::key) == key {
            return ControlFlow::Continue(());
        }
        self.release()?;
        self.group = key.map(Group::new);
        ControlFlow::Continue(())
    }

    /// Gives a side-car to all items of the group.
    pub(in crate::source::containers) fn side_car(&mut self, bytes: &[u8]) {
        if let Some(group) = &mut self.group {
            group.set_side_car(bytes);
        }
    }

    /// Shows an item, at once or when its group is complete.
    pub(in crate::source::containers) fn shown(&mut self, mut item: Item) -> ControlFlow<()> {
        item.torrent.clone_from(&self.torrent);
        let Some(group) = &mut self.group else { return self.visit.item(item) };
        group.hold(item);
        if group.is_full(self.costs.limits.extra_item_bytes) {
            return self.release();
        }
        ControlFlow::Continue(())
    }

    /// Shows the items of the group that are held back.
    pub(super) fn release(&mut self) -> ControlFlow<()> {
        let held = self.group.as_mut().map(Group::take);
        held.into_iter().flatten().try_for_each(|item| self.visit.item(item))
    }
}
