//! Signals.

pub(crate) use crate::shared::Numbers;

/// How two channels are related.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Image {
    /// Much in the middle, a little at the sides.
    Wide,
    /// The right channel is the left one with the other sign.
    Inverted,
}

/// Two channels of `samples` samples of `bits` bits with peaks of about `level` of full scale: voices, noise and a few clicks.
pub(crate) fn signal(samples: usize, bits: u32, level: f64, image: Image) -> [Vec<i32>; 2] {
    let mut numbers = Numbers(0x1234_5678_9abc_def1 + u64::from(bits));
    let full = f64::powi(2.0, bits as i32 - 1);
    let mut channels = [Vec::new(), Vec::new()];
    for at in 0..samples {
        let time = at as f64 / 44_100.0;
        let voice = |pitch: f64| (time * pitch * std::f64::consts::TAU).sin();
        let click = if at % 1_777 == 0 { 0.4 } else { 0.0 };
        let middle = 0.4 * voice(220.0) + 0.2 * voice(523.3) + 0.1 * voice(3_000.0) + click;
        let left = middle + 0.1 * voice(330.0) + 0.01 * numbers.noise();
        let right = match image {
            Image::Wide => middle + 0.1 * voice(392.0) + 0.01 * numbers.noise(),
            Image::Inverted => -left,
        };
        for (channel, sample) in channels.iter_mut().zip([left, right]) {
            channel.push((sample * level * full).clamp(-full, full - 1.0) as i32);
        }
    }
    channels
}
