//! Keys of objects as paths.
//!
//! The path of an object is `s3://`, the bucket, and the key, whose slashes separate folders. A key is any text, and names in it may
//! be such as a path does not have: an empty one (`a//b`, `/a`, `a/`), `.` and `..`. These have the byte 1 behind them, so that no two
//! keys have one path, no path leads anywhere else, and paths sort as the names of the keys do. A byte 0 or 1 of a key has a byte 1
//! before it and a 1 or 2 in its place, since a path cannot have the one, and the other is taken.

use std::path::{Path, PathBuf};

/// What the path of an object begins with.
pub const SCHEME: &str = "s3://";

/// The byte behind names that a path does not have.
const MARK: char = '\u{1}';

/// Whether a path is of a store.
pub fn is_object(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().starts_with(SCHEME.as_bytes())
}

/// Whether a name is one that a path does not have.
fn is_odd(name: &str) -> bool {
    matches!(name, "" | "." | "..")
}

fn written(name: &str) -> String {
    if is_odd(name) {
        return format!("{name}{MARK}");
    }
    name.replace(MARK, "\u{1}\u{2}").replace('\0', "\u{1}\u{1}")
}

/// The name that was written so; `None` if none is.
fn read(name: &str) -> Option<String> {
    if let Some(odd) = name.strip_suffix(MARK)
        && is_odd(odd)
    {
        return Some(odd.to_owned());
    }
    let (mut out, mut letters) = (String::new(), name.chars());
    while let Some(letter) = letters.next() {
        out.push(match letter {
            MARK => match letters.next()? {
                '\u{1}' => '\0',
                '\u{2}' => MARK,
                _ => return None,
            },
            '\0' => return None,
            other => other,
        });
    }
    (!is_odd(name)).then_some(out)
}

/// The path of an object, or of a folder of them if the key is empty.
#[cfg_attr(not(feature = "s3"), allow(dead_code, reason = "no object is listed without it"))]
pub(super) fn path_of(bucket: &str, key: &str) -> PathBuf {
    if key.is_empty() {
        return PathBuf::from(format!("{SCHEME}{bucket}"));
    }
    let names: Vec<String> = key.split('/').map(written).collect();
    PathBuf::from(format!("{SCHEME}{bucket}/{}", names.join("/")))
}

/// Bucket and key of a path; the key is empty for the bucket itself. `None` if there can be no such object.
pub(super) fn key_of(path: &Path) -> Option<(String, String)> {
    let text = path.to_str()?.strip_prefix(SCHEME)?;
    let mut names = text.split(['/', std::path::MAIN_SEPARATOR]);
    let bucket = names.next().filter(|bucket| is_bucket(bucket))?.to_owned();
    let names: Option<Vec<String>> = names.map(read).collect();
    Some((bucket, names?.join("/")))
}

/// The path of what a user typed, where names need not be written as here, and a slash at the end is of a folder.
#[cfg_attr(not(feature = "s3"), allow(dead_code, reason = "it leads nowhere without it"))]
pub(super) fn typed(path: &Path) -> Option<PathBuf> {
    let text = path.to_str()?.strip_prefix(SCHEME)?;
    let text = text.strip_suffix('/').unwrap_or(text);
    let (bucket, key) = text.split_once('/').unwrap_or((text, ""));
    let names: Vec<String> = key
        .split('/')
        // What is written as here already stays.
        .map(|name| if is_odd(name) { written(name) } else { name.to_owned() })
        .collect();
    let key = if key.is_empty() { String::new() } else { format!("/{}", names.join("/")) };
    let path = PathBuf::from(format!("{SCHEME}{bucket}{key}"));
    key_of(&path).map(|_| path)
}

/// Whether a text may be the name of a bucket. More than Amazon's rules allow, as other stores have others.
fn is_bucket(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    !is_odd(text) && text.len() <= 255 && text.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_that_are_plain_are_paths_as_they_are_and_odd_ones_lead_nowhere_else() {
        for (key, path) in [
            ("a/b c.ogg", "s3://b/a/b c.ogg"),
            ("ü/é%20", "s3://b/ü/é%20"),
            ("../x", "s3://b/..\u{1}/x"),
            ("a/./x", "s3://b/a/.\u{1}/x"),
            ("a//x", "s3://b/a/\u{1}/x"),
            ("a/", "s3://b/a/\u{1}"),
            ("/", "s3://b/\u{1}/\u{1}"),
            ("\u{1}", "s3://b/\u{1}\u{2}"),
            ("a\0b", "s3://b/a\u{1}\u{1}b"),
            ("", "s3://b"),
        ] {
            assert_eq!(path_of("b", key), Path::new(path), "{key:?}");
            assert_eq!(path_of("b", key).to_str(), Some(path), "{key:?}");
            assert_eq!(key_of(Path::new(path)), Some(("b".into(), key.into())), "{path:?}");
        }
    }

    #[test]
    fn what_is_typed_names_a_key_or_a_folder_and_a_path_from_a_report_stays() {
        let of = |text: &str| typed(Path::new(text)).and_then(|path| key_of(&path));
        let is = |key: &str| Some(("b".to_owned(), key.to_owned()));
        assert_eq!(of("s3://b"), is(""));
        assert_eq!(of("s3://b/"), is(""));
        assert_eq!(of("s3://b/a/c/"), is("a/c"));
        assert_eq!(of("s3://b/a//c"), is("a//c"));
        assert_eq!(of("s3://b/../c"), is("../c"));
        assert_eq!(of("s3://b/a/\u{1}/c"), is("a//c"));
        for wrong in ["s3://", "s3:///a", "s3://..", "s3://a b/c", "/tmp/s3://b/c"] {
            assert_eq!(typed(Path::new(wrong)), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_key_has_a_path_of_its_own_and_comes_back(key in "[a./\u{0}\u{1}\u{2}é\\-]{0,8}") {
            prop_assume!(cfg!(unix));
            prop_assert_eq!(key_of(&path_of("b", &key)), Some(("b".into(), key)));
        }

        #[test]
        fn paths_sort_as_the_names_of_keys(
            a in "[a./\u{0}\u{1}\u{2}é\\-]{1,6}",
            b in "[a./\u{0}\u{1}\u{2}é\\-]{1,6}",
        ) {
            prop_assume!(cfg!(unix));
            let names = |key: &str| key.split('/').map(str::to_owned).collect::<Vec<_>>();
            prop_assert_eq!(path_of("b", &a).cmp(&path_of("b", &b)), names(&a).cmp(&names(&b)));
        }
    }
}
