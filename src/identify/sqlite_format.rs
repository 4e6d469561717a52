//! The parts of an SQLite file that are read without SQLite: header, pages, rows.
//!
//! The format is that of <https://www.sqlite.org/fileformat2.html>. Numbers are big-endian; a varint has seven bits in each byte
//! and at most nine bytes.
//!
//! ```text
//! file    page, page, …; the first page begins with the header of 100 bytes
//! header  "SQLite format 3\0", 16: bytes of a page (1 means 65,536), 20: unused bytes at the end of each page,
//!         24: count of changes, 28: number of pages, valid if 92 has the count of changes, 56: encoding of texts (2, 3: UTF-16)
//! page    0: kind (0x0d: leaf of a table, 0x05: interior page of a table); of a leaf, 3: number of cells, 8: offset of each cell
//! cell    varint: bytes of the record, varint: rowid, the part of the record on this page, number of the page with the rest
//! record  varint: bytes of its header, varints: types of its values, the values
//! ```

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::sniff::SQLITE_MAGIC;

/// Length of the header of a database.
pub(super) const HEADER_BYTES: usize = 100;
/// Kind of a page with rows of a table.
pub(super) const LEAF: u8 = 0x0d;
/// Kind of a page that points to other pages of a table.
pub(super) const INTERIOR: u8 = 0x05;

/// The contents of the header.
pub(super) struct Layout {
    pub(super) page_bytes: usize,
    /// Bytes of a page without the unused ones at its end.
    pub(super) usable: usize,
    pub(super) encoding: &'static Encoding,
    /// Number of pages, if the header's is valid.
    pub(super) pages: Option<u64>,
}

impl Layout {
    pub(super) fn of(header: &[u8; HEADER_BYTES]) -> Option<Self> {
        let four = |at: usize| number(header, at, 4).unwrap_or(0);
        let page_bytes = match number(header, 16, 2)? {
            1 => 65_536,
            bytes => bytes as usize,
        };
        let is_right = page_bytes.is_power_of_two() && (512..=65_536).contains(&page_bytes);
        let usable = page_bytes.checked_sub(usize::from(header[20]))?;
        let encoding = match four(56) {
            2 => UTF_16LE,
            3 => UTF_16BE,
            _ => UTF_8,
        };
        let pages = Some(four(28)).filter(|&pages| pages > 0 && four(24) == four(92));
        (is_right && usable >= 480 && header.starts_with(&SQLITE_MAGIC)).then_some(Self {
            page_bytes,
            usable,
            encoding,
            pages,
        })
    }
}

/// The part of a row that is on its page.
pub(super) struct Row<'a> {
    pub(super) id: i64,
    pub(super) record: &'a [u8],
    /// Whether the rest is on other pages.
    pub(super) is_cut: bool,
}

impl<'a> Row<'a> {
    pub(super) fn of(cell: &'a [u8], usable: usize) -> Option<Self> {
        let (record_bytes, first) = varint(cell)?;
        let (id, second) = varint(&cell[first..])?;
        // The length of the part on this page; the formula is that of the format, section 1.6.
        let (most, usable) = (usable as u64 - 35, usable as u64);
        let least = (usable - 12) * 32 / 255 - 23;
        let here = if record_bytes <= most {
            record_bytes
        } else {
            let fitting = least + (record_bytes - least) % (usable - 4);
            if fitting <= most { fitting } else { least }
        };
        let record = cell.get(first + second..)?.get(..usize::try_from(here).ok()?)?;
        Some(Self { id: id as i64, record, is_cut: record_bytes > most })
    }
}

/// The length of a value by its type; `None` for a type that is reserved.
pub(super) fn value_bytes(kind: u64) -> Option<usize> {
    Some(match kind {
        0 | 8 | 9 => 0,
        1..=4 => kind as usize,
        5 => 6,
        6 | 7 => 8,
        10 | 11 => return None,
        _ => usize::try_from((kind - 12) / 2).ok()?,
    })
}

/// Reads a varint; returns its value and its length.
pub(super) fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut number = 0_u64;
    for (at, &byte) in bytes.iter().take(9).enumerate() {
        if at == 8 {
            return Some((number << 8 | u64::from(byte), 9));
        }
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((number, at + 1));
        }
    }
    None
}

/// Reads a number of `length` bytes.
pub(super) fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(length)?)?;
    Some(bytes.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte)))
}
