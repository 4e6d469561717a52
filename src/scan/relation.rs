//! What a finding claims: a copy, an excerpt, or only that both share a loop.
//!
//! The score says that item and recording agree better than chance. This decides what that agreement means, from how
//! much of both sides it explains. In doubt the weaker claim is made: shared material is never a match.
//!
//! The limits were fitted on `scripts/programmed` with the seeds 1 and 2 (4,320 items that are not in the catalogue, 240 of
//! covers, 1,920 copies) and on 3,300 queries of `scripts/evaluate` under 35 conditions, 10 s and 45 s long, half of
//! programmed music and half of game music: for each way the box of limits that holds most copies, each wrong one counted as
//! ten of them. `benches/CLAIMS.md` tells them on a third seed and on other kinds of music.

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
    /// Whether it plays at another pitch, where sub-fingerprints tell nothing: their bands do not move along.
    pub(super) pitched: bool,
    /// The larger share of a side inside the surest alignment alone.
    pub(super) surest: f64,
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
    /// What is shorter, in seconds, is told by `clean` and `short` alone.
    short_seconds: f64,
    /// The share of the recording's peaks beyond which none of its parts is missing.
    of_recording: f64,
    /// The most of the recording's strong peaks that may be absent where none of its parts is missing.
    absent: f64,
    /// The same at another speed, tempo or pitch: resampler and stretcher lose more.
    absent_warped: f64,
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
    /// Worth, in nats, below which what agrees is no more than agrees elsewhere: told as the reason of a doubt.
    few_nats: f64,
    /// The least of a recording's peaks and of an item's strong peaks in an exact loop.
    of_loop: f64,
    /// What is a loop that is played again and again, and not the recording's.
    again: Again,
    /// What makes a short passage of both a match.
    clear: Clear,
    /// The ways in which a finding shows the recording itself; any of them is enough.
    clean: Clean,
    short: Short,
    own: Own,
    alike: Alike,
    buried: Buried,
    apart: Apart,
    balanced: Balanced,
    long: Long,
    pitched: Pitched,
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

/// Both sides agree whole, as under a codec: 95 % of copies of 10 s under Opus, MP3 and Vorbis.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Clean {
    nats: f64,
    of_recording: f64,
    of_item: f64,
    absent: f64,
    sub_fingerprints: f64,
    others: f64,
    rival: f64,
    rival_a_second: f64,
}

/// Less than [`Limits::short_seconds`], in which some twenty strong peaks sound: what has no rival at all, and whose sub-fingerprints
/// agree as under a codec.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Short {
    seconds: f64,
    nats: f64,
    absent: f64,
    sub_fingerprints: f64,
    rival_a_second: f64,
}

/// A finding of several alignments of which the surest holds less than a share of either side: it is a loop that both have if
/// it is short, or if the recording repeats it. What an item made of a passage of the recording is longer, and stands out.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Again {
    surest: f64,
    seconds: f64,
    elsewhere: f64,
}

/// The share of what is the recording's own that may be absent where nothing hides it: so much of any piece, and more of a
/// short one, which tells less.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Absent {
    share: f64,
    /// In shares times seconds.
    of_a_second: f64,
}

impl Absent {
    fn within(self, seconds: f64) -> f64 {
        self.share + self.of_a_second / seconds
    }
}

/// Each second is worth more than other offsets and other recordings can give: filters, rooms, and most of what is buried
/// under other sound.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Own {
    nats_a_second: f64,
    absent: Absent,
    others: f64,
    rival: f64,
    rival_a_second: f64,
}

/// Few peaks tell it, but sub-fingerprints agree, no other recording has much of it, and it is no loop.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Alike {
    nats: f64,
    absent: Absent,
    sub_fingerprints: f64,
    kit: f64,
    weak_rival: f64,
    elsewhere: f64,
}

/// Hardly any of what is strong in the item is the recording's, and what is left of it has the levels that it has there:
/// speech or other music over it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Buried {
    nats_a_second: f64,
    of_item: f64,
    absent: f64,
    level_db: f64,
    kit: f64,
}

/// At no other offset much agrees: music that does not repeat itself, whatever was done to it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Apart {
    nats_a_second: f64,
    absent: f64,
    elsewhere: f64,
    kit: f64,
}

/// Little agrees at other offsets, and what agrees here has the levels that it has in the recording.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Balanced {
    nats_a_second: f64,
    absent: f64,
    elsewhere: f64,
    level_db: f64,
    kit: f64,
}

