//! Counts in messages.

use crate::base::thousands;

/// A count and its noun: `1 match`, `2,000 matches`.
pub fn plural(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", thousands(count), if count == 1 { one } else { many })
}

/// A count of a noun whose plural ends in `s`: `1 item`, `2 items`.
pub fn counted(count: u64, noun: &str) -> String {
    plural(count, noun, &format!("{noun}s"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_takes_the_singular_and_none_takes_the_plural() {
        assert_eq!(counted(1, "item"), "1 item");
        assert_eq!(counted(0, "item"), "0 items");
        assert_eq!(plural(2_000, "entry", "entries"), "2,000 entries");
    }
}
