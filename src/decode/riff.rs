//! The tags of a WAV file: its `LIST INFO` and the `ID3v2` tag in its `id3 ` chunk.
//!
//! Symphonia 0.6.1 ignores the first, and every chunk behind the samples. At a malformed chunk, what was read so far is returned.

use std::io::{self, Cursor, Read as _, Seek as _, SeekFrom};
use std::ops::Range;

use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::{MetadataOptions, MetadataReader as _, MetadataRevision};
use symphonia::default::meta::Id3v2Reader;

use super::text::decoded;
use crate::bytes::{Bytes, Reader};

/// Most chunks that are visited; a file has about five. A guess.
const MAX_CHUNKS: usize = 256;
/// A longer chunk is not read into memory. Tags with pictures have about 1 MiB. A guess.
const MAX_CHUNK_BYTES: u64 = 16 << 20;

/// The tags found in the chunks.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) id3: Option<MetadataRevision>,
    /// Names of four letters, such as `INAM`, and their values.
    pub(super) info: Vec<(String, String)>,
}

/// Reads the tags of the WAV file that begins at byte `base`.
pub(super) fn read(source: &Bytes, base: u64) -> Found {
    let mut found = Found::default();
    // A file that cannot be read fails in the pass itself.
    let _ = chunks(source, base, &mut found);
    found
}

fn chunks(source: &Bytes, base: u64, found: &mut Found) -> io::Result<()> {
    let mut file = source.open_stored()?;
    each_chunk(&mut file, base + 12, u32::from_le_bytes, &mut |file, name, range| {
        let bytes = range.end - range.start;
        let mut content = || {
            let mut content = Vec::new();
            if bytes <= MAX_CHUNK_BYTES {
                file.seek(SeekFrom::Start(range.start))?;
                file.take(bytes).read_to_end(&mut content)?;
            }
            Ok::<_, io::Error>(content)
        };
        match &name {
            b"LIST" => {
                if let Some(list) = content()?.strip_prefix(b"INFO") {
                    info(list, &mut found.info);
                }
            }
            b"id3 " | b"ID3 " => found.id3 = found.id3.take().or(id3(content()?)),
            _ => {}
        }
        Ok(())
    })
}

/// Takes the name of a chunk, and where its content is.
type EachChunk<'a> = &'a mut dyn FnMut(&mut Reader, [u8; 4], Range<u64>) -> io::Result<()>;

/// Shows the name and the range of each chunk of a file of WAV or AIFF from `from` on to `each`, up to the end of the file. `size` reads
/// the length of a chunk.
pub(super) fn each_chunk(
    file: &mut Reader,
    from: u64,
    size: fn([u8; 4]) -> u32,
    each: EachChunk<'_>,
) -> io::Result<()> {
    let mut at = from;
    for _ in 0..MAX_CHUNKS {
        let mut head = [0; 8];
        file.seek(SeekFrom::Start(at))?;
        match file.read_exact(&mut head) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
            read => read?,
        }
        let [a, b, c, d, bytes @ ..] = head;
        let bytes = u64::from(size(bytes));
        each(file, [a, b, c, d], at + 8..at + 8 + bytes)?;
        at += 8 + bytes + bytes % 2;
    }
    Ok(())
}

fn parse_head(head: [u8; 8]) -> ([u8; 4], u32) {
    let [a, b, c, d, bytes @ ..] = head;
    ([a, b, c, d], u32::from_le_bytes(bytes))
}

fn info(mut list: &[u8], pairs: &mut Vec<(String, String)>) {
    while let Some((&head, rest)) = list.split_first_chunk() {
        let (name, bytes) = parse_head(head);
        let value = &rest[..rest.len().min(bytes as usize)];
        // In a `LIST INFO`, `ISRC` is the source of the material, not the recording code.
        if name != *b"ISRC" {
            let end = value.iter().position(|byte| *byte == 0).unwrap_or(value.len());
            pairs.push((decoded(&name), decoded(&value[..end])));
        }
        list = rest.get(value.len() + value.len() % 2..).unwrap_or_default();
    }
}

fn id3(tag: Vec<u8>) -> Option<MetadataRevision> {
    let source =
        MediaSourceStream::new(Box::new(Cursor::new(tag)), MediaSourceStreamOptions::default());
    let read = || Id3v2Reader::try_new(source, MetadataOptions::default())?.read_all();
    Some(super::shielded::shielded(read).ok()?.revision)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_as_far_as_it_makes_sense() {
        let list =
            b"INAM\x05\0\0\0N\xe9v\0\0\0IART\x02\0\0\0MeISRC\x02\0\0\0CDICRD\xff\xff\0\x002026";
        let mut pairs = Vec::new();
        info(list, &mut pairs);
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(pairs, [("INAM", "Név"), ("IART", "Me"), ("ICRD", "2026")]);
        info(b"INA", &mut Vec::new());
    }

    #[test]
    fn junk_has_no_tags() {
        assert!(
            id3(b"ID3\x04\0\0\x7f\x7f\x7f\x7f".to_vec()).is_none_or(|r| r.media.tags.is_empty())
        );
        assert!(id3(Vec::new()).is_none());
    }
}
