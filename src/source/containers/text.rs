//! A text that holds sound in Base64: each sound is a member called by its line, and the text one called `text`.

use std::ops::ControlFlow;

use super::encoded::Finder;
use super::rows;
use super::traversal::{At, Member, Unpacker};
use crate::bytes::Bytes;
use crate::source::{Item, To};

/// The name of the text as an item beside the sound in it.
const TEXT: &[u8] = b"text";

/// Shows the sound in a text, and the text.
pub(super) fn walk(unpacker: &mut Unpacker<'_>, at: &At, text: &Bytes) -> ControlFlow<()> {
    let most = unpacker.costs.limits.max_item_bytes;
    let stream = match text.stream() {
        Ok(stream) => unpacker.limited(stream),
        Err(error) => return unpacker.broken(&at.place, &error),
    };
    let mut finder = Finder::new(stream, usize::try_from(most).unwrap_or(usize::MAX));
    let (mut line, mut nth) = (0, 0);
    loop {
        let run = match finder.next() {
            Ok(Some(run)) => run,
            Ok(None) => break,
            Err(error) => {
                unpacker.broken(&at.place, &error)?;
                break;
            }
        };
        nth = if run.line == line { nth + 1 } else { 1 };
        line = run.line;
        let to = To::Member { name: format!("line {line}").into_bytes(), nth };
        let place = at.member(to, None);
        if run.is_longer {
            unpacker.counted()?;
            unpacker.tell(&place, rows::item_too_large(most))?;
            continue;
        }
        let mut stream = unpacker.limited(&run.bytes[..]);
        unpacker.member(Member {
            place,
            depth: at.depth,
            stream: &mut stream,
            declared: Some(run.bytes.len() as u64),
            bytes: None,
            notes: Vec::new(),
        })?;
    }
    let place = at.member(To::Member { name: TEXT.to_vec(), nth: 1 }, None);
    if !unpacker.visit.wants(&place) {
        return ControlFlow::Continue(());
    }
    let size_bytes = text.length().ok().flatten().unwrap_or(0);
    unpacker.shown(Item::within(place, size_bytes, text.clone()))
}
