//! Tests of all formats: what every format promises, and a snapshot of each.
//!
//! Snapshots are in `snapshots/`. After an intended change, run with `LEAKHOUND_RENEW_SNAPSHOTS=1` and read the difference.
//!
//! They are not managed by the crate `insta`, because they are reports byte for byte, to be opened in a browser or a spreadsheet.
//! A text snapshot of `insta` has a header, changes CRLF to LF and cuts the last line break, so the CSV could lose its line ends
//! unnoticed. Its binary snapshots keep the bytes, but need a second file each, and a failed test shows no difference.

mod acrcloud;
mod csv;
mod html;
mod pdf;
mod sample;
mod tables;

use std::io::{self, Write};
use std::path::Path;

use super::*;
use crate::record::{
    Basis, Checked, Deadline, Decision, DecisionState, DueKind, Evidence, Explained, FailureKind,
    FailureRecord, Finding, Ground, ItemFacts, ItemRecord, NoticeFacts, NoticeKind, NoticeState,
    PeakWindow, Presence, Relation, Release, RunnerUp, Span, Stage, Tier, Verdict, Work,
};
use crate::results::{About, Category};

use self::html::data;
pub(super) use self::pdf::covering;
use self::sample::*;
pub(super) use self::sample::{about, finding, notice, record, text_of_workbook};

#[test]
fn each_format_writes_the_sample_as_its_snapshot_has_it() {
    for format in Format::ALL {
        let written = report(format, &sample());
        let is_text = !matches!(format, Format::Xlsx | Format::Parquet | Format::Pdf);
        let ending = if is_text { "" } else { ".txt" };
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("src/report/snapshots/sample.{format}{ending}"));
        if std::env::var_os("LEAKHOUND_RENEW_SNAPSHOTS").is_some() {
            std::fs::write(&path, &written).unwrap();
        }
        let expected = std::fs::read_to_string(&path).unwrap();
        for (number, (is, should)) in written.lines().zip(expected.lines()).enumerate() {
            assert_eq!(is, should, "line {} of {}", number + 1, path.display());
        }
        assert!(written == expected, "{} has other line ends or another end", path.display());
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    for format in Format::ALL {
        let once = || bytes_of(format, &summary(&sample()), &sample());
        assert!(once() == once(), "{format}");
    }
}

#[test]
fn jsonl_parses_back_to_equal_records() {
    let mut records = [sample(), hostile()].concat();
    records[0].findings[0].false_alarm_probability = 1.234_567_890_123_456_7e-41;
    records[0].findings[0].tempo = 0.1 + 0.2;
    let written = report(Format::Jsonl, &records);
    let read: Vec<ItemRecord> =
        written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read, records);
    assert_eq!(written.matches('\n').count(), records.len());
}

#[test]
fn an_empty_run_is_a_whole_report_in_each_format() {
    let page = report(Format::Html, &[]);
    assert!(page.contains("No recording of the catalogue was found in the items that were read."));
    assert!(page.contains("Every audio item could be read."));
    assert!(page.trim_end().ends_with("</html>"));
    assert_eq!(csv_rows(&report(Format::Csv, &[])).len(), 1);
    assert_eq!(report(Format::Jsonl, &[]), "");
}

#[test]
fn items_are_counted_by_verdict_and_recordings_once() {
    let records = [sample(), sample()].concat();
    let counts = summary(&records).counts;
    assert_eq!(
        (counts.items, counts.matched, counts.suspect, counts.clear, counts.failed),
        (10, 2, 2, 2, 2)
    );
    assert_eq!((counts.not_audio, counts.findings, counts.recordings_found), (2, 6, 1));
    assert!((counts.audio_seconds - 1200.0).abs() < 1e-9);
}

#[test]
fn a_summary_of_other_records_is_an_error() {
    let (all, mut out) = (sample(), Vec::new());
    let few = all[1..].iter().cloned().map(Ok::<_, ReportError>);
    let error = write(Format::Html, &summary(&all), few, &mut out).unwrap_err();
    assert!(error.to_string().starts_with("the summary counts 5 items and 3 findings, the"));
}

#[test]
fn a_full_disk_ends_the_report_with_the_format_and_the_cause() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    for format in Format::ALL {
        let records = sample().into_iter().map(Ok::<_, ReportError>);
        let error = write(format, &summary(&sample()), records, &mut Full).unwrap_err();
        let ReportError::Write { format: of, source } = error else { panic!("{error}") };
        assert_eq!((of, source.kind()), (format, io::ErrorKind::StorageFull));
    }
}

#[test]
fn a_format_is_known_by_its_name() {
    for format in Format::ALL {
        assert_eq!(format.as_str().parse::<Format>().unwrap(), format);
    }
    let refused = "doc".parse::<Format>().unwrap_err().to_string();
    assert!(Format::ALL.iter().all(|format| refused.contains(format.as_str())), "{refused}");
}

