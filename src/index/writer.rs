//! Writes a segment as a stream: memory does not grow with the postings.

use std::io::{Seek, SeekFrom, Write};

use super::SegmentInfo;
use super::bits::BitWriter;
use super::directory::DirectoryBuilder;
use super::header::{CHECKED_BYTES, HEADER_BYTES, Header};
use super::sequence::Shape;
use super::track::TrackEntry;
use crate::signal::landmarks::Hash;

/// Writes a segment: all lists by hash, then all tracks, then [`SegmentWriter::finish`].
#[derive(Debug)]
pub(super) struct SegmentWriter<W> {
    out: Checked<W>,
    header: Header,
    directory: DirectoryBuilder,
    bits: BitWriter,
    tracks: Vec<TrackEntry>,
    first_unit: u64,
}

/// Bytes that are buffered before they are written. A guess.
const GATHERED_BYTES: u64 = 64 << 10;

impl<W: Write + Seek> SegmentWriter<W> {
    /// Begins a segment whose tracks take up `units` positions.
    pub(super) fn new(mut out: W, config_digest: u32, units: u64) -> std::io::Result<Self> {
        out.write_all(&[0; HEADER_BYTES])?;
        Ok(Self {
            out: Checked { out, crc: crc32fast::Hasher::new(), len: 0, checksums: Vec::new() },
            header: Header { config_digest, units, ..Header::default() },
            directory: DirectoryBuilder::new(units),
            bits: BitWriter::default(),
            tracks: Vec::new(),
            first_unit: 0,
        })
    }

    /// Writes the positions, which rise, of a hash higher than those before.
    pub(super) fn list(&mut self, hash: Hash, positions: &[u64]) -> std::io::Result<()> {
        if positions.is_empty() {
            return Ok(());
        }
        self.directory.push(hash, positions.len() as u32);
        self.header.n_lists += 1;
        self.header.n_postings += positions.len() as u64;
        Shape::of(positions.len() as u64, self.header.units).write(positions, &mut self.bits);
        if self.bits.len() > 8 * GATHERED_BYTES {
            let bytes = self.bits.take();
            self.out.push(&bytes)?;
        }
        Ok(())
    }

    /// Writes peaks and sub-fingerprints of a track; no list may follow.
    pub(super) fn track(&mut self, entry: TrackEntry, kept: &[u8]) -> std::io::Result<()> {
        if self.tracks.is_empty() {
            self.end_postings()?;
        }
        let entry =
            TrackEntry { first_unit: self.first_unit, kept_at: self.header.kept_bytes, ..entry };
        self.first_unit += entry.units();
        self.header.kept_bytes += kept.len() as u64;
        self.header.n_peaks += u64::from(entry.n_peaks);
        self.header.n_prints += u64::from(entry.n_prints);
        self.header.frames += u64::from(entry.frames);
        self.tracks.push(entry);
        self.out.push(kept)
    }

    fn end_postings(&mut self) -> std::io::Result<()> {
        let bytes = self.bits.finish();
        self.out.push(&bytes)?;
        self.header.postings_bytes = self.out.len;
        self.out.pad()
    }

    /// Writes the rest and the header.
    pub(super) fn finish(mut self) -> std::io::Result<SegmentInfo> {
        if self.tracks.is_empty() {
            self.end_postings()?;
        }
        debug_assert_eq!(self.first_unit, self.header.units, "positions as announced");
        self.out.pad()?;
        let Checked { mut out, crc, len, mut checksums } = self.out;
        if len % CHECKED_BYTES as u64 != 0 {
            checksums.push(crc.finalize());
        }
        let directory = self.directory.finish();
        let mut header = self.header;
        header.n_tracks = self.tracks.len() as u32;
        header.directory_bytes = directory.len() as u64;
        let mut meta = crc32fast::Hasher::new();
        let pad = &[0; 4][..checksums.len() % 2 * 4];
        for section in [
            bytemuck::cast_slice(&self.tracks),
            &directory[..],
            bytemuck::cast_slice(&checksums),
            pad,
        ] {
            meta.update(section);
            out.write_all(section)?;
        }
        header.meta_crc32 = meta.finalize();
        out.seek(SeekFrom::Start(0))?;
        out.write_all(&header.to_bytes())?;
        out.flush()?;
        Ok(header.info())
    }
}

/// Output with a checksum for every [`CHECKED_BYTES`].
#[derive(Debug)]
struct Checked<W> {
    out: W,
    crc: crc32fast::Hasher,
    len: u64,
    checksums: Vec<u32>,
}

impl<W: Write> Checked<W> {
    fn push(&mut self, mut bytes: &[u8]) -> std::io::Result<()> {
        self.out.write_all(bytes)?;
        while !bytes.is_empty() {
            let room = CHECKED_BYTES - (self.len % CHECKED_BYTES as u64) as usize;
            let (now, later) = bytes.split_at(bytes.len().min(room));
            self.crc.update(now);
            self.len += now.len() as u64;
            if now.len() == room {
                self.checksums.push(std::mem::take(&mut self.crc).finalize());
            }
            bytes = later;
        }
        Ok(())
    }

    /// Pads with zeros to a multiple of eight.
    fn pad(&mut self) -> std::io::Result<()> {
        let open = (self.len % 8) as usize;
        if open == 0 { Ok(()) } else { self.push(&[0; 8][open..]) }
    }
}
