-- Results of scans, version 2. `PRAGMA user_version` holds the version.
CREATE TABLE runs (
    run_id               INTEGER PRIMARY KEY,
    -- Absolute paths that were named, as JSON.
    roots                TEXT NOT NULL,
    -- All that the results depend on, beside the items: another value, another run.
    settings_digest      TEXT NOT NULL,
    catalogue_digest     TEXT NOT NULL,
    catalogue_recordings INTEGER NOT NULL,
    fingerprint_digest   TEXT NOT NULL,
    decoders             TEXT NOT NULL,
    tool_version         TEXT NOT NULL,
    mode                 TEXT NOT NULL,
    -- The run whose outcomes of unchanged items are taken over.
    base_run_id          INTEGER,
    -- Seconds since 1970.
    started              INTEGER NOT NULL,
    finished             INTEGER
) STRICT;

CREATE TABLE outcomes (
    run_id       INTEGER NOT NULL REFERENCES runs (run_id),
    -- Key of the locator, the bytes of the absolute path and behind zeros the steps into containers:
    -- sorted as reports sort.
    path         BLOB NOT NULL,
    -- Of the file on disk.
    size_bytes   INTEGER NOT NULL,
    modified_ns  INTEGER NOT NULL,
    verdict      TEXT NOT NULL,
    failure_kind TEXT,
    -- The item record, as the JSONL report writes it.
    record       TEXT NOT NULL,
    PRIMARY KEY (run_id, path)
) STRICT, WITHOUT ROWID;
