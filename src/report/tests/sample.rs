//! Sample records, reports of them, and the content of reports as text.

use std::io;

use super::*;
use crate::record::fixtures::{facts, record_of};
use crate::report::pdf;

/// Hostile text: markup, a formula, a terminal escape, a bidirectional override.
pub(super) const HOSTILE: &str = "=cmd|' /C calc'!A0</td></script><script>alert(1)</script>\
                       \"><img src=x onerror=alert(1)>{{7*7}}\u{202E}gpj\u{1b}[31m\r\n\0&amp;";

pub(in crate::report) fn finding(id: &str) -> Finding {
    Finding {
        recording_path: format!("/catalogue/{id}.flac"),
        title: "Night Train".to_owned(),
        artist: "The Harbour".to_owned(),
        isrc: "GBABC2400001".to_owned(),
        false_alarm_probability: 3.2e-41,
        score: 1234.5,
        spans: vec![span((0.0, 200.0), (0.0, 200.0))],
        item_coverage: 1.0,
        recording_coverage: 1.0,
        tiers: vec![Tier::Sound],
        finding_id: "f-0123456789abcdef".to_owned(),
        work: Some(work("Harbour Records")),
        sound: "5d".repeat(32),
        ..Finding::unheard(id.to_owned(), Verdict::Match)
    }
}

pub(super) fn decision(text: &str) -> Decision {
    Decision {
        state: DecisionState::Dismissed,
        ground: Some(Ground::SharedSample),
        reason: text.to_owned(),
        by: text.to_owned(),
        at: "2026-11-23T19:12:34Z".to_owned(),
        basis: Basis::Item,
    }
}

pub(in crate::report) fn notice(number: i64) -> NoticeFacts {
    let text = |text: &str| text.to_owned();
    NoticeFacts {
        number,
        kind: NoticeKind::Host,
        state: NoticeState::Sent,
        since: text("2026-11-30"),
        addressee: text("Host Ltd"),
        reference: text("T-4711"),
        by: text("Ann"),
        basis: Basis::Item,
        due: vec![Deadline {
            kind: DueKind::Answer,
            day: text("2026-12-14"),
            until: String::new(),
            basis: text("set by Ann"),
        }],
        check: Some(Checked {
            presence: Presence::StillThere,
            place: String::new(),
            why: String::new(),
            day: text("2026-12-10"),
            run_id: 9,
        }),
    }
}

pub(super) fn hostile_notice() -> NoticeFacts {
    let text = || HOSTILE.to_owned();
    let due = Deadline { kind: DueKind::FollowUp, day: text(), until: text(), basis: text() };
    let check = Checked { place: text(), why: text(), day: text(), ..notice(1).check.unwrap() };
    NoticeFacts {
        since: text(),
        addressee: text(),
        reference: text(),
        by: text(),
        due: vec![due],
        check: Some(check),
        ..notice(1)
    }
}

/// What a dump is, with this text in every place.
pub(in crate::report) fn about(text: &str) -> About {
    let text = || text.to_owned();
    About {
        name: text(),
        version: text(),
        revision: text(),
        licence: text(),
        source: text(),
        publisher: text(),
        category: Category::Public,
        collected: text(),
        obtained: text(),
        summaries: vec![text()],
    }
}

pub(super) fn work(text: &str) -> Work {
    let text = || text.to_owned();
    let release = Release {
        title: text(),
        upc: "036000291452".to_owned(),
        grid: "A12425GABC1234002M".to_owned(),
        catalogue_number: text(),
        date: "2024-03-01".to_owned(),
    };
    Work {
        entry_id: text(),
        own_ids: vec![text()],
        version: text(),
        label: text(),
        releases: vec![release, Release { title: text(), ..Release::default() }],
        p_line: text(),
        c_line: text(),
        registration: text(),
        registration_date: "2024-05-06".to_owned(),
        first_published: "2024-03-01".to_owned(),
        territories: vec!["WW".to_owned()],
        territories_excluded: vec!["US".to_owned()],
        share_percent: Some(100.0),
    }
}

