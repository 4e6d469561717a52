//! How programs name the volumes of an archive that they split themselves.
//!
//! RAR: `x.part1.rar`, `x.part2.rar` …, or `x.rar`, `x.r00` … `x.r99`, `x.s00` …; the first may be a program (`.exe`, `.sfx`)
//! that unpacks itself. `zip -s`: `x.z01`, `x.z02` … and `x.zip`, which has the directory and is the last.

use std::path::{Path, PathBuf};

use super::{path_key, path_of_key};
use crate::storage;

/// Endings of programs that unpack themselves, on Windows and elsewhere.
const PROGRAMS: [&str; 2] = ["exe", "sfx"];
/// Most digits of the number of a volume.
const MAX_DIGITS: usize = 5;

/// The name of the volume behind this one of a RAR archive.
pub(super) fn after_rar(path: &Path) -> Option<PathBuf> {
    let (stem, ending) = split(path)?;
    if is_rar_or_program(&ending) {
        if let Some((before, number, width)) = part(&stem) {
            return Some(named(&before, &format!("{:0width$}.{}", number + 1, rar(&ending))));
        }
        return Some(named(&stem, &format!(".{}", same_case("r00", &ending))));
    }
    let (letter, number) = old(&ending)?;
    let (letter, number) = match (letter, number) {
        (b'z' | b'Z', 99) => return None,
        (letter, 99) => (letter + 1, 0),
        (letter, number) => (letter, number + 1),
    };
    Some(named(&stem, &format!(".{}{number:02}", char::from(letter))))
}

/// The name of the volume before this one of a RAR archive. Of the second there are several, of which the first that exists is taken.
pub(super) fn before_rar(path: &Path) -> Option<PathBuf> {
    let (stem, ending) = split(path)?;
    let there = |candidates: Vec<PathBuf>| {
        let is_there = |path: &&PathBuf| storage::plain_file(path).is_some();
        let found = candidates.iter().find(is_there).or(candidates.first());
        found.cloned()
    };
    if is_rar_or_program(&ending) {
        let (before, number, width) = part(&stem)?;
        let number = number.checked_sub(1).filter(|&number| number > 0)?;
        let name = |ending: &str| named(&before, &format!("{number:0width$}.{ending}"));
        let shorter = named(&before, &format!("{number}.{}", rar(&ending)));
        let programs = PROGRAMS.map(|program| name(&same_case(program, &ending)));
        return there([name(&rar(&ending)), shorter].into_iter().chain(programs).collect());
    }
    match old(&ending)? {
        (b'r' | b'R', 0) => {
            let name = |text: &str| named(&stem, &format!(".{}", same_case(text, &ending)));
            there(["rar"].into_iter().chain(PROGRAMS).map(name).collect())
        }
        (letter, 0) => Some(named(&stem, &format!(".{}99", char::from(letter - 1)))),
        (letter, number) => {
            Some(named(&stem, &format!(".{}{:02}", char::from(letter), number - 1)))
        }
    }
}

/// Whether a file may be the last volume of a split zip file, by its name.
pub(super) fn is_zip(path: &Path) -> bool {
    split(path).is_some_and(|(_, ending)| ending.eq_ignore_ascii_case("zip"))
}

/// The name of a volume of the split zip file whose last is `zip`, numbered from 1.
pub(super) fn zip_volume(zip: &Path, number: u32) -> Option<PathBuf> {
    let (stem, ending) = split(zip)?;
    Some(named(&stem, &format!(".{}{number:02}", same_case("z", &ending))))
}

/// The last volume of the split zip file that one of its others belongs to.
pub(super) fn zip_of(volume: &Path) -> Option<PathBuf> {
    let (stem, ending) = split(volume)?;
    let digits = ending.strip_prefix(['z', 'Z'])?;
    let is_number = (2..=MAX_DIGITS).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| named(&stem, &format!(".{}", same_case("zip", &ending))))
}

