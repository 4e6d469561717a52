//! The notices about the findings of a run: one row for each notice.

use std::collections::BTreeMap;

use crate::base::thousands;
use crate::record::{Basis, Deadline, ItemRecord, NoticeFacts, Presence};

/// The notices, collected from the items.
#[derive(Debug, Default)]
pub(super) struct Noticed {
    by_number: BTreeMap<i64, Listed>,
}

#[derive(Debug)]
struct Listed {
    notice: NoticeFacts,
    /// Findings in the very items that it is about.
    findings: u64,
    /// Findings in the same bytes at other places.
    copies: u64,
    /// Findings that were looked for, by the answer; with the last day.
    checks: [u64; Presence::ALL.len()],
    checked: String,
}

impl Noticed {
    pub(super) const COLUMNS: [&str; 10] = [
        "notice",
        "state",
        "since",
        "addressee",
        "reference",
        "said by",
        "findings here",
        "due",
        "by which rule",
        "last look at a later copy",
    ];

    pub(super) fn add(&mut self, record: &ItemRecord) {
        for finding in &record.findings {
            for notice in &finding.notices {
                let listed = self.by_number.entry(notice.number).or_insert_with(|| Listed {
                    notice: notice.clone(),
                    findings: 0,
                    copies: 0,
                    checks: [0; Presence::ALL.len()],
                    checked: String::new(),
                });
                if notice.basis != Basis::Item {
                    listed.copies += 1;
                    continue;
                }
                listed.findings += 1;
                if let Some(check) = &notice.check {
                    listed.checks[check.presence as usize] += 1;
                    listed.checked.clone_from(&check.day);
                }
            }
        }
    }

    /// Number of notices.
    pub(super) fn len(&self) -> usize {
        self.by_number.len()
    }

    /// One row for each notice, with the cells of [`Noticed::COLUMNS`].
    pub(super) fn rows(&self) -> impl Iterator<Item = [String; Self::COLUMNS.len()]> {
        self.by_number.values().map(|Listed { notice, findings, copies, checks, checked }| {
            let found = match copies {
                0 => thousands(*findings),
                copies => format!(
                    "{}, and {} of the same bytes elsewhere",
                    thousands(*findings),
                    thousands(*copies)
                ),
            };
            let looked = Presence::ALL.iter().zip(checks).filter(|(_, count)| **count > 0);
            let looked: Vec<_> = looked
                .map(|(presence, count)| format!("{} {}", thousands(*count), presence.describe()))
                .collect();
            let looked = match looked.as_slice() {
                [] => String::new(),
                looked => format!("{checked}: {}", looked.join(", ")),
            };
            let due: Vec<_> = notice.due.iter().map(Deadline::describe).collect();
            let rules: Vec<_> = notice.due.iter().map(|due| due.basis.as_str()).collect();
            [
                notice.number.to_string(),
                notice.state.describe().to_owned(),
                notice.since.clone(),
                notice.addressee.clone(),
                notice.reference.clone(),
                notice.by.clone(),
                found,
                due.join("; "),
                rules.join("; "),
                looked,
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{finding, notice, record};
    use super::*;
    use crate::record::Finding;

    #[test]
    fn a_notice_has_one_row_however_many_findings_it_is_about() {
        let mut noticed = Noticed::default();
        let about = |number, basis| NoticeFacts { basis, ..notice(number) };
        let found = |notices: Vec<NoticeFacts>| Finding { notices, ..finding("r") };
        noticed
            .add(&record("/d/a", vec![found(vec![about(1, Basis::Item), about(2, Basis::Item)])]));
        noticed.add(&record("/d/b", vec![found(vec![about(1, Basis::Item)]), finding("r")]));
        noticed.add(&record("/d/c", vec![found(vec![about(1, Basis::Bytes)])]));
        let rows: Vec<_> = noticed.rows().collect();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0][..2], ["1", "sent"]);
        assert_eq!(rows[0][6], "2, and 1 of the same bytes elsewhere");
        assert_eq!(rows[0][9], "2026-12-10: 2 still there");
        assert_eq!(rows[1][6], "1");
    }
}
