//! The records of one unit: sorted by a database in the temporary folder, so that memory does not grow with them, then written
//! as one file; and read again.

use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Write as _};
use std::path::PathBuf;

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::lines::MAX_LINE_BYTES;
use super::{ClusterError, Mark, Parts};
use crate::base::{Access, hex};
use crate::record::{FailureKind, ItemRecord, Verdict, json};
use crate::scan::{Outcome, OutcomeSink};
use crate::source::{Locator, SectionEnd, Stamp};
use crate::storage::{self, File, sync_folder, write_atomically};

/// Version of the format of parts: raised when the meaning of a key changes.
const PART_VERSION: u32 = 1;
/// Level of compression. A guess: the library's default.
const LEVEL: i32 = 3;
/// Memory of the database that sorts, in KiB, as SQLite takes it; the rest is in its file.
const CACHE_KIB: i64 = -16_384;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    part_version: u32,
    plan: String,
    unit: u64,
    section: Option<SectionEnd>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row<R> {
    size_bytes: u64,
    modified_ns: i64,
    record: R,
}

/// Gathers the records of a unit in the order of their keys.
pub(super) struct Sorter {
    unit: u64,
    rows: Connection,
    /// What they add up to.
    pub(super) sums: Sums,
}

/// What the records of a unit add up to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) items: u64,
    pub(super) matched: u64,
    pub(super) suspect: u64,
    pub(super) failed: u64,
    pub(super) partial: u64,
    pub(super) audio_milliseconds: u64,
}

impl Sums {
    fn add(&mut self, record: &ItemRecord) {
        self.items += 1;
        match record.verdict {
            Verdict::Match => self.matched += 1,
            Verdict::Suspect => self.suspect += 1,
            Verdict::Permitted | Verdict::Clear => {}
            Verdict::Failed => {
                let is_audio =
                    record.failure.as_ref().is_none_or(|f| f.kind != FailureKind::NotAudio);
                self.failed += u64::from(is_audio);
            }
        }
        self.partial += u64::from(record.is_partial);
        let milliseconds = (record.item.duration_seconds * 1_000.0).round() as u64;
        self.audio_milliseconds = self.audio_milliseconds.saturating_add(milliseconds);
    }

    /// The mark of a part with these records, without what tells which part it is.
    pub(super) fn mark(self) -> Mark {
        let Self { items, matched, suspect, failed, partial, audio_milliseconds } = self;
        Mark { items, matched, suspect, failed, partial, audio_milliseconds, ..Mark::default() }
    }
}

impl Sorter {
    pub(super) fn new(unit: u64) -> Result<Self, ClusterError> {
        let open = || {
            // Without a name: a database of its own, on disk only as far as it outgrows its memory, and gone with its connection.
            let rows = Connection::open("")?;
            rows.pragma_update(None, "cache_size", CACHE_KIB)?;
            rows.pragma_update(None, "journal_mode", "off")?;
            rows.pragma_update(None, "synchronous", "off")?;
            rows.execute_batch(
                "CREATE TABLE rows (key BLOB PRIMARY KEY, line TEXT NOT NULL) STRICT, WITHOUT ROWID; BEGIN",
            )?;
            Ok(rows)
        };
        let rows = open().map_err(|source| ClusterError::Sort { unit, source })?;
        Ok(Self { unit, rows, sums: Sums::default() })
    }

    fn error(&self, source: rusqlite::Error) -> ClusterError {
        ClusterError::Sort { unit: self.unit, source }
    }

    /// Shows all lines in order, each with its line feed, the header first.
    fn each<E: From<ClusterError>>(
        &self,
        header: &Header,
        mut each: impl FnMut(&str) -> Result<(), E>,
    ) -> Result<(), E> {
        each(&(json(header) + "\n"))?;
        let error = |source| E::from(self.error(source));
        let mut statement =
            self.rows.prepare("SELECT line FROM rows ORDER BY key").map_err(error)?;
        let mut rows = statement.query([]).map_err(error)?;
        while let Some(row) = rows.next().map_err(error)? {
            each(row.get_ref(0).and_then(|line| Ok(line.as_str()?)).map_err(error)?)?;
        }
        Ok(())
    }

