//! Sparse files in tar archives as PAX records of GNU tar describe them: which stretches are stored, and how long the whole is.
//!
//! Version 0.0 has a record for each number, 0.1 one record with all of them, 1.0 a list in front of the stored bytes, a number a line,
//! padded to blocks of 512 bytes.

use std::io::{self, Read};

use tar::Entry;

use super::fields::{damaged, digits};

/// Most stretches of a file. A guess: each takes 16 bytes here.
const MAX_STRETCHES: usize = 1 << 20;
/// Longest line of the list of version 1.0: a number of 64 bits has 20 digits.
const MAX_LINE_BYTES: usize = 24;
const BLOCK_BYTES: u64 = 512;

/// What PAX records say of a sparse file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Described {
    /// Its name, if that in the header is made up.
    pub(super) name: Option<Vec<u8>>,
    length: Option<u64>,
    /// Offset and length of each stored stretch; empty if the list stands in front of the bytes.
    map: Vec<(u64, u64)>,
    /// The list stands in front of the bytes.
    is_in_front: bool,
}

impl Described {
    /// What the records of an entry say, if they describe holes.
    pub(super) fn of<R: Read>(entry: &mut Entry<'_, R>) -> Option<Self> {
        let records = entry.pax_extensions().ok()??;
        Self::parse(records.flatten().map(|record| (record.key_bytes(), record.value_bytes())))
    }

    fn parse<'r>(records: impl Iterator<Item = (&'r [u8], &'r [u8])>) -> Option<Self> {
        let (mut found, mut is_sparse) = (Self::default(), false);
        let mut offset = None;
        for (key, value) in records {
            let Some(key) = key.strip_prefix(b"GNU.sparse.") else { continue };
            is_sparse = true;
            match key {
                b"name" => found.name = Some(value.to_vec()),
                b"size" | b"realsize" => found.length = digits(value, 10),
                b"major" => found.is_in_front = value == b"1",
                b"offset" => offset = digits(value, 10),
                b"numbytes" if found.map.len() < MAX_STRETCHES => {
                    found.map.extend(offset.take().zip(digits(value, 10)));
                }
                b"map" => {
                    let numbers: Option<Vec<u64>> = value
                        .split(|&byte| byte == b',')
                        .take(2 * MAX_STRETCHES)
                        .map(|number| digits(number, 10))
                        .collect();
                    let numbers = numbers.unwrap_or_default();
                    found.map = numbers.as_chunks::<2>().0.iter().map(|&[a, b]| (a, b)).collect();
                }
                _ => {}
            }
        }
        is_sparse.then_some(found)
    }
}

/// A sparse file, with zeros in its holes.
#[derive(Debug)]
pub(super) struct Sparse<R> {
    stored: R,
    map: std::vec::IntoIter<(u64, u64)>,
    length: u64,
    position: u64,
    /// Zeros before the next stored stretch, and what is left of it.
    zeros: u64,
    left: u64,
}

impl<R: Read> Sparse<R> {
    /// `stored_bytes` are in the archive.
    ///
    /// # Errors
    ///
    /// If the list of stretches is damaged.
    pub(super) fn new(mut stored: R, described: Described, stored_bytes: u64) -> io::Result<Self> {
        let mut map = described.map;
        let mut there = stored_bytes;
        if described.is_in_front {
            let (list, bytes) = list(&mut stored)?;
            (map, there) = (list, stored_bytes.saturating_sub(bytes));
        }
        let length = described.length.ok_or_else(|| damaged("its length is not stated"))?;
        let (mut end, mut sum) = (0_u64, 0_u64);
        for &(offset, bytes) in &map {
            if offset < end {
                return Err(damaged("its stored stretches overlap"));
            }
            end = offset.checked_add(bytes).ok_or_else(|| damaged("a stretch has no end"))?;
            sum = sum.saturating_add(bytes);
        }
        if end > length || sum > there {
            return Err(damaged("its stored stretches are longer than it is"));
        }
        Ok(Self { stored, map: map.into_iter(), length, position: 0, zeros: 0, left: 0 })
    }

    /// Length of the whole file in bytes.
    pub(super) fn length(&self) -> u64 {
        self.length
    }
}

