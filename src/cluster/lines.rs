//! The units of a plan: lines of JSON, and an index that leads to each of them and proves it.

use std::fs::File;
use std::io::{
    self, BufRead as _, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _,
};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::{ClusterError, Unit};
use crate::base::hex;

/// Bytes of the index for one unit: where its line begins, and its SHA-256.
pub(super) const ENTRY_BYTES: u64 = 8 + 32;
/// Longest line of a plan or a part that is read, in bytes. A guess: a unit below 100,000 torrents has 40 MB, a record with 10,000
/// findings 20 MB.
pub const MAX_LINE_BYTES: u64 = 256 << 20;

/// Writes units and their index.
pub(super) struct Writer {
    lines: BufWriter<File>,
    index: BufWriter<File>,
    digest: Sha256,
    position: u64,
    pub(super) units: u64,
}

impl Writer {
    /// Makes both files.
    pub(super) fn new(lines: &Path, index: &Path) -> io::Result<Self> {
        let make = |path| File::create_new(path).map(BufWriter::new);
        let (lines, index) = (make(lines)?, make(index)?);
        Ok(Self { lines, index, digest: Sha256::new(), position: 0, units: 0 })
    }

    /// Adds the next unit.
    pub(super) fn add(&mut self, unit: &Unit) -> io::Result<()> {
        let line = unit.line() + "\n";
        let mut entry = [0; ENTRY_BYTES as usize];
        entry[..8].copy_from_slice(&self.position.to_le_bytes());
        entry[8..].copy_from_slice(&Sha256::digest(line.as_bytes()));
        self.lines.write_all(line.as_bytes())?;
        self.index.write_all(&entry)?;
        self.digest.update(entry);
        self.position += line.len() as u64;
        self.units += 1;
        Ok(())
    }

    /// Both files are on disk; the SHA-256 of the index.
    pub(super) fn finish(self) -> io::Result<String> {
        for file in [self.lines, self.index] {
            file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        }
        Ok(hex(&self.digest.finalize()))
    }
}

fn damaged(path: &Path, what: &str) -> ClusterError {
    ClusterError::Damaged { path: path.to_path_buf(), what: what.to_owned() }
}

/// Reads units.
#[derive(Debug, Clone)]
pub(super) struct Lines {
    pub(super) text: PathBuf,
    pub(super) index: PathBuf,
    pub(super) units: u64,
}

impl Lines {
    /// Makes sure that the index is the one of this SHA-256.
    pub(super) fn verify(&self, sha256: &str) -> Result<(), ClusterError> {
        let read = |source| ClusterError::Read { path: self.index.clone(), source };
        let mut file = File::open(&self.index).map_err(read)?;
        let mut digest = Sha256::new();
        let mut block = vec![0; 1 << 20];
        let mut length = 0;
        loop {
            let count = file.read(&mut block).map_err(read)?;
            if count == 0 {
                break;
            }
            digest.update(&block[..count]);
            length += count as u64;
        }
        let is_it = hex(&digest.finalize()) == sha256;
        if is_it && Some(length) == self.units.checked_mul(ENTRY_BYTES) {
            return Ok(());
        }
        Err(damaged(&self.index, "it is not the index that plan.json names"))
    }

    /// One unit.
    pub(super) fn unit(&self, number: u64) -> Result<Unit, ClusterError> {
        if number >= self.units {
            return Err(ClusterError::NoUnit { unit: number, units: self.units });
        }
        self.from(number)?.next().unwrap_or_else(|| Err(damaged(&self.text, "it ends early")))
    }

    /// All units from this one on, in order.
    pub(super) fn from(&self, number: u64) -> Result<Each, ClusterError> {
        let open = |path: &PathBuf| {
            let file = File::open(path);
            file.map_err(|source| ClusterError::Read { path: path.clone(), source })
        };
        let (mut lines, mut index) = (open(&self.text)?, open(&self.index)?);
        let entry = index.seek(SeekFrom::Start(number.saturating_mul(ENTRY_BYTES)));
        entry.map_err(|source| ClusterError::Read { path: self.index.clone(), source })?;
        let mut index = BufReader::new(index);
        let mut position = [0; 8];
        if number < self.units {
            let read = |source| ClusterError::Read { path: self.index.clone(), source };
            index.read_exact(&mut position).map_err(read)?;
            index.seek_relative(-8).map_err(read)?;
        }
        let at = lines.seek(SeekFrom::Start(u64::from_le_bytes(position)));
        at.map_err(|source| ClusterError::Read { path: self.text.clone(), source })?;
        Ok(Each { of: self.clone(), next: number, lines: BufReader::new(lines), index })
    }
}

