//! Where a picture ends: files are hidden behind pictures, which programs for pictures still show.

use std::io::{Read, Seek, SeekFrom};

use memchr::memmem::Finder;

/// Most segments, chunks or blocks that are visited; a picture of a camera has hundreds. A guess.
const MAX_STEPS: usize = 100_000;
/// Most marks that are looked behind: one in 64 KiB appears by chance. A guess.
const MAX_MARKS: usize = 10_000;
/// Bytes that are searched at once.
const SCANNED_BYTES: u64 = 256 << 10;
/// Most bytes of a JPEG's scans that are searched for their end. A guess.
const MAX_SCAN_BYTES: u64 = 256 << 20;

/// The end of the JPEG, PNG, GIF, BMP or WebP image at `at`, at most that of the file. `None` if it is none of them, or has no end.
pub(crate) fn end<F: Read + Seek>(file: &mut F, at: u64) -> Option<u64> {
    let head: [u8; 12] = read(file, at)?;
    let end = match &head {
        [0xff, 0xd8, 0xff, ..] => jpeg(file, at)?,
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => png(file, at)?,
        [b'G', b'I', b'F', b'8', _, b'a', ..] => gif(file, at)?,
        [b'B', b'M', a, b, c, d, 0, 0, 0, 0, ..] => {
            at + u64::from(u32::from_le_bytes([*a, *b, *c, *d]))
        }
        [b'R', b'I', b'F', b'F', a, b, c, d, b'W', b'E', b'B', b'P'] => {
            let bytes = u64::from(u32::from_le_bytes([*a, *b, *c, *d]));
            at + 8 + bytes + bytes % 2
        }
        _ => return None,
    };
    let length = file.seek(SeekFrom::End(0)).ok()?;
    (end > at).then_some(end.min(length))
}

/// The first place behind something that may end a JPEG or PNG image at which `is_it` agrees: for pictures whose structure is damaged
/// or made up.
pub(crate) fn behind_marks<F: Read + Seek>(
    file: &mut F,
    at: u64,
    mut is_it: impl FnMut(&mut F, u64) -> bool,
) -> Option<u64> {
    let (mark, behind): (&[u8], u64) = match &read::<4, F>(file, at)? {
        [0xff, 0xd8, 0xff, _] => (&[0xff, 0xd9], 2),
        [0x89, b'P', b'N', b'G'] => (b"IEND", 8),
        _ => return None,
    };
    let finder = Finder::new(mark);
    let mut block = Vec::new();
    let (mut from, mut marks) = (at, 0);
    while from < at + MAX_SCAN_BYTES && marks < MAX_MARKS {
        block.clear();
        file.seek(SeekFrom::Start(from)).ok()?;
        file.take(SCANNED_BYTES).read_to_end(&mut block).ok()?;
        for place in finder.find_iter(&block) {
            marks += 1;
            let end = from + place as u64 + behind;
            if is_it(file, end) {
                return Some(end);
            }
        }
        if (block.len() as u64) < SCANNED_BYTES {
            return None;
        }
        // A mark may lie across the edge.
        from += SCANNED_BYTES - (mark.len() as u64 - 1);
    }
    None
}

fn read<const N: usize, F: Read + Seek>(file: &mut F, at: u64) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    file.seek(SeekFrom::Start(at)).ok()?;
    file.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

/// Walks the segments; the data of a scan go on to the next marker.
fn jpeg<F: Read + Seek>(file: &mut F, at: u64) -> Option<u64> {
    let mut next = at + 2;
    for _ in 0..MAX_STEPS {
        let [0xff, marker, a, b] = read(file, next).or_else(|| {
            // The end may be the last bytes of the file.
            read::<2, F>(file, next).map(|[a, b]| [a, b, 0, 0])
        })?
        else {
            return None;
        };
        match marker {
            0xd9 => return Some(next + 2),
            0xff => next += 1,
            0x01 | 0xd0..=0xd8 => next += 2,
            0xda => next = behind_scan(file, next + 2 + u64::from(u16::from_be_bytes([a, b])))?,
            _ => next += 2 + u64::from(u16::from_be_bytes([a, b])),
        }
    }
    None
}

