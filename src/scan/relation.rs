//! What a finding claims: a copy, an excerpt, or only that both share a loop.
//!
//! The score says that item and recording agree better than chance. This decides what that agreement means, from how
//! much of both sides it explains. In doubt the weaker claim is made: shared material is never a match.
//!
//! The limits were fitted by hand, on one set of `scripts/programmed` (180 whole pieces and 780 clips that are not in the
//! catalogue, 324 copies of pieces that are) and on 253 queries of four game recordings. They have not been told on
//! another set yet; `scripts/negatives` is for that.

use crate::matching::Explained;
use crate::record::{Relation, Standing, StandingKind, Verdict};

/// Where in both sides a finding lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    /// Length of the surest alignment in the item, in seconds.
    pub(super) seconds: f64,
    /// Shares of item and recording inside all spans.
    pub(super) item: f64,
    pub(super) recording: f64,
    /// Whether the item plays at another speed, tempo or pitch.
    pub(super) warped: bool,
}

/// What a finding claims, and why it is less than a match, if it is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Claim {
    pub(super) relation: Relation,
    pub(super) doubt: Option<Standing>,
}

/// Where the lines are drawn. Findings depend on all of it, so it is part of [`super::Engine::settings`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limits {
    /// The share of either side beyond which it is all of it: fades and silence at the ends agree with nothing.
    whole: f64,
    /// The share of either side beyond which a finding is more than a passage of both.
    most: f64,
    /// A passage of both is this long at least, in seconds, or else as clear as `clear`.
    long_seconds: f64,
    /// What is shorter, in seconds, tells so little that both sides have to agree nearly whole.
    short_seconds: f64,
    /// The least worth, in nats, of what is met beyond other offsets and other recordings. Of 780 clips of programmed
    /// pieces that are not in the catalogue 8 % reach 20 with a recording of another set that covers them, and 2 % reach
    /// 40; of copies of 10 s 95 % reach 38.
    least_nats: f64,
    /// The most that another recording may score of what this one does.
    rival: f64,
    /// The same for each second that was compared: what lasts seconds is soon as good in another piece of the same kit.
    rival_a_second: f64,
    /// The share of the recording's peaks beyond which the two sides agree whole: 95 % of copies under codecs, rooms and
    /// changes of speed.
    of_recording: f64,
    /// The share of the item's strong peaks, likewise.
    of_item: f64,
    /// The most of the recording's strong peaks that may be absent of one that agrees whole.
    absent: f64,
    /// The same of a short one, which has some twenty of them.
    absent_short: f64,
    /// The same at another speed, tempo or pitch: resampler and stretcher lose more.
    absent_warped: f64,
    /// The most that may be absent of one that is buried under something else.
    absent_buried: f64,
    /// The same at another speed, tempo or pitch.
    absent_buried_warped: f64,
    /// The most that another recording may reach of what a buried one does: beyond, it may be the kit that both share.
    kit: f64,
    /// A rival that scores less than this share says nothing of the kit.
    weak_rival: f64,
    /// The least share of a buried one that is met beyond chance.
    beyond: f64,
    /// The least share of a buried one's peaks at another speed, tempo or pitch, where chance has more tries.
    of_buried_warped: f64,
    /// The share of the item's strong peaks from which nothing else sounds with the recording.
    alone: f64,
    /// The same at another speed: a part of them comes from beyond the band that a recording's peaks are kept of.
    alone_warped: f64,
    /// Strong peaks of the recording outside of the spans, where both go on, that are enough to tell: three windows of 3 s.
    beside_peaks: usize,
    /// As many as this share of those inside, too, since a crossfade is met in part.
    beside_share: f64,
    /// The share of them that is met where both play on with the same backing.
    beside: f64,
    /// What makes a short passage of both a match.
    clear: Clear,
}

/// A passage of both that is no loop which both have from elsewhere: all of both sides agrees, with many nats, and nothing
/// like it is in another recording.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Clear {
    seconds: f64,
    nats: f64,
    nats_a_second: f64,
    of_recording: f64,
    of_item: f64,
    absent: f64,
    rival: f64,
    others: f64,
    elsewhere: f64,
}

