//! Validates the structure of a Thrift header without interpreting it, so that a hostile length cannot stall the parser of the
//! crate `parquet`.
//!
//! The format is Thrift's compact protocol, <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>.
//! The crate skips each element of a list of unknown type, and skipping a boolean in a list consumes no byte: a footer of a few
//! hundred bytes took it hours. Parquet has no lists of booleans, so they are refused.

use std::io::{self, Read};

/// Deepest nesting of structs and lists: the limit of the crate.
const MAX_DEPTH: usize = 64;
/// Most bytes of a number of 64 bits, with 7 bits in each.
const MAX_NUMBER_BYTES: u32 = 10;

/// Types of values.
const BOOLEANS: [u8; 2] = [1, 2];
const BYTE: u8 = 3;
const I16: u8 = 4;
const I32: u8 = 5;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
const STRUCT: u8 = 12;
const UUID: u8 = 13;

/// A header that is being validated.
pub(super) struct Header<R> {
    from: R,
    /// Bytes that may still be read.
    left: u64,
}

impl<R: Read> Header<R> {
    /// A header of at most `most` bytes.
    pub(super) fn new(from: R, most: u64) -> Self {
        Self { from, left: most }
    }

    /// Goes through a header, which is a struct. `take` gets the id and the value of each of its own fields of 32 bits.
    pub(super) fn each_number(&mut self, take: &mut dyn FnMut(i64, i64)) -> io::Result<()> {
        let mut last = 0_i64;
        while let Some((delta, kind)) = self.field()? {
            last = if delta == 0 { signed(self.number()?) } else { last + i64::from(delta) };
            if kind == I32 {
                take(last, signed(self.number()?));
            } else {
                self.value(kind, MAX_DEPTH)?;
            }
        }
        Ok(())
    }

    /// The difference of the id of the next field to the one before (0 if the id follows) and its type; `None` at the end of
    /// the struct.
    fn field(&mut self) -> io::Result<Option<(u8, u8)>> {
        let byte = self.byte()?;
        Ok((byte & 0xf != 0).then_some((byte >> 4, byte & 0xf)))
    }

    fn value(&mut self, kind: u8, depth: usize) -> io::Result<()> {
        let inner = depth.checked_sub(1).ok_or_else(|| wrong("its structs are nested too deep"))?;
        match kind {
            // A boolean field has its value in its type.
            1 | 2 => Ok(()),
            BYTE => self.pass(1),
            I16 | I32 | I64 => self.number().map(drop),
            DOUBLE => self.pass(8),
            UUID => self.pass(16),
            BINARY => {
                let length = self.number()?;
                self.pass(length)
            }
            STRUCT => {
                while let Some((delta, kind)) = self.field()? {
                    if delta == 0 {
                        self.number()?;
                    }
                    self.value(kind, inner)?;
                }
                Ok(())
            }
            LIST | SET => {
                let byte = self.byte()?;
                let count = if byte >> 4 == 15 { self.number()? } else { u64::from(byte >> 4) };
                self.elements(count, &[byte & 0xf], inner)
            }
            MAP => {
                let count = self.number()?;
                let kinds = if count == 0 { 0 } else { self.byte()? };
                self.elements(count, &[kinds >> 4, kinds & 0xf], inner)
            }
            _ => Err(wrong("a value is of no known type")),
        }
    }

    /// Elements of a list, set or map; each takes at least a byte.
    fn elements(&mut self, count: u64, kinds: &[u8], depth: usize) -> io::Result<()> {
        if count > self.left || count > 0 && kinds.iter().any(|kind| BOOLEANS.contains(kind)) {
            return Err(wrong(format!("a list states that it has {count} values")));
        }
        for _ in 0..count {
            kinds.iter().try_for_each(|kind| self.value(*kind, depth))?;
        }
        Ok(())
    }

    fn number(&mut self) -> io::Result<u64> {
        let mut number = 0;
        for place in 0..MAX_NUMBER_BYTES {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).checked_shl(7 * place).unwrap_or(0);
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(wrong("a number has no end"))
    }

    fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.spend(1)?;
        self.from.read_exact(&mut byte)?;
        Ok(byte[0])
    }

    fn pass(&mut self, bytes: u64) -> io::Result<()> {
        self.spend(bytes)?;
        let passed = io::copy(&mut (&mut self.from).take(bytes), &mut io::sink())?;
        if passed < bytes { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }

    fn spend(&mut self, bytes: u64) -> io::Result<()> {
        self.left =
            self.left.checked_sub(bytes).ok_or_else(|| wrong("it does not end where it should"))?;
        Ok(())
    }
}

/// Zigzag decoding: the lowest bit is the sign.
fn signed(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

fn wrong(what: impl Into<String>) -> io::Error {
    io::Error::other(what.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(bytes: &[u8]) -> io::Result<Vec<(i64, i64)>> {
        let mut seen = Vec::new();
        Header::new(bytes, bytes.len() as u64)
            .each_number(&mut |field, number| seen.push((field, number)))?;
        Ok(seen)
    }

    #[test]
    fn the_numbers_of_a_header_are_found_among_values_of_all_types() {
        let mut bytes = vec![0x15, 0xd8, 0x04];
        // A boolean, a byte, a double, a text, a list of two numbers, a map of a text to a struct, an id.
        bytes.extend([0x11, 0x13, 7, 0x17, 0, 0, 0, 0, 0, 0, 0, 0, 0x18, 2, b'a', b'b']);
        bytes.extend([0x19, 0x25, 2, 4, 0x1b, 1, 0x8c, 1, b'k', 0x15, 2, 0, 0x1d]);
        bytes.extend([0; 16]);
        // A field whose id follows.
        bytes.extend([0x05, 40, 1, 0]);
        assert_eq!(numbers(&bytes).unwrap(), [(1, 300), (20, -1)]);
    }

    #[test]
    fn lists_longer_than_the_header_and_lists_of_booleans_are_refused() {
        for bytes in [
            // A list of a thousand million booleans; of two; of a thousand million numbers; a map of booleans.
            &[0x19, 0xf1, 0x80, 0x94, 0xeb, 0xdc, 0x03, 0][..],
            &[0x19, 0x21, 1, 1, 0],
            &[0x19, 0xf5, 0x80, 0x94, 0xeb, 0xdc, 0x03, 0],
            &[0x1b, 2, 0x11, 0],
            // A text longer than the header; a number without end; a missing end; an unknown type.
            &[0x18, 0x7f, b'a', 0],
            &[0x15, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0],
            &[0x15, 2],
            &[0x1e, 0],
        ] {
            assert!(numbers(bytes).is_err(), "{bytes:x?}");
        }
        let deep = [&[0x1c; 100][..], &[0; 101]].concat();
        assert!(numbers(&deep).unwrap_err().to_string().contains("too deep"));
    }
}
