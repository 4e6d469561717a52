-- Notices and what became of them, version 1. `PRAGMA user_version` holds the version. Rows are only added.
CREATE TABLE notices (
    number        INTEGER PRIMARY KEY,
    -- Seconds since 1970, and who drafted it.
    at            INTEGER NOT NULL,
    by            TEXT NOT NULL,
    -- `host`, `hub` or `torrent_index`.
    kind          TEXT NOT NULL,
    -- As the draft names it; may be empty.
    recipient     TEXT NOT NULL,
    -- Where the material is offered, as the draft says: an address, a repository with its revision, or an info-hash.
    place         TEXT NOT NULL,
    run_id        INTEGER NOT NULL,
    -- Absolute paths that were scanned, as JSON.
    roots         TEXT NOT NULL,
    -- How that run searched: a later look may not search less.
    mode          TEXT NOT NULL,
    match_below   REAL NOT NULL,
    suspect_below REAL NOT NULL,
    -- Name of the draft's files without their ending, and the SHA-256 of the Markdown.
    draft         TEXT NOT NULL,
    draft_sha256  TEXT NOT NULL
) STRICT;

-- The findings that a notice is about, as JSON like that of the record, in the order of the draft.
CREATE TABLE materials (
    number     INTEGER NOT NULL REFERENCES notices (number),
    position   INTEGER NOT NULL,
    finding_id TEXT NOT NULL,
    locator    TEXT NOT NULL,
    item       TEXT NOT NULL,
    finding    TEXT NOT NULL,
    PRIMARY KEY (number, position)
) STRICT, WITHOUT ROWID;

-- What people said of a notice. `act`: `sent`, `answered`, `counter_notice`, `withdrawn`, `gone`, `done` (nothing is due any
-- more), `undone` (takes back the last of these), or `checked` (a later copy was looked at, by the run `run_id`).
CREATE TABLE steps (
    step      INTEGER PRIMARY KEY,
    number    INTEGER NOT NULL REFERENCES notices (number),
    act       TEXT NOT NULL,
    -- The day on which it happened; when it was recorded, in seconds since 1970; who said so.
    day       TEXT NOT NULL,
    at        INTEGER NOT NULL,
    by        TEXT NOT NULL,
    addressee TEXT NOT NULL,
    reference TEXT NOT NULL,
    -- The day by which something is to happen next; may be empty.
    due       TEXT NOT NULL,
    note      TEXT NOT NULL,
    run_id    INTEGER
) STRICT;
CREATE INDEX steps_of_a_notice ON steps (number, step);

-- What a check said of each material.
CREATE TABLE checks (
    step     INTEGER NOT NULL REFERENCES steps (step),
    position INTEGER NOT NULL,
    -- `still_there`, `moved`, `changed`, `elsewhere`, `not_read` or `gone`.
    presence TEXT NOT NULL,
    place    TEXT NOT NULL,
    why      TEXT NOT NULL,
    PRIMARY KEY (step, position)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER notices_stay BEFORE UPDATE ON notices
BEGIN SELECT raise(ABORT, 'a notice is never changed'); END;
CREATE TRIGGER notices_are_kept BEFORE DELETE ON notices
BEGIN SELECT raise(ABORT, 'a notice is never deleted'); END;
CREATE TRIGGER materials_stay BEFORE UPDATE ON materials
BEGIN SELECT raise(ABORT, 'what a notice is about is never changed'); END;
CREATE TRIGGER materials_are_kept BEFORE DELETE ON materials
BEGIN SELECT raise(ABORT, 'what a notice is about is never deleted'); END;
CREATE TRIGGER steps_stay BEFORE UPDATE ON steps
BEGIN SELECT raise(ABORT, 'a step is never changed, only followed by another'); END;
CREATE TRIGGER steps_are_kept BEFORE DELETE ON steps
BEGIN SELECT raise(ABORT, 'a step is never deleted, only followed by another'); END;
CREATE TRIGGER checks_stay BEFORE UPDATE ON checks
BEGIN SELECT raise(ABORT, 'a check is never changed, only followed by another'); END;
CREATE TRIGGER checks_are_kept BEFORE DELETE ON checks
BEGIN SELECT raise(ABORT, 'a check is never deleted, only followed by another'); END;
