//! Sign prints: one word a frame that tells how the shape of the spectrum moves.
//!
//! Bit `b` of a print is set where band `b` gains on the band above it from the frames before to the frames
//! after. The idea is Haitsma and Kalker's (ISMIR 2002), over longer stretches of time, so that a print
//! outlives noise and rooms. Sub-fingerprints see what peaks do not, and the other way round: peaks outlive other
//! music, prints outlive the loss of what was strongest. They are compared where a place is already
//! suspected; nothing is looked up by them.

use std::collections::VecDeque;

use bytemuck::{Pod, Zeroable};

/// Bits of a print.
pub const SUB_FINGERPRINT_BITS: usize = 32;
/// Bits of a print that it is sure of, unless it is silent.
pub const SURE_BITS: usize = 16;
/// Frames before and after that are compared; 7 are 163 ms.
const REACH: usize = 7;
/// Mean power of a band below which it is silent: −114 dB of full scale.
const FLOOR_POWER: f32 = 1e-6;

/// The print of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Pod, Zeroable)]
#[repr(C)]
pub struct SubFingerprint {
    /// Whether each band gains on the next.
    pub signs: u32,
    /// The [`SURE_BITS`] that moved most: those that noise turns last. None in silence.
    pub sure: u32,
}

/// Makes prints of power spectra, in order, one a frame. Memory does not grow with the signal.
#[derive(Debug)]
pub struct SubFingerprinter {
    /// The bins of band `b` are `edges[b] .. edges[b + 1]`.
    edges: Vec<usize>,
    /// Differences of the log energies of neighbouring bands, of the frames around that in the middle.
    rows: VecDeque<[f32; SUB_FINGERPRINT_BITS]>,
}

impl SubFingerprinter {
    /// A maker for spectra whose bins are `bin_hz` apart, on bands of equal width in octaves between two
    /// frequencies.
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
        // Before the signal lies silence, whose bands do not differ.
        Self { edges, rows: vec![[0.0; SUB_FINGERPRINT_BITS]; REACH].into() }
    }

    /// Takes the next power spectrum and adds the print that is now known.
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

    /// Adds the prints of the last frames.
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

    /// The print of the frame in the middle of the rows.
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
        // Of equals the lower bands, so that their number is always the same.
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
    fn each_frame_has_one_print_and_silence_is_sure_of_nothing() {
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
