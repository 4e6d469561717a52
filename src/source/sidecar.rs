//! Metadata beside files, with a row for each file: `metadata.csv|tsv|jsonl|parquet` of an `AudioFolder`, and the
//! `annas_archive_meta__…` files for folders whose files are named by their AACID.
//!
//! Only the identifiers of each row are kept, by the name of the file that the row describes. Metadata is read once, when the
//! walk comes to its folder.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufRead as _, BufReader, Read};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use serde_json::Value;

use super::containers::texts;
use super::{Folders, Item, ScanLimits, Stamp};
use crate::base::Losses;
use crate::bytes::codecs::{Allowance, buffered};
use crate::identifier::Tokens;
use crate::sniff::container::ContainerKind;
use crate::storage;

/// Memory for the rows of a folder and of those around it, in bytes. A guess: 100,000 files with an ISRC each take 6 MiB.
const MAX_BYTES: usize = 128 << 20;
/// Identifiers that are kept of one row and of one file, in bytes. A guess: a row with more is a list of recordings.
const MAX_WORDS_BYTES: usize = 4 << 10;
/// Longest row, in bytes. A guess.
const MAX_ROW_BYTES: u64 = 1 << 20;
/// Longest first line of a table, in bytes. A guess.
const MAX_HEADER_BYTES: u64 = 64 << 10;
/// Names of the tables of an `AudioFolder`.
const TABLES: [&str; 8] = [
    "metadata.csv",
    "metadata.csv.gz",
    "metadata.csv.zst",
    "metadata.tsv",
    "metadata.jsonl",
    "metadata.jsonl.gz",
    "metadata.jsonl.zst",
    "metadata.parquet",
];
/// The column with the name of the file that a row describes.
const FILE_NAME: &str = "file_name";
/// What the names of folders of files, and of files of metadata, begin with in Anna's Archive.
const AAC_DATA: &str = "annas_archive_data__aacid__";
const AAC_META: &str = "annas_archive_meta__aacid__";

/// From the path of a file, relative to the folder of its metadata, to its identifiers.
type Rows = HashMap<Box<str>, Arc<str>>;

/// The metadata of the current folder of the walk and of those around it.
#[derive(Debug)]
pub(super) struct Joined {
    folders: Folders,
    limits: ScanLimits,
    /// The outermost folder first.
    open: Vec<(PathBuf, Kept)>,
}

impl Joined {
    pub(super) fn among(folders: &Folders, limits: ScanLimits) -> Self {
        Self { folders: folders.clone(), limits, open: Vec::new() }
    }

    /// The identifiers that metadata has for a file, separated by blanks.
    pub(super) fn of(&mut self, file: &Path) -> Option<Arc<str>> {
        self.open.retain(|(folder, _)| file.starts_with(folder));
        let known = self.open.last().map_or(0, |(folder, _)| folder.components().count());
        for folder in self.folders.around(file, known) {
            let rows = self.read(folder);
            self.open.push((folder.to_path_buf(), rows));
        }
        self.open.iter().rev().find_map(|(folder, kept)| {
            let name = file.strip_prefix(folder).ok()?.to_str()?;
            kept.rows.get(name).cloned()
        })
    }

    /// Reads the metadata in and beside a folder. Errors are ignored here: a file of metadata is an item as well, and its row
    /// has the error.
    fn read(&self, folder: &Path) -> Kept {
        let held: usize = self.open.iter().map(|(_, kept)| kept.bytes).sum();
        let mut rows = Kept { most: MAX_BYTES.saturating_sub(held), ..Kept::default() };
        for name in TABLES {
            let path = folder.join(name);
            // Neither pipes, which could block, nor links that lead out.
            if self.folders.allows(&path) {
                // The reader of tables may panic over a damaged one.
                let read = AssertUnwindSafe(|| self.table(&path, &mut rows));
                let _ = catch_unwind(read);
            }
        }
        if let Some(name) = folder.file_name().and_then(|name| name.to_str())
            && let Some(collection) =
                name.strip_prefix(AAC_DATA).and_then(|rest| rest.split("__").next())
        {
            for path in metadata_beside(folder, collection) {
                if self.folders.allows(&path) {
                    let _ = self.containers(&path, name, &mut rows);
                }
            }
        }
        rows
    }

