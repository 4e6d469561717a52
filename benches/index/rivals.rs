//! Compares the index with the same postings in SQLite and in a sorted array: size and time of look-ups.

use leakhound::catalog::{Snapshot, Stats};
use leakhound::signal::fingerprint::{Fingerprint, FingerprintConfig};
use leakhound::signal::landmarks::{Density, HASH_COUNT, Hash, landmarks};

use super::Result;

/// Number of hashes that are looked up.
const LOOKED_UP: usize = 20_000;

pub(crate) fn compare<'a>(
    snapshot: &Snapshot,
    stats: &Stats,
    clips: impl Iterator<Item = &'a (Fingerprint, String)>,
) -> Result<()> {
    let index = &snapshot.index;
    let mut array: Vec<[u32; 3]> = Vec::with_capacity(stats.postings as usize);
    let mut positions = Vec::new();
    index.each_reader(|reader| {
        for hash in 0..HASH_COUNT {
            reader.read(Hash(hash), &mut positions);
            let places = positions.iter().filter_map(|position| index.place(*position));
            array.extend(places.map(|(track, unit)| [hash, track.0, unit]));
        }
    });
    array.sort_unstable();
    let folder = std::env::temp_dir().join(format!("leakhound-rivals-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let path = folder.join("rows.sqlite");
    let rows = rusqlite::Connection::open(&path)?;
    rows.execute_batch(
        "PRAGMA page_size = 8192; PRAGMA journal_mode = off; PRAGMA synchronous = off;
         PRAGMA cache_size = -1000000;
         CREATE TABLE postings (hash INTEGER, track INTEGER, unit INTEGER, PRIMARY KEY (hash, track, unit)) WITHOUT ROWID;
         BEGIN;",
    )?;
    {
        // The key merges equal postings; there are few.
        let mut insert = rows.prepare("INSERT OR IGNORE INTO postings VALUES (?1, ?2, ?3)")?;
        for row in &array {
            insert.execute(*row)?;
        }
    }
    rows.execute_batch("COMMIT")?;
    let mut asked: Vec<Hash> = Vec::new();
    let config = FingerprintConfig::default();
    for (clip, _) in clips {
        let density = Density { fan_out: 3, probe: 0.0 };
        landmarks(&clip.peaks, config.landmarks, density, |hash, _| asked.push(hash));
    }
    let stride = asked.len().div_ceil(LOOKED_UP).max(1);
    let asked: Vec<Hash> = asked.into_iter().step_by(stride).collect();
    let sqlite_bytes = std::fs::metadata(&path)?.len();
    let mut select = rows.prepare("SELECT track, unit FROM postings WHERE hash = ?1")?;
    let mut results = Vec::new();
    results.push((
        "packed segments",
        stats.postings_bytes,
        time(&asked, |hash| {
            let mut sum = 0;
            index.each_reader(|reader| {
                reader.read(hash, &mut positions);
                sum += positions.iter().map(|p| p & 1 | 2).sum::<u64>();
            });
            Ok(sum)
        })?,
    ));
    results.push((
        "sorted array, 12 bytes each",
        12 * array.len() as u64,
        time(&asked, |hash| {
            let from = array.partition_point(|row| row[0] < hash.0);
            let list = array[from..].iter().take_while(|row| row[0] == hash.0);
            Ok(list.fold(0, |sum, row| sum + u64::from(row[2] & 1 | 2)))
        })?,
    ));
    results.push((
        "SQLite rows, in its cache",
        sqlite_bytes,
        time(&asked, |hash| {
            let mut rows = select.query([hash.0])?;
            let mut sum = 0;
            while let Some(row) = rows.next()? {
                sum += u64::from(row.get::<_, u32>(1)?) & 1 | 2;
            }
            Ok(sum)
        })?,
    ));
    println!(
        "| the same postings as | bytes | bytes a posting | {} look-ups, ms | of packed |",
        asked.len()
    );
    println!("|---|--:|--:|--:|--:|");
    let ours = results[0].2;
    for (name, bytes, ms) in results {
        let each = bytes as f64 / stats.postings as f64;
        println!("| {name} | {bytes} | {each:.2} | {ms:.1} | {:.2} |", ms / ours);
    }
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

/// The shortest of three look-ups of all hashes, in ms of this thread's CPU time.
fn time(asked: &[Hash], mut look_up: impl FnMut(Hash) -> Result<u64>) -> Result<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..3 {
        let began = super::cpu_ms();
        let mut sum = 0;
        for hash in asked {
            sum += look_up(*hash)?;
        }
        std::hint::black_box(sum);
        best = best.min(super::cpu_ms() - began);
    }
    Ok(best)
}
