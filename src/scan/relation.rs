//! Decides what a finding claims: a copy, an excerpt, or only that both share a loop.
//!
//! The score says that item and recording agree better than chance. This decides what the agreement means, from how
//! much of both sides it explains, by the limits of `limits`. In doubt the weaker claim is made: shared material is never a
//! match.

use super::extent::Extent;
use super::itself::is_itself;
use super::limits::{Again, Clear, LIMITS, Limits};
use crate::matching::Explained;
use crate::record::{Relation, Standing, StandingKind, Verdict};

/// What a finding claims.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Claim {
    pub(super) relation: Relation,
    /// Why it is less than a match, if it is.
    pub(super) doubt: Option<Standing>,
}

/// Decides the relation of a finding, and whether it is in doubt.
pub(super) fn relation(told: &Explained, extent: Extent) -> Claim {
    if let Some(why) = shared_passage(told, extent).or_else(|| shared_backing(told)) {
        return shared(why);
    }
    let item = Explained::share(told.item);
    if is_itself(told, extent) {
        return Claim { relation: where_nothing_is_missing(item, extent), doubt: None };
    }
    let rival = LIMITS.clean.rival.min(LIMITS.clean.rival_a_second * extent.seconds);
    if told.rival > rival {
        return shared(format!(
            "another recording of the catalogue scores {} as high in the same passage: the passage belongs to neither \
             alone",
            percent(told.rival.min(1.0))
        ));
    }
    if told.nats < LIMITS.few_nats { repeating(told, extent) } else { doubtful(told, extent) }
}

/// Why a passage of a longer item and a longer recording shows shared material only, if it does.
fn shared_passage(told: &Explained, extent: Extent) -> Option<String> {
    let is_part = extent.item < LIMITS.most && extent.recording < LIMITS.most;
    let is_passage =
        (is_part || is_loop_again(told, extent)) && extent.seconds < LIMITS.long_seconds;
    (is_passage && !is_clear(told, extent)).then(|| {
        format!(
            "only {:.1} s agree, of a longer item and a longer recording: it may be a loop or a sample from a third \
             source that both use",
            extent.seconds
        )
    })
}

/// Why what goes on beside the passage shows that both have one backing only, if it does.
fn shared_backing(told: &Explained) -> Option<String> {
    let beside = Explained::share(told.beside);
    let is_much = told.beside.0 >= LIMITS.beside_peaks
        && told.beside.0 as f64 >= LIMITS.beside_share * told.absent.0 as f64;
    (is_much && beside >= LIMITS.beside).then(|| {
        format!(
            "before or after the passage both go on with {} of the recording's strong peaks in common and the rest \
             different: this is the same backing under another piece",
            percent(beside)
        )
    })
}

/// The claim of a finding that agrees hardly better than at other offsets.
fn repeating(told: &Explained, extent: Extent) -> Claim {
    let [recording, item, absent] = [told.recording, told.item, told.absent].map(Explained::share);
    if recording >= LIMITS.of_loop && item >= LIMITS.of_loop {
        let reason = format!(
            "the recording repeats itself: at another place {} of its peaks agree as well, so the agreement shows a \
             loop, not which recording it comes from",
            percent(told.elsewhere)
        );
        let relation = by_shares(recording, item, absent, extent);
        return Claim { relation, doubt: Some(Standing { kind: StandingKind::ExactLoop, reason }) };
    }
    shared(format!(
        "{} of the peaks agree at another place of the same recording, {} here: the two have only the beat or the scale \
         in common",
        percent(told.elsewhere),
        percent(recording)
    ))
}

/// The claim of a finding that agrees better than chance, but shows the recording itself in no way.
fn doubtful(told: &Explained, extent: Extent) -> Claim {
    let [recording, item, absent] = [told.recording, told.item, told.absent].map(Explained::share);
    let is_derived = is_derived(told, extent);
    let relation = if is_derived {
        with_parts_missing(item, absent, extent)
    } else {
        by_shares(recording, item, absent, extent)
    };
    let (kind, reason) = if relation == Relation::Stem {
        let reason = format!(
            "{} of the recording's strong peaks are missing where nothing hides them: the item has one part of the \
             recording (a stem), or all but one, or is another recording of the same notes",
            percent(absent)
        );
        (StandingKind::Stem, reason)
    } else if is_derived {
        let reason = format!(
            "{} of the recording's peaks and {} of the item's agree: much for another piece made from the same loops and \
             kit, but less than shows the recording itself",
            percent(recording),
            percent(item)
        );
        (StandingKind::SharedMaterial, reason)
    } else {
        return shared(format!(
            "{} of the recording's peaks and {} of the item's agree, and {} of the recording's strong peaks are missing \
             where nothing hides them: this is the same loop, kit or notes, not the same recording",
            percent(recording),
            percent(item),
            percent(absent)
        ));
    };
    Claim { relation, doubt: Some(Standing { kind, reason }) }
}

