//! Reports are written completely or not at all, in every format, to files, pipes and closed pipes.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use crate::common::{Desk, assert_contract, excerpt, parse, song};

const FORMATS: [&str; 7] = ["html", "csv", "jsonl", "acrcloud", "xlsx", "parquet", "pdf"];
/// The formats that are text.
const TEXTS: [&str; 4] = ["html", "csv", "jsonl", "acrcloud"];

/// A desk with one run: a match, a clear item and a failure.
fn scanned() -> Desk {
    let desk = Desk::with_songs(&[1], 20);
    desk.write_wav("dump/clip.wav", excerpt(&song(1, 20), 4.0, 14.0));
    desk.write_wav("dump/other.wav", &song(98, 10));
    desk.write("dump/empty.flac", b"");
    desk.run(["scan", "dump"]).ends_with(1);
    desk
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn each_format_is_the_same_in_a_file_and_on_standard_output_and_each_time() {
    let desk = scanned();
    for format in ["xlsx", "parquet", "pdf"] {
        let output = |args: &[&str]| desk.command(args).output().unwrap();
        desk.run(["report", "--format", format, "--out", "file"]).ends_with(0);
        let piped = output(&["report", "--format", format, "--out", "-"]);
        assert!(fs::read(desk.path("file")).unwrap() == piped.stdout, "{format}");
    }
    for format in TEXTS {
        let name = format!("out/report.{format}");
        fs::create_dir_all(desk.path("out")).unwrap();
        let done = desk.run(["report", "--format", format, "--out", &name]).ends_with(0);
        assert_eq!(done.stdout, format!("{name} (run 1)\n"));
        let file = fs::read_to_string(desk.path(&name)).unwrap();
        let piped = desk.run(["report", "--format", format, "--out", "-"]).ends_with(0).stdout;
        assert_eq!(file, piped, "{format}");
        assert!(file.contains("clip.wav"), "{format}: {file}");
        let numbered = desk.run(["report", "1", "--format", format, "--out", "-"]).ends_with(0);
        assert_eq!(file, numbered.stdout, "{format}");
    }
    let mut names = names(&desk.path("out"));
    names.sort();
    assert_eq!(
        names,
        ["report.acrcloud", "report.csv", "report.html", "report.jsonl"],
        "nothing else is left"
    );
}

#[test]
fn each_line_of_the_jsonl_report_has_every_key_of_the_contract() {
    let desk = scanned();
    let lines = parse(&desk.jsonl());
    assert_eq!(lines.len(), 3);
    lines.iter().for_each(assert_contract);
    let verdicts: Vec<_> = lines.iter().map(|l| l["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["match", "failed", "clear"], "sorted by path");
    let asked = desk.run(["query", "--json", "dump"]).ends_with(1).stdout;
    parse(&asked).iter().for_each(assert_contract);
}

#[test]
fn a_finding_shows_its_alignment_and_names_the_next_best_recording() {
    use base64::Engine as _;
    let desk = Desk::with_songs(&[1], 20);
    desk.write_wav("more/edit.wav", excerpt(&song(1, 20), 2.0, 16.0));
    desk.run(["catalog", "add", "more"]).ends_with(0);
    desk.write_wav("dump/clip.wav", excerpt(&song(1, 20), 4.0, 14.0));
    desk.run(["scan", "dump"]).ends_with(1);
    let found = parse(&desk.jsonl()).remove(0)["findings"].as_array().unwrap().clone();
    assert_eq!(found.len(), 2, "the song and the edit of it: {found:#?}");
    for (one, other) in [(0, 1), (1, 0)] {
        let evidence = &found[one]["evidence"];
        assert_eq!(evidence["runner_up"]["recording_id"], found[other]["recording_id"]);
        let (met, all) =
            (evidence["peaks_met"].as_u64().unwrap(), evidence["peaks"].as_u64().unwrap());
        assert!(met * 10 > all * 9, "{met} of {all}");
        let bytes = |text: &serde_json::Value| {
            base64::engine::general_purpose::STANDARD.decode(text.as_str().unwrap()).unwrap()
        };
        let moved = bytes(&evidence["met_when_moved"]);
        assert!(moved[30] > 90, "{moved:?}");
        let elsewhere = moved.iter().enumerate().filter(|(at, _)| at.abs_diff(30) > 1);
        assert!(elsewhere.map(|(_, share)| *share).max().unwrap() < 70, "{moved:?}");
        assert_eq!(bytes(&evidence["dots"]).len(), 64 * 4);
        let window = &evidence["window"]["span"];
        let length = window["item_end_seconds"].as_f64().unwrap()
            - window["item_start_seconds"].as_f64().unwrap();
        assert!((4.9..5.1).contains(&length), "{window}");
    }
}

#[test]
fn a_report_replaces_the_one_before() {
    let desk = scanned();
    let path = desk.write("report.csv", &b"old,old\n".repeat(100_000));
    desk.run(["report", "--format", "csv", "--out", "report.csv"]).ends_with(0);
    let new = fs::read_to_string(path).unwrap();
    assert!(!new.contains("old,old") && new.contains("clip.wav"));
}

#[test]
fn a_report_that_cannot_be_written_leaves_no_file() {
    let desk = scanned();
    fs::create_dir(desk.path("folder")).unwrap();
    for format in FORMATS {
        for out in ["nowhere/report", "folder", "dump/clip.wav/report"] {
            desk.run(["report", "--format", format, "--out", out])
                .ends_with(4)
                .says_in_one_line(&["cannot write", out]);
        }
    }
    assert!(!desk.path("nowhere").exists());
    assert!(names(&desk.path("folder")).is_empty());
    assert!(names(&desk.path(".")).iter().all(|name| !name.contains(".part")));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_with_a_remedy() {
    let desk = scanned();
    for format in FORMATS {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let output =
            desk.command(["report", "--format", format, "--out", "-"]).stdout(full).output();
        crate::common::Done::of(output.unwrap()).ends_with(4).says_in_one_line(&["No space left"]);
        let told = desk.run(["report", "--format", format, "--out", "/dev/full"]).ends_with(4);
        let told = told.says_in_one_line(&["cannot write /dev/full: ", "No space left"]).stderr;
        let remedies = ["free space", "the disk not full"];
        let said = remedies.iter().filter(|remedy| told.contains(**remedy));
        assert_eq!(said.count(), 1, "the remedy is told once: {told}");
    }
}

/// A device or pipe is written to directly. Renaming a file over `/dev/stdout` or `/dev/null` would destroy it.
#[cfg(unix)]
#[test]
fn a_pipe_that_is_named_gets_the_report_and_stays_a_pipe() {
    use std::os::unix::fs::FileTypeExt as _;
    let desk = scanned();
    let pipe = desk.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // Open in both directions: neither this nor the program waits for the other.
    let both = fs::File::options().read(true).write(true).open(&pipe).unwrap();
    desk.run(["report", "--format", "csv", "--out", "pipe"]).ends_with(0);
    assert!(fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo());
    let expected = desk.run(["report", "--format", "csv", "--out", "-"]).ends_with(0).stdout;
    let mut got = vec![0; expected.len()];
    std::io::Read::read_exact(&mut &both, &mut got).unwrap();
    assert_eq!(String::from_utf8(got).unwrap(), expected);
}

#[cfg(unix)]
#[test]
fn a_link_that_is_named_stays_a_link() {
    let desk = scanned();
    desk.write("real.csv", b"old");
    std::os::unix::fs::symlink("real.csv", desk.path("link.csv")).unwrap();
    desk.run(["report", "--format", "csv", "--out", "link.csv"]).ends_with(0);
    assert!(desk.path("link.csv").is_symlink());
    assert!(fs::read_to_string(desk.path("real.csv")).unwrap().contains("clip.wav"));
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let desk = scanned();
    for format in FORMATS {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = desk
            .command(["report", "--format", format, "--out", "-"])
            .stdout(writer)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{format}: {output:?}");
        assert!(output.stderr.is_empty(), "{format}: {output:?}");
    }
}

#[test]
fn no_command_fails_when_its_output_is_a_closed_pipe() {
    let desk = scanned();
    desk.write_wav("more/song.wav", &song(5, 10));
    for args in [
        &["catalog", "add", "more"][..],
        &["catalog", "list"],
        &["catalog", "list", "--json"],
        &["catalog", "show", "more/song.wav"],
        &["runs"],
        &["report", "--out", "report.html"],
        &["catalog", "remove", "more/song.wav"],
    ] {
        let more = desk.path("more/song.wav").to_str().unwrap().to_owned();
        let args = args.iter().map(|a| if *a == "more/song.wav" { &*more } else { *a });
        let args: Vec<&str> = args.collect();
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = desk.command(&args).stdout(writer).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}: {output:?}");
        assert!(output.stderr.is_empty(), "{args:?}: {output:?}");
    }
    assert!(desk.path("report.html").exists());
}

#[test]
fn without_a_run_there_is_no_report() {
    let desk = Desk::with_songs(&[1], 20);
    for format in FORMATS {
        desk.run(["report", "--format", format, "--out", "report"])
            .ends_with(2)
            .says_in_one_line(&["no run yet", "leakhound scan"]);
    }
    assert!(!desk.path("report").exists());
}

#[test]
fn a_run_that_does_not_exist_has_no_report() {
    let desk = scanned();
    desk.run(["report", "7", "--out", "report"])
        .ends_with(2)
        .says_in_one_line(&["no run 7", "leakhound runs"]);
    assert_eq!(desk.run(["report", "--format", "doc", "--out", "report"]).code, 2);
    assert_eq!(desk.run(["report", "newest", "--out", "report"]).code, 2);
    assert!(!desk.path("report").exists());
}

#[test]
fn characters_that_are_in_no_font_of_a_pdf_are_counted_on_the_terminal() {
    let desk = scanned();
    let done = desk.run(["report", "--format", "pdf", "--out", "r.pdf"]).ends_with(0);
    assert!(done.stderr.is_empty(), "{done:#?}");
    desk.write_wav("dump/夜に.wav", excerpt(&song(1, 20), 4.0, 14.0));
    desk.run(["scan", "dump"]).ends_with(1);
    let done = desk.run(["report", "--format", "pdf", "--out", "r.pdf"]).ends_with(0);
    assert!(done.stderr.starts_with("2 characters of names and paths are in no font"), "{done:#?}");
    assert!(done.stderr.contains("--font FILE") && done.stderr.lines().count() == 1, "{done:#?}");
}

#[test]
fn a_file_that_is_not_a_font_is_refused_in_one_line_with_its_name() {
    let desk = scanned();
    desk.write("text.ttf", b"no font");
    let mut collection = b"ttcf\0\x01\0\0\0\0\0\x02".to_vec();
    collection.extend([0; 64]);
    desk.write("two.ttc", &collection);
    for (font, told) in [
        ("nowhere.ttf", "(os error 2); check the path"),
        ("dump", "is not a file"),
        ("text.ttf", "no TrueType or OpenType font"),
        ("two.ttc#1", "no TrueType or OpenType font"),
        ("two.ttc#7", "it has 2 fonts, numbered from 0, and none of number 7"),
    ] {
        desk.run(["report", "--format", "pdf", "--out", "r.pdf", "--font", font])
            .ends_with(2)
            .says_in_one_line(&[&format!("--font {font}: "), told]);
    }
    desk.run(["report", "--format", "csv", "--out", "r.csv", "--font", "text.ttf"])
        .ends_with(2)
        .says_in_one_line(&["--font goes with --format pdf"]);
    assert!(!desk.path("r.pdf").exists());
}
