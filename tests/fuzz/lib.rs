//! The checks of the tests, as targets of a fuzzer that is guided by coverage. `scripts/fuzz` runs them.
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

/// What the checks need of the tests, where the tests have it.
mod common {
    pub(crate) use crate::music::song;
    pub(crate) use crate::wav::wav;
}
