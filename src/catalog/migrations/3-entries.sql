-- Version 3: what the label says of its recordings, with or without audio, and the log of changes.

-- `document`: the entry as JSON. It is read and written whole; the keys by which it is looked up are in `entry_keys`.
CREATE TABLE entries (
    entry_id TEXT PRIMARY KEY,
    document TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- `kind`: `isrc` or `own`. Several entries may have the same ISRC.
CREATE TABLE entry_keys (
    kind     TEXT NOT NULL,
    value    TEXT NOT NULL,
    entry_id TEXT NOT NULL,
    PRIMARY KEY (kind, value, entry_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX entry_keys_by_entry ON entry_keys (entry_id);

-- Links: the recordings of the index that are the audio of an entry.
CREATE TABLE entry_audio (
    recording_id TEXT NOT NULL,
    entry_id     TEXT NOT NULL,
    PRIMARY KEY (recording_id, entry_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX entry_audio_by_entry ON entry_audio (entry_id);
CREATE TRIGGER recording_removed AFTER DELETE ON recordings BEGIN
    DELETE FROM entry_audio WHERE recording_id = OLD.recording_id;
END;

-- Stretches of a recording that are in other recordings, too. `with_recording` is one of these.
CREATE TABLE shared_passages (
    recording_id   TEXT NOT NULL,
    start_seconds  REAL NOT NULL,
    end_seconds    REAL NOT NULL,
    with_recording TEXT NOT NULL,
    PRIMARY KEY (recording_id, start_seconds, with_recording)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER recording_removed_with_passages AFTER DELETE ON recordings BEGIN
    DELETE FROM shared_passages WHERE recording_id = OLD.recording_id OR with_recording = OLD.recording_id;
END;

-- Licensed uses: `kind` is `hash` (SHA-256 of a file), `dump` (a path or the first part of one) or `recording` (its id, an
-- entry's id, or an ISRC).
CREATE TABLE licences (
    kind  TEXT NOT NULL,
    value TEXT NOT NULL,
    note  TEXT NOT NULL,
    PRIMARY KEY (kind, value)
) STRICT, WITHOUT ROWID;

-- Who did what and when. Each row has the digest of itself and of the previous row, so that no row can be changed or removed
-- unnoticed.
CREATE TABLE log (
    number   INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    who      TEXT NOT NULL,
    action   TEXT NOT NULL,
    detail   TEXT NOT NULL,
    previous TEXT NOT NULL,
    digest   TEXT NOT NULL
) STRICT;
CREATE TRIGGER log_is_never_changed BEFORE UPDATE ON log BEGIN
    SELECT RAISE(ABORT, 'the log is append-only');
END;
CREATE TRIGGER log_is_never_shortened BEFORE DELETE ON log BEGIN
    SELECT RAISE(ABORT, 'the log is append-only');
END;
