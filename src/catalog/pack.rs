//! A catalogue as one file, to be searched on other machines.
//!
//! ```text
//! pack = "leakhound catalogue 1" LF header LF *OCTET
//! header = {"fingerprint":HEX,"recordings":N,"files":[{"name":TEXT,"bytes":N,"sha256":HEX},…]}
//! ```
//!
//! The bytes are those of the files that the header names, one after the other: a copy of the database, the manifest of the index,
//! and its segments. The SHA-256 of the header names the pack. A pack is unpacked once in each home, where its index can be
//! mapped: every byte is compared with the header on the way, and the folder appears whole or not at all. Nothing is ever changed
//! in it.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek as _, SeekFrom, Write};
use std::path::{Component, Path, PathBuf};

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::open::SCHEMA;
use super::{Catalog, CatalogError};
use crate::base::{Access, digest, hex, owner_only, sync_folder, write_atomically};
use crate::index::Manifest;
use crate::record::json;
use crate::signal::fingerprint::FingerprintConfig;
use crate::storage;

const FIRST_LINE: &str = "leakhound catalogue 1\n";
/// Longest header that is read, in bytes. A guess: each segment takes some 130.
const MAX_HEADER_BYTES: u64 = 16 << 20;
/// Bytes that are copied at a time.
const BLOCK_BYTES: usize = 1 << 20;
const DATABASE: &str = "catalog.sqlite";

/// The header of a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    /// Digest of the settings of its fingerprints.
    fingerprint: String,
    /// Number of recordings, neutral references included.
    recordings: u64,
    files: Vec<PackedFile>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PackedFile {
    name: String,
    bytes: u64,
    sha256: String,
}

/// A catalogue that was packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// The SHA-256 that names it.
    pub digest: String,
    /// Number of recordings, neutral references included.
    pub recordings: u64,
    /// Length of the file, in bytes.
    pub bytes: u64,
}

impl Catalog {
    /// Writes the catalogue as one file, which takes the place of any that is there.
    ///
    /// # Errors
    ///
    /// If the catalogue cannot be read, another program is changing it, or the file cannot be written.
    pub fn pack(&self, to: &Path) -> Result<Packed, CatalogError> {
        let _lock = self.lock()?;
        let write = |source| CatalogError::Write { path: to.to_path_buf(), source };
        let beside = to.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = tempfile::Builder::new()
            .prefix(".packing-")
            .tempdir_in(beside.unwrap_or(Path::new(".")));
        let folder = folder.map_err(write)?;
        let copy = folder.path().join(DATABASE);
        let copied = || {
            // As it is: a folder's name need not be UTF-8.
            let path = ValueRef::Text(copy.as_os_str().as_encoded_bytes());
            self.connection.execute("VACUUM INTO ?1", [ToSqlOutput::Borrowed(path)])?;
            // Readers of a write-ahead log write beside their database.
            Connection::open(&copy)?.pragma_update(None, "journal_mode", "delete")?;
            self.connection.query_row("SELECT count(*) FROM recordings", [], |row| row.get(0))
        };
        let recordings: i64 = copied().map_err(|source| self.error(source))?;
        let manifest = self.manifest()?;
        let segment =
            |name: String| (format!("segments/{name}"), self.segments_folder().join(name));
        let mut files = vec![(DATABASE.to_owned(), copy)];
        files.push(segment(Manifest::file(manifest.generation)));
        files.extend(manifest.segments.iter().map(|listed| segment(listed.file())));
        let header = Header {
            fingerprint: format!("{:08x}", self.config.digest()),
            recordings: recordings.max(0).unsigned_abs(),
            files: Vec::new(),
        };
        write_atomically(to, Access::Owner, |out| packed(out, header, &files)).map_err(write)
    }

