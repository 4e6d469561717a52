//! What a walk shows: items with their bytes, and rows.

use std::io::Read as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use leakhound::source::{
    Dump, Folders, Found, Item, Locator, ScanLimits, Source as _, Unlisted, Visit, find,
};

/// The items and rows that a walk showed.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) items: Vec<Item>,
    pub(crate) rows: Vec<Unlisted>,
    /// Keeps the file until this is dropped.
    folder: Option<tempfile::TempDir>,
}

impl Visit for Seen {
    fn item(&mut self, item: Item) -> ControlFlow<()> {
        self.items.push(item);
        ControlFlow::Continue(())
    }

    fn unlisted(&mut self, row: Unlisted) -> ControlFlow<()> {
        self.rows.push(row);
        ControlFlow::Continue(())
    }
}

impl Seen {
    pub(crate) fn kinds(&self) -> Vec<&str> {
        self.rows.iter().map(|row| row.failure.kind.as_str()).collect()
    }

    pub(crate) fn says(&self, kind: &str, words: &str) {
        let said = |row: &&Unlisted| {
            row.failure.kind.as_str() == kind && row.failure.message.contains(words)
        };
        assert!(self.rows.iter().any(|row| said(&row)), "{:#?}", self.rows);
    }
}

/// Walks a file with these bytes.
pub(crate) fn walk(bytes: &[u8], limits: ScanLimits) -> Seen {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("x"), bytes).unwrap();
    let folders = Folders::new(&[folder.path().to_path_buf()]).unwrap();
    let mut seen = Seen::default();
    assert!(Dump::new(folders, limits).walk(&mut seen).is_continue());
    seen.folder = Some(folder);
    seen
}

/// The bytes of an item.
pub(crate) fn content(item: &Item) -> Vec<u8> {
    let mut bytes = Vec::new();
    item.bytes.stream().unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

/// Checks that an item is found again by the text of its locator, which is returned.
#[track_caller]
pub(crate) fn leads_back(item: &Item) -> Locator {
    let text = item.place.locator.to_string();
    let locator: Locator = text.parse().unwrap();
    let found = find(&locator, ScanLimits::default()).unwrap();
    let Found::Item(found) = found else { panic!("{text} leads to {found:?}") };
    assert_eq!(content(&found), content(item), "{text}");
    locator
}

/// The folder of tables, arrays and texts with sound that other programs wrote; see `fixtures/README.md`.
pub(crate) fn sound_tables() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tables/sound")
}
