//! Columns about people, which are not read.

/// Columns that name people, in the playlists of a scrape.
pub(crate) const PERSONAL: [&str; 4] =
    ["owner_id", "owner_display_name", "added_by_id", "added_by"];

/// The first word of a text, such as one that makes a table, that is the name of a column about people.
pub(crate) fn personal_word(text: &[u8]) -> Option<&'static str> {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    text.split(|byte| !is_word(byte)).find_map(personal)
}

/// The column about people that has this name.
pub(crate) fn personal(name: &[u8]) -> Option<&'static str> {
    PERSONAL.into_iter().find(|personal| name.eq_ignore_ascii_case(personal.as_bytes()))
}
