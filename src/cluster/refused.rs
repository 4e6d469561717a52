//! What is wrong with the parts of a plan, in words.

use std::collections::BTreeSet;
use std::fmt;

use crate::base::visible;

/// Names that are told of each kind of trouble. A guess: a line of an error.
const TOLD: usize = 10;

/// Things of one kind: the first by name, and how many there are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Named {
    /// The first of them.
    pub first: BTreeSet<String>,
    /// Their number.
    pub count: u64,
}

impl Named {
    pub(super) fn add(&mut self, name: String) {
        self.count += 1;
        self.first.insert(name);
        if self.first.len() > TOLD {
            self.first.pop_last();
        }
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.first.iter().map(|name| visible(name)).collect();
        f.write_str(&names.join(", "))?;
        let more = self.count - self.first.len() as u64;
        if more > 0 { write!(f, " and {more} more") } else { Ok(()) }
    }
}

/// Numbers of units, as ranges.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Numbers {
    ranges: Vec<(u64, u64)>,
    /// How many they are.
    pub count: u64,
}

impl Numbers {
    /// Adds a number that is greater than all before.
    pub(super) fn add(&mut self, number: u64) {
        self.count += 1;
        if let Some((_, last)) = self.ranges.last_mut()
            && *last + 1 == number
        {
            *last = number;
        } else if self.ranges.len() <= TOLD {
            // Further ranges are counted only.
            self.ranges.push((number, number));
        }
    }
}

impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = self.ranges.iter().take(TOLD);
        let texts: Vec<String> = told
            .clone()
            .map(|(a, b)| if a == b { a.to_string() } else { format!("{a}-{b}") })
            .collect();
        f.write_str(&texts.join(", "))?;
        let more = self.count - told.map(|(a, b)| b - a + 1).sum::<u64>();
        if more > 0 { write!(f, " and {more} more") } else { Ok(()) }
    }
}

/// Why the parts of a plan cannot be merged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refused {
    /// Units without a part.
    pub missing: Numbers,
    /// Units with parts in several folders.
    pub doubled: Named,
    /// Parts that are truncated, were changed or cannot be read.
    pub damaged: Named,
    /// Parts and marks of other plans.
    pub of_other_plans: Named,
    /// Files that do not belong there: of units that the plan does not have, or nothing of ours.
    pub foreign: Named,
}

impl std::error::Error for Refused {}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { missing, doubled, damaged, of_other_plans, foreign } = self;
        let mut told = Vec::new();
        if missing.count > 0 {
            told.push(format!("{} missing: units {missing}", missing.count));
        }
        for (what, named) in [
            ("doubled", doubled),
            ("damaged", damaged),
            ("of another plan", of_other_plans),
            ("foreign", foreign),
        ] {
            if named.count > 0 {
                told.push(format!("{} {what}: {named}", named.count));
            }
        }
        let told = told.join("; ");
        let remedy = match (missing.count + damaged.count, doubled.count) {
            (0, 0) => "remove what does not belong there",
            (_, 0) => {
                "do these units (again) with leakhound work, and remove what does not belong there"
            }
            _ => {
                "name one folder for each unit, do what is missing or damaged, and remove what does not belong there"
            }
        };
        write!(f, "the parts do not make the plan whole: {told}; {remedy}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_as_ranges_and_the_rest_is_counted() {
        let mut numbers = Numbers::default();
        for number in [1, 2, 3, 7, 9, 10] {
            numbers.add(number);
        }
        assert_eq!((numbers.to_string(), numbers.count), ("1-3, 7, 9-10".to_owned(), 6));
        let mut many = Numbers::default();
        for number in 0..1_000_000 {
            many.add(2 * number);
        }
        assert_eq!(many.to_string(), "0, 2, 4, 6, 8, 10, 12, 14, 16, 18 and 999990 more");
    }

    #[test]
    fn what_is_wrong_is_told_in_one_line_with_the_remedy() {
        let mut refused = Refused::default();
        refused.missing.add(3);
        refused.foreign.add("x".into());
        let told = refused.to_string();
        assert_eq!(
            told,
            "the parts do not make the plan whole: 1 missing: units 3; 1 foreign: x; do these units (again) with leakhound \
             work, and remove what does not belong there"
        );
    }
}
