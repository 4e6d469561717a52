//! The deals of a message: the territories and the end dates of rights.

use std::collections::BTreeMap;

use super::recording::put;
use super::tree::Node;
use crate::catalog::{Entry, WORLD};
use crate::import::Problem;
use crate::import::field::Field;
use crate::import::value::{DateOrder, date};

/// One deal, as texts that were not checked yet.
#[derive(Debug, Clone, Default)]
struct Deal {
    territories: Vec<String>,
    excluded: Vec<String>,
    until: Option<String>,
}

/// Deals by the reference of their release.
#[derive(Debug, Default)]
pub(super) struct Deals(BTreeMap<String, Vec<Deal>>);

impl Deals {
    /// Takes an element with deals about releases.
    pub(super) fn take(&mut self, node: &Node) {
        let mut deals = Vec::new();
        for terms in node.at(&["Deal", "DealTerms"]) {
            if terms.text_at(&["TakeDown"]) == Some("true") {
                continue;
            }
            let texts =
                |name| terms.all(name).map(|n| n.text.trim().to_owned()).collect::<Vec<_>>();
            let until = terms.text_at(&["ValidityPeriod", "EndDate"]);
            let until = until.or_else(|| terms.text_at(&["ValidityPeriod", "EndDateTime"]));
            deals.push(Deal {
                territories: texts("TerritoryCode"),
                excluded: texts("ExcludedTerritoryCode"),
                until: until.map(str::to_owned),
            });
        }
        for release in node.all("DealReleaseReference") {
            self.0.entry(release.text.trim().to_owned()).or_default().extend(deals.iter().cloned());
        }
    }

    /// Sets the rights of an entry from the deals about its releases: the territories in which any of them holds, and the last
    /// of their end dates, unless one has no end.
    pub(super) fn apply<'a>(
        &self,
        releases: impl Iterator<Item = &'a str>,
        entry: &mut Entry,
        problems: &mut Vec<Problem>,
    ) {
        let deals: Vec<&Deal> = releases.filter_map(|r| self.0.get(r)).flatten().collect();
        let mut everywhere = false;
        let mut excluded: Option<Vec<String>> = None;
        for deal in &deals {
            let mut part = Entry::default();
            let texts: Vec<&str> = deal.territories.iter().map(String::as_str).collect();
            put(Field::Territories, "TerritoryCode", &texts, &mut part, problems);
            let texts: Vec<&str> = deal.excluded.iter().map(String::as_str).collect();
            put(Field::TerritoriesExcluded, "ExcludedTerritoryCode", &texts, &mut part, problems);
            if part.territories.is_empty() || part.territories.iter().any(|t| t == WORLD) {
                everywhere = true;
                let without = part.territories_excluded;
                excluded = Some(match excluded {
                    None => without,
                    Some(known) => known.into_iter().filter(|t| without.contains(t)).collect(),
                });
            } else {
                for country in part.territories {
                    if !part.territories_excluded.contains(&country)
                        && !entry.territories.contains(&country)
                    {
                        entry.territories.push(country);
                    }
                }
            }
        }
        if everywhere {
            let mut excluded = excluded.unwrap_or_default();
            excluded.retain(|country| !entry.territories.contains(country));
            entry.territories_excluded = excluded;
            entry.territories = vec![WORLD.to_owned()];
        }
        let mut until = Vec::new();
        for text in deals.iter().filter_map(|deal| deal.until.as_ref()) {
            match date(text, DateOrder::Unknown) {
                Ok(day) => until.push(day),
                Err(why) => {
                    let problem = Problem::refused(super::Spot::default(), why);
                    problems.push(problem.of("EndDate", text));
                }
            }
        }
        if until.len() == deals.len() {
            entry.valid_until = until.into_iter().max().unwrap_or_default();
        }
    }
}
