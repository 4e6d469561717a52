//! Where an item is: the file on disk, and the way from there into containers.
//!
//! A locator has one text and one key, and both lead back to it. The text is ASCII and safe in a shell between quotes. Its
//! grammar (RFC 5234) is canonical: a text that is accepted is the text of the locator that it means.
//!
//! ```text
//! locator = file *( "!" step [ extent ] )
//! file    = name / "s3://" name             ; an absolute path, or bucket and key of an object as a path (see `storage`)
//! step    = name [ "@" number ]             ; a member; the number-th of that name, from 2
//!         / "~"                             ; what a compressed file holds
//!         / "~" number "." number "." name  ; row group, row within it, column
//!         / "~w"                            ; the columns of text of a table that holds sound
//!         / "~t" hash "." name              ; the file of a torrent, by its info-hash
//! extent  = ";" number "+" number           ; byte offset and length in the container, if stored uncompressed
//! name    = *( ALPHA / DIGIT / "-" / "." / "_" / "/" / "%" 2HEXUPPER )
//! hash    = 40HEXLOWER / 64HEXLOWER
//! number  = "0" / %x31-39 *DIGIT
//! ```
//!
//! `/dump/a%20b.tar!music/x.mp3;1536+4258118` is a member of a tar file, and
//! `/dump/shard.parquet!~3.17.audio` the sound in row 17 of row group 3.

use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::{display_path, path_key, path_of_key};
use crate::storage::SCHEME;

/// Where an item is.
///
/// # Example
///
/// ```
/// use leakhound::source::Locator;
///
/// let locator: Locator = "/dump/a%20b.tar!music/x.mp3;1536+4258118".parse()?;
/// assert_eq!(locator.file.to_str(), Some("/dump/a b.tar"));
/// assert_eq!(locator.name(), b"music/x.mp3");
/// assert_eq!(locator.to_string(), "/dump/a%20b.tar!music/x.mp3;1536+4258118");
/// # Ok::<(), leakhound::source::LocatorError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Locator {
    /// The file on disk, an absolute path.
    pub file: PathBuf,
    /// The way in, from the outermost container; empty for a file that is an item itself.
    pub steps: Vec<Step>,
}

/// One step into a container.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Step {
    /// The member of the container.
    pub to: To,
    /// Its place in the bytes of the container, if it is stored uncompressed.
    pub extent: Option<Extent>,
}

/// What a step leads to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum To {
    /// A member by its name in the archive, which need not be text and is never used as a path on disk.
    Member {
        /// The name.
        name: Vec<u8>,
        /// The number among the members of that name, from 1; always 1 if extents tell them apart.
        nth: u64,
    },
    /// What a compressed file holds.
    Packed,
    /// A cell of a table.
    Cell {
        /// Row group, from 0.
        group: u64,
        /// Row within its group, from 0.
        row: u64,
        /// Column, its parts joined by dots.
        column: String,
    },
    /// The columns of text of a table that also holds sound.
    Words,
    /// A file that a `.torrent` file describes and does not hold.
    Shared {
        /// Info-hash of the torrent in lower-case hex: of version 1, if it has one, else of version 2.
        info_hash: String,
        /// The path of the file, with the name of the torrent first if the torrent has several files.
        path: Vec<u8>,
    },
}

/// A stretch of bytes in a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Extent {
    /// Bytes before it.
    pub offset: u64,
    /// Its length in bytes.
    pub length: u64,
}

/// A text that is not a locator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a locator: {reason}; copy it from the report")]
pub struct LocatorError {
    text: String,
    reason: &'static str,
}

impl Locator {
    /// The locator of a file on disk.
    pub fn of_file(file: impl Into<PathBuf>) -> Self {
        Self { file: file.into(), steps: Vec::new() }
    }

    /// The locator of a member of the container at this one.
    #[must_use]
    pub fn step(&self, to: To, extent: Option<Extent>) -> Self {
        let mut inner = self.clone();
        inner.steps.push(Step { to, extent });
        inner
    }

    /// Whether it is a file on disk and not a member of a container.
    pub fn is_file(&self) -> bool {
        self.steps.is_empty()
    }

