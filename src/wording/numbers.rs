//! Durations, shares and chances in words.

use crate::base::thousands;

/// The smallest chance that is stated is 1 in 10 to this power. A guess: no test of the estimate could look at more than
/// about that many items, so a smaller number would be extrapolation.
const SMALLEST_CHANCE_EXPONENT: u32 = 12;
/// From 1 in 10 to this power on, a chance is stated as an upper bound instead of a ratio. A guess: the exact digits of a
/// smaller estimate mean little.
const BOUND_EXPONENT: u32 = 6;

/// Seconds as `h:mm:ss.s`: 75.25 is `0:01:15.3`.
///
/// NaN and infinite numbers give `unknown`.
pub fn clock(seconds: f64) -> String {
    if !seconds.is_finite() {
        return "unknown".to_owned();
    }
    let tenths = (seconds.abs() * 10.0).round() as u64;
    let sign = if seconds < 0.0 && tenths > 0 { "-" } else { "" };
    let (hours, minutes) = (tenths / 36_000, tenths / 600 % 60);
    format!("{sign}{hours}:{minutes:02}:{:02}.{}", tenths / 10 % 60, tenths % 10)
}

/// Seconds as `m:ss.s`, or as `h:mm:ss.s` from one hour on: 75.25 is `1:15.3`.
pub fn length(seconds: f64) -> String {
    let clock = clock(seconds);
    match clock.strip_prefix("0:") {
        Some(rest) => rest.strip_prefix('0').unwrap_or(rest).to_owned(),
        None => clock,
    }
}

/// A share from 0 to 1 in whole percent, rounded down, so that only a share of 1 is `100 %`.
pub fn share(share: f64) -> String {
    if !share.is_finite() {
        return "unknown".to_owned();
    }
    // 0.29 * 100.0 is 28.999…: adds half a millionth of a percent before rounding down.
    let percent = (share * 100.0 + 5e-7).floor();
    if share > 0.0 && percent < 1.0 { "under 1 %".to_owned() } else { format!("{percent:.0} %") }
}

/// A share from 0 to 1 in whole percent, rounded up, for shares that count against a claim.
pub(super) fn at_most(share: f64) -> String {
    if !share.is_finite() {
        return "unknown".to_owned();
    }
    format!("{} %", (share * 100.0 - 5e-7).ceil() as u64)
}

/// A false-alarm probability as the number of unrelated items that would score as high.
///
/// It is rounded up and never stated as zero: any probability below 10⁻¹² is `fewer than 1 in 1,000,000,000,000 …`.
/// A number outside of [0, 1] gives `not known`.
pub fn chance(probability: f64) -> String {
    one_in(probability, "unrelated items would score this high")
}

/// The same for items of `who`.
pub(super) fn one_in(probability: f64, who: &str) -> String {
    if !(0.0..=1.0).contains(&probability) {
        return "not known".to_owned();
    }
    let bound = (BOUND_EXPONENT..=SMALLEST_CHANCE_EXPONENT)
        .rev()
        .find(|&exponent| probability * 10_f64.powi(exponent as i32) < 1.0);
    if let Some(exponent) = bound {
        return format!("fewer than 1 in {} {who}", thousands(10_u64.pow(exponent)));
    }
    if probability >= 0.01 {
        // Rounded up; 0.07 * 100.0 is 7.000…1, hence the subtraction.
        return format!("about {:.0} in 100 {who}", (probability * 100.0 - 1e-9).ceil());
    }
    format!("about 1 in {} {who}", thousands(two_digits(1.0 / probability)))
}

/// Seconds covered by the union of these intervals, given as start and end in any order. An interval with a negative start,
/// an end before its start, or an end that is not finite is ignored.
pub(crate) fn covered(stretches: impl Iterator<Item = (f64, f64)>) -> f64 {
    let ordered =
        |(from, to): &(f64, f64)| from.is_finite() && to.is_finite() && 0.0 <= *from && from <= to;
    let mut stretches: Vec<_> = stretches.filter(ordered).collect();
    stretches.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut sum, mut end) = (0.0, 0.0_f64);
    for (from, to) in stretches {
        sum += (to - from.max(end)).max(0.0);
        end = end.max(to);
    }
    sum
}

