//! Rights, licences and shared passages on one day in one territory, and what they mean for a finding.
//!
//! They never change what was heard. They say whether a use infringes the label's rights as far as its own catalogue tells;
//! they are no legal opinion.

use std::collections::BTreeMap;

use rusqlite::{Transaction, TransactionBehavior, params};

use super::entry::{Entry, Policy, Role, WORLD};
use super::{Catalog, CatalogError, MakeLine};
use crate::base::digest;
use crate::record::{Finding, ItemRecord, Standing, StandingKind, Verdict, json};

/// Marks of an entry that mean that its use infringes nobody's rights.
const FREE: [&str; 3] = ["public_domain", "cc0", "creative_commons"];
/// Seconds by which a span may exceed a shared passage: the ends of spans are found to about half a second. A guess.
const SLACK_SECONDS: f64 = 1.0;

/// The rights on one day in one territory.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rights {
    /// Position in `reasons`, by the id of the recording, or of an entry without audio.
    standings: BTreeMap<Box<str>, u32>,
    /// The different standings: of a million recordings, most have the same one.
    reasons: Vec<Standing>,
    /// Shared passages in seconds, sorted and disjoint, by the id of the recording.
    passages: BTreeMap<String, Vec<(f64, f64)>>,
    licences: Vec<Licence>,
}

/// A licensed use.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Licence {
    /// What is licensed: `dump`, `hash` or `recording`.
    pub kind: String,
    /// For `dump` a path or the first part of one, for `hash` the SHA-256 of a file, for `recording` the id of a recording or
    /// entry, or an ISRC.
    pub value: String,
    /// The reason, as a person wrote it.
    pub note: String,
}

/// A stretch of a recording that is in another one, too.
#[derive(Debug, Clone, PartialEq)]
pub struct Passage {
    /// Id of the recording.
    pub recording_id: String,
    /// Start in the recording.
    pub start_seconds: f64,
    /// End in the recording.
    pub end_seconds: f64,
    /// Id of the other recording; the recording itself for a steady tone, which anything may contain.
    pub with_recording: String,
}

impl Catalog {
    /// The rights on a day (`YYYY-MM-DD`) in the country (two letters) where the items are offered, if that is known.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn rights(&self, day: &str, territory: Option<&str>) -> Result<Rights, CatalogError> {
        let error = |source| self.error(source);
        let mut rights = Rights { licences: self.licences()?, ..Rights::default() };
        let mut places: BTreeMap<(StandingKind, String), u32> = BTreeMap::new();
        let sql = "SELECT e.document, a.recording_id FROM entries e
                   LEFT JOIN entry_audio a ON a.entry_id = e.entry_id ORDER BY e.entry_id, a.recording_id";
        let mut statement = self.connection.prepare(sql).map_err(error)?;
        let mut rows = statement.query([]).map_err(error)?;
        while let Some(row) = rows.next().map_err(error)? {
            let entry = self.parse(&row.get::<_, String>(0).map_err(error)?)?;
            let recording: Option<String> = row.get(1).map_err(error)?;
            let Some(standing) = standing(&entry, day, territory) else { continue };
            let id = recording.unwrap_or(entry.entry_id).into_boxed_str();
            let key = (standing.kind, standing.reason.clone());
            let place = *places.entry(key).or_insert_with(|| {
                rights.reasons.push(standing.clone());
                rights.reasons.len() as u32 - 1
            });
            let known = rights.standings.entry(id).or_insert(place);
            // Of several entries, the one that accuses least counts.
            if standing.kind > rights.reasons[*known as usize].kind {
                *known = place;
            }
        }
        for passage in self.passages()? {
            let Passage { recording_id, start_seconds, end_seconds, .. } = passage;
            let known = rights.passages.entry(recording_id).or_default();
            match known.last_mut() {
                Some(last) if start_seconds <= last.1 => last.1 = last.1.max(end_seconds),
                _ => known.push((start_seconds, end_seconds)),
            }
        }
        Ok(rights)
    }

    /// All shared passages, sorted by recording and start.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn passages(&self) -> Result<Vec<Passage>, CatalogError> {
        let sql =
            "SELECT recording_id, start_seconds, end_seconds, with_recording FROM shared_passages
                   ORDER BY recording_id, start_seconds, with_recording";
        let read = || {
            let mut statement = self.connection.prepare(sql)?;
            let rows = statement.query_map([], |row| {
                Ok(Passage {
                    recording_id: row.get(0)?,
                    start_seconds: row.get(1)?,
                    end_seconds: row.get(2)?,
                    with_recording: row.get(3)?,
                })
            })?;
            rows.collect::<rusqlite::Result<_>>()
        };
        read().map_err(|source| self.error(source))
    }

    /// Replaces all shared passages, and logs it.
    ///
    /// # Errors
    ///
    /// If another program is changing the catalogue, or the database cannot be written.
    pub fn mark_passages(&self, passages: &[Passage], log: MakeLine) -> Result<(), CatalogError> {
        let _lock = self.lock()?;
        (|| {
            let transaction = self.connection.unchecked_transaction()?;
            transaction.execute("DELETE FROM shared_passages", [])?;
            for Passage { recording_id, start_seconds, end_seconds, with_recording } in passages {
                let sql = "INSERT OR REPLACE INTO shared_passages VALUES (?1, ?2, ?3, ?4)";
                let row = params![recording_id, start_seconds, end_seconds, with_recording];
                transaction.prepare_cached(sql)?.execute(row)?;
            }
            super::log::append(
                &transaction,
                &log(format!("{} shared passages marked", passages.len())),
            )?;
            transaction.commit()
        })()
        .map_err(|source| self.error(source))
    }

    /// All licensed uses, sorted by kind and value.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn licences(&self) -> Result<Vec<Licence>, CatalogError> {
        let sql = "SELECT kind, value, note FROM licences ORDER BY kind, value";
        let read = || {
            let mut statement = self.connection.prepare(sql)?;
            let rows = statement.query_map([], |row| {
                Ok(Licence { kind: row.get(0)?, value: row.get(1)?, note: row.get(2)? })
            })?;
            rows.collect::<rusqlite::Result<_>>()
        };
        read().map_err(|source| self.error(source))
    }

    /// Adds or removes a licensed use, and logs it. Returns whether anything changed.
    ///
    /// # Errors
    ///
    /// If another program is changing the catalogue, or the database cannot be written.
    pub fn license(
        &self,
        licence: &Licence,
        add: bool,
        log: MakeLine,
    ) -> Result<bool, CatalogError> {
        let _lock = self.lock()?;
        let Licence { kind, value, note } = licence;
        (|| {
            let transaction =
                Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
            let changed = if add {
                let sql = "INSERT OR REPLACE INTO licences VALUES (?1, ?2, ?3)";
                transaction.execute(sql, [kind, value, note])?
            } else {
                let sql = "DELETE FROM licences WHERE kind = ?1 AND value = ?2";
                transaction.execute(sql, [kind, value])?
            };
            if changed > 0 {
                super::log::append(&transaction, &log(format!("{kind} {value} {note}")))?;
            }
            transaction.commit()?;
            Ok(changed > 0)
        })()
        .map_err(|source| self.error(source))
    }
}