    /// Writes the part, and then its mark, which `mark` makes from the part's length and digest. `section`: how the reading of
    /// a section ended.
    pub(super) fn write(
        &self,
        parts: &Parts,
        plan: &str,
        section: Option<SectionEnd>,
        mark: impl FnOnce(u64, String) -> Mark,
    ) -> Result<Mark, ClusterError> {
        let plan = plan.to_owned();
        let header = Header { part_version: PART_VERSION, plan, unit: self.unit, section };
        let mut digest = Sha256::new();
        self.each(&header, |line| {
            digest.update(line);
            Ok::<_, ClusterError>(())
        })?;
        let sha256 = hex(&digest.finalize());
        let shelf = parts.make_shelf(self.unit)?;
        let path = parts.part_path(self.unit, &sha256);
        let write = |source| ClusterError::Write { path: path.clone(), source };
        let bytes = write_atomically(&path, Access::Owner, |file| {
            let mut packed = zstd::stream::write::Encoder::new(BufWriter::new(&mut *file), LEVEL)?;
            packed.include_checksum(true)?;
            self.each(&header, |line| packed.write_all(line.as_bytes()).map_err(Failed::Io))?;
            packed.finish()?.flush()?;
            Ok(file.metadata()?.len())
        });
        let bytes = bytes.map_err(|failed| match failed {
            Failed::Io(source) => write(source),
            Failed::Rows(error) => error,
        })?;
        sync_folder(&shelf).map_err(write)?;
        let mark = mark(bytes, sha256);
        parts.put_mark(&mark)?;
        Ok(mark)
    }
}

/// Why a part cannot be written.
enum Failed {
    Io(io::Error),
    Rows(ClusterError),
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<ClusterError> for Failed {
    fn from(error: ClusterError) -> Self {
        Self::Rows(error)
    }
}

impl OutcomeSink for Sorter {
    type Error = ClusterError;

    fn record(&mut self, Outcome { key, stamp, record }: Outcome) -> Result<(), ClusterError> {
        self.sums.add(&record);
        let Stamp { size_bytes, modified_ns } = stamp;
        let line = json(&Row { size_bytes, modified_ns, record }) + "\n";
        // As in the results of a scan, the last of two rows about one place counts.
        let sql = "INSERT OR REPLACE INTO rows VALUES (?1, ?2)";
        let inserted =
            self.rows.prepare_cached(sql).and_then(|mut s| s.execute(params![key, line]));
        inserted.map(drop).map_err(|source| self.error(source))
    }

    fn tick(&mut self) -> Result<(), ClusterError> {
        Ok(())
    }

