//! Pulses: up to four lines that are larger than coded (ISO/IEC 14496-3, 4.6.3.3).

use super::bits::Bits;
use super::side::Group;
use super::spectrum::POWERS;

/// The pulses of a long window.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pulses {
    start_band: usize,
    /// Distances from the one before, and amplitudes.
    steps: [(u8, u8); 4],
    count: usize,
}

impl Pulses {
    /// Reads pulses, if there are some (table 4.7).
    pub(super) fn read(bits: &mut Bits<'_>) -> Option<Self> {
        if !bits.flag() {
            return None;
        }
        let mut pulses = Self { count: bits.read(2) as usize + 1, ..Self::default() };
        pulses.start_band = bits.read(6) as usize;
        for pulse in &mut pulses.steps[..pulses.count] {
            *pulse = (bits.read(5) as u8, bits.read(4) as u8);
        }
        Some(pulses)
    }

    /// Enlarges the magnitudes of `lines`, which are dequantised. `offsets` are those of the coded bands.
    pub(super) fn apply(&self, lines: &mut [f32], offsets: &[u16], group: &Group) {
        let Some(&start) = offsets.get(self.start_band) else { return };
        let mut at = usize::from(start);
        for &(distance, amplitude) in &self.steps[..self.count] {
            at += usize::from(distance);
            let band = offsets.partition_point(|&offset| usize::from(offset) <= at) - 1;
            let Some(line) = lines.get_mut(at) else { return };
            if band + 1 < offsets.len() && (1..=11).contains(&group.book(band)) {
                // Back to the whole number that was coded.
                let factor = group.factors[band];
                let coded = (line.abs() / factor).powf(0.75).round() as usize;
                let coded = coded.saturating_add(usize::from(amplitude));
                let power = POWERS[coded.min(POWERS.len() - 1)] * factor;
                // A line of zero grows downwards.
                *line = if *line > 0.0 { power } else { -power };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pulse_enlarges_the_coded_number_away_from_zero() {
        let pulses = Pulses { start_band: 1, steps: [(0, 5), (1, 1), (1, 2), (9, 1)], count: 4 };
        let mut lines = [0.0; 12];
        lines[4] = POWERS[3] * 0.5;
        lines[5] = -POWERS[7] * 0.5;
        pulses.apply(&mut lines, &[0, 4, 8, 12], &Group::of_sections(&[(0, 1), (3, 3)], 0.5));
        assert!(lines[4..7].iter().eq(&[POWERS[8], -POWERS[8], -POWERS[2]].map(|x| x * 0.5)));
    }

    #[test]
    fn pulses_behind_the_last_band_are_dropped() {
        let mut lines = [1.0; 8];
        for start_band in [1, 2, 63] {
            let pulses = Pulses { start_band, steps: [(31, 15); 4], count: 4 };
            pulses.apply(&mut lines, &[0, 4, 8], &Group::of_sections(&[(1, 2)], 1.0));
        }
        assert!(lines.iter().eq(&[1.0; 8]));
    }
}