/// The key of a path up to the last dot of its name, and the text behind it.
fn split(path: &Path) -> Option<(Vec<u8>, String)> {
    let key = path_key(path);
    let name = path_key(path.file_name()?.as_ref()).len();
    let dot = key.iter().rposition(|&byte| byte == b'.')?;
    // A name needs something before its dot.
    (dot > key.len() - name).then_some(())?;
    let ending = std::str::from_utf8(&key[dot + 1..]).ok()?.to_owned();
    Some((key[..dot].to_vec(), ending))
}

fn named(before: &[u8], behind: &str) -> PathBuf {
    path_of_key(&[before, behind.as_bytes()].concat())
}

fn is_rar_or_program(ending: &str) -> bool {
    ["rar"].iter().chain(&PROGRAMS).any(|known| ending.eq_ignore_ascii_case(known))
}

/// `rar`, in the case of another ending.
fn rar(ending: &str) -> String {
    same_case("rar", ending)
}

fn same_case(text: &str, like: &str) -> String {
    if like.starts_with(|letter: char| letter.is_ascii_uppercase()) {
        text.to_ascii_uppercase()
    } else {
        text.to_owned()
    }
}

/// What stands before the number of `x.part01`, the number, and its digits.
fn part(stem: &[u8]) -> Option<(Vec<u8>, u32, usize)> {
    let digits = stem.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let (before, number) = stem.split_at(stem.len() - digits);
    let is_part = (1..=MAX_DIGITS).contains(&digits)
        && before.len() >= 5
        && before[before.len() - 5..].eq_ignore_ascii_case(b".part");
    let number = std::str::from_utf8(number).ok()?.parse().ok().filter(|_| is_part)?;
    Some((before.to_vec(), number, digits))
}

/// The letter and the number of `r00`.
fn old(ending: &str) -> Option<(u8, u32)> {
    let &[letter, tens, ones] = ending.as_bytes() else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(10);
    matches!(letter, b'r'..=b'z' | b'R'..=b'Z')
        .then_some(())
        .and_then(|()| Some((letter, 10 * digit(tens)? + digit(ones)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_volume_gives_those_beside_it() {
        for (name, before, after) in [
            ("d/x.part1.rar", None, Some("d/x.part2.rar")),
            ("x.part09.rar", Some("x.part08.rar"), Some("x.part10.rar")),
            ("x.part9.RAR", Some("x.part8.RAR"), Some("x.part10.RAR")),
            ("x.part01.exe", None, Some("x.part02.rar")),
            ("x.rar", None, Some("x.r00")),
            ("x.exe", None, Some("x.r00")),
            ("x.sfx", None, Some("x.r00")),
            ("x.part1.sfx", None, Some("x.part2.rar")),
            ("X.RAR", None, Some("X.R00")),
            ("x.r00", Some("x.rar"), Some("x.r01")),
            ("x.r99", Some("x.r98"), Some("x.s00")),
            ("x.s00", Some("x.r99"), Some("x.s01")),
            ("x.z99", Some("x.z98"), None),
            ("x.part1", None, None),
            (".rar", None, None),
            ("d.r/00", None, None),
            ("x", None, None),
        ] {
            let path = Path::new(name);
            assert_eq!(before_rar(path).as_deref(), before.map(Path::new), "{name}");
            assert_eq!(after_rar(path).as_deref(), after.map(Path::new), "{name}");
        }
        assert_eq!(zip_volume(Path::new("d/x.zip"), 7), Some("d/x.z07".into()));
        assert_eq!(zip_volume(Path::new("X.ZIP"), 100), Some("X.Z100".into()));
        assert_eq!(zip_of(Path::new("d/x.z07")), Some("d/x.zip".into()));
        assert_eq!(zip_of(Path::new("d/x.zip")), None);
        assert!(is_zip(Path::new("X.ZIP")) && !is_zip(Path::new("x.z01")));
    }
}
