//! A catalogue as one file: it is searched like the one that was packed, and nothing is changed in it.

use std::fs;

use crate::common::{Desk, excerpt, song};

fn desk() -> Desk {
    let desk = Desk::with_songs(&[1, 2], 30);
    desk.write_wav("dump/clip.wav", excerpt(&song(1, 30), 3.0, 17.0));
    desk.run(["catalog", "pack", "--out", "songs.pack"]).ends_with(0);
    desk
}

#[test]
fn a_packed_catalogue_finds_what_the_one_in_the_home_finds() {
    let desk = desk();
    desk.run(["scan", "dump"]).ends_with(1);
    let expected = desk.jsonl();
    let other = ["--home", "other"];
    let run = |args: &[&str]| desk.run([&other[..], args].concat());
    run(&["scan", "dump", "--catalogue", "songs.pack"]).ends_with(1);
    assert_eq!(run(&["report", "--format", "jsonl", "--out", "-"]).ends_with(0).stdout, expected);
    run(&["query", "dump/clip.wav", "--catalogue", "songs.pack"]).ends_with(1);
    run(&["scan", "dump"]).ends_with(4).says_in_one_line(&["is empty"]);
    assert!(!desk.path("other/catalog/catalog.sqlite-wal").exists());

    // Planned with the catalogue, done and merged with the pack.
    desk.run(["plan", "dump", "--out", "plan"]).ends_with(0);
    run(&["work", "plan", "--unit", "0", "--catalogue", "songs.pack"]).ends_with(0);
    run(&["merge", "plan", "--catalogue", "songs.pack"]).ends_with(1);
    assert_eq!(run(&["report", "--format", "jsonl", "--out", "-"]).ends_with(0).stdout, expected);
}

#[test]
fn a_pack_that_was_cut_or_changed_is_refused_and_nothing_of_it_is_kept() {
    let desk = desk();
    let whole = fs::read(desk.path("songs.pack")).unwrap();
    let query = |bytes: &[u8]| {
        desk.write("bad.pack", bytes);
        desk.run(["--home", "other", "query", "dump/clip.wav", "--catalogue", "bad.pack"])
    };
    query(&whole[..whole.len() - 9]).ends_with(4).says_in_one_line(&["bad.pack", "cut off"]);
    let mut changed = whole.clone();
    *changed.last_mut().unwrap() ^= 1;
    query(&changed).ends_with(4).says_in_one_line(&["bad.pack", "not those that were packed"]);
    query(&[&whole[..], b"x"].concat()).ends_with(4).says_in_one_line(&["behind its last file"]);
    query(b"text").ends_with(4).says_in_one_line(&["a packed catalogue", "catalog pack --out"]);
    query(b"leakhound catalogue 1\n{}\n").ends_with(4).says_in_one_line(&["header"]);
    let newer = [&b"leakhound catalogue 2\n"[..], &whole[22..]].concat();
    query(&newer).ends_with(4).says_in_one_line(&["newer program"]);
    let text = String::from_utf8_lossy(&whole[..2_000]).into_owned();
    let end = text.find("]}\n").unwrap() + 3;
    let outside = text[..end].replacen("catalog.sqlite", "../../x.sqlite", 1);
    let outside = [outside.as_bytes(), &whole[end..]].concat();
    query(&outside).ends_with(4).says_in_one_line(&["which no catalogue has"]);
    assert!(!desk.path("other/x.sqlite").exists());
    let left = fs::read_dir(desk.path("other/packs")).unwrap().count();
    assert_eq!(left, 0);
    let gone = ["query", "dump/clip.wav", "--catalogue", "gone.pack"];
    desk.run(gone).ends_with(4).says_in_one_line(&["cannot read", "gone.pack"]);
    query(&whole).ends_with(1);
}

#[test]
fn a_home_inside_the_dump_is_left_out_on_every_machine() {
    let desk = desk();
    let home = |args: &[&str]| desk.run([&["--home", "dump/home"], args].concat());
    let told = || home(&["report", "--format", "jsonl", "--out", "-"]).ends_with(0).stdout;
    home(&["catalog", "add", "masters"]).ends_with(0);
    home(&["scan", "dump"]).ends_with(1);
    let expected = told();
    assert!(expected.contains("belongs to the home") && !expected.contains("sqlite-wal"));
    home(&["catalog", "pack", "--out", "songs.pack"]).ends_with(0);
    home(&["plan", "dump", "--out", "plan", "--units", "1"]).ends_with(0);
    let other = ["--home", "other", "work", "plan", "--unit", "0", "--catalogue", "songs.pack"];
    desk.run(other).ends_with(0);
    home(&["merge", "plan"]).ends_with(1);
    assert_eq!(told(), expected);

    // What a pack is unpacked to in a home is left out as well.
    let packed = ["scan", "dump", "--catalogue", "songs.pack"];
    home(&packed).ends_with(1);
    assert!(!told().contains("catalog.sqlite\""));
    home(&["scan", "dump/home/packs"]).ends_with(2);
}