    /// The name of the item: the last name on the way to it, else the path of the file.
    pub fn name(&self) -> Vec<u8> {
        let member = self.steps.iter().rev().find_map(|step| match &step.to {
            To::Member { name, .. } => Some(name.clone()),
            To::Shared { path, .. } => Some(path.clone()),
            To::Packed | To::Cell { .. } | To::Words => None,
        });
        member.unwrap_or_else(|| path_key(&self.file).to_vec())
    }

    /// The bytes that results are stored and sorted by: the path, and each step after a zero byte. A container sorts before
    /// its members.
    pub fn key(&self) -> Vec<u8> {
        let mut key = path_key(&self.file).to_vec();
        for step in &self.steps {
            key.push(0);
            match &step.to {
                To::Member { name, nth } => {
                    // A zero byte in a name would look like another step.
                    let text = encoded(name);
                    key.extend(text.as_bytes());
                    if *nth > 1 {
                        key.extend(format!("@{nth:020}").as_bytes());
                    }
                }
                To::Packed => key.push(b'~'),
                To::Words => key.extend(b"~w"),
                To::Cell { group, row, column } => {
                    let text = format!("~{group:020}.{row:020}.{}", encoded(column.as_bytes()));
                    key.extend(text.as_bytes());
                }
                To::Shared { info_hash, path } => {
                    key.extend(format!("~t{info_hash}.{}", encoded(path)).as_bytes());
                }
            }
            // In formats where names are not counted, this tells members of one name apart.
            if let Some(extent) = step.extent {
                key.extend(format!(";{:020}", extent.offset).as_bytes());
            }
        }
        key
    }

    /// A text for people: the path, and after `!/` the names of members. It cannot be parsed.
    pub fn display(&self) -> String {
        let mut text = display_path(&self.file);
        for step in &self.steps {
            match &step.to {
                To::Member { name, nth } => {
                    text.push_str("!/");
                    text.push_str(&display_path(&path_of_key(name)));
                    if *nth > 1 {
                        let _ = write!(text, " ({nth})");
                    }
                }
                To::Packed => text.push('!'),
                To::Words => text.push_str("!/columns of text"),
                To::Cell { group, row, column } => {
                    let _ = write!(text, "!/row {row} of group {group}, {column}");
                }
                To::Shared { path, .. } => {
                    text.push_str("!/");
                    text.push_str(&display_path(&path_of_key(path)));
                }
            }
        }
        text
    }
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = path_key(&self.file);
        match key.strip_prefix(SCHEME.as_bytes()) {
            Some(object) => write!(f, "{SCHEME}{}", encoded(object))?,
            None => f.write_str(&encoded(key))?,
        }
        for step in &self.steps {
            f.write_char('!')?;
            match &step.to {
                To::Member { name, nth } => {
                    f.write_str(&encoded(name))?;
                    if *nth > 1 {
                        write!(f, "@{nth}")?;
                    }
                }
                To::Packed => f.write_char('~')?,
                To::Words => f.write_str("~w")?,
                To::Cell { group, row, column } => {
                    write!(f, "~{group}.{row}.{}", encoded(column.as_bytes()))?;
                }
                To::Shared { info_hash, path } => write!(f, "~t{info_hash}.{}", encoded(path))?,
            }
            if let Some(Extent { offset, length }) = step.extent {
                write!(f, ";{offset}+{length}")?;
            }
        }
        Ok(())
    }
}

impl FromStr for Locator {
    type Err = LocatorError;

    fn from_str(text: &str) -> Result<Self, LocatorError> {
        parse(text).map_err(|reason| LocatorError { text: text.to_owned(), reason })
    }
}

fn parse(text: &str) -> Result<Locator, &'static str> {
    let mut parts = text.split('!');
    let text = parts.next().unwrap_or_default();
    let file = match text.strip_prefix(SCHEME) {
        Some(object) => [SCHEME.as_bytes(), &decoded(object)?].concat(),
        None => decoded(text)?,
    };
    if file.is_empty() || file == SCHEME.as_bytes() {
        return Err("it names no file");
    }
    if file.starts_with(SCHEME.as_bytes()) && !text.starts_with(SCHEME) {
        return Err("an object is written s3://BUCKET/KEY");
    }
    let steps = parts.map(parse_step).collect::<Result<_, _>>()?;
    Ok(Locator { file: path_of_key(&file), steps })
}

