//! The promises that every format keeps. Snapshots lie in `snapshots/`; to renew them after a
//! change that was meant, run with `LEAKHOUND_RENEW_SNAPSHOTS=1` and read the difference.

use std::io::{self, Write};
use std::path::Path;

use super::*;
use crate::record::{
    Basis, ClaimCheck, Decision, DecisionState, Evidence, Explained, FailureKind, FailureRecord,
    Finding, Ground, ItemFacts, ItemRecord, PeakWindow, Relation, Release, RunnerUp, Span, Stage,
    Tier, Verdict, Work,
};

/// Text that means harm: markup, a formula, a terminal escape, a bidirectional override.
const HOSTILE: &str = "=cmd|' /C calc'!A0</td></script><script>alert(1)</script>\
                       \"><img src=x onerror=alert(1)>{{7*7}}\u{202E}gpj\u{1b}[31m\r\n\0&amp;";

pub(super) fn finding(id: &str) -> Finding {
    Finding {
        recording_id: id.to_owned(),
        recording_path: format!("/catalogue/{id}.flac"),
        title: "Night Train".to_owned(),
        artist: "The Harbour".to_owned(),
        isrc: "GBABC2400001".to_owned(),
        verdict: Verdict::Match,
        false_alarm_probability: 3.2e-41,
        score: 1234.5,
        tempo: 1.0,
        pitch_cents: 0.0,
        spans: vec![span((0.0, 200.0), (0.0, 200.0))],
        item_coverage: 1.0,
        recording_coverage: 1.0,
        stream: 0,
        shares_passage_with: Vec::new(),
        tiers: vec![Tier::Sound],
        claimed_by: Vec::new(),
        standing: None,
        relation: None,
        explained: None,
        evidence: None,
        finding_id: "f-0123456789abcdef".to_owned(),
        work: Some(work("Harbour Records")),
        sound: "5d".repeat(32),
        decision: None,
    }
}

fn decision(text: &str) -> Decision {
    Decision {
        state: DecisionState::Dismissed,
        ground: Some(Ground::SharedSample),
        reason: text.to_owned(),
        by: text.to_owned(),
        at: "2026-11-23T19:12:34Z".to_owned(),
        basis: Basis::Item,
    }
}

