//! Turns a panic of Symphonia into an error of the pass.

use std::panic::{AssertUnwindSafe, catch_unwind};

use symphonia::core::errors::Error;

/// The message of the error that stands for a panic.
pub(super) const PANICKED: &str = "its reader panicked";

/// Runs a call of Symphonia; a panic becomes an error, so that it ends the pass and not the item. Builds with overflow checks panic
/// at some damaged headers (`RIFF` and `CAF` in 0.6.1). Calls of the sink stay outside.
pub(super) fn shielded<T>(call: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or(Err(Error::DecodeError(PANICKED)))
}
