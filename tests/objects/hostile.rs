//! Keys of every malice: each object has its row, and no row does harm.

use std::collections::BTreeSet;

use leakhound::source::Locator;

use crate::Site;
use crate::common::{excerpt, records, song, wav};

const KEYS: [&str; 22] = [
    "../x.wav",
    "../../etc/passwd",
    "./x.wav",
    "a.wav",
    "a.wav/b.wav",
    "a.wav/",
    "a//b.wav",
    "/a.wav",
    "//",
    "a-b.wav",
    "a b%20.wav",
    "a\u{1b}[31m.wav",
    "a\nb.wav",
    "a\r.wav",
    "a\u{1}.wav",
    "a\u{202e}vaw.exe",
    "ü/é.wav",
    "=1+1.wav",
    "<b>&amp;\"'.wav",
    "a\\b.wav",
    "..",
    "a\u{10ffff}.wav",
];

#[test]
fn every_key_has_one_row_whose_locator_leads_back_and_the_terminal_is_safe() {
    let site = Site::new();
    let clip = wav(excerpt(&song(1, 30), 3.0, 12.0));
    for key in KEYS {
        site.server.put("b", key, clip.clone());
    }
    // The mark of a folder, as consoles make it, is nothing to scan.
    site.server.put("b", "folder/", "");
    let done = site.run(["scan", "--no-ffmpeg", "--mode", "identity", "s3://b"]).ends_with(1);
    let is_safe =
        |text: &str| !text.chars().any(|c| c.is_control() && c != '\n' || c == '\u{202e}');
    assert!(is_safe(&done.stdout) && is_safe(&done.stderr), "{done:#?}");
    let rows = records(&site.desk.jsonl());
    assert_eq!(rows.len(), KEYS.len());
    let paths: BTreeSet<&str> = rows.iter().map(|row| row.item.path.as_str()).collect();
    assert_eq!(paths.len(), KEYS.len());
    assert!(rows.iter().all(|row| row.findings.len() == 1), "{rows:#?}");
    for row in &rows {
        let locator: Locator = row.item.locator.parse().unwrap();
        assert_eq!(locator.to_string(), row.item.locator);
        assert!(!row.item.path.contains("/../") && !row.item.path.contains("//b/.."));
        let out = site.desk.path("out.wav");
        site.run(["extract", &row.item.locator, "--force", "--out", out.to_str().unwrap()])
            .ends_with(0);
        assert!(std::fs::read(&out).unwrap() == clip, "{}", row.item.locator);
    }
    // A report of each kind takes them.
    for format in ["html", "csv", "xlsx", "parquet"] {
        site.run(["report", "--format", format, "--out", "report"]).ends_with(0);
    }
    // A part of the walk at a time, too.
    let plan =
        ["plan", "--no-ffmpeg", "--mode", "identity", "s3://b", "--out", "plan", "--units", "30"];
    site.run(plan).ends_with(0);
    let told = site.run(["plan", "status", "plan", "--json"]).ends_with(3).stdout;
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    let last = told["units"].as_u64().unwrap() - 1;
    assert!(last > 15, "{told}");
    site.run(["work", "plan", "--unit", &format!("0-{last}")]).ends_with(0);
    let expected = site.digest();
    site.run(["merge", "plan"]).ends_with(1);
    assert_eq!(site.digest(), expected);
}
