-- The catalogue, version 2. `PRAGMA user_version` has the version.
-- `fingerprint_config`: digest of the settings; `manifest`: the generation of the index's manifest that counts.
CREATE TABLE facts (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- `segment_id` and `track` say where the fingerprint is; the segments are named in the manifest.
CREATE TABLE recordings (
    recording_id     TEXT PRIMARY KEY,
    segment_id       INTEGER NOT NULL,
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

-- Recordings are named by these, too.
CREATE INDEX recordings_by_path ON recordings (path);
CREATE INDEX recordings_by_isrc ON recordings (isrc) WHERE isrc <> '';
