-- Version 5: what is told once, what was looked at, and runs whose records were deleted.

-- What happened in a watched dump, and whether it was told. A row stays for good, so that nothing is told twice.
CREATE TABLE events (
    number   INTEGER PRIMARY KEY,
    -- Of a finding: a digest of place, recording, stream and verdict.
    event_id TEXT NOT NULL UNIQUE,
    run_id   INTEGER NOT NULL REFERENCES runs (run_id),
    -- The event as JSON; empty once it was told.
    body     TEXT NOT NULL,
    -- How often it was begun to print it, and to hand it to a command; counted before each time.
    prints   INTEGER NOT NULL DEFAULT 0,
    hands    INTEGER NOT NULL DEFAULT 0,
    -- Seconds since 1970: on standard output, and by all that had to tell it.
    printed  INTEGER,
    told     INTEGER
) STRICT;
CREATE INDEX events_to_tell ON events (hands, number) WHERE told IS NULL;

-- The files that the last scan of watched folders took for finished, by their digest. `roots`: as in `runs`.
CREATE TABLE looks (
    roots  TEXT PRIMARY KEY,
    digest TEXT NOT NULL,
    run_id INTEGER NOT NULL REFERENCES runs (run_id)
) STRICT;

-- When the records of a run were deleted, in seconds since 1970. Its row and its manifest stay.
ALTER TABLE runs ADD COLUMN pruned INTEGER;
