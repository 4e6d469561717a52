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

/// The share of either side beyond which it is all of it: fades and silence at the ends agree with nothing.
const WHOLE: f64 = 0.9;
/// … and beyond which the finding is no passage of both.
const MOST: f64 = 0.8;
/// A finding that is a passage of both is this long at least, in seconds, or else as clear as [`is_clear`] asks.
const LONG_SECONDS: f64 = 20.0;
/// What is shorter tells so little that both sides have to agree nearly whole.
const SHORT_SECONDS: f64 = 6.0;
/// The least worth, in nats, of what is met beyond other offsets and other recordings. Of 780 clips of programmed pieces
/// that are not in the catalogue 8 % reach 20 with a recording of another set that covers them, and 2 % reach 40; of
/// copies of 10 s 95 % reach 38.
const LEAST_NATS: f64 = 25.0;
/// The most that another recording may score of what this one does, and for each second that was compared: what lasts
/// seconds is soon as good in another piece of the same kit.
const RIVAL: f64 = 0.65;
const RIVAL_A_SECOND: f64 = 0.11;
/// Beyond these shares of peaks the two sides agree whole: 95 % of copies under codecs, rooms and changes of speed.
const OF_RECORDING: f64 = 0.7;
const OF_ITEM: f64 = 0.6;
/// The most of the recording's strong peaks that may be absent there: as released, short, and warped, where the
/// resampler and the stretcher lose more.
const ABSENT: f64 = 0.10;
const ABSENT_SHORT: f64 = 0.15;
const ABSENT_WARPED: f64 = 0.20;
/// … and where the recording is buried under something else.
const ABSENT_BURIED: f64 = 0.30;
const ABSENT_BURIED_WARPED: f64 = 0.42;
/// The most that another recording may reach where much is missing: beyond, it may be the kit that both share.
const KIT: f64 = 0.4;
/// The least share that is met beyond chance of what is buried, and the least of all of a warped one.
const BEYOND: f64 = 0.15;
const OF_WARPED: f64 = 0.5;
/// The share of the item's strong peaks from which nothing else sounds with the recording; at another speed a part of them
/// comes from beyond the band that a recording's peaks are kept of.
const ALONE: f64 = 0.6;
const ALONE_WARPED: f64 = 0.4;
/// Leading peaks outside of the spans, where both go on, that are enough to tell: three windows of 3 s; and the share of
/// them that is met where both play on with the same backing. They have to be a fifth of those inside, since a crossfade
/// is met in part, too.
const BESIDE_PEAKS: usize = 60;
const BESIDE: f64 = 0.3;

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

    let is_passage = extent.item < MOST && extent.recording < MOST && extent.seconds < LONG_SECONDS;
    if is_passage && !is_clear(told, extent, recording, item, absent) {
        return shared(format!(
            "only {:.1} s agree, of a longer item and a longer recording: it may be a loop or a sample that both have \
             from elsewhere",
            extent.seconds
        ));
    }
    let is_much = told.beside.0 >= BESIDE_PEAKS.max(told.absent.0 / 5);
    if is_much && beside >= BESIDE {
        return shared(format!(
            "before or after the passage both go on with {} of the recording's strong peaks in common, and the rest \
             different: the same backing under another piece",
            percent(beside)
        ));
    }
    if told.rival > RIVAL.min(RIVAL_A_SECOND * extent.seconds) {
        return shared(format!(
            "another recording of the catalogue agrees with the same passage {} as well: it is no recording's own",
            percent(told.rival.min(1.0))
        ));
    }
    if told.nats < LEAST_NATS {
        return if recording >= MOST && item >= MOST {
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
    let short = extent.seconds < SHORT_SECONDS;
    let most_absent = match (extent.warped, short) {
        (true, _) => ABSENT_WARPED,
        (false, true) => ABSENT_SHORT,
        (false, false) => ABSENT,
    };
    if recording >= OF_RECORDING && item >= OF_ITEM && absent <= most_absent {
        return Claim { relation, doubt: None };
    }
    let kit = if told.rival < 0.2 { told.others } else { told.others.max(told.rival) };
    let buried = if extent.warped { ABSENT_BURIED_WARPED } else { ABSENT_BURIED };
    let is_buried = kit <= KIT
        && absent <= buried
        && told.beyond >= BEYOND
        && (!extent.warped || recording >= OF_WARPED)
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

/// Whether a passage of both is too clear to be a loop that both have: all of both sides, many nats a second, and nothing
/// like it in another recording.
fn is_clear(told: &Explained, extent: Extent, recording: f64, item: f64, absent: f64) -> bool {
    let Extent { seconds, .. } = extent;
    seconds >= 5.0
        && told.nats >= 100.0_f64.max(8.0 * seconds)
        && (recording >= 0.8 && item >= 0.7 && absent <= 0.08)
        && (told.rival < 0.3 && told.others < 0.35 && told.elsewhere < 0.6)
}

/// The relation by how much of both sides is in it.
fn named(recording: f64, item: f64, absent: f64, extent: Extent) -> Relation {
    let most_absent = if extent.warped { ABSENT_WARPED } else { ABSENT };
    if recording < OF_RECORDING && item >= ALONE && absent > most_absent {
        Relation::Stem
    } else {
        where_nothing_is_missing(item, extent)
    }
}

/// The relation of a finding whose recording sounds with all its parts.
fn where_nothing_is_missing(item: f64, extent: Extent) -> Relation {
    let alone = if extent.warped { ALONE_WARPED } else { ALONE };
    if item < alone {
        return Relation::Layered;
    }
    match (extent.item >= WHOLE, extent.recording >= WHOLE) {
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
