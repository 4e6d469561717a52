//! Torrents beside their data: which file of which torrent something is, and whether it is what the torrent's
//! hashes say. The torrents are made by another client (`scripts/torrents`), their data is made here.
#![cfg(feature = "torrent")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use leakhound::record::Integrity::{Damaged, Partial, Unchecked, Unverified, Verified};
use leakhound::record::{Integrity, ItemRecord, TorrentFacts, Verdict};
use sha1::{Digest as _, Sha1};

use crate::common::{Desk, gz, record, records, tar};

const RATE_HZ: u32 = 11_025;
const VERSIONS: [&str; 3] = ["v1", "v2", "hybrid"];

/// The tunes of `scripts/torrents`: three triangle waves at a time, in whole numbers.
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
fn shared(version: &str) -> Desk {
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

#[test]
fn a_match_says_which_file_of_which_torrent_it_is_and_that_it_is_the_one() {
    for version in VERSIONS {
        let desk = shared(version);
        let found = scan(&desk);
        let one = record(&found, "01 one.wav");
        assert_eq!(one.verdict, Verdict::Match, "{version}");
        let facts = facts(&found, "01 one.wav");
        assert_eq!((&*facts.name, &*facts.file), ("album", "album/01 one.wav"));
        assert_eq!((facts.integrity, facts.verified_bytes), (Verified, one.item.size_bytes));
        assert_eq!(standings(&found), [Verified; 2], "{version}");
        // Nobody asks about what is not found.
        assert_eq!(self::facts(&found, "03 other.wav").integrity, Unchecked);
        let torrent = record(&found, &format!("{version}.torrent"));
        assert!(torrent.notes[0].contains("4 files of 793,941 bytes"), "{torrent:#?}");
        assert!(torrent.notes[0].contains("4 of the files are here"), "{torrent:#?}");

        let done = desk.run(["scan", "dump"]).ends_with(1);
        assert!(done.stdout.contains("of the torrent album ("), "{done:#?}");
        for format in ["html", "csv"] {
            let report = desk.run(["report", "--format", format, "--out", "-"]).ends_with(0).stdout;
            assert!(report.contains("album/01 one.wav"), "{report}");
        }
        let shown = desk.run(["show", &facts.locator]).ends_with(0).stdout;
        assert!(shown.contains("verified") && shown.contains(&one.item.sha256), "{shown}");
        desk.run(["extract", &facts.locator, "--out", "out"]).ends_with(0);
        assert_eq!(std::fs::read(desk.path("out")).unwrap(), tune(1, 12));
        // Of another torrent it is none.
        let other = facts.locator.replace(&facts.locator[facts.locator.len() - 30..], "nothing");
        desk.run(["show", &other]).ends_with(2);
    }
}

#[test]
fn one_wrong_byte_is_damage_of_its_file_alone() {
    for version in VERSIONS {
        let desk = shared(version);
        let mut bytes = tune(2, 12);
        bytes[150_001] ^= 1;
        desk.write("dump/album/02 two.wav", &bytes);
        let found = scan(&desk);
        assert_eq!(record(&found, "02 two.wav").verdict, Verdict::Match);
        assert_eq!(standings(&found), [Verified, Damaged], "{version}");
        // All but the piece with the byte.
        assert_eq!(facts(&found, "02 two.wav").verified_bytes, 264_644 - (16 << 10));
    }
}

#[test]
fn what_was_fetched_in_part_is_verified_as_far_as_it_goes() {
    for version in VERSIONS {
        let desk = shared(version);
        // The second half of one file is not there, that of the other is still zeros.
        let mut bytes = tune(2, 12);
        bytes[140_000..].fill(0);
        desk.write("dump/album/01 one.wav", &tune(1, 12)[..140_000]);
        desk.write("dump/album/02 two.wav", &bytes);
        let found = scan(&desk);
        assert_eq!(record(&found, "01 one.wav").verdict, Verdict::Match, "{version}");
        let standings = standings(&found);
        assert_eq!(standings[0], Partial, "{version}");
        // The piece where the zeros begin is neither zero nor right.
        assert_eq!(standings[1], Damaged, "{version}");
        assert_eq!(facts(&found, "01 one.wav").verified_bytes, 8 * (16 << 10), "{version}");
    }
}

#[test]
fn a_file_that_shares_a_piece_with_one_that_is_missing_is_verified_without_that_piece() {
    for (version, standing) in [("v1", Partial), ("v2", Verified), ("hybrid", Verified)] {
        let desk = shared(version);
        std::fs::remove_file(desk.path("dump/album/02 two.wav")).unwrap();
        let found = scan(&desk);
        assert_eq!(facts(&found, "01 one.wav").integrity, standing, "{version}");
    }
}

#[test]
fn an_unchanged_file_is_compared_anew_when_its_neighbours_or_its_torrent_change() {
    let desk = shared("v1");
    std::fs::remove_file(desk.path("dump/album/02 two.wav")).unwrap();
    assert_eq!(facts(&scan(&desk), "01 one.wav").integrity, Partial);
    // The file that it shares a piece with has come.
    desk.write("dump/album/02 two.wav", &tune(2, 12));
    assert_eq!(facts(&scan(&desk), "01 one.wav").integrity, Verified);
    // The torrent was another one all the time.
    desk.write("dump/v1.torrent", &fixture("v2"));
    assert_eq!(facts(&scan(&desk), "01 one.wav").info_hash, "");
    // Nothing has changed: all is taken over.
    let done = desk.run(["scan", "dump"]).ends_with(1);
    assert!(done.stdout.contains("5 items unchanged"), "{done:#?}");
}

#[test]
fn data_that_is_longer_than_the_torrent_says_is_not_what_it_says() {
    let desk = shared("v2");
    desk.write("dump/album/01 one.wav", &[tune(1, 12), vec![0; 10]].concat());
    assert_eq!(standings(&scan(&desk))[0], Damaged);
}

/// A torrent of version 1, made here.
fn torrent(name: &str, data: &[u8], piece_bytes: usize) -> Vec<u8> {
    let pieces: Vec<u8> = data.chunks(piece_bytes).flat_map(Sha1::digest).collect();
    let mut info = format!(
        "d6:lengthi{}e4:name{}:{name}12:piece lengthi{piece_bytes}e6:pieces{}:",
        data.len(),
        name.len(),
        pieces.len()
    )
    .into_bytes();
    info.extend(pieces);
    info.push(b'e');
    [&b"d4:info"[..], &info, b"e"].concat()
}

#[test]
fn what_lies_in_an_archive_is_verified_by_the_pieces_it_lies_in() {
    let desk = shared("v1");
    let mut archive = tar(&[("a.wav", tune(1, 12)), ("b.wav", tune(2, 12))]);
    desk.write("dump/songs.tar.torrent", &torrent("songs.tar", &archive, 16 << 10));
    let packed = gz(&archive);
    desk.write("dump/songs.tgz.torrent", &torrent("songs.tgz", &packed, 16 << 10));
    archive[400_000] ^= 1;
    desk.write("dump/songs.tar", &archive);
    desk.write("dump/songs.tgz", &packed);
    let found = scan(&desk);
    assert_eq!(facts(&found, "songs.tar!/a.wav").integrity, Verified);
    assert_eq!(facts(&found, "songs.tar!/b.wav").integrity, Damaged);
    // The pieces of what is compressed are those of its container.
    let packed = facts(&found, "songs.tgz!/a.wav");
    assert_eq!((packed.integrity, &*packed.file), (Verified, "songs.tgz"));
}

#[test]
fn a_piece_that_nobody_can_compare_leaves_its_file_unverified() {
    let desk = shared("v2");
    // One piece over both: the second is not there.
    let (one, two) = (tune(1, 12), tune(2, 12));
    let piece = Sha1::digest([one.clone(), two.clone()].concat());
    let mut info = format!(
        "d5:filesld6:lengthi{}e4:pathl5:a.waveed6:lengthi{}e4:pathl5:b.waveee4:name4:pair12:piece \
         lengthi1048576e6:pieces20:",
        one.len(),
        two.len()
    )
    .into_bytes();
    info.extend(piece);
    info.push(b'e');
    desk.write("dump/pair.torrent", &[&b"d4:info"[..], &info, b"e"].concat());
    desk.write("dump/pair/a.wav", &one);
    assert_eq!(facts(&scan(&desk), "a.wav").integrity, Unverified);
    desk.write("dump/pair/b.wav", &two);
    desk.write("dump/pair/a.wav", &one);
    assert_eq!(facts(&scan(&desk), "pair/b.wav").integrity, Verified);
}

#[test]
fn a_torrent_that_leads_out_or_is_none_costs_a_note() {
    let desk = shared("v1");
    let out = torrent("../../masters/one.wav", &tune(1, 12), 16 << 10);
    desk.write("dump/out.torrent", &out);
    desk.write("dump/none.torrent", b"d4:info");
    desk.write("dump/cut.torrent", &fixture("hybrid")[..900]);
    std::os::unix::fs::symlink(desk.path("masters"), desk.path("dump/linked")).unwrap();
    let found = scan(&desk);
    for name in ["none.torrent", "cut.torrent"] {
        let record = record(&found, name);
        assert!(record.notes[0].contains("cannot be read as one"), "{record:#?}");
    }
    assert_eq!(standings(&found), [Verified; 2]);
    assert!(found.iter().all(|record| !record.item.path.contains("masters/")), "{found:#?}");
}

#[test]
fn an_inspection_names_the_torrents() {
    let desk = shared("hybrid");
    let done = desk.run(["inspect", "dump"]).ends_with(0);
    assert!(done.stdout.contains("a torrent"), "{done:#?}");
    assert!(done.stdout.contains("torrent album (v1 "), "{done:#?}");
}

/// A value of bencode (BEP 3), read by the tests' own hand.
#[derive(Debug)]
enum Value<'a> {
    Number(i64),
    Bytes(&'a [u8]),
    List(Vec<Value<'a>>),
    /// With the bytes that each value is written in.
    Dictionary(BTreeMap<&'a [u8], (Value<'a>, &'a [u8])>),
}

impl<'a> Value<'a> {
    fn read(bytes: &mut &'a [u8]) -> Self {
        let end = |mark: u8, bytes: &[u8]| bytes.iter().position(|&byte| byte == mark).unwrap();
        match bytes[0] {
            b'i' => {
                let at = end(b'e', bytes);
                let number = std::str::from_utf8(&bytes[1..at]).unwrap().parse().unwrap();
                *bytes = &bytes[at + 1..];
                Self::Number(number)
            }
            b'l' => {
                *bytes = &bytes[1..];
                let mut list = Vec::new();
                while bytes[0] != b'e' {
                    list.push(Self::read(bytes));
                }
                *bytes = &bytes[1..];
                Self::List(list)
            }
            b'd' => {
                *bytes = &bytes[1..];
                let mut map = BTreeMap::new();
                while bytes[0] != b'e' {
                    let Self::Bytes(key) = Self::read(bytes) else { panic!("no key") };
                    let before = *bytes;
                    let value = Self::read(bytes);
                    map.insert(key, (value, &before[..before.len() - bytes.len()]));
                }
                *bytes = &bytes[1..];
                Self::Dictionary(map)
            }
            _ => {
                let at = end(b':', bytes);
                let length: usize = std::str::from_utf8(&bytes[..at]).unwrap().parse().unwrap();
                let text = &bytes[at + 1..at + 1 + length];
                *bytes = &bytes[at + 1 + length..];
                Self::Bytes(text)
            }
        }
    }

    fn get(&self, key: &str) -> Option<&Self> {
        let Self::Dictionary(map) = self else { return None };
        map.get(key.as_bytes()).map(|(value, _)| value)
    }

    fn bytes(&self) -> &'a [u8] {
        let Self::Bytes(bytes) = self else { panic!("{self:?}") };
        bytes
    }

    fn number(&self) -> i64 {
        let Self::Number(number) = self else { panic!("{self:?}") };
        *number
    }
}

fn hex(bytes: &[u8]) -> String {
    leakhound::ingest::hex(bytes)
}

#[test]
fn libtorrent_and_a_reader_of_our_own_say_the_same_of_a_torrent() {
    for version in VERSIONS {
        let torrent = fixture(version);
        let Value::Dictionary(root) = Value::read(&mut &torrent[..]) else { panic!() };
        let (info, raw) = &root[&b"info"[..]];
        let read = libtorrent_sys::parse(&torrent, libtorrent_sys::Limits::default()).unwrap();
        assert_eq!(read.name, info.get("name").unwrap().bytes());
        assert_eq!(i64::from(read.piece_length), info.get("piece length").unwrap().number());
        let has_v1 = version != "v2";
        let v1 = if has_v1 { hex(&Sha1::digest(raw)) } else { String::new() };
        let v2 = if version == "v1" { String::new() } else { leakhound::ingest::digest(raw) };
        assert_eq!((hex(&read.info_hash_v1), hex(&read.info_hash_v2)), (v1, v2), "{version}");
        if has_v1 {
            assert_eq!(read.pieces, info.get("pieces").unwrap().bytes());
            let Some(Value::List(files)) = info.get("files") else { panic!() };
            assert_eq!(files.len(), read.files.len());
            for (file, read) in files.iter().zip(&read.files) {
                assert_eq!(file.get("length").unwrap().number() as u64, read.length);
                let is_padding = file.get("attr").is_some_and(|attr| attr.bytes().contains(&b'p'));
                assert_eq!(is_padding, read.is_padding);
            }
            assert_eq!(version == "hybrid", read.files.iter().any(|file| file.is_padding));
        }
        if version != "v1" {
            let tree = info.get("file tree").unwrap();
            let leaf = tree.get("01 one.wav").unwrap().get("").unwrap();
            let one = read.files.iter().find(|file| file.path == b"album/01 one.wav").unwrap();
            assert_eq!(one.root, leaf.get("pieces root").unwrap().bytes());
            let Value::Dictionary(layers) = &root[&b"piece layers"[..]].0 else { panic!() };
            assert_eq!(one.layer, layers[&one.root[..]].0.bytes());
            assert_eq!(one.layer.len(), 17 * 32);
        }
    }
}

#[test]
fn a_scan_of_torrents_opens_no_socket() {
    let desk = shared("hybrid");
    let log = desk.path("calls");
    let status = Command::new("strace")
        .args(["-f", "-e", "trace=%network", "-o"])
        .arg(&log)
        .arg(env!("CARGO_BIN_EXE_leakhound"))
        .args(["--home"])
        .arg(desk.path("home"))
        .args(["scan", "-q"])
        .arg(desk.path("dump"))
        .status()
        .unwrap_or_else(|error| panic!("strace cannot be run ({error}): install strace"));
    assert_eq!(status.code(), Some(1), "something is found");
    let calls = std::fs::read_to_string(log).unwrap();
    assert!(calls.contains("exited with 1"), "{calls}");
    // Without one there is nothing to connect, bind or send by. Pairs of local pipes have another name.
    assert!(!calls.contains(" socket("), "{calls}");
}
