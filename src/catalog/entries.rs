//! Entries in the database: how an import writes them, and how they are read.
//!
//! An import is one transaction. Its rows are staged first, those of one recording joined, and only then compared with the
//! stored entries. So importing the same again changes nothing, whatever the order of the rows, and a dry run leaves nothing.

use rusqlite::{OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::entry::Entry;
use super::lock::WriteLock;
use super::merge::Conflict;
use super::{Catalog, CatalogError, LogLine};
use crate::base::digest;
use crate::record::json;

/// Statements that are kept prepared: more than an import has.
const STATEMENTS: usize = 64;
/// Memory for pages of the database, and as much for those of the staged rows, in KiB. The ids of entries are hashes, so
/// rows are read from everywhere; with SQLite's 2 MiB most are read from disk. A guess.
const CACHE_KIB: i64 = 64 << 10;

/// What became of a row of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Staged {
    /// It is the first of its recording in this import.
    First {
        /// The entry's id.
        id: String,
    },
    /// It was joined with an earlier one of this import.
    Joined {
        /// The entry's id.
        id: String,
        /// The fields in which they differ; the earlier row's values stay.
        conflicts: Vec<Conflict>,
    },
    /// Left out, since several entries may be meant: the reason, with the remedy.
    Ambiguous(String),
}

/// Numbers of entries by what an import did to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Imported {
    /// Entries that were not there before.
    pub new: u64,
    /// Entries whose content changed.
    pub updated: u64,
    /// Entries that stayed the same.
    pub unchanged: u64,
}

/// An import in progress. If it is dropped before [`EntryImport::finish`], nothing is written.
#[derive(Debug)]
pub struct EntryImport<'a> {
    catalog: &'a Catalog,
    transaction: Transaction<'a>,
    _lock: WriteLock,
    staged: i64,
}

const STAGE: &str = "
    CREATE TEMP TABLE IF NOT EXISTS staged (number INTEGER PRIMARY KEY, entry_id TEXT NOT NULL, document TEXT NOT NULL);
    CREATE UNIQUE INDEX IF NOT EXISTS temp.staged_by_id ON staged (entry_id);
    CREATE TEMP TABLE IF NOT EXISTS staged_keys (
        kind TEXT NOT NULL, value TEXT NOT NULL, entry_id TEXT NOT NULL,
        PRIMARY KEY (kind, value, entry_id)) WITHOUT ROWID;
    DELETE FROM staged;
    DELETE FROM staged_keys;";

impl Catalog {
    /// Begins an import. Other writers are kept out until it ends.
    ///
    /// # Errors
    ///
    /// If another program is changing the catalogue, or the database cannot be written.
    pub fn import(&self) -> Result<EntryImport<'_>, CatalogError> {
        let lock = self.lock()?;
        let begin = || {
            self.connection.set_prepared_statement_cache_capacity(STATEMENTS);
            self.connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
            self.connection.pragma_update(Some("temp"), "cache_size", -CACHE_KIB)?;
            let transaction =
                Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
            transaction.execute_batch(STAGE)?;
            Ok(transaction)
        };
        let transaction = begin().map_err(|source| self.error(source))?;
        Ok(EntryImport { catalog: self, transaction, _lock: lock, staged: 0 })
    }

    /// Calls `take` with each entry, in the order of their ids.
    ///
    /// # Errors
    ///
    /// If the database cannot be read, or the first error that `take` returns.
    pub fn for_each_entry<E: From<CatalogError>>(
        &self,
        mut take: impl FnMut(Entry) -> Result<(), E>,
    ) -> Result<(), E> {
        let error = |source| E::from(self.error(source));
        let sql = "SELECT document FROM entries ORDER BY entry_id";
        let mut statement = self.connection.prepare(sql).map_err(error)?;
        let mut rows = statement.query([]).map_err(error)?;
        while let Some(row) = rows.next().map_err(error)? {
            let document: String = row.get(0).map_err(error)?;
            take(self.parse(&document)?)?;
        }
        Ok(())
    }

    /// The entries with a name: the entry's id, an ISRC, one of the label's ids, or the id of a recording.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn entries_named(&self, name: &str) -> Result<Vec<Entry>, CatalogError> {
        let sql = "SELECT document FROM entries WHERE entry_id = ?1
             OR entry_id IN (SELECT entry_id FROM entry_keys WHERE kind IN ('isrc', 'own') AND value = ?1)
             OR entry_id IN (SELECT entry_id FROM entry_audio WHERE recording_id = ?1)
             ORDER BY entry_id";
        let read = || {
            let mut statement = self.connection.prepare_cached(sql)?;
            statement.query_map([name], |row| row.get(0))?.collect::<rusqlite::Result<_>>()
        };
        let documents: Vec<String> = read().map_err(|source| self.error(source))?;
        documents.iter().map(|document| self.parse(document)).collect()
    }

    /// Number of entries, and number of those that have audio in the index.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn count_entries(&self) -> Result<(u64, u64), CatalogError> {
        let sql = "SELECT (SELECT count(*) FROM entries), (SELECT count(DISTINCT entry_id) FROM entry_audio)";
        self.connection
            .query_row(sql, [], |row| {
                Ok((row.get::<_, i64>(0)? as u64, row.get::<_, i64>(1)? as u64))
            })
            .map_err(|source| self.error(source))
    }

    pub(super) fn parse(&self, document: &str) -> Result<Entry, CatalogError> {
        serde_json::from_str(document)
            .map_err(|source| CatalogError::Entry { path: self.database.clone(), source })
    }
}

