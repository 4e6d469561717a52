-- Version 4: what is not the label's alone: neutral references, and stretches of its recordings.

-- 1: a loop, a kit, a sound effect, a test tone. It is never a finding; what it explains of an item speaks for no recording.
ALTER TABLE recordings ADD COLUMN neutral INTEGER NOT NULL DEFAULT 0;
-- A scan asks for them all, and they are few.
CREATE INDEX recordings_neutral ON recordings (segment_id, track) WHERE neutral = 1;

-- Stretches of a recording that speak for nothing: a licensed sample, a jingle. `note` says why.
CREATE TABLE masks (
    recording_id  TEXT NOT NULL,
    start_seconds REAL NOT NULL,
    end_seconds   REAL NOT NULL,
    note          TEXT NOT NULL,
    PRIMARY KEY (recording_id, start_seconds, end_seconds)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER recording_removed_with_masks AFTER DELETE ON recordings BEGIN
    DELETE FROM masks WHERE recording_id = OLD.recording_id;
END;
