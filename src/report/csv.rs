//! CSV for spreadsheets: one row a finding, one row an item without findings.
//!
//! UTF-8 with a byte-order mark, commas, CRLF (RFC 4180). The columns, always all and in this order:
//!
//! | column | holds |
//! |---|---|
//! | `item_path` | path of the item |
//! | `size_bytes` | its size on disk |
//! | `sha256` | SHA-256 of its bytes |
//! | `codec` | codec of its first audio stream |
//! | `duration_seconds` | decoded length, three decimals |
//! | `stream` | audio stream of the finding, from 0 |
//! | `verdict` | of the finding: `match`, `suspect` or `permitted`; without one of the item: `clear` or `failed` |
//! | `recording_id`, `title`, `artist`, `isrc`, `recording_path` | the recording found |
//! | `false_alarm_probability` | as `1.234e-12` |
//! | `score` | one decimal |
//! | `tempo` | item beside recording, four decimals; 1.1000 is 10 % faster |
//! | `pitch_cents` | item beside recording, one decimal |
//! | `spans` | `item start-item end > recording start-recording end`, joined by `; ` |
//! | `item_coverage`, `recording_coverage` | shares from 0 to 1, four decimals |
//! | `failure_stage`, `failure_kind`, `failure_message` | why an item was not compared |
//! | `notes` | joined by `; ` |
//! | `shares_passage_with` | ids of recordings with the same passage, joined by `; ` |
//! | `locator` | where the item is, for programs |
//! | `containers` | kinds of the containers that it lies in, outermost first |
//! | `offset` | byte offset in the file on disk, if it lies there as it is |
//! | `tiers` | what speaks for the finding, joined by `; `: `T0` identifier, `T1` hash, `T3` sound, `T4` changed sound |
//! | `claimed_by` | where the item says so, joined by `; ` |
//! | `claims` | what identifiers and sound of the item say of each other |
//! | `standing` | why the finding is less than an infringement, or may be: a word, a colon and the reason |
//! | `torrent` | info-hash of the torrent that the item, or its container, is a file of |
//! | `torrent_file` | path of that file in the torrent |
//! | `torrent_integrity` | `verified`, `partial`, `unverified`, `damaged`, `unchecked` |
//! | `finding_id` | names the finding for good |
//! | `version`, `label` | of the recording |
//! | `release`, `upc`, `grid`, `catalogue_number` | of each release of it that has one, joined by `; ` |
//! | `p_line`, `c_line` | its ℗ and © lines |
//! | `decision`, `decision_ground`, `decision_reason`, `decided_by`, `decided_at` | what a person decided: `accepted`, `dismissed`, `deferred`; `review batch` reads the first four back |
//! | `decision_basis` | whether it was decided about this `item`, the same `bytes` elsewhere, or the same `sound` in other bytes |
//! | `registration`, `registration_date`, `first_published` | at the US Copyright Office, and when it first came out |
//!
//! A spreadsheet runs a cell that starts with `=`, `+`, `-` or `@` as a formula, and titles come
//! from strangers: such text gets a leading apostrophe. So does such text after a semicolon, which
//! parts the cells where the comma is the decimal sign. Control and bidirectional characters stand
//! as [`visible`] escapes, so a row is always one line. The exact text is in the JSONL report.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use crate::record::{Decision, Finding, ItemRecord, Span, TorrentFacts, Work};
use crate::text::{clock, visible};

use super::{Format, ReportError, ReportWriter, RunSummary};

/// The columns, in order. New ones are added at the end; none is renamed or taken away.
pub const COLUMNS: [&str; 52] = [
    "item_path",
    "size_bytes",
    "sha256",
    "codec",
    "duration_seconds",
    "stream",
    "verdict",
    "recording_id",
    "title",
    "artist",
    "isrc",
    "recording_path",
    "false_alarm_probability",
    "score",
    "tempo",
    "pitch_cents",
    "spans",
    "item_coverage",
    "recording_coverage",
    "failure_stage",
    "failure_kind",
    "failure_message",
    "notes",
    "shares_passage_with",
    "locator",
    "containers",
    "offset",
    "tiers",
    "claimed_by",
    "claims",
    "standing",
    "torrent",
    "torrent_file",
    "torrent_integrity",
    "finding_id",
    "version",
    "label",
    "release",
    "upc",
    "grid",
    "catalogue_number",
    "p_line",
    "c_line",
    "registration",
    "registration_date",
    "first_published",
    "decision",
    "decision_ground",
    "decision_reason",
    "decided_by",
    "decided_at",
    "decision_basis",
];

