//! Torrents from strangers: paths, links, damage, and no connection to anybody.

use std::collections::BTreeMap;
use std::process::Command;

use leakhound::record::FailureKind;
use leakhound::record::Integrity::{Unverified, Verified};
use sha1::{Digest as _, Sha1};

use super::{VERSIONS, facts, fixture, hex, scan, shared, standings, torrent, tune};
use crate::common::{Desk, record, records, tar};

#[test]
fn paths_of_a_torrent_that_lead_out_are_not_followed() {
    let desk = shared("v1");
    let out = torrent("../../masters/one.wav", &tune(1, 12), 16 << 10);
    desk.write("dump/out.torrent", &out);
    std::os::unix::fs::symlink(desk.path("masters"), desk.path("dump/linked")).unwrap();
    let found = scan(&desk);
    assert_eq!(standings(&found), [Verified; 2]);
    assert!(found.iter().all(|record| !record.item.path.contains("masters/")), "{found:#?}");
}

#[test]
fn an_unreadable_torrent_has_a_row() {
    let desk = Desk::new();
    desk.write("masters/one.wav", &tune(1, 12));
    desk.run(["catalog", "add", "masters"]).ends_with(0);
    desk.write("dump/none.torrent", b"d4:info");
    desk.write("dump/cut.TORRENT", &fixture("hybrid")[..900]);
    desk.write("dump/packed.tar", &tar(&[("in.torrent", b"GIF89a".to_vec())]));
    desk.write("dump/fine.torrent", &fixture("v2"));
    desk.run(["scan", "dump"]).ends_with(3);
    let found = records(&desk.jsonl());
    for name in ["none.torrent", "cut.TORRENT", "packed.tar!/in.torrent"] {
        let failure = record(&found, name).failure.as_ref().unwrap();
        assert_eq!(failure.kind, FailureKind::TorrentUnreadable, "{name}");
        assert!(failure.message.contains("cannot be read as one: "), "{failure:?}");
        assert!(failure.message.contains("fetch it again"), "{failure:?}");
    }
    let fine = record(&found, "fine.torrent");
    assert_eq!(fine.failure.as_ref().unwrap().kind, FailureKind::NotAudio);
    assert!(fine.notes[0].starts_with("torrent album (v2 "), "{fine:#?}");
    // Unchanged, it is not read again.
    let again = desk.run(["scan", "dump"]).ends_with(3);
    assert!(again.stdout.contains("4 items unchanged"), "{again:#?}");

    let done = desk.run(["inspect", "dump"]).ends_with(3);
    assert!(done.stdout.contains("3  not read, torrent_unreadable: "), "{done:#?}");
    assert!(done.stdout.contains("dump/cut.TORRENT: is called a torrent"), "{done:#?}");
    assert!(done.stdout.contains("dump/fine.torrent: torrent album (v2 "), "{done:#?}");
}

#[test]
fn a_link_out_of_the_torrent_is_not_compared() {
    let desk = shared("v2");
    let longer = [tune(1, 12), vec![0; 10]].concat();
    desk.write("dump/sub/solo.torrent", &torrent("solo.wav", &tune(1, 12), 16 << 10));
    desk.write("dump/elsewhere.wav", &longer);
    std::os::unix::fs::symlink("../elsewhere.wav", desk.path("dump/sub/solo.wav")).unwrap();
    let found = scan(&desk);
    assert_eq!(facts(&found, "sub/solo.wav").integrity, Unverified);
}

/// A value of bencode (BEP 3), read by a parser of the tests.
#[derive(Debug)]
enum Value<'a> {
    Number(i64),
    Bytes(&'a [u8]),
    List(Vec<Value<'a>>),
    /// Each value with the bytes that encode it.
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

#[test]
fn libtorrent_and_the_parser_of_the_tests_agree_on_a_torrent() {
    for version in VERSIONS {
        let torrent = fixture(version);
        let Value::Dictionary(root) = Value::read(&mut &torrent[..]) else { panic!() };
        let (info, raw) = &root[&b"info"[..]];
        let read = libtorrent_sys::parse(&torrent, libtorrent_sys::Limits::default()).unwrap();
        assert_eq!(read.name, info.get("name").unwrap().bytes());
        assert_eq!(i64::from(read.piece_length), info.get("piece length").unwrap().number());
        let has_v1 = version != "v2";
        let v1 = if has_v1 { hex(&Sha1::digest(raw)) } else { String::new() };
        let v2 = if version == "v1" { String::new() } else { leakhound::base::digest(raw) };
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
    // Without a socket nothing can be connected, bound or sent. Local pairs are made by another call, `socketpair`.
    assert!(!calls.contains(" socket("), "{calls}");
}