fn parse_step(text: &str) -> Result<Step, &'static str> {
    let (to, extent) = match text.split_once(';') {
        Some((to, extent)) => (to, Some(parse_extent(extent)?)),
        None => (text, None),
    };
    let to = if to == "~" {
        To::Packed
    } else if to == "~w" {
        To::Words
    } else if let Some(shared) = to.strip_prefix("~t") {
        parse_shared(shared)?
    } else if let Some(cell) = to.strip_prefix('~') {
        parse_cell(cell).ok_or("a row is written ~GROUP.ROW.COLUMN")?
    } else {
        let (name, nth) = match to.split_once('@') {
            Some((name, nth)) => {
                let nth = number(nth).filter(|&nth| nth > 1);
                (name, nth.ok_or("the number after @ counts from 2")?)
            }
            None => (to, 1),
        };
        To::Member { name: decoded(name)?, nth }
    };
    Ok(Step { to, extent })
}

fn parse_extent(text: &str) -> Result<Extent, &'static str> {
    let parsed = text.split_once('+').and_then(|(offset, length)| {
        Some(Extent { offset: number(offset)?, length: number(length)? })
    });
    parsed.ok_or("a place is written ;OFFSET+LENGTH")
}

fn parse_shared(text: &str) -> Result<To, &'static str> {
    let is_hash = |text: &str| {
        let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        matches!(text.len(), 40 | 64) && text.bytes().all(is_hex)
    };
    let parts = text.split_once('.').filter(|(hash, _)| is_hash(hash));
    let (info_hash, path) = parts.ok_or("a file of a torrent is written ~tINFOHASH.PATH")?;
    Ok(To::Shared { info_hash: info_hash.to_owned(), path: decoded(path)? })
}

fn parse_cell(text: &str) -> Option<To> {
    let (group, rest) = text.split_once('.')?;
    let (row, column) = rest.split_once('.')?;
    let column = String::from_utf8(decoded(column).ok()?).ok()?;
    Some(To::Cell { group: number(group)?, row: number(row)?, column })
}

/// A number without a sign and without leading zeros.
fn number(text: &str) -> Option<u64> {
    let canonical = text == "0" || !text.starts_with('0');
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if canonical && digits { text.parse().ok() } else { None }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'/')
}

fn encoded(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        if is_plain(byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// The bytes of a name. A name that is not in canonical form is refused.
fn decoded(text: &str) -> Result<Vec<u8>, &'static str> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if is_plain(byte) {
            bytes.push(byte);
            continue;
        }
        let (b'%', Some((digits, behind))) = (byte, rest.split_first_chunk::<2>()) else {
            return Err("a name holds only letters, digits, -._/ and %XX");
        };
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'A'..=b'F' => Some(byte - b'A' + 10),
            _ => None,
        };
        let [high, low] = digits.map(digit);
        match high.zip(low).map(|(high, low)| high << 4 | low) {
            Some(byte) if !is_plain(byte) => bytes.push(byte),
            _ => return Err("%XX is in upper case, and never stands for a letter, digit or -._/"),
        }
        rest = behind;
    }
    Ok(bytes)
}

