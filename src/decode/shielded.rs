//! A panic of a decoder costs its pass, not the item.

use std::panic::{AssertUnwindSafe, catch_unwind};

use symphonia::core::errors::Error;

/// What the error of a call that panicked says.
pub(super) const PANICKED: &str = "its reader panicked";

/// Runs a call of Symphonia whose panic ends the pass, not the item: builds that check arithmetic
/// panic at some damaged headers (`RIFF` and `CAF` in 0.6.1). The sink stays outside.
pub(super) fn shielded<T>(call: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or(Err(Error::DecodeError(PANICKED)))
}
