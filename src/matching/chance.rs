//! What chance alone gives: measured for each candidate on the same peaks at wrong offsets.
//!
//! Music repeats itself and keeps to a scale, so two unrelated pieces agree far more often than random
//! dots would. The same two sides, shifted against each other in time, show how often.

use super::align::Tally;

/// Shifts that are tried, on each side.
const SHIFTS: usize = 32;
/// First shift and step in frames: from 0.7 s to 8 s, at no musical distance.
const FIRST_FRAMES: f64 = 31.0;
const STEP_FRAMES: f64 = 9.87;

/// Rates at which chance meets a peak: closely, loosely.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Chance {
    close: f64,
    loose: f64,
}

/// What a peak of each class is worth, in nats.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Worth {
    pub(super) nats: [f64; 3],
}

impl Worth {
    pub(super) fn of(&self, tally: Tally) -> f64 {
        tally.iter().zip(self.nats).map(|(n, nats)| *n as f64 * nats).sum()
    }
}

/// Lowest rates that are believed: one in 250 and one in 100, however empty the shifts were.
const MIN_CLOSE: f64 = 0.004;
const MIN_LOOSE: f64 = 0.01;

impl Chance {
    /// The rates that are believed at the least: what is worth nothing against them is worth nothing.
    pub(super) const LEAST: Self = Self { close: MIN_CLOSE, loose: MIN_LOOSE };

    /// Measures the rates by `tally(shift)`, the shift in 1/16 frame.
    pub(super) fn measure(tally: impl Fn(f64) -> Tally) -> Self {
        let tallies: Vec<Tally> = (0..2 * SHIFTS)
            .map(|i| {
                let frames = FIRST_FRAMES + STEP_FRAMES * (i / 2) as f64;
                tally(16.0 * if i % 2 == 0 { frames } else { -frames })
            })
            .collect();
        Self {
            close: upper_rate(&tallies, 0).max(MIN_CLOSE),
            loose: upper_rate(&tallies, 1).max(MIN_LOOSE),
        }
    }

    /// What each class is worth, where the alignment itself shows the rates of `here`. `None` where it
    /// is no better than chance.
    pub(super) fn worth(self, here: Tally) -> Option<Worth> {
        let n = here.iter().sum::<usize>() as f64;
        let missed = 1.0 - self.close - self.loose;
        let close = (here[0] as f64 + 0.5) / (n + 1.5);
        let loose = (here[1] as f64 + 0.5) / (n + 1.5);
        let (close, loose) = (close.min(0.9), loose.min(0.6));
        let rest = (1.0 - close - loose).max(0.05);
        if close + loose <= self.close + self.loose || missed <= 0.0 {
            return None;
        }
        let sum = close + loose + rest;
        let nats = |rate: f64, chance: f64| (rate / sum / chance).ln();
        Some(Worth { nats: [nats(close, self.close), nats(loose, self.loose), nats(rest, missed)] })
    }
}

/// The rate of a class over all shifts, raised by twice its spread beyond that of mere counting: some
/// shifts agree with the beat, and the best alignment by chance is one of them.
fn upper_rate(tallies: &[Tally], class: usize) -> f64 {
    let (mut met, mut all, mut n) = (0.0, 0.0, 0.0);
    for tally in tallies {
        met += tally[class] as f64;
        all += tally.iter().sum::<usize>() as f64;
        n += 1.0;
    }
    if all == 0.0 {
        return 0.0;
    }
    let rate = met / all;
    let (mut excess, mut weight) = (0.0, 0.0);
    for tally in tallies {
        let size = tally.iter().sum::<usize>() as f64;
        let expected = rate * size;
        excess += (tally[class] as f64 - expected).powi(2) - expected;
        weight += size * size;
    }
    let spread = if n > 1.0 && weight > 0.0 { (excess.max(0.0) / weight).sqrt() } else { 0.0 };
    (rate + 2.0 * spread).min(0.45)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_of_worths_is_a_likelihood_ratio() {
        // Under chance the expectation of exp(worth) is 1: the bound of Karlin and Altschul holds.
        let chance = Chance { close: 0.02, loose: 0.05 };
        let worth = chance.worth([30, 20, 30]).unwrap();
        let mean =
            0.02 * worth.nats[0].exp() + 0.05 * worth.nats[1].exp() + 0.93 * worth.nats[2].exp();
        assert!((mean - 1.0).abs() < 1e-9, "{mean}");
    }

    #[test]
    fn what_is_no_better_than_chance_has_no_worth() {
        assert!(Chance { close: 0.1, loose: 0.2 }.worth([5, 10, 85]).is_none());
    }

    #[test]
    fn even_counting_noise_does_not_raise_the_rate_but_a_beat_does() {
        let even = vec![[2, 5, 93]; 50];
        assert!((upper_rate(&even, 0) - 0.02).abs() < 1e-12);
        let beat: Vec<Tally> =
            (0..50).map(|i| if i % 5 == 0 { [20, 5, 75] } else { [1, 5, 94] }).collect();
        assert!(upper_rate(&beat, 0) > 0.1);
    }
}
