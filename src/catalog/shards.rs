//! A catalogue's index divided by recording, for a pack: each shard is one segment of tracks that follow one another.
//!
//! The shards keep the order of the tracks, removed ones included, so that places and numbers of postings are those of the
//! undivided index, and a search of all shards finds what a search of that finds.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};

use super::{Catalog, CatalogError};
use crate::index::{Listed, Manifest, MergeError, MergeInput, merge};

/// The segments of shards.
pub(super) struct Divided {
    pub(super) manifest: Manifest,
    /// The file of each segment.
    pub(super) files: Vec<PathBuf>,
}

/// Tracks of a segment that go into a shard: from the first, up to but excluding the second.
struct Piece {
    segment: usize,
    from: u32,
    to: u32,
}

/// The pieces of each shard: about as many seconds of sound in each. Fewer shards than asked for if there are fewer tracks.
fn pieces(frames: &[Vec<u32>], shards: u32) -> Vec<Vec<Piece>> {
    let all = || frames.iter().flatten();
    let total: u64 = all().map(|&frames| u64::from(frames).max(1)).sum();
    let tracks = all().count() as u64;
    let shards = u64::from(shards).min(tracks).max(1);
    let mut divided: Vec<Vec<Piece>> = (0..shards).map(|_| Vec::new()).collect();
    let (mut before, mut left) = (0_u64, tracks);
    let mut shard = 0_u64;
    for (segment, tracks) in frames.iter().enumerate() {
        for (track, &frames) in (0..).zip(tracks) {
            let due = before.saturating_mul(shards) / total.max(1);
            // As many tracks are left as shards without one, or it is time for the next.
            let is_begun = !divided[shard as usize].is_empty();
            if is_begun && shard + 1 < shards && (due > shard || left == shards - shard - 1) {
                shard += 1;
            }
            match divided[shard as usize].last_mut() {
                Some(piece) if piece.segment == segment => piece.to = track + 1,
                _ => divided[shard as usize].push(Piece { segment, from: track, to: track + 1 }),
            }
            before += u64::from(frames).max(1);
            left -= 1;
        }
    }
    divided
}

impl Catalog {
    /// Writes the segments of `shards` shards into a folder, and puts their numbers into the records of `copy`, a copy of the
    /// database.
    pub(super) fn divide(
        &self,
        shards: u32,
        copy: &Path,
        folder: &Path,
    ) -> Result<Divided, CatalogError> {
        let manifest = self.manifest()?;
        let mut frames = Vec::new();
        for listed in &manifest.segments {
            let segment = self.open_segment(listed)?;
            let tracks = 0..segment.track_count() as u32;
            frames.push(tracks.map(|track| segment.frames(crate::index::TrackId(track))).collect());
        }
        let divided = pieces(&frames, shards);
        let mut new = Manifest { segments: Vec::new(), ..manifest.clone() };
        let (mut files, mut moves) = (Vec::new(), Vec::new());
        for shard in &divided {
            let id = new.next_id;
            new.next_id += 1;
            let mut inputs = Vec::new();
            let mut first = 0;
            for Piece { segment, from, to } in shard {
                let listed = &manifest.segments[*segment];
                let mut alive = vec![false; frames[*segment].len()];
                alive[*from as usize..*to as usize].fill(true);
                inputs.push(MergeInput { segment: self.open_segment(listed)?, alive });
                moves.push((listed.id, *from, *to, id, i64::from(first) - i64::from(*from)));
                first += to - from;
            }
            let path = folder.join(Listed { id, ..Listed::default() }.file());
            let write = |source| CatalogError::Write { path: path.clone(), source };
            let mut out =
                BufWriter::with_capacity(1 << 20, File::create_new(&path).map_err(write)?);
            let info = merge(&inputs, self.config.digest(), &mut out);
            let info = info.map_err(|error| match error {
                MergeError::Write(source) => write(source),
                MergeError::Index(damage) => damage.into(),
            })?;
            out.flush().map_err(write)?;
            new.segments.push(Listed::new(id, &info));
            files.push(path);
        }
        let renumber = || {
            let mut database = Connection::open(copy)?;
            let change = database.transaction()?;
            {
                // No number of a new segment was ever used, so no two records have one place meanwhile.
                let sql = "UPDATE recordings SET segment_id = ?4, track = track + ?5
                           WHERE segment_id = ?1 AND track >= ?2 AND track < ?3";
                let mut statement = change.prepare(sql)?;
                for (old, from, to, id, shift) in moves {
                    statement.execute(params![old as i64, from, to, id as i64, shift])?;
                }
            }
            change.commit()
        };
        renumber().map_err(|source| self.error(source))?;
        Ok(Divided { manifest: new, files })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(frames: &[Vec<u32>], shards: u32) -> Vec<Vec<(usize, u32, u32)>> {
        let told = |piece: &Piece| (piece.segment, piece.from, piece.to);
        pieces(frames, shards).iter().map(|shard| shard.iter().map(told).collect()).collect()
    }

    #[test]
    fn tracks_keep_their_order_and_shards_are_of_about_one_length() {
        let frames = [vec![10; 5], vec![10; 3]];
        assert_eq!(told(&frames, 1), [[(0, 0, 5), (1, 0, 3)]]);
        assert_eq!(told(&frames, 2), [vec![(0, 0, 4)], vec![(0, 4, 5), (1, 0, 3)]]);
        assert_eq!(told(&[vec![70, 10, 10, 10]], 2), [[(0, 0, 1)], [(0, 1, 4)]]);
        assert_eq!(told(&[vec![10, 10, 10, 70]], 2), [[(0, 0, 3)], [(0, 3, 4)]]);
    }

    #[test]
    fn every_shard_has_a_track_however_uneven_they_are_and_none_is_lost() {
        assert_eq!(told(&[vec![1, 1]], 5), [[(0, 0, 1)], [(0, 1, 2)]]);
        assert_eq!(told(&[vec![1_000, 0, 0]], 3), [[(0, 0, 1)], [(0, 1, 2)], [(0, 2, 3)]]);
        assert_eq!(told(&[vec![0, 0, 1_000]], 3), [[(0, 0, 1)], [(0, 1, 2)], [(0, 2, 3)]]);
        assert_eq!(told(&[], 3), [vec![]]);
        for shards in 1..40 {
            let frames: Vec<Vec<u32>> = vec![vec![5, 900, 1, 1], vec![], (0..40).collect()];
            let divided = told(&frames, shards);
            assert_eq!(divided.len() as u32, shards);
            assert!(divided.iter().all(|shard| !shard.is_empty()));
            let all: Vec<(usize, u32)> = divided
                .into_iter()
                .flatten()
                .flat_map(|(segment, from, to)| (from..to).map(move |track| (segment, track)))
                .collect();
            let expected: Vec<(usize, u32)> =
                (0..4).map(|track| (0, track)).chain((0..40).map(|track| (2, track))).collect();
            assert_eq!(all, expected);
        }
    }
}
