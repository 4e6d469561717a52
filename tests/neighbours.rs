//! Files that are opened because of their name beside another: parts of split archives, sample rates of arrays, databases of logs,
//! metadata of folders. Under such a name may lie a pipe, which nobody ever writes to, or a link out of the dump.
#![cfg(unix)]

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use leakhound::record::ItemRecord;

use crate::common::rar::Rar;
use crate::common::zips::{Method, zip_by};
use crate::common::{Desk, sevenz};

/// Files, each with the name and the bytes of a file that the program looks for beside it.
fn pairs() -> Vec<(&'static str, Vec<u8>, &'static str, Vec<u8>)> {
    let members = [("one.bin", vec![1_u8; 4_000]), ("two.bin", vec![2; 4_000])];
    let zip = zip_by(&members, Method::Stored, 3_000);
    let new = Rar::Five.volumes(&members, 4_000);
    let old = Rar::Four.volumes(&members, 4_000);
    let whole = sevenz(&members, true);
    let (seven, behind) = whole.split_at(60);
    let array = b"\x93NUMPY\x01\0\x46\0{'descr': '<f4', 'fortran_order': False, 'shape': (9000,), }             \n";
    let wal = [&b"\x37\x7f\x06\x82"[..], &[0; 100]].concat();
    vec![
        ("a.z01", zip[0].clone(), "a.zip", zip[zip.len() - 1].clone()),
        ("b.npy", [&array[..], &[0; 36_000]].concat(), "b.json", b"{\"sr\": 8000}".to_vec()),
        ("c.db-wal", wal, "c.db", b"SQLite format 3\0".to_vec()),
        ("d.part2.rar", new[1].clone(), "d.part1.rar", new[0].clone()),
        ("e.r00", old[1].clone(), "e.rar", old[0].clone()),
        ("f.part1.rar", new[0].clone(), "f.part2.rar", new[1].clone()),
        ("g.7z.001", seven.to_vec(), "g.7z.002", behind.to_vec()),
        ("h/song.wav", vec![0; 9], "h/metadata.csv", b"file_name,isrc\nsong.wav,x\n".to_vec()),
    ]
}

fn rows(found: &[ItemRecord], end: &str) -> Vec<(String, String)> {
    let is_it = |found: &&ItemRecord| found.item.path.ends_with(end);
    let row = |found: &ItemRecord| {
        let failure = found.failure.as_ref();
        failure.map_or_else(Default::default, |f| (f.kind.as_str().to_owned(), f.message.clone()))
    };
    found.iter().filter(is_it).map(row).collect()
}

/// Scans a dump of these files, beside each of which `beside` has put something under the other name.
fn scan(beside: impl Fn(&Desk, &Path, &[u8])) -> Vec<ItemRecord> {
    let desk = Desk::with_songs(&[1], 20);
    for (file, bytes, other, others) in pairs() {
        desk.write(format!("dump/{file}"), &bytes);
        beside(&desk, &desk.path(format!("dump/{other}")), &others);
    }
    desk.scan(3)
}

#[test]
fn nobody_waits_for_a_pipe_under_the_name_of_a_neighbour() {
    let found =
        scan(|_, path, _| assert!(Command::new("mkfifo").arg(path).status().unwrap().success()));
    for (file, _, other, _) in pairs() {
        assert_eq!(rows(&found, &format!("/{other}"))[0].0, "not_a_file", "{other}");
        let own = rows(&found, &format!("/{file}"));
        assert!(own.iter().all(|(_, told)| !told.contains("read with it")), "{file}: {own:?}");
    }
    assert!(rows(&found, "/b.npy")[0].1.contains("without a sample rate"), "{found:#?}");
    assert!(rows(&found, "/c.db-wal")[0].1.contains("without its database"), "{found:#?}");
}

#[test]
fn a_link_out_of_the_dump_under_the_name_of_a_neighbour_is_not_followed() {
    let found = scan(|desk, path, bytes| {
        let outside = desk.write(Path::new("outside").join(path.file_name().unwrap()), bytes);
        symlink(outside, path).unwrap();
    });
    for (file, _, other, _) in pairs() {
        assert_eq!(rows(&found, &format!("/{other}"))[0].0, "link_outside", "{other}");
        let own = rows(&found, &format!("/{file}"));
        assert!(own.iter().all(|(_, told)| !told.contains("read with it")), "{file}: {own:?}");
    }
    assert!(rows(&found, "/b.npy")[0].1.contains("without a sample rate"), "{found:#?}");
    assert!(rows(&found, "/c.db-wal")[0].1.contains("without its database"), "{found:#?}");
}

#[test]
fn what_lies_in_a_pipe_is_looked_up_without_waiting_for_it() {
    let desk = Desk::new();
    let pipe = desk.path("dump/x.zip");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    desk.run(["show", "dump/x.zip!/one.wav"]).ends_with(2);
    desk.run(["extract", "dump/x.zip", "--out", "out"]).ends_with(4).says_in_one_line(&["pipe"]);
}