/// So long that a share means more: something else sounds over it, levels are the recording's, and no other recording comes
/// near.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Long {
    seconds: f64,
    nats_a_second: f64,
    of_item: f64,
    absent: f64,
    elsewhere: f64,
    level_db: f64,
    kit: f64,
}

/// At another pitch hardly anything agrees by a shared kit: one-shots are not moved along with a piece. The same notes in
/// another key, played anew, are kept out by what is absent and by levels.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Pitched {
    nats: f64,
    nats_a_second: f64,
    of_recording: f64,
    absent: f64,
    level_db: f64,
    rival: f64,
}

/// The limits in use.
pub(super) const LIMITS: Limits = Limits {
    whole: 0.9,
    most: 0.8,
    long_seconds: 12.0,
    short_seconds: 6.0,
    of_recording: 0.7,
    absent: 0.10,
    absent_warped: 0.20,
    alone: 0.6,
    alone_warped: 0.4,
    beside_peaks: 60,
    beside_share: 0.2,
    beside: 0.3,
    few_nats: 25.0,
    of_loop: 0.8,
    again: Again { surest: 0.5, seconds: 2.5, elsewhere: 0.5 },
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
    clean: Clean {
        nats: 25.0,
        of_recording: 0.84,
        of_item: 0.76,
        absent: 0.06,
        sub_fingerprints: 0.83,
        others: 0.7,
        rival: 0.65,
        rival_a_second: 0.11,
    },
    short: Short {
        seconds: 2.9,
        nats: 20.0,
        absent: 0.12,
        sub_fingerprints: 0.82,
        rival_a_second: 0.06,
    },
    own: Own {
        nats_a_second: 2.0,
        absent: Absent { share: 0.1, of_a_second: 0.7 },
        others: 0.88,
        rival: 0.44,
        rival_a_second: 0.04,
    },
    alike: Alike {
        nats: 5.0,
        absent: Absent { share: 0.06, of_a_second: 1.5 },
        sub_fingerprints: 0.65,
        kit: 0.45,
        weak_rival: 0.2,
        elsewhere: 0.75,
    },
    buried: Buried { nats_a_second: 1.2, of_item: 0.2, absent: 0.3, level_db: 4.0, kit: 0.4 },
    apart: Apart { nats_a_second: 4.0, absent: 0.28, elsewhere: 0.3, kit: 0.4 },
    balanced: Balanced {
        nats_a_second: 0.5,
        absent: 0.225,
        elsewhere: 0.4,
        level_db: 4.0,
        kit: 0.4,
    },
    long: Long {
        seconds: 15.0,
        nats_a_second: 0.5,
        of_item: 0.65,
        absent: 0.2,
        elsewhere: 0.675,
        level_db: 4.8,
        kit: 0.24,
    },
    pitched: Pitched {
        nats: 12.0,
        nats_a_second: 1.0,
        of_recording: 0.4,
        absent: 0.42,
        level_db: 5.5,
        rival: 1.0,
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

    let is_part = extent.item < LIMITS.most && extent.recording < LIMITS.most;
    let is_passage =
        (is_part || is_loop_again(told, extent)) && extent.seconds < LIMITS.long_seconds;
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
    if is_itself(told, extent) {
        return Claim { relation: where_nothing_is_missing(item, extent), doubt: None };
    }
    let rival = LIMITS.clean.rival.min(LIMITS.clean.rival_a_second * extent.seconds);
    if told.rival > rival {
        return shared(format!(
            "another recording of the catalogue agrees with the same passage {} as well: it is no recording's own",
            percent(told.rival.min(1.0))
        ));
    }
    if told.nats < LIMITS.few_nats {
        return if recording >= LIMITS.of_loop && item >= LIMITS.of_loop {
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

/// Whether what agrees shows the recording itself, and not what it shares with others: in one of the ways that [`Limits`]
/// describes.
fn is_itself(told: &Explained, extent: Extent) -> bool {
    let Limits { clean, short, pitched, .. } = LIMITS;
    let [recording, item] = [told.recording, told.item].map(Explained::share);
    let own_absent = own_absent(told);
    let seconds = extent.seconds;
    if extent.pitched {
        return told.nats >= pitched.nats.max(pitched.nats_a_second * seconds)
            && (recording >= pitched.of_recording && own_absent <= pitched.absent)
            && (told.level_db <= pitched.level_db && told.rival <= pitched.rival);
    }
    let is_clean = told.nats >= clean.nats
        && (recording >= clean.of_recording && item >= clean.of_item)
        && (own_absent <= clean.absent && told.sub_fingerprints >= clean.sub_fingerprints)
        && told.others <= clean.others
        && told.rival <= clean.rival.min(clean.rival_a_second * seconds);
    let is_short = seconds >= short.seconds
        && told.nats >= short.nats
        && (own_absent <= short.absent && told.sub_fingerprints >= short.sub_fingerprints)
        && told.rival <= short.rival_a_second * seconds;
    let is_long_enough = seconds >= LIMITS.short_seconds;
    is_clean || if is_long_enough { is_changed(told, item, seconds) } else { is_short }
}

/// The same of what is filtered, lies in a room or under other sound.
fn is_changed(told: &Explained, item: f64, seconds: f64) -> bool {
    let Limits { own, alike, buried, apart, balanced, long, .. } = LIMITS;
    let nats_a_second = told.nats / seconds;
    let own_absent = own_absent(told);
    let kit = told.others.max(told.rival);
    // A rival that scores little says nothing of the kit.
    let near_kit = if told.rival < alike.weak_rival { told.others } else { kit };
    let is_own = nats_a_second >= own.nats_a_second
        && own_absent <= own.absent.within(seconds)
        && told.others <= own.others
        && told.rival <= own.rival.min(own.rival_a_second * seconds);
    let is_alike = told.nats >= alike.nats
        && own_absent <= alike.absent.within(seconds)
        && told.sub_fingerprints >= alike.sub_fingerprints
        && (near_kit <= alike.kit && told.elsewhere <= alike.elsewhere);
    let is_buried = nats_a_second >= buried.nats_a_second
        && (item <= buried.of_item && own_absent <= buried.absent)
        && (told.level_db <= buried.level_db && kit <= buried.kit);
    let is_apart = nats_a_second >= apart.nats_a_second
        && own_absent <= apart.absent
        && (kit <= apart.kit && told.elsewhere <= apart.elsewhere);
    let is_balanced = nats_a_second >= balanced.nats_a_second
        && (own_absent <= balanced.absent && told.level_db <= balanced.level_db)
        && (kit <= balanced.kit && told.elsewhere <= balanced.elsewhere);
    let is_long = seconds >= long.seconds
        && nats_a_second >= long.nats_a_second
        && (item <= long.of_item && own_absent <= long.absent)
        && told.level_db <= long.level_db
        && (kit <= long.kit && told.elsewhere <= long.elsewhere);
    is_own || is_alike || is_buried || is_apart || is_balanced || is_long
}

/// The share of what is the recording's own that is absent.
fn own_absent(told: &Explained) -> f64 {
    told.own_absent.1 / told.own_absent.0.max(1.0)
}

/// Whether a finding of several alignments only shows how both repeat a loop.
fn is_loop_again(told: &Explained, extent: Extent) -> bool {
    let Again { surest, seconds, elsewhere } = LIMITS.again;
    extent.surest < surest && (extent.seconds < seconds || told.elsewhere > elsewhere)
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

    const CLIP: Extent = Extent {
        seconds: 10.0,
        item: 1.0,
        recording: 0.05,
        warped: false,
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
    fn what_agrees_on_both_sides_is_a_copy_an_excerpt_or_contained() {
        let clean = told(96, 93, 1);
        assert_eq!(claim(clean, CLIP), (Relation::Excerpt, None));
        let whole = Extent { seconds: 200.0, item: 0.99, recording: 0.99, ..CLIP };
        let long = Explained { nats: 1_500.0, ..clean };
        assert_eq!(claim(long, whole), (Relation::Copy, None));
        let mix = Extent { seconds: 60.0, item: 0.1, recording: 0.4, ..CLIP };
        assert_eq!(claim(long, mix), (Relation::Contains, None));
    }

    #[test]
    fn what_is_hidden_under_other_sound_is_layered() {
        assert_eq!(claim(told(40, 20, 12), CLIP), (Relation::Layered, None));
        // So deep that few nats are left: sub-fingerprints tell it, unless it is a loop or another recording's as well.
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
            pitched: true,
            surest: 1.0,
        };
        // Prints tell nothing at another pitch.
        let sped_up = Explained { nats: 700.0, sub_fingerprints: 0.4, ..told(80, 59, 8) };
        assert_eq!(claim(sped_up, extent), (Relation::Copy, None));
        assert_eq!(
            claim(Explained { nats: 700.0, ..told(60, 65, 25) }, extent),
            (Relation::Copy, None)
        );
        assert!(claim(Explained { nats: 90.0, ..sped_up }, extent).1.is_some());
        // The same notes in another key, played anew.
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