    /// Opens a pack to be searched; it is unpacked below `home` if it is not yet. It cannot be changed.
    ///
    /// # Errors
    ///
    /// If the file is no pack, was changed, is of another version or was made with other fingerprint settings, or cannot be
    /// unpacked.
    pub fn open_pack(
        pack: &Path,
        home: &Path,
        config: FingerprintConfig,
    ) -> Result<Self, CatalogError> {
        let read = |source| CatalogError::ReadPack { path: pack.to_path_buf(), source };
        let bad = |what: String| CatalogError::Pack { path: pack.to_path_buf(), what };
        let at = storage::absolute(pack).map_err(read)?;
        let file = storage::open(&at).map_err(read)?;
        let mut file = BufReader::with_capacity(BLOCK_BYTES, file);
        let (header, name) = header(&mut file).map_err(read)?.map_err(bad)?;
        let expected = format!("{:08x}", config.digest());
        if header.fingerprint != expected {
            let (path, found) = (pack.to_path_buf(), header.fingerprint);
            return Err(CatalogError::Config { path, found, expected });
        }
        let folder = home.join("packs").join(&name[..16]);
        if !folder.join(DATABASE).is_file() {
            unpack(&mut file, &header, &folder).map_err(|failed| match failed {
                Failed::Pack(what) => bad(what),
                Failed::Read(source) => read(source),
                Failed::Write(source) => CatalogError::Write { path: folder.clone(), source },
            })?;
        }
        let database = folder.join(DATABASE);
        let error = |source| CatalogError::Database { path: database.clone(), source };
        let open = || {
            let connection =
                Connection::open_with_flags(&database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
            let version = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
            Ok((connection, version))
        };
        let (connection, found): (Connection, i64) = open().map_err(error)?;
        let known = SCHEMA.newest();
        if found != known {
            return Err(bad(format!(
                "its catalogue has version {found} and this program reads {known}; pack it again with this program"
            )));
        }
        Ok(Self { folder, database, connection, config, is_packed: true })
    }
}

/// Writes a pack: the header twice, since the digests of the files are only known at their end.
fn packed(out: &mut File, mut header: Header, files: &[(String, PathBuf)]) -> io::Result<Packed> {
    for (name, path) in files {
        let bytes = path.metadata()?.len();
        header.files.push(PackedFile { name: name.clone(), bytes, sha256: "0".repeat(64) });
    }
    out.write_all(format!("{FIRST_LINE}{}\n", json(&header)).as_bytes())?;
    for (packed, (_, path)) in header.files.iter_mut().zip(files) {
        let mut file = File::open(path)?.take(packed.bytes);
        let (bytes, sha256) = copy(&mut file, out)?;
        if bytes != packed.bytes {
            return Err(io::Error::other(format!("{} became shorter meanwhile", path.display())));
        }
        packed.sha256 = sha256;
    }
    let bytes = out.stream_position()?;
    out.seek(SeekFrom::Start(FIRST_LINE.len() as u64))?;
    let text = json(&header);
    out.write_all(text.as_bytes())?;
    Ok(Packed { digest: digest(text.as_bytes()), recordings: header.recordings, bytes })
}

/// Copies a stream; its length and SHA-256.
fn copy(from: &mut dyn Read, to: &mut dyn Write) -> io::Result<(u64, String)> {
    let (mut sha256, mut bytes, mut block) = (Sha256::new(), 0, vec![0; BLOCK_BYTES]);
    loop {
        let count = match from.read(&mut block) {
            Ok(0) => return Ok((bytes, hex(&sha256.finalize()))),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        sha256.update(&block[..count]);
        to.write_all(&block[..count])?;
        bytes += count as u64;
    }
}

/// The header of a pack, with its digest; or why it is none.
fn header(file: &mut impl BufRead) -> io::Result<Result<(Header, String), String>> {
    let mut first = Vec::new();
    file.take(FIRST_LINE.len() as u64).read_to_end(&mut first)?;
    if first != FIRST_LINE.as_bytes() {
        let newer = first.starts_with(b"leakhound catalogue ");
        let what = if newer {
            "a newer program made it; use that"
        } else {
            "it does not begin as one; make one: leakhound catalog pack --out FILE"
        };
        return Ok(Err(what.to_owned()));
    }
    let mut line = Vec::new();
    file.take(MAX_HEADER_BYTES).read_until(b'\n', &mut line)?;
    let Some(text) = line.strip_suffix(b"\n") else {
        return Ok(Err("it ends in its header; copy it again".to_owned()));
    };
    let parsed = serde_json::from_slice::<Header>(text);
    let named =
        parsed.map_err(|error| format!("its header cannot be read ({error}); copy it again"));
    Ok(named.map(|header| (header, digest(text))))
}

/// Why a pack cannot be unpacked.
enum Failed {
    Pack(String),
    Read(io::Error),
    Write(io::Error),
}

/// Unpacks the files behind a header into a folder, which appears whole or not at all.
fn unpack(file: &mut impl Read, header: &Header, folder: &Path) -> Result<(), Failed> {
    let packs = folder.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(packs).map_err(Failed::Write)?;
    owner_only(packs).map_err(Failed::Write)?;
    let new = tempfile::Builder::new().prefix(".unpacking-").tempdir_in(packs);
    let new = new.map_err(Failed::Write)?;
    fs::create_dir(new.path().join("segments")).map_err(Failed::Write)?;
    for PackedFile { name, bytes, sha256 } in &header.files {
        let mut parts = Path::new(name).components();
        let is_ours = parts.all(|part| matches!(part, Component::Normal(_)))
            && (name == DATABASE
                || name.strip_prefix("segments/").is_some_and(|n| !n.contains('/')));
        if !is_ours {
            return Err(Failed::Pack(format!("it names a file {name:?}, which no catalogue has")));
        }
        let path = new.path().join(name);
        let mut out = File::create_new(&path).map_err(Failed::Write)?;
        owner_only(&path).map_err(Failed::Write)?;
        let mut found = Sha256::new();
        let (mut left, mut block) = (*bytes, vec![0; BLOCK_BYTES]);
        while left > 0 {
            let most = usize::try_from(left).map_or(BLOCK_BYTES, |left| left.min(BLOCK_BYTES));
            let count = file.read(&mut block[..most]).map_err(Failed::Read)?;
            if count == 0 {
                let what =
                    format!("it is cut off: {left} bytes of {name} are missing; copy it again");
                return Err(Failed::Pack(what));
            }
            found.update(&block[..count]);
            out.write_all(&block[..count]).map_err(Failed::Write)?;
            left -= count as u64;
        }
        out.sync_all().map_err(Failed::Write)?;
        if hex(&found.finalize()) != *sha256 {
            return Err(Failed::Pack(format!(
                "the bytes of {name} are not those that were packed; copy it again"
            )));
        }
    }
    let mut rest = [0];
    if file.read(&mut rest).map_err(Failed::Read)? > 0 {
        return Err(Failed::Pack("it has bytes behind its last file; copy it again".into()));
    }
    let new = new.keep();
    if let Err(error) = fs::rename(&new, folder) {
        let _ = fs::remove_dir_all(&new);
        // Another process may have unpacked it meanwhile.
        if !folder.join(DATABASE).is_file() {
            return Err(Failed::Write(error));
        }
    }
    sync_folder(packs).map_err(Failed::Write)
}
