//! Sums over the lines of two channels.

use std::array;
use std::ops::AddAssign;

/// Sums are made in so many parts.
const PARTS: usize = 8;

/// Energies of a stereo signal.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Energies {
    /// Of (left + right) / 2.
    pub(super) mid: f32,
    pub(super) left: f32,
    pub(super) right: f32,
}

impl AddAssign for Energies {
    fn add_assign(&mut self, other: Self) {
        self.mid += other.mid;
        self.left += other.left;
        self.right += other.right;
    }
}

impl Energies {
    /// The energies of lines of two channels. If the lines are not `alike`, of different windows, the mid is that of signals without
    /// correlation.
    pub(super) fn of(left: &[f32], right: &[f32], alike: bool) -> Self {
        if !alike {
            let (left, right) = (energy(left), energy(right));
            return Self { mid: 0.25 * (left + right), left, right };
        }
        let mut sums = [[0.0; PARTS]; 3];
        let (lefts, rights) = (left.as_chunks::<PARTS>().0, right.as_chunks::<PARTS>().0);
        for (left, right) in lefts.iter().zip(rights) {
            for i in 0..PARTS {
                let sum = left[i] + right[i];
                sums[0][i] += sum * sum;
                sums[1][i] += left[i] * left[i];
                sums[2][i] += right[i] * right[i];
            }
        }
        let [mid, left, right] = sums.map(|sum| sum.iter().sum::<f32>());
        Self { mid: 0.25 * mid, left, right }
    }
}

/// The number of lines that is computed where `lines` are needed.
pub(super) fn rounded(lines: usize) -> usize {
    lines.next_multiple_of(PARTS).min(576)
}

/// The sum of the squares.
pub(super) fn energy(lines: &[f32]) -> f32 {
    let mut sums = [0.0; PARTS];
    for lines in lines.as_chunks::<PARTS>().0 {
        sums = array::from_fn(|i| sums[i] + lines[i] * lines[i]);
    }
    sums.iter().sum()
}

/// Multiplies lines by a weight.
pub(super) fn amplify(lines: &mut [f32], weight: f32) {
    for line in lines {
        *line *= weight;
    }
}

/// Adds other lines, times a weight.
pub(super) fn add(lines: &mut [f32], others: &[f32], weight: f32) {
    for (line, other) in lines.iter_mut().zip(others) {
        *line += weight * other;
    }
}
