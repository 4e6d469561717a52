//! Whether a text holds sound.

use std::io::{self, Read};

use super::encoded::Finder;
use super::json::has_samples;
use crate::bytes::Bytes;

/// Tells whether a walk is to end, so that nobody waits until a long text is read.
pub(in crate::source) type IsOver<'a> = &'a dyn Fn() -> bool;

/// Whether a text that begins with `head` holds sound, in Base64 or as samples in JSON. It is read to its end, or to the first sound; if
/// the walk ends before, the answer means nothing.
pub(super) fn has_sound(text: &Bytes, head: &[u8], is_over: IsOver<'_>) -> bool {
    let stream = || text.stream().map(|stream| Watched { stream, is_over });
    let is_in = |stream| Finder::new(stream, 0).next().is_ok_and(|found| found.is_some());
    stream().is_ok_and(is_in) || may_be_json(head) && stream().is_ok_and(has_samples)
}

/// Whether a text begins as an object or a list of JSON does.
pub(super) fn may_be_json(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    matches!(head.trim_ascii_start().first(), Some(b'{' | b'['))
}

/// A stream that fails once the walk is to end.
pub(super) struct Watched<'a, R> {
    pub(super) stream: R,
    pub(super) is_over: IsOver<'a>,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if (self.is_over)() {
            return Err(io::Error::other("the walk has ended"));
        }
        self.stream.read(buffer)
    }
}