    fn table(&self, path: &Path, rows: &mut Kept) -> io::Result<()> {
        if path.extension().is_some_and(|ending| ending == "parquet") {
            return columns(path, rows);
        }
        let stream = self.open(path)?;
        let is = |kind| path.file_name().is_some_and(|name| name.to_string_lossy().contains(kind));
        if is(".jsonl") {
            lines(stream, |line| {
                let Ok(Value::Object(row)) = serde_json::from_slice(line) else { return true };
                let name = row.get(FILE_NAME).and_then(Value::as_str);
                name.is_none_or(|name| rows.keep(name, line))
            })
        } else {
            separated(stream, rows)
        }
    }

    /// Reads metadata of Anna's Archive: each line has an AACID, which is the name of a file, and the name of its folder.
    fn containers(&self, path: &Path, folder: &str, rows: &mut Kept) -> io::Result<()> {
        lines(self.open(path)?, |line| {
            let Ok(Value::Object(row)) = serde_json::from_slice(line) else { return true };
            let text = |key| row.get(key).and_then(Value::as_str);
            let is_here = text("data_folder").is_none_or(|name: &str| name == folder);
            text("aacid").filter(|_| is_here).is_none_or(|aacid| rows.keep(aacid, line))
        })
    }

    /// Opens a text, and decompresses it if need be.
    fn open(&self, path: &Path) -> io::Result<Box<dyn Read>> {
        let file = storage::open(path)?;
        let allowance = Allowance::new(self.limits.most_unpacked(file.length()?));
        let mut head = Vec::new();
        storage::open(path)?
            .take(crate::sniff::container::HEAD_BYTES as u64)
            .read_to_end(&mut head)?;
        Ok(match ContainerKind::of(&head) {
            Some(ContainerKind::Packed(codec)) => {
                Box::new(allowance.count(codec.unpack(buffered(file))?))
            }
            _ => Box::new(file),
        })
    }
}

/// Whether a folder holds metadata of the files in it, or has it beside itself.
pub(super) fn holds_metadata(folders: &Folders, folder: &Path) -> bool {
    let name = folder.file_name().and_then(|name| name.to_str());
    TABLES.iter().any(|table| folders.allows(&folder.join(table)))
        || name.is_some_and(|name| name.starts_with(AAC_DATA))
}

/// The rows that are kept, within a limit on memory.
#[derive(Debug, Default)]
struct Kept {
    rows: Rows,
    /// Memory taken, in bytes.
    bytes: usize,
    /// The most memory that may be taken.
    most: usize,
}

impl Kept {
    /// Keeps the identifiers of a row. False if there is no room.
    fn keep(&mut self, name: &str, row: &[u8]) -> bool {
        let mut words = String::new();
        identifiers(row, &mut words);
        self.keep_words(name, &words)
    }

    fn keep_words(&mut self, name: &str, words: &str) -> bool {
        if words.is_empty() {
            return true;
        }
        self.bytes += name.len() + words.len() + 64;
        if self.bytes > self.most {
            return false;
        }
        // Paths as other systems write them.
        let name = name.strip_prefix("./").unwrap_or(name).replace('\\', "/");
        // Two rows about one file may differ: both are kept.
        let said = self.rows.entry(name.into()).or_insert_with(|| "".into());
        if said.len() <= MAX_WORDS_BYTES && !said.contains(words.trim_end()) {
            *said = [&**said, words].concat().into();
        }
        true
    }
}

/// Adds the identifiers of a text to `words`, up to the limit of one row.
fn identifiers(text: &[u8], words: &mut String) {
    let mut tokens = Tokens::default();
    let mut take = |identifier: crate::identifier::Identifier, _| {
        if identifier.reads_as_a_word() || words.len() > MAX_WORDS_BYTES {
            return;
        }
        let word = identifier.to_string();
        if !words.contains(&word) {
            words.push_str(&word);
            words.push(' ');
        }
    };
    tokens.feed(text, &mut take);
    tokens.finish(&mut take);
}

