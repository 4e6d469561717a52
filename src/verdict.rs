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

/// Peaks of one note come and go together, so agreeing peaks are not independent: a nat of the sum is
/// worth this share of one. Chosen so that of 1,180 files of held-out music (`scripts/evaluate`) none that
/// shares no sound with the catalogue reaches a match (with 1.0 two would, both of one album with the
/// recording that they are taken for), and none of 50 synthetic pieces in one tempo and key.
pub(crate) const INDEPENDENCE: f64 = 0.6;

/// No model of chance is to be believed beyond this.
const FLOOR: f64 = 1e-30;

/// The chance that an unrelated item reaches `nats` at the best of `hypotheses` alignments.
pub fn false_alarm_probability(nats: f64, hypotheses: f64) -> f64 {
    (hypotheses * (-nats * INDEPENDENCE).exp()).clamp(FLOOR, 1.0)
}
