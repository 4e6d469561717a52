//! Identifiers in tags, names, texts and tables, with and without sound.

mod claims;
mod databases;
mod embedded;
mod logs;
mod services;
mod sidecars;
mod texts;

use std::path::Path;

use leakhound::record::{ItemRecord, Tier};
use rusqlite::Connection;

use crate::common::{Desk, encode, excerpt, records, song};

const FIRST: &str = "GBAYE0000351";
const SECOND: &str = "USRC17607839";

/// A catalogue of songs 1 and 2 with their ISRCs, as FLAC.
fn label() -> Desk {
    let desk = Desk::new();
    for (seed, isrc) in [(1, FIRST), (2, SECOND)] {
        let whole = desk.write_wav(format!("raw/{seed}.wav"), &song(seed, 30));
        let title = format!("title=Song {seed}");
        let isrc = format!("isrc={isrc}");
        let to = desk.path(format!("masters/{seed}.flac"));
        encode(&whole, &to, &["-metadata", &title, "-metadata", &isrc]);
    }
    desk.run(["catalog", "add", "masters"]).ends_with(0);
    desk
}

/// A clip of a song, or of another sound, with an ISRC in its tags.
fn tagged(desk: &Desk, name: &str, seed: u64, isrc: Option<&str>) {
    let from = desk.write_wav("raw/clip.wav", excerpt(&song(seed, 30), 4.0, 18.0));
    std::fs::create_dir_all(desk.path("dump")).unwrap();
    let isrc = isrc.map(|isrc| format!("isrc={isrc}"));
    let tags: Vec<&str> = isrc.iter().flat_map(|isrc| ["-metadata", isrc]).collect();
    encode(&from, &desk.path(format!("dump/{name}")), &tags);
}

fn scan(desk: &Desk) -> Vec<ItemRecord> {
    desk.run(["scan", "dump"]);
    records(&desk.jsonl())
}

fn tiers(record: &ItemRecord) -> Vec<(&str, String)> {
    record.findings.iter().map(|f| (f.isrc.as_str(), Tier::join(&f.tiers, "+"))).collect()
}

fn database(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}
