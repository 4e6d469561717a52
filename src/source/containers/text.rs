//! A text that holds sound: in Base64, where each is a member called by its line, or as samples in JSON, which are cells. The text
//! itself is a member called `text`.

use std::cell::RefCell;
use std::io::{self, Read};
use std::ops::ControlFlow;

use super::encoded::{Finder, Run};
use super::in_text::{Watched, may_be_json};
use super::json::{Found, samples};
use super::limits::bounded;
use super::rows;
use super::samples::Made;
use super::traversal::{At, Flaws, Member, Unpacker};
use crate::bytes::Bytes;
use crate::record::FailureKind;
use crate::sniff::container::HEAD_BYTES;
use crate::source::{Item, To};

/// The name of the text as an item beside the sound in it.
const TEXT: &[u8] = b"text";
/// Bytes of a sample in memory.
const SAMPLE_BYTES: u64 = 4;

/// Shows the sound in a text, and the text.
pub(super) fn walk(unpacker: &mut Unpacker<'_>, at: &At, text: &Bytes) -> ControlFlow<()> {
    let Flaws { notes, is_damaged } = std::mem::take(&mut unpacker.beside.flaws);
    let is_broken = encoded(unpacker, at, text, &notes)?;
    json(unpacker, at, text, is_broken)?;
    let place = at.member(To::Member { name: TEXT.to_vec(), nth: 1 }, None);
    if !unpacker.visit.wants(&place) {
        return ControlFlow::Continue(());
    }
    let size_bytes = text.length().ok().flatten().unwrap_or(0);
    let item = Item::within(place, size_bytes, text.clone());
    unpacker.shown(Item { notes, is_damaged, ..item })
}

/// Shows the sound in Base64. Whether it was told that the text cannot be read to its end; `notes` say what is missing of it.
fn encoded(
    unpacker: &mut Unpacker<'_>,
    at: &At,
    text: &Bytes,
    notes: &[String],
) -> ControlFlow<(), bool> {
    let most = unpacker.costs.limits.max_item_bytes;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let opened: io::Result<Box<dyn Read + '_>> = match text.stream() {
        Ok(stream) if matches!(text, Bytes::Text(_)) => Ok(Box::new(unpacker.limited(stream))),
        // Any other text lies on disk as it is, or was counted when it was read into memory.
        other => other,
    };
    let (unpacker, mut line, mut nth) = (RefCell::new(unpacker), 0, 0);
    let is_over = || unpacker.borrow().visit.is_over();
    let found = opened.map(|stream| Finder::new(Watched { stream, is_over: &is_over }, most));
    let broken = |error: io::Error| {
        if is_over() {
            return ControlFlow::Break(());
        }
        unpacker.borrow_mut().broken(&at.place, &error).map_continue(|()| true)
    };
    let mut finder = match found {
        Ok(finder) => finder,
        Err(error) => return broken(error),
    };
    loop {
        let run = match finder.next() {
            Ok(Some(run)) => run,
            Ok(None) => return ControlFlow::Continue(false),
            Err(error) => return broken(error),
        };
        nth = if run.line == line { nth + 1 } else { 1 };
        line = run.line;
        let to = To::Member { name: format!("line {line}").into_bytes(), nth };
        // What is missing at the end of the text may be the end of its last sound.
        let notes = if run.is_last { notes } else { &[] };
        sound(&mut unpacker.borrow_mut(), at, to, &run, notes)?;
    }
}

/// Shows a sound that was found in Base64.
fn sound(
    unpacker: &mut Unpacker<'_>,
    at: &At,
    to: To,
    run: &Run,
    notes: &[String],
) -> ControlFlow<()> {
    let place = at.member(to, None);
    if run.is_longer {
        unpacker.counted()?;
        return unpacker.tell(&place, rows::item_too_large(unpacker.costs.limits.max_item_bytes));
    }
    let mut stream = unpacker.limited(&run.bytes[..]);
    unpacker.member(Member {
        place,
        depth: at.depth,
        stream: &mut stream,
        declared: Some(run.bytes.len() as u64),
        bytes: None,
        notes: notes.to_vec(),
    })
}

/// Shows the samples in a text. It is read for the second time, so its bytes do not count again; `is_broken` if it was told that it
/// cannot be read to its end.
fn json(unpacker: &mut Unpacker<'_>, at: &At, text: &Bytes, is_broken: bool) -> ControlFlow<()> {
    let is_json = text.head(HEAD_BYTES as u64).is_ok_and(|head| may_be_json(&head));
    if !is_json {
        return ControlFlow::Continue(());
    }
    let most = unpacker.costs.limits.max_item_bytes / SAMPLE_BYTES;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let (unpacker, mut flow) = (RefCell::new(unpacker), ControlFlow::Continue(()));
    let is_over = || unpacker.borrow().visit.is_over();
    let mut each = |found| {
        flow = shown(&mut unpacker.borrow_mut(), at, found);
        flow
    };
    let watched = text.stream().map(|stream| Watched { stream, is_over: &is_over });
    let read = watched.and_then(|stream| samples(stream, most, &mut each));
    flow?;
    match read {
        Err(_) if is_over() => ControlFlow::Break(()),
        Err(error) if !is_broken => unpacker.borrow_mut().broken(&at.place, &error),
        _ => ControlFlow::Continue(()),
    }
}

/// Shows a list of samples.
fn shown(unpacker: &mut Unpacker<'_>, at: &At, found: Found) -> ControlFlow<()> {
    let Found { value, nth, name, made } = found;
    let name = String::from_utf8_lossy(&bounded(name.into_bytes())).into_owned();
    let place = at.member(To::Cell { group: value, row: nth, column: name }, None);
    match made {
        Made::Empty => ControlFlow::Continue(()),
        Made::Shapeless(told) => {
            let told = format!(
                "holds {told}; if they are sound, write the text again with mono samples and a sampling_rate"
            );
            unpacker.row(&place, FailureKind::ContainerUnsupported, told)
        }
        Made::Wav(wav) => unpacker.member(Member {
            place,
            depth: at.depth,
            stream: &mut unpacker.limited(&wav[..]),
            declared: Some(wav.len() as u64),
            bytes: None,
            notes: Vec::new(),
        }),
    }
}
