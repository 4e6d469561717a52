//! Words and numbers for people: durations, chances, warps, counts, and text made safe to look at.
//!
//! It writes plain text for the terminal and the reports alike. It knows no markup: a writer still
//! escapes for its own format.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::record::{
    Explained, Finding, Relation, StandingKind, is_released_pitch, is_released_tempo,
};

/// Pitch and tempo that fit one playing speed this closely were changed together.
const SPEED_TOLERANCE_CENTS: f64 = 15.0;
/// The smallest chance said in words is 1 in 10 to this power: beyond, the estimate extrapolates
/// further than any test of it could reach.
const SMALLEST_CHANCE_EXPONENT: u32 = 12;
/// From 1 in 10 to this power down, a chance is said as a bound and no longer as a ratio.
const BOUND_EXPONENT: u32 = 6;

/// Seconds as `h:mm:ss.s`: 75.25 is `0:01:15.3`.
///
/// A number that is no duration (NaN, infinite) is `unknown`.
pub fn clock(seconds: f64) -> String {
    if !seconds.is_finite() {
        return "unknown".to_owned();
    }
    let tenths = (seconds.abs() * 10.0).round() as u64;
    let sign = if seconds < 0.0 && tenths > 0 { "-" } else { "" };
    let (hours, minutes) = (tenths / 36_000, tenths / 600 % 60);
    format!("{sign}{hours}:{minutes:02}:{:02}.{}", tenths / 10 % 60, tenths % 10)
}

/// … without hours where there are none: 75.25 is `1:15.3`.
pub fn length(seconds: f64) -> String {
    let clock = clock(seconds);
    match clock.strip_prefix("0:") {
        Some(rest) => rest.strip_prefix('0').unwrap_or(rest).to_owned(),
        None => clock,
    }
}

/// A count with its thousands set apart: `1,234,567`.
pub fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.char_indices() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

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

/// A share from 0 to 1 in whole percent, rounded down so that only all is `100 %`.
pub fn share(share: f64) -> String {
    if !share.is_finite() {
        return "unknown".to_owned();
    }
    // A share such as 0.29 times 100 is 28.999…: half a millionth of a percent of mercy.
    let percent = (share * 100.0 + 5e-7).floor();
    if share > 0.0 && percent < 1.0 { "under 1 %".to_owned() } else { format!("{percent:.0} %") }
}

/// … rounded up, for a share that speaks against what is told.
fn at_most(share: f64) -> String {
    if !share.is_finite() {
        return "unknown".to_owned();
    }
    format!("{} %", (share * 100.0 - 5e-7).ceil() as u64)
}

/// What a false-alarm probability means: how many unrelated items would score as high.
///
/// It never says zero, and never more than the estimate bears: anything rarer than 1 in 10¹² is
/// `fewer than 1 in 1,000,000,000,000 …`.
pub fn chance(probability: f64) -> String {
    const WHO: &str = "unrelated items would score this high";
    if !(0.0..=1.0).contains(&probability) {
        return "not known".to_owned();
    }
    let bound = (BOUND_EXPONENT..=SMALLEST_CHANCE_EXPONENT)
        .rev()
        .find(|&exponent| probability * 10_f64.powi(exponent as i32) < 1.0);
    if let Some(exponent) = bound {
        return format!("fewer than 1 in {} {WHO}", thousands(10_u64.pow(exponent)));
    }
    if probability >= 0.01 {
        // Rounded up, past the dust of a product such as 0.07 * 100.
        return format!("about {:.0} in 100 {WHO}", (probability * 100.0 - 1e-9).ceil());
    }
    format!("about 1 in {} {WHO}", thousands(two_digits(1.0 / probability)))
}

