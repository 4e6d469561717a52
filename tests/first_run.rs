//! What a new user meets first: mistakes and missing things, each told in one line with the remedy.

use crate::common::{Desk, excerpt, parse, song};

#[test]
fn an_empty_catalogue_is_refused_with_the_command_that_fills_it() {
    let desk = Desk::new();
    desk.write_wav("dump/song.wav", &song(1, 20));
    for command in ["scan", "query"] {
        desk.run([command, "dump"])
            .ends_with(4)
            .says_in_one_line(&["is empty", "leakhound catalog add"]);
    }
}

#[test]
fn the_home_is_no_dump_and_what_lies_in_it_beside_is_scanned() {
    let desk = Desk::with_songs(&[1], 20);
    for command in ["scan", "query"] {
        for path in ["home", "home/catalog", "home/catalog/catalog.sqlite"] {
            desk.run([command, path])
                .ends_with(2)
                .says_in_one_line(&["is the home of leakhound", "name the dump"]);
        }
    }
    desk.write_wav("home/dump/clip.wav", excerpt(&song(1, 20), 2.0, 12.0));
    let done = desk.run(["scan", "."]).ends_with(1);
    assert!(!done.stdout.contains("sqlite"), "the catalogue was found in itself: {done:#?}");
    let rows = desk.jsonl();
    let rows: Vec<_> = rows.lines().filter(|row| row.contains("/home/")).collect();
    assert!(rows.iter().any(|row| row.contains("/home/dump/clip.wav")), "{rows:#?}");
    assert!(rows.iter().any(|row| row.contains("belongs to the home")), "{rows:#?}");
    assert!(!rows.iter().any(|row| row.contains("catalog.sqlite\"")), "{rows:#?}");
}

#[test]
fn a_scan_of_the_masters_asks_whether_that_is_the_dump() {
    let desk = Desk::with_songs(&[1, 2], 20);
    let done = desk.run(["scan", "masters"]).ends_with(1);
    assert!(done.stdout.contains("2 items are files of the catalogue itself"), "{done:#?}");
    desk.write_wav("dump/clip.wav", excerpt(&song(1, 20), 2.0, 12.0));
    let done = desk.run(["scan", "dump"]).ends_with(1);
    assert!(!done.stdout.contains("itself"), "{done:#?}");
}

#[test]
fn the_end_of_a_scan_says_what_was_not_read_and_where_the_remedies_are() {
    let desk = Desk::with_songs(&[1], 20);
    desk.write("dump/empty.mp3", b"");
    desk.write("dump/empty.flac", b"");
    desk.write("dump/cut.flac", b"fLaC\0\0\0\x22");
    desk.write("dump/cover.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01");
    let done = desk.run(["scan", "dump"]).ends_with(3);
    let told = "not read: empty 2, unsupported 1; what to do: leakhound guide troubleshooting\n";
    assert!(done.stdout.contains(told), "{done:#?}");
}

#[test]
fn a_file_that_needs_ffmpeg_says_so_if_there_is_none() {
    let desk = Desk::with_songs(&[1], 20);
    crate::common::encode(&desk.path("masters/song-1.wav"), &desk.path("dump/song.wv"), &[]);
    desk.run(["--no-ffmpeg", "scan", "dump"]).ends_with(3);
    assert!(desk.jsonl().contains("install ffmpeg and ffprobe"), "{}", desk.jsonl());
    // Nor is one found where the path names none.
    let none = desk.path("nowhere");
    let mut command = desk.command(["query", "dump"]);
    let done = command.env("PATH", none).output().unwrap();
    let told = String::from_utf8(done.stdout).unwrap();
    assert!(told.contains("install ffmpeg and ffprobe"), "{told}");
}

