//! Sub-fingerprints: one word for each frame, the signs of how the spectrum's shape changes.
//!
//! Bit `b` is set if the energy of band `b` grows, against the band above it, from the frames before to the frames after. This is
//! the scheme of Haitsma & Kalker (ISMIR 2002), with longer windows of time, so that bits survive noise and rooms.
//! Sub-fingerprints and peaks complement each other: peaks survive other music over the recording, sub-fingerprints survive the
//! loss of the strongest sounds. They are compared at candidates only; nothing is looked up by them.

use std::collections::VecDeque;

use bytemuck::{Pod, Zeroable};

/// Bits of a sub-fingerprint, as in Haitsma & Kalker.
pub const SUB_FINGERPRINT_BITS: usize = 32;
/// Number of sure bits of a sub-fingerprint that is not silent. A guess.
pub const SURE_BITS: usize = 16;
/// Frames before and after that are compared; 7 are 163 ms. A guess.
const REACH: usize = 7;
/// Added to the mean power of a band, so that silence has no differences: −114 dB of full scale. A guess.
const FLOOR_POWER: f32 = 1e-6;

/// The sub-fingerprint of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Pod, Zeroable)]
#[repr(C)]
pub struct SubFingerprint {
    /// Bit `b`: whether band `b` gains on the next band.
    pub signs: u32,
    /// The [`SURE_BITS`] bits with the largest change: noise flips them last. 0 in silence.
    pub sure: u32,
}

/// Makes a sub-fingerprint of each power spectrum, in order. Memory does not grow with the signal.
#[derive(Debug)]
pub struct SubFingerprinter {
    /// The bins of band `b` are `edges[b] .. edges[b + 1]`.
    edges: Vec<usize>,
    /// Differences of the log energies of neighbouring bands, in the frames around the middle one.
    rows: VecDeque<[f32; SUB_FINGERPRINT_BITS]>,
}

impl SubFingerprinter {
    /// For spectra whose bins are `bin_hz` apart, on bands of equal width in octaves from `min_hz` to `max_hz`.
    ///
    /// # Panics
    ///
    /// If a band would have no bin.
    pub fn new(min_hz: f32, max_hz: f32, bin_hz: f32) -> Self {
        let bands = SUB_FINGERPRINT_BITS + 1;
        let edge = |b: usize| {
            let hz = min_hz * (max_hz / min_hz).powf(b as f32 / bands as f32);
            (hz / bin_hz).round() as usize
        };
        let edges: Vec<usize> = (0..=bands).map(edge).collect();
        assert!(edges.windows(2).all(|band| band[0] < band[1]), "bands without a bin: {edges:?}");
        // Before the signal is silence, whose bands do not differ.
        Self { edges, rows: vec![[0.0; SUB_FINGERPRINT_BITS]; REACH].into() }
    }

    /// Takes the next power spectrum and adds the sub-fingerprint that is now known, if any.
    pub fn push(&mut self, power: &[f32], sub_fingerprints: &mut Vec<SubFingerprint>) {
        let energy = |b: usize| {
            let bins = &power[self.edges[b]..self.edges[b + 1]];
            (bins.iter().sum::<f32>() / bins.len() as f32 + FLOOR_POWER).log2()
        };
        let mut row = [0.0; SUB_FINGERPRINT_BITS];
        let mut lower = energy(0);
        for (b, difference) in row.iter_mut().enumerate() {
            let upper = energy(b + 1);
            *difference = lower - upper;
            lower = upper;
        }
        self.take(row, sub_fingerprints);
    }

    /// Adds the sub-fingerprints of the last frames.
    pub fn finish(mut self, sub_fingerprints: &mut Vec<SubFingerprint>) {
        for _ in 0..REACH {
            self.take([0.0; SUB_FINGERPRINT_BITS], sub_fingerprints);
        }
    }

