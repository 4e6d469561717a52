//! Reads the deliveries of labels into entries: tables (CSV, TSV, XLSX), DDEX ERN messages, JSONL.
//!
//! ```text
//! file ─kind─▶ reader (table │ xlsx │ jsonl │ ern) ─Row─▶ catalog::EntryImport ─▶ entries
//!                 │ encoding: any text → UTF-8          └ Problem: file, row, column, value, why
//!                 └ columns: headers → fields
//! ```
//!
//! A reader holds one row of bounded size at a time; that of ERN holds the recordings and releases of one message. A row with
//! errors is refused as a whole, and all of its errors are reported; the other rows are imported. Only `audio` opens sound
//! files, and none outside of the folders that the user named.

mod audio;
mod columns;
mod encoding;
mod ern;
mod field;
mod jsonl;
mod kind;
mod run;
mod table;
mod unspaced;
mod value;
mod xlsx;

pub use columns::{Mapping, MappingError, presets};
pub use encoding::Encoding;
pub use field::Field;
pub use field::cells;
pub use kind::{DeliveryKind, files};
pub use run::{Event, Import, ImportError, Links, Outcome};
pub use value::DateOrder;

use std::ops::ControlFlow;
use std::path::Path;

use crate::catalog::{CatalogError, Entry};
use crate::wording::{shorten, visible};

/// Most bytes of one row, one line or one text in XML. A row with 2,000 characters in each of thirty fields has 60 kB; the
/// rest is margin, a guess.
pub const MAX_ROW_BYTES: usize = 1 << 20;

/// The encoding with a name, such as `windows-1252`.
pub fn encoding(name: &str) -> Option<Encoding> {
    encoding_rs::Encoding::for_label(name.as_bytes())
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Spot {
    /// Number of the row of a table or the line of a text, from 1; 0 for the file as a whole.
    pub row: u64,
    /// Name of the sheet of a workbook, or reference of a recording in an ERN message; else empty.
    pub part: String,
}

/// A row that was read without errors.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Place of the row in its file.
    pub spot: Spot,
    /// The recording that the row is about.
    pub entry: Entry,
}

/// Most characters of [`Problem::why`]: parsers quote the text that they cannot read. A guess.
const MAX_WHY_CHARS: usize = 500;
/// Most characters of [`Problem::value`]. A guess.
const MAX_VALUE_CHARS: usize = 60;

/// An error for which a row or file is refused, or a warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Place of the problem in its file.
    pub spot: Spot,
    /// The column, field or element; empty for the row as a whole.
    pub column: String,
    /// The value, shortened; empty if the problem is not one value.
    pub value: String,
    /// The error and the remedy, as the rest of a sentence that begins with the value.
    pub why: String,
    /// Whether the row or file is refused for it.
    pub is_fatal: bool,
}

impl Problem {
    /// An error for which a file, row or recording is refused.
    pub(crate) fn refused(spot: Spot, why: impl Into<String>) -> Self {
        let (column, value) = (String::new(), String::new());
        let why = visible(&shorten(&why.into(), MAX_WHY_CHARS)).into_owned();
        Self { spot, column, value, why, is_fatal: true }
    }

    /// A warning about a file, row or recording that is imported all the same.
    pub(crate) fn warning(spot: Spot, why: impl Into<String>) -> Self {
        Self { is_fatal: false, ..Self::refused(spot, why) }
    }

    /// Adds the column and the value that the problem is about.
    pub(crate) fn of(mut self, column: &str, value: &str) -> Self {
        column.clone_into(&mut self.column);
        self.value = shorten(value, MAX_VALUE_CHARS).into_owned();
        self
    }
}

/// Why the reading of a file ended before the end of the file.
#[derive(Debug)]
pub enum Stop {
    /// As many rows were read as were wanted, or the user stopped the import.
    Enough,
    /// The catalogue could not be read or written.
    Catalog(CatalogError),
}

/// Whether a reader reads on.
pub type Flow = ControlFlow<Stop>;

/// Receives the rows of a file and the problems in it, in their order.
pub trait Take {
    /// Takes a row.
    fn row(&mut self, row: Row) -> Flow;
    /// Takes a problem.
    fn problem(&mut self, problem: Problem) -> Flow;
}

/// Settings for reading files.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The fields of columns; found by the headers if not given.
    pub mapping: Option<Mapping>,
    /// Encoding of texts; found by their bytes if not given.
    pub encoding: Option<Encoding>,
    /// Delimiter of tables; found by their first lines if not given.
    pub delimiter: Option<u8>,
    /// Most rows that are read of each file, or of each sheet of a workbook.
    pub max_rows: Option<u64>,
}

/// Reads a file of any kind that is known. A file that cannot be read is a problem.
pub fn read(path: &Path, options: &Options, take: &mut dyn Take) -> Flow {
    let refused = |why: String| Problem::refused(Spot::default(), why);
    let kind = match DeliveryKind::of(path) {
        Ok(Some(kind)) => kind,
        Ok(None) => {
            let is_empty = path.metadata().is_ok_and(|metadata| metadata.len() == 0);
            let why = if is_empty {
                "is empty (0 bytes): have it sent again"
            } else {
                "is neither a table, an XLSX workbook, an ERN message nor JSONL; convert it to CSV (UTF-8)"
            };
            return take.problem(refused(why.into()));
        }
        Err(error) => {
            return take.problem(refused(format!("cannot be read: {error}")));
        }
    };
    let done = match kind {
        DeliveryKind::Table => table::read(path, options, take),
        DeliveryKind::Xlsx => xlsx::read(path, options, take),
        DeliveryKind::Jsonl => jsonl::read(path, options, take),
        DeliveryKind::Ern => ern::read(path, options, take),
    };
    done.unwrap_or_else(|problem| take.problem(problem))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The rows and problems of a file.
    #[derive(Default)]
    struct Taken {
        rows: Vec<Row>,
        problems: Vec<Problem>,
    }

    impl Take for Taken {
        fn row(&mut self, row: Row) -> Flow {
            self.rows.push(row);
            Flow::Continue(())
        }

        fn problem(&mut self, problem: Problem) -> Flow {
            self.problems.push(problem);
            Flow::Continue(())
        }
    }

    fn taken(bytes: &[u8]) -> Taken {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("delivery");
        std::fs::write(&path, bytes).expect("a file");
        let mut taken = Taken::default();
        assert!(read(&path, &Options::default(), &mut taken).is_continue());
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
    fn intact_deliveries_of_each_kind_are_read() {
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

    #[test]
    fn a_reader_stops_at_the_first_row_that_the_catalogue_cannot_take() {
        struct Failing(u32);
        impl Take for Failing {
            fn row(&mut self, _: Row) -> Flow {
                self.0 += 1;
                Flow::Break(Stop::Catalog(CatalogError::Busy { path: "write.lock".into() }))
            }

            fn problem(&mut self, problem: Problem) -> Flow {
                panic!("{problem:?}")
            }
        }
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("delivery");
        for text in [MESSAGE.to_owned(), format!("{TABLE}B;GBAYE0000352;\r\n"), LINE.repeat(2)] {
            std::fs::write(&path, text).expect("a file");
            let mut failing = Failing(0);
            let flow = read(&path, &Options::default(), &mut failing);
            assert!(matches!(flow, Flow::Break(Stop::Catalog(CatalogError::Busy { .. }))));
            assert_eq!(failing.0, 1);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        /// Damage costs rows, which is reported; there is no panic, and no invalid identifier is imported.
        #[test]
        fn damage_is_reported_and_never_a_panic(
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
        fn an_entry_stays_the_same_when_it_is_written_to_cells_and_read(
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
