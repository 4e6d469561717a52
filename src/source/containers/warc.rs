//! WARC archives of web pages: responses without their HTTP headers, and resources.

use std::io::{self, Read};
use std::ops::ControlFlow;

use super::front::{Front, Next};
use super::traversal::{At, Input, Member, Unpacker};
use crate::record::FailureKind;

/// Longest header of a record, and of a response in it. A guess: real ones have a few KiB.
const MAX_HEADER_BYTES: usize = 1 << 20;
/// What ends a record.
const END: &[u8] = b"\r\n\r\n";

/// Shows the records of a WARC archive that hold something.
pub(super) fn walk(unpacker: &mut Unpacker<'_>, at: &At, input: Input<'_>) -> ControlFlow<()> {
    Front::walk(unpacker, at, input, records)
}

fn records(
    unpacker: &mut Unpacker<'_>,
    at: &At,
    front: &mut Front<'_>,
) -> io::Result<ControlFlow<()>> {
    loop {
        let begin = front.position();
        let damaged = || {
            let message = format!("the record at byte {begin} is damaged");
            io::Error::new(io::ErrorKind::InvalidData, message)
        };
        let head = match header(front, MAX_HEADER_BYTES as u64)? {
            Head::Whole(head) => head,
            Head::End if front.position() == begin => return Ok(ControlFlow::Continue(())),
            Head::End => return Ok(unpacker.truncated(&at.place, &format!("after byte {begin}"))),
            Head::TooLong => return Err(damaged()),
        };
        let fields = Fields::of(&head).filter(|_| head.starts_with(b"WARC/1."));
        let fields = fields.ok_or_else(damaged)?;
        let length = fields.get("content-length").and_then(|text| text.parse::<u64>().ok());
        let length = length.ok_or_else(damaged)?;
        let end = front.position().saturating_add(length);
        let flow = record(unpacker, at, front, &fields, length)?;
        if flow.is_break() {
            return Ok(flow);
        }
        front.skip(end.saturating_sub(front.position()))?;
        let missing = front.missing(end);
        if missing > 0 {
            return Ok(unpacker.truncated(&at.place, &format!("{missing} bytes are missing")));
        }
        let behind = front.bytes(END.len())?;
        if !END.starts_with(&behind) {
            return Err(damaged());
        }
    }
}

/// Shows what a record of `length` bytes holds, if it holds something.
fn record(
    unpacker: &mut Unpacker<'_>,
    at: &At,
    front: &mut Front<'_>,
    fields: &Fields,
    length: u64,
) -> io::Result<ControlFlow<()>> {
    let name = ["warc-target-uri", "warc-filename", "warc-record-id"];
    let name = name.iter().find_map(|field| fields.get(field)).unwrap_or("record");
    // Old programs put the address between angle brackets.
    let name = name.trim_start_matches('<').trim_end_matches('>').as_bytes().to_vec();
    let mut notes = Vec::new();
    let kind = fields.get("warc-type").unwrap_or_default().to_ascii_lowercase();
    let row = match &*kind {
        // What was asked for and by which program is nobody's sound.
        "warcinfo" | "request" => return Ok(ControlFlow::Continue(())),
        "revisit" => Some((
            FailureKind::NotAudio,
            "is a visit that found the same as an earlier one, which is looked at in its own record",
        )),
        "continuation" => Some((
            FailureKind::Unsupported,
            "is a later segment of a record, which is not read here; join the segments and scan the file",
        )),
        _ => None,
    };
    if let Some((kind, message)) = row {
        let next = Next { name, length, notes };
        return Ok(front.row(unpacker, at, next, (kind, message.to_owned())));
    }
    if fields.get("warc-segment-number").is_some() {
        notes.push("only its first segment is here, others are records of their own".to_owned());
    }
    let content = fields.get("content-type").unwrap_or_default().to_ascii_lowercase();
    if kind != "response" || !content.starts_with("application/http") {
        return Ok(front.member(unpacker, at, Next { name, length, notes }));
    }
    let begin = front.position();
    let head = match header(front, length.min(MAX_HEADER_BYTES as u64))? {
        Head::Whole(head) => head,
        Head::End | Head::TooLong => {
            let next =
                Next { name, length: length.saturating_sub(front.position() - begin), notes };
            let message = "has no end of its HTTP header; fetch it again";
            return Ok(front.row(unpacker, at, next, (FailureKind::Damaged, message.to_owned())));
        }
    };
    let length = length.saturating_sub(front.position() - begin);
    let http = Fields::of(&head).unwrap_or_default();
    let coding = http.get("content-encoding").unwrap_or_default().to_ascii_lowercase();
    if matches!(&*coding, "br" | "deflate" | "compress") {
        let message = format!(
            "is compressed for the way ({coding}), which is not read here; unpack the archive and scan the folder"
        );
        let next = Next { name, length, notes };
        return Ok(front.row(unpacker, at, next, (FailureKind::Unsupported, message)));
    }
    let transfer = http.get("transfer-encoding").unwrap_or_default().to_ascii_lowercase();
    if transfer.contains("chunked") {
        let place = front.place(at, name, length);
        let (depth, declared, bytes) = (at.depth, None, None);
        let mut chunks = Chunked::new(front.take(length));
        let stream = &mut chunks as &mut dyn Read;
        return Ok(unpacker.member(Member { place, depth, stream, declared, bytes, notes }));
    }
    Ok(front.member(unpacker, at, Next { name, length, notes }))
}

