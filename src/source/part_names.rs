//! How programs number the parts that they cut a file into, whatever it is: `x.001`, `x.part2`, `x.tar.aa`.

use std::path::Path;

use super::path_key;

/// Most digits of the number of a part: enough for the most that are joined.
const MAX_DIGITS: usize = 5;

/// What stands before the number or letters that count parts, in any case.
const BETWEEN: [&[u8]; 5] = [b".", b"-", b"_", b"part", b"vol"];

/// What else may stand before letters: `split` appends them directly to a name.
const ARCHIVES: [&[u8]; 8] = [b".tar", b".gz", b".tgz", b".bz2", b".xz", b".zst", b".zip", b".7z"];

/// A path that ends with the number of a part.
#[derive(Debug)]
pub(super) struct Counted {
    /// What stands before the number.
    pub(super) before: Vec<u8>,
    pub(super) count: Count,
}

/// The number of a part, and how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    Digits {
        number: u32,
        width: usize,
    },
    /// `aa` is 0.
    Letters(u32),
}

impl Counted {
    pub(super) fn of(path: &Path) -> Option<Self> {
        let key = path_key(path);
        let name = path_key(path.file_name()?.as_ref()).len();
        let digits = key.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let behind = |count: usize| key.split_at(key.len() - count);
        let ends_with_any = |text: &[u8], endings: &[&[u8]]| {
            let lower = text.to_ascii_lowercase();
            endings.iter().any(|ending| lower.ends_with(ending))
        };
        if (1..=MAX_DIGITS).contains(&digits) && digits < name {
            let (before, number) = behind(digits);
            let number = std::str::from_utf8(number).ok()?.parse().ok()?;
            let count = Count::Digits { number, width: digits };
            return ends_with_any(before, &BETWEEN)
                .then(|| Self { before: before.to_vec(), count });
        }
        if name <= 2 {
            return None;
        }
        let (before, letters) = behind(2);
        let &[high @ b'a'..=b'z', low @ b'a'..=b'z'] = letters else { return None };
        let count = Count::Letters(26 * u32::from(high - b'a') + u32::from(low - b'a'));
        (ends_with_any(before, &BETWEEN) || ends_with_any(before, &ARCHIVES))
            .then(|| Self { before: before.to_vec(), count })
    }
}

impl Count {
    pub(super) fn next(self) -> Option<Self> {
        match self {
            Self::Digits { number, width } => Some(Self::Digits { number: number + 1, width }),
            Self::Letters(number) => (number + 1 < 26 * 26).then_some(Self::Letters(number + 1)),
        }
    }

    pub(super) fn text(self) -> Vec<u8> {
        match self {
            Self::Digits { number, width } => format!("{number:0width$}").into_bytes(),
            Self::Letters(number) => [number / 26, number % 26].map(|n| b'a' + n as u8).to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(path: &str) -> Option<String> {
        let Counted { before, count } = Counted::of(Path::new(path))?;
        Some(String::from_utf8([before, count.next()?.text()].concat()).unwrap())
    }

    #[test]
    fn the_name_of_a_part_gives_the_name_of_the_next() {
        for (name, expected) in [
            ("d/x.7z.001", Some("d/x.7z.002")),
            ("x.zip.000", Some("x.zip.001")),
            ("x.tar.gz.00099", Some("x.tar.gz.00100")),
            ("x.tar.part9", Some("x.tar.part10")),
            ("x.Part-09", Some("x.Part-10")),
            ("x.tar.az", Some("x.tar.ba")),
            ("x.tar.gzaa", Some("x.tar.gzab")),
            ("part_zy", Some("part_zz")),
            ("part_zz", None),
            ("song.mp3", None),
            ("song.ogg", None),
            ("d.1/song", None),
            ("d/001", None),
            ("aa", None),
            ("x.123456", None),
            ("", None),
        ] {
            assert_eq!(next(name).as_deref(), expected, "{name}");
        }
    }
}