/// A number rounded down to two significant digits: 12,345 is 12,000.
fn two_digits(number: f64) -> u64 {
    // 1.0 / 1e-5 is slightly less than 100,000.
    let whole = (number + 1e-6 * number).floor() as u64;
    let step = 10_u64.pow(whole.checked_ilog10().unwrap_or(0).saturating_sub(1));
    whole / step * step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_reads_as_hours_minutes_seconds_and_tenths() {
        assert_eq!(clock(0.0), "0:00:00.0");
        assert_eq!(clock(75.25), "0:01:15.3");
        assert_eq!(clock(59.96), "0:01:00.0");
        assert_eq!(clock(2.0 * 3600.0 + 61.04), "2:01:01.0");
        assert_eq!(clock(-1.5), "-0:00:01.5");
        assert_eq!(clock(-0.01), "0:00:00.0");
        assert_eq!(clock(f64::NAN), "unknown");
    }

    #[test]
    fn only_the_share_1_is_a_hundred_percent_and_only_0_is_zero() {
        let shown = [0.0, 0.004, 0.29, 0.5, 0.999, 1.0].map(share);
        assert_eq!(shown, ["0 %", "under 1 %", "29 %", "50 %", "99 %", "100 %"]);
    }

    #[test]
    fn a_chance_is_stated_as_one_of_so_many_items() {
        let who = "unrelated items would score this high";
        assert_eq!(chance(1.0), format!("about 100 in 100 {who}"));
        assert_eq!(chance(0.034), format!("about 4 in 100 {who}"));
        assert_eq!(chance(0.07), format!("about 7 in 100 {who}"));
        assert_eq!(chance(1e-5), format!("about 1 in 100,000 {who}"));
        assert_eq!(chance(1.0 / 12_345.0), format!("about 1 in 12,000 {who}"));
        assert_eq!(chance(1e-6), format!("about 1 in 1,000,000 {who}"));
        assert_eq!(chance(3e-9), format!("fewer than 1 in 100,000,000 {who}"));
        assert_eq!(chance(f64::NAN), "not known");
        assert_eq!(chance(-0.1), "not known");
    }

    #[test]
    fn a_chance_is_never_zero_and_never_below_one_in_a_million_million() {
        let floor = "fewer than 1 in 1,000,000,000,000 unrelated items would score this high";
        assert_eq!(chance(9e-13), floor);
        assert_eq!(chance(1e-80), floor);
        assert_eq!(chance(0.0), floor);
    }

    #[test]
    fn a_chance_in_words_is_never_smaller_than_the_number() {
        for step in 0..4000 {
            let probability = 10_f64.powf(f64::from(step) / -250.0);
            let words = chance(probability);
            if let Some(rest) = words.strip_prefix("fewer than 1 in ") {
                let digits: String =
                    rest.chars().take_while(|c| *c != ' ').filter(char::is_ascii_digit).collect();
                let bound: f64 = digits.parse().unwrap();
                assert!(probability * bound < 1.0, "{probability:e}: {words}");
            }
        }
    }

    #[test]
    fn seconds_covered_twice_count_once() {
        let stretches = [(30.0, 90.0), (0.0, 60.0), (f64::NAN, 1.0), (5.0, 1.0)];
        assert!((covered(stretches.into_iter()) - 90.0).abs() < 1e-9);
        assert_eq!((length(10.0), length(751.0)), ("0:10.0".to_owned(), "12:31.0".to_owned()));
        assert_eq!((length(3_723.0), length(f64::NAN)), ("1:02:03.0".into(), "unknown".to_owned()));
    }
}
