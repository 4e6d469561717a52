//! From floors and residues to the one spectrum that is heard (Vorbis I specification, sections 4.3.5 and 4.3.6).

use super::floor::{Heights, MAX_POSTS};
use crate::Balance;

/// What is read of one channel of a block.
pub(super) struct Channel {
    /// The floor is used. Otherwise the channel is silent.
    pub(super) audible: bool,
    /// The residue is in the packet: the floor is used, or that of the channel that this one is coupled with.
    pub(super) decoded: bool,
    pub(super) heights: Heights,
    /// The floor, as factors. As many lines as are kept.
    pub(super) curve: Vec<f32>,
    /// The residue, later the spectrum. As long as the longest full spectrum.
    pub(super) lines: Vec<f32>,
}

impl Channel {
    /// Room for `lines` lines, of which `kept` are kept.
    pub(super) fn new(lines: usize, kept: usize) -> Self {
        Self {
            audible: false,
            decoded: false,
            heights: [0; MAX_POSTS],
            curve: vec![0.0; kept],
            lines: vec![0.0; lines],
        }
    }

    fn shape(&mut self, kept: usize) {
        for (line, factor) in self.lines[..kept].iter_mut().zip(&self.curve[..kept]) {
            *line *= factor;
        }
    }
}

/// Makes the spectrum that is heard, as many lines as `spectrum` has. `coupling` names the channels of magnitude and angle.
///
/// `balance` is that of the stream, and `seconds` how much the block adds to it. Returns false, and leaves `spectrum` as it is, if the
/// block is silent.
pub(super) fn mix(
    channels: &mut [Channel],
    coupling: Option<[usize; 2]>,
    spectrum: &mut [f32],
    (balance, seconds): (&mut Balance, f32),
) -> bool {
    if channels.iter().all(|channel| !channel.audible) {
        return false;
    }
    let kept = spectrum.len();
    let [left, right] = channels else {
        if let [only] = channels {
            only.shape(kept);
            spectrum.copy_from_slice(&only.lines[..kept]);
        }
        return true;
    };
    match coupling {
        Some([0, 1]) => uncouple(&mut left.lines[..kept], &mut right.lines[..kept]),
        Some(_) => uncouple(&mut right.lines[..kept], &mut left.lines[..kept]),
        None => {}
    }
    left.shape(kept);
    right.shape(kept);
    let (left, right) = (&left.lines[..kept], &right.lines[..kept]);
    let left_energy = dot(left, left);
    let right_energy = dot(right, right);
    let mid_energy = (left_energy + right_energy + 2.0 * dot(left, right)) / 4.0;
    let (left_weight, right_weight) =
        balance.heard(mid_energy, left_energy, right_energy, seconds).weights();
    for ((line, left), right) in spectrum.iter_mut().zip(left).zip(right) {
        *line = left_weight * left + right_weight * right;
    }
    true
}

/// From magnitude and angle to two channels: inverse square polar mapping.
///
/// Without branches, so that several lines are done at once.
fn uncouple(magnitudes: &mut [f32], angles: &mut [f32]) {
    for (magnitude, angle) in magnitudes.iter_mut().zip(angles) {
        let (m, a) = (*magnitude, *angle);
        // The angle away from zero, by the sign of the magnitude.
        let outward = a.to_bits() ^ (u32::from(m <= 0.0) << 31);
        let positive = 0_u32.wrapping_sub(u32::from(a > 0.0));
        *magnitude = m + f32::from_bits(outward & !positive);
        *angle = m - f32::from_bits(outward & positive);
    }
}

/// The sum of products, in eight parts that can be added at once.
fn dot(left: &[f32], right: &[f32]) -> f32 {
    let mut sums = [0.0; 8];
    for (left, right) in left.chunks_exact(8).zip(right.chunks_exact(8)) {
        for ((sum, left), right) in sums.iter_mut().zip(left).zip(right) {
            *sum += left * right;
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::{Balance, Channel, mix, uncouple};

    #[test]
    fn channels_are_uncoupled_as_in_the_specification() {
        for (magnitude, angle, left, right) in [
            (5.0, 2.0, 5.0, 3.0),
            (5.0, -2.0, 3.0, 5.0),
            (-5.0, 2.0, -5.0, -3.0),
            (-5.0, -2.0, -3.0, -5.0),
            (0.0, 1.0, 0.0, 1.0),
            (4.0, 0.0, 4.0, 4.0),
        ] {
            let (mut magnitudes, mut angles) = ([magnitude], [angle]);
            uncouple(&mut magnitudes, &mut angles);
            assert!((magnitudes[0] - left).abs() < 1e-6_f32, "{magnitude} {angle}");
            assert!((angles[0] - right).abs() < 1e-6_f32, "{magnitude} {angle}");
        }
    }

    #[test]
    fn the_side_is_heard_where_the_mid_cancels() {
        let channel = |value: f32| {
            let mut channel = Channel::new(16, 16);
            channel.audible = true;
            channel.curve.fill(2.0);
            channel.lines.fill(value);
            channel
        };
        let mut spectrum = [0.0; 16];
        assert!(mix(
            &mut [channel(1.0), channel(0.5)],
            None,
            &mut spectrum,
            (&mut Balance::default(), 0.1)
        ));
        assert!(spectrum.iter().all(|line| (line - 1.5).abs() < 1e-6));
        assert!(mix(
            &mut [channel(1.0), channel(-1.0)],
            None,
            &mut spectrum,
            (&mut Balance::default(), 0.1)
        ));
        assert!(spectrum.iter().all(|line| (line - 2.0).abs() < 1e-6));
        assert!(mix(&mut [channel(1.0)], None, &mut spectrum, (&mut Balance::default(), 0.1)));
        assert!(spectrum.iter().all(|line| (line - 2.0).abs() < 1e-6));
        assert!(!mix(
            &mut [Channel::new(16, 16)],
            None,
            &mut spectrum,
            (&mut Balance::default(), 0.1)
        ));
    }
}