pub(super) fn evidence(text: &str) -> Evidence {
    Evidence {
        peaks: 3_190,
        peaks_met: 2_871,
        dots: "AAAAADAwMDA=".to_owned(),
        recording_seconds: 200.0,
        window: Some(PeakWindow {
            span: span((61.2, 66.2), (61.2, 66.2)),
            item: "AAAA".to_owned(),
            recording: "AAAA".to_owned(),
        }),
        met_when_moved: format!("{}ZAAA{}", "AAAA".repeat(10), "AAAA".repeat(10)),
        runner_up: Some(RunnerUp {
            recording_id: text.to_owned(),
            title: text.to_owned(),
            artist: text.to_owned(),
            false_alarm_probability: 1.0,
        }),
    }
}

pub(super) fn explained(recording_share: f64, elsewhere_share: f64) -> Explained {
    Explained {
        recording_share,
        item_share: 0.915,
        elsewhere_share,
        others_share: 0.218,
        measures: None,
    }
}

pub(super) fn span(item: (f64, f64), recording: (f64, f64)) -> Span {
    Span {
        item_start_seconds: item.0,
        item_end_seconds: item.1,
        recording_start_seconds: recording.0,
        recording_end_seconds: recording.1,
    }
}

pub(in crate::report) fn record(path: &str, findings: Vec<Finding>) -> ItemRecord {
    let item = ItemFacts {
        size_bytes: 4_008_123,
        codec: "vorbis".to_owned(),
        locator: path.replace(' ', "%20"),
        offset: Some(0),
        ..facts(path, &"ab".repeat(32))
    };
    record_of(item, findings)
}

pub(super) fn failed(path: &str, stage: Stage, kind: FailureKind, message: &str) -> ItemRecord {
    let message = message.to_owned();
    let mut record = record(path, Vec::new());
    record.item.duration_seconds = 0.0;
    record.item.codec.clear();
    record.verdict = Verdict::Failed;
    record.failure = Some(FailureRecord { stage, kind, message });
    record
}

/// An item of each kind: a match with a second finding, a clear item, both kinds of failures, a suspect.
pub(super) fn sample() -> Vec<ItemRecord> {
    let slowed = Finding {
        verdict: Verdict::Suspect,
        title: String::new(),
        artist: String::new(),
        isrc: String::new(),
        work: None,
        sound: String::new(),
        decision: None,
        notices: Vec::new(),
        false_alarm_probability: 0.0004,
        score: 21.0,
        tempo: 0.85,
        pitch_cents: -281.4,
        spans: vec![span((10.0, 20.0), (30.0, 38.5)), span((50.0, 60.0), (64.0, 72.5))],
        item_coverage: 0.1,
        recording_coverage: 0.085,
        shares_passage_with: vec!["rec-3".to_owned(), "rec-7".to_owned()],
        relation: Some(Relation::SharedMaterial),
        explained: Some(explained(0.382, 0.331)),
        ..finding("rec-2")
    };
    let clean = Finding {
        evidence: Some(evidence("Night Ferry")),
        relation: Some(Relation::Copy),
        explained: Some(explained(0.949, 0.261)),
        notices: vec![notice(3)],
        ..finding("rec-1")
    };
    let decided =
        Finding { decision: Some(decision("Same break, cleared in 2019.")), ..slowed.clone() };
    let mut mixed = record("/dump/a/01 mix.ogg", vec![clean, slowed.clone()]);
    mixed.notes = vec!["2 damaged packets were skipped.".to_owned()];
    vec![
        mixed,
        record("/dump/a/02 clear.ogg", Vec::new()),
        failed(
            "/dump/a/03 short.ogg",
            Stage::Fingerprint,
            FailureKind::TooShort,
            "lasts 0.4 s, needs 2 s",
        ),
        failed("/dump/a/cover.jpg", Stage::Probe, FailureKind::NotAudio, "holds no audio"),
        record("/dump/b/04 noisy.ogg", vec![decided]),
    ]
}

