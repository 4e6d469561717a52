//! Runs the checks of the fuzzer on seeds of all kinds, on its earlier findings, and on seeds that are changed at random.
//! `scripts/fuzz` runs the same checks guided by coverage.
//!
//! A short run is part of the tests. A long one without guidance: `LEAKHOUND_FUZZ_ROUNDS=1000000 LEAKHOUND_FUZZ_SEED=7 cargo
//! test --test suite fuzz`.

#[allow(
    dead_code,
    unreachable_pub,
    reason = "the fuzzer is a crate of its own, which uses more of it"
)]
mod checks;

use std::fs;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use leakhound::index::{SegmentBuilder, Track};
use leakhound::signal::fingerprint::FingerprintConfig;
use leakhound::signal::peaks::Peak;
use rusqlite::Connection;

use self::checks::{CHECKS, Check};
// What the checks need of the tests; the fuzzer gives them the same.
use crate::common::deliveries::{csv, tracks, xlsx};
use crate::common::ern::ern;
use crate::common::formats::{ar, cab, cpio, disc, lz4, lzip, warc};
use crate::common::parquet::{cells, metadata, numbers, shard};
use crate::common::rar::{Rar, packed};
use crate::common::zips::{Method, zip_by};
use crate::common::{Dice, bz2, encode, gz, sevenz, song, tar, tar_header, wav, xz, zip, zst};

/// Small intact containers of each kind, some nested.
fn containers() -> Vec<Vec<u8>> {
    let wav = wav(&vec![0.25; 600]);
    let text = b"{\"isrc\": \"GBAYE0000351\"}\n".repeat(20);
    let members = [("a.wav", &wav), ("a.json", &text), ("b/c.txt", &text), ("b/d.wav", &wav)];
    let (tar, zip) = (tar(&members), zip(&members));
    let nested =
        self::tar(&[("x.zip", &zip), ("y.tgz", &gz(&tar)), ("z.7z", &sevenz(&members, true))]);
    let mut seeds = arrow_tables();
    seeds.extend([
        gz(&tar),
        bz2(&tar),
        xz(&tar),
        zst(&text),
        sevenz(&members, false),
        sevenz(&members, true),
        shard(),
        numbers(),
        zst(&nested),
        nested,
        zip,
        tar,
    ]);
    seeds.extend(rarer(&members.map(|(name, bytes)| (name, bytes.clone()))));
    seeds
}

/// Containers of rarer formats.
fn rarer(members: &[(&str, Vec<u8>)]) -> Vec<Vec<u8>> {
    use Method::{Lzma, Ppmd, Xz};
    let mut seeds = vec![
        Rar::Four.stored(members),
        Rar::Five.stored(members),
        Rar::Five.volumes(members, 900).concat(),
        Rar::Four.volumes(members, 900).concat(),
        packed(Rar::Four, members, true, None).remove(0),
        cpio(members, true),
        cpio(members, false),
        ar(members, true),
        ar(members, false),
        warc(members),
        disc(members, true),
        disc(members, false),
        cab(members, true),
        cab(members, false),
        lzip(&tar(members)),
        lz4(&cpio(members, true)),
        [&b"MZ\x90\0"[..], &[7; 300], &sevenz(members, false)].concat(),
        [&b"GIF89a"[..], &[7; 300], &Rar::Five.stored(members)].concat(),
        [&b"#!/bin/sh\n"[..], &[7; 300], &zip(members)].concat(),
    ];
    seeds.extend(together(members));
    seeds.extend([Lzma, Xz, Ppmd].map(|method| zip_by(members, method, usize::MAX).remove(0)));
    let mut archive = tar::Builder::new(Vec::new());
    let records = [("GNU.sparse.map", &b"3,20,40,4"[..]), ("GNU.sparse.size", b"99")];
    archive.append_pax_extensions(records).unwrap();
    let mut header = tar_header(24);
    header.set_path("x").unwrap();
    header.set_cksum();
    archive.append(&header, &[1; 24][..]).unwrap();
    seeds.push(archive.into_inner().unwrap());
    seeds
}

/// Archives with members that are read together: a stream in segments, and the volumes of an archive.
fn together(members: &[(&str, Vec<u8>)]) -> Vec<Vec<u8>> {
    let part = |kind: &[u8], bytes: usize| {
        let length = (8 + bytes as u32).to_be_bytes();
        [&length[..], kind, &vec![7; bytes]].concat()
    };
    let head = [part(b"ftyp", 8), part(b"moov", 60)].concat();
    let segment = [part(b"styp", 8), part(b"moof", 40), part(b"mdat", 90)].concat();
    let mut files = vec![("s/init.mp4".to_owned(), head)];
    files.extend((1..4).map(|number| (format!("s/seg-{number}.m4s"), segment.clone())));
    let volumes = (1..).zip(Rar::Five.volumes(members, 900));
    files.extend(volumes.map(|(number, volume)| (format!("r/x.part{number}.rar"), volume)));
    vec![tar(&files), gz(&tar(&files)), zip(&files)]
}