/// The units of a plan, one after the other.
pub(super) struct Each {
    of: Lines,
    next: u64,
    lines: BufReader<File>,
    index: BufReader<File>,
}

impl Each {
    fn read(&mut self) -> Result<Unit, ClusterError> {
        let of = &self.of;
        let mut entry = [0; ENTRY_BYTES as usize];
        let read = |path: &PathBuf| {
            let path = path.clone();
            move |source| ClusterError::Read { path, source }
        };
        self.index.read_exact(&mut entry).map_err(read(&of.index))?;
        let mut line = Vec::new();
        let mut limited = (&mut self.lines).take(MAX_LINE_BYTES);
        limited.read_until(b'\n', &mut line).map_err(read(&of.text))?;
        let number = self.next;
        if Sha256::digest(&line)[..] != entry[8..] {
            let what = format!("the line of unit {number} is not the one that the index names");
            return Err(damaged(&of.text, &what));
        }
        let unit: Unit = serde_json::from_slice(&line)
            .map_err(|error| damaged(&of.text, &format!("unit {number}: {error}")))?;
        if unit.unit != number {
            let what = format!("the line of unit {number} is of unit {}", unit.unit);
            return Err(damaged(&of.text, &what));
        }
        Ok(unit)
    }
}

impl Iterator for Each {
    type Item = Result<Unit, ClusterError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.of.units {
            return None;
        }
        let unit = self.read();
        // After an error the position in the file is not known.
        self.next = if unit.is_ok() { self.next + 1 } else { self.of.units };
        Some(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::UnitShare;

    fn unit(number: u64) -> Unit {
        let digest = "d".repeat(number as usize);
        let share =
            UnitShare::Files { after: None, upto: None, before: None, files: number, digest };
        Unit { unit: number, bytes: number, share, torrents: Vec::new() }
    }

    fn written(folder: &Path, units: u64) -> (Lines, String) {
        let (lines, index) = (folder.join("units.jsonl"), folder.join("units.index"));
        let mut writer = Writer::new(&lines, &index).unwrap();
        (0..units).for_each(|number| writer.add(&unit(number)).unwrap());
        (Lines { text: lines, index, units }, writer.finish().unwrap())
    }

    #[test]
    fn every_unit_is_found_by_its_number_and_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let (lines, digest) = written(folder.path(), 50);
        lines.verify(&digest).unwrap();
        for number in [0, 1, 17, 49] {
            assert_eq!(lines.unit(number).unwrap(), unit(number));
        }
        let all: Vec<Unit> = lines.from(0).unwrap().map(Result::unwrap).collect();
        assert_eq!(all, (0..50).map(unit).collect::<Vec<_>>());
        let told = lines.unit(50).unwrap_err().to_string();
        assert!(told.contains("no unit 50") && told.contains("50 units"), "{told}");
    }

    #[test]
    fn a_line_or_an_index_that_was_changed_is_damage() {
        let folder = tempfile::tempdir().unwrap();
        let (lines, digest) = written(folder.path(), 5);
        let text = std::fs::read_to_string(&lines.text).unwrap();
        std::fs::write(&lines.text, text.replace("\"bytes\":3", "\"bytes\":4")).unwrap();
        let told = lines.unit(3).unwrap_err().to_string();
        assert!(told.contains("unit 3") && told.contains("damaged"), "{told}");
        assert!(lines.unit(2).is_ok());
        let mut index = std::fs::read(&lines.index).unwrap();
        index[40] ^= 1;
        std::fs::write(&lines.index, index).unwrap();
        assert!(lines.verify(&digest).unwrap_err().to_string().contains("plan.json"));
    }
}