/// The key that follows those of a file and all its members: they sort from the key of the file up to, but excluding, this.
pub fn key_behind(file: &Path) -> Vec<u8> {
    let mut key = path_key(file).to_vec();
    key.push(1);
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn member(name: &[u8], nth: u64) -> To {
        To::Member { name: name.to_vec(), nth }
    }

    #[test]
    fn a_locator_reads_as_its_grammar_says() {
        let tar = Locator::of_file("/dump/a b.tar");
        let song =
            tar.step(member(b"music/\xff!.mp3", 2), Some(Extent { offset: 1536, length: 42 }));
        assert_eq!(song.to_string(), "/dump/a%20b.tar!music/%FF%21.mp3@2;1536+42");
        assert_eq!(song.display(), r"/dump/a b.tar!/music/\xff!.mp3 (2)");
        let cell = To::Cell { group: 3, row: 17, column: "audio".into() };
        let packed = tar.step(To::Packed, None).step(cell, None);
        assert_eq!(packed.to_string(), "/dump/a%20b.tar!~!~3.17.audio");
        assert_eq!(song.name(), b"music/\xff!.mp3");
        assert_eq!(packed.name(), b"/dump/a b.tar");
    }

    #[test]
    fn an_object_is_written_as_people_write_it_and_its_odd_names_are_safe() {
        let object = Locator::of_file("s3://b/a b/..\u{1}/\u{1}/x.tar");
        let song = object.step(member(b"m.mp3", 1), Some(Extent { offset: 512, length: 7 }));
        assert_eq!(song.to_string(), "s3://b/a%20b/..%01/%01/x.tar!m.mp3;512+7");
        assert_eq!(song.to_string().parse(), Ok(song.clone()));
        assert_eq!(song.name(), b"m.mp3");
    }

    #[test]
    fn a_text_that_is_not_canonical_is_refused_with_the_reason() {
        for (text, reason) in [
            ("", "no file"),
            ("s3://", "no file"),
            ("s3%3A//b/x", "s3://BUCKET"),
            ("s3://b/a b", "letters"),
            ("/a b", "letters"),
            ("/a%2", "letters"),
            ("/a%41", "%XX"),
            ("/a%2f", "%XX"),
            ("/a!b@1", "from 2"),
            ("/a!b@02", "from 2"),
            ("/a!b;1", "OFFSET"),
            ("/a!b;01+2", "OFFSET"),
            ("/a!b;-1+2", "OFFSET"),
            ("/a!~1.2", "GROUP"),
            ("/a!~x", "GROUP"),
            ("/a!~tab.c", "INFOHASH"),
            ("/a!b~", "letters"),
            ("/a!b;99999999999999999999+1", "OFFSET"),
        ] {
            let error = text.parse::<Locator>().unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn a_file_sorts_before_its_members_and_these_before_the_next_file() {
        let file = Locator::of_file("/a.tar");
        let inside = file.step(member(b"\xff", 1), None);
        let cell = |row| file.step(To::Cell { group: 0, row, column: "a".into() }, None).key();
        assert!(file.key() < inside.key());
        assert!(inside.key() < key_behind(&file.file));
        assert!(key_behind(&file.file) <= Locator::of_file("/a.tar\u{1}").key());
        assert!(cell(9) < cell(10));
    }

    fn any_step() -> impl Strategy<Value = Step> {
        let to = prop_oneof![
            (proptest::collection::vec(any::<u8>(), 0..40), 1_u64..)
                .prop_map(|(name, nth)| To::Member { name, nth }),
            Just(To::Packed),
            ("[0-9a-f]{40}", proptest::collection::vec(any::<u8>(), 0..40))
                .prop_map(|(info_hash, path)| To::Shared { info_hash, path }),
            (any::<u64>(), any::<u64>(), ".{0,20}").prop_map(|(group, row, column)| To::Cell {
                group,
                row,
                column
            }),
        ];
        let extent = proptest::option::of(
            (any::<u64>(), any::<u64>()).prop_map(|(offset, length)| Extent { offset, length }),
        );
        (to, extent).prop_map(|(to, extent)| Step { to, extent })
    }

    fn any_locator() -> impl Strategy<Value = Locator> {
        let file = proptest::collection::vec(1_u8.., 1..60);
        (file, proptest::collection::vec(any_step(), 0..5))
            .prop_map(|(file, steps)| Locator { file: path_of_key(&file), steps })
    }

    #[cfg(unix)]
    proptest! {
        #[test]
        fn a_locator_comes_back_from_its_text(locator in any_locator()) {
            let text = locator.to_string();
            prop_assert!(text.is_ascii() && !text.contains(char::is_whitespace));
            prop_assert_eq!(text.parse::<Locator>().unwrap(), locator);
        }

        #[test]
        fn a_text_that_is_accepted_is_the_text_of_its_locator(text in "[/a%!~@;+.0-9A-F]{1,30}") {
            if let Ok(locator) = text.parse::<Locator>() {
                prop_assert_eq!(locator.to_string(), text);
            }
        }

        #[test]
        fn two_places_have_two_keys(a in any_locator(), b in any_locator()) {
            let place = |l: &Locator| {
                let step = |s: &Step| (s.to.clone(), s.extent.map(|extent| extent.offset));
                let steps: Vec<_> = l.steps.iter().map(step).collect();
                (l.file.clone(), steps)
            };
            prop_assert_eq!(a.key() == b.key(), place(&a) == place(&b));
        }
    }
}
