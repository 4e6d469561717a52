//! How often a piece made from the same kit agrees with a recording as closely as an item does.
//!
//! The false-alarm probability tells how seldom unrelated music agrees so well. Music from drum machines and sample banks is not
//! unrelated: pieces of one kit, tempo and key agree at every beat. For them a score is the sum of weighted measurements,
//! and the probability that one of them reaches it was counted, as forensic voice comparison does with a relevant population
//! (Morrison 2013, "Tutorial on logistic-regression calibration and fusion").

use super::extent::Extent;
use super::itself::own_absent;
use super::relation::Claim;
use crate::matching::Explained;

/// Weights of the measurements, and the probabilities of scores.
///
/// Fitted by `scripts/lib/same_kit.py` on the seeds 8 and 9 of `scripts/programmed`: 2,848 items that hold nothing of the
/// catalogue but kit, tempo and key, whole or 3 to 30 s long, each with its highest score; and 1,917 copies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct SameKit {
    /// Of the share of the item's strong peaks that match.
    item: f64,
    /// Of the share of the recording's own peaks that are absent.
    own_absent: f64,
    /// Of the share of the sub-fingerprints' bits that agree.
    sub_fingerprints: f64,
    /// In its place at another pitch, where they tell nothing.
    pitched: f64,
    /// Of the score of the best other recording, as a share of this one's, up to 1.5.
    rival: f64,
    /// Of the natural logarithm of the length in seconds, from 1 s on.
    seconds: f64,
    /// Of the natural logarithm of 1 and the score in each second, in nats.
    nats_a_second: f64,
    constant: f64,
    /// Scores in rising order, each with the share of the items that reach it.
    reached: [(f64, f64); 11],
    /// Beyond the last of them the share falls to a tenth with each this much more. Between 1 % and 0.1 % it does with 2.7.
    tenth: f64,
    /// The share of the items that are a match.
    matches: f64,
    /// The smallest share that is told. A guess: no one can make so many pieces.
    least: f64,
}

/// The numbers in use.
pub(super) const SAME_KIT: SameKit = SameKit {
    item: 3.6,
    own_absent: -16.4,
    sub_fingerprints: 11.9,
    pitched: 14.9,
    rival: -3.9,
    seconds: 4.2,
    nats_a_second: 1.5,
    constant: -22.9,
    reached: [
        (-15.6, 0.6),
        (-12.3, 0.5),
        (-8.0, 0.3),
        (-6.0, 0.2),
        (-3.6, 0.1),
        (-2.05, 0.05),
        (-0.5, 0.02),
        (0.3, 0.01),
        (1.4, 0.005),
        (2.4, 0.002),
        (2.95, 0.001),
    ],
    tenth: 3.0,
    matches: 0.001,
    least: 1e-6,
};

/// The probability that a piece made from the recording's kit, at its tempo and in its key, agrees as closely with it. A match
/// counts as closer than whatever is none.
pub(super) fn same_kit_probability(told: &Explained, extent: Extent, claim: &Claim) -> f64 {
    let reached = SAME_KIT.share_that_reaches(SAME_KIT.score(told, extent));
    if claim.doubt.is_none() {
        reached.min(SAME_KIT.matches)
    } else {
        reached.max(SAME_KIT.matches)
    }
}

impl SameKit {
    fn score(&self, told: &Explained, extent: Extent) -> f64 {
        let seconds = extent.seconds.max(1.0);
        let sub_fingerprints = if extent.pitched {
            self.pitched
        } else {
            self.sub_fingerprints * told.sub_fingerprints
        };
        self.constant
            + self.item * Explained::share(told.item)
            + self.own_absent * own_absent(told)
            + sub_fingerprints
            + self.rival * told.rival.min(1.5)
            + self.seconds * seconds.ln()
            + self.nats_a_second * (told.nats / seconds).ln_1p()
    }

    /// By straight lines between the scores, over the logarithm of the share.
    fn share_that_reaches(&self, score: f64) -> f64 {
        let Some(next) = self.reached.iter().position(|(reached, _)| score < *reached) else {
            let (last, share) = self.reached[self.reached.len() - 1];
            return (share * 10_f64.powf((last - score) / self.tenth)).max(self.least);
        };
        if next == 0 {
            return self.reached[0].1;
        }
        let [(from, more), (to, fewer)] = [self.reached[next - 1], self.reached[next]];
        more * (fewer / more).powf((score - from) / (to - from))
    }
}

#[cfg(test)]
mod tests {
    use super::super::relation::relation;
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

    fn probability(told: &Explained) -> f64 {
        same_kit_probability(told, CLIP, &relation(told, CLIP))
    }

    fn copy() -> Explained {
        Explained {
            recording: (100, 96),
            item: (100, 95),
            absent: (100, 1),
            own_absent: (100.0, 1.0),
            nats: 150.0,
            sub_fingerprints: 0.95,
            ..Explained::default()
        }
    }

    #[test]
    fn fewer_pieces_agree_as_closely_the_more_agrees() {
        let kit = Explained {
            recording: (100, 60),
            item: (100, 55),
            absent: (100, 30),
            own_absent: (100.0, 35.0),
            nats: 20.0,
            sub_fingerprints: 0.7,
            rival: 0.8,
            ..Explained::default()
        };
        let (seldom, often) = (probability(&copy()), probability(&kit));
        assert!(seldom < 1e-3 && often > 0.3, "{seldom} {often}");
        let long = Extent { seconds: 100.0, ..CLIP };
        let whole = Explained { nats: 1_500.0, ..copy() };
        let longer = same_kit_probability(&whole, long, &relation(&whole, long));
        assert!((SAME_KIT.least..seldom).contains(&longer), "{longer}");
    }

    #[test]
    fn a_match_is_closer_than_whatever_is_none() {
        let matched = relation(&copy(), CLIP);
        let doubted = relation(&Explained { rival: 0.9, ..copy() }, CLIP);
        assert!(matched.doubt.is_none() && doubted.doubt.is_some());
        let weak = Explained { sub_fingerprints: 0.5, ..copy() };
        assert!(same_kit_probability(&weak, CLIP, &matched) <= SAME_KIT.matches);
        assert!(same_kit_probability(&copy(), CLIP, &doubted) >= SAME_KIT.matches);
    }

    #[test]
    fn shares_fall_without_a_gap() {
        let shares: Vec<f64> =
            (-200..200).map(|score| SAME_KIT.share_that_reaches(0.1 * f64::from(score))).collect();
        for pair in shares.windows(2) {
            assert!(pair[1] <= pair[0] && pair[1] > 0.85 * pair[0], "{pair:?}");
        }
        assert!((shares[0] - 0.6).abs() < 1e-9);
    }
}