enum Head {
    Whole(Vec<u8>),
    /// The bytes end before the header does.
    End,
    TooLong,
}

/// Reads lines up to an empty one.
fn header(front: &mut Front<'_>, most: u64) -> io::Result<Head> {
    let mut head = Vec::new();
    // Byte by byte, so that no more than the header is read.
    let mut byte = [0];
    while (head.len() as u64) < most {
        if front.read(&mut byte)? == 0 {
            return Ok(Head::End);
        }
        head.push(byte[0]);
        if head.ends_with(b"\n\r\n") || head.ends_with(b"\n\n") {
            return Ok(Head::Whole(head));
        }
    }
    Ok(Head::TooLong)
}

/// The fields of a header, their names in lower case.
#[derive(Debug, Default)]
struct Fields(Vec<(String, String)>);

impl Fields {
    fn of(head: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(head);
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in text.lines().skip(1) {
            if line.starts_with([' ', '\t']) {
                // It goes on with the field before.
                let (_, last) = fields.last_mut()?;
                last.push(' ');
                last.push_str(line.trim());
            } else if let Some((name, value)) = line.split_once(':') {
                fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
            }
        }
        Some(Self(fields))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(field, _)| field == name).map(|(_, value)| &**value)
    }
}

/// A body that was sent in chunks, each behind its length in hex. Some programs store the plain body and leave the field: it is
/// given as it is.
struct Chunked<R> {
    stream: R,
    left: u64,
    is_over: bool,
    is_first: bool,
    /// The first line of a plain body, which was read as a length.
    line: io::Cursor<Vec<u8>>,
}

impl<R: Read> Chunked<R> {
    fn new(stream: R) -> Self {
        Self { stream, left: 0, is_over: false, is_first: true, line: io::Cursor::default() }
    }

    /// The line of a length, up to its end; `None` if it is none.
    fn line(&mut self) -> io::Result<(Vec<u8>, Option<u64>)> {
        let mut line = Vec::new();
        let mut byte = [0];
        while line.len() < 64 && self.stream.read(&mut byte)? == 1 {
            line.push(byte[0]);
            if byte == *b"\n" {
                break;
            }
        }
        let text = std::str::from_utf8(&line).ok().filter(|text| text.ends_with('\n'));
        let digits = text.map(|text| text.split(';').next().unwrap_or_default().trim());
        let length = digits
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|digits| u64::from_str_radix(digits, 16).ok());
        Ok((line, length))
    }
}

impl<R: Read> Read for Chunked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || self.is_over {
            return Ok(0);
        }
        let read = self.line.read(buffer)?;
        if read > 0 {
            return Ok(read);
        }
        if self.left == 0 {
            if !self.is_first {
                // The line that ends the chunk before.
                self.line()?;
            }
            let (line, length) = self.line()?;
            match length {
                Some(0) => {
                    self.is_over = true;
                    return Ok(0);
                }
                Some(length) => self.left = length,
                None if self.is_first => {
                    self.is_first = false;
                    self.left = u64::MAX;
                    self.line = io::Cursor::new(line);
                    return self.line.read(buffer);
                }
                None if line.is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
                None => return Err(io::Error::other("a chunk of it has no length")),
            }
            self.is_first = false;
        }
        let most = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let read = self.stream.read(&mut buffer[..most])?;
        if read == 0 && self.left != u64::MAX {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if self.left != u64::MAX {
            self.left -= read as u64;
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(bytes: &[u8]) -> io::Result<String> {
        io::read_to_string(Chunked::new(bytes))
    }

    #[test]
    fn chunks_are_joined_and_a_body_that_is_none_is_left() {
        assert_eq!(body(b"4\r\nsong\r\n3;x=y\r\ns 1\r\n0\r\n\r\n").unwrap(), "songs 1");
        assert_eq!(body(b"RIFF and no chunks").unwrap(), "RIFF and no chunks");
        assert!(body(b"4\r\nso").is_err());
        assert!(body(b"4\r\nsong\r\nxyz\r\n").is_err());
    }

    #[test]
    fn fields_are_found_in_any_case_and_over_several_lines() {
        let fields = Fields::of(b"WARC/1.0\r\nContent-Length: 12\r\nX: a\r\n b\r\n\r\n").unwrap();
        assert_eq!(fields.get("content-length"), Some("12"));
        assert_eq!(fields.get("x"), Some("a b"));
        assert_eq!(fields.get("y"), None);
    }
}