/// Packed members of RAR archives, each behind what `checks::rar` reads: method, dictionary, and both lengths.
fn rar_members() -> Vec<Vec<u8>> {
    use rars::codec::{rar13, rar20, rar29, rar50};
    let text = b"{\"isrc\": \"GBAYE0000351\"}\n".repeat(200);
    let text = &text[..];
    let request = |algorithm: u8, packed: Vec<u8>| {
        let mut out = vec![algorithm, 0, 0];
        out.extend((text.len() as u16).to_le_bytes());
        out.extend((packed.len() as u16).to_le_bytes());
        out.extend(packed);
        out
    };
    let mut seeds = vec![
        request(0, rar13::unpack15_encode(text).unwrap()),
        request(1, rar20::unpack20_encode_auto(text).unwrap()),
        request(2, rar29::Unpack29Encoder::new().encode_member(text).unwrap()),
        request(2, rar29::unpack29_encode_ppmd(text, 1 << 20).unwrap()),
        request(3, rar50::encode_lz_member(text, 0).unwrap()),
        request(4, rar50::encode_lz_member(text, 1).unwrap()),
    ];
    // One after the other, the second with the dictionary of the first.
    let mut second = seeds[4].clone();
    second[1] = 1;
    seeds.push([seeds[4].clone(), second].concat());
    seeds
}

/// The tables of `fixtures/tables`, which other programs wrote.
fn arrow_tables() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tables");
    let files_of = |folder: &Path| fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> = files_of(&folder).chain(files_of(&folder.join("sound"))).collect();
    files.retain(|file| file.is_file());
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// Three seconds of the song of the catalogue in each format.
fn sounds() -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("x.wav");
    let song = song(1, 12);
    let clip = wav(&song[song.len() / 3..song.len() / 3 + 66_000]);
    fs::write(&from, &clip).unwrap();
    let encoded = |name: &str, words: &[&str]| {
        let to = folder.path().join(name);
        let isrc = ["-metadata", "isrc=GBAYE0000351", "-metadata", "title=Song 1", "-t", "3"];
        encode(&from, &to, &[isrc.as_slice(), words].concat());
        fs::read(to).unwrap()
    };
    let small = ["-b:a", "24k"];
    let mut seeds: Vec<Vec<u8>> =
        ["x.mp3", "x.ogg", "x.opus", "x.m4a", "x.aac", "x.mp2", "x.mka", "x.webm"]
            .map(|name| encoded(name, &small))
            .into();
    seeds.extend(["x.flac", "x.aiff", "x.caf", "x.wma"].map(|name| encoded(name, &[])));
    seeds.push(encoded("alac.m4a", &["-c:a", "alac"]));
    seeds.push(encoded("adpcm.wav", &["-c:a", "adpcm_ms"]));
    // Joined, in fragments, and with texts at odd places.
    let two = |one: usize, other: usize| [&seeds[one][..], &seeds[other]].concat();
    let mut odd: Vec<Vec<u8>> = vec![two(4, 4), two(6, 7), two(0, 5), two(8, 8), two(9, 3)];
    let fragments =
        ["-c:a", "aac", "-movflags", "frag_keyframe+empty_moov", "-frag_duration", "200000"];
    odd.push(encoded("fragments.mp4", &fragments));
    let chunks = [&clip[36..], b"bext\x12\0\0\0ISRC GBAYE0000351\0", b"axml\x0c\0\0\0GBAYE0000351"];
    odd.push([&clip[..], &chunks.concat()].concat());
    let tag = b"ID3\x04\0\0\0\0\0\x17TSRC\0\0\0\x0d\0\0\x03GBAYE0000351";
    let items = b"\x04\0\0\0\0\0\0\0Title\0Caf\xe9";
    let footer = b"APETAGEX\xd0\x07\0\0\x32\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    odd.push([&tag[..], &seeds[0], tag, items, footer].concat());
    odd.push(
        [b"\xff\xd8\xff\xe0\0\x04ab\xff\xda\0\x04cd\x12\xff\0\xff\xd9", &seeds[0][..]].concat(),
    );
    seeds.append(&mut odd);
    seeds.push(clip);
    seeds
}