pub(super) fn hostile() -> Vec<ItemRecord> {
    let text = || HOSTILE.to_owned();
    let found = |verdict| Finding {
        recording_id: text(),
        recording_path: text(),
        title: text(),
        artist: text(),
        isrc: text(),
        verdict,
        finding_id: text(),
        work: Some(work(HOSTILE)),
        evidence: Some(Evidence { dots: text(), met_when_moved: text(), ..evidence(HOSTILE) }),
        decision: Some(decision(HOSTILE)),
        notices: vec![hostile_notice()],
        relation: Some(Relation::Layered),
        explained: Some(explained(7.0, -1.0)),
        ..finding("")
    };
    let mut item = record(HOSTILE, vec![found(Verdict::Match), found(Verdict::Suspect)]);
    item.item.codec = text();
    item.item.sha256 = text();
    item.notes = vec![text()];
    vec![
        item,
        failed(HOSTILE, Stage::Probe, HOSTILE.into(), HOSTILE),
        failed(HOSTILE, Stage::Probe, FailureKind::NotAudio, HOSTILE),
    ]
}

pub(super) fn summary(records: &[ItemRecord]) -> RunSummary {
    let mut counts = Counts::default();
    for record in records {
        counts.add(record);
    }
    RunSummary {
        run_id: "run-1".to_owned(),
        tool_version: "0.1.0".to_owned(),
        mode: "full".to_owned(),
        about: Some(about("Songs")),
        roots: vec!["/dump".to_owned()],
        catalogue_recordings: 4310,
        catalogue_digest: "c0ffee".to_owned(),
        fingerprint_digest: "5d3c01fe".to_owned(),
        decoders: "symphonia 0.6.1".to_owned(),
        manifest_digest: "5ea1ed".to_owned(),
        complete: true,
        counts,
        change: None,
    }
}

pub(super) fn bytes_of(format: Format, summary: &RunSummary, records: &[ItemRecord]) -> Vec<u8> {
    let mut out = Vec::new();
    let records = records.iter().cloned().map(Ok::<_, ReportError>);
    write(format, summary, records, &mut out).unwrap();
    out
}

/// The report as text. Of binary formats it is their content, see below.
pub(super) fn report_of(format: Format, summary: &RunSummary, records: &[ItemRecord]) -> String {
    let out = bytes_of(format, summary, records);
    match format {
        Format::Xlsx => text_of_workbook(out),
        Format::Parquet => text_of_parquet(out),
        Format::Pdf => text_of_pages(summary, records),
        _ => String::from_utf8(out).unwrap(),
    }
}

/// The cells of each sheet, separated by tabs; text is quoted.
pub(in crate::report) fn text_of_workbook(bytes: Vec<u8>) -> String {
    use calamine::{Data, Reader as _, Xlsx};
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(io::Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    for (name, range) in book.worksheets() {
        text += &format!("# {name}\n");
        for row in range.rows() {
            let cells = row.iter().map(|cell| match cell {
                Data::Empty => String::new(),
                Data::String(cell) => format!("{cell:?}"),
                Data::Float(number) => number.to_string(),
                other => panic!("{other:?}"),
            });
            text += &(cells.collect::<Vec<_>>().join("\t") + "\n");
        }
    }
    text
}

pub(super) fn text_of_parquet(bytes: Vec<u8>) -> String {
    use ::parquet::file::reader::{FileReader as _, SerializedFileReader};
    let file = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
    let rows = file.get_row_iter(None).unwrap().map(|row| format!("{}\n", row.unwrap()));
    rows.collect()
}

/// The text drawn on each page, in order.
pub(super) fn text_of_pages(summary: &RunSummary, records: &[ItemRecord]) -> String {
    let mut writer = pdf::PdfWriter::new(Vec::new(), pdf::MAX_EXHIBITS);
    writer.begin(summary).unwrap();
    for record in records {
        writer.item(record).unwrap();
    }
    writer.drawn().unwrap()
}

pub(super) fn report(format: Format, records: &[ItemRecord]) -> String {
    report_of(format, &summary(records), records)
}

pub(super) fn csv_rows(report: &str) -> Vec<Vec<String>> {
    let report = report.strip_prefix('\u{FEFF}').unwrap();
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(report.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// This many items with one finding each.
pub(super) fn many(count: u32) -> Vec<ItemRecord> {
    let item = |number| record(&format!("/dump/{number:05}.ogg"), vec![finding("rec-1")]);
    (0..count).map(item).collect()
}
