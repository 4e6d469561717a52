//! Sound in Base64 and samples in texts and arrays, wherever these lie, and what is wrong with them.

use std::fs;
use std::ops::ControlFlow;

use leakhound::source::{Dump, Folders, Item, Place, ScanLimits, Source as _, Unlisted, Visit};

use crate::common::{Seen, content, gz, leads_back, sound_tables, tar, walk, zip, zst};

fn fixture(name: &str) -> Vec<u8> {
    fs::read(sound_tables().join(name)).unwrap()
}

/// The last words of the paths of all items, each of which is found again by its locator.
fn paths(seen: &Seen) -> Vec<String> {
    let path = |item: &Item| {
        let text = leads_back(item).to_string();
        text.split_once('!').map_or("", |(_, steps)| steps).to_owned()
    };
    seen.items.iter().map(path).collect()
}

#[test]
fn a_text_with_sound_is_opened_in_every_container() {
    let (clip, text) = (fixture("clip.wav"), fixture("base64.jsonl"));
    let inside =
        |before: &str| ["line%201", "line%202", "text"].map(|name| format!("{before}{name}"));
    let whole = walk(&text, ScanLimits::default());
    assert_eq!(paths(&whole), inside(""));
    assert_eq!((content(&whole.items[0]), content(&whole.items[2])), (clip.clone(), text.clone()));
    for packed in [gz(&text), zst(&text)] {
        let seen = walk(&packed, ScanLimits::default());
        assert_eq!(paths(&seen), inside("~!"));
        assert_eq!(content(&seen.items[1]), clip);
    }
    let members = [("a.jsonl", text.clone()), ("b.txt", b"no sound here".to_vec())];
    for archive in [zip(&members), tar(&members), gz(&tar(&members))] {
        let seen = walk(&archive, ScanLimits::default());
        let paths = paths(&seen);
        assert_eq!(paths.len(), 4, "{paths:?}");
        assert!(paths[1].contains("a.jsonl") && paths[1].ends_with("!line%202"), "{paths:?}");
        assert_eq!(
            (content(&seen.items[1]), content(&seen.items[2])),
            (clip.clone(), text.clone())
        );
    }
}

#[test]
fn a_text_without_sound_stays_one_item() {
    for text in ["{\"isrc\": \"GBAYE0000351\"}\n", "isrc,title\nGBAYE0000351,x\n", "[[[1, 2]]]"] {
        let seen = walk(text.as_bytes(), ScanLimits::default());
        assert_eq!((paths(&seen), seen.rows.len()), (vec![String::new()], 0));
    }
    let deep = "[".repeat(2_000_000);
    assert_eq!(walk(deep.as_bytes(), ScanLimits::default()).items.len(), 1);
}

#[test]
fn sound_in_a_text_beyond_a_limit_has_a_row() {
    let limits = ScanLimits { max_item_bytes: 1_000, ..ScanLimits::default() };
    let seen = walk(&fixture("base64.csv"), limits);
    assert_eq!(seen.kinds(), ["too_large"]);
    assert_eq!(seen.items.len(), 1);
    let seen = walk(&fixture("hugging-face.jsonl"), limits);
    seen.says("container_unsupported", "577 numbers, of which 250 may be held in memory");
    let long = format!("{{\"audio\": [{}0]}}", "0.5,".repeat(8_000));
    let seen = walk(long.as_bytes(), ScanLimits::default());
    seen.says("container_unsupported", "8001 numbers without a sample rate beside them");
}

/// An array with this header and these bytes behind it, in an `.npz` file with a rate.
fn array(header: &str, data: &[u8]) -> Vec<u8> {
    let npy = |header: &str, data: &[u8]| {
        let length = (header.len() as u16).to_le_bytes();
        [b"\x93NUMPY\x01\0", &length[..], header.as_bytes(), data].concat()
    };
    let rate =
        npy("{'descr': '<i4', 'fortran_order': False, 'shape': (), }", &8_000_i32.to_le_bytes());
    zip(&[("a.npy", npy(header, data)), ("sr.npy", rate)])
}

