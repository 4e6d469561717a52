//! What labels deliver, read into entries: tables (CSV, TSV, XLSX), DDEX ERN messages, JSONL.
//!
//! ```text
//! file ─kind─▶ reader (table │ xlsx │ jsonl │ ern) ─Row─▶ catalog::EntryImport ─▶ entries
//!                 │ encoding: any text → UTF-8          └ Problem: file, row, column, value, why
//!                 └ columns: headers → fields
//! ```
//!
//! A reader holds one row at a time, of bounded size; an ERN reader one message's recordings and releases. A row
//! with something wrong in it is refused whole, with all that is wrong; the others go in. Nothing here opens a
//! sound file but `audio`, and nothing reaches out of the folders that were named.

mod audio;
mod columns;
mod encoding;
mod ern;
mod field;
mod jsonl;
mod kind;
mod run;
mod table;
mod value;
mod xlsx;

pub use columns::{Mapping, MappingError, presets};
pub use encoding::Encoding;
pub use field::Field;
pub use field::cells;
pub use kind::{DeliveryKind, files};
pub use run::{Event, Import, ImportError, Links, Outcome};
pub use value::DateOrder;

use std::path::Path;

use crate::catalog::Entry;
use crate::wording::{shorten, visible};

/// Bytes of one row, one line or one run of text in XML beyond which it is none: a row with 2,000 characters in each of
/// thirty fields has 60 kB.
pub const MAX_ROW_BYTES: usize = 1 << 20;

/// The encoding of a name, such as `windows-1252`.
pub fn encoding(name: &str) -> Option<Encoding> {
    encoding_rs::Encoding::for_label(name.as_bytes())
}

/// Where something stands in a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Spot {
    /// Row of a table (its header is row 1), line of a text; 0 for the file as a whole.
    pub row: u64,
    /// Sheet of a workbook, reference of a recording in an ERN message; else empty.
    pub part: String,
}

/// A row that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Where.
    pub spot: Spot,
    /// What it says.
    pub entry: Entry,
}

/// Longest that is said of one problem, its value aside.
const MAX_WHY_CHARS: usize = 500;

/// Something that is wrong, or that is to be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub spot: Spot,
    /// The column, field or element; empty for the row as a whole.
    pub column: String,
    /// The value, shortened; empty if it is not one value.
    pub value: String,
    /// What is wrong with it and what to do, as the rest of a sentence that begins with the value.
    pub why: String,
    /// Whether the row was left out for it.
    pub is_fatal: bool,
}

impl Problem {
    /// What is wrong with a whole file, row or recording, for which it is left out.
    pub(crate) fn refused(spot: Spot, why: impl Into<String>) -> Self {
        let (column, value) = (String::new(), String::new());
        // Parsers quote what they stumbled over, however long it is.
        let why = visible(&shorten(&why.into(), MAX_WHY_CHARS)).into_owned();
        Self { spot, column, value, why, is_fatal: true }
    }

    /// The same of something that goes in all the same.
    pub(crate) fn warning(spot: Spot, why: impl Into<String>) -> Self {
        Self { is_fatal: false, ..Self::refused(spot, why) }
    }

    /// … of a value.
    pub(crate) fn of(mut self, column: &str, value: &str) -> Self {
        column.clone_into(&mut self.column);
        self.value = shorten(value, 60).into_owned();
        self
    }
}

/// Takes what a reader reads; false ends the reading.
pub trait Take {
    /// Takes a row.
    fn row(&mut self, row: Row) -> bool;
    /// Takes a problem.
    fn problem(&mut self, problem: Problem) -> bool;
}

/// How files are read.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Which columns hold what; found by the headers if not given.
    pub mapping: Option<Mapping>,
    /// Encoding of texts; found by their bytes if not given.
    pub encoding: Option<Encoding>,
    /// Delimiter of tables; found by their first lines if not given.
    pub delimiter: Option<u8>,
    /// Rows after which reading ends, of each file.
    pub max_rows: Option<u64>,
}

