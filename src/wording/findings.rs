//! Findings in words: the name of a recording, what a finding claims, the numbers behind it, and how an item plays.

use super::numbers::{at_most, covered, length, one_in, share};
use crate::base::thousands;
use crate::record::{
    Explained, Finding, Relation, StandingKind, is_released_pitch, is_released_tempo,
};

/// A pitch within this of the pitch that the tempo implies counts as one change of playing speed. A guess.
const SPEED_TOLERANCE_CENTS: f64 = 15.0;

/// How an item plays beside the recording, from its tempo ratio and its pitch in cents.
///
/// Pitch and tempo that fit one playing speed are stated as one change: `sped up 25 % (pitch and tempo together)`.
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

/// The name of a recording: `artist – title`. `otherwise` stands in for a title that is not known.
pub fn named(artist: &str, title: &str, otherwise: &str) -> String {
    match (artist, title) {
        ("", "") => otherwise.to_owned(),
        ("", title) => title.to_owned(),
        (artist, "") => format!("{artist} – {otherwise}"),
        (artist, title) => format!("{artist} – {title}"),
    }
}

/// The name of the recording of a finding: artist and title (if there is no title, the name of its file), and its ISRC.
pub fn called(finding: &Finding) -> String {
    let Finding { artist, title, isrc, recording_path, .. } = finding;
    let file = recording_path.rsplit(['/', '\\']).next().unwrap_or(recording_path);
    let mut name = named(artist, title, file);
    if !isrc.is_empty() {
        name += &format!(" [{isrc}]");
    }
    name
}

/// What a finding claims, and how much of the recording: `excerpt: 0:10.0 of the recording (5 %)`. `None` if no sound was
/// compared, or if the record is of a version that did not tell relations.
///
/// It says `whole` only if the spans cover all of the recording. An exact loop is told with the doubt that both may have
/// taken it from elsewhere.
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

/// The shares of spectral peaks behind a claim, as a sentence without its full stop. Shares that support the claim are rounded
/// down, shares that count against it up.
pub fn agreement(explained: &Explained) -> String {
    let Explained { recording_share, item_share, elsewhere_share, others_share, measures } =
        *explained;
    let others = if others_share == 0.0 {
        "no other recording of the catalogue has anything in common with the item there".to_owned()
    } else {
        format!(
            "of any other recording of the catalogue, at most {} of the peaks are in the item there",
            at_most(others_share)
        )
    };
    let kit = measures.map_or_else(String::new, |measures| {
        const WHO: &str = "pieces made from the same kit at the same tempo agree as closely";
        format!("; {}", one_in(measures.same_kit_probability, WHO))
    });
    format!(
        "where the two are aligned, {} of the recording's spectral peaks are in the item, and {} of the item's strong peaks \
         are in the recording; at any other alignment tried, at most {} of the recording's peaks are in the item; {others}{kit}",
        share(recording_share),
        share(item_share),
        at_most(elsewhere_share)
    )
}

/// Numbers of findings by what they claim: `2 copies, 1 excerpt`. `counts` is in the order of [`Relation::ALL`]; all zero
/// gives `""`.
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

/// Distance of a ratio from 1 in percent, one decimal at most: `25`, `0.8`.
fn percent_off(ratio: f64) -> String {
    let tenths = ((ratio - 1.0).abs() * 1000.0).round() as u64;
    if tenths.is_multiple_of(10) {
        thousands(tenths / 10)
    } else {
        format!("{}.{}", thousands(tenths / 10), tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Measures, Span, Standing, Verdict};

    #[test]
    fn a_change_of_tempo_and_pitch_is_said_the_way_people_say_it() {
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

    /// A finding with these spans, as start and end in a recording of 200 s.
    fn found(relation: Relation, spans: &[(f64, f64)], recording_coverage: f64) -> Finding {
        let span = |(from, to): &(f64, f64)| Span {
            item_start_seconds: 0.0,
            item_end_seconds: to - from,
            recording_start_seconds: *from,
            recording_end_seconds: *to,
        };
        Finding {
            spans: spans.iter().map(span).collect(),
            recording_coverage,
            relation: Some(relation),
            ..Finding::unheard("r".to_owned(), Verdict::Match)
        }
    }

    #[test]
    fn a_claim_says_how_much_of_the_recording_was_found_and_whole_only_of_all_of_it() {
        let claim = |relation, spans: &[(f64, f64)], share| claim(&found(relation, spans, share));
        let whole = [(0.0, 200.0)];
        for (relation, spans, share, expected) in [
            (Relation::Copy, &whole[..], 1.0, "copy of the whole recording"),
            (Relation::Copy, &[(0.0, 199.5)], 0.9975, "copy of the recording: 3:19.5 of it (99 %)"),
            (Relation::Excerpt, &[(20.0, 30.0)], 0.05, "excerpt: 0:10.0 of the recording (5 %)"),
            (Relation::Contains, &whole, 1.0, "contains the whole recording"),
            (
                Relation::Contains,
                // A stretch that is found twice counts once.
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
            measures: None,
        };
        assert_eq!(
            agreement(&explained),
            "where the two are aligned, 94 % of the recording's spectral peaks are in the item, and 91 % of the item's \
             strong peaks are in the recording; at any other alignment tried, at most 27 % of the recording's peaks are in \
             the item; of any other recording of the catalogue, at most 22 % of the peaks are in the item there"
        );
        let measures = Measures {
            seconds: 10.0,
            same_kit_probability: 0.0011,
            score_beyond: 150.0,
            absent_share: 0.01,
            own_absent_share: 0.01,
            sub_fingerprint_share: 0.95,
            rival_score_share: 0.0,
            level_deviation_db: 3.0,
            beside_peaks: 0,
            beside_share: 0.0,
        };
        let told = agreement(&Explained { measures: Some(measures), ..explained });
        assert!(
            told.ends_with(
                "; about 1 in 900 pieces made from the same kit at the same tempo agree as closely"
            ),
            "{told}"
        );
        let alone = Explained { elsewhere_share: 0.0, others_share: 0.0, ..explained };
        let told = agreement(&alone);
        assert!(told.contains("tried, at most 0 % of"), "{told}");
        assert!(
            told.ends_with(
                "; no other recording of the catalogue has anything in common with the item there"
            ),
            "{told}"
        );
        assert_eq!((at_most(1e-4), at_most(f64::NAN)), ("1 %".to_owned(), "unknown".to_owned()));
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

    #[test]
    fn findings_are_counted_by_what_they_claim() {
        assert_eq!(claims(&[0; 6]), "");
        assert_eq!(
            claims(&[1_200, 1, 1, 2, 0, 3]),
            "1,200 copies, 1 excerpt, 1 in a longer item, 2 under or over other sound, 3 of shared material"
        );
        // Counts are indexed by the relation.
        for (at, relation) in Relation::ALL.into_iter().enumerate() {
            assert_eq!(relation as usize, at);
        }
    }
}