#[test]
fn an_array_that_lies_about_itself_takes_no_memory_and_is_told() {
    let header = |code: &str, shape: &str| {
        format!("{{'descr': '{code}', 'fortran_order': False, 'shape': ({shape}), }}")
    };
    let limits = ScanLimits { max_item_bytes: 1 << 20, ..ScanLimits::default() };
    for shape in ["1000000000000000000,", "2, 9000000000000000000", "18446744073709551615, 8"] {
        let seen = walk(&array(&header("<f4", shape), &[0; 4_000]), limits);
        let item = seen.items.first().unwrap_or_else(|| panic!("{shape}: {:#?}", seen.rows));
        assert!(content(item).len() <= 4_100, "{shape}");
        assert!(item.notes[0].contains("bytes are missing"), "{:?}", item.notes);
    }
    let wide = walk(&array(&header(">i2", "2, 500"), &[1; 2_000]), limits);
    let sound = content(&wide.items[0]);
    assert_eq!((sound.len(), sound[22]), (44 + 4_000, 2));
    for (code, shape) in [("<f4", "-1,"), ("<f4", "99999999999999999999,"), ("<f4", "x")] {
        walk(&array(&header(code, shape), &[0; 4_000]), limits).says("container_damaged", "header");
    }
    for (code, shape) in
        [("|O", "9000,"), ("<f4", "80, 1200"), ("<f4", "0, 9000"), ("<c8", "9000,")]
    {
        let seen = walk(&array(&header(code, shape), &[0; 4_000]), limits);
        seen.says("not_audio", "which is not samples of sound");
    }
}

#[test]
fn what_is_missing_of_a_text_with_sound_is_told_of_the_text_and_of_what_it_ends_with() {
    let text = fixture("base64.jsonl");
    let whole = tar(&[("a.jsonl", &text)]);
    // Within the second sound.
    let cut = &whole[..512 + text.len() - 300];
    let mut packed = gz(cut);
    packed.truncate(packed.len() - 12);
    for (bytes, words) in [(cut, "300 of"), (&packed, "could be read")] {
        let seen = walk(bytes, ScanLimits::default());
        let told = |item: &Item| item.notes.iter().any(|note| note.contains(words));
        let told: Vec<_> = seen.items.iter().map(|item| (told(item), item.is_damaged)).collect();
        assert_eq!(told, [(false, false), (true, false), (true, true)], "{:#?}", seen.items);
    }
}

#[test]
fn a_text_that_is_read_twice_counts_once() {
    let long =
        |name: &str| format!("{{\"{name}\": [{}0.5], \"sr\": 8000}}\n", "0.25, ".repeat(50_000));
    let text = [long("audio"), long("mel")].concat();
    let packed = gz(text.as_bytes());
    let once = ScanLimits {
        max_ratio: 1,
        // The text, and the sound that is made of it.
        ratio_slack_bytes: text.len() as u64 * 3 / 2,
        ..ScanLimits::default()
    };
    for bytes in [packed, zip(&[("other", b"".to_vec()), ("a.json", text.into_bytes())])] {
        let seen = walk(&bytes, once);
        assert_eq!(seen.kinds(), [""; 0], "{:#?}", seen.rows);
        assert!(seen.items.iter().any(|item| content(item).starts_with(b"RIFF")));
    }
}

#[test]
#[cfg(unix)]
fn a_text_is_not_read_before_it_is_wanted_or_once_the_walk_is_to_end() {
    struct Over(bool);
    impl Visit for Over {
        fn wants_file(&mut self, _: &Place) -> bool {
            self.0 = true;
            true
        }
        fn item(&mut self, item: Item) -> ControlFlow<()> {
            panic!("{item:?}");
        }
        fn unlisted(&mut self, row: Unlisted) -> ControlFlow<()> {
            panic!("{row:?}");
        }
        fn is_over(&self) -> bool {
            self.0
        }
    }
    struct Unwanted(usize);
    impl Visit for Unwanted {
        fn wants_file(&mut self, _: &Place) -> bool {
            self.0 += 1;
            false
        }
        fn item(&mut self, item: Item) -> ControlFlow<()> {
            panic!("{item:?}");
        }
        fn unlisted(&mut self, row: Unlisted) -> ControlFlow<()> {
            panic!("{row:?}");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    // A text by its first bytes, and a hole that would take hours to read.
    for name in ["a.jsonl", "b.json.001", "c.part2.rar", "d.r00", "e.z01"] {
        let path = folder.path().join(name);
        fs::write(&path, b"{\"a\": 1}\n".repeat(1_000)).unwrap();
        fs::File::options().append(true).open(&path).unwrap().set_len(1 << 40).unwrap();
    }
    let folders = Folders::new(&[folder.path().to_path_buf()]).unwrap();
    let dump = Dump::new(folders, ScanLimits::default());
    let mut visit = Unwanted(0);
    assert!(dump.walk(&mut visit).is_continue());
    assert_eq!(visit.0, 5);
    let mut planned = 0;
    let flow = dump.outline(&mut |file| {
        planned += 1;
        assert!(file.divide(&dump, 1).is_none());
        ControlFlow::Continue(())
    });
    assert!(flow.is_continue());
    assert_eq!(planned, 5);
    // Nor is it shown as what it was not read far enough to be.
    assert!(dump.walk(&mut Over(false)).is_break());
}