fn work(text: &str) -> Work {
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

fn evidence(text: &str) -> Evidence {
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

fn explained(recording_share: f64, elsewhere_share: f64) -> Explained {
    Explained { recording_share, item_share: 0.915, elsewhere_share, others_share: 0.218 }
}

fn span(item: (f64, f64), recording: (f64, f64)) -> Span {
    Span {
        item_start_seconds: item.0,
        item_end_seconds: item.1,
        recording_start_seconds: recording.0,
        recording_end_seconds: recording.1,
    }
}

pub(super) fn record(path: &str, findings: Vec<Finding>) -> ItemRecord {
    ItemRecord {
        item: ItemFacts {
            path: path.to_owned(),
            size_bytes: 4_008_123,
            sha256: "ab".repeat(32),
            codec: "vorbis".to_owned(),
            duration_seconds: 200.0,
            streams: 1,
            locator: path.replace(' ', "%20"),
            containers: String::new(),
            offset: Some(0),
            torrent: None,
        },
        verdict: findings.first().map_or(Verdict::Clear, |finding| finding.verdict),
        findings,
        failure: None,
        notes: Vec::new(),
        claims: ClaimCheck::default(),
    }
}

fn failed(path: &str, stage: Stage, kind: FailureKind, message: &str) -> ItemRecord {
    let message = message.to_owned();
    let mut record = record(path, Vec::new());
    record.item.duration_seconds = 0.0;
    record.item.codec.clear();
    record.verdict = Verdict::Failed;
    record.failure = Some(FailureRecord { stage, kind, message });
    record
}

/// One of each: a match with a second finding, a clear item, both failures, a suspect.
fn sample() -> Vec<ItemRecord> {
    let slowed = Finding {
        verdict: Verdict::Suspect,
        title: String::new(),
        artist: String::new(),
        isrc: String::new(),
        work: None,
        sound: String::new(),
        decision: None,
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

fn hostile() -> Vec<ItemRecord> {
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

fn summary(records: &[ItemRecord]) -> RunSummary {
    let mut counts = Counts::default();
    for record in records {
        counts.add(record);
    }
    RunSummary {
        run_id: "run-1".to_owned(),
        tool_version: "0.1.0".to_owned(),
        mode: "full".to_owned(),
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

fn bytes_of(format: Format, summary: &RunSummary, records: &[ItemRecord]) -> Vec<u8> {
    let mut out = Vec::new();
    let records = records.iter().cloned().map(Ok::<_, ReportError>);
    write(format, summary, records, &mut out).unwrap();
    out
}

/// The report as text: of a format that is none, what is in it.
fn report_of(format: Format, summary: &RunSummary, records: &[ItemRecord]) -> String {
    let out = bytes_of(format, summary, records);
    match format {
        Format::Xlsx => text_of_workbook(out),
        Format::Parquet => text_of_parquet(out),
        Format::Pdf => text_of_pages(summary, records),
        _ => String::from_utf8(out).unwrap(),
    }
}

/// The cells of each sheet, those of text between quotes.
fn text_of_workbook(bytes: Vec<u8>) -> String {
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

fn text_of_parquet(bytes: Vec<u8>) -> String {
    use ::parquet::file::reader::{FileReader as _, SerializedFileReader};
    let file = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
    let rows = file.get_row_iter(None).unwrap().map(|row| format!("{}\n", row.unwrap()));
    rows.collect()
}

/// What is drawn on each page, in its order.
fn text_of_pages(summary: &RunSummary, records: &[ItemRecord]) -> String {
    let mut writer = pdf::PdfWriter::new(Vec::new(), pdf::MAX_EXHIBITS);
    writer.begin(summary).unwrap();
    for record in records {
        writer.item(record).unwrap();
    }
    writer.drawn().unwrap()
}

fn report(format: Format, records: &[ItemRecord]) -> String {
    report_of(format, &summary(records), records)
}

fn csv_rows(report: &str) -> Vec<Vec<String>> {
    let report = report.strip_prefix('\u{FEFF}').unwrap();
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(report.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

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
        assert_eq!(written.len(), expected.len(), "{} has another end", path.display());
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
fn jsonl_parses_back_to_the_very_records() {
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
fn csv_has_a_row_for_each_finding_and_for_each_item_without_one() {
    let rows = csv_rows(&report(Format::Csv, &sample()));
    assert_eq!(rows[0], table::COLUMNS.map(|(name, _)| name));
    let verdicts: Vec<_> = rows[1..].iter().map(|row| row[6].as_str()).collect();
    assert_eq!(verdicts, ["match", "suspect", "clear", "failed", "failed", "suspect"]);
    assert_eq!(
        rows[2][16],
        "0:00:10.0-0:00:20.0 > 0:00:30.0-0:00:38.5; 0:00:50.0-0:01:00.0 > 0:01:04.0-0:01:12.5"
    );
    assert_eq!(rows[2][15], "-281.4", "a number of ours stays a number");
}

#[test]
fn hostile_text_is_no_formula_and_no_line_break_in_csv() {
    let written = report(Format::Csv, &hostile());
    assert_eq!(written.lines().count(), 1 + 4);
    assert!(!written.contains(['\u{202E}', '\u{1b}', '\0']));
    for row in &csv_rows(&written)[1..] {
        assert_eq!(row.len(), table::COLUMNS.len());
        let start = row.iter().find(|cell| cell.starts_with(['=', '+', '@', '\t', '\r']));
        assert_eq!(start, None);
        assert!(row[0].starts_with("'=cmd"), "{}", row[0]);
    }
}

#[test]
fn hostile_text_is_no_formula_and_no_line_break_in_the_columns_of_acrcloud() {
    let mut records = hostile();
    // What was dismissed would be left out.
    records.iter_mut().flat_map(|record| &mut record.findings).for_each(|f| f.decision = None);
    let written = report(Format::Acrcloud, &records);
    // Of an item that is no sound that scanner has no row.
    assert_eq!(written.lines().count(), 1 + 3);
    assert!(!written.contains(['\u{202E}', '\u{1b}', '\0']));
    for row in &csv_rows(&written)[1..] {
        assert_eq!(row.len(), acrcloud::COLUMNS.len());
        let start = row.iter().find(|cell| cell.starts_with(['=', '+', '@', '\t', '\r']));
        assert_eq!(start, None);
        assert!(row[0].starts_with("'=cmd"), "{}", row[0]);
    }
}

#[test]
fn hostile_text_is_text_and_nothing_else_in_a_workbook() {
    let records = hostile();
    let book = bytes_of(Format::Xlsx, &summary(&records), &records);
    let mut zip = ::zip::ZipArchive::new(io::Cursor::new(book.clone())).unwrap();
    for at in 0..zip.len() {
        let mut part = zip.by_index(at).unwrap();
        let mut xml = String::new();
        io::Read::read_to_string(&mut part, &mut xml).unwrap();
        assert!(!xml.contains("<f>") && !xml.contains("<hyperlink"), "{:?}: {xml}", part.name());
        assert!(!xml.contains(['\u{202E}', '\u{1b}', '\0']), "{:?}", part.name());
    }
    let text = text_of_workbook(book);
    assert!(text.contains("=cmd|' /C calc'!A0</td></script>"), "{text}");
}

#[test]
fn a_text_that_is_longer_than_a_cell_loses_its_middle_in_a_workbook_and_nothing_in_parquet() {
    let long = format!("A{}Z", "é".repeat(40_000));
    let records = [record("/dump/x.ogg", vec![Finding { title: long.clone(), ..finding("r") }])];
    let book = report(Format::Xlsx, &records);
    assert!(book.contains("24,002 characters …"), "{}", book.len());
    assert!(report(Format::Parquet, &records).contains(&long));
}

#[test]
fn hostile_text_stays_what_it_is_in_parquet() {
    let rows = report(Format::Parquet, &hostile());
    assert!(rows.contains(HOSTILE), "{rows}");
}

#[test]
fn hostile_text_is_drawn_escaped_in_a_pdf_which_holds_no_script_link_or_date() {
    let records = hostile();
    let run = RunSummary { roots: vec![HOSTILE.to_owned()], ..summary(&records) };
    let pdf = bytes_of(Format::Pdf, &run, &records);
    assert!(pdf.starts_with(b"%PDF-1."));
    let has = |name: &str| pdf.windows(name.len()).any(|at| at == name.as_bytes());
    for name in ["/JavaScript", "/URI", "/Launch", "/AcroForm", "/OpenAction", "/CreationDate"] {
        assert!(!has(name), "{name}");
    }
    let drawn = text_of_pages(&run, &records);
    assert!(!drawn.contains(['\u{202E}', '\u{1b}', '\0', '\r']));
    assert!(drawn.contains("\\u{202E}"), "{drawn}");
}

#[test]
fn a_pdf_tells_the_numbers_of_characters_that_its_fonts_lack_and_shows_the_others() {
    let titled = |title: &str| Finding { title: title.to_owned(), ..finding("r") };
    let records = [record("/dump/x.ogg", vec![titled("夜に / Ночь / Νύχτα / Łódź")])];
    let drawn = report(Format::Pdf, &records);
    assert!(drawn.contains("‹U+591C U+306B› / Ночь / Νύχτα / Łódź"), "{drawn}");
    assert!(drawn.contains("4 characters of names and paths are in none of this document's fonts"));
}

#[test]
fn a_pdf_takes_what_its_font_lacks_from_the_fonts_that_are_named() {
    let named = pdf::fonts::tests::covering(&[(0x3042, 0x3093, 50), (0x591C, 0x591C, 120)]);
    let font = pdf::FontFile::new("named.ttf", named, 0).unwrap();
    let records =
        [record("/dump/x.ogg", vec![Finding { title: "夜に駆".to_owned(), ..finding("r") }])];
    let written = |fonts: Vec<pdf::FontFile>| {
        let mut out = Vec::new();
        let mut writer = pdf::PdfWriter::new(&mut out, 9).with_fonts(fonts);
        writer.begin(&summary(&records)).unwrap();
        writer.item(&records[0]).unwrap();
        writer.end().unwrap();
        let missing = writer.missing();
        drop(writer);
        (out, missing)
    };
    let (with, missing) = written(vec![font.clone()]);
    // On the works list and on the exhibit's page.
    assert_eq!(missing, 2, "one of the three is in no font");
    assert!(written(vec![font]).0 == with, "equal fonts give equal bytes");
    let (without, missing) = written(Vec::new());
    assert_eq!(missing, 6);
    let fonts = |pdf: &[u8]| pdf.windows(9).filter(|at| at == b"/FontFile").count();
    assert_eq!(fonts(&with), fonts(&without) + 1);
}

#[test]
fn a_font_whose_outlines_are_damaged_is_named_in_the_error() {
    let mut bytes = pdf::fonts::tests::covering(&[(0x591C, 0x591C, 120)]);
    let entry = bytes.windows(4).position(|tag| tag == b"loca").unwrap();
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let (offset, length) = (number(entry + 8), number(entry + 12));
    bytes[offset..offset + length].fill(0xFF);
    let font = pdf::FontFile::new("night.ttf", bytes, 0).unwrap();
    let found = Finding { title: "夜".to_owned(), ..finding("r") };
    let records = [record("/dump/x.ogg", vec![found])];
    let mut writer = pdf::PdfWriter::new(Vec::new(), 9).with_fonts(vec![font]);
    writer.begin(&summary(&records)).unwrap();
    writer.item(&records[0]).unwrap();
    let error = writer.end().unwrap_err().to_string();
    assert!(error.starts_with("the font night.ttf cannot be embedded ("), "{error}");
}

#[test]
fn a_pdf_has_headings_tables_bookmarks_and_words_for_its_pictures() {
    let pdf = bytes_of(Format::Pdf, &summary(&sample()), &sample());
    let count = |name: &str| pdf.windows(name.len()).filter(|at| *at == name.as_bytes()).count();
    for name in ["/StructTreeRoot", "/S/H1", "/S/Table", "/S/TH", "/S/TD", "/Outlines", "/Alt"] {
        assert!(count(name) > 0, "{name}");
    }
}

#[test]
fn a_pdf_has_a_page_for_so_many_findings_as_were_asked_for_matches_first() {
    let suspect = Finding { verdict: Verdict::Suspect, ..finding("rec-2") };
    let mut records = vec![record("/dump/0.ogg", vec![suspect])];
    records.extend((1..9).map(|n| record(&format!("/dump/{n}.ogg"), vec![finding("rec-1")])));
    let mut writer = pdf::PdfWriter::new(Vec::new(), 5);
    writer.begin(&summary(&records)).unwrap();
    for record in &records {
        writer.item(record).unwrap();
    }
    let drawn = writer.drawn().unwrap();
    assert!(drawn.contains("Exhibit 5: match") && !drawn.contains("Exhibit 6"), "{drawn}");
    assert!(drawn.contains("5 of 9 findings have a page"), "{drawn}");
}

#[test]
fn the_columns_of_acrcloud_have_a_row_for_each_span_and_none_for_what_is_permitted_or_dismissed() {
    let mut records = sample();
    records[0].findings[0].verdict = Verdict::Permitted;
    let rows = csv_rows(&report(Format::Acrcloud, &records));
    let of = |row: &[String]| [0, 1, 2, 7, 18, 20].map(|at| row[at].clone()).join(" ");
    let told: Vec<_> = rows[1..].iter().map(|row| of(row)).collect();
    assert_eq!(
        told,
        [
            "/dump/a/01 mix.ogg 0 00:00:10 30 10000 30000",
            "/dump/a/01 mix.ogg 0 00:00:50 30 50000 64000",
            "/dump/a/02 clear.ogg 1001    ",
            "/dump/a/03 short.ogg 2004    ",
            "/dump/b/04 noisy.ogg 1001    ",
        ]
    );
}

#[test]
fn hostile_text_is_no_markup_in_html() {
    let mut summary = summary(&hostile());
    for text in [
        &mut summary.run_id,
        &mut summary.tool_version,
        &mut summary.mode,
        &mut summary.roots[0],
        &mut summary.decoders,
        &mut summary.catalogue_digest,
        &mut summary.fingerprint_digest,
    ] {
        HOSTILE.clone_into(text);
    }
    let page = report_of(Format::Html, &summary, &hostile());
    assert!(!page.contains(['\u{202E}', '\u{1b}', '\0', '\r']));
    assert!(page.contains("\\u{202E}gpj\\u{001B}[31m\\r\\n\\u{0000}"));
    assert!(page.contains("{{7*7}}"));
    assert!(page.contains("&#38;amp;"), "what looks escaped is escaped once more");
    let tags = html_tags(&page);
    assert_eq!(tags.iter().filter(|tag| *tag == "script").count(), 1, "one script runs");
    let mut unquoted = tags.iter().flat_map(|tag| tag.split('"').step_by(2));
    assert!(!unquoted.any(|part| part.starts_with("img") || part.contains("onerror")));
    let texts = data(&page).to_string();
    assert!(
        texts.contains("<script>alert(1)</script>"),
        "what the scripts show is the text itself"
    );
}

/// What stands in the page for its scripts, all pieces in one list.
fn data(page: &str) -> serde_json::Value {
    let pieces = page.split("<script type=\"application/json\"").skip(1).map(|rest| {
        let json = rest.split_once('>').unwrap().1.split_once("</script>").unwrap().0;
        serde_json::from_str::<serde_json::Value>(json).unwrap()
    });
    pieces.collect()
}

#[test]
fn a_title_of_five_thousand_characters_is_short_in_the_table_and_whole_in_the_data() {
    let long = "W".repeat(5000);
    let found = Finding { title: long.clone(), ..finding("rec-1") };
    let page = report(Format::Html, &[record(&format!("/dump/{long}.ogg"), vec![found])]);
    assert!(page.contains("<bdi>WWWW"));
    assert!(page.contains("W … 4,840 characters … W"));
    let data = data(&page);
    assert_eq!(data[0]["recordings"][0][1], long.as_str());
    assert_eq!(data[1][0]["path"], format!("/dump/{long}.ogg"));
    assert!(data[0]["rows"][0][2].as_str().unwrap().len() < 500, "a row is short");
}

#[test]
fn the_page_is_valid_with_and_without_findings() {
    for records in [sample(), hostile(), Vec::new()] {
        html_tags(&report(Format::Html, &records));
    }
}

#[test]
fn the_page_asks_for_nothing_from_outside() {
    let page = report(Format::Html, &sample());
    for reference in ["http:", "https:", " src=", "url(", "@import", "<link", "fetch(", "import("] {
        // The one address is the name of SVG, which nobody asks for.
        let asks =
            |line: &&str| line.contains(reference) && !line.contains("http://www.w3.org/2000/svg");
        assert_eq!(page.lines().find(asks), None, "{reference}");
    }
    let links = page.split(" href=\"").skip(1);
    assert_eq!(links.filter(|link| !link.starts_with('#')).count(), 0);
}

#[test]
fn only_the_style_and_the_script_that_the_policy_names_may_run() {
    use base64::Engine as _;
    use sha2::Digest as _;
    let page = report(Format::Html, &sample());
    let policy = page.split_once("Content-Security-Policy\" content=\"").unwrap().1;
    let policy = policy.split_once('"').unwrap().0;
    assert!(policy.starts_with("default-src 'none'; "), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    for (element, rule) in [("style", "style-src"), ("script", "script-src")] {
        let text = page.split_once(&format!("<{element}>")).unwrap().1;
        let text = text.split_once(&format!("</{element}>")).unwrap().0;
        let digest = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(text));
        assert!(policy.contains(&format!("{rule} 'sha256-{digest}'")), "{element}: {policy}");
    }
    let attributes = [" style=", " onclick=", " onload="];
    let tags = html_tags(&page);
    assert!(!tags.iter().any(|tag| attributes.iter().any(|name| tag.contains(name))));
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
fn an_unfinished_run_says_so_at_the_top() {
    let run = RunSummary { complete: false, ..summary(&sample()) };
    let page = report_of(Format::Html, &run, &sample());
    assert!(page.find("<strong>Incomplete.</strong>").unwrap() < page.find("<main>").unwrap());
    assert!(!page.contains("<strong>Complete.</strong>"));
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

/// So many items with a finding each.
fn many(count: u32) -> Vec<ItemRecord> {
    let item = |number| record(&format!("/dump/{number:05}.ogg"), vec![finding("rec-1")]);
    (0..count).map(item).collect()
}

#[test]
fn findings_that_no_script_shows_are_counted() {
    let page = report(Format::Html, &many(203));
    assert_eq!(page.matches("<span class=\"badge match\">").count(), 200);
    assert!(page.contains("The first 200 findings, in the order of their paths; 3 more"));
    assert_eq!(data(&page)[0]["rows"].as_array().unwrap().len(), 203);
}

#[test]
fn more_findings_than_a_page_bears_are_counted_and_not_dropped_in_silence() {
    let (records, mut out) = (many(603), Vec::new());
    let mut writer = html::HtmlWriter::holding(&mut out, 600);
    writer.begin(&summary(&records)).unwrap();
    for record in &records {
        writer.item(record).unwrap();
    }
    writer.end().unwrap();
    let page = String::from_utf8(out).unwrap();
    let data = data(&page);
    let rows = |piece: &serde_json::Value| piece["rows"].as_array().map_or(0, Vec::len);
    assert_eq!(data.as_array().unwrap().iter().map(rows).sum::<usize>(), 600);
    assert!(page.contains("This page holds the first 600 of 603 findings"));
}

#[test]
fn what_has_changed_since_an_earlier_run_stands_in_the_summary() {
    let change = Change { since_run: "run-0".to_owned(), new: 1_200, gone: 3, standing: 7 };
    let run = RunSummary { change: Some(change), ..summary(&sample()) };
    let page = report_of(Format::Html, &run, &sample());
    assert!(page.contains("Since run <bdi>run-0</bdi>"));
    assert!(page.contains("<b>1,200</b> new findings, <b>3</b> gone, <b>7</b> still there."));
    assert!(!report(Format::Html, &sample()).contains("Since run"));
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

/// The inside of every start tag; panics where tags do not nest, ids repeat or text holds a bare
/// `<`. A reader of this page's own HTML, no general one.
fn html_tags(page: &str) -> Vec<String> {
    const VOID: [&str; 7] = ["meta", "br", "input", "rect", "line", "polyline", "circle"];
    let (mut open, mut tags, mut ids) = (Vec::new(), Vec::new(), Vec::new());
    let mut rest = page.strip_prefix("<!doctype html>").unwrap();
    while let Some((_, after)) = rest.split_once('<') {
        let (tag, after) = after.split_once('>').unwrap();
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "after {:?}", tags.last());
            continue;
        }
        let name = tag.split([' ', '/', '\n']).next().unwrap().to_owned();
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric()) && !name.is_empty(), "{tag}");
        assert!(tag.matches('"').count().is_multiple_of(2), "{tag}");
        if let Some((_, id)) = tag.split_once(" id=\"") {
            let id = id.split('"').next().unwrap().to_owned();
            assert!(!ids.contains(&id), "{id} stands twice");
            ids.push(id);
        }
        if name == "script" || name == "style" {
            rest = rest.split_once(&format!("</{name}>")).unwrap().1;
        } else if !VOID.contains(&name.as_str()) {
            open.push(name);
        }
        tags.push(tag.to_owned());
    }
    assert!(open.is_empty(), "{open:?} stay open");
    tags
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
            // Lines of the PDF end where there was a blank.
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
                // It has no column for it: what is no use of the recording is lowest in its order.
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
fn findings_of_before_claims_were_told_are_reported_without_and_none_is_counted() {
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
    assert!(lines.iter().any(|line| line.contains("1 matches, 0 suspects: 1 copy")), "{told}");
    let at = lines.iter().position(|line| line.starts_with("match ")).unwrap();
    assert_eq!(lines[at + 1], "copy of the whole recording", "{told}");
}

#[test]
fn what_people_decided_is_told_and_counted_in_each_format_and_takes_nothing_away() {
    let counts = summary(&sample()).counts;
    assert_eq!((counts.findings, counts.dismissed, counts.accepted, counts.deferred), (3, 1, 0, 0));
    assert_eq!(
        (counts.suspect, counts.alarms),
        (1, 1),
        "the match alarms, the dismissed suspect does not"
    );
    for format in Format::ALL {
        let written = report(format, &sample());
        let told = written.contains("dismissed") && written.contains("cleared in 2019");
        // Its columns are those of others: what was dismissed is no row of it.
        assert_eq!(told, format != Format::Acrcloud, "{format}");
    }
    let rows = csv_rows(&report(Format::Csv, &sample()));
    let at = rows[0].iter().position(|name| name == "decision").unwrap();
    let expected = ["dismissed", "shared_sample", "Same break, cleared in 2019."];
    assert_eq!(rows[6][at..at + 3], expected);
    assert_eq!(rows[6][6], "suspect", "the verdict is what was heard");
}