/// Byte-order mark: without it spreadsheets take UTF-8 for the machine's old code page.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
/// First characters of a formula, with the full-width forms that spreadsheets take for them.
const FORMULA_STARTS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

type Row<'a> = [Cow<'a, str>; COLUMNS.len()];

/// Writes the CSV report.
pub struct CsvWriter<W: Write> {
    rows: csv::Writer<W>,
}

impl<W: Write> std::fmt::Debug for CsvWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CsvWriter").finish_non_exhaustive()
    }
}

impl<W: Write> CsvWriter<W> {
    /// A writer to `out`.
    pub fn new(out: W) -> Self {
        let rows = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        Self { rows }
    }

    fn row<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) -> Result<(), ReportError> {
        let written = self.rows.write_record(cells);
        written.map_err(|error| Format::Csv.failed(io::Error::from(error)))
    }
}

impl<W: Write> ReportWriter for CsvWriter<W> {
    fn begin(&mut self, _summary: &RunSummary) -> Result<(), ReportError> {
        // The mark belongs to the file, not to the first column's name, so that a quote around the
        // name cannot come between.
        let mut head = BYTE_ORDER_MARK.to_vec();
        head.extend_from_slice(COLUMNS[0].as_bytes());
        let columns = std::iter::once(head.as_slice())
            .chain(COLUMNS[1..].iter().map(|column| column.as_bytes()));
        let written = self.rows.write_record(columns);
        written.map_err(|error| Format::Csv.failed(io::Error::from(error)))
    }

    fn item(&mut self, record: &ItemRecord) -> Result<(), ReportError> {
        if record.findings.is_empty() {
            let row = cells(record, None);
            return self.row(row.iter().map(AsRef::as_ref));
        }
        record.findings.iter().try_for_each(|finding| {
            let row = cells(record, Some(finding));
            self.row(row.iter().map(AsRef::as_ref))
        })
    }

    fn end(&mut self) -> Result<(), ReportError> {
        self.rows.flush().map_err(|source| Format::Csv.failed(source))
    }
}

/// One row, in the order of [`COLUMNS`].
fn cells<'a>(record: &'a ItemRecord, finding: Option<&'a Finding>) -> Row<'a> {
    let item = &record.item;
    let failure = record.failure.as_ref();
    let name = |of: fn(&Finding) -> &str| text(finding.map_or("", of));
    let torrent = |of: fn(&TorrentFacts) -> &str| text(item.torrent.as_ref().map_or("", of));
    let work = |of: fn(&Work) -> String| {
        let said = finding.and_then(|finding| finding.work.as_ref()).map_or(String::new(), of);
        Cow::Owned(text(&said).into_owned())
    };
    let number = |of: &dyn Fn(&Finding) -> String| Cow::Owned(finding.map_or(String::new(), of));
    let decided = |of: &dyn Fn(&Decision) -> String| {
        let decision = finding.and_then(|finding| finding.decision.as_ref());
        Cow::Owned(text(&decision.map_or_else(String::new, of)).into_owned())
    };
    [
        text(&item.path),
        Cow::Owned(item.size_bytes.to_string()),
        text(&item.sha256),
        text(&item.codec),
        Cow::Owned(fixed(item.duration_seconds, 3)),
        number(&|f| f.stream.to_string()),
        Cow::Borrowed(finding.map_or(record.verdict, |f| f.verdict).as_str()),
        name(|f| &f.recording_id),
        name(|f| &f.title),
        name(|f| &f.artist),
        name(|f| &f.isrc),
        name(|f| &f.recording_path),
        number(&|f| format!("{:.3e}", f.false_alarm_probability)),
        number(&|f| fixed(f.score, 1)),
        number(&|f| fixed(f.tempo, 4)),
        number(&|f| fixed(f.pitch_cents, 1)),
        number(&|f| spans(&f.spans)),
        number(&|f| fixed(f.item_coverage, 4)),
        number(&|f| fixed(f.recording_coverage, 4)),
        Cow::Borrowed(failure.map_or("", |failure| failure.stage.as_str())),
        text(failure.map_or("", |failure| &failure.kind)),
        text(failure.map_or("", |failure| &failure.message)),
        Cow::Owned(text(&record.notes.join("; ")).into_owned()),
        number(&|f| text(&f.shares_passage_with.join("; ")).into_owned()),
        text(&item.locator),
        text(&item.containers),
        Cow::Owned(item.offset.map_or(String::new(), |offset| offset.to_string())),
        number(&|f| text(&f.tiers.join("; ")).into_owned()),
        number(&|f| text(&f.claimed_by.join("; ")).into_owned()),
        text(&record.claims),
        number(&|f| {
            let told = f.standing.as_ref().map(|s| format!("{}: {}", s.kind.as_str(), s.reason));
            text(&told.unwrap_or_default()).into_owned()
        }),
        torrent(|torrent| match torrent.info_hash.as_str() {
            "" => &torrent.info_hash_v2,
            hash => hash,
        }),
        torrent(|torrent| &torrent.file),
        torrent(|torrent| torrent.integrity.as_str()),
        name(|f| &f.finding_id),
        work(|work| work.version.clone()),
        work(|work| work.label.clone()),
        work(|work| work.of_releases(|release| &release.title)),
        work(|work| work.of_releases(|release| &release.upc)),
        work(|work| work.of_releases(|release| &release.grid)),
        work(|work| work.of_releases(|release| &release.catalogue_number)),
        work(|work| work.p_line.clone()),
        work(|work| work.c_line.clone()),
        work(|work| work.registration.clone()),
        work(|work| work.registration_date.clone()),
        work(|work| work.first_published.clone()),
        decided(&|d| d.state.as_str().to_owned()),
        decided(&|d| d.ground.map_or_else(String::new, |g| g.as_str().to_owned())),
        decided(&|d| d.reason.clone()),
        decided(&|d| d.by.clone()),
        decided(&|d| d.at.clone()),
        decided(&|d| d.basis.as_str().to_owned()),
    ]
}

