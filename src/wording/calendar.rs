//! Seconds since 1970 as a date and a time of day, in UTC.

/// Seconds since 1970 as a day of the calendar: `2026-11-23`.
pub fn day(seconds: i64) -> String {
    // Days are counted from 1 March of the year 0, so that the leap day is the last of its year (Hinnant,
    // "chrono-compatible low-level date algorithms").
    let days = seconds.div_euclid(86_400) + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{:04}-{month:02}-{day:02}", year + 400 * era + carry)
}

/// … with the time of the day: `2026-11-23 19:12:34 UTC`.
pub fn moment(seconds: i64) -> String {
    let time = seconds.rem_euclid(86_400);
    format!("{} {:02}:{:02}:{:02} UTC", day(seconds), time / 3_600, time / 60 % 60, time % 60)
}

/// … as programs write it (RFC 3339): `2026-11-23T19:12:34Z`.
pub fn timestamp(seconds: i64) -> String {
    moment(seconds).replacen(' ', "T", 1).replace(" UTC", "Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_day_of_the_calendar_and_a_time() {
        assert_eq!(moment(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(moment(951_782_400 + 86_399), "2000-02-29 23:59:59 UTC");
        assert_eq!(moment(1_795_461_154), "2026-11-23 19:12:34 UTC");
        assert_eq!(timestamp(1_795_461_154), "2026-11-23T19:12:34Z");
        assert_eq!(moment(-1), "1969-12-31 23:59:59 UTC");
    }
}