/// The list in front of the stored bytes, and the number of bytes that it takes.
fn list(stored: &mut impl Read) -> io::Result<(Vec<(u64, u64)>, u64)> {
    let mut bytes = 0;
    let mut line = || {
        let mut line = Vec::new();
        loop {
            let mut byte = [0];
            stored.read_exact(&mut byte)?;
            bytes += 1;
            match byte {
                [b'\n'] => break,
                _ if line.len() >= MAX_LINE_BYTES => {
                    return Err(damaged("its list of stretches is damaged"));
                }
                [byte] => line.push(byte),
            }
        }
        digits(&line, 10).ok_or_else(|| damaged("its list of stretches is damaged"))
    };
    let count = usize::try_from(line()?).ok().filter(|&count| count <= MAX_STRETCHES);
    let count = count.ok_or_else(|| damaged("it has too many stretches"))?;
    let mut map = Vec::new();
    for _ in 0..count {
        map.push((line()?, line()?));
    }
    let whole = u64::next_multiple_of(bytes, BLOCK_BYTES);
    io::copy(&mut stored.take(whole - bytes), &mut io::sink())?;
    Ok((map, whole))
}

impl<R: Read> Read for Sparse<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.zeros == 0 && self.left == 0 {
            if self.position == self.length || buffer.is_empty() {
                return Ok(0);
            }
            let next = self.map.next().unwrap_or((self.length, 0));
            (self.zeros, self.left) = (next.0 - self.position, next.1);
        }
        let most = |left: u64| buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let count = if self.zeros > 0 {
            let count = most(self.zeros);
            buffer[..count].fill(0);
            self.zeros -= count as u64;
            count
        } else {
            let count = most(self.left);
            let read = self.stored.read(&mut buffer[..count])?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.left -= read as u64;
            read
        };
        self.position += count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(records: &[(&str, &str)]) -> Option<Described> {
        Described::parse(records.iter().map(|(key, value)| (key.as_bytes(), value.as_bytes())))
    }

    fn plain(records: &[(&str, &str)], stored: &[u8]) -> io::Result<Vec<u8>> {
        let described = described(records).unwrap();
        let mut plain = Vec::new();
        Sparse::new(stored, described, stored.len() as u64)?.read_to_end(&mut plain)?;
        Ok(plain)
    }

    #[test]
    fn all_three_versions_have_zeros_in_their_holes() {
        let expected = b"\0\0\0ab\0\0c\0";
        let old = [
            ("GNU.sparse.size", "9"),
            ("GNU.sparse.numblocks", "2"),
            ("GNU.sparse.offset", "3"),
            ("GNU.sparse.numbytes", "2"),
            ("GNU.sparse.offset", "7"),
            ("GNU.sparse.numbytes", "1"),
        ];
        assert_eq!(plain(&old, b"abc").unwrap(), expected);
        let one = [("GNU.sparse.map", "3,2,7,1"), ("GNU.sparse.size", "9")];
        assert_eq!(plain(&one, b"abc").unwrap(), expected);
        let mut front = b"2\n3\n2\n7\n1\n".to_vec();
        front.resize(512, 0);
        front.extend(b"abc");
        let new =
            [("GNU.sparse.major", "1"), ("GNU.sparse.realsize", "9"), ("GNU.sparse.name", "x")];
        assert_eq!(plain(&new, &front).unwrap(), expected);
        assert_eq!(described(&new).unwrap().name.as_deref(), Some(&b"x"[..]));
        assert_eq!(described(&[("path", "x")]), None);
    }

    #[test]
    fn damage_in_the_list_is_an_error() {
        for (map, stored) in [
            ("3,2,4,1", &b"abc"[..]),
            ("8,2", b"ab"),
            ("0,2", b"a"),
            ("18446744073709551615,2", b"ab"),
        ] {
            let records = [("GNU.sparse.map", map), ("GNU.sparse.size", "9")];
            assert!(plain(&records, stored).is_err(), "{map}");
        }
        assert!(plain(&[("GNU.sparse.map", "0,1")], b"a").is_err());
        let front = [("GNU.sparse.major", "1"), ("GNU.sparse.realsize", "9")];
        for list in [&b"1\n0\n"[..], b"99999999999\n", b"x\n", &[b'1'; 600]] {
            assert!(plain(&front, list).is_err());
        }
    }
}