/// A claim of shared material only, and why.
fn shared(reason: String) -> Claim {
    Claim {
        relation: Relation::SharedMaterial,
        doubt: Some(Standing { kind: StandingKind::SharedMaterial, reason }),
    }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

/// Whether a finding of several alignments only shows that both repeat a loop. See [`Again`].
fn is_loop_again(told: &Explained, extent: Extent) -> bool {
    let Again { surest, seconds, elsewhere } = LIMITS.again;
    extent.surest < surest && (extent.seconds < seconds || told.elsewhere > elsewhere)
}

/// Whether a passage of both sides is too clear to be a shared loop. See [`Clear`].
fn is_clear(told: &Explained, extent: Extent) -> bool {
    let [recording, item, absent] = [told.recording, told.item, told.absent].map(Explained::share);
    let Clear { seconds, nats, nats_a_second, of_recording, of_item, .. } = LIMITS.clear;
    extent.seconds >= seconds
        && told.nats >= nats.max(nats_a_second * extent.seconds)
        && (recording >= of_recording && item >= of_item && absent <= LIMITS.clear.absent)
        && told.rival < LIMITS.clear.rival
        && told.others < LIMITS.clear.others
        && told.elsewhere < LIMITS.clear.elsewhere
}

/// Whether a finding that is no match is of the recording with something missing or added. See [`Limits::derived`].
fn is_derived(told: &Explained, extent: Extent) -> bool {
    let Limits { derived, .. } = LIMITS;
    extent.seconds >= derived.seconds
        && Explained::share(told.recording) >= derived.of_recording
        && Explained::share(told.item) >= derived.of_item
        && told.level_db <= derived.level_db
}

/// The relation, from the shares of both sides that match.
fn by_shares(recording: f64, item: f64, absent: f64, extent: Extent) -> Relation {
    if recording < LIMITS.of_recording && item >= LIMITS.alone {
        with_parts_missing(item, absent, extent)
    } else {
        where_nothing_is_missing(item, extent)
    }
}

/// The relation of a finding in which parts of the recording are missing if much of it is absent.
fn with_parts_missing(item: f64, absent: f64, extent: Extent) -> Relation {
    let most_absent = if extent.warped { LIMITS.absent_warped } else { LIMITS.absent };
    if absent > most_absent { Relation::Stem } else { where_nothing_is_missing(item, extent) }
}

/// The relation of a finding in which no part of the recording is missing.
fn where_nothing_is_missing(item: f64, extent: Extent) -> Relation {
    let alone = if extent.warped { LIMITS.alone_warped } else { LIMITS.alone };
    if item < alone {
        return Relation::Layered;
    }
    match (extent.item >= LIMITS.whole, extent.recording >= LIMITS.whole) {
        (true, true) => Relation::Copy,
        (true, false) => Relation::Excerpt,
        _ => Relation::Contains,
    }
}

/// The verdict of a finding: that of its false-alarm probability, but at most a suspect if the claim is in doubt.
pub(super) fn verdict(claim: &Claim, by_chance: Verdict) -> Verdict {
    if claim.doubt.is_some() { by_chance.max(Verdict::Suspect) } else { by_chance }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIP: Extent = Extent {
        seconds: 10.0,
        item: 1.0,
        recording: 0.05,
        warped: false,
        retimed: 0.0,
        pitched: false,
        surest: 1.0,
    };

    fn told(recording: usize, item: usize, absent: usize) -> Explained {
        Explained {
            recording: (100, recording),
            item: (100, item),
            absent: (100, absent),
            own_absent: (100.0, absent as f64),
            nats: 150.0,
            beyond: 0.01 * recording as f64,
            elsewhere: 0.25,
            sub_fingerprints: 0.01 * recording as f64,
            ..Explained::default()
        }
    }

    fn claim(told: Explained, extent: Extent) -> (Relation, Option<StandingKind>) {
        let claim = relation(&told, extent);
        (claim.relation, claim.doubt.map(|doubt| doubt.kind))
    }

    #[test]
    fn agreement_of_both_sides_is_a_copy_an_excerpt_or_contained() {
        let clean = told(96, 93, 1);
        assert_eq!(claim(clean, CLIP), (Relation::Excerpt, None));
        let whole = Extent { seconds: 200.0, item: 0.99, recording: 0.99, ..CLIP };
        let long = Explained { nats: 1_500.0, ..clean };
        assert_eq!(claim(long, whole), (Relation::Copy, None));
        let mix = Extent { seconds: 60.0, item: 0.1, recording: 0.4, ..CLIP };
        assert_eq!(claim(long, mix), (Relation::Contains, None));
    }

    #[test]
    fn a_recording_under_other_sound_is_layered() {
        assert_eq!(claim(told(40, 20, 12), CLIP), (Relation::Layered, None));
        // Little of the score is left: sub-fingerprints show it, unless it is a loop or in another recording as well.
        let deep = Explained { nats: 12.0, sub_fingerprints: 0.7, ..told(40, 30, 12) };
        assert_eq!(claim(deep, CLIP), (Relation::Layered, None));
        assert!(claim(Explained { elsewhere: 0.8, ..deep }, CLIP).1.is_some());
        assert!(claim(Explained { others: 0.5, ..deep }, CLIP).1.is_some());
        // Under speech some of what is missing is hidden by nothing, but levels are those of the recording.
        let speech =
            Explained { nats: 30.0, sub_fingerprints: 0.6, level_db: 3.0, ..told(40, 12, 25) };
        assert_eq!(claim(speech, CLIP), (Relation::Layered, None));
        assert!(claim(Explained { level_db: 6.0, ..speech }, CLIP).1.is_some());
    }

    #[test]
    fn a_sped_up_copy_is_a_copy() {
        let extent = Extent {
            seconds: 200.0,
            item: 1.0,
            recording: 1.0,
            warped: true,
            retimed: 0.25,
            pitched: true,
            surest: 1.0,
        };
        // Sub-fingerprints tell nothing at another pitch.
        let sped_up = Explained { nats: 700.0, sub_fingerprints: 0.4, ..told(80, 59, 8) };
        assert_eq!(claim(sped_up, extent), (Relation::Copy, None));
        assert_eq!(
            claim(Explained { nats: 700.0, ..told(60, 65, 25) }, extent),
            (Relation::Copy, None)
        );
        assert!(claim(Explained { nats: 90.0, ..sped_up }, extent).1.is_some());
        // The same notes played in another key.
        assert!(claim(Explained { level_db: 7.0, ..sped_up }, extent).1.is_some());
        assert!(claim(Explained { own_absent: (100.0, 50.0), ..sped_up }, extent).1.is_some());
    }

    #[test]
    fn some_seconds_are_a_match_where_nothing_else_is_like_them() {
        let clip = Extent { seconds: 3.0, ..CLIP };
        let short = Explained { nats: 40.0, ..told(96, 70, 5) };
        assert_eq!(claim(short, clip), (Relation::Excerpt, None));
        assert!(claim(Explained { rival: 0.3, ..short }, clip).1.is_some());
        assert!(claim(Explained { sub_fingerprints: 0.7, ..short }, clip).1.is_some());
    }

    #[test]
    fn a_part_alone_is_a_stem_and_for_a_person() {
        assert_eq!(claim(told(45, 90, 45), CLIP), (Relation::Stem, Some(StandingKind::Stem)));
    }

    #[test]
    fn the_same_kit_under_other_notes_is_shared_material() {
        let shared = (Relation::SharedMaterial, Some(StandingKind::SharedMaterial));
        assert_eq!(claim(told(62, 55, 35), CLIP), shared);
        // At another bar it agrees as well.
        assert_eq!(claim(Explained { nats: 9.0, ..told(62, 58, 30) }, CLIP), shared);
        // Another recording agrees as well.
        assert_eq!(claim(Explained { rival: 0.9, ..told(96, 93, 1) }, CLIP), shared);
        // Both play on with the same backing.
        assert_eq!(claim(Explained { beside: (200, 90), ..told(96, 93, 1) }, CLIP), shared);
    }

    #[test]
    fn some_seconds_of_two_longer_sides_are_shared_material() {
        let extent = Extent { seconds: 4.0, item: 0.02, recording: 0.02, ..CLIP };
        assert_eq!(claim(told(98, 98, 0), extent).0, Relation::SharedMaterial);
        // Ten seconds that nothing else resembles are more than a loop.
        let clear = Extent { seconds: 10.0, ..extent };
        assert_eq!(claim(told(98, 98, 0), clear), (Relation::Contains, None));
        // All of a piece is a loop of 6 s, played again and again.
        let again = Extent { seconds: 6.5, item: 0.95, recording: 0.4, surest: 0.1, ..CLIP };
        let looped = Explained { elsewhere: 0.9, ..told(98, 98, 0) };
        assert_eq!(claim(looped, again).0, Relation::SharedMaterial);
        // A passage that the recording has but once, and the item again and again.
        assert_eq!(claim(told(98, 98, 0), again), (Relation::Excerpt, None));
    }

    #[test]
    fn a_clip_of_which_nothing_is_missing_is_a_match_though_others_share_most_of_the_passage() {
        let clip = Extent { seconds: 5.0, ..CLIP };
        let clean = Explained { nats: 40.0, rival: 0.6, others: 0.85, ..told(96, 93, 0) };
        assert_eq!(claim(clean, clip), (Relation::Excerpt, None));
        // As another piece of the set would agree: something of its own is missing, or a recording agrees nearly as well.
        assert!(claim(Explained { own_absent: (100.0, 6.0), ..clean }, clip).1.is_some());
        assert!(claim(Explained { rival: 0.8, ..clean }, clip).1.is_some());
        // Slow chords: sub-fingerprints agree in less, but each second has a high score.
        let chords = Explained { nats: 75.0, rival: 0.38, sub_fingerprints: 0.8, ..clean };
        assert_eq!(claim(chords, clip), (Relation::Excerpt, None));
        assert!(claim(Explained { nats: 50.0, ..chords }, clip).1.is_some());
    }

    #[test]
    fn the_same_notes_played_by_other_instruments_are_no_match() {
        let filtered =
            Explained { nats: 30.0, sub_fingerprints: 0.65, level_db: 3.0, ..told(51, 55, 12) };
        assert_eq!(claim(filtered, CLIP).1, None);
        let replayed = Explained { level_db: 4.4, ..filtered };
        assert!(claim(replayed, CLIP).1.is_some());
        assert_eq!(claim(Explained { item: (100, 20), ..replayed }, CLIP).1, None);
    }

    #[test]
    fn another_tempo_with_equal_sub_fingerprints_is_a_match_though_a_piece_of_the_set_scores_nearly_as_high()
     {
        let clip = Extent { seconds: 9.0, warped: true, retimed: 0.1, ..CLIP };
        let faster = Explained { nats: 90.0, rival: 0.8, sub_fingerprints: 0.9, ..told(85, 75, 5) };
        assert_eq!(claim(faster, clip), (Relation::Excerpt, None));
        assert!(claim(faster, Extent { retimed: 0.0, ..clip }).1.is_some());
        assert!(claim(faster, Extent { seconds: 5.0, ..clip }).1.is_some());
        assert!(claim(Explained { sub_fingerprints: 0.8, ..faster }, clip).1.is_some());
        assert!(claim(Explained { own_absent: (100.0, 15.0), ..faster }, clip).1.is_some());
    }

    #[test]
    fn a_short_passage_at_another_pitch_is_no_match_if_another_recording_scores_nearly_as_high() {
        let clip = Extent { seconds: 10.0, warped: true, pitched: true, ..CLIP };
        let higher = Explained { nats: 45.0, rival: 0.8, ..told(66, 66, 20) };
        assert_eq!(claim(higher, clip).1, None);
        assert!(claim(higher, Extent { seconds: 5.0, ..clip }).1.is_some());
    }

    #[test]
    fn what_agrees_too_much_for_a_kit_and_too_little_for_a_match_is_of_the_recording_and_a_suspect()
    {
        // All but the voice: some of what tells the recording from others is absent.
        let instrumental = Explained { nats: 84.0, elsewhere: 0.7, ..told(75, 80, 27) };
        assert_eq!(claim(instrumental, CLIP), (Relation::Stem, Some(StandingKind::Stem)));
        let clip = Explained { nats: 50.0, others: 0.9, sub_fingerprints: 0.82, ..told(82, 80, 2) };
        let doubted = Explained { elsewhere: 0.8, rival: 0.6, ..clip };
        assert_eq!(claim(doubted, CLIP), (Relation::Excerpt, Some(StandingKind::SharedMaterial)));
        // Other instruments that play the same notes.
        assert_eq!(
            claim(Explained { level_db: 5.0, ..instrumental }, CLIP).0,
            Relation::SharedMaterial
        );
    }

    #[test]
    fn an_exact_loop_is_a_suspect() {
        let exact = Explained { nats: 5.0, elsewhere: 0.99, ..told(99, 98, 0) };
        assert_eq!(claim(exact, CLIP), (Relation::Excerpt, Some(StandingKind::ExactLoop)));
    }

    #[test]
    fn a_doubt_never_makes_a_match() {
        let doubted = relation(&told(62, 55, 35), CLIP);
        assert_eq!(verdict(&doubted, Verdict::Match), Verdict::Suspect);
        assert_eq!(verdict(&doubted, Verdict::Suspect), Verdict::Suspect);
        assert_eq!(verdict(&relation(&told(96, 93, 1), CLIP), Verdict::Match), Verdict::Match);
    }
}