#[test]
fn a_home_that_cannot_be_made_is_told_with_the_option_that_names_another() {
    let desk = Desk::new();
    desk.write("file", b"no folder");
    desk.write_wav("dump/song.wav", &song(1, 20));
    for command in
        [&["scan", "dump"][..], &["catalog", "list"], &["runs"], &["catalog", "add", "dump"]]
    {
        let mut command = desk.command(command);
        let done = command.env("LEAKHOUND_HOME", desk.path("file/home")).output().unwrap();
        crate::common::Done::of(done)
            .ends_with(4)
            .says_in_one_line(&["cannot make the home folder", "--home DIR"]);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_a_command_with_one_line_and_keeps_what_was_there() {
    let desk = Desk::with_songs(&[1], 20);
    desk.master(2, 60);
    // Room for one MiB in each file: the shell sets the limit, and the program gets an error where a full disk gives one.
    let limited = |words: &str| {
        let line =
            format!("ulimit -f 1; trap '' XFSZ; exec {} {words}", env!("CARGO_BIN_EXE_leakhound"));
        let mut command = std::process::Command::new("sh");
        command
            .current_dir(desk.path(""))
            .env("LEAKHOUND_HOME", desk.path("home"))
            .args(["-c", &line]);
        crate::common::Done::of(command.output().unwrap())
    };
    limited("catalog add masters").ends_with(4).says_in_one_line(&["disk full"]);
    desk.write_wav("dump/clip.wav", excerpt(&song(1, 20), 2.0, 12.0));
    limited("scan dump").ends_with(4).says_in_one_line(&["disk full"]);
    // With room again, nothing is lost.
    desk.run(["catalog", "check"]).ends_with(0);
    desk.run(["catalog", "add", "masters"]).ends_with(0);
    desk.run(["scan", "dump"]).ends_with(1);
}

#[test]
fn no_output_has_colours_or_moves_the_cursor_where_that_is_not_wanted() {
    let desk = Desk::with_songs(&[1], 20);
    desk.write_wav("dump/clip.wav", excerpt(&song(1, 20), 2.0, 12.0));
    for words in
        [&["scan", "dump"][..], &["--help"], &["scan", "--help"], &["scam"], &["guide", "verdicts"]]
    {
        for (key, value) in [("NO_COLOR", "1"), ("TERM", "dumb")] {
            let done = desk.command(words).env(key, value).output().unwrap();
            let all = [done.stdout, done.stderr].concat();
            assert!(
                !all.contains(&0x1b),
                "{words:?} with {key}: {}",
                String::from_utf8_lossy(&all)
            );
        }
    }
}

#[test]
fn lists_are_printed_as_json_lines_on_demand() {
    let desk = Desk::with_songs(&[1], 20);
    desk.write_wav("dump/clip.wav", excerpt(&song(1, 20), 2.0, 12.0));
    desk.write("dump/songs.rar", b"Rar!\x1a\x07\x01\0");
    desk.scan(1);
    desk.run(["catalog", "allow", "--dump", "dump/other", "--note", "ours"]).ends_with(0);
    let json = |words: &str, code: i32| {
        let words: Vec<_> = words.split(' ').collect();
        parse(&desk.run(words).ends_with(code).stdout)
    };
    let runs = json("runs --json", 0);
    assert_eq!(
        (runs.len(), &runs[0]["run_id"], &runs[0]["complete"]),
        (1, &1.into(), &true.into())
    );
    let checks = json("verify --json", 0);
    assert!(checks.len() > 2 && checks.iter().all(|check| check["fits"] == true), "{checks:?}");
    let licences = json("catalog allow --json", 0);
    assert_eq!((licences.len(), &licences[0]["note"]), (1, &"ours".into()));
    assert_eq!(json("catalog check --json", 0)[0]["problems"].as_array().map(Vec::len), Some(0));
    let survey = json("inspect dump --json", 3);
    assert_eq!(
        (survey.len(), &survey[0]["not_read"][0]["kind"]),
        (1, &"container_unsupported".into())
    );
    let listed = json("review --json", 0);
    let id = listed[0]["finding"]["finding_id"].as_str().unwrap().to_owned();
    assert_eq!(json(&format!("review show {id} --json"), 0), listed);
    let pages = json("guide --json", 0);
    assert!(pages.iter().any(|page| page["page"] == "verdicts"), "{pages:?}");
}

#[test]
fn the_guide_is_shown_and_a_page_that_is_not_there_is_refused() {
    let desk = Desk::new();
    let list = desk.run(["guide"]).ends_with(0).stdout;
    assert!(list.contains("first-scan        Your first scan\n"), "{list}");
    let page = desk.run(["guide", "verdicts"]).ends_with(0).stdout;
    assert!(page.starts_with("What a verdict means\n====================\n"), "{page}");
    let narrow = desk.command(["guide", "verdicts"]).env("COLUMNS", "40").output().unwrap();
    let narrow = String::from_utf8(narrow.stdout).unwrap();
    assert!(narrow.lines().count() > page.lines().count() * 3 / 2, "{narrow}");
    let done = desk.run(["guide", "verdcits"]).ends_with(2);
    assert!(done.stderr.contains("'verdicts'"), "{done:#?}");
}
