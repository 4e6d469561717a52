//! Which mix of two channels is reconstructed.

/// A stereo block whose mid has less than this share of the mean channel energy is out of phase, or all side: −20 dB, a guess far
/// below the −3 dB of uncorrelated channels.
pub const CANCELLED: f32 = 0.01;

/// The mix of two channels that is reconstructed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// (left + right) / 2.
    Mid,
    /// (left − right) / 2, where the mid cancels.
    Side,
}

impl Heard {
    /// The mix to hear of a block, by the energies of (left + right) / 2, of the left and of the right channel.
    pub fn of_energies(mid: f32, left: f32, right: f32) -> Self {
        if mid < CANCELLED * 0.5 * (left + right) { Self::Side } else { Self::Mid }
    }

    /// The weights of the left and of the right channel.
    pub fn weights(self) -> (f32, f32) {
        match self {
            Self::Mid => (0.5, 0.5),
            Self::Side => (0.5, -0.5),
        }
    }
}