/// The standing of a recording; `None` if the label has all rights.
fn standing(entry: &Entry, day: &str, territory: Option<&str>) -> Option<Standing> {
    let because = |kind, reason: String| Some(Standing { kind, reason });
    // Only the given parts are compared: `2025` ends after `2025-12-31`.
    let is_over = |until: &str| day.get(..until.len()).is_some_and(|today| today > until);
    let begins_later = |from: &str| day.get(..from.len()).is_some_and(|today| today < from);
    let Entry { valid_from, valid_until, territories, territories_excluded, .. } = entry;
    if let Some(flag) = entry.flags.iter().find(|flag| FREE.contains(&flag.as_str())) {
        return because(StandingKind::PublicDomain, format!("the label says {flag}"));
    }
    if entry.policy == Policy::Exclude {
        return because(StandingKind::Excluded, "the label does not want it reported".into());
    }
    if !valid_until.is_empty() && is_over(valid_until) {
        return because(
            StandingKind::Expired,
            format!("the label's rights ended on {valid_until}"),
        );
    }
    let everywhere = territories.is_empty() || territories.iter().any(|known| known == WORLD);
    let limits = || match (everywhere, territories_excluded.join(", ")) {
        (true, excluded) if excluded.is_empty() => String::new(),
        (true, excluded) => format!("everywhere but in {excluded}"),
        (false, excluded) if excluded.is_empty() => format!("in {}", territories.join(", ")),
        (false, excluded) => format!("in {}, not in {excluded}", territories.join(", ")),
    };
    if let Some(country) = territory {
        let is_in = |list: &[String]| list.iter().any(|known| known == country);
        if is_in(territories_excluded) || !(everywhere || is_in(territories)) {
            let reason = format!("the label has rights {}; this is offered in {country}", limits());
            return because(StandingKind::OutsideTerritory, reason);
        }
    }
    if entry.policy == Policy::Review {
        return because(StandingKind::Review, "the label wants to look at it first".into());
    }
    if entry.role == Role::NonExclusive {
        let reason =
            "the label's rights are not exclusive: somebody else may have licensed this use";
        return because(StandingKind::Review, reason.into());
    }
    if !valid_from.is_empty() && begins_later(valid_from) {
        return because(StandingKind::Review, format!("the label's rights begin on {valid_from}"));
    }
    if territory.is_none() && !limits().is_empty() {
        let reason =
            format!("the label has rights {}; --territory says where this is offered", limits());
        return because(StandingKind::Limited, reason);
    }
    None
}

impl Rights {
    /// SHA-256 of everything that a record can show of them, lower-case hex.
    pub fn digest(&self) -> String {
        let Self { standings, reasons, passages, licences } = self;
        digest(json(&(standings, reasons, passages, licences)).as_bytes())
    }