impl EntryImport<'_> {
    /// Stages one row.
    ///
    /// # Errors
    ///
    /// If the database cannot be written.
    pub fn stage(&mut self, mut entry: Entry) -> Result<Staged, CatalogError> {
        let id = match self.identify(&entry)? {
            Ok(id) => id,
            Err(why) => return Ok(Staged::Ambiguous(why)),
        };
        entry.entry_id.clone_from(&id);
        let sql = "SELECT number, document FROM temp.staged WHERE entry_id = ?1";
        let known: Option<(i64, String)> = self
            .transaction
            .prepare_cached(sql)
            .and_then(|mut s| s.query_row([&id], |row| Ok((row.get(0)?, row.get(1)?))).optional())
            .map_err(|source| self.catalog.error(source))?;
        let (number, staged) = if let Some((number, document)) = known {
            let mut first = self.catalog.parse(&document)?;
            let conflicts = first.unite(entry);
            entry = first;
            (number, Staged::Joined { id: id.clone(), conflicts })
        } else {
            self.staged += 1;
            (self.staged, Staged::First { id: id.clone() })
        };
        (|| {
            let sql = "INSERT OR REPLACE INTO temp.staged VALUES (?1, ?2, ?3)";
            self.transaction.prepare_cached(sql)?.execute(params![number, id, json(&entry)])?;
            for (kind, value) in keys(&entry) {
                let sql = "INSERT OR IGNORE INTO temp.staged_keys VALUES (?1, ?2, ?3)";
                self.transaction.prepare_cached(sql)?.execute(params![kind, value, id])?;
            }
            Ok(())
        })()
        .map_err(|source| self.catalog.error(source))?;
        Ok(staged)
    }

    /// The id of the entry that a row is about, made for a new one; or why several may be meant.
    ///
    /// The entry's id decides, else the label's ids, else the ISRCs, else the words. An entry with another of the label's ids is
    /// another recording even if the ISRC is the same.
    fn identify(&self, entry: &Entry) -> Result<Result<String, String>, CatalogError> {
        if !entry.entry_id.is_empty() {
            return Ok(Ok(entry.entry_id.clone()));
        }
        for own in &entry.own_ids {
            match self.with_key("own", own)?.as_slice() {
                [] => {}
                [id] => return Ok(Ok(id.clone())),
                many => return Ok(Err(ambiguous("the id", own, many))),
            }
        }
        let mut found: Vec<String> = Vec::new();
        for isrc in &entry.isrcs {
            for id in self.with_key("isrc", isrc)? {
                if !found.contains(&id) && (entry.own_ids.is_empty() || !self.has_own_id(&id)?) {
                    found.push(id);
                }
            }
        }
        Ok(match found.as_slice() {
            [] => Ok(new_id(entry)),
            [id] => Ok(id.clone()),
            many => Err(ambiguous("the ISRC", &entry.isrcs.join(", "), many)),
        })
    }

    /// Ids of the staged and stored entries with a key.
    fn with_key(&self, kind: &str, value: &str) -> Result<Vec<String>, CatalogError> {
        let sql = "SELECT entry_id FROM temp.staged_keys WHERE kind = ?1 AND value = ?2
                   UNION SELECT entry_id FROM entry_keys WHERE kind = ?1 AND value = ?2";
        let read = || {
            let mut statement = self.transaction.prepare_cached(sql)?;
            statement.query_map([kind, value], |row| row.get(0))?.collect::<rusqlite::Result<_>>()
        };
        read().map_err(|source| self.catalog.error(source))
    }

    /// Ids of the recordings whose file has this SHA-256, neutral references excluded.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn with_sha256(&self, sha256: &str) -> Result<Vec<String>, CatalogError> {
        self.catalog.with_sha256(sha256)
    }

    /// Whether an entry, staged or stored, has one of the label's ids.
    fn has_own_id(&self, id: &str) -> Result<bool, CatalogError> {
        let sql =
            "SELECT EXISTS (SELECT 1 FROM temp.staged_keys WHERE entry_id = ?1 AND kind = 'own')
                       OR EXISTS (SELECT 1 FROM entry_keys WHERE entry_id = ?1 AND kind = 'own')";
        self.transaction
            .prepare_cached(sql)
            .and_then(|mut s| s.query_row([id], |row| row.get(0)))
            .map_err(|source| self.catalog.error(source))
    }

    /// Compares the staged rows with the stored entries, and writes them with the line of the log. Without `log` it is a dry
    /// run, and nothing is written.
    ///
    /// # Errors
    ///
    /// If the database cannot be written. It is unchanged then.
    pub fn finish(
        self,
        replace: bool,
        log: Option<&dyn Fn(Imported) -> LogLine>,
    ) -> Result<Imported, CatalogError> {
        let mut imported = Imported::default();
        let error = |source| self.catalog.error(source);
        {
            // By id, so that new entries are written in the order of the table.
            let sql = "SELECT s.entry_id, s.document, e.document FROM temp.staged s
                       LEFT JOIN entries e ON e.entry_id = s.entry_id ORDER BY s.entry_id";
            let mut statement = self.transaction.prepare(sql).map_err(error)?;
            let mut rows = statement.query([]).map_err(error)?;
            while let Some(row) = rows.next().map_err(error)? {
                let text =
                    |at: usize| row.get_ref(at)?.as_str_or_null().map_err(rusqlite::Error::from);
                let id = text(0).map_err(error)?.unwrap_or_default();
                let staged = text(1).map_err(error)?.unwrap_or_default();
                match text(2).map_err(error)? {
                    None => {
                        imported.new += 1;
                        self.write(id, staged).map_err(error)?;
                    }
                    Some(stored) if stored == staged => imported.unchanged += 1,
                    Some(stored) => {
                        let mut entry = self.catalog.parse(stored)?;
                        entry.update(self.catalog.parse(staged)?, replace);
                        let document = json(&entry);
                        if document == stored {
                            imported.unchanged += 1;
                        } else {
                            imported.updated += 1;
                            self.write(id, &document).map_err(error)?;
                            self.write_keys(&entry, replace).map_err(error)?;
                        }
                    }
                }
            }
        }
        let sql =
            "INSERT OR IGNORE INTO entry_keys SELECT kind, value, entry_id FROM temp.staged_keys
                   ORDER BY kind, value, entry_id";
        self.transaction.execute(sql, []).map_err(error)?;
        if let Some(log) = log {
            super::log::append(&self.transaction, &log(imported)).map_err(error)?;
            self.transaction.commit().map_err(error)?;
        }
        Ok(imported)
    }

    fn write(&self, id: &str, document: &str) -> rusqlite::Result<()> {
        let sql = "INSERT OR REPLACE INTO entries VALUES (?1, ?2)";
        self.transaction.prepare_cached(sql)?.execute([id, document])?;
        Ok(())
    }

    /// Writes the keys of an entry; with `replace`, the keys that it no longer has are removed.
    fn write_keys(&self, entry: &Entry, replace: bool) -> rusqlite::Result<()> {
        let id = &entry.entry_id;
        if replace {
            let sql = "DELETE FROM entry_keys WHERE entry_id = ?1";
            self.transaction.prepare_cached(sql)?.execute([id])?;
        }
        for (kind, value) in keys(entry) {
            let sql = "INSERT OR IGNORE INTO entry_keys VALUES (?1, ?2, ?3)";
            self.transaction.prepare_cached(sql)?.execute([kind, value, id])?;
        }
        Ok(())
    }
}

