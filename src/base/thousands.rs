//! Counts with separators between thousands.

/// A count with separators between thousands: `1,234,567`.
pub fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.char_indices() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated_by_commas() {
        let shown = [0, 12, 999, 1000, 86_400, 1_234_567].map(thousands);
        assert_eq!(shown, ["0", "12", "999", "1,000", "86,400", "1,234,567"]);
    }
}
