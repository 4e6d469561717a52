-- Version 3: what proves a run.

-- One row a run that ended, in the order in which they ended. `document`: the manifest, the very bytes that `digest` is the
-- SHA-256 of; each names the digest of the one before.
CREATE TABLE manifests (
    number   INTEGER PRIMARY KEY,
    run_id   INTEGER NOT NULL UNIQUE REFERENCES runs (run_id),
    document TEXT NOT NULL,
    digest   TEXT NOT NULL
) STRICT;
CREATE TRIGGER manifests_are_never_changed BEFORE UPDATE ON manifests BEGIN
    SELECT RAISE(ABORT, 'manifests are append-only');
END;
CREATE TRIGGER manifests_are_never_taken_away BEFORE DELETE ON manifests BEGIN
    SELECT RAISE(ABORT, 'manifests are append-only');
END;

-- Tokens of timestamp authorities (RFC 3161) on the digests of manifests, as they came.
CREATE TABLE timestamps (
    run_id INTEGER NOT NULL REFERENCES runs (run_id),
    token  BLOB NOT NULL,
    PRIMARY KEY (run_id, token)
) STRICT, WITHOUT ROWID;

-- Hashes of container files, good as long as size and time of change are the same. `path`: as in `outcomes`.
CREATE TABLE file_hashes (
    path        BLOB PRIMARY KEY,
    size_bytes  INTEGER NOT NULL,
    modified_ns INTEGER NOT NULL,
    sha256      TEXT NOT NULL
) STRICT, WITHOUT ROWID;