/// How an item plays beside the recording, from its tempo ratio and its pitch in cents.
///
/// Pitch and tempo that agree as one playing speed are said as such:
/// `sped up 25 % (pitch and tempo together)`.
pub fn warp(tempo: f64, pitch_cents: f64) -> String {
    if !(tempo.is_finite() && tempo > 0.0 && pitch_cents.is_finite()) {
        return "not known".to_owned();
    }
    let same_tempo = is_released_tempo(tempo);
    let same_pitch = is_released_pitch(pitch_cents);
    let one_speed = (pitch_cents - 1200.0 * tempo.log2()).abs() <= SPEED_TOLERANCE_CENTS;
    let percent = percent_off(tempo);
    let faster = if tempo > 1.0 { "faster" } else { "slower" };
    let semitones = format!("pitch {:+.1} semitones", pitch_cents / 100.0);
    if same_tempo && same_pitch {
        "as released".to_owned()
    } else if one_speed {
        let how = if tempo > 1.0 { "sped up" } else { "slowed" };
        format!("{how} {percent} % (pitch and tempo together)")
    } else if same_pitch {
        format!("{percent} % {faster}, pitch unchanged")
    } else if same_tempo {
        format!("{semitones}, tempo unchanged")
    } else {
        format!("{percent} % {faster}, {semitones}")
    }
}

/// What something is called: artist and title; what is not known of the title is `otherwise`.
pub fn named(artist: &str, title: &str, otherwise: &str) -> String {
    match (artist, title) {
        ("", "") => otherwise.to_owned(),
        ("", title) => title.to_owned(),
        (artist, "") => format!("{artist} – {otherwise}"),
        (artist, title) => format!("{artist} – {title}"),
    }
}

/// What a recording that was found is called: artist and title, else its file; and its ISRC.
pub fn called(finding: &Finding) -> String {
    let Finding { artist, title, isrc, recording_path, .. } = finding;
    let file = recording_path.rsplit(['/', '\\']).next().unwrap_or(recording_path);
    let mut name = named(artist, title, file);
    if !isrc.is_empty() {
        name += &format!(" [{isrc}]");
    }
    name
}

/// What a finding claims, with how much of the recording it is: `excerpt: 0:10.0 of the recording (5 %)`. Nothing of a
/// claim that nobody heard, and of a record of before relations were told.
///
/// The whole is said where all of the recording is inside the spans, of shared material no more than that, and of what
/// loops exactly the doubt.
pub fn claim(finding: &Finding) -> Option<String> {
    let relation = finding.relation?;
    let spans = finding.spans.iter();
    let stretches = spans.map(|span| (span.recording_start_seconds, span.recording_end_seconds));
    let part = |of: &str| {
        let (long, share) = (length(covered(stretches.clone())), share(finding.recording_coverage));
        format!("{long} of {of} ({share})")
    };
    let is_whole = finding.recording_coverage >= 1.0;
    let claim = match relation {
        Relation::Copy if is_whole => "copy of the whole recording".to_owned(),
        Relation::Copy => format!("copy of the recording: {}", part("it")),
        Relation::Excerpt => format!("excerpt: {}", part("the recording")),
        Relation::Contains if is_whole => "contains the whole recording".to_owned(),
        Relation::Contains => format!("contains {}", part("the recording")),
        Relation::Layered => format!("the recording under or over other sound: {}", part("it")),
        Relation::Stem => format!(
            "some of the recording's parts alone (stem), or another recording of the same notes: along {}",
            part("it")
        ),
        Relation::SharedMaterial => {
            "shared material: it does not show that the recording is used".to_owned()
        }
    };
    let is_loop = finding.standing.as_ref().is_some_and(|s| s.kind == StandingKind::ExactLoop);
    Some(if is_loop { claim + ", unless both have the same loop from elsewhere" } else { claim })
}

/// The numbers that a claim rests on, as a sentence without its end. Shares that speak for it are rounded down, those
/// that speak against it up.
pub fn agreement(explained: &Explained) -> String {
    let Explained { recording_share, item_share, elsewhere_share, others_share } = *explained;
    let others = if others_share == 0.0 {
        "no other recording of the catalogue was found to have anything in common there".to_owned()
    } else {
        format!("of another recording of the catalogue at most {}", at_most(others_share))
    };
    format!(
        "where the two are aligned, {} of the recording's spectral peaks are in the item, and {} of the item's strong \
         ones in the recording; at any other alignment that was tried at most {} of the recording's; {others}",
        share(recording_share),
        share(item_share),
        at_most(elsewhere_share)
    )
}

