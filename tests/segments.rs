//! Streams in segments, as HLS and DASH have them: head and segments of one folder are one item, on disk and in archives.

use std::fs;

use leakhound::record::{FailureKind, ItemRecord, Verdict};
use leakhound::source::ScanLimits;

use crate::common::{
    Desk, content, encode, excerpt, gz, leads_back, record, records, sevenz, song, tar, walk, zip,
};

/// A way to cut sound into segments: the arguments of ffmpeg, the file that it is asked for, and the head that it makes.
pub(crate) const CUTS: [(&str, &str, &str); 3] = [
    ("-c:a aac -f dash -seg_duration 4", "all.mpd", "init-stream0.m4s"),
    ("-c:a aac -f hls -hls_time 4 -hls_list_size 0 -hls_segment_type fmp4", "all.m3u8", "init.mp4"),
    (
        "-c:a libopus -b:a 96k -f dash -dash_segment_type webm -seg_duration 4",
        "all.mpd",
        "init-stream0.webm",
    ),
];

/// Files of a stream, by their names and without its playlist; the head is the first.
pub(crate) fn cut(
    desk: &Desk,
    folder: &str,
    (arguments, asked, head): (&str, &str, &str),
) -> Vec<(String, Vec<u8>)> {
    let whole = desk.write_wav("clip.wav", excerpt(&song(1, 30), 5.0, 25.0));
    fs::create_dir_all(desk.path(folder)).unwrap();
    let arguments: Vec<_> = arguments.split(' ').collect();
    encode(&whole, &desk.path(folder).join(asked), &arguments);
    fs::remove_file(desk.path(folder).join(asked)).unwrap();
    let files = fs::read_dir(desk.path(folder)).unwrap().map(|entry| entry.unwrap());
    let mut files: Vec<_> = files
        .map(|file| (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap()))
        .collect();
    files.sort_by_key(|(name, _)| (name != head, name.clone()));
    assert!(files[0].0 == head && files.len() > 4, "{files:?}");
    files
}

/// The only item that is no row of a segment.
fn joined(found: &[ItemRecord]) -> &ItemRecord {
    let is_row = |record: &&ItemRecord| {
        record
            .failure
            .as_ref()
            .is_some_and(|failure| failure.message.contains("and is read with it"))
    };
    let [joined] = found.iter().filter(|record| !is_row(record)).collect::<Vec<_>>()[..] else {
        panic!("{found:#?}")
    };
    joined
}

#[test]
fn a_stream_in_segments_is_found_as_one_item_that_names_its_parts() {
    for how in CUTS {
        let desk = Desk::with_songs(&[1, 2], 30);
        let files = cut(&desk, "dump", how);
        let found = desk.scan(1);
        assert_eq!(found.len(), files.len());
        let item = joined(&found);
        assert!(item.item.path.ends_with(&files[0].0), "{item:#?}");
        assert_eq!((item.verdict, item.is_partial), (Verdict::Match, false), "{item:#?}");
        assert!((item.item.duration_seconds - 20.0).abs() < 0.2, "{item:#?}");
        assert!(item.findings[0].item_coverage > 0.9, "{item:#?}");
        let (first, last) = (&files[1].0, &files.last().unwrap().0);
        let count = files.len() - 1;
        let note = format!("joined from {} and {count} segments: {first} to {last}", files[0].0);
        assert!(item.notes.contains(&note), "{note:?}: {item:#?}");
        for (name, _) in &files[1..] {
            let failure = record(&found, name).failure.as_ref().unwrap();
            assert_eq!(failure.kind, FailureKind::NotAudio);
            assert!(failure.message.contains(&files[0].0), "{failure:?}");
        }
        // Its bytes are those of its parts, and none of these is overwritten with them.
        let extract = ["extract", &item.item.locator, "--out"];
        desk.run([&extract[..], &["out.mp4"]].concat()).ends_with(0);
        let whole: Vec<u8> = files.iter().flat_map(|(_, bytes)| bytes.clone()).collect();
        assert_eq!(fs::read(desk.path("out.mp4")).unwrap(), whole);
        let last = format!("dump/{last}");
        desk.run([&extract[..], &[&last, "--force"]].concat())
            .ends_with(2)
            .says_in_one_line(&["contains the item itself"]);
        // Without one of its segments it is another item.
        fs::remove_file(desk.path(&last)).unwrap();
        let note = format!("and {} segments: ", count - 1);
        assert!(joined(&desk.scan(1)).notes[0].contains(&note));
    }
}

