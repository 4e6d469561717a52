//! Options whose value is one of the library's enums.

use std::error::Error;
use std::str::FromStr;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

/// A parser of one of `all`, by the type's own `FromStr`.
///
/// `describe` gives each value its word and the line of the help about it; as a `match` without `_` it cannot miss a value.
pub(super) fn choice<T>(
    all: impl IntoIterator<Item = T>,
    describe: impl Fn(T) -> PossibleValue,
) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err: Error + Send + Sync + 'static> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(all.into_iter().map(describe)).try_map(|word| word.parse::<T>())
}
