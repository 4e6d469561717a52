//! Temporal noise shaping: filters along the lines of a window (ISO/IEC 14496-3, 4.6.9).

use std::sync::LazyLock;

use symphonia_core::errors::{Result, decode_error};

use super::bands::{Bands, SHORT_LINES, TNS_SHORT_BANDS};
use super::bits::Bits;
use super::side::Info;

/// Largest order in a long window of AAC-LC. In a short one three bits tell it.
const MAX_ORDER: usize = 12;
/// Lines above the reduced spectrum from which a filter that runs downwards is started, rather than from its upper end: what it
/// would still carry from further up has decayed.
const RUN_UP: usize = 64;

/// One filter.
#[derive(Debug, Clone, Copy, Default)]
struct Filter {
    /// Number of bands.
    length: usize,
    order: usize,
    downwards: bool,
    /// Coefficients of the prediction from the lines before.
    coefficients: [f32; MAX_ORDER],
}

/// The filters of a block.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tns {
    /// Number of filters of each window; all 0 if there are none.
    counts: [u8; 8],
    /// Up to three filters of a long window, or one of each short one.
    filters: [Filter; 8],
}

impl Tns {
    /// Reads the filters (table 4.54).
    pub(super) fn read(&mut self, bits: &mut Bits<'_>, info: &Info) -> Result<()> {
        self.counts = [0; 8];
        if !bits.flag() {
            return Ok(());
        }
        let is_short = info.is_short();
        let (windows, count_bits, length_bits, order_bits) =
            if is_short { (8, 1, 4, 3) } else { (1, 2, 6, 5) };
        for window in 0..windows {
            let count = bits.read(count_bits) as u8;
            self.counts[window] = count;
            let is_fine = count > 0 && bits.flag();
            for index in 0..usize::from(count) {
                let length = bits.read(length_bits) as usize;
                let order = bits.read(order_bits) as usize;
                self.filters[window + index] = Filter::read(bits, length, order, is_fine)?;
            }
        }
        Ok(())
    }

    /// The filters of a window, and their ranges of lines, the highest first.
    fn of_window(
        &self,
        window: usize,
        info: &Info,
        bands: &Bands,
    ) -> impl Iterator<Item = (&Filter, usize, usize)> {
        let offsets = info.offsets(bands);
        let reach = if info.is_short() { TNS_SHORT_BANDS } else { bands.tns_long }.min(info.bands);
        let mut bottom = offsets.len() - 1;
        let count = usize::from(self.counts[window]);
        self.filters[window..].iter().take(count).map(move |filter| {
            let top = bottom;
            bottom = top.saturating_sub(filter.length);
            let line = |band: usize| usize::from(offsets[band.min(reach)]);
            (filter, line(bottom), line(top))
        })
    }

    /// Number of lines of a window that are needed for the lowest `kept` to be right: more where a filter runs downwards from above.
    pub(super) fn lines(&self, info: &Info, bands: &Bands, kept: usize) -> usize {
        let windows = if info.is_short() { 8 } else { 1 };
        let mut lines = kept;
        for window in 0..windows {
            for (filter, start, end) in self.of_window(window, info, bands) {
                if filter.downwards && filter.order > 0 && start < kept {
                    lines = lines.max(end.min(kept + RUN_UP));
                }
            }
        }
        lines
    }

    /// Filters the lowest `kept` lines of each window.
    pub(super) fn apply(&self, lines: &mut [f32], info: &Info, bands: &Bands, kept: usize) {
        for (window, lines) in lines.chunks_exact_mut(info.lines()).enumerate().take(8) {
            for (filter, start, end) in self.of_window(window, info, bands) {
                if filter.order > 0 && start < kept {
                    filter.apply(&mut lines[start..end.min(kept)]);
                }
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.counts == [0; 8]
    }
}

impl Filter {
    fn read(bits: &mut Bits<'_>, length: usize, order: usize, is_fine: bool) -> Result<Self> {
        if order > MAX_ORDER {
            return decode_error("aac: a filter of too high an order");
        }
        let mut filter = Self { length, order, ..Self::default() };
        if order == 0 {
            return Ok(filter);
        }
        filter.downwards = bits.flag();
        // The topmost bit is left out where all values are small.
        let width = (if is_fine { 4 } else { 3 }) - u32::from(bits.flag());
        let reflections = &REFLECTIONS[usize::from(is_fine)];
        for m in 0..order {
            let value = bits.read(width) as usize;
            let is_negative = value >> (width - 1) == 1;
            // Sign-extended to four bits.
            let value = if is_negative { value + 16 - (1 << width) } else { value };
            filter.add(reflections[value], m);
        }
        Ok(filter)
    }

    /// Adds a reflection coefficient to a filter of order `m`: the step-up recursion.
    fn add(&mut self, reflection: f32, m: usize) {
        let before = self.coefficients;
        for (to, from) in self.coefficients[..m].iter_mut().zip(before[..m].iter().rev()) {
            *to += reflection * from;
        }
        self.coefficients[m] = reflection;
    }

    /// Runs over the lines, without knowledge of lines outside.
    fn apply(&self, lines: &mut [f32]) {
        // What the lines so far take from those that follow (the transposed form, whose sums do not wait for each other).
        let mut taken = [0.0; MAX_ORDER + 1];
        let mut step = |line: &mut f32| {
            let result = *line - taken[0];
            for at in 0..MAX_ORDER {
                taken[at] = taken[at + 1] + self.coefficients[at] * result;
            }
            *line = result;
        };
        if self.downwards {
            lines.iter_mut().rev().for_each(&mut step);
        } else {
            lines.iter_mut().for_each(&mut step);
        }
    }
}

/// Reflection coefficients by transmitted value, modulo 16, in resolutions of three and four bits.
static REFLECTIONS: LazyLock<[[f32; 16]; 2]> = LazyLock::new(|| {
    [4.0, 8.0].map(|half: f64| {
        std::array::from_fn(|value| {
            let value = if value < 8 { value as f64 } else { value as f64 - 16.0 };
            let steps = if value < 0.0 { half + 0.5 } else { half - 0.5 };
            (value / steps * std::f64::consts::FRAC_PI_2).sin() as f32
        })
    })
});

const _: () = assert!(SHORT_LINES * 8 == super::FRAME);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_of_two_reflections_steps_up() {
        let mut filter = Filter { order: 2, ..Filter::default() };
        filter.add(0.5, 0);
        filter.add(-0.25, 1);
        assert!(filter.coefficients[..2].iter().eq(&[0.5 - 0.25 * 0.5, -0.25]));
        let mut lines = [1.0, 0.0, 0.0, 0.0];
        filter.apply(&mut lines);
        let expected = [1.0, -0.375, 0.375 * 0.375 + 0.25, -0.375 * 0.390_625 - 0.25 * 0.375];
        assert!(lines.iter().eq(&expected));
        let (up, mut down) = (lines, [0.0, 0.0, 0.0, 1.0]);
        filter.downwards = true;
        filter.apply(&mut down);
        assert!(down.iter().eq(up.iter().rev()));
    }
}
