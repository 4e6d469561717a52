//! One dump with all kinds of containers, nested: every planted recording is found in its place, no other is reported, and the
//! same sound in a plain folder gives the same findings.

use std::collections::BTreeMap;

use leakhound::base::digest;
use leakhound::record::{FailureKind, ItemRecord, Verdict};
use polars_arrow_format::ipc::CompressionType;

use crate::common::arrow::{Shape, Table, audio};
use crate::common::parquet::cells;
use crate::common::{Desk, bz2, excerpt, gz, records, sevenz, song, tar, wav, xz, zip, zst};

const PLANTED: usize = 30;
const OTHERS: usize = 200;

/// Planted clips and others, mixed: the name and the WAV file of each.
fn clips() -> Vec<(String, Vec<u8>)> {
    let mut clips = Vec::new();
    for seed in 1..=10 {
        let song = song(seed, 30);
        for from in [1.0, 9.0, 17.0] {
            clips.push(wav(excerpt(&song, from, from + 9.0)));
        }
    }
    assert_eq!(clips.len(), PLANTED);
    // Planted clips are spread among the others.
    let mut mixed = Vec::new();
    let mut others = (0..OTHERS).map(|n| wav(&song(1_000 + n as u64, 5)));
    for (number, clip) in clips.into_iter().enumerate() {
        mixed.push(clip);
        let many = OTHERS * (number + 1) / PLANTED - OTHERS * number / PLANTED;
        mixed.extend(others.by_ref().take(many));
    }
    assert_eq!(mixed.len(), PLANTED + OTHERS);
    mixed.into_iter().enumerate().map(|(n, bytes)| (format!("{n:03}.wav"), bytes)).collect()
}

/// A table with a row for each of these files.
fn arrow(files: &[(String, Vec<u8>)], is_wide: bool) -> Table {
    let shape = if is_wide { Shape::Wide } else { Shape::Narrow };
    let rows: Vec<_> =
        files.iter().map(|(name, bytes)| (Some(bytes.as_slice()), Some(name.as_str()))).collect();
    let (first, second) = rows.split_at(rows.len() / 2);
    Table::stream(vec![vec![audio(shape, first)], vec![audio(shape, second)]])
}

/// The recordings of all matches, by the hash of the item.
fn findings(records: &[ItemRecord]) -> BTreeMap<&str, Vec<&str>> {
    let mut found = BTreeMap::new();
    for record in records.iter().filter(|record| record.verdict == Verdict::Match) {
        let ids = record.findings.iter().map(|finding| finding.recording_id.as_str());
        found.insert(record.item.sha256.as_str(), ids.collect());
    }
    found
}

#[test]
fn every_planted_recording_in_a_dump_of_all_containers_is_found_and_nothing_else() {
    let desk = Desk::with_songs(&(1..=10).collect::<Vec<_>>(), 30);
    let clips = clips();
    for (name, bytes) in &clips {
        desk.write(format!("plain/{name}"), bytes);
    }
    let mut chunks = clips.chunks(clips.len().div_ceil(18));
    let mut next = || chunks.next().unwrap_or_default();
    for (name, bytes) in next() {
        desk.write(format!("dump/folder/{name}"), bytes);
    }
    for (name, bytes) in next() {
        desk.write(format!("dump/single/{name}.gz"), &gz(bytes));
    }
    desk.write("dump/01.tar", &tar(next()));
    desk.write("dump/02.tgz", &gz(&tar(next())));
    desk.write("dump/03.tbz", &bz2(&tar(next())));
    desk.write("dump/04.txz", &xz(&tar(next())));
    desk.write("dump/05.tar.zst", &zst(&tar(next())));
    desk.write("dump/06.zip", &zip(next()));
    desk.write("dump/07.7z", &sevenz(next(), true));
    desk.write("dump/08.7z", &sevenz(next(), false));
    desk.write("dump/09.parquet", &cells(next()));
    desk.write("dump/12", &arrow(next(), false).write());
    let packed = arrow(next(), true);
    let codec = Some(CompressionType::Zstd);
    desk.write("dump/13.feather", &Table { codec, is_file: true, ..packed }.write());
    let deep = [
        ("a/in.zip", zip(next())),
        ("a/in.parquet", cells(next())),
        ("a/in.arrow", arrow(next(), true).write()),
        ("b.7z", sevenz(&[("c.tar", tar(next()))], true)),
    ];
    desk.write("dump/10", &zst(&tar(&[("deep.zip", zip(&deep))])));
    let sharded: Vec<_> = next()
        .iter()
        .flat_map(|(name, bytes)| {
            [(name.clone(), bytes.clone()), (name.replace("wav", "json"), b"{}".to_vec())]
        })
        .collect();
    desk.write("dump/11-shard.tar", &tar(&sharded));
    assert!(chunks.next().is_none());

    // Unwarped only: the tunes have few notes, and resemble each other at some speed.
    desk.run(["scan", "--mode", "identity", "plain"]).ends_with(1);
    let plain = records(&desk.jsonl());
    let done = desk.run(["inspect", "dump"]).ends_with(0);
    let sounds = done.stdout.lines().filter(|line| line.contains(" WAV "));
    let count = |line: &str| line.split_whitespace().next().unwrap().parse::<usize>().unwrap();
    assert_eq!(sounds.map(count).sum::<usize>(), clips.len(), "{}", done.stdout);

    desk.run(["scan", "--mode", "identity", "dump"]).ends_with(1);
    let found = records(&desk.jsonl());
    let (expected, here) = (findings(&plain), findings(&found));
    assert_eq!(here, expected);
    assert_eq!(here.len(), PLANTED);
    // Only the side-cars are not sound.
    let failed = found.iter().filter_map(|record| record.failure.as_ref());
    assert!(failed.clone().all(|failure| failure.kind == FailureKind::NotAudio));
    assert_eq!(found.len() - failed.count(), clips.len());
    for record in found.iter().filter(|record| record.verdict == Verdict::Match) {
        let locator = record.item.locator.as_str();
        desk.run(["extract", locator, "--out", "out", "--force"]).ends_with(0);
        let bytes = std::fs::read(desk.path("out")).unwrap();
        assert_eq!(digest(&bytes), record.item.sha256, "{locator}");
    }
}