/// Reads a file of whatever kind it is.
pub fn read(path: &Path, options: &Options, take: &mut dyn Take) {
    let refused = |why: String| Problem::refused(Spot::default(), why);
    let kind = match DeliveryKind::of(path) {
        Ok(Some(kind)) => kind,
        Ok(None) => {
            let is_empty = path.metadata().is_ok_and(|metadata| metadata.len() == 0);
            let why = if is_empty {
                "is empty (0 bytes): have it sent again"
            } else {
                "is no table, XLSX workbook, ERN message or JSONL; convert it to CSV (UTF-8)"
            };
            take.problem(refused(why.into()));
            return;
        }
        Err(error) => {
            take.problem(refused(format!("cannot be read: {error}")));
            return;
        }
    };
    let done = match kind {
        DeliveryKind::Table => table::read(path, options, take),
        DeliveryKind::Xlsx => xlsx::read(path, options, take),
        DeliveryKind::Jsonl => jsonl::read(path, options, take),
        DeliveryKind::Ern => ern::read(path, options, take),
    };
    if let Err(problem) = done {
        take.problem(problem);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What was read, and what is wrong.
    #[derive(Default)]
    struct Taken {
        rows: Vec<Row>,
        problems: Vec<Problem>,
    }

    impl Take for Taken {
        fn row(&mut self, row: Row) -> bool {
            self.rows.push(row);
            true
        }

        fn problem(&mut self, problem: Problem) -> bool {
            self.problems.push(problem);
            true
        }
    }

    fn taken(bytes: &[u8]) -> Taken {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("delivery");
        std::fs::write(&path, bytes).expect("a file");
        let mut taken = Taken::default();
        read(&path, &Options::default(), &mut taken);
        taken
    }

    const MESSAGE: &str = "<?xml version=\"1.0\"?><NewReleaseMessage><ResourceList><SoundRecording><SoundRecordingId>\
        <ISRC>GBAYE0000351</ISRC></SoundRecordingId><ResourceReference>A1</ResourceReference><ReferenceTitle>\
        <TitleText>A &amp; B</TitleText></ReferenceTitle><Duration>PT3M</Duration></SoundRecording></ResourceList>\
        <ReleaseList><Release><ReleaseId><ICPN>036000291452</ICPN></ReleaseId><ReleaseReference>R0</ReleaseReference>\
        <ReleaseResourceReferenceList><ReleaseResourceReference>A1</ReleaseResourceReference>\
        </ReleaseResourceReferenceList></Release></ReleaseList></NewReleaseMessage>";
    const TABLE: &str = "title;isrc;upc\r\n\"A; \"\"B\"\"\";GBAYE0000351;036000291452\r\n";
    const LINE: &str = "{\"title\":\"A\",\"isrcs\":[\"GBAYE0000351\"],\"releases\":[{\"upc\":\"036000291452\"}]}\n";

    #[test]
    fn what_is_whole_is_read() {
        for whole in [MESSAGE, TABLE, LINE] {
            let Taken { rows, problems } = taken(whole.as_bytes());
            assert_eq!((rows.len(), problems), (1, Vec::new()));
            assert_eq!(rows[0].entry.isrcs, ["GBAYE0000351"]);
            assert_eq!(rows[0].entry.releases[0].upc, "036000291452");
        }
        for nothing in [&b""[..], b"  \n", b"\x00\x01\x02", b"PK\x03\x04"] {
            assert_eq!(taken(nothing).problems.len(), 1, "{nothing:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        /// Damage costs rows, and says so; it is never a panic, and no identifier that is wrong goes in.
        #[test]
        fn damage_is_a_problem_and_never_a_panic(
            which in 0_usize..3,
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
            cut in any::<Option<prop::sample::Index>>(),
        ) {
            let mut bytes = [MESSAGE, TABLE, LINE][which].as_bytes().to_vec();
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            let Taken { rows, .. } = taken(&bytes);
            for isrc in rows.iter().flat_map(|row| &row.entry.isrcs) {
                let known = crate::identifier::Identifier::parse(isrc.as_bytes());
                prop_assert!(matches!(known, Some(crate::identifier::Identifier::Isrc(_))));
            }
        }

        #[test]
        fn an_entry_is_the_same_after_its_cells(
            titles in prop::collection::vec("[ -~äß]{0,12}", 6),
            releases in prop::collection::vec(("[A-C]{0,1}", "[0-3]{0,1}", "(2020-04-03)?"), 0..4),
            seconds in prop::option::of(0.0_f64..1e5),
        ) {
            let releases = releases.into_iter().map(|(title, catalogue_number, date)| {
                crate::catalog::Release { title, catalogue_number, date, ..Default::default() }
            });
            let entry = Entry {
                entry_id: "e".into(),
                title: titles[0].clone(),
                version: titles[1].clone(),
                artists: titles[2..4].to_vec(),
                own_ids: titles[4..].to_vec(),
                releases: releases.collect(),
                duration_seconds: seconds,
                ..Entry::default()
            };
            let once = field::checked(&entry).expect("nothing is wrong with it");
            let again = field::checked(&once).expect("nothing is wrong with it");
            prop_assert_eq!(&once, &again);
        }
    }
}
