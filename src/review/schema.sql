-- What people decided about findings, version 1. `PRAGMA user_version` holds the version.
CREATE TABLE decisions (
    number       INTEGER PRIMARY KEY,
    -- Seconds since 1970.
    at           INTEGER NOT NULL,
    -- Who decided.
    by           TEXT NOT NULL,
    -- `accepted`, `dismissed`, `deferred`, or `withdrawn`: open again.
    state        TEXT NOT NULL,
    -- Of what was dismissed: `licensed`, `shared_sample`, `wrong`, `not_ours`; else empty.
    ground       TEXT NOT NULL,
    reason       TEXT NOT NULL,
    -- What it was about. These five tell which findings it holds for.
    recording_id TEXT NOT NULL,
    sha256       TEXT NOT NULL,
    sound        TEXT NOT NULL,
    stream       INTEGER NOT NULL,
    -- JSON, as in the record.
    spans        TEXT NOT NULL,
    locator      TEXT NOT NULL,
    -- What it looked like then, for whoever reads the history.
    finding_id   TEXT NOT NULL,
    run_id       INTEGER NOT NULL,
    path         TEXT NOT NULL,
    recording    TEXT NOT NULL,
    verdict      TEXT NOT NULL
) STRICT;

CREATE TRIGGER decisions_stay BEFORE UPDATE ON decisions
BEGIN SELECT raise(ABORT, 'a decision is never changed, only followed by another'); END;
CREATE TRIGGER decisions_are_kept BEFORE DELETE ON decisions
BEGIN SELECT raise(ABORT, 'a decision is never deleted, only followed by another'); END;