    fn flush(&mut self) -> Result<(), ClusterError> {
        Ok(())
    }
}

/// Reads a part.
pub(super) struct Reader {
    path: PathBuf,
    section: Option<SectionEnd>,
    lines: BufReader<zstd::stream::read::Decoder<'static, BufReader<File>>>,
    digest: Sha256,
    expected: String,
    line: Vec<u8>,
}

/// What is wrong with a part, in words that follow its name.
pub(super) type Wrong = String;

impl Reader {
    /// Opens the part that a mark names, and makes sure by its first line that it is of this plan and unit.
    pub(super) fn open(parts: &Parts, plan: &str, mark: &Mark) -> Result<Self, Wrong> {
        let path = parts.part_path(mark.unit, &mark.sha256);
        let file = match storage::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err("is not there, though its mark is".into());
            }
            Err(error) => return Err(format!("cannot be read ({error})")),
        };
        let length = file.length().unwrap_or(0);
        if length != mark.bytes {
            return Err(format!("is truncated: it has {length} of {} bytes", mark.bytes));
        }
        let opened = zstd::stream::read::Decoder::with_buffer(BufReader::new(file));
        let opened = opened.map_err(|error| format!("cannot be unpacked ({error})"))?;
        let (expected, line) = (mark.sha256.clone(), Vec::new());
        let lines = BufReader::with_capacity(1 << 16, opened);
        let section = None;
        let mut reader = Self { path, section, lines, digest: Sha256::new(), expected, line };
        if !reader.next_line()? {
            return Err("is empty".into());
        }
        let header: Header = serde_json::from_slice(&reader.line)
            .map_err(|error| format!("does not begin as a part ({error})"))?;
        let Header { part_version, plan: found, unit, section } = header;
        if part_version != PART_VERSION {
            return Err(format!(
                "has version {part_version}, and this program reads {PART_VERSION}"
            ));
        }
        if (found.as_str(), unit) != (plan, mark.unit) {
            return Err(format!("is of unit {unit} of the plan {found}"));
        }
        reader.section = section;
        Ok(reader)
    }

    /// How the reading of a section ended.
    pub(super) fn section(&self) -> Option<&SectionEnd> {
        self.section.as_ref()
    }

    /// The file.
    pub(super) fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// Reads a line. False at the end, whose digest is right.
    fn next_line(&mut self) -> Result<bool, Wrong> {
        self.line.clear();
        let read = (&mut self.lines).take(MAX_LINE_BYTES).read_until(b'\n', &mut self.line);
        read.map_err(|error| format!("cannot be unpacked to its end ({error})"))?;
        if self.line.is_empty() {
            let found = hex(&self.digest.clone().finalize());
            return if found == self.expected {
                Ok(false)
            } else {
                Err("was changed: it does not have the digest that its mark names".into())
            };
        }
        self.digest.update(&self.line);
        Ok(true)
    }

    /// The next record with its key; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Outcome>, Wrong> {
        if !self.next_line()? {
            return Ok(None);
        }
        let row: Row<ItemRecord> = serde_json::from_slice(&self.line)
            .map_err(|error| format!("has a line that is no record ({error})"))?;
        let Row { size_bytes, modified_ns, record } = row;
        let key = match record.item.locator.parse::<Locator>() {
            Ok(locator) => locator.key(),
            // A folder that could not be listed to its end has no path.
            Err(_) if record.item.locator.is_empty() => Vec::new(),
            Err(error) => return Err(format!("has a record without a place ({error})")),
        };
        Ok(Some(Outcome { key, stamp: Stamp { size_bytes, modified_ns }, record }))
    }

    /// Reads to the end, and says what is wrong on the way.
    pub(super) fn verify(mut self) -> Result<(), Wrong> {
        while self.next_line()? {}
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(path: &str, seconds: f64) -> Outcome {
        let record = serde_json::json!({
            "item": {"path": path, "size_bytes": 1, "sha256": "aa", "codec": "flac", "duration_seconds": seconds,
                     "streams": 1, "locator": path},
            "verdict": "clear", "failure": null, "notes": [], "findings": [],
        });
        let record: ItemRecord = serde_json::from_value(record).unwrap();
        Outcome { key: path.into(), stamp: Stamp { size_bytes: 1, modified_ns: 2 }, record }
    }

    fn part(folder: &std::path::Path, outcomes: Vec<Outcome>) -> (Parts, Mark) {
        let parts = Parts::new(folder);
        let mut sorter = Sorter::new(7).unwrap();
        for outcome in outcomes {
            sorter.record(outcome).unwrap();
        }
        let sums = sorter.sums.mark();
        let mark = sorter.write(&parts, "ab", None, |bytes, sha256| Mark {
            plan: "ab".into(),
            unit: 7,
            bytes,
            sha256,
            ..sums
        });
        (parts, mark.unwrap())
    }

    fn paths(parts: &Parts, mark: &Mark) -> Result<Vec<String>, Wrong> {
        let mut reader = Reader::open(parts, "ab", mark)?;
        let mut paths = Vec::new();
        while let Some(outcome) = reader.next()? {
            paths.push(outcome.record.item.path);
        }
        Ok(paths)
    }

    #[test]
    fn records_come_back_sorted_whatever_the_order_in_which_they_came() {
        let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (parts, mark) = part(a.path(), vec![outcome("/d/b", 2.0), outcome("/d/a", 0.1)]);
        let (_, other) = part(b.path(), vec![outcome("/d/a", 0.1), outcome("/d/b", 2.0)]);
        assert_eq!(mark, other);
        assert_eq!(paths(&parts, &mark).unwrap(), ["/d/a", "/d/b"]);
        assert_eq!(parts.mark(7).unwrap(), Some(mark.clone()));
        assert_eq!((mark.items, mark.audio_milliseconds), (2, 2_100));
    }

    #[test]
    fn what_is_read_in_part_is_counted_apart_from_what_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let mut cut = outcome("/d/a", 1.0);
        cut.record.is_partial = true;
        let mut found = outcome("/d/b", 1.0);
        (found.record.is_partial, found.record.verdict) = (true, Verdict::Match);
        let mut failed = outcome("/d/c", 0.0);
        failed.record.verdict = Verdict::Failed;
        let (_, mark) = part(folder.path(), vec![cut, found, failed]);
        assert_eq!((mark.matched, mark.failed, mark.partial), (1, 1, 2));
    }

    #[test]
    fn a_part_that_is_cut_or_changed_or_of_another_unit_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let (parts, mark) = part(folder.path(), vec![outcome("/d/a", 1.0)]);
        let path = parts.part_path(7, &mark.sha256);
        let whole = std::fs::read(&path).unwrap();
        let told = |bytes: &[u8], mark: &Mark| {
            std::fs::write(&path, bytes).unwrap();
            let reader = Reader::open(&parts, "ab", mark);
            reader.and_then(Reader::verify).unwrap_err()
        };
        assert!(told(&whole[..whole.len() - 1], &mark).contains("truncated"));
        let mut other = whole.clone();
        *other.last_mut().unwrap() ^= 1;
        assert!(told(&other, &mark).contains("unpacked"));
        let another = part(tempfile::tempdir().unwrap().path(), vec![outcome("/d/b", 1.0)]).1;
        let swapped = Mark { bytes: whole.len() as u64, ..another };
        std::fs::write(parts.part_path(7, &swapped.sha256), &whole).unwrap();
        let reader = Reader::open(&parts, "ab", &swapped);
        assert!(reader.and_then(Reader::verify).unwrap_err().contains("digest"));
        std::fs::write(&path, &whole).unwrap();
        let Err(wrong) = Reader::open(&parts, "cd", &mark) else { panic!("it is of another plan") };
        assert!(wrong.contains("of unit 7 of the plan ab"), "{wrong}");
    }
}
