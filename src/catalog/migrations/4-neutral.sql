-- Version 4: material that is not the label's alone: neutral references, and masked stretches of its recordings.

-- 1: a neutral reference, such as a loop, a drum kit, a sound effect or a test tone. It is never a finding; what it explains
-- of an item is no evidence for any recording.
ALTER TABLE recordings ADD COLUMN neutral INTEGER NOT NULL DEFAULT 0;
-- A scan reads all of them, and they are few.
CREATE INDEX recordings_neutral ON recordings (segment_id, track) WHERE neutral = 1;

-- Stretches of a recording that are no evidence for it, such as a licensed sample or a jingle. `note` is the reason.
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