/// The limits in use.
pub(super) const LIMITS: Limits = Limits {
    whole: 0.9,
    most: 0.8,
    long_seconds: 20.0,
    short_seconds: 6.0,
    least_nats: 25.0,
    rival: 0.65,
    rival_a_second: 0.11,
    of_recording: 0.7,
    of_item: 0.6,
    absent: 0.10,
    absent_short: 0.15,
    absent_warped: 0.20,
    absent_buried: 0.30,
    absent_buried_warped: 0.42,
    kit: 0.4,
    weak_rival: 0.2,
    beyond: 0.15,
    of_buried_warped: 0.5,
    alone: 0.6,
    alone_warped: 0.4,
    beside_peaks: 60,
    beside_share: 0.2,
    beside: 0.3,
    clear: Clear {
        seconds: 5.0,
        nats: 100.0,
        nats_a_second: 8.0,
        of_recording: 0.8,
        of_item: 0.7,
        absent: 0.08,
        rival: 0.3,
        others: 0.35,
        elsewhere: 0.6,
    },
};

/// Names the relation of a finding.
pub(super) fn relation(told: &Explained, extent: Extent) -> Claim {
    let [recording, item, absent, beside] =
        [told.recording, told.item, told.absent, told.beside].map(Explained::share);
    let relation = named(recording, item, absent, extent);
    let shared = |why: String| Claim {
        relation: Relation::SharedMaterial,
        doubt: Some(Standing { kind: StandingKind::SharedMaterial, reason: why }),
    };
    let doubt = |kind, reason: String| Claim { relation, doubt: Some(Standing { kind, reason }) };
    let percent = |share: f64| format!("{:.0} %", 100.0 * share);

    let is_passage = extent.item < LIMITS.most
        && extent.recording < LIMITS.most
        && extent.seconds < LIMITS.long_seconds;
    if is_passage && !is_clear(told, extent, recording, item, absent) {
        return shared(format!(
            "only {:.1} s agree, of a longer item and a longer recording: it may be a loop or a sample that both have \
             from elsewhere",
            extent.seconds
        ));
    }
    let is_much = told.beside.0 >= LIMITS.beside_peaks
        && told.beside.0 as f64 >= LIMITS.beside_share * told.absent.0 as f64;
    if is_much && beside >= LIMITS.beside {
        return shared(format!(
            "before or after the passage both go on with {} of the recording's strong peaks in common, and the rest \
             different: the same backing under another piece",
            percent(beside)
        ));
    }
    if told.rival > LIMITS.rival.min(LIMITS.rival_a_second * extent.seconds) {
        return shared(format!(
            "another recording of the catalogue agrees with the same passage {} as well: it is no recording's own",
            percent(told.rival.min(1.0))
        ));
    }
    if told.nats < LIMITS.least_nats {
        return if recording >= LIMITS.most && item >= LIMITS.most {
            doubt(
                StandingKind::ExactLoop,
                format!(
                    "the recording repeats itself: at another place {} of its peaks agree as well, so the agreement \
                     here shows a loop, not where it is from",
                    percent(told.elsewhere)
                ),
            )
        } else {
            shared(format!(
                "at another place of the same recording {} of the peaks agree, {} here: what both have in common is \
                 the beat or the scale",
                percent(told.elsewhere),
                percent(recording)
            ))
        };
    }
    let short = extent.seconds < LIMITS.short_seconds;
    let most_absent = match (extent.warped, short) {
        (true, _) => LIMITS.absent_warped,
        (false, true) => LIMITS.absent_short,
        (false, false) => LIMITS.absent,
    };
    if recording >= LIMITS.of_recording && item >= LIMITS.of_item && absent <= most_absent {
        return Claim { relation, doubt: None };
    }
    let kit =
        if told.rival < LIMITS.weak_rival { told.others } else { told.others.max(told.rival) };
    let buried = if extent.warped { LIMITS.absent_buried_warped } else { LIMITS.absent_buried };
    let is_buried = kit <= LIMITS.kit
        && absent <= buried
        && told.beyond >= LIMITS.beyond
        && (!extent.warped || recording >= LIMITS.of_buried_warped)
        && !short;
    if is_buried {
        return Claim { relation: where_nothing_is_missing(item, extent), doubt: None };
    }
    if relation == Relation::Stem {
        return doubt(
            StandingKind::Stem,
            format!(
                "{} of the recording's strong peaks are missing where nothing hides them: it is a part of the recording \
                 alone, or another recording of the same notes",
                percent(absent)
            ),
        );
    }
    shared(format!(
        "{} of the recording's peaks and {} of the item's agree, and {} of the recording's strong peaks are missing where \
         nothing hides them: the same loop, kit or notes, not the same recording",
        percent(recording),
        percent(item),
        percent(absent)
    ))
}

