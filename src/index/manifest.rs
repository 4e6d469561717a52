//! The manifest: which segments an index consists of.
//!
//! A manifest is a file that is written once. A change to the index writes a new one, of the next generation. The catalogue's
//! database says which generation is current, in the same transaction that changes the recordings.
//!
//! ```text
//! manifest = "leakhound manifest 1\n" "generation " N "\n" "next " ID "\n" segment* "crc32 " HEX "\n"
//! segment  = "segment " ID " bytes " N " tracks " N " header_crc32 " HEX "\n"
//! ```
//!
//! The checksum covers everything before its line. Segment `ID` is the file named by `ID` in eight digits, with the ending `.seg`; no
//! number is used twice.

use std::fmt::Write as _;
use std::path::Path;

use super::IndexError;
use super::SegmentInfo;

/// A segment as the manifest names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Listed {
    /// Its number.
    pub id: u64,
    /// Length of its file.
    pub bytes: u64,
    /// Number of its tracks.
    pub tracks: u32,
    /// CRC-32 of its header.
    pub header_crc32: u32,
}

impl Listed {
    /// A segment under its number.
    pub fn new(id: u64, info: &SegmentInfo) -> Self {
        let SegmentInfo { bytes, tracks, header_crc32, .. } = *info;
        Self { id, bytes, tracks, header_crc32 }
    }

    /// Its file's name.
    pub fn file(&self) -> String {
        segment_file(self.id)
    }
}

/// Name of the file of a segment.
pub(crate) fn segment_file(id: u64) -> String {
    format!("{id:08}.seg")
}

/// The live segments of an index.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Manifest {
    /// Increased by each change.
    pub generation: u64,
    /// Number of the next segment.
    pub next_id: u64,
    /// The segments, by number.
    pub segments: Vec<Listed>,
}

const FIRST_LINE: &str = "leakhound manifest 1";

impl Manifest {
    /// Name of the file of a generation.
    pub fn file(generation: u64) -> String {
        format!("manifest-{generation:08}")
    }

    /// The file's text.
    pub fn to_text(&self) -> String {
        let Self { generation, next_id, segments } = self;
        let mut text = format!("{FIRST_LINE}\ngeneration {generation}\nnext {next_id}\n");
        for Listed { id, bytes, tracks, header_crc32 } in segments {
            let _ = writeln!(
                text,
                "segment {id} bytes {bytes} tracks {tracks} header_crc32 {header_crc32:08x}"
            );
        }
        let crc = crc32fast::hash(text.as_bytes());
        text + &format!("crc32 {crc:08x}\n")
    }

    /// Reads a file's text.
    ///
    /// # Errors
    ///
    /// [`IndexError::Damaged`], naming `path`, if it is no manifest or was changed.
    pub fn parse(path: &Path, text: &str) -> Result<Self, IndexError> {
        let damaged = |what: &str| IndexError::Damaged { path: path.into(), what: what.into() };
        let first = text.lines().next().unwrap_or_default();
        if let Some(found) = first.strip_prefix("leakhound manifest ")
            && let Ok(found @ 2..) = found.parse()
        {
            return Err(IndexError::Newer { path: path.into(), found });
        }
        let end = text.strip_suffix('\n').and_then(|t| t.rfind('\n')).map_or(0, |at| at + 1);
        let (body, last) = text.split_at(end);
        if last != format!("crc32 {:08x}\n", crc32fast::hash(body.as_bytes())) {
            return Err(damaged("checksum of the manifest"));
        }
        Self::read(body).ok_or_else(|| damaged("text of the manifest"))
    }

    fn read(body: &str) -> Option<Self> {
        let mut lines = body.lines();
        if lines.next()? != FIRST_LINE {
            return None;
        }
        let mut number = |name: &str| lines.next()?.strip_prefix(name)?.trim().parse().ok();
        let (generation, next_id) = (number("generation ")?, number("next ")?);
        let segments = lines
            .map(|line| {
                let words: Vec<&str> = line.split(' ').collect();
                let ["segment", id, "bytes", bytes, "tracks", tracks, "header_crc32", crc] =
                    words[..]
                else {
                    return None;
                };
                Some(Listed {
                    id: id.parse().ok()?,
                    bytes: bytes.parse().ok()?,
                    tracks: tracks.parse().ok()?,
                    header_crc32: u32::from_str_radix(crc, 16).ok()?,
                })
            })
            .collect::<Option<_>>()?;
        Some(Self { generation, next_id, segments })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Manifest {
        let listed = |id| Listed { id, bytes: 1 << 33, tracks: 512, header_crc32: 0xbeef };
        Manifest { generation: 7, next_id: 9, segments: vec![listed(3), listed(8)] }
    }

    #[test]
    fn a_manifest_is_read_back() {
        for manifest in [sample(), Manifest::default()] {
            assert_eq!(Manifest::parse(Path::new("m"), &manifest.to_text()).unwrap(), manifest);
        }
    }

    #[test]
    fn every_changed_character_and_every_cut_is_refused() {
        let text = sample().to_text();
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            let changed = String::from_utf8(bytes).unwrap();
            assert!(Manifest::parse(Path::new("m"), &changed).is_err(), "{changed}");
            assert!(Manifest::parse(Path::new("m"), &text[..at]).is_err(), "{}", &text[..at]);
        }
    }

    #[test]
    fn a_manifest_of_a_newer_version_asks_for_a_newer_program() {
        let text = sample().to_text().replace("manifest 1", "manifest 2");
        let error = Manifest::parse(Path::new("m"), &text).unwrap_err();
        assert!(error.to_string().contains("use a newer leakhound"), "{error}");
    }
}
