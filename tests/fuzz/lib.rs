//! The checks of the tests as targets of a fuzzer that is guided by coverage. `scripts/fuzz` runs them.
#![allow(clippy::unwrap_used, reason = "a check fails by panicking")]

pub mod checks;

#[path = "../common/dice.rs"]
mod dice;
#[path = "../common/music.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod music;
#[path = "../common/wav.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod wav;

use music::RATE_HZ;

/// The helpers of the tests that the checks use, under the same names.
mod common {
    pub(crate) use crate::music::song;
    pub(crate) use crate::wav::wav;
}