/// Whether a passage of both is too clear to be a loop that both have.
fn is_clear(told: &Explained, extent: Extent, recording: f64, item: f64, absent: f64) -> bool {
    let Clear { seconds, nats, nats_a_second, of_recording, of_item, .. } = LIMITS.clear;
    extent.seconds >= seconds
        && told.nats >= nats.max(nats_a_second * extent.seconds)
        && (recording >= of_recording && item >= of_item && absent <= LIMITS.clear.absent)
        && told.rival < LIMITS.clear.rival
        && told.others < LIMITS.clear.others
        && told.elsewhere < LIMITS.clear.elsewhere
}

/// The relation by how much of both sides is in it.
fn named(recording: f64, item: f64, absent: f64, extent: Extent) -> Relation {
    let most_absent = if extent.warped { LIMITS.absent_warped } else { LIMITS.absent };
    if recording < LIMITS.of_recording && item >= LIMITS.alone && absent > most_absent {
        Relation::Stem
    } else {
        where_nothing_is_missing(item, extent)
    }
}

/// The relation of a finding whose recording sounds with all its parts.
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

/// The verdict of a finding with such a claim.
pub(super) fn verdict(claim: &Claim, by_chance: Verdict) -> Verdict {
    if claim.doubt.is_some() { by_chance.max(Verdict::Suspect) } else { by_chance }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIP: Extent = Extent { seconds: 10.0, item: 1.0, recording: 0.05, warped: false };

    fn told(recording: usize, item: usize, absent: usize) -> Explained {
        Explained {
            recording: (100, recording),
            item: (100, item),
            absent: (100, absent),
            nats: 150.0,
            beyond: 0.01 * recording as f64,
            elsewhere: 0.25,
            ..Explained::default()
        }
    }

    fn claim(told: Explained, extent: Extent) -> (Relation, Option<StandingKind>) {
        let claim = relation(&told, extent);
        (claim.relation, claim.doubt.map(|doubt| doubt.kind))
    }

    #[test]
    fn what_agrees_on_both_sides_is_a_copy_an_excerpt_or_contained() {
        let clean = told(96, 93, 1);
        assert_eq!(claim(clean, CLIP), (Relation::Excerpt, None));
        let whole = Extent { seconds: 200.0, item: 0.99, recording: 0.99, warped: false };
        assert_eq!(claim(clean, whole), (Relation::Copy, None));
        let mix = Extent { seconds: 60.0, item: 0.1, recording: 0.4, warped: false };
        assert_eq!(claim(clean, mix), (Relation::Contains, None));
    }

    #[test]
    fn what_is_hidden_under_other_sound_is_layered() {
        assert_eq!(claim(told(40, 20, 12), CLIP), (Relation::Layered, None));
    }

    #[test]
    fn a_sped_up_copy_is_a_copy() {
        let extent = Extent { seconds: 200.0, item: 1.0, recording: 1.0, warped: true };
        assert_eq!(claim(told(80, 59, 8), extent), (Relation::Copy, None));
        assert_eq!(claim(told(60, 65, 25), extent), (Relation::Copy, None));
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
        let extent = Extent { seconds: 4.0, item: 0.02, recording: 0.02, warped: false };
        assert_eq!(claim(told(98, 98, 0), extent).0, Relation::SharedMaterial);
        // Ten seconds that nothing else resembles are more than a loop.
        let clear = Extent { seconds: 12.0, ..extent };
        assert_eq!(claim(told(98, 98, 0), clear), (Relation::Contains, None));
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
