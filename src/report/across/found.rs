//! What the runs found: works, and the places where they are, in a database in the temporary folder that goes with its
//! connection.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, params};

use super::facts::{OfRun, Place, PlaceNotice, Relations, Totals, Work};
use crate::record::{Finding, Relation, Verdict};
use crate::wording::{claim, warp};

/// Memory of the database, in KiB, as SQLite takes it; the rest is in its file.
const CACHE_KIB: i64 = -32_768;

const TABLES: &str = "
    CREATE TABLE works (
        work         INTEGER PRIMARY KEY,
        recording_id TEXT NOT NULL UNIQUE,
        artist TEXT NOT NULL, title TEXT NOT NULL, isrc TEXT NOT NULL, label TEXT NOT NULL,
        releases TEXT NOT NULL, upcs TEXT NOT NULL, p_line TEXT NOT NULL, registration TEXT NOT NULL
    ) STRICT;
    -- `first`, `last`: places of runs in the report. `score`: of the strongest finding, -1 if it is of an earlier run.
    CREATE TABLE places (
        work INTEGER NOT NULL, dump INTEGER NOT NULL,
        matches INTEGER NOT NULL, suspects INTEGER NOT NULL,
        r0 INTEGER NOT NULL, r1 INTEGER NOT NULL, r2 INTEGER NOT NULL, r3 INTEGER NOT NULL, r4 INTEGER NOT NULL, r5 INTEGER NOT NULL,
        as_released INTEGER NOT NULL, changed INTEGER NOT NULL,
        score REAL NOT NULL, how TEXT NOT NULL, claim TEXT NOT NULL, path TEXT NOT NULL, finding_id TEXT NOT NULL,
        first INTEGER NOT NULL, last INTEGER NOT NULL, first_match INTEGER, last_match INTEGER,
        PRIMARY KEY (work, dump)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX places_of_a_dump ON places (dump, work);
    CREATE TABLE noticed (
        work INTEGER NOT NULL, dump INTEGER NOT NULL, number INTEGER NOT NULL, state TEXT NOT NULL,
        PRIMARY KEY (work, dump, number)
    ) STRICT, WITHOUT ROWID;
    BEGIN;
";

const ADD_WORK: &str = "
    INSERT INTO works VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
    ON CONFLICT (recording_id) DO UPDATE SET artist = excluded.artist, title = excluded.title, isrc = excluded.isrc,
        label = excluded.label, releases = excluded.releases, upcs = excluded.upcs, p_line = excluded.p_line,
        registration = excluded.registration
    RETURNING work";

const ADD_PLACE: &str = "
    INSERT INTO places VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?18, ?19, ?19)
    ON CONFLICT (work, dump) DO UPDATE SET
        matches = matches + excluded.matches, suspects = suspects + excluded.suspects,
        r0 = r0 + excluded.r0, r1 = r1 + excluded.r1, r2 = r2 + excluded.r2, r3 = r3 + excluded.r3, r4 = r4 + excluded.r4,
        r5 = r5 + excluded.r5,
        as_released = as_released + excluded.as_released, changed = changed + excluded.changed,
        how = iif(excluded.score > score OR score < 0, excluded.how, how), claim = iif(excluded.score > score OR score < 0, excluded.claim, claim),
        path = iif(excluded.score > score OR score < 0, excluded.path, path),
        finding_id = iif(excluded.score > score OR score < 0, excluded.finding_id, finding_id),
        score = max(score, excluded.score), last = excluded.last,
        first_match = ifnull(first_match, excluded.first_match), last_match = ifnull(excluded.last_match, last_match)";

const PLACE: &str = "dump, matches, suspects, r0, r1, r2, r3, r4, r5, as_released, changed, how, claim, path, finding_id, first, last";

/// Where a finding is: the place of its run and the number of its dump in the report, whether the run says what is there
/// now, and the path of its item.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) run: usize,
    pub(super) dump: u32,
    pub(super) newest: bool,
    pub(super) path: &'a str,
}

/// The works and their places.
#[derive(Debug)]
pub(super) struct Found {
    rows: Connection,
}

impl Found {
    pub(super) fn new() -> rusqlite::Result<Self> {
        // Without a name: a database of its own, on disk only as far as it outgrows its memory.
        let rows = Connection::open("")?;
        rows.pragma_update(None, "cache_size", CACHE_KIB)?;
        rows.pragma_update(None, "journal_mode", "off")?;
        rows.pragma_update(None, "synchronous", "off")?;
        rows.execute_batch(TABLES)?;
        Ok(Self { rows })
    }

