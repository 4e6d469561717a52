-- Version 4: what the dump of a run is, as a person says: the name, version, licence, revision and source of a data set.

-- Rows are only added; of a run the last counts. `about`: JSON. `at`: seconds since 1970, `by`: who said so.
CREATE TABLE abouts (
    number INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    by     TEXT NOT NULL,
    about  TEXT NOT NULL
) STRICT;
CREATE TRIGGER abouts_stay BEFORE UPDATE ON abouts BEGIN
    SELECT RAISE(ABORT, 'what was said of a dump is never changed, only followed by another');
END;
CREATE TRIGGER abouts_are_kept BEFORE DELETE ON abouts BEGIN
    SELECT RAISE(ABORT, 'what was said of a dump is never deleted, only followed by another');
END;
