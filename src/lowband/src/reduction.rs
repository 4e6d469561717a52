//! Which part of the spectrum is kept.

/// The lowest part of the spectrum that is reconstructed. The sample rate is divided by the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reduction {
    /// The lowest quarter: 44.1 kHz becomes 11,025 Hz.
    Quarter,
    /// The lower half: 22.05 kHz becomes 11,025 Hz.
    Half,
}

impl Reduction {
    /// The reduction for a sample rate in Hz: at least 5.5 kHz of the spectrum remain. `None` if the full decoder is to be used.
    pub fn of_rate(hz: u32) -> Option<Self> {
        match hz {
            44_100 | 48_000 => Some(Self::Quarter),
            22_050 | 24_000 | 32_000 => Some(Self::Half),
            _ => None,
        }
    }

    /// The divisor of the sample rate.
    pub fn factor(self) -> usize {
        match self {
            Self::Quarter => 4,
            Self::Half => 2,
        }
    }
}
