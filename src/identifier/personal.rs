//! Names of columns about people: data that has them is not read.

/// Columns about people in scraped playlists.
pub(crate) const PERSONAL: [&str; 4] =
    ["owner_id", "owner_display_name", "added_by_id", "added_by"];

/// The first name of a column about people in a text, such as the SQL of a table.
pub(crate) fn personal_word(text: &[u8]) -> Option<&'static str> {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    text.split(|byte| !is_word(byte)).find_map(personal)
}

/// The column about people with a name, in any case.
pub(crate) fn personal(name: &[u8]) -> Option<&'static str> {
    PERSONAL.into_iter().find(|personal| name.eq_ignore_ascii_case(personal.as_bytes()))
}