    /// As [`Rights::digest`], but without the paths of licensed dumps, which differ between machines: the standing of a finding
    /// already says whether it is licensed.
    pub fn portable_digest(&self) -> String {
        let Self { standings, reasons, passages, licences } = self;
        let stands = standings.iter().map(|(id, place)| (id, &reasons[*place as usize]));
        let stands: Vec<_> = stands.collect();
        let licences: Vec<_> = licences.iter().filter(|licence| licence.kind != "dump").collect();
        digest(json(&(stands, passages, licences)).as_bytes())
    }

    /// Whether they change no finding at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Sets the standing and the verdict of each finding, and from these the verdict of the item.
    pub fn apply(&self, record: &mut ItemRecord) {
        if self.is_empty() || record.findings.is_empty() {
            return;
        }
        let (path, sha256) = (record.item.path.clone(), record.item.sha256.clone());
        for finding in &mut record.findings {
            let Some(standing) = self.of(finding, &path, &sha256) else { continue };
            if standing.kind == StandingKind::Limited && finding.standing.is_some() {
                continue;
            }
            if standing.kind.is_permitted() {
                finding.verdict = Verdict::Permitted;
            } else if standing.kind != StandingKind::Limited {
                finding.verdict = finding.verdict.max(Verdict::Suspect);
            }
            finding.standing = Some(standing);
        }
        let strongest = record.findings.iter().map(|finding| finding.verdict).min();
        record.verdict = strongest.unwrap_or(record.verdict);
    }

    /// The standing of a finding in an item with this path and hash.
    fn of(&self, finding: &Finding, path: &str, sha256: &str) -> Option<Standing> {
        let licence = self.licences.iter().find(|licence| {
            let Licence { kind, value, .. } = licence;
            match kind.as_str() {
                "dump" => path.strip_prefix(value.as_str()).is_some_and(|rest| {
                    rest.is_empty() || value.ends_with('/') || rest.starts_with(['/', '\\', '!'])
                }),
                "hash" => value == sha256,
                _ => {
                    *value == finding.recording_id
                        || finding.isrc.split("; ").any(|isrc| isrc == value)
                }
            }
        });
        if let Some(Licence { kind, value, note }) = licence {
            let note = if note.is_empty() { String::new() } else { format!(": {note}") };
            let reason = format!("the {kind} {value} is licensed{note}");
            return Some(Standing { kind: StandingKind::Licensed, reason });
        }
        let known = self.standings.get(&*finding.recording_id);
        let known = known.map(|place| &self.reasons[*place as usize]);
        if known.is_none_or(|standing| standing.kind == StandingKind::Limited)
            && self.is_shared(finding)
        {
            let reason = "all that was found lies in a passage that is in other recordings, too, such as a loop, a \
                          sample or a tone; it may come from elsewhere";
            return Some(Standing { kind: StandingKind::SharedPassage, reason: reason.into() });
        }
        known.cloned()
    }

    /// Whether all spans of a finding lie in shared passages.
    fn is_shared(&self, finding: &Finding) -> bool {
        let Some(passages) = self.passages.get(&finding.recording_id) else { return false };
        finding.is_heard()
            && !finding.spans.is_empty()
            && finding.spans.iter().all(|span| {
                passages.iter().any(|(from, to)| {
                    span.recording_start_seconds >= from - SLACK_SECONDS
                        && span.recording_end_seconds <= to + SLACK_SECONDS
                })
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(entry: &Entry, territory: Option<&str>) -> Option<StandingKind> {
        standing(entry, "2026-11-23", territory).map(|standing| standing.kind)
    }

    #[test]
    fn rights_end_after_their_last_day() {
        let entry = |until: &str| Entry { valid_until: until.into(), ..Entry::default() };
        for (until, expected) in [
            ("2026-11-22", Some(StandingKind::Expired)),
            ("2026-11-23", None),
            ("2026", None),
            ("2025", Some(StandingKind::Expired)),
            ("2026-10", Some(StandingKind::Expired)),
            ("", None),
        ] {
            assert_eq!(kind(&entry(until), None), expected, "{until}");
        }
        let later = Entry { valid_from: "2027-01".into(), ..Entry::default() };
        // A leak before the rights begin is for a person to look at.
        assert_eq!(kind(&later, None), Some(StandingKind::Review));
    }

    #[test]
    fn rights_hold_in_their_territories() {
        let list = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect();
        let german = Entry { territories: list(&["DE", "AT"]), ..Entry::default() };
        let outside = Some(StandingKind::OutsideTerritory);
        assert_eq!(kind(&german, Some("DE")), None);
        assert_eq!(kind(&german, Some("US")), outside);
        assert_eq!(kind(&german, None), Some(StandingKind::Limited));
        let world = Entry {
            territories: list(&[WORLD]),
            territories_excluded: list(&["US"]),
            ..Entry::default()
        };
        assert_eq!(kind(&world, Some("US")), outside);
        assert_eq!(kind(&world, Some("FR")), None);
        assert_eq!(kind(&Entry::default(), Some("FR")), None);
    }
}