    /// Adds a match or suspect. Runs come from the oldest to the newest.
    pub(super) fn add(&self, at: At<'_>, finding: &Finding) -> rusqlite::Result<()> {
        let about = finding.work.clone().unwrap_or_default();
        let mut statement = self.rows.prepare_cached(ADD_WORK)?;
        let values = params![
            finding.recording_id,
            finding.artist,
            finding.title,
            finding.isrc,
            about.label,
            about.of_releases(|release| &release.title),
            about.of_releases(|release| &release.upc),
            about.p_line,
            about.registration,
        ];
        let work: i64 = statement.query_row(values, |row| row.get(0))?;
        let now = i64::from(at.newest);
        let is_match = finding.verdict == Verdict::Match;
        let of = |relation| i64::from(at.newest && finding.relation == Some(relation));
        let [r0, r1, r2, r3, r4, r5] = Relation::ALL.map(of);
        let heard = finding.is_heard();
        let how = if heard { warp(finding.tempo, finding.pitch_cents) } else { String::new() };
        let released = crate::record::is_as_released(finding.tempo, finding.pitch_cents);
        let run = at.run as i64;
        self.rows.prepare_cached(ADD_PLACE)?.execute(params![
            work,
            at.dump,
            now * i64::from(is_match),
            now * i64::from(!is_match),
            r0,
            r1,
            r2,
            r3,
            r4,
            r5,
            now * i64::from(heard && released),
            now * i64::from(heard && !released),
            if at.newest && finding.score.is_finite() { finding.score.max(0.0) } else { -1.0 },
            how,
            claim(finding).unwrap_or_default(),
            at.path,
            finding.finding_id,
            run,
            is_match.then_some(run),
        ])?;
        if at.newest {
            let sql = "INSERT OR REPLACE INTO noticed VALUES (?1, ?2, ?3, ?4)";
            let mut statement = self.rows.prepare_cached(sql)?;
            for notice in &finding.notices {
                statement.execute(params![work, at.dump, notice.number, notice.state.as_str()])?;
            }
        }
        Ok(())
    }

    /// Recordings with a match in a run of a dump, given by its place in the report; it is the last run that was added.
    pub(super) fn matched_in(&self, dump: u32, run: usize) -> rusqlite::Result<u64> {
        let sql = "SELECT count(*) FROM places WHERE dump = ?1 AND last_match = ?2";
        let mut statement = self.rows.prepare_cached(sql)?;
        let count = statement.query_row(params![dump, run as i64], |row| row.get::<_, i64>(0));
        count.map(|count| count as u64)
    }

    /// For the place of each run in the report, the recordings of which it had the first match.
    pub(super) fn first_matched(&self) -> rusqlite::Result<BTreeMap<usize, u64>> {
        let sql = "SELECT first, count(*) FROM (SELECT min(first_match) AS first FROM places GROUP BY work)
                   WHERE first IS NOT NULL GROUP BY first";
        let mut statement = self.rows.prepare(sql)?;
        let row = |row: &Row| Ok((row.get::<_, i64>(0)? as usize, row.get::<_, i64>(1)? as u64));
        statement.query_map([], row)?.collect()
    }

    /// Of a dump: recordings with matches, with suspects only, and no longer found.
    pub(super) fn of_dump(&self, dump: u32) -> rusqlite::Result<[u64; 3]> {
        let count = |which: &str| {
            let sql = format!("SELECT count(*) FROM places WHERE dump = ?1 AND {which}");
            self.number(&sql, i64::from(dump))
        };
        Ok([
            count("matches > 0")?,
            count("matches = 0 AND suspects > 0")?,
            count("matches + suspects = 0")?,
        ])
    }

    /// Fills in what the recordings of all dumps add up to.
    pub(super) fn totals(&self, totals: &mut Totals) -> rusqlite::Result<()> {
        let count = |which: &str| {
            let sql = format!(
                "SELECT count(*) FROM (SELECT work FROM places GROUP BY work HAVING {which}) WHERE ?1 = 0"
            );
            self.number(&sql, 0)
        };
        totals.recordings = count("sum(matches) > 0")?;
        totals.in_several = count("sum(matches > 0) > 1")?;
        totals.suspected = count("sum(matches) = 0 AND sum(suspects) > 0")?;
        totals.gone = count("sum(matches) + sum(suspects) = 0")?;
        Ok(())
    }

    fn number(&self, sql: &str, value: i64) -> rusqlite::Result<u64> {
        let number = self.rows.prepare_cached(sql)?.query_row([value], |row| row.get::<_, i64>(0));
        number.map(|number| number as u64)
    }

