//! Merges segments into one, without dead tracks. Memory does not grow with the postings: it holds the lists of one hash at a
//! time, and a few words for each track.

use std::io::{Seek, Write};

use super::writer::SegmentWriter;
use super::{IndexError, Segment, SegmentInfo};
use crate::signal::landmarks::{HASH_COUNT, Hash};

/// Why segments were not merged.
#[derive(Debug)]
pub enum MergeError {
    /// One of them is damaged.
    Index(IndexError),
    /// The result cannot be written.
    Write(std::io::Error),
}

impl From<std::io::Error> for MergeError {
    fn from(error: std::io::Error) -> Self {
        Self::Write(error)
    }
}

/// A segment to merge.
#[derive(Debug)]
pub struct MergeInput {
    /// The segment.
    pub segment: Segment,
    /// Whether each track is alive.
    pub alive: Vec<bool>,
}

/// Living tracks that follow one another: their positions all move by the same distance.
#[derive(Debug)]
struct Run {
    from: u64,
    to: u64,
    moved_to: u64,
}

impl MergeInput {
    /// The runs of its living tracks, the first of which moves to `unit`; returns the unit after the last.
    fn runs(&self, mut unit: u64, runs: &mut Vec<Run>) -> u64 {
        for (entry, alive) in self.segment.entries().iter().zip(&self.alive) {
            if !alive {
                continue;
            }
            let (from, to) = (entry.first_unit, entry.first_unit + entry.units());
            match runs.last_mut() {
                Some(last) if last.to == from => last.to = to,
                _ => runs.push(Run { from, to, moved_to: unit }),
            }
            unit += to - from;
        }
        unit
    }
}

/// Writes the living tracks of all inputs, in their order, as one segment: track `n` of it is the `n`th of them.
///
/// # Errors
///
/// If an input is damaged, or `out` cannot be written.
pub fn merge(
    inputs: &[MergeInput],
    config_digest: u32,
    out: impl Write + Seek,
) -> Result<SegmentInfo, MergeError> {
    let mut units = 0;
    let moves: Vec<Vec<Run>> = inputs
        .iter()
        .map(|input| {
            let mut runs = Vec::new();
            units = input.runs(units, &mut runs);
            runs
        })
        .collect();
    let mut writer = SegmentWriter::new(out, config_digest, units).map_err(MergeError::Write)?;
    let mut positions = Vec::new();
    for hash in (0..HASH_COUNT).map(Hash) {
        positions.clear();
        for (input, runs) in inputs.iter().zip(&moves) {
            if let Some(list) = input.segment.list(hash) {
                let mut run = 0;
                input.segment.visit(list, |position| {
                    if runs.get(run).is_some_and(|r| r.to <= position) {
                        run += runs[run..].partition_point(|r| r.to <= position);
                    }
                    if let Some(run) = runs.get(run).filter(|r| r.from <= position) {
                        positions.push(position - run.from + run.moved_to);
                    }
                });
            }
        }
        writer.list(hash, &positions).map_err(MergeError::Write)?;
    }
    for input in inputs {
        for (entry, _) in input.segment.entries().iter().zip(&input.alive).filter(|(_, a)| **a) {
            writer.track(*entry, input.segment.kept(entry)).map_err(MergeError::Write)?;
        }
        // A damaged block reads as empty: the result must not pass for a sound segment.
        if let Some(damage) = input.segment.damage() {
            return Err(MergeError::Index(damage));
        }
    }
    writer.finish().map_err(MergeError::Write)
}
