//! CSV: one row for each work in each dump where it is or was. Cells are made harmless as in the report of a run.

use std::io::{self, Write};

use super::facts::{Dump, Place, Work};
use super::gather::Across;
use super::words;
use crate::report::csv::{BYTE_ORDER_MARK, text};
use crate::report::{Format, ReportError};
use crate::results::About;

/// The columns, also those of the workbook's sheet of places.
pub(super) const COLUMNS: [&str; 32] = [
    "recording_id",
    "artist",
    "title",
    "isrc",
    "label",
    "release",
    "upc",
    "p_line",
    "registration",
    "dump",
    "name",
    "version",
    "revision",
    "licence",
    "source",
    "publisher",
    "scanned",
    "is_there",
    "matches",
    "suspects",
    "as_released",
    "changed",
    "how",
    "strongest_claim",
    "strongest_played",
    "strongest_path",
    "strongest_finding",
    "first_day",
    "first_run",
    "last_day",
    "last_run",
    "notices",
];
/// Places of the columns that are numbers.
pub(super) const NUMBERS: [usize; 7] = [9, 18, 19, 20, 21, 28, 30];

/// The row of a place.
pub(super) fn cells(work: &Work, dump: &Dump, place: &Place) -> [String; COLUMNS.len()] {
    let about = dump.about.clone().unwrap_or_default();
    let About { name, version, revision, licence, source, publisher, .. } = about;
    [
        work.recording_id.clone(),
        work.artist.clone(),
        work.title.clone(),
        work.isrc.clone(),
        work.label.clone(),
        work.releases.clone(),
        work.upcs.clone(),
        work.p_line.clone(),
        work.registration.clone(),
        dump.number.to_string(),
        name,
        version,
        revision,
        licence,
        source,
        publisher,
        dump.roots.join("; "),
        if place.is_there() { "yes" } else { "no longer" }.to_owned(),
        place.matches.to_string(),
        place.suspects.to_string(),
        place.as_released.to_string(),
        place.changed.to_string(),
        words::how(place),
        place.claim.clone(),
        place.how.clone(),
        place.path.clone(),
        place.finding_id.clone(),
        place.first_day.clone(),
        place.first_run.to_string(),
        place.last_day.clone(),
        place.last_run.to_string(),
        words::notices([place]),
    ]
}

pub(super) fn write(across: &Across, out: &mut dyn Write) -> Result<(), ReportError> {
    let failed = |error| Format::Csv.failed(io::Error::from(error));
    let mut rows = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(out);
    // The mark is joined to the first name, so that no quote comes before it.
    let mut head = BYTE_ORDER_MARK.to_vec();
    head.extend_from_slice(COLUMNS[0].as_bytes());
    let columns = std::iter::once(head.as_slice()).chain(COLUMNS[1..].iter().map(|c| c.as_bytes()));
    rows.write_record(columns).map_err(failed)?;
    across.each_work(|work| {
        for place in &work.places {
            let dump = &across.dumps[place.dump as usize - 1];
            let cells = cells(&work, dump, place);
            let cells = cells.iter().map(|cell| text(cell).into_owned());
            rows.write_record(cells).map_err(failed)?;
        }
        Ok(true)
    })?;
    rows.flush().map_err(|source| Format::Csv.failed(source))
}
