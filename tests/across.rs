//! Reports across dumps, and what people say of a dump.

use std::fs;

use serde_json::Value;

use crate::common::{Desk, excerpt, faster, parse, records, song};

const ABOUT: &str = "name = \"Free Songs\"\nversion = \"1.0\"\nrevision = \"abc123\"\nlicence = \"CC BY 4.0\"\n\
                     source = \"https://hub.example/free-songs\"\npublisher = \"Example Lab\"\ncategory = \"public\"\n\
                     collected = \"2019 to 2021\"\nobtained = \"2026-11-02, by the publisher's link\"\n\
                     summaries = [\"Model X, summary of 2026-03\"]\n";

/// A desk with two dumps and a data set that was scanned twice: runs 1, 2 and 3.
fn scanned() -> Desk {
    let desk = Desk::with_songs(&[1, 2, 3], 20);
    desk.write("about.toml", ABOUT.as_bytes());
    desk.write_wav("set/a.wav", excerpt(&song(1, 20), 4.0, 14.0));
    desk.write_wav("set/b.wav", &song(2, 20));
    desk.run(["scan", "set", "--about", "about.toml"]).ends_with(1);
    desk.write_wav("dump/fast.wav", &faster(&song(1, 20), 1.12));
    desk.write_wav("dump/other.wav", &song(98, 10));
    desk.write("dump/broken.flac", b"fLaC\0\0\0\x22");
    desk.run(["scan", "dump"]).ends_with(1);
    fs::remove_file(desk.path("set/b.wav")).unwrap();
    desk.run(["scan", "set"]).ends_with(1);
    desk
}

/// The lines of a report across dumps, kept for the check against the schema.
fn across(desk: &Desk, words: &[&str]) -> Vec<Value> {
    let words = [&["report", "--format", "jsonl", "--out", "-"], words].concat();
    let lines = desk.run(words).ends_with(0).stdout;
    Desk::keep_lines("across", &lines);
    parse(&lines)
}

fn of_kind<'a>(lines: &'a [Value], kind: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["kind"] == kind).collect()
}

#[test]
fn all_runs_together_tell_which_works_are_in_which_dumps_and_which_are_no_longer() {
    let desk = scanned();
    let lines = across(&desk, &["--all"]);
    let report = of_kind(&lines, "report")[0];
    assert_eq!(
        (&report["recordings"], &report["in_several"], &report["gone"]),
        (&1.into(), &1.into(), &1.into())
    );
    assert_eq!(report["catalogue_recordings"], 3);
    let dumps = of_kind(&lines, "dump");
    assert_eq!(dumps.len(), 2);
    // What was said of the first run holds for the later one over the same folder.
    assert_eq!(dumps[0]["runs"], serde_json::json!([1, 3]));
    assert_eq!(dumps[0]["name"], "Free Songs, version 1.0, revision abc123");
    assert_eq!(dumps[0]["about"]["licence"], "CC BY 4.0");
    assert_eq!((&dumps[1]["about"], &dumps[1]["sums"]["failed"]), (&Value::Null, &1.into()));
    let works = of_kind(&lines, "work");
    let [both, gone] = works.as_slice() else { panic!("{works:#?}") };
    assert_eq!(both["title"], "Song 1");
    let places = both["places"].as_array().unwrap();
    assert_eq!((places.len(), &places[1]["changed"]), (2, &1.into()));
    assert!(places[1]["how"].as_str().unwrap().starts_with("sped up 12 %"), "{both}");
    assert_eq!((&gone["title"], &gone["places"][0]["matches"]), (&"Song 2".into(), &0.into()));
    assert_eq!(
        (&gone["places"][0]["first_run"], &gone["places"][0]["last_run"]),
        (&1.into(), &1.into())
    );
    let spread: Vec<_> =
        of_kind(&lines, "run").iter().map(|run| run["so_far"].as_u64().unwrap()).collect();
    assert_eq!(spread, [2, 2, 2]);
    // Runs that are named, in any order, and no others.
    let lines = across(&desk, &["--runs", "2,1"]);
    assert_eq!(of_kind(&lines, "run").len(), 2);
    assert_eq!(of_kind(&lines, "report")[0]["recordings"], 2);
}

