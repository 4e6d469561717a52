//! CSV with the columns of `acrcloud_scan_files_python3`, for tools that read that program's tables.
//!
//! Names and order of the columns are those of that program's CSV; the last four are of its later versions. They contain:
//!
//! | column | holds |
//! |---|---|
//! | `filename` | path of the item |
//! | `status_code` | 0 found, 1001 nothing found, 2004 could not be read |
//! | `start_time_ms`, `end_time_ms` | `hh:mm:ss` in the item, as that program writes them |
//! | `duration_ms` | of the item |
//! | `score` | 100 for a match, 70 for a suspect, 30 for shared material, which does not show that the recording is used. Arbitrary numbers, for sorting: Leakhound has no score from 0 to 100 |
//! | `acrid` | id of the recording in the label's catalogue |
//! | `similar_results` | ids of recordings with the same passage, joined by `\|##\|` |
//! | `artists_names` | as displayed, joined by `\|##\|` |
//! | `sample_…_time_offset_ms`, `db_…_time_offset_ms` | the span in the item, and in the recording |
//!
//! There is one row for each span, and one for each item without findings. No column could say that a use is licensed, that an item
//! only names a recording, or that a person dismissed a finding: such findings are left out. Cells are made harmless as in the CSV
//! report.

use std::io::{self, Write};

use super::csv::{BYTE_ORDER_MARK, text};
use super::{Format, ReportError, ReportWriter, RunSummary};
use crate::record::{FailureKind, Finding, ItemRecord, Relation, Span, Verdict};

/// The columns, in order.
pub const COLUMNS: [&str; 26] = [
    "filename",
    "status_code",
    "start_time_ms",
    "end_time_ms",
    "duration_ms",
    "played_duration_ms",
    "title",
    "score",
    "similar_results",
    "artists_names",
    "isrc",
    "upc",
    "spotify_id",
    "youtube_id",
    "deezer_id",
    "release_date",
    "label",
    "acrid",
    "sample_begin_time_offset_ms",
    "sample_end_time_offset_ms",
    "db_begin_time_offset_ms",
    "db_end_time_offset_ms",
    "album_name",
    "composers",
    "lyricists",
    "language",
];

/// Writes the table.
pub struct AcrcloudWriter<W: Write> {
    rows: csv::Writer<W>,
}

impl<W: Write> std::fmt::Debug for AcrcloudWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AcrcloudWriter").finish_non_exhaustive()
    }
}

impl<W: Write> AcrcloudWriter<W> {
    /// A writer to `out`.
    pub fn new(out: W) -> Self {
        let rows = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        Self { rows }
    }

    fn row(&mut self, cells: &[String; COLUMNS.len()]) -> Result<(), ReportError> {
        let written = self.rows.write_record(cells.iter().map(|cell| text(cell).into_owned()));
        written.map_err(|error| Format::Acrcloud.failed(io::Error::from(error)))
    }
}

/// Seconds as whole milliseconds.
fn milliseconds(seconds: f64) -> String {
    ((seconds * 1_000.0).round() as i64).to_string()
}

/// Seconds as `hh:mm:ss`, rounded down.
fn hours(seconds: f64) -> String {
    let seconds = seconds.max(0.0) as u64;
    format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// The cells about the item, with this status code; the others are empty.
fn item(record: &ItemRecord, status: u32) -> [String; COLUMNS.len()] {
    let mut cells = [const { String::new() }; COLUMNS.len()];
    cells[0].clone_from(&record.item.path);
    cells[1] = status.to_string();
    cells[4] = milliseconds(record.item.duration_seconds);
    cells
}

/// The row of one span of a finding.
fn row(record: &ItemRecord, finding: &Finding, span: &Span) -> [String; COLUMNS.len()] {
    let mut cells = item(record, 0);
    let work = finding.work.clone().unwrap_or_default();
    let release = work.releases.first().cloned().unwrap_or_default();
    let (from, to) = (span.item_start_seconds, span.item_end_seconds);
    cells[2] = hours(from);
    cells[3] = hours(to);
    cells[5] = milliseconds(to - from);
    cells[6].clone_from(&finding.title);
    cells[7] = match (finding.verdict, finding.relation) {
        (_, Some(Relation::SharedMaterial)) => 30,
        (Verdict::Match, _) => 100,
        _ => 70,
    }
    .to_string();
    cells[8] = finding.shares_passage_with.join("|##|");
    cells[9] = finding.artist.replace("; ", "|##|");
    cells[10].clone_from(&finding.isrc);
    cells[11] = release.upc;
    cells[15] = release.date;
    cells[16] = work.label;
    cells[17].clone_from(&finding.recording_id);
    cells[18] = milliseconds(from);
    cells[19] = milliseconds(to);
    cells[20] = milliseconds(span.recording_start_seconds);
    cells[21] = milliseconds(span.recording_end_seconds);
    cells[22] = release.title;
    cells
}

impl<W: Write> ReportWriter for AcrcloudWriter<W> {
    fn begin(&mut self, _summary: &RunSummary) -> Result<(), ReportError> {
        let mut head = BYTE_ORDER_MARK.to_vec();
        head.extend_from_slice(COLUMNS[0].as_bytes());
        let columns = std::iter::once(head.as_slice())
            .chain(COLUMNS[1..].iter().map(|column| column.as_bytes()));
        let written = self.rows.write_record(columns);
        written.map_err(|error| Format::Acrcloud.failed(io::Error::from(error)))
    }

    fn item(&mut self, record: &ItemRecord) -> Result<(), ReportError> {
        let mut found = false;
        for finding in
            record.findings.iter().filter(|f| f.verdict <= Verdict::Suspect && !f.is_dismissed())
        {
            for span in &finding.spans {
                found = true;
                self.row(&row(record, finding, span))?;
            }
        }
        match &record.failure {
            // That program scans only sound files.
            Some(failure) if failure.kind == FailureKind::NotAudio => Ok(()),
            Some(_) => self.row(&item(record, 2004)),
            None if !found => self.row(&item(record, 1001)),
            None => Ok(()),
        }
    }

    fn end(&mut self) -> Result<(), ReportError> {
        self.rows.flush().map_err(|source| Format::Acrcloud.failed(source))
    }
}