/// The first marker behind the data of a scan: neither a stuffed byte nor one that restarts the scan.
fn behind_scan<F: Read + Seek>(file: &mut F, from: u64) -> Option<u64> {
    file.seek(SeekFrom::Start(from)).ok()?;
    let mut block = vec![0; 64 << 10];
    let (mut at, mut before) = (from, 0);
    while at < from + MAX_SCAN_BYTES {
        let read = file.read(&mut block).ok().filter(|&read| read > 0)?;
        for (nth, &byte) in block[..read].iter().enumerate() {
            if before == 0xff && !matches!(byte, 0 | 0xd0..=0xd7 | 0xff) {
                return Some(at + nth as u64 - 1);
            }
            before = byte;
        }
        at += read as u64;
    }
    None
}

fn png<F: Read + Seek>(file: &mut F, at: u64) -> Option<u64> {
    let mut next = at + 8;
    for _ in 0..MAX_STEPS {
        let [a, b, c, d, name @ ..]: [u8; 8] = read(file, next)?;
        next += 12 + u64::from(u32::from_be_bytes([a, b, c, d]));
        if name == *b"IEND" {
            return Some(next);
        }
    }
    None
}

fn gif<F: Read + Seek>(file: &mut F, at: u64) -> Option<u64> {
    let table = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3 << (u64::from(flags & 7) + 1) };
    let [flags]: [u8; 1] = read(file, at + 10)?;
    let mut next = at + 13 + table(flags);
    for _ in 0..MAX_STEPS {
        let [kind]: [u8; 1] = read(file, next)?;
        next = match kind {
            0x3b => return Some(next + 1),
            0x21 => blocks(file, next + 2)?,
            0x2c => {
                let [flags]: [u8; 1] = read(file, next + 9)?;
                blocks(file, next + 11 + table(flags))?
            }
            _ => return None,
        };
    }
    None
}

/// The end of a row of blocks of up to 255 bytes.
fn blocks<F: Read + Seek>(file: &mut F, at: u64) -> Option<u64> {
    let mut next = at;
    for _ in 0..MAX_STEPS {
        let [bytes]: [u8; 1] = read(file, next)?;
        next += 1 + u64::from(bytes);
        if bytes == 0 {
            return Some(next);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn end_of(picture: &[u8]) -> Option<u64> {
        let file = [b"front", picture, b"sound"].concat();
        end(&mut Cursor::new(file), 5).map(|end| end - 5)
    }

    #[test]
    fn a_picture_ends_where_its_structure_does() {
        // A thumbnail in the second segment, a stuffed byte and a restart in the scan.
        let jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xe1\0\x08\xff\xd8\xff\xd9xy\xff\xda\0\x04cd\x12\xff\0\xff\xd3\x34\xff\xd9";
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\x02IDATxxcrc!\0\0\0\0IENDcrc!";
        let gif = b"GIF89a\x01\0\x01\0\x80\0\0rgbrgb\x21\xf9\x04abcd\0\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02xy\0;";
        let webp = b"RIFF\x07\0\0\0WEBPabc\0";
        let bmp = b"BM\x10\0\0\0\0\0\0\0abcdef";
        for picture in [&jpeg[..], png, gif, webp, bmp] {
            assert_eq!(end_of(picture), Some(picture.len() as u64), "{}", picture.escape_ascii());
        }
    }

    #[test]
    fn a_picture_without_an_end_has_none_and_one_with_nothing_behind_it_ends_with_the_file() {
        assert_eq!(end_of(b"\xff\xd8\xff\xe0\0\x04ab"), None);
        assert_eq!(end_of(b"no picture at all"), None);
        let whole = b"\x89PNG\r\n\x1a\n\0\0\0\0IENDcrc!";
        assert_eq!(end(&mut Cursor::new(&whole[..]), 0), Some(whole.len() as u64));
    }
}
