//! Opens one container: by its kind, the reader of that format.

use std::ops::ControlFlow;

use super::table::Held;
use super::traversal::{At, Input, Unpacker, length_of};
use super::{ar, arrow, cab, cpio, disc, npy, parquet, rar, rows, sevenz, tar, text, warc, zip};
use crate::bytes::Bytes;
use crate::sniff::container::ContainerKind;
use crate::source::{Item, To};

/// Shows what is in a container. `at` is the container's own place, of a kind that is not known to it yet.
pub(super) fn open(
    unpacker: &mut Unpacker<'_>,
    at: &At,
    kind: ContainerKind,
    input: Input<'_>,
) -> ControlFlow<()> {
    if let ContainerKind::Unread(what, remedy) = kind {
        return unpacker.tell(&at.place, rows::not_read(what, remedy));
    }
    if at.depth >= unpacker.costs.limits.max_depth {
        return unpacker.tell(&at.place, rows::too_deep(at.depth));
    }
    let inner = at.opened(kind);
    let is_over = unpacker.sections_end(&inner).is_some();
    let before = if is_over { 0 } else { unpacker.looked_at() };
    match kind {
        ContainerKind::Packed(codec) => return unpacker.packed(&inner, codec, input),
        ContainerKind::Tar | ContainerKind::Zip if is_over => {}
        ContainerKind::Tar => tar::walk(unpacker, &inner, input)?,
        ContainerKind::Zip => match unpacker.seekable(at, input)? {
            Some(bytes) => {
                let outer = unpacker.beside.rates.clone();
                unpacker.beside.rates = npy::rates_in_zip(&bytes).map_or(outer.clone(), Into::into);
                zip::walk(unpacker, &inner, &bytes)?;
                unpacker.beside.rates = outer;
            }
            None => return ControlFlow::Continue(()),
        },
        ContainerKind::Parquet | ContainerKind::Arrow => match unpacker.seekable(at, input)? {
            Some(bytes) => return table(unpacker, at, &inner, kind, bytes),
            None => return ControlFlow::Continue(()),
        },
        ContainerKind::Npy => match unpacker.seekable(at, input)? {
            Some(bytes) => return npy::walk(unpacker, &inner, &bytes),
            None => return ControlFlow::Continue(()),
        },
        ContainerKind::Text => match input {
            Input::Stored(bytes) => return text::walk(unpacker, &inner, &bytes),
            Input::Stream(_) => {}
        },
        ContainerKind::SevenZ => match unpacker.seekable(at, input)? {
            Some(bytes) => sevenz::walk(unpacker, &inner, &bytes)?,
            None => return ControlFlow::Continue(()),
        },
        ContainerKind::Rar => match unpacker.seekable(at, input)? {
            Some(bytes) => rar::walk(unpacker, &inner, &bytes)?,
            None => return ControlFlow::Continue(()),
        },
        ContainerKind::Disc => match unpacker.seekable(at, input)? {
            Some(bytes) => disc::walk(unpacker, &inner, &bytes)?,
            None => return ControlFlow::Continue(()),
        },
        ContainerKind::Cab => match unpacker.seekable(at, input)? {
            Some(bytes) => cab::walk(unpacker, &inner, &bytes)?,
            None => return ControlFlow::Continue(()),
        },
        ContainerKind::Cpio => cpio::walk(unpacker, &inner, input)?,
        ContainerKind::Ar => ar::walk(unpacker, &inner, input)?,
        ContainerKind::Warc => warc::walk(unpacker, &inner, input)?,
        ContainerKind::Unread(..) => {}
    }
    if unpacker.looked_at() == before && unpacker.section(&inner).is_none() {
        return unpacker.tell(&at.place, rows::empty(kind.as_str()));
    }
    ControlFlow::Continue(())
}

/// Shows the sound in the cells of a table, and the table itself as a document if it has text about other recordings.
fn table(
    unpacker: &mut Unpacker<'_>,
    at: &At,
    inner: &At,
    kind: ContainerKind,
    bytes: Bytes,
) -> ControlFlow<()> {
    let is_over = unpacker.sections_end(inner).is_some();
    let before = if is_over { 0 } else { unpacker.looked_at() };
    let held = match kind {
        ContainerKind::Arrow => arrow::walk(unpacker, inner, &bytes)?,
        _ => parquet::walk(unpacker, inner, &bytes)?,
    };
    if unpacker.section(inner).is_some() {
        return ControlFlow::Continue(());
    }
    if held == Held::Sound && unpacker.looked_at() == before {
        return unpacker.tell(&at.place, rows::empty_table(kind.as_str()));
    }
    let place = match held {
        Held::Text => at.place.clone(),
        Held::Both => inner.member(To::Words, None),
        Held::Sound => return ControlFlow::Continue(()),
    };
    if !unpacker.visit.wants(&place) {
        return ControlFlow::Continue(());
    }
    let size_bytes = length_of(&bytes);
    unpacker.shown(Item::within(place, size_bytes, bytes))
}
