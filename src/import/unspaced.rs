//! Leaves out blanks between a delimiter and the quote behind it.
//!
//! By the rules of CSV (RFC 4180) a quote behind a blank is a character of the cell. Programs that write `, "a, b"` mean a quoted cell
//! all the same.

use std::io::{self, Read};

/// A table without such blanks.
pub(super) struct Unspaced<R> {
    inner: R,
    delimiter: u8,
    state: State,
    /// What was read and not yet handed on, and how much of it was.
    block: Vec<u8>,
    at: usize,
    ended: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the start of a cell, behind this many blanks.
    Start(usize),
    Plain,
    Quoted,
    /// Behind a quote that ends a quoted cell, or is the first of a doubled one.
    Closed,
}

/// Bytes that are read at a time. A guess.
const BLOCK: usize = 1 << 14;
/// Most blanks that are left out. A guess.
const MAX_BLANKS: usize = 64;

impl<R: Read> Unspaced<R> {
    pub(super) fn new(inner: R, delimiter: u8) -> Self {
        let (block, at, ended) = (Vec::new(), 0, false);
        Self { inner, delimiter, state: State::Start(0), block, at, ended }
    }

    fn fill(&mut self) -> io::Result<()> {
        let mut read = vec![0; BLOCK];
        let count = self.inner.read(&mut read)?;
        self.ended = count == 0;
        self.block.clear();
        self.at = 0;
        for &byte in &read[..count] {
            self.take(byte);
        }
        if let (true, State::Start(blanks)) = (self.ended, self.state) {
            self.blanks(blanks);
            self.state = State::Plain;
        }
        Ok(())
    }

    fn blanks(&mut self, count: usize) {
        self.block.resize(self.block.len() + count, b' ');
    }

    fn take(&mut self, byte: u8) {
        self.state = match (self.state, byte) {
            (State::Start(blanks), b' ') if blanks < MAX_BLANKS && self.delimiter != b' ' => {
                self.state = State::Start(blanks + 1);
                return;
            }
            (State::Start(_), b'"') => State::Quoted,
            (state, byte) => {
                if let State::Start(blanks) = state {
                    self.blanks(blanks);
                }
                match (state, byte) {
                    (State::Quoted, b'"') => State::Closed,
                    (State::Quoted, _) | (State::Closed, b'"') => State::Quoted,
                    (_, b'\n' | b'\r') => State::Start(0),
                    (_, byte) if byte == self.delimiter => State::Start(0),
                    _ => State::Plain,
                }
            }
        };
        self.block.push(byte);
    }
}

impl<R: Read> Read for Unspaced<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at == self.block.len() && !self.ended {
            self.fill()?;
        }
        let left = &self.block[self.at..];
        let count = left.len().min(out.len());
        out[..count].copy_from_slice(&left[..count]);
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_before_a_quote_are_left_out_and_others_stay() {
        for (given, expected) in [
            ("a, \"b, c\",  \"d\"\n", "a,\"b, c\",\"d\"\n"),
            (" \"a\", b c ,d\n", "\"a\", b c ,d\n"),
            ("a,\"x \"\" y\", z \"q\"", "a,\"x \"\" y\", z \"q\""),
            ("\"x \"\" y,  \"\"z\"\"\"", "\"x \"\" y,  \"\"z\"\"\""),
            ("\"a,\n \"\"b\"\"\", c", "\"a,\n \"\"b\"\"\", c"),
            ("a,   ", "a,   "),
            ("", ""),
        ] {
            let mut text = String::new();
            Unspaced::new(given.as_bytes(), b',').read_to_string(&mut text).expect("read");
            assert_eq!(text, expected, "{given:?}");
        }
    }
}
