//! Reading by ranges: the right bytes, and not more of them than needed.

use std::io::{Read as _, Seek as _, SeekFrom, Write as _};

use super::server::Server;
use super::{HOSTILE, config, store};
use crate::{Kind, Store};

fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..bytes).map(|_| next()).collect()
}

#[test]
fn an_object_reads_from_any_position_as_a_file_does() {
    let bytes = noise(1_000_003);
    let server = Server::new();
    server.put("b", "k", bytes.clone());
    let store = store(&server);
    let mut reader = store.open("b", "k").unwrap();
    let mut whole = Vec::new();
    reader.read_to_end(&mut whole).unwrap();
    assert!(whole == bytes);
    for at in [0, 1, 65_535, 65_536, 999_999, 1_000_002, 1_000_003, 2_000_000] {
        assert_eq!(reader.seek(SeekFrom::Start(at)).unwrap(), at);
        let mut some = Vec::new();
        (&mut reader).take(70_000).read_to_end(&mut some).unwrap();
        let from = usize::try_from(at).unwrap().min(bytes.len());
        assert!(some == bytes[from..(from + 70_000).min(bytes.len())], "at {at}");
    }
    assert_eq!(reader.seek(SeekFrom::End(-3)).unwrap(), 1_000_000);
    assert!(reader.seek(SeekFrom::Current(-2_000_000)).is_err());
}

#[test]
fn an_object_that_is_read_twice_comes_once_and_in_few_requests() {
    let server = Server::new();
    server.put("b", "k", noise(4_000_000));
    let store = store(&server);
    for _ in 0..2 {
        std::io::copy(&mut store.open("b", "k").unwrap(), &mut std::io::sink()).unwrap();
    }
    assert_eq!((server.sent(), store.traffic().bytes), (4_000_000, 4_000_000));
    let stretches = server.requests().iter().filter(|request| !request.is_listing()).count();
    assert_eq!(stretches, 4);
}

#[test]
fn a_few_bytes_here_and_there_cost_a_block_each() {
    let server = Server::new();
    server.put("b", "k", noise(10_000_000));
    let mut reader = store(&server).open("b", "k").unwrap();
    for at in [9_000_000, 100, 5_000_000] {
        reader.seek(SeekFrom::Start(at)).unwrap();
        reader.read_exact(&mut [0; 100]).unwrap();
    }
    assert_eq!(server.sent(), 3 * 65_536);
}

#[test]
fn memory_stays_within_the_limit_however_much_is_read() {
    let server = Server::new();
    server.put("b", "k", noise(3_000_000));
    let store = Store::new(crate::Config { cache_bytes: 1 << 20, ..config(&server) }).unwrap();
    for _ in 0..2 {
        std::io::copy(&mut store.open("b", "k").unwrap(), &mut std::io::sink()).unwrap();
    }
    // More than the cache holds comes twice, but for the last block.
    assert!((5_934_464..=6_000_000).contains(&server.sent()), "{}", server.sent());
}

#[test]
fn many_threads_that_read_one_object_get_its_bytes_once() {
    let bytes = noise(2_000_000);
    let server = Server::new();
    server.put("b", "k", bytes.clone());
    let store = store(&server);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut read = Vec::new();
                store.open("b", "k").unwrap().read_to_end(&mut read).unwrap();
                assert!(read == bytes);
            });
        }
    });
    assert_eq!(server.sent(), 2_000_000);
}

#[test]
fn the_heads_of_what_comes_next_are_fetched_only_if_what_was_shown_was_read() {
    let server = Server::new();
    for number in 0..50 {
        server.put("b", &format!("{number:02}"), noise(1_000));
    }
    let store = store(&server);
    assert_eq!(store.walk("b", "", None).count(), 50);
    assert_eq!(server.sent(), 0);
    for object in store.walk("b", "", None) {
        let mut reader = store.open("b", &object.unwrap().key).unwrap();
        assert_eq!(std::io::copy(&mut reader, &mut std::io::sink()).unwrap(), 1_000);
    }
    assert_eq!(server.sent(), 50_000);
}

#[test]
fn objects_of_every_name_are_written_and_read_under_that_very_name() {
    let server = Server::new();
    server.make_bucket("b");
    let store = store(&server);
    for key in HOSTILE {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(key.as_bytes()).unwrap();
        store.put("b", key, &mut file).unwrap();
        assert_eq!(server.get("b", key).as_deref(), Some(key.as_bytes()), "{key:?}");
        let mut text = String::new();
        store.open("b", key).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, key);
    }
    assert_eq!(server.keys("b").len(), HOSTILE.len());
}

#[test]
fn an_empty_object_reads_as_nothing_and_a_missing_one_says_so() {
    let server = Server::new();
    server.put("b", "empty", "");
    let store = store(&server);
    assert_eq!(store.open("b", "empty").unwrap().read(&mut [0; 9]).unwrap(), 0);
    assert_eq!(store.open("b", "none").unwrap_err().kind, Kind::Missing);
    // Nor is it taken for one that begins alike.
    assert_eq!(store.open("b", "emp").unwrap_err().kind, Kind::Missing);
    assert_eq!(store.lost(), None);
}

#[test]
fn what_is_written_anew_is_read_anew() {
    let server = Server::new();
    server.put("b", "k", "old");
    let store = store(&server);
    let read = || std::io::read_to_string(store.open("b", "k").unwrap()).unwrap();
    assert_eq!(read(), "old");
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"new").unwrap();
    store.put("b", "k", &mut file).unwrap();
    assert_eq!(read(), "new");
}
