//! Archives in a dump: their members are found as in a folder, in every format and with every kind of damage.

mod commands;
mod damage;
mod formats;
mod hostile;
mod rar;
mod rarer;

use leakhound::record::ItemRecord;

use crate::common::{Desk, excerpt, records, song};

/// A catalogue of songs 1 and 2, and a folder `plain` with clips of them, another song, and files that are not sound.
fn library() -> Desk {
    let desk = Desk::with_songs(&[1, 2], 30);
    desk.write_wav("plain/a/one.wav", excerpt(&song(1, 30), 3.0, 18.0));
    desk.write_wav("plain/a/other.wav", &song(5, 15));
    desk.write_wav("plain/b/two.wav", excerpt(&song(2, 30), 10.0, 25.0));
    desk.write("plain/b/notes.txt", b"no music\n");
    desk.write("plain/b/broken.mp3", &[0; 5_000]);
    desk.write("plain/empty.ogg", b"");
    desk
}

fn scan(desk: &Desk, path: &str) -> Vec<ItemRecord> {
    desk.run(["scan", path]);
    records(&desk.jsonl())
}

fn kinds(records: &[ItemRecord]) -> Vec<&str> {
    records.iter().map(|r| r.failure.as_ref().map_or("", |failure| failure.kind.as_str())).collect()
}

fn message(record: &ItemRecord) -> &str {
    &record.failure.as_ref().unwrap_or_else(|| panic!("no failure: {record:#?}")).message
}