/// Reads a Parquet table with a column `file_name`. Values come column by column within each row group.
fn columns(path: &Path, rows: &mut Kept) -> io::Result<()> {
    let bytes = Item::of_file(path, Stamp::of(&storage::metadata(path)?)).bytes;
    // By row of the current group: the name of a file, and identifiers.
    let mut group: BTreeMap<u64, (String, String)> = BTreeMap::new();
    let (mut number, mut held) = (0, 0);
    let mut flush = |group: &mut BTreeMap<u64, (String, String)>| {
        let said = std::mem::take(group).into_values().filter(|(name, _)| !name.is_empty());
        said.into_iter().all(|(name, words)| rows.keep_words(&name, &words))
    };
    // Parts that cannot be read have no identifiers here; the row of the table itself reports them.
    texts(&bytes, &mut Losses::default(), &mut |cell| {
        if cell.group != number {
            (number, held) = (cell.group, 0);
            if !flush(&mut group) {
                return ControlFlow::Break(());
            }
        }
        let (name, words) = group.entry(cell.row).or_default();
        let before = name.len() + words.len();
        match std::str::from_utf8(cell.text) {
            Ok(text) if cell.column == FILE_NAME => text.clone_into(name),
            _ => identifiers(cell.text, words),
        }
        held += name.len() + words.len() - before.min(name.len() + words.len()) + 64;
        if held > MAX_BYTES { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    flush(&mut group);
    Ok(())
}

/// The files of metadata of a collection, which are beside its folders of files, in the order of their names.
fn metadata_beside(folder: &Path, collection: &str) -> Vec<PathBuf> {
    let begins = format!("{AAC_META}{collection}__");
    let Some(around) = folder.parent() else { return Vec::new() };
    let mut found = Vec::new();
    // Those that were listed before an error count.
    let _ = storage::each_name(around, &mut |name, is_folder| {
        let text = name.to_str().unwrap_or_default();
        if !is_folder && text.starts_with(&begins) && text.contains(".jsonl") {
            found.push(around.join(&name));
        }
    });
    found.retain(|path| storage::is_file(path));
    found.sort();
    found
}

/// Calls `take` with each line until it returns false. Lines that are too long are skipped.
fn lines(stream: Box<dyn Read>, mut take: impl FnMut(&[u8]) -> bool) -> io::Result<()> {
    let mut stream = BufReader::with_capacity(1 << 16, stream);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut stream).take(MAX_ROW_BYTES).read_until(b'\n', &mut line)?;
        if read as u64 == MAX_ROW_BYTES && !line.ends_with(b"\n") {
            stream.skip_until(b'\n')?;
        } else if read == 0 || !take(&line) {
            return Ok(());
        }
    }
}

/// Reads a table with a column `file_name`, separated by tabs, semicolons or commas.
fn separated(mut stream: Box<dyn Read>, rows: &mut Kept) -> io::Result<()> {
    let mut head = Vec::new();
    (&mut stream).take(MAX_HEADER_BYTES).read_to_end(&mut head)?;
    let header = head.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let count = |delimiter: &u8| header.split(|byte| byte == delimiter).count();
    // The separator that occurs most often in the first line; of equals the last.
    let delimiter = [b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b',');
    // A quote that is never closed would make one row of the rest of the file.
    let left = Rc::new(Cell::new(MAX_ROW_BYTES));
    let stream = Box::new(io::Cursor::new(head).chain(stream));
    let bounded = Bounded { stream, left: Rc::clone(&left) };
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(bounded);
    let headers = reader.byte_headers().map_err(io::Error::from)?;
    let is_name = |header: &[u8]| {
        header.strip_prefix(b"\xef\xbb\xbf").unwrap_or(header) == FILE_NAME.as_bytes()
    };
    let Some(at) = headers.iter().position(is_name) else { return Ok(()) };
    let mut row = csv::ByteRecord::new();
    while reader.read_byte_record(&mut row).map_err(io::Error::from)? {
        left.set(MAX_ROW_BYTES);
        let name = row.get(at).and_then(|name| std::str::from_utf8(name).ok());
        let cells: Vec<&[u8]> = row.iter().collect();
        if name.is_some_and(|name| !rows.keep(name, &cells.join(&b' '))) {
            break;
        }
    }
    Ok(())
}

/// A stream that fails when more bytes are read than `left` allows.
struct Bounded<R> {
    stream: R,
    left: Rc<Cell<u64>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.get();
        if left == 0 {
            return Err(io::Error::other(format!("a row has more than {MAX_ROW_BYTES} bytes")));
        }
        let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let read = self.stream.read(&mut buffer[..most])?;
        self.left.set(left - read as u64);
        Ok(read)
    }
}