#[test]
fn a_stream_in_an_archive_is_one_item_wherever_its_parts_lie_there() {
    let desk = Desk::with_songs(&[1, 2], 30);
    let mut files = cut(&desk, "made", CUTS[0]);
    let whole: Vec<u8> = files.iter().flat_map(|(_, bytes)| bytes.clone()).collect();
    for (name, _) in &mut files {
        *name = format!("d/{name}");
    }
    // Another head in another folder, and what is no part.
    let head = files[0].1.clone();
    files.rotate_left(2);
    files.insert(3, ("d/e/notes.txt".to_owned(), b"no music\n".to_vec()));
    files.insert(0, ("c/init.mp4".to_owned(), head));
    let archives = [
        tar(&files),
        gz(&tar(&files)),
        zip(&files),
        sevenz(&files, true),
        zip(&[("in.tar", tar(&files))]),
    ];
    for (number, archive) in archives.iter().enumerate() {
        let seen = walk(archive, ScanLimits::default());
        let paths: Vec<_> = seen.items.iter().map(|item| item.place.locator.display()).collect();
        assert_eq!(seen.items.len(), 3, "archive {number}: {paths:?}");
        let item = seen.items.iter().find(|item| content(item) == whole);
        let item = item.unwrap_or_else(|| panic!("archive {number}: {paths:?}"));
        assert_eq!(item.size_bytes, whole.len() as u64);
        assert!(item.place.locator.display().ends_with("d/init-stream0.m4s"));
        assert!(item.notes[0].starts_with("joined from init-stream0.m4s and "), "{item:?}");
        let segments = files.len() - 3;
        let told =
            |row: &&leakhound::source::Unlisted| row.failure.message.contains("is a segment");
        assert_eq!(seen.rows.iter().filter(told).count(), segments, "{:#?}", seen.rows);
        seen.items.iter().for_each(|item| {
            leads_back(item);
        });
        desk.write(format!("dump-{number}/x"), archive);
        desk.run(["scan", &format!("dump-{number}")]).ends_with(1);
        let found = records(&desk.jsonl());
        let found = record(&found, "d/init-stream0.m4s");
        assert_eq!((found.verdict, found.is_partial), (Verdict::Match, false), "{found:#?}");
    }
}

#[test]
fn parts_that_cannot_be_joined_are_told_one_by_one() {
    let desk = Desk::with_songs(&[1, 2], 30);
    let files = cut(&desk, "made", CUTS[1]);
    let at = |folder: &str, names: &[(&str, usize)]| {
        for (name, number) in names {
            desk.write(format!("{folder}/{name}"), &files[*number].1);
        }
        desk.run(["scan", folder]);
        records(&desk.jsonl())
    };
    // Segments without a head, two heads, segments of two streams: nobody knows what belongs together.
    for (number, names) in [
        &[("seg-1.m4s", 1), ("seg-2.m4s", 2)][..],
        &[("a_init.mp4", 0), ("init_a.mp4", 0), ("a_1.m4s", 1)],
        &[("init.mp4", 0), ("a-1.m4s", 1), ("b-1.m4s", 2)],
    ]
    .iter()
    .enumerate()
    {
        let found = at(&number.to_string(), names);
        assert_eq!(found.len(), names.len());
        for (name, part) in *names {
            let failure = record(&found, name).failure.as_ref().unwrap();
            assert_ne!(failure.kind, FailureKind::NotAudio, "{failure:?}");
            let remedy = "put the segment with the head of its stream";
            assert!(*part == 0 || failure.message.contains(remedy), "{failure:?}");
        }
    }
    // A gap is told, and what is there is heard.
    let found = at("gap", &[("init.mp4", 0), ("s1.m4s", 1), ("s2.m4s", 2), ("s4.m4s", 4)]);
    let item = joined(&found);
    assert!(item.notes.contains(&"segments are missing: 3".to_owned()), "{item:#?}");
    assert_eq!((item.verdict, item.is_partial), (Verdict::Match, true), "{item:#?}");
}

#[test]
fn segments_that_may_not_be_held_are_told_one_by_one() {
    let desk = Desk::new();
    let files = cut(&desk, "made", CUTS[1]);
    let packed = gz(&tar(&files));
    let limits = ScanLimits { max_container_bytes: 60_000, ..ScanLimits::default() };
    let seen = walk(&packed, limits);
    assert!(seen.items.len() > 1, "{:#?}", seen.items);
    let whole: usize = files.iter().map(|(_, bytes)| bytes.len()).sum();
    let shown: usize = seen.items.iter().map(|item| content(item).len()).sum();
    assert_eq!(shown, whole, "nothing is lost");
    // What lies on disk needs no memory.
    assert_eq!(walk(&tar(&files), limits).items.len(), 1);
}

#[cfg(unix)]
#[test]
fn a_link_is_no_part_of_a_stream() {
    let desk = Desk::with_songs(&[1, 2], 30);
    let files = cut(&desk, "made", CUTS[1]);
    desk.write("dump/init.mp4", &files[0].1);
    for (name, _) in &files[1..] {
        let to = desk.path("made").join(name);
        std::os::unix::fs::symlink(to, desk.path("dump").join(name)).unwrap();
    }
    let found = desk.scan(3);
    assert_eq!(record(&found, "init.mp4").verdict, Verdict::Failed);
    let outside = |record: &&ItemRecord| {
        record.failure.as_ref().is_some_and(|failure| failure.kind == FailureKind::LinkOutside)
    };
    assert_eq!(found.iter().filter(outside).count(), files.len() - 1);
}