/// Texts, tables and databases that name a recording.
fn words() -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let database = |sql: &str| {
        let file = folder.path().join("x");
        let _ = fs::remove_file(&file);
        Connection::open(&file)
            .unwrap()
            .execute_batch(&format!("PRAGMA page_size=512;{sql}"))
            .unwrap();
        fs::read(file).unwrap()
    };
    let mut seeds = vec![
        b"{\"id\":1}\n{\"id\":2,\"external_ids\":{\"isrc\":\"GBAYE0000351\"}}\n".to_vec(),
        b"id;isrc\n1;GB-AYE-00-00351\n2;USRC17607839\n".to_vec(),
        b"file_name,title\na.wav,036000291452\n\"b\n.wav\",GBAYE0000351\n".to_vec(),
        b"<?xml version=\"1.0\"?>\n<a><ISRC>GBAYE0000351</ISRC></a>".to_vec(),
        database(
            "CREATE TABLE tracks (rowid INTEGER PRIMARY KEY, id TEXT, name TEXT, external_id_isrc TEXT);
             INSERT INTO tracks VALUES (1, 'a', 'x', 'FRXXX0000001'), (2, 'b', 'y', 'GBAYE0000351');",
        ),
        database(
            "CREATE TABLE track_files (track_id TEXT, filename TEXT, sha256_original TEXT) WITHOUT ROWID;"
                .replace(" WITHOUT ROWID", "").as_str(),
        ),
        database("CREATE TABLE playlists (owner_id TEXT, isrc TEXT);"),
        zst(&database(
            "CREATE TABLE tracks (name TEXT, isrc TEXT); INSERT INTO tracks VALUES ('a', 'GBAYE0000351');",
        )),
        b"{\"d\":\"x\\nGB\\u002dAYE\\u002d00%2D00351 watch%3Fv%3DdQw4w9WgXcQ\"}\n+036000291452.5".to_vec(),
        "isrc,x\nGBAYE0000351,y\n".encode_utf16().flat_map(u16::to_le_bytes).collect(),
        zst(b"{\"aacid\":\"aacid__x__20250101T000000Z__a\",\"metadata\":{\"isrc\":\"GBAYE0000351\"}}\n"),
        metadata(&[("a.wav", "GBAYE0000351"), ("b.wav", "x")]),
        cells(&[("a".into(), b"no sound".to_vec()), ("b".into(), b"GBAYE0000351".to_vec())]),
    ];
    seeds.extend(arrow_tables());
    seeds
}

/// A delivery of each kind.
fn deliveries() -> Vec<Vec<u8>> {
    let tracks = tracks(3);
    let mut seeds: Vec<Vec<u8>> =
        ["3.8.2", "4.1", "4.3"].map(|version| ern(version, &tracks).into_bytes()).into();
    seeds.extend([csv(&tracks, b','), csv(&tracks, b'\t'), xlsx(&tracks)]);
    seeds.push(
        b"{\"isrc\":\"GBAYE0000351\",\"title\":\"x\",\"releases\":[{\"upc\":\"036000291452\"}]}\n"
            .to_vec(),
    );
    seeds.push(b"{\"columns\": {\"Track title\": \"title\", \"Code\": \"isrc\"}, \"dates\": \"day_first\"}".to_vec());
    seeds.push("\u{feff}ISRC;Titel\r\nGBAYE0000351;\"S\u{f6}hne\r\n\"\r\n".as_bytes().to_vec());
    let wide = "isrc\ttitle\nGBAYE0000351\tSong\n".encode_utf16().flat_map(u16::to_le_bytes);
    seeds.push([0xff, 0xfe].into_iter().chain(wide).collect());
    seeds
}

/// Texts in the grammars of this project.
fn records() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = [
        "finding_id,decision,decision_ground,decision_reason,decided_by\nf1,dismissed,licensed,a deal,Ann\n",
        "{\"finding_id\":\"f1\",\"decision\":\"accept\"}\n",
        "dump/a.tar!/b/c.zip!/d%21.ogg",
        "dump/x.parquet!/row-group/0/row/3/audio",
        "leakhound manifest 1\ngeneration 3\nnext 9\nsegment 7 bytes 100 tracks 2 header_crc32 0000abcd\ncrc32 00000000\n",
    ]
    .map(|text| text.as_bytes().to_vec())
    .into();
    for file in containers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        fs::write(&path, file).unwrap();
        seeds.extend(checks::locators(&path).into_iter().take(3).map(String::into_bytes));
    }
    seeds
}

/// Torrents that another client made.
fn torrents() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/torrents");
    ["v1", "v2", "hybrid"]
        .map(|name| fs::read(folder.join(format!("{name}.torrent"))).unwrap())
        .into()
}

