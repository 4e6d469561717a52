//! Any bytes: containers of all kinds are changed at random, walked, read and looked up again. Whatever they are, the walk
//! ends, nothing is without a row, memory stays within the limits, and every item is found again by its locator.
//!
//! A short run is part of the tests. A long one: `LEAKHOUND_FUZZ_ROUNDS=1000000 LEAKHOUND_FUZZ_SEED=7 cargo test --test
//! suite fuzz`. It is not guided by coverage.

use std::io::{Read as _, Write as _};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use leakhound::source::{
    Bytes, Dump, Folders, Found, Item, Locator, ScanLimits, Source as _, Unlisted, Visit, find,
};

use crate::common::{bz2, gz, sevenz, tar, xz, zip, zst};
use crate::tables::{numbers, shard};

/// Limits that small files meet.
const LIMITS: ScanLimits = ScanLimits {
    max_depth: 5,
    max_item_bytes: 1 << 20,
    extra_item_bytes: 1 << 20,
    max_container_bytes: 2 << 20,
    max_ratio: 20,
    ratio_slack_bytes: 4 << 20,
    max_members: 2_000,
    text_slack_bytes: 1 << 16,
    max_directory_bytes: 1 << 20,
    max_footer_bytes: 1 << 20,
    max_page_bytes: 1 << 20,
};

/// Numbers that are the same at each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below.max(1)
    }
}

/// Sound containers of each kind, small, some in each other.
fn seeds() -> Vec<Vec<u8>> {
    let wav = crate::common::wav(&vec![0.25; 600]);
    let text = b"{\"isrc\": \"GBAYE0000351\"}\n".repeat(20);
    let members = [("a.wav", &wav), ("a.json", &text), ("b/c.txt", &text), ("b/d.wav", &wav)];
    let (tar, zip) = (tar(&members), zip(&members));
    let nested =
        self::tar(&[("x.zip", &zip), ("y.tgz", &gz(&tar)), ("z.7z", &sevenz(&members, true))]);
    vec![
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
    ]
}

/// A few changes: bits, numbers, stretches taken out, doubled, zeroed, cut, or taken from another seed.
fn changed(seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = seeds[dice.roll(seeds.len())].clone();
    for _ in 0..=dice.roll(6) {
        if bytes.is_empty() {
            break;
        }
        // Directories are at the ends.
        let near_the_end = dice.roll(3) == 0;
        let at = match dice.roll(bytes.len()) {
            _ if near_the_end => bytes.len() - 1 - dice.roll(bytes.len().min(300)),
            at => at,
        };
        let length = 1 + dice.roll((bytes.len() - at).min(64));
        match dice.roll(8) {
            0 => bytes[at] ^= 1 << dice.roll(8),
            1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][dice.roll(5)],
            2 => bytes[at..at + length].fill([0, 0xff][dice.roll(2)]),
            3 => drop(bytes.drain(at..at + length)),
            4 => {
                let again = bytes[at..at + length].to_vec();
                bytes.splice(at..at, again);
            }
            5 => bytes.truncate(at),
            6 => {
                let number = [0_u64, 1 << 31, u64::from(u32::MAX), 1 << 62, u64::MAX][dice.roll(5)];
                for (to, from) in bytes[at..].iter_mut().zip(number.to_le_bytes()) {
                    *to = from;
                }
            }
            _ => {
                let other = &seeds[dice.roll(seeds.len())];
                let from = dice.roll(other.len());
                let piece = &other[from..other.len().min(from + length)];
                bytes.splice(at..at, piece.iter().copied());
            }
        }
    }
    bytes
}

#[derive(Default)]
struct Seen {
    items: Vec<Item>,
    rows: Vec<Unlisted>,
    in_memory: u64,
}

impl Visit for Seen {
    fn item(&mut self, item: Item) -> ControlFlow<()> {
        if let Bytes::Memory(buffer) = &item.bytes {
            self.in_memory = self.in_memory.max(buffer.as_slice().len() as u64);
        }
        let mut bytes = Vec::new();
        // An end that is missing is an error of the text, or fewer bytes.
        let _ = item.bytes.stream().unwrap().take(8 << 20).read_to_end(&mut bytes);
        if self.items.len() < 8 {
            let item = Item { bytes: Bytes::of_memory(bytes), ..item };
            self.items.push(item);
        }
        ControlFlow::Continue(())
    }

    fn unlisted(&mut self, row: Unlisted) -> ControlFlow<()> {
        self.rows.push(row);
        ControlFlow::Continue(())
    }
}

fn check(file: &std::path::Path) {
    let folders = Folders::new(&[file.to_path_buf()]).unwrap();
    let mut seen = Seen::default();
    assert!(Dump::new(folders, LIMITS).walk(&mut seen).is_continue(), "the walk ends by itself");
    assert!(!seen.items.is_empty() || !seen.rows.is_empty(), "nothing is lost");
    assert!(seen.in_memory <= LIMITS.max_item_bytes);
    for item in &seen.items {
        let text = item.place.locator.to_string();
        let locator: Locator = text.parse().unwrap();
        assert_eq!(locator, item.place.locator);
        let found = find(&locator, LIMITS).unwrap();
        let Found::Item(found) = found else { panic!("{text} leads to {found:?}") };
        let (mut was, mut is) = (Vec::new(), Vec::new());
        let _ = item.bytes.stream().unwrap().read_to_end(&mut was);
        let _ = found.bytes.stream().unwrap().take(8 << 20).read_to_end(&mut is);
        assert!(was == is, "{text} has other bytes");
    }
}

#[test]
fn any_bytes_cost_a_walk_no_more_than_rows() {
    let number = |name: &str, default: u64| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let (rounds, seed) = (number("LEAKHOUND_FUZZ_ROUNDS", 1_500), number("LEAKHOUND_FUZZ_SEED", 1));
    let seeds = seeds();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x");
    for round in 0..rounds {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(round));
        let bytes = changed(&seeds, &mut dice);
        std::fs::File::create(&file).unwrap().write_all(&bytes).unwrap();
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| check(&file))) {
            let kept = std::env::temp_dir().join(format!("leakhound-fuzz-{seed}-{round}"));
            std::fs::write(&kept, &bytes).unwrap();
            eprintln!("seed {seed}, round {round}: the bytes are in {}", kept.display());
            std::panic::resume_unwind(panic);
        }
    }
}
