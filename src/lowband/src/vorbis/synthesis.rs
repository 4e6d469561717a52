//! From spectra to samples: inverse MDCT, window, overlap (Vorbis I specification, sections 4.3.1, 4.3.7 and 4.3.8).

use std::f64::consts::FRAC_PI_2;

use symphonia_core::dsp::mdct::Imdct;

/// The synthesis of one channel at the reduced rate.
///
/// With K of N lines kept, sample `m` of a block of 2 K samples is sample `N / K · m + (N / K − 1) / 2` of the full block.
pub(super) struct Synthesis {
    short: Size,
    long: Size,
    /// The last inverse MDCT.
    block: Vec<f32>,
    /// The second half of the block before, without its window.
    overlap: Vec<f32>,
    /// Whether the block before was long. `None` if there is none.
    previous: Option<bool>,
}

/// What depends on the size of a block.
struct Size {
    /// Lines that are kept: half of the samples of a block.
    kept: usize,
    imdct: Imdct,
    /// The rising slope of the window, `kept` samples.
    slope: Vec<f32>,
}

impl Size {
    fn new(kept: usize) -> Self {
        let slope = |sample: usize| {
            let rising = (FRAC_PI_2 * (sample as f64 + 0.5) / kept as f64).sin();
            (FRAC_PI_2 * rising * rising).sin() as f32
        };
        Self { kept, imdct: Imdct::new(kept), slope: (0..kept).map(slope).collect() }
    }
}

impl Synthesis {
    /// `kept` are the lines kept of short and of long blocks.
    pub(super) fn new(kept: [usize; 2]) -> Self {
        let [short, long] = kept.map(Size::new);
        let (block, overlap) = (vec![0.0; 2 * long.kept], vec![0.0; long.kept]);
        Self { short, long, block, overlap, previous: None }
    }

    /// Forgets the block before.
    pub(super) fn reset(&mut self) {
        self.overlap.fill(0.0);
        self.previous = None;
    }

    /// Whether there is no block before.
    pub(super) fn at_start(&self) -> bool {
        self.previous.is_none()
    }

    /// Lines that are kept of a block.
    pub(super) fn kept(&self, long: bool) -> usize {
        if long { self.long.kept } else { self.short.kept }
    }

    /// The samples that a block gives: a quarter of the sizes of it and of the block before. Without one, as if that were as long.
    pub(super) fn samples(&self, long: bool) -> usize {
        self.kept(self.previous.unwrap_or(long)).midpoint(self.kept(long))
    }

    /// Writes the next [`Synthesis::samples`] samples: from the middle of the block before to the middle of this one. Without a
    /// `spectrum`, the block is silent.
    pub(super) fn next(&mut self, long: bool, spectrum: Option<&[f32]>, samples: &mut [f32]) {
        let previous = self.previous.replace(long).unwrap_or(long);
        let size = if long { &mut self.long } else { &mut self.short };
        let kept = size.kept;
        let block = &mut self.block[..2 * kept];
        match spectrum {
            Some(spectrum) => size.imdct.imdct(spectrum, block),
            None => block.fill(0.0),
        }
        let (rising, falling) = block.split_at(kept);
        // Slopes of unlike blocks are those of the short one; what is beside them is 1 or 0.
        let slope = if previous && long { &self.long.slope } else { &self.short.slope };
        let beside = (self.long.kept - self.short.kept) / 2;
        let (before, after) = match (previous, long) {
            (true, false) => (beside, 0),
            (false, true) => (0, beside),
            _ => (0, 0),
        };
        let (unchanged, rest) = samples.split_at_mut(before.min(samples.len()));
        unchanged.copy_from_slice(&self.overlap[..unchanged.len()]);
        let (lapped, plain) = rest.split_at_mut(slope.len().min(rest.len()));
        overlap_add(lapped, &self.overlap[before..], &rising[after..], slope);
        let start = after + slope.len();
        if let Some(rising) = rising.get(start..start + plain.len()) {
            plain.copy_from_slice(rising);
        }
        self.overlap[..kept].copy_from_slice(falling);
    }
}

/// Adds the falling half of a block and the rising half of the next one.
fn overlap_add(samples: &mut [f32], falling: &[f32], rising: &[f32], slope: &[f32]) {
    let ends = falling.iter().zip(slope.iter().rev());
    let starts = rising.iter().zip(slope);
    for ((sample, (falling, down)), (rising, up)) in samples.iter_mut().zip(ends).zip(starts) {
        *sample = falling * down + rising * up;
    }
}
