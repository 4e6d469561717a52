//! From a score to a false-alarm probability, and from that to a verdict.

use crate::base::settings;
use crate::record::Verdict;

settings! {
    /// λ without a warp. Fitted, see [`Lambda`].
    const RELEASED_LAMBDA: f64 = 0.52;
    /// λ under a warp: lower, since a warp brings the tempos of different pieces together. Fitted likewise.
    const WARPED_LAMBDA: f64 = 0.40;
    /// Smallest false-alarm probability that is told: no model of chance holds beyond. A guess.
    const FLOOR: f64 = 1e-30;
}

/// The false-alarm probabilities that separate match, suspect and clear.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VerdictConfig {
    /// A finding with a lower false-alarm probability is a match. 1e-6, a choice: one wrong accusation in a million unrelated
    /// items.
    pub match_below: f64,
    /// A finding with a lower one is a suspect, for a person to look at. 1e-3, a choice: one in a thousand unrelated items.
    pub suspect_below: f64,
}

impl Default for VerdictConfig {
    fn default() -> Self {
        Self { match_below: 1e-6, suspect_below: 1e-3 }
    }
}

impl VerdictConfig {
    /// The verdict of a finding with this false-alarm probability; [`Verdict::Clear`] if it is none.
    pub fn verdict(&self, false_alarm_probability: f64) -> Verdict {
        if false_alarm_probability < self.match_below {
            Verdict::Match
        } else if false_alarm_probability < self.suspect_below {
            Verdict::Suspect
        } else {
            Verdict::Clear
        }
    }
}

/// λ of Karlin & Altschul (PNAS 1990): the logarithm of the tail probability of a chance score falls by λ for each nat. It
/// would be 1 if peaks and bits were independent. They are not (the peaks of one note, the bits of one beat), so it is less.
///
/// Fitted to the best alignments of 4,140 files of held-out music (`benches/EVALUATION.md`, "Is the false-alarm probability
/// true?"), without pieces that share a package with the recording they were taken for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Lambda(f64);

impl Lambda {
    /// Without a warp.
    pub(crate) const RELEASED: Self = Self(RELEASED_LAMBDA);
    /// Under a warp.
    pub(crate) const WARPED: Self = Self(WARPED_LAMBDA);

    /// That of an alignment.
    pub(crate) fn of(warped: bool) -> Self {
        if warped { Self::WARPED } else { Self::RELEASED }
    }

    /// Logarithm of the probability that an unrelated item reaches a score of `nats` at one alignment.
    pub(crate) fn log_chance(self, nats: f64) -> f64 {
        -nats * self.0
    }

    /// The score that has this [`Lambda::log_chance`], in nats.
    pub(crate) fn nats(self, log_chance: f64) -> f64 {
        -log_chance / self.0
    }
}

/// The probability that an unrelated item is as good at the best of many alignments, from the logarithm of the sum of their
/// probabilities (the union bound). At least [`FLOOR`], at most 1.
pub(crate) fn false_alarm_probability(log_chance: f64) -> f64 {
    log_chance.exp().clamp(FLOOR, 1.0)
}