    fn take(
        &mut self,
        row: [f32; SUB_FINGERPRINT_BITS],
        sub_fingerprints: &mut Vec<SubFingerprint>,
    ) {
        self.rows.push_back(row);
        if self.rows.len() == 2 * REACH + 1 {
            sub_fingerprints.push(self.sub_fingerprint());
            self.rows.pop_front();
        }
    }

    /// The sub-fingerprint of the frame in the middle of the rows.
    fn sub_fingerprint(&self) -> SubFingerprint {
        let mut gain = [0.0_f32; SUB_FINGERPRINT_BITS];
        for (before, after) in self.rows.iter().zip(self.rows.iter().skip(REACH + 1)) {
            for b in 0..SUB_FINGERPRINT_BITS {
                gain[b] += after[b] - before[b];
            }
        }
        if gain.iter().all(|g| *g == 0.0) {
            return SubFingerprint::default();
        }
        let signs = gain.iter().rev().fold(0, |word, g| word << 1 | u32::from(*g > 0.0));
        let mut sizes = gain.map(f32::abs);
        let (_, least, _) =
            sizes.select_nth_unstable_by(SUB_FINGERPRINT_BITS - SURE_BITS, f32::total_cmp);
        let least = *least;
        let above = |b: &usize| gain[*b].abs() > least;
        let equal = |b: &usize| gain[*b].abs().total_cmp(&least).is_eq();
        let bands = 0..SUB_FINGERPRINT_BITS;
        // Of equal changes the lower bands, so that the number of sure bits is always the same.
        let sure = bands.clone().filter(above).chain(bands.filter(equal)).take(SURE_BITS);
        SubFingerprint { signs, sure: sure.fold(0, |word, b| word | 1 << b) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;

    const BIN_HZ: f32 = 11_025.0 / 2_048.0;

    fn make(frames: impl Iterator<Item = Vec<f32>>) -> Vec<SubFingerprint> {
        let mut maker = SubFingerprinter::new(250.0, 5_000.0, BIN_HZ);
        let mut sub_fingerprints = Vec::new();
        for frame in frames {
            maker.push(&frame, &mut sub_fingerprints);
        }
        maker.finish(&mut sub_fingerprints);
        sub_fingerprints
    }

    #[test]
    fn each_frame_has_one_sub_fingerprint_and_silence_has_no_sure_bits() {
        for frames in [0, 1, 6, 7, 8, 40] {
            let sub_fingerprints = make((0..frames).map(|_| vec![0.0; 1_025]));
            assert_eq!(sub_fingerprints, vec![SubFingerprint::default(); frames]);
        }
    }

    #[test]
    fn a_band_that_rises_sets_its_bit_and_clears_that_of_the_band_below() {
        let maker = SubFingerprinter::new(250.0, 5_000.0, BIN_HZ);
        let (from, to) = (maker.edges[10], maker.edges[11]);
        let sub_fingerprints = make((0..40).map(|t| {
            let mut power = vec![1.0; 1_025];
            power[from..to].fill(if t < 20 { 1.0 } else { 8.0 });
            power
        }));
        let sub_fingerprint = sub_fingerprints[20];
        assert_eq!(sub_fingerprint.signs & 0b11 << 9, 0b10 << 9, "{sub_fingerprint:x?}");
        assert_eq!(sub_fingerprint.sure & 0b11 << 9, 0b11 << 9);
        assert_eq!(sub_fingerprint.sure.count_ones() as usize, SURE_BITS);
    }

    #[test]
    fn loudness_changes_no_sign() {
        let mut dice = Dice::new(9);
        let frames: Vec<Vec<f32>> =
            (0..60).map(|_| (0..1_025).map(|_| dice.below(1_000) as f32 + 1.0).collect()).collect();
        let loud = make(frames.iter().map(|f| f.iter().map(|p| p * 64.0).collect()));
        assert_eq!(make(frames.into_iter()), loud);
    }
}
