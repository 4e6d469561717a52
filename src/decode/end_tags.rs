//! The tags at the end of a file: `ID3v1`, `APEv2`, `Lyrics3`, and an `ID3v2` with a footer.

use std::ops::Range;

/// Most tags at the end that are told from the sound. A guess.
pub(super) const MAX_END_TAGS: usize = 8;
/// Length of the footer of `APEv2`, and of its header.
const APE_BYTES: u64 = 32;
/// Bytes at the end of a range by which its last tag is known.
const LOOK_BYTES: u64 = 128;

/// The kind of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EndTag {
    Id3v1,
    Ape,
    Lyrics,
    Id3v2,
}

impl EndTag {
    /// The last tag in a range, and its own range. `read` gives the bytes of a range.
    pub(super) fn last(
        within: &Range<u64>,
        read: &mut dyn FnMut(Range<u64>) -> Vec<u8>,
    ) -> Option<(Self, Range<u64>)> {
        let left = within.end.saturating_sub(within.start);
        let look = read(within.end - left.min(LOOK_BYTES)..within.end);
        let footer = &look[look.len().saturating_sub(APE_BYTES as usize)..];
        let (kind, bytes) = if look.len() as u64 == LOOK_BYTES && look.starts_with(b"TAG") {
            (Self::Id3v1, LOOK_BYTES)
        } else if let [b'A', b'P', b'E', b'T', b'A', b'G', b'E', b'X', rest @ ..] = footer
            && let [_, _, _, _, a, b, c, d, _, _, _, _, _, _, _, flags, ..] = *rest
        {
            // Of items and footer.
            let bytes = u64::from(u32::from_le_bytes([a, b, c, d]));
            (Self::Ape, bytes + if flags & 0x80 == 0 { 0 } else { APE_BYTES })
        } else if let Some(rest) = footer.strip_suffix(b"LYRICS200") {
            let digits = std::str::from_utf8(rest.last_chunk::<6>()?).ok()?;
            (Self::Lyrics, digits.parse::<u64>().ok()? + 15)
        } else {
            let &[b'3', b'D', b'I', _, _, _, ref size @ ..] = footer.last_chunk::<10>()? else {
                return None;
            };
            // Header, frames and footer.
            let size = size.iter().fold(0, |sum, &byte| sum << 7 | u64::from(byte & 0x7f));
            (Self::Id3v2, size + 20)
        };
        let is_there = (1..=left).contains(&bytes);
        is_there.then(|| (kind, within.end - bytes..within.end))
    }

    /// The end of a range without the tags at its end.
    pub(super) fn sound_end(
        within: Range<u64>,
        read: &mut dyn FnMut(Range<u64>) -> Vec<u8>,
    ) -> u64 {
        let mut rest = within;
        for _ in 0..MAX_END_TAGS {
            let Some((_, tag)) = Self::last(&rest, read) else { break };
            rest.end = tag.start;
        }
        rest.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(file: &[u8]) -> (Vec<(EndTag, u64)>, u64) {
        let mut read = |range: Range<u64>| file[range.start as usize..range.end as usize].to_vec();
        let (mut rest, mut found) = (0..file.len() as u64, Vec::new());
        while let Some((kind, tag)) = EndTag::last(&rest, &mut read) {
            found.push((kind, tag.end - tag.start));
            rest.end = tag.start;
        }
        assert_eq!(EndTag::sound_end(0..file.len() as u64, &mut read), rest.end);
        (found, rest.end)
    }

    #[test]
    fn each_kind_of_tag_is_known_by_its_end() {
        let sound = [7; 200];
        let id3v1 = [&b"TAG"[..], &[b' '; 125]].concat();
        let ape = |flags: u8| {
            let size = (32 + 5_u32).to_le_bytes();
            let footer = |flags| {
                [&b"APETAGEX\xd0\x07\0\0"[..], &size, b"\x01\0\0\0\0\0\0", &[flags], &[0; 8]]
                    .concat()
            };
            let header = if flags & 0x80 == 0 { Vec::new() } else { footer(0xa0) };
            [header, b"items".to_vec(), footer(flags)].concat()
        };
        let lyrics = b"LYRICSBEGINab000013LYRICS200";
        let id3v2 = [&b"ID3\x04\0\x10\0\0\0\x03abc"[..], b"3DI\x04\0\x10\0\0\0\x03"].concat();
        for (tag, kind) in [
            (&id3v1[..], EndTag::Id3v1),
            (&ape(0), EndTag::Ape),
            (&ape(0x80), EndTag::Ape),
            (lyrics, EndTag::Lyrics),
            (&id3v2, EndTag::Id3v2),
        ] {
            let file = [&sound[..], tag].concat();
            assert_eq!(tags(&file), (vec![(kind, tag.len() as u64)], 200));
        }
        let all = [&sound[..], &id3v2, &ape(0x80), lyrics, &id3v1].concat();
        assert_eq!((tags(&all).0.len(), tags(&all).1), (4, 200));
    }

    #[test]
    fn what_is_no_tag_or_longer_than_its_file_is_none() {
        for file in [
            &b""[..],
            b"TAG",
            b"3DI\x04\0\x10\0\0\0\x03",
            b"LYRICS200",
            b"xxxxxxLYRICS200",
            b"APETAGEX\xd0\x07\0\0\0\0\0\x01\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            b"APETAGEX\xd0\x07\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        ] {
            assert_eq!(tags(file), (Vec::new(), file.len() as u64), "{}", file.escape_ascii());
        }
    }
}
