//! Torrents beside their data: which file of which torrent an item is, and whether it has the torrent's hashes. Another client
//! made the torrents (`scripts/torrents`); their data is made here.
#![cfg(feature = "torrent")]

mod files;
mod pieces;
mod reader;

use std::path::Path;

use leakhound::record::{Integrity, ItemRecord, TorrentFacts};
use sha1::{Digest as _, Sha1};

use crate::common::{Desk, record, records};

const RATE_HZ: u32 = 11_025;
const VERSIONS: [&str; 3] = ["v1", "v2", "hybrid"];

/// The tunes of `scripts/torrents`: three triangle waves at a time, in whole numbers. The generator is that of the script, whose
/// torrents have the hashes of these very bytes.
fn tune(seed: u64, seconds: u32) -> Vec<u8> {
    let mut dice = seed;
    let mut roll = || {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        dice >> 33
    };
    let (mut phases, mut steps) = ([0_u32; 3], [0_u32; 3]);
    let count = seconds * RATE_HZ;
    let mut samples = Vec::new();
    for at in 0..count {
        if at % 1_102 == 0 {
            steps = steps.map(|_| (((200 + roll() % 2_500) << 32) / u64::from(RATE_HZ)) as u32);
        }
        let mut total = 0;
        for (phase, step) in phases.iter_mut().zip(steps) {
            *phase = phase.wrapping_add(step);
            let high = (*phase >> 16) as i32;
            total += (if high < 32_768 { high } else { 65_535 - high }) - 16_384;
        }
        samples.extend(((total >> 2) as i16).to_le_bytes());
    }
    let bytes = samples.len() as u32;
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + bytes).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend(RATE_HZ.to_le_bytes());
    wav.extend((RATE_HZ * 2).to_le_bytes());
    wav.extend(b"\x02\0\x10\0data");
    wav.extend(bytes.to_le_bytes());
    wav.extend(samples);
    wav
}

fn fixture(version: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/torrents");
    std::fs::read(folder.join(format!("{version}.torrent"))).unwrap()
}

/// A catalogue of tunes 1 and 2, and in `dump` a torrent with its data.
pub(crate) fn shared(version: &str) -> Desk {
    let desk = Desk::new();
    desk.write("masters/one.wav", &tune(1, 12));
    desk.write("masters/two.wav", &tune(2, 12));
    desk.run(["catalog", "add", "masters"]).ends_with(0);
    desk.write(format!("dump/{version}.torrent"), &fixture(version));
    desk.write("dump/album/01 one.wav", &tune(1, 12));
    desk.write("dump/album/02 two.wav", &tune(2, 12));
    desk.write("dump/album/cover.txt", b"no music\n");
    desk.write("dump/album/disc 2/03 other.wav", &tune(3, 12));
    desk
}

fn scan(desk: &Desk) -> Vec<ItemRecord> {
    desk.run(["scan", "dump"]);
    records(&desk.jsonl())
}

fn facts<'a>(found: &'a [ItemRecord], name: &str) -> &'a TorrentFacts {
    let record = record(found, name);
    record.item.torrent.as_ref().unwrap_or_else(|| panic!("no torrent: {record:#?}"))
}

fn standings(found: &[ItemRecord]) -> [Integrity; 2] {
    ["01 one.wav", "02 two.wav"].map(|name| facts(found, name).integrity)
}

/// A torrent of version 1, made here.
fn torrent(name: &str, data: &[u8], piece_bytes: usize) -> Vec<u8> {
    bencoded(name, &format!("6:lengthi{}e", data.len()), data, piece_bytes)
}

/// A torrent of version 1 with several files; those in `.pad` are padding.
fn torrent_of(name: &str, files: &[(&str, &[u8])], piece_bytes: usize) -> Vec<u8> {
    let part = |part: &str| format!("{}:{part}", part.len());
    let file = |(path, bytes): &(&str, &[u8])| {
        let attr = if path.starts_with(".pad/") { "4:attr1:p" } else { "" };
        let path: String = path.split('/').map(part).collect();
        format!("d{attr}6:lengthi{}e4:pathl{path}ee", bytes.len())
    };
    let list: String = files.iter().map(file).collect();
    let data: Vec<u8> = files.iter().flat_map(|(_, bytes)| bytes.iter().copied()).collect();
    bencoded(name, &format!("5:filesl{list}e"), &data, piece_bytes)
}

fn bencoded(name: &str, files: &str, data: &[u8], piece_bytes: usize) -> Vec<u8> {
    let pieces: Vec<u8> = data.chunks(piece_bytes).flat_map(Sha1::digest).collect();
    let mut info = format!(
        "d{files}4:name{}:{name}12:piece lengthi{piece_bytes}e6:pieces{}:",
        name.len(),
        pieces.len()
    )
    .into_bytes();
    info.extend(pieces);
    info.push(b'e');
    [&b"d4:info"[..], &info, b"e"].concat()
}

fn hex(bytes: &[u8]) -> String {
    leakhound::base::hex(bytes)
}
