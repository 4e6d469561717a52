//! The commands that README shows are run, and print what README says they print.

use std::fmt::Write as _;
use std::fs;

use crate::common::{Desk, Done, excerpt, faster, song, tagged_wav};

/// The words above the block of commands in README.
const ABOVE: &str = "## Five commands";

/// A desk with the masters and the dump that README speaks of.
fn desk() -> Desk {
    let desk = Desk::new();
    for (seed, name, title) in [
        (1, "northern-line", "Northern Line"),
        (2, "harbour-lights", "Harbour Lights"),
        (3, "last-tram", "Last Tram"),
    ] {
        let tags = [("INAM", title), ("IART", "The Seeds")];
        desk.write(format!("masters/{name}.wav"), &tagged_wav(&song(seed, 60), &tags));
    }
    desk.write_wav("dump/clip.wav", excerpt(&song(1, 60), 20.0, 30.0));
    desk.write_wav("dump/nightcore.wav", &faster(&song(2, 60), 1.25));
    desk.write_wav("dump/others.wav", &song(4, 60));
    desk.write("dump/cover.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01");
    desk.write("dump/broken.flac", b"fLaC\0\0\0\x22");
    desk
}

/// The text with every number as `#`, so that what depends on the machine does not count; and paths without the desk's.
fn masked(text: &str, desk: &Desk) -> Vec<String> {
    let folder = desk.path("").canonicalize().unwrap_or_else(|_| desk.path(""));
    let folder = folder.to_str().unwrap().trim_end_matches('/').to_owned();
    let text = text
        .replace(&folder, "…")
        .replace(desk.path("").to_str().unwrap().trim_end_matches('/'), "…");
    let line = |line: &str| {
        let mut out = String::new();
        let mut word = String::new();
        for letter in line.trim_end().chars().chain(['\n']) {
            if letter.is_ascii_alphanumeric() || matches!(letter, '.' | ',' | ':' | '-' | '/') {
                word.push(letter);
                continue;
            }
            let is_number =
                word.starts_with(|c: char| c.is_ascii_digit()) || word.starts_with("f-");
            let _ = match word.trim_end_matches([',', ':', '.']) {
                bare if is_number => write!(out, "#{}", &word[bare.len()..]),
                _ => write!(out, "{word}"),
            };
            word.clear();
            out.push(letter);
        }
        out.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    text.lines().map(line).filter(|line| !line.is_empty()).collect()
}

/// Asserts that `printed` is what is `shown`, where a line of three dots stands for any number of lines.
fn assert_shown(shown: &[String], printed: &[String], all: &str) {
    let mut rest = printed;
    let mut is_skipping = false;
    for line in shown {
        if line == "…" {
            is_skipping = true;
            continue;
        }
        let at = rest.iter().position(|printed| printed == line);
        let at =
            at.unwrap_or_else(|| panic!("README shows {line:?}, which is not printed:\n{all}"));
        assert!(at == 0 || is_skipping, "README leaves out what is before {line:?}:\n{all}");
        rest = &rest[at + 1..];
        is_skipping = false;
    }
    assert!(rest.is_empty() || is_skipping, "README leaves out {rest:?}:\n{all}");
}

#[test]
fn the_five_commands_of_readme_print_what_it_shows() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let block = readme.split(ABOVE).nth(1).unwrap().split("```console\n").nth(1).unwrap();
    let block = block.split("```").next().unwrap();
    let desk = desk();
    let mut commands = 0;
    for part in block.split("$ leakhound ").skip(1) {
        let (line, shown) = part.split_once('\n').unwrap();
        let words = shlex::split(line).unwrap();
        let Done { code, stdout, stderr } = desk.run(&words);
        let expected = i32::from(words[0] == "scan");
        let all = format!("$ leakhound {line}\n{stdout}{stderr}");
        assert_eq!(code, expected, "{all}");
        assert_shown(&masked(shown, &desk), &masked(&stdout, &desk), &all);
        commands += 1;
    }
    assert_eq!(commands, 5);
    let report = fs::read_to_string(desk.path("report.html")).unwrap();
    assert!(report.contains("Northern Line"), "the report that README writes");
}

#[test]
fn the_masks_of_this_test_leave_words_as_they_are() {
    let desk = Desk::new();
    let lines =
        masked("match  …/a.wav\n  0:10.0 to 1:02 is 94 % of Song, f-01ab, 12 times\n\n", &desk);
    assert_eq!(lines, ["match …/a.wav", "# to # is # % of Song, #, # times"]);
}
