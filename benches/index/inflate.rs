//! Inflates a small catalogue to a large one with synthetic recordings that have the hash statistics of real ones.
//!
//! Each is joined from passages of 8 to 20 s of recordings drawn at random. A passage is reversed in time and moved in pitch
//! by up to half an octave: its peaks are reversed and moved, its sub-fingerprints are reversed, with all signs inverted, and moved
//! by as many bands. So the frequency, order and repetition of hashes stay those of music, but no synthetic recording contains a
//! real one at any pitch or tempo.

use std::path::Path;

use leakhound::catalog::{Catalog, Made, Recording, Snapshot};
use leakhound::index::TrackId;
use leakhound::signal::fingerprint::FingerprintConfig;
use leakhound::signal::peaks::Peak;

use crate::dice::Dice;

/// A whole number from 0 up to, but not including, `n`; 0 for none. Not [`Dice::below`], which would change what is measured.
fn below(dice: &mut Dice, n: u64) -> u64 {
    dice.roll() % n.max(1)
}

/// Highest pitch of a peak in 1/8192 octave: 5 kHz above 250 Hz.
const MAX_PITCH: i32 = 35_400;
/// Width of a band of sub-fingerprints in 1/8192 octave: 33 bands in 4.32 octaves.
const BAND: i32 = MAX_PITCH / 33;

/// The real recordings of a catalogue.
struct Music {
    tracks: Vec<(Vec<Peak>, Vec<u32>, u32)>,
}

impl Music {
    fn of(snapshot: &Snapshot) -> Self {
        let index = &snapshot.index;
        let real = (0..index.track_bound() as u32).map(TrackId).filter(|track| {
            snapshot.recording(*track).is_some_and(|r| !r.recording_id.starts_with(MADE))
        });
        let tracks = real
            .map(|track| {
                (index.peaks(track), index.sub_fingerprints(track).to_vec(), index.frames(track))
            })
            .filter(|(_, _, frames)| *frames > 1_000)
            .collect();
        Self { tracks }
    }

    /// Synthetic recording `number`, of `seconds`. A bare one keeps only the peaks that make landmarks.
    fn make(&self, number: u64, seconds: f64, bare: bool) -> Made {
        let config = FingerprintConfig::default();
        let (rate, step) = (config.frames_per_second(), config.recording_print_step as u64);
        let end = (seconds * rate) as u64;
        let mut dice = Dice::new(number.wrapping_mul(0x517c_c1b7_2722_0a95));
        let (mut peaks, mut sub_fingerprints) = (Vec::new(), Vec::new());
        let mut at = 0;
        while at < end {
            let (from_peaks, from_prints, frames) =
                &self.tracks[below(&mut dice, self.tracks.len() as u64) as usize];
            let length =
                (345 + below(&mut dice, 517)).min(u64::from(*frames)).min(end - at) / step * step;
            let length = length.max(step);
            let from =
                below(&mut dice, u64::from(*frames) - length.min(u64::from(*frames))) / step * step;
            let rise = below(&mut dice, 8_192) as i32 - 4_096;
            let first = from_peaks.partition_point(|p| u64::from(p.time) < 16 * from);
            let last = from_peaks.partition_point(|p| u64::from(p.time) < 16 * (from + length));
            for peak in from_peaks[first..last].iter().rev() {
                let pitch = i32::from(peak.pitch) + rise;
                if (0..MAX_PITCH).contains(&pitch) && (!bare || peak.leads()) {
                    let time = (16 * (at + from + length) - u64::from(peak.time)) as u32;
                    peaks.push(Peak { time, pitch: pitch as u16, ..*peak });
                }
            }
            if !bare {
                let bands = (rise / BAND).rem_euclid(32) as u32;
                let (first, count) = ((from / step) as usize, (length / step) as usize);
                let some = &from_prints[first.min(from_prints.len())..];
                let some = &some[..count.min(some.len())];
                sub_fingerprints.extend(
                    some.iter().rev().map(|sub_fingerprint| !sub_fingerprint.rotate_left(bands)),
                );
            }
            at += length;
        }
        let frames = at as f64 / rate;
        let id = format!("{MADE}{number:08}");
        let recording = Recording {
            recording_id: id.clone(),
            path: format!("/made/{id}"),
            sha256: id.clone(),
            stream: 0,
            audio_digest: id,
            size_bytes: 0,
            codec: "made".into(),
            duration_seconds: frames,
            title: String::new(),
            artist: String::new(),
            album: String::new(),
            isrc: String::new(),
            upc: String::new(),
            label: String::new(),
            date: String::new(),
            neutral: false,
        };
        Made { recording, peaks, sub_fingerprints }
    }
}

/// Prefix of the ids of synthetic recordings.
pub(crate) const MADE: &str = "made-";

/// Whether a synthetic recording is removed before compacting: every hundredth.
pub(crate) fn leaves(recording_id: &str) -> bool {
    recording_id.starts_with(MADE) && recording_id.ends_with("00")
}

/// Synthetic recordings that are made until a catalogue has a number of recordings.
pub(crate) struct Inflation {
    catalog: Catalog,
    music: Music,
    numbers: std::ops::Range<u64>,
    seconds: f64,
    bare: bool,
}

impl Inflation {
    /// Reads the music of the catalogue of a home.
    pub(crate) fn of(home: &Path, wanted: u64, seconds: f64, bare: bool) -> super::Result<Self> {
        let catalog = Catalog::open(home, FingerprintConfig::default())?;
        let snapshot = catalog.snapshot()?;
        let have = snapshot.len() as u64;
        let music = Music::of(&snapshot);
        drop(snapshot);
        Ok(Self { catalog, music, numbers: have..wanted.max(have), seconds, bare })
    }

    /// Makes and adds the recordings; returns their number.
    pub(crate) fn add(self) -> super::Result<u64> {
        let Self { mut catalog, music, numbers, seconds, bare } = self;
        Ok(catalog.add_made(&mut numbers.map(|number| music.make(number, seconds, bare)))?)
    }
}
