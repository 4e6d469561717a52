//! A catalogue as one file: it is searched like the one that was packed, and nothing is changed in it.

use std::fs;

use crate::common::{Desk, excerpt, records, song};

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
fn a_survey_and_a_repeated_finding_take_a_packed_catalogue_too() {
    let desk = desk();
    let master = fs::read(desk.path("masters/song-2.wav")).unwrap();
    desk.write("dump/copy.wav", &master);
    let other = |args: &[&str]| desk.run([&["--home", "other"], args].concat());
    let inspect = ["inspect", "dump", "--json"];
    assert!(other(&inspect).ends_with(0).stdout.contains("\"compared\":false"));
    assert!(!desk.path("other").exists(), "nothing is kept without need");
    let packed = ["--catalogue", "songs.pack"];
    let told = other(&[&inspect[..], &packed].concat()).ends_with(0).stdout;
    assert!(told.contains("\"compared\":true") && told.contains("\"copies\":1"), "{told}");

    other(&[&["scan", "dump"], &packed[..]].concat()).ends_with(1);
    let report = other(&["report", "--format", "jsonl", "--out", "-"]).ends_with(0).stdout;
    let records = records(&report);
    let recheck = ["recheck", &records[0].findings[0].finding_id, "--dump", "dump"];
    let told = other(&[&recheck[..], &packed].concat()).ends_with(0).stdout;
    assert!(told.ends_with("it stands, to the last digit\n"), "{told}");
    other(&recheck).ends_with(4).says_in_one_line(&["is empty", "catalog add"]);
}

/// A name that no text can hold; other systems refuse such names.
#[cfg(target_os = "linux")]
#[test]
fn a_catalogue_is_packed_into_a_folder_whose_name_is_not_utf_8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let desk = desk();
    let folder = desk.path(OsStr::from_bytes(b"\xffx"));
    fs::create_dir(&folder).unwrap();
    let pack = folder.join("songs.pack");
    desk.run(["catalog".as_ref(), "pack".as_ref(), "--out".as_ref(), pack.as_os_str()])
        .ends_with(0);
    // The copy of the database stands first in the header, and differs from time to time in nothing.
    assert_eq!(fs::read(&pack).unwrap(), fs::read(desk.path("songs.pack")).unwrap());
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
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