    /// Calls `visit` with each work, those in most dumps first, then those with most matches, then by name.
    pub(super) fn each<E: From<rusqlite::Error>>(
        &self,
        runs: &[OfRun],
        mut visit: impl FnMut(Work) -> Result<bool, E>,
    ) -> Result<(), E> {
        let sql = "SELECT w.work, recording_id, artist, title, isrc, label, releases, upcs, p_line, registration, min(first)
                   FROM works AS w JOIN places AS p ON p.work = w.work GROUP BY w.work
                   ORDER BY sum(p.matches > 0) DESC, sum(p.matches + p.suspects > 0) DESC, sum(p.matches) DESC,
                       artist, title, recording_id";
        let places = format!("SELECT {PLACE} FROM places WHERE work = ?1 ORDER BY dump");
        let mut statement = self.rows.prepare(sql)?;
        let mut of_work = self.rows.prepare(&places)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let number: i64 = row.get(0)?;
            let mut work = work(row, runs)?;
            let places = of_work.query_map([number], |row| place(row, runs))?;
            work.places = places.collect::<rusqlite::Result<_>>()?;
            for place in &mut work.places {
                self.notices(number, place)?;
            }
            if !visit(work)? {
                break;
            }
        }
        Ok(())
    }

    /// Calls `visit` with each work that is in a dump now, with that place alone: those with most matches first, then by name.
    pub(super) fn each_of<E: From<rusqlite::Error>>(
        &self,
        dump: u32,
        runs: &[OfRun],
        mut visit: impl FnMut(Work) -> Result<bool, E>,
    ) -> Result<(), E> {
        let sql = format!(
            "SELECT w.work, recording_id, artist, title, isrc, label, releases, upcs, p_line, registration, first, {PLACE}
             FROM places AS p JOIN works AS w ON w.work = p.work WHERE dump = ?1 AND matches + suspects > 0
             ORDER BY matches DESC, suspects DESC, artist, title, recording_id"
        );
        let mut statement = self.rows.prepare(&sql)?;
        let mut rows = statement.query([dump])?;
        while let Some(row) = rows.next()? {
            let number: i64 = row.get(0)?;
            let mut work = work(row, runs)?;
            let mut place = place_from(row, 11, runs)?;
            self.notices(number, &mut place)?;
            work.places = vec![place];
            if !visit(work)? {
                break;
            }
        }
        Ok(())
    }

    fn notices(&self, work: i64, place: &mut Place) -> rusqlite::Result<()> {
        let sql = "SELECT number, state FROM noticed WHERE work = ?1 AND dump = ?2 ORDER BY number";
        let mut statement = self.rows.prepare_cached(sql)?;
        let mut rows = statement.query(params![work, place.dump])?;
        while let Some(row) = rows.next()? {
            // The word is one that `add` wrote.
            if let Ok(state) = row.get_ref(1)?.as_str()?.parse() {
                place.notices.push(PlaceNotice { number: row.get(0)?, state });
            }
        }
        Ok(())
    }
}

fn day(runs: &[OfRun], at: i64) -> String {
    runs.get(at as usize).map_or_else(String::new, |run| run.day.clone())
}

fn run_id(runs: &[OfRun], at: i64) -> i64 {
    runs.get(at as usize).map_or(0, |run| run.run_id)
}

/// A work without its places.
fn work(row: &Row, runs: &[OfRun]) -> rusqlite::Result<Work> {
    Ok(Work {
        recording_id: row.get(1)?,
        artist: row.get(2)?,
        title: row.get(3)?,
        isrc: row.get(4)?,
        label: row.get(5)?,
        releases: row.get(6)?,
        upcs: row.get(7)?,
        p_line: row.get(8)?,
        registration: row.get(9)?,
        first_day: day(runs, row.get(10)?),
        places: Vec::new(),
    })
}

fn place(row: &Row, runs: &[OfRun]) -> rusqlite::Result<Place> {
    place_from(row, 0, runs)
}

/// The place whose columns, as in [`PLACE`], begin at a column.
fn place_from(row: &Row, begin: usize, runs: &[OfRun]) -> rusqlite::Result<Place> {
    let count = |at: usize| row.get::<_, i64>(begin + at).map(|count| count as u64);
    let mut relations = Relations::default();
    for (at, of) in relations.0.iter_mut().enumerate() {
        *of = count(3 + at)?;
    }
    let (first, last) = (row.get(begin + 15)?, row.get(begin + 16)?);
    Ok(Place {
        dump: row.get(begin)?,
        matches: count(1)?,
        suspects: count(2)?,
        relations,
        as_released: count(9)?,
        changed: count(10)?,
        how: row.get(begin + 11)?,
        claim: row.get(begin + 12)?,
        path: row.get(begin + 13)?,
        finding_id: row.get(begin + 14)?,
        first_day: day(runs, first),
        first_run: run_id(runs, first),
        last_day: day(runs, last),
        last_run: run_id(runs, last),
        notices: Vec::new(),
    })
}