/// Removes an entry, and returns whether there was one. The recordings that are its audio stay.
pub(super) fn remove(transaction: &Transaction, entry_id: &str) -> rusqlite::Result<bool> {
    transaction
        .prepare_cached("DELETE FROM entry_keys WHERE entry_id = ?1")?
        .execute([entry_id])?;
    transaction
        .prepare_cached("DELETE FROM entry_audio WHERE entry_id = ?1")?
        .execute([entry_id])?;
    let sql = "DELETE FROM entries WHERE entry_id = ?1";
    Ok(transaction.prepare_cached(sql)?.execute([entry_id])? > 0)
}

/// The keys by which an entry is looked up: kind and value.
fn keys(entry: &Entry) -> impl Iterator<Item = (&'static str, &str)> {
    let isrcs = entry.isrcs.iter().map(|isrc| ("isrc", isrc.as_str()));
    isrcs.chain(entry.own_ids.iter().map(|own| ("own", own.as_str())))
}

fn ambiguous(what: &str, value: &str, entries: &[String]) -> String {
    let first: Vec<&str> = entries.iter().take(3).map(String::as_str).collect();
    format!(
        "{what} {value} belongs to {} entries ({} …); give the row the entry_id of one of them, or an own_id \
         if it is another recording",
        entries.len(),
        first.join(", ")
    )
}

/// The id of a new entry: a hash of the best identifier of the row, so that it does not depend on the time or the format of
/// the import.
fn new_id(entry: &Entry) -> String {
    let words = |parts: &[&str]| parts.join("\u{0}").to_lowercase();
    let Entry { own_ids, isrcs, title, version, artists, audio, .. } = entry;
    let key = if let Some(own) = own_ids.first() {
        format!("own\u{0}{own}")
    } else if let Some(isrc) = isrcs.first() {
        format!("isrc\u{0}{isrc}")
    } else if !title.is_empty() {
        words(&["words", title, version, &artists.join("\u{0}")])
    } else {
        let file = audio.first().map_or("", |a| if a.uri.is_empty() { &a.hash } else { &a.uri });
        format!("audio\u{0}{file}")
    };
    format!("e-{}", &digest(key.as_bytes())[..16])
}
