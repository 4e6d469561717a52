//! How far a plan is, by the marks of its units.

use serde::Serialize;

use super::{ClusterError, Numbers, Parts, Plan};

/// How far a plan is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Status {
    /// Digest of the plan.
    pub plan: String,
    /// Number of units.
    pub units: u64,
    /// Number of units that are done.
    pub done: u64,
    /// Size of all units, in bytes.
    pub bytes: u64,
    /// Size of the units that are done, in bytes.
    pub done_bytes: u64,
    /// Number of records of these.
    pub items: u64,
    /// Items with a match.
    pub matched: u64,
    /// Items with a suspect and no match.
    pub suspect: u64,
    /// Items that could not be read.
    pub failed: u64,
    /// Items that were read in part, whatever was found in the rest. They also count in one of the numbers above, or as clear.
    pub partial: u64,
    /// Length of their decoded sound, in milliseconds.
    pub audio_milliseconds: u64,
    /// Units that are not done, as ranges: `3-7, 9`.
    pub missing: String,
    /// Units that were done, some files of which were added, removed or changed since they were planned, as ranges.
    pub changed: String,
    /// Units whose mark cannot be read or is of another plan, as ranges.
    pub unreadable: String,
}

/// How far a plan is, by the marks in these folders. The parts themselves are not read.
///
/// # Errors
///
/// If the plan or a folder cannot be read.
pub fn status(plan: &Plan, folders: &[Parts]) -> Result<Status, ClusterError> {
    let mut status =
        Status { plan: plan.digest().to_owned(), units: plan.content().units, ..Status::default() };
    let (mut missing, mut changed, mut unreadable) =
        (Numbers::default(), Numbers::default(), Numbers::default());
    for unit in plan.units()? {
        let unit = unit?;
        status.bytes = status.bytes.saturating_add(unit.bytes);
        let (mut mark, mut is_unreadable) = (None, false);
        for parts in folders {
            match parts.mark(unit.unit) {
                Ok(Some(found)) if found.plan == plan.digest() && found.unit == unit.unit => {
                    mark = Some(found);
                    break;
                }
                Ok(None) => {}
                Ok(Some(_)) | Err(ClusterError::Damaged { .. }) => is_unreadable = true,
                Err(error) => return Err(error),
            }
        }
        let Some(mark) = mark else {
            missing.add(unit.unit);
            if is_unreadable {
                unreadable.add(unit.unit);
            }
            continue;
        };
        status.done += 1;
        status.done_bytes = status.done_bytes.saturating_add(unit.bytes);
        status.items = status.items.saturating_add(mark.items);
        status.matched = status.matched.saturating_add(mark.matched);
        status.suspect = status.suspect.saturating_add(mark.suspect);
        status.failed = status.failed.saturating_add(mark.failed);
        status.partial = status.partial.saturating_add(mark.partial);
        status.audio_milliseconds =
            status.audio_milliseconds.saturating_add(mark.audio_milliseconds);
        if mark.changed {
            changed.add(unit.unit);
        }
    }
    status.missing = missing.to_string();
    status.changed = changed.to_string();
    status.unreadable = unreadable.to_string();
    Ok(status)
}
