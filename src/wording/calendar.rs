//! Seconds since 1970 as a date and a time of day, in UTC.

/// Seconds since 1970 as a day in UTC: `2026-11-23`.
pub fn day(seconds: i64) -> String {
    in_utc(seconds, "%Y-%m-%d")
}

/// Seconds since 1970 as a day and a time in UTC: `2026-11-23 19:12:34 UTC`.
pub fn moment(seconds: i64) -> String {
    in_utc(seconds, "%Y-%m-%d %H:%M:%S UTC")
}

/// Seconds since 1970 as programs write them (RFC 3339): `2026-11-23T19:12:34Z`.
pub fn timestamp(seconds: i64) -> String {
    in_utc(seconds, "%Y-%m-%dT%H:%M:%SZ")
}

/// A number of seconds that no calendar has (beyond the year 262,142) is `unknown`.
fn in_utc(seconds: i64, format: &str) -> String {
    let time = chrono::DateTime::from_timestamp(seconds, 0);
    time.map_or_else(|| "unknown".to_owned(), |time| time.format(format).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_day_of_the_calendar_and_a_time() {
        assert_eq!(moment(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(day(951_782_400), "2000-02-29");
        assert_eq!(moment(951_782_400 + 86_399), "2000-02-29 23:59:59 UTC");
        assert_eq!(moment(1_795_461_154), "2026-11-23 19:12:34 UTC");
        assert_eq!(timestamp(1_795_461_154), "2026-11-23T19:12:34Z");
        assert_eq!(moment(-1), "1969-12-31 23:59:59 UTC");
        assert_eq!(day(i64::MAX), "unknown");
    }
}