/// Segments of no track, of one and of three.
fn segments() -> Vec<Vec<u8>> {
    let built = |tracks: u32| {
        let mut builder = SegmentBuilder::new(FingerprintConfig::default());
        for track in 0..tracks {
            let mut dice = Dice::new(track.into());
            let mut time = 0;
            let mut draw = |below| dice.below(below) as u32;
            let peaks: Vec<Peak> = (0..60)
                .map(|_| {
                    time += draw(160);
                    Peak { time, pitch: draw(35_000) as u16, strength: draw(9_999) as u16 }
                })
                .collect();
            builder.push(&Track {
                peaks: peaks.into(),
                sub_fingerprints: &[track; 99],
                frames: 1_700,
            });
        }
        let mut bytes = Cursor::new(Vec::new());
        builder.write(&mut bytes).unwrap();
        bytes.into_inner()
    };
    [0, 1, 3].map(built).into()
}

fn seeds(check: &str) -> Vec<Vec<u8>> {
    match check {
        "containers" => containers(),
        "outcome" => sounds(),
        "words" => words(),
        "deliveries" => deliveries(),
        "records" => records(),
        "torrents" => torrents(),
        "segments" => segments(),
        "rar" => rar_members(),
        other => panic!("no seeds for {other}"),
    }
}

/// A seed with a few changes: bits and numbers changed; stretches removed, repeated, zeroed, cut or taken from another seed.
fn changed(seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = seeds[dice.below(seeds.len())].clone();
    for _ in 0..=dice.below(6) {
        if bytes.is_empty() {
            break;
        }
        // Directories are at the ends.
        let near_the_end = dice.below(3) == 0;
        let at = match dice.below(bytes.len()) {
            _ if near_the_end => bytes.len() - 1 - dice.below(bytes.len().min(300)),
            at => at,
        };
        let length = 1 + dice.below((bytes.len() - at).min(64));
        match dice.below(8) {
            0 => bytes[at] ^= 1 << dice.below(8),
            1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][dice.below(5)],
            2 => bytes[at..at + length].fill([0, 0xff][dice.below(2)]),
            3 => drop(bytes.drain(at..at + length)),
            4 => {
                let again = bytes[at..at + length].to_vec();
                bytes.splice(at..at, again);
            }
            5 => bytes.truncate(at),
            6 => {
                let number =
                    [0_u64, 1 << 31, u64::from(u32::MAX), 1 << 62, u64::MAX][dice.below(5)];
                for (to, from) in bytes[at..].iter_mut().zip(number.to_le_bytes()) {
                    *to = from;
                }
            }
            _ => {
                let other = &seeds[dice.below(seeds.len())];
                let from = dice.below(other.len());
                let piece = &other[from..other.len().min(from + length)];
                bytes.splice(at..at, piece.iter().copied());
            }
        }
    }
    bytes
}

/// Runs a check. If it panics, the bytes are kept in a file that is named.
#[allow(clippy::print_stderr, reason = "for the one who reads why the test failed")]
fn run((name, check): Check, bytes: &[u8], what: &str) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| check(bytes))) {
        let kept = std::env::temp_dir().join(format!("leakhound-fuzz-{name}-{what}"));
        fs::write(&kept, bytes).unwrap();
        eprintln!("{name}, {what}: the bytes are in {}", kept.display());
        std::panic::resume_unwind(panic);
    }
}

/// Writes the seeds to the folder in `LEAKHOUND_FUZZ_SEEDS`, if it is set: `scripts/fuzz` needs them as files.
#[test]
fn every_intact_seed_passes_its_check() {
    let folder = std::env::var_os("LEAKHOUND_FUZZ_SEEDS");
    for check in CHECKS {
        for (at, seed) in seeds(check.0).iter().enumerate() {
            run(check, seed, &format!("seed-{at}"));
            if let Some(folder) = &folder {
                let folder = Path::new(folder).join(check.0);
                fs::create_dir_all(&folder).unwrap();
                fs::write(folder.join(format!("seed-{at}")), seed).unwrap();
            }
        }
    }
}

/// `fixtures/fuzz` has a folder for each check.
#[test]
fn every_earlier_finding_of_the_fuzzer_passes_its_check() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/fuzz");
    for check in CHECKS {
        for file in fs::read_dir(folder.join(check.0)).into_iter().flatten() {
            let file = file.unwrap();
            run(check, &fs::read(file.path()).unwrap(), &file.file_name().to_string_lossy());
        }
    }
}

#[test]
fn seeds_changed_at_random_pass_their_checks() {
    let number = |name: &str, default: u64| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let (rounds, seed) = (number("LEAKHOUND_FUZZ_ROUNDS", 1_000), number("LEAKHOUND_FUZZ_SEED", 1));
    for check in CHECKS {
        let seeds = seeds(check.0);
        // Checks of sound take the longest.
        let rounds = if check.0 == "outcome" { rounds / 10 } else { rounds };
        for round in 0..rounds {
            let mut dice = Dice::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(round));
            run(check, &changed(&seeds, &mut dice), &format!("{seed}-{round}"));
        }
    }
}
