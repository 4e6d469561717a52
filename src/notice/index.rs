//! All notices of a home, by the findings that they are about, to be added to records that are read.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use super::kept::{Material, Notice};
use super::store::{NoticeStore, NoticeStoreError};
use crate::record::{Basis, Finding, ItemFacts, ItemRecord, NoticeFacts};

/// All notices, by the ids of the findings that they are about.
#[derive(Debug, Clone, Default)]
pub struct Notices {
    facts: BTreeMap<i64, NoticeFacts>,
    by_finding: HashMap<String, Vec<Material>>,
}

impl Notices {
    /// The notices of a home folder; none if it has no database of notices.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn of_home(home: &Path) -> Result<Self, NoticeStoreError> {
        if !NoticeStore::is_in(home) {
            return Ok(Self::default());
        }
        let store = NoticeStore::open(home)?;
        Ok(Self::new(&store.all()?, store.materials(None)?))
    }

    /// Indexes notices and what they are about.
    pub(super) fn new(notices: &[Notice], materials: Vec<Material>) -> Self {
        let facts = notices.iter().map(|notice| (notice.number, facts(notice))).collect();
        let mut by_finding: HashMap<String, Vec<Material>> = HashMap::new();
        for material in materials {
            by_finding.entry(material.finding_id.clone()).or_default().push(material);
        }
        Self { facts, by_finding }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }

    /// The notices about a finding, in the order of their numbers.
    pub fn of(&self, item: &ItemFacts, finding: &Finding) -> Vec<NoticeFacts> {
        self.about(&finding.finding_id, &item.locator)
    }

    /// The notices about the finding of an id in the item at a locator.
    pub fn about(&self, finding_id: &str, locator: &str) -> Vec<NoticeFacts> {
        let materials = match finding_id {
            // Of a version without ids: it cannot be told from others.
            "" => None,
            id => self.by_finding.get(id),
        };
        let Some(materials) = materials else { return Vec::new() };
        let mut told: BTreeMap<i64, NoticeFacts> = BTreeMap::new();
        for material in materials {
            let Some(facts) = self.facts.get(&material.number) else { continue };
            let is_item = material.locator == locator;
            let told = told
                .entry(material.number)
                .or_insert_with(|| NoticeFacts { basis: Basis::Bytes, ..facts.clone() });
            // Of the same bytes at several places, the one at this place counts.
            if is_item || told.basis != Basis::Item && told.check.is_none() {
                told.check.clone_from(&material.check);
            }
            if is_item {
                told.basis = Basis::Item;
            }
        }
        told.into_values().collect()
    }

    /// Sets [`Finding::notices`] of every finding in a record.
    pub fn apply(&self, record: &mut ItemRecord) {
        if self.is_empty() {
            return;
        }
        let ItemRecord { item, findings, .. } = record;
        for finding in findings {
            finding.notices = self.of(item, finding);
        }
    }
}

/// A notice as records tell it, about the very item and without a check.
fn facts(notice: &Notice) -> NoticeFacts {
    let life = &notice.life;
    NoticeFacts {
        number: notice.number,
        kind: notice.kind,
        state: life.state,
        since: life.since.to_string(),
        addressee: life.addressee.clone(),
        reference: life.reference.clone(),
        by: life.by.clone(),
        basis: Basis::Item,
        due: life.deadlines(),
        check: None,
    }
}