/// A number with a fixed count of decimals; minus zero is zero.
fn fixed(number: f64, decimals: usize) -> String {
    let written = format!("{number:.decimals$}");
    match written.strip_prefix('-') {
        Some(zero) if zero.bytes().all(|byte| matches!(byte, b'0' | b'.')) => zero.to_owned(),
        _ => written,
    }
}

/// `item start-item end > recording start-recording end; …`
fn spans(spans: &[Span]) -> String {
    let mut written = String::new();
    for span in spans {
        let between = if written.is_empty() { "" } else { "; " };
        // Writing into a String does not fail.
        let _ = write!(
            written,
            "{between}{}-{} > {}-{}",
            clock(span.item_start_seconds),
            clock(span.item_end_seconds),
            clock(span.recording_start_seconds),
            clock(span.recording_end_seconds)
        );
    }
    written
}

/// A stranger's text as a cell that is only ever text.
fn text(raw: &str) -> Cow<'_, str> {
    if raw.starts_with(['\t', '\r']) {
        return Cow::Owned(format!("'{}", disarmed(&visible(raw))));
    }
    match visible(raw) {
        Cow::Borrowed(plain) => disarmed(plain),
        Cow::Owned(escaped) => Cow::Owned(disarmed(&escaped).into_owned()),
    }
}

/// The text with an apostrophe before each formula start that could come to begin a cell: past
/// blanks and quotes, at the front or after a semicolon.
fn disarmed(shown: &str) -> Cow<'_, str> {
    if !shown.contains(FORMULA_STARTS) {
        return Cow::Borrowed(shown);
    }
    let pieces = shown.split(';').map(|piece| {
        let start = piece.trim_start_matches(|c: char| c.is_whitespace() || c == '"');
        let mark = if start.starts_with(FORMULA_STARTS) { "'" } else { "" };
        format!("{mark}{piece}")
    });
    Cow::Owned(pieces.collect::<Vec<_>>().join(";"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_would_be_a_formula_gets_an_apostrophe() {
        for start in ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", " =1", "\"=1"] {
            assert_eq!(text(start), format!("'{start}"));
        }
        assert_eq!(text("\t=1"), "'\\t=1");
        assert_eq!(text("\r=1"), "'\\r=1");
        assert_eq!(text("a; =1;b"), "a;' =1;b");
    }

    #[test]
    fn text_that_is_no_formula_stays_as_it_is() {
        for plain in ["", "A-ha", "1+1=2", "Who; what", "Ke$ha @ home", "'t Is"] {
            assert_eq!(text(plain), plain);
        }
    }

    #[test]
    fn minus_zero_is_zero_and_a_negative_number_stays_one() {
        assert_eq!(fixed(-0.04, 1), "0.0");
        assert_eq!(fixed(-0.05001, 1), "-0.1");
        assert_eq!(fixed(-386.31, 1), "-386.3");
    }
}
