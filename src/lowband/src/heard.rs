//! Which mix of two channels is reconstructed.

/// A stereo block whose mid has less than this share of the mean channel energy is out of phase, or all side: −20 dB, a guess far
/// below the −3 dB of uncorrelated channels.
pub const CANCELLED: f32 = 0.01;

/// How long loudness is remembered, in seconds. A guess: some bars of music.
const MEMORY_SECONDS: f32 = 3.0;
/// Least time that is measured before the side is heard instead of the mid, in seconds. A guess.
const LEAST_SECONDS: f32 = 1.0;
/// The side is heard once it has more than this many times the energy of the mid: +3 dB, a guess. In music as it is mixed the mid is
/// the louder one; the side is where one channel has the opposite polarity, since then it is the mid of what was mixed.
const LOUDER: f32 = 2.0;

/// The mix of two channels that is reconstructed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// (left + right) / 2.
    Mid,
    /// (left − right) / 2, where the mid cancels or loses.
    Side,
}

impl Heard {
    /// The weights of the left and of the right channel.
    pub fn weights(self) -> (f32, f32) {
        match self {
            Self::Mid => (0.5, 0.5),
            Self::Side => (0.5, -0.5),
        }
    }
}

/// Compares the loudness of mid and side over some seconds of a stream.
#[derive(Debug, Clone, Default)]
pub struct Balance {
    mid: f32,
    side: f32,
    seconds: f32,
    is_side_louder: bool,
}

impl Balance {
    /// The mix to hear of the next block: by the energies of (left + right) / 2, of the left and of the right channel in it, and of
    /// the blocks before. Energies are sums over the block.
    pub fn heard(&mut self, mid: f32, left: f32, right: f32, seconds: f32) -> Heard {
        self.add(mid, 0.5 * (left + right) - mid, seconds);
        self.of_block(mid, left, right)
    }

    /// The mix to hear of a block that does not count.
    pub fn of_block(&self, mid: f32, left: f32, right: f32) -> Heard {
        let mean = 0.5 * (left + right);
        if mid < CANCELLED * mean {
            Heard::Side
        } else if self.is_side_louder && mean - mid >= CANCELLED * mean {
            Heard::Side
        } else {
            Heard::Mid
        }
    }

    /// Counts a block of these energies of mid and side.
    pub fn add(&mut self, mid: f32, side: f32, seconds: f32) {
        if !(mid.is_finite() && side.is_finite() && seconds > 0.0) {
            return;
        }
        // Of the first seconds the mean counts, later ones fade.
        let kept = MEMORY_SECONDS / (MEMORY_SECONDS + seconds);
        self.mid = self.mid * kept + mid.max(0.0);
        self.side = self.side * kept + side.max(0.0);
        self.seconds = (self.seconds + seconds).min(MEMORY_SECONDS);
        // Between the two limits nothing changes, so that the mix does not go to and fro.
        self.is_side_louder = if self.is_side_louder {
            self.side > self.mid
        } else {
            self.seconds >= LEAST_SECONDS && self.side > LOUDER * self.mid
        };
    }

    /// Whether the side is louder over the last seconds.
    pub fn is_side_louder(&self) -> bool {
        self.is_side_louder
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is heard of each of `blocks` of 0.1 s with these energies of mid and side.
    fn heard(balance: &mut Balance, mid: f32, side: f32, blocks: usize) -> Vec<Heard> {
        let mean = mid + side;
        (0..blocks).map(|_| balance.heard(mid, mean, mean, 0.1)).collect()
    }

    #[test]
    fn a_side_that_is_louder_for_seconds_is_heard_and_one_that_is_so_for_a_moment_is_not() {
        let mut balance = Balance::default();
        assert!(heard(&mut balance, 2.0, 1.0, 50).iter().all(|&is| is == Heard::Mid));
        assert!(heard(&mut balance, 1.0, 3.0, 5).iter().all(|&is| is == Heard::Mid));
        assert!(heard(&mut balance, 1.0, 1.9, 100).iter().all(|&is| is == Heard::Mid));
        let later = heard(&mut balance, 1.0, 4.0, 60);
        assert_eq!(later.last(), Some(&Heard::Side));
        assert_eq!(
            later.iter().filter(|&&is| is == Heard::Mid).count(),
            later.iter().position(|&is| is == Heard::Side).unwrap_or(0)
        );
    }

    #[test]
    fn a_block_that_cancels_gives_the_other_mix_at_once() {
        let mut balance = Balance::default();
        assert_eq!(heard(&mut balance, 0.0, 1.0, 1), [Heard::Side]);
        let mut balance = Balance::default();
        heard(&mut balance, 1.0, 4.0, 50);
        assert_eq!(heard(&mut balance, 1.0, 0.0, 1), [Heard::Mid]);
    }

    #[test]
    fn what_is_no_number_does_not_count() {
        let mut balance = Balance::default();
        balance.add(f32::NAN, 1.0, 9.0);
        balance.add(1.0, f32::INFINITY, 9.0);
        assert!(!balance.is_side_louder());
        assert_eq!(balance.heard(f32::NAN, f32::NAN, 0.0, 1.0), Heard::Mid);
    }
}