/// How many findings claim what, in the order of [`Relation::ALL`]: `2 copies, 1 excerpt`. `""` if none does.
pub fn claims(counts: &[u64; Relation::ALL.len()]) -> String {
    let told = Relation::ALL.iter().zip(counts).filter(|(_, count)| **count > 0);
    let words = told.map(|(relation, count)| {
        let (one, many) = match relation {
            Relation::Copy => ("copy", "copies"),
            Relation::Excerpt => ("excerpt", "excerpts"),
            Relation::Contains => ("in a longer item", "in longer items"),
            Relation::Layered => ("under or over other sound", "under or over other sound"),
            Relation::Stem => ("possible stem", "possible stems"),
            Relation::SharedMaterial => ("of shared material", "of shared material"),
        };
        format!("{} {}", thousands(*count), if *count == 1 { one } else { many })
    });
    words.collect::<Vec<_>>().join(", ")
}

/// Seconds inside of stretches, which may overlap and come in any order. What is no stretch is passed over.
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

/// Text as it may be looked at: what would steer the terminal or the eye stands as an escape.
///
/// Line breaks and tabs become `\n`, `\r` and `\t`; other control characters, bidirectional
/// controls and invisible format characters become `\u{202E}` and the like. The joiners that
/// Persian, Indic scripts and emoji need (U+200C, U+200D) stay.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            hidden if is_hidden(hidden) => {
                // Writing into a String does not fail.
                let _ = write!(shown, "\\u{{{:04X}}}", u32::from(hidden));
            }
            plain => shown.push(plain),
        }
    }
    Cow::Owned(shown)
}

/// At most about `max_chars` characters of a text, the middle left out and counted.
pub fn shorten(text: &str, max_chars: usize) -> Cow<'_, str> {
    let length = text.chars().count();
    if length <= max_chars {
        return Cow::Borrowed(text);
    }
    let (head, tail) = (max_chars.div_ceil(2), max_chars / 2);
    let left_out = thousands((length - head - tail) as u64);
    let start: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(length - tail).collect();
    Cow::Owned(format!("{start} … {left_out} characters … {end}"))
}

/// Characters that show nothing themselves but change what is around them.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}'
                | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}'
                | '\u{FEFF}'
                | '\u{FFF9}'..='\u{FFFB}'
                | '\u{E0000}'..='\u{E007F}'
        )
}

/// Distance of a ratio from 1 in percent, one decimal at most: `25`, `0.8`.
fn percent_off(ratio: f64) -> String {
    let tenths = ((ratio - 1.0).abs() * 1000.0).round() as u64;
    if tenths.is_multiple_of(10) {
        thousands(tenths / 10)
    } else {
        format!("{}.{}", thousands(tenths / 10), tenths % 10)
    }
}

