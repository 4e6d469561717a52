//! The kind of a delivered file by its first bytes, and the deliveries in a folder by their names.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::base::open_file;

/// A kind of delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryKind {
    /// CSV or TSV.
    Table,
    /// An XLSX workbook.
    Xlsx,
    /// One JSON object per line.
    Jsonl,
    /// A DDEX ERN message.
    Ern,
}

/// Endings of the files in a folder that are read. A file that the user named is read whatever its name.
const ENDINGS: [&str; 6] = ["csv", "tsv", "xlsx", "xml", "jsonl", "ndjson"];

impl DeliveryKind {
    /// The kind of a file; `None` if it is no delivery.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn of(path: &Path) -> io::Result<Option<Self>> {
        let mut head = Vec::with_capacity(512);
        open_file(path)?.take(512).read_to_end(&mut head)?;
        if head.starts_with(b"PK\x03\x04") {
            return Ok(Some(Self::Xlsx));
        }
        let marked = encoding_rs::Encoding::for_bom(&head).is_some();
        // UTF-16 has zeros; any other file with zeros is not a text.
        let (zeros, others): (Vec<u8>, Vec<u8>) = head.iter().copied().partition(|byte| *byte == 0);
        let is_binary = others.iter().any(|byte| *byte < 9);
        if is_binary || (!zeros.is_empty() && !marked && 3 * zeros.len() < head.len()) {
            return Ok(None);
        }
        let plain = |b: &&u8| **b != 0 && !b.is_ascii_whitespace() && b.is_ascii();
        let first: Vec<u8> = head.iter().filter(plain).copied().take(8).collect();
        Ok(match first.first() {
            None => None,
            Some(b'<') => Some(Self::Ern),
            Some(b'{') => Some(Self::Jsonl),
            Some(_) => Some(Self::Table),
        })
    }
}

/// The deliveries at a path: the file itself, or the files below a folder whose names end like deliveries, in the order of
/// their names.
///
/// # Errors
///
/// If a folder cannot be listed.
pub fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        // So that a missing file is an error now.
        path.metadata()?;
        return Ok(vec![path.to_path_buf()]);
    }
    let mut files = Vec::new();
    for entry in WalkDir::new(path).sort_by_file_name() {
        let entry = entry.map_err(io::Error::from)?;
        let ending = entry.path().extension().map(|e| e.to_string_lossy().to_lowercase());
        let is_one = ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()));
        if entry.file_type().is_file() && is_one {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}