#[test]
fn each_format_is_written_and_equal_runs_give_equal_bytes() {
    let desk = scanned();
    for format in ["html", "pdf", "xlsx", "csv", "jsonl"] {
        let write = |name: &str| {
            let out = format!("{name}.{format}");
            let told =
                desk.run(["report", "--all", "--format", format, "--out", &out]).ends_with(0);
            assert_eq!(told.stdout, format!("{out} (3 runs of 2 dumps)\n"));
            fs::read(desk.path(out)).unwrap()
        };
        let report = write("one");
        assert!(report.len() > 500 && report == write("two"), "{format}");
    }
    let page = fs::read_to_string(desk.path("one.html")).unwrap();
    for words in [
        "Free Songs",
        "CC BY 4.0",
        "2.1 publicly available data sets",
        "Model X, summary of 2026-03",
        "Song 1",
    ] {
        assert!(page.contains(words), "{words}");
    }
    for outside in ["<script", "src=", "url(", "@import"] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn what_a_dump_is_can_be_said_of_a_run_that_ended_and_is_in_its_report_and_in_the_log() {
    let desk = scanned();
    desk.write("other.toml", b"name = \"Scrape of 2026\"\n");
    let told = desk.run(["runs", "2", "--about", "other.toml"]).ends_with(0).stdout;
    assert!(told.contains("Scrape of 2026"), "{told}");
    // The same once more is not said again.
    desk.run(["runs", "2", "--about", "other.toml"]).ends_with(0);
    let log = desk.run(["catalog", "log"]).ends_with(0).stdout;
    assert_eq!(log.matches("run 2 is of Scrape of 2026").count(), 1, "{log}");
    let runs = parse(&desk.run(["runs", "--json"]).ends_with(0).stdout);
    assert_eq!(runs[1]["about"]["name"], "Scrape of 2026");
    assert_eq!(runs[2]["about"]["version"], "1.0");
    let page = desk.run(["report", "2", "--format", "html", "--out", "-"]).ends_with(0).stdout;
    assert!(page.contains("Scrape of 2026"));
}

#[test]
fn what_cannot_be_is_told_in_one_line() {
    let desk = Desk::with_songs(&[1], 20);
    desk.run(["report", "--all", "--out", "-"])
        .ends_with(2)
        .says_in_one_line(&["there is no run yet", "leakhound scan"]);
    desk.write_wav("dump/a.wav", &song(98, 10));
    for (text, words) in [
        ("name = \"x\"\nlicense = \"MIT\"\n", &["line 2: unknown field `license`", "licence"][..]),
        ("version = \"1\"\n", &["it has no name"]),
        ("name = [1]\n", &["line 1: "]),
        ("name = \"x\"\ncategory = \"secret\"\n", &["line 2: unknown variant `secret`", "crawled"]),
    ] {
        desk.write("about.toml", text.as_bytes());
        let told = desk.run(["scan", "dump", "--about", "about.toml"]).ends_with(2);
        told.says_in_one_line(&[&["about.toml: "], words].concat());
    }
    desk.run(["scan", "dump", "--about", "nowhere.toml"])
        .ends_with(2)
        .says_in_one_line(&["nowhere.toml", "check the path"]);
    assert_eq!(desk.run(["runs"]).ends_with(0).stdout, "", "nothing was scanned");
    desk.run(["scan", "dump"]).ends_with(0);
    desk.run(["report", "--runs", "1,9", "--out", "-"])
        .ends_with(2)
        .says_in_one_line(&["there is no run 9"]);
    for words in [vec!["--format", "text"], vec!["--format", "parquet"]] {
        desk.run([vec!["report", "--all", "--out", "-"], words].concat())
            .ends_with(2)
            .says_in_one_line(&["html, pdf, xlsx, csv or jsonl"]);
    }
    desk.run(["report", "1", "--all", "--out", "-"]).ends_with(2).says_in_one_line(&["--all"]);
    desk.run(["report", "--all"]).ends_with(2).says_in_one_line(&["--out FILE"]);
}

#[test]
fn a_notice_is_told_with_its_state_at_each_place_where_its_findings_are() {
    let desk = scanned();
    let found = records(&desk.jsonl());
    let id =
        found.iter().flat_map(|r| &r.findings).map(|f| f.finding_id.clone()).next_back().unwrap();
    desk.run(["review", "accept", &id, "--reason", "leak", "--by", "Ann"]).ends_with(0);
    let notice = ["notice", "--for", "host", "--url", "https://host.example/f/", "--out", "drafts"];
    desk.run(notice).ends_with(0);
    let noticed = |expected: &str| {
        let lines = across(&desk, &["--all"]);
        let places = of_kind(&lines, "work")[0]["places"].as_array().unwrap().clone();
        let notices: Vec<_> = places.iter().map(|place| place["notices"].clone()).collect();
        let here = serde_json::json!([{ "number": 1, "state": expected }]);
        assert_eq!(notices, [here, serde_json::json!([])]);
    };
    noticed("drafted");
    let listed = parse(&desk.run(["notice", "list", "--json"]).ends_with(0).stdout);
    let day = listed[0]["drafted"].as_str().unwrap();
    let mark = ["notice", "mark", "1", "withdrawn", "--on", day, "--by", "Ann"];
    desk.run(mark).ends_with(0);
    noticed("withdrawn");
}