/// A number rounded down to two significant digits: 12,345 is 12,000.
fn two_digits(number: f64) -> u64 {
    // 1 / 1e-5 is a hair under 100,000.
    let whole = (number + 1e-6 * number).floor() as u64;
    let step = 10_u64.pow(whole.checked_ilog10().unwrap_or(0).saturating_sub(1));
    whole / step * step
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Standing;

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
    fn thousands_are_set_apart() {
        let shown = [0, 12, 999, 1000, 86_400, 1_234_567].map(thousands);
        assert_eq!(shown, ["0", "12", "999", "1,000", "86,400", "1,234,567"]);
    }

    #[test]
    fn a_moment_is_a_day_of_the_calendar_and_a_time() {
        assert_eq!(moment(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(moment(951_782_400 + 86_399), "2000-02-29 23:59:59 UTC");
        assert_eq!(moment(1_795_461_154), "2026-11-23 19:12:34 UTC");
        assert_eq!(timestamp(1_795_461_154), "2026-11-23T19:12:34Z");
        assert_eq!(moment(-1), "1969-12-31 23:59:59 UTC");
    }

    #[test]
    fn only_a_whole_share_is_a_hundred_percent_and_only_none_is_zero() {
        let shown = [0.0, 0.004, 0.29, 0.5, 0.999, 1.0].map(share);
        assert_eq!(shown, ["0 %", "under 1 %", "29 %", "50 %", "99 %", "100 %"]);
    }

    #[test]
    fn a_chance_is_said_as_items_out_of_items() {
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
    fn a_chance_is_never_zero_and_never_rarer_than_the_estimate_bears() {
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
    fn a_warp_is_said_the_way_people_say_it() {
        assert_eq!(warp(1.0, 0.0), "as released");
        assert_eq!(warp(0.996, -9.0), "as released");
        assert_eq!(warp(1.25, 386.3), "sped up 25 % (pitch and tempo together)");
        assert_eq!(warp(0.85, -281.4), "slowed 15 % (pitch and tempo together)");
        assert_eq!(warp(1.1, 3.0), "10 % faster, pitch unchanged");
        assert_eq!(warp(0.925, 0.0), "7.5 % slower, pitch unchanged");
        assert_eq!(warp(1.0, 200.0), "pitch +2.0 semitones, tempo unchanged");
        assert_eq!(warp(1.2, -150.0), "20 % faster, pitch -1.5 semitones");
        assert_eq!(warp(f64::NAN, 0.0), "not known");
        assert_eq!(warp(0.0, 0.0), "not known");
    }

    #[test]
    fn words_say_as_released_of_exactly_what_a_record_calls_so() {
        for tempo in (-12..=12).map(|step| 1.0 + 0.0005 * f64::from(step)) {
            for pitch in (-150..=150).map(|step| 0.1 * f64::from(step)) {
                let is_said = warp(tempo, pitch) == "as released";
                assert_eq!(is_said, crate::record::is_as_released(tempo, pitch), "{tempo} {pitch}");
            }
        }
    }

    /// A finding of some stretches of a recording of 200 s.
    fn found(relation: Relation, spans: &[(f64, f64)], recording_coverage: f64) -> Finding {
        let span = |(from, to): &(f64, f64)| {
            serde_json::json!({"item_start_seconds": 0.0, "item_end_seconds": to - from,
                "recording_start_seconds": from, "recording_end_seconds": to})
        };
        let spans: Vec<_> = spans.iter().map(span).collect();
        serde_json::from_value(serde_json::json!({
            "recording_id": "r", "recording_path": "", "title": "", "artist": "", "isrc": "", "verdict": "match",
            "false_alarm_probability": 1e-30, "score": 10.0, "tempo": 1.0, "pitch_cents": 0.0, "stream": 0,
            "item_coverage": 1.0, "recording_coverage": recording_coverage, "spans": spans, "relation": relation,
        }))
        .unwrap()
    }

    #[test]
    fn a_claim_says_how_much_of_the_recording_it_is_and_the_whole_only_of_all() {
        let claim = |relation, spans: &[(f64, f64)], share| claim(&found(relation, spans, share));
        let whole = [(0.0, 200.0)];
        for (relation, spans, share, expected) in [
            (Relation::Copy, &whole[..], 1.0, "copy of the whole recording"),
            (Relation::Copy, &[(0.0, 199.5)], 0.9975, "copy of the recording: 3:19.5 of it (99 %)"),
            (Relation::Excerpt, &[(20.0, 30.0)], 0.05, "excerpt: 0:10.0 of the recording (5 %)"),
            (Relation::Contains, &whole, 1.0, "contains the whole recording"),
            (
                Relation::Contains,
                // The same stretch of it twice is that stretch.
                &[(10.0, 100.0), (10.0, 100.0), (90.0, 161.0)],
                0.755,
                "contains 2:31.0 of the recording (75 %)",
            ),
            (
                Relation::Layered,
                &[(0.0, 100.0)],
                0.5,
                "the recording under or over other sound: 1:40.0 of it (50 %)",
            ),
            (
                Relation::Stem,
                &whole,
                1.0,
                "some of the recording's parts alone (stem), or another recording of the same notes: along 3:20.0 of it \
                 (100 %)",
            ),
            (
                Relation::SharedMaterial,
                &whole,
                1.0,
                "shared material: it does not show that the recording is used",
            ),
        ] {
            assert_eq!(claim(relation, spans, share).as_deref(), Some(expected));
        }
        let looped = Finding {
            standing: Some(Standing { kind: StandingKind::ExactLoop, reason: String::new() }),
            ..found(Relation::Copy, &whole, 1.0)
        };
        assert_eq!(
            super::claim(&looped).unwrap(),
            "copy of the whole recording, unless both have the same loop from elsewhere"
        );
        let old = Finding { relation: None, ..found(Relation::Copy, &whole, 1.0) };
        assert_eq!(super::claim(&old), None);
    }

    #[test]
    fn shares_for_a_claim_are_rounded_down_and_those_against_it_up() {
        let explained = Explained {
            recording_share: 0.949,
            item_share: 0.91,
            elsewhere_share: 0.261,
            others_share: 0.22,
        };
        assert_eq!(
            agreement(&explained),
            "where the two are aligned, 94 % of the recording's spectral peaks are in the item, and 91 % of the item's \
             strong ones in the recording; at any other alignment that was tried at most 27 % of the recording's; of \
             another recording of the catalogue at most 22 %"
        );
        let alone = Explained { elsewhere_share: 0.0, others_share: 0.0, ..explained };
        let told = agreement(&alone);
        assert!(told.contains("tried at most 0 % of"), "{told}");
        assert!(
            told.ends_with(
                "; no other recording of the catalogue was found to have anything in common there"
            ),
            "{told}"
        );
        assert_eq!((at_most(1e-4), at_most(f64::NAN)), ("1 %".to_owned(), "unknown".to_owned()));
    }

    #[test]
    fn findings_are_counted_by_what_they_claim() {
        assert_eq!(claims(&[0; 6]), "");
        assert_eq!(
            claims(&[1_200, 1, 1, 2, 0, 3]),
            "1,200 copies, 1 excerpt, 1 in a longer item, 2 under or over other sound, 3 of shared material"
        );
        // Counted by their places.
        for (at, relation) in Relation::ALL.into_iter().enumerate() {
            assert_eq!(relation as usize, at);
        }
    }

    #[test]
    fn what_is_covered_twice_counts_once() {
        let stretches = [(30.0, 90.0), (0.0, 60.0), (f64::NAN, 1.0), (5.0, 1.0)];
        assert!((covered(stretches.into_iter()) - 90.0).abs() < 1e-9);
        assert_eq!((length(10.0), length(751.0)), ("0:10.0".to_owned(), "12:31.0".to_owned()));
        assert_eq!((length(3_723.0), length(f64::NAN)), ("1:02:03.0".into(), "unknown".to_owned()));
    }

    #[test]
    fn what_steers_the_terminal_or_the_eye_becomes_visible() {
        assert_eq!(visible("Café – 夜"), "Café – 夜");
        assert!(matches!(visible("plain"), Cow::Borrowed(_)));
        assert_eq!(visible("a\u{1b}[31mb"), "a\\u{001B}[31mb");
        assert_eq!(visible("gpj\u{202E}exe.\u{2066}"), "gpj\\u{202E}exe.\\u{2066}");
        assert_eq!(visible("a\nb\r\tc\0\u{85}"), "a\\nb\\r\\tc\\u{0000}\\u{0085}");
        assert_eq!(visible("\u{FEFF}\u{200B}x\u{E0041}"), "\\u{FEFF}\\u{200B}x\\u{E0041}");
        assert_eq!(visible("نمی\u{200C}خواهم"), "نمی\u{200C}خواهم");
    }

    #[test]
    fn a_long_text_loses_its_middle_and_says_how_much() {
        assert_eq!(shorten("abcdef", 6), "abcdef");
        assert_eq!(shorten("éèêëēėę", 4), "éè … 3 characters … ėę");
    }
}
