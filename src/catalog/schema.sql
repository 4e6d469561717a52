-- The catalogue, version 1. `PRAGMA user_version` holds the version.
CREATE TABLE facts (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- The index's segments that count; a file in the folder without a row here does not.
CREATE TABLE segments (
    segment_id INTEGER PRIMARY KEY,
    file       TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE recordings (
    recording_id     TEXT PRIMARY KEY,
    segment_id       INTEGER NOT NULL REFERENCES segments (segment_id),
    track            INTEGER NOT NULL,
    sha256           TEXT NOT NULL,
    stream           INTEGER NOT NULL,
    audio_digest     TEXT NOT NULL UNIQUE,
    path             TEXT NOT NULL,
    size_bytes       INTEGER NOT NULL,
    codec            TEXT NOT NULL,
    duration_seconds REAL NOT NULL,
    title            TEXT NOT NULL,
    artist           TEXT NOT NULL,
    album            TEXT NOT NULL,
    isrc             TEXT NOT NULL,
    upc              TEXT NOT NULL,
    label            TEXT NOT NULL,
    date             TEXT NOT NULL,
    UNIQUE (segment_id, track),
    UNIQUE (sha256, stream)
) STRICT;
