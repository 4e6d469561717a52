//! A text that holds sound: in Base64, where each is a member called by its line, or as samples in JSON, which are cells. The text
//! itself is a member called `text`.

use std::ops::ControlFlow;

use super::encoded::Finder;
use super::in_text::may_be_json;
use super::json::{Found, samples};
use super::limits::bounded;
use super::rows;
use super::samples::Made;
use super::traversal::{At, Member, Unpacker};
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
    json(unpacker, at, text)?;
    let place = at.member(To::Member { name: TEXT.to_vec(), nth: 1 }, None);
    if !unpacker.visit.wants(&place) {
        return ControlFlow::Continue(());
    }
    let size_bytes = text.length().ok().flatten().unwrap_or(0);
    unpacker.shown(Item::within(place, size_bytes, text.clone()))
}

/// Shows the samples in a text.
fn json(unpacker: &mut Unpacker<'_>, at: &At, text: &Bytes) -> ControlFlow<()> {
    let is_json = text.head(HEAD_BYTES as u64).is_ok_and(|head| may_be_json(&head));
    if !is_json {
        return ControlFlow::Continue(());
    }
    // An error of the stream was told when it was read for Base64.
    let Ok(stream) = text.stream() else { return ControlFlow::Continue(()) };
    let stream = unpacker.limited(stream);
    let most = unpacker.costs.limits.max_item_bytes / SAMPLE_BYTES;
    let mut flow = ControlFlow::Continue(());
    samples(stream, usize::try_from(most).unwrap_or(usize::MAX), &mut |found| {
        let Found { value, nth, name, made } = found;
        let name = String::from_utf8_lossy(&bounded(name.into_bytes())).into_owned();
        let place = at.member(To::Cell { group: value, row: nth, column: name }, None);
        flow = match made {
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
        };
        flow
    });
    flow
}
