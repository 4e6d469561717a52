//! From evidence to a verdict, by the chance that it is a false alarm.

use crate::record::Verdict;

/// Where the lines are drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VerdictConfig {
    /// A false-alarm probability below this is a match; 1e-6 is one wrong accusation in a million
    /// unrelated items.
    pub match_below: f64,
    /// Below this, a person has to look.
    pub suspect_below: f64,
}

impl Default for VerdictConfig {
    fn default() -> Self {
        Self { match_below: 1e-6, suspect_below: 1e-3 }
    }
}

impl VerdictConfig {
    /// What a finding of this probability claims; [`Verdict::Clear`] where it is no finding.
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

/// What agrees comes in groups: the peaks of one note, the bits of one beat. So a nat of a sum is worth this
/// share of one, and less under a warp, which brings tempos of other music together.
///
/// Fitted to the best alignments of 4,140 files of held-out music (`benches/EVALUATION.md`), whose
/// logarithm falls by so much a nat, music left out that shares its package with what it is taken for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Lambda(f64);

impl Lambda {
    pub(crate) const RELEASED: Self = Self(0.52);
    pub(crate) const WARPED: Self = Self(0.40);

    /// The logarithm of the chance that an unrelated item reaches `nats` at one alignment.
    pub(crate) fn log_chance(self, nats: f64) -> f64 {
        -nats * self.0
    }
}

/// No model of chance is to be believed beyond this.
const FLOOR: f64 = 1e-30;

/// The chance that an unrelated item is as good at the best of many alignments, by the logarithm of the
/// sum of their chances.
pub(crate) fn false_alarm_probability(log_chance: f64) -> f64 {
    log_chance.exp().clamp(FLOOR, 1.0)
}