#[test]
fn each_claim_is_told_with_its_numbers_in_each_format() {
    for relation in Relation::ALL {
        let found = Finding {
            verdict: Verdict::Suspect,
            relation: Some(relation),
            explained: Some(explained(0.949, 0.261)),
            spans: vec![span((0.0, 10.0), (20.0, 30.0))],
            recording_coverage: 0.05,
            ..finding("rec-1")
        };
        let (claim, numbers) = (
            crate::wording::claim(&found).unwrap(),
            crate::wording::agreement(found.explained.as_ref().unwrap()),
        );
        assert!(numbers.contains("94 % of the recording's") && numbers.contains("at most 27 %"));
        let records = [record("/dump/x.ogg", vec![found])];
        for format in Format::ALL {
            let written = report(format, &records);
            // Lines of the PDF are broken after blanks.
            let text = written.replace("&#39;", "'").replace(" \n", " ");
            let has = |words: &str| text.contains(words);
            let told = match format {
                Format::Html => has(&format!("<b>{claim}</b>")) && has(&format!("<br>{numbers}")),
                Format::Pdf => has(&claim) && has(&numbers),
                Format::Csv => has(&format!(",{},0.9490,0.9150,0.2610,0.2180", relation.as_str())),
                Format::Xlsx => {
                    has(&format!("{:?}\t0.949\t0.915\t0.261\t0.218", relation.as_str()))
                }
                Format::Parquet => {
                    has(&format!("relation: {:?}, recording_share: 0.949", relation.as_str()))
                }
                Format::Jsonl => has(&format!("\"relation\":{:?}", relation.as_str())),
                // It has no column for relations; shared material has the lowest score.
                Format::Acrcloud => {
                    let score = if relation == Relation::SharedMaterial { "30" } else { "70" };
                    csv_rows(&text)[1][7] == score
                }
            };
            assert!(told, "{format}: {relation:?}: {text}");
        }
        let data = data(&report(Format::Html, &records));
        let word = relation.as_str().replace('_', " ");
        let place = data[0]["rows"][0][17].as_u64().unwrap() as usize;
        assert_eq!(data[0]["texts"][place], word.as_str());
        let detail = &data[1][0];
        assert_eq!(detail["claim"], claim.as_str());
        assert_eq!(detail["means"], relation.describe());
        assert_eq!(detail["agrees"], numbers.as_str());
    }
}

#[test]
fn findings_without_a_relation_are_reported_without_a_claim_and_not_counted_by_claim() {
    let records = [record("/dump/x.ogg", vec![finding("rec-1")])];
    assert_eq!(summary(&records).counts.relations, [0; 6]);
    for format in Format::ALL {
        let written = report(format, &records);
        let unsaid =
            ["<b>copy of", "where the two are aligned", "Findings by claim", "By what they claim"];
        let said = |words: &&&str| written.contains(**words);
        assert_eq!(unsaid.iter().find(said), None, "{format}");
    }
    let counts = summary(&sample()).counts;
    assert_eq!(counts.relations, [1, 0, 0, 0, 0, 2]);
    let (page, book) = (report(Format::Html, &sample()), report(Format::Xlsx, &sample()));
    let words = "1 copy, 2 of shared material";
    assert!(page.contains(&format!("By what they claim, findings are: {words}.")));
    assert!(book.contains(words) && report(Format::Pdf, &sample()).contains(words));
}

#[test]
fn the_text_of_one_screen_says_what_findings_claim() {
    use super::changes::{Changes, Findings, RunOnDay, text};
    let mut findings = Findings::default();
    for record in &sample() {
        findings.add(record);
    }
    let changes = Changes::between(&Findings::default(), &findings);
    let run = RunOnDay { summary: summary(&sample()), begun: "2026-11-23".to_owned() };
    let told = text(&run, None, &changes);
    let lines: Vec<_> = told.lines().map(str::trim).collect();
    assert!(lines.iter().any(|line| line.contains("1 match, 0 suspects: 1 copy")), "{told}");
    let at = lines.iter().position(|line| line.starts_with("match ")).unwrap();
    assert_eq!(lines[at + 1], "copy of the whole recording", "{told}");
}

#[test]
fn decisions_are_reported_and_counted_in_each_format_and_remove_nothing() {
    let counts = summary(&sample()).counts;
    assert_eq!((counts.findings, counts.dismissed, counts.accepted, counts.deferred), (3, 1, 0, 0));
    assert_eq!(
        (counts.suspect, counts.alarms),
        (1, 1),
        "the match raises an alarm, the dismissed suspect does not"
    );
    for format in Format::ALL {
        let written = report(format, &sample());
        let told = written.contains("dismissed") && written.contains("cleared in 2019");
        // It has no column for decisions, and no row for dismissed findings.
        assert_eq!(told, format != Format::Acrcloud, "{format}");
    }
    let rows = csv_rows(&report(Format::Csv, &sample()));
    let at = rows[0].iter().position(|name| name == "decision").unwrap();
    let expected = ["dismissed", "shared_sample", "Same break, cleared in 2019."];
    assert_eq!(rows[6][at..at + 3], expected);
    assert_eq!(rows[6][6], "suspect", "a decision does not change the verdict");
}
