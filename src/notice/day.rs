//! Days of the calendar, and business days after one.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike as _, Days, NaiveDate, Weekday};

use crate::wording::day;

/// A day: `2026-11-30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(NaiveDate);

/// A text that is no day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a day of the calendar; write it as 2026-11-30")]
pub struct NoDay(String);

impl Day {
    /// The day, in UTC, of a time in seconds since 1970; that of 1970-01-01 for a time that no calendar has.
    pub fn of(seconds: i64) -> Self {
        day(seconds).parse().unwrap_or(Self(NaiveDate::default()))
    }

    /// The day so many days later; the last day there is, if that is beyond the calendar.
    #[must_use]
    pub fn plus(self, days: u64) -> Self {
        Self(self.0.checked_add_days(Days::new(days)).unwrap_or(NaiveDate::MAX))
    }

    /// The day before; the first day there is, if there is none before it.
    #[must_use]
    pub fn minus_one(self) -> Self {
        Self(self.0.pred_opt().unwrap_or(NaiveDate::MIN))
    }

    /// The `count`-th business day after this one. Saturdays and Sundays are no business days. Holidays are not known, so
    /// the true day may be a later one, never an earlier one.
    #[must_use]
    pub fn plus_business_days(self, count: u32) -> Self {
        let mut at = self;
        let mut left = count;
        while left > 0 && at.0 < NaiveDate::MAX {
            at = at.plus(1);
            left -= u32::from(!matches!(at.0.weekday(), Weekday::Sat | Weekday::Sun));
        }
        at
    }
}

impl FromStr for Day {
    type Err = NoDay;

    fn from_str(text: &str) -> Result<Self, NoDay> {
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(Self);
        // One spelling for one day, so that texts sort as days do.
        let day = day.filter(|day| day.to_string() == text);
        day.ok_or_else(|| NoDay(text.to_owned()))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m-%d"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_has_one_spelling_and_is_in_the_calendar() {
        assert_eq!(parsed("2028-02-29").to_string(), "2028-02-29");
        for wrong in ["2027-02-29", "2026-1-2", "30.11.2026", "", "+2026-11-30", "2026-11-30 "] {
            let told = wrong.parse::<Day>().unwrap_err().to_string();
            assert!(
                told.ends_with("is not a day of the calendar; write it as 2026-11-30"),
                "{told}"
            );
        }
        assert_eq!(Day::of(1_795_461_154), parsed("2026-11-23"));
    }

    #[test]
    fn business_days_leave_out_weekends_and_the_day_itself() {
        // 2026-11-30 is a Monday, 2026-12-05 a Saturday.
        for (from, count, to) in [
            ("2026-11-30", 1, "2026-12-01"),
            ("2026-11-30", 4, "2026-12-04"),
            ("2026-11-30", 5, "2026-12-07"),
            ("2026-11-30", 10, "2026-12-14"),
            ("2026-11-30", 14, "2026-12-18"),
            ("2026-12-05", 1, "2026-12-07"),
            ("2026-12-06", 10, "2026-12-18"),
            ("2026-12-04", 10, "2026-12-18"),
        ] {
            assert_eq!(parsed(from).plus_business_days(count), parsed(to), "{from} {count}");
        }
        assert_eq!(Day(NaiveDate::MAX).plus_business_days(10), Day(NaiveDate::MAX));
    }
}
