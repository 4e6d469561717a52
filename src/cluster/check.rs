//! Which parts of a plan are missing, doubled, foreign, damaged or of another plan, by name.

use super::part::Reader;
use super::parts::Name;
use super::{ClusterError, Mark, Numbers, Parts, Plan, Refused};

/// What the parts of a whole plan are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Whole {
    /// Units some files of which were added, removed or changed since they were planned.
    pub changed: Numbers,
}

/// Makes sure that each unit of a plan has one part in these folders, that each part is whole, and that there is nothing else.
/// Reads all parts. `None` if `is_over` said so meanwhile.
///
/// # Errors
///
/// [`ClusterError::Refused`], or if the plan or a folder cannot be read.
pub fn check(
    plan: &Plan,
    folders: &[Parts],
    is_over: &dyn Fn() -> bool,
) -> Result<Option<Whole>, ClusterError> {
    let mut refused = Refused::default();
    let units = plan.content().units;
    for parts in folders {
        parts.each_name(&mut |shelf, name| {
            let shown = || parts.folder().join(shelf).join(name).display().to_string();
            match Name::of(name) {
                Name::Mark(unit) | Name::Part(unit)
                    if unit < units && shelf == Parts::shelf(unit) => {}
                Name::Unfinished => {}
                Name::Mark(_) | Name::Part(_) | Name::Other => refused.foreign.add(shown()),
            }
        })?;
    }
    let mut whole = Whole::default();
    for unit in 0..units {
        if is_over() {
            return Ok(None);
        }
        match one(plan, folders, unit, &mut refused)? {
            Some((_, mark)) if mark.changed => whole.changed.add(unit),
            Some(_) => {}
            None => refused.missing.add(unit),
        }
    }
    if refused == Refused::default() { Ok(Some(whole)) } else { Err(Box::new(refused).into()) }
}

/// The part of a unit, read to its end. `None` if there is none; what is wrong with it is added to `refused`.
fn one<'f>(
    plan: &Plan,
    folders: &'f [Parts],
    unit: u64,
    refused: &mut Refused,
) -> Result<Option<(&'f Parts, Mark)>, ClusterError> {
    let mut found: Option<(&Parts, Mark)> = None;
    for parts in folders {
        let path = parts.mark_path(unit).display().to_string();
        let mark = match parts.mark(unit) {
            Ok(None) => continue,
            Ok(Some(mark)) => mark,
            Err(ClusterError::Damaged { what, .. }) => {
                refused.damaged.add(format!("{path} ({what})"));
                // It is not missing as well.
                return Ok(Some((parts, Mark::default())));
            }
            Err(error) => return Err(error),
        };
        if mark.plan != plan.digest() {
            refused.of_other_plans.add(format!("{path} ({})", mark.plan));
        } else if mark.unit != unit {
            refused.foreign.add(format!("{path} (it is the mark of unit {})", mark.unit));
        } else if let Some((first, _)) = &found {
            let (a, b) = (first.folder().display(), parts.folder().display());
            refused.doubled.add(format!("unit {unit} ({a} and {b})"));
        }
        if found.is_none() {
            let is_ours = mark.plan == plan.digest() && mark.unit == unit;
            let read = if is_ours {
                Reader::open(parts, plan.digest(), &mark).and_then(Reader::verify)
            } else {
                Ok(())
            };
            if let Err(wrong) = read {
                let part = parts.part_path(unit, &mark.sha256);
                refused.damaged.add(format!("{} {wrong}", part.display()));
            }
            found = Some((parts, mark));
        }
    }
    Ok(found)
}

/// The folder and the mark of a unit's part, of parts that were checked.
pub(super) fn find(folders: &[Parts], unit: u64) -> Result<Option<(&Parts, Mark)>, ClusterError> {
    for parts in folders {
        if let Some(mark) = parts.mark(unit)? {
            return Ok(Some((parts, mark)));
        }
    }
    Ok(None)
}
