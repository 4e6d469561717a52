//! Archives that are made in memory.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use leakhound::record::ItemRecord;

use super::Desk;

/// A tar file with these members.
pub(crate) fn tar<N: AsRef<str>, B: AsRef<[u8]>>(members: &[(N, B)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let bytes = bytes.as_ref();
        let mut header = tar_header(bytes.len() as u64);
        archive.append_data(&mut header, name.as_ref(), bytes).unwrap();
    }
    archive.into_inner().unwrap()
}

/// The header of a member of this length, without a name.
pub(crate) fn tar_header(bytes: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes);
    header.set_mode(0o644);
    header.set_cksum();
    header
}

/// The header of a GNU sparse member of this length, of which one stretch is stored: an offset and a length.
pub(crate) fn tar_sparse(name: &str, (offset, stored): (u64, u64), bytes: u64) -> tar::Header {
    let mut header = tar_header(stored);
    header.set_path(name).unwrap();
    header.set_entry_type(tar::EntryType::GNUSparse);
    let gnu = header.as_gnu_mut().unwrap();
    let octal = |field: &mut [u8; 12], number: u64| {
        field.copy_from_slice(format!("{number:011o}\0").as_bytes());
    };
    octal(&mut gnu.realsize, bytes);
    octal(&mut gnu.sparse[0].offset, offset);
    octal(&mut gnu.sparse[0].numbytes, stored);
    header.set_cksum();
    header
}

/// A zip file with these members, stored and deflated by turns.
pub(crate) fn zip<N: AsRef<str>, B: AsRef<[u8]>>(members: &[(N, B)]) -> Vec<u8> {
    use ::zip::write::SimpleFileOptions;
    let mut archive = ::zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let methods = [::zip::CompressionMethod::Stored, ::zip::CompressionMethod::Deflated];
    for ((name, bytes), method) in members.iter().zip(methods.into_iter().cycle()) {
        let options = SimpleFileOptions::default().compression_method(method);
        archive.start_file(name.as_ref(), options).unwrap();
        archive.write_all(bytes.as_ref()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A 7z file with these members, all in one block (`solid`) or each in a block of its own.
pub(crate) fn sevenz<N: AsRef<str>, B: AsRef<[u8]>>(members: &[(N, B)], solid: bool) -> Vec<u8> {
    use sevenz_rust2::{ArchiveEntry, ArchiveWriter, SourceReader};
    let mut archive = ArchiveWriter::new(std::io::Cursor::new(Vec::new())).unwrap();
    let entry = |name: &N| ArchiveEntry::new_file(name.as_ref());
    if solid {
        let entries = members.iter().map(|(name, _)| entry(name)).collect();
        let readers = members.iter().map(|(_, bytes)| SourceReader::from(bytes.as_ref()));
        archive.push_archive_entries(entries, readers.collect()).unwrap();
    } else {
        for (name, bytes) in members {
            archive.push_archive_entry(entry(name), Some(bytes.as_ref())).unwrap();
        }
    }
    archive.finish().unwrap().into_inner()
}

/// Compressed by gzip.
pub(crate) fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

/// Compressed by bzip2.
pub(crate) fn bz2(bytes: &[u8]) -> Vec<u8> {
    let mut out = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

/// Compressed by Zstandard.
pub(crate) fn zst(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

/// Compressed by the program xz.
pub(crate) fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut child = Command::new("xz")
        .args(["-0", "-c"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("xz cannot be run ({error}): install xz-utils"));
    let mut stdin = child.stdin.take().unwrap();
    let out = std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(bytes).unwrap());
        child.wait_with_output().unwrap()
    });
    assert!(out.status.success());
    out.stdout
}

/// The files below the folder `from` as members, with names relative to it.
pub(crate) fn pack(desk: &Desk, from: &str) -> Vec<(String, Vec<u8>)> {
    let mut members = Vec::new();
    let mut folders = vec![desk.path(from)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(desk.path(from)).unwrap().to_str().unwrap().to_owned();
                members.push((name, fs::read(&path).unwrap()));
            }
        }
    }
    members.sort();
    members
}

/// The records without the places of their items, sorted by file name.
pub(crate) fn without_place(records: &[ItemRecord]) -> Vec<(String, ItemRecord)> {
    let mut stripped: Vec<_> = records
        .iter()
        .map(|record| {
            let mut record = record.clone();
            let path = std::mem::take(&mut record.item.path);
            let name = path.rsplit('/').next().unwrap_or_default().to_owned();
            record.item.locator.clear();
            record.item.containers.clear();
            record.item.offset = None;
            (name, record)
        })
        .collect();
    stripped.sort_by(|a, b| a.0.cmp(&b.0));
    stripped
}
