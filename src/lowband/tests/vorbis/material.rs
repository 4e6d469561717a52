//! Material made here: signals from arithmetic, encoded by the program `ffmpeg`.

pub(crate) use crate::shared::Numbers;
use crate::shared::ffmpeg;

/// How the two channels of a signal are related.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stereo {
    Mono,
    /// Voices at different places, noise that differs.
    Panned,
    /// The right channel is the left one with the other sign.
    Inverted,
}

/// A signal of chords, gliding voices, noise and clicks: interleaved samples of 16 bits.
pub(crate) fn signal(rate_hz: u32, seconds: u32, stereo: Stereo) -> Vec<i16> {
    let mut numbers = Numbers(0x1234_5678_9abc_def1);
    let mut samples = Vec::new();
    let mut phases = [0.0_f64; 12];
    let mut click = [0.0_f64; 2];
    for sample in 0..rate_hz * seconds {
        let time = f64::from(sample) / f64::from(rate_hz);
        let beat = time % 0.5;
        let mut channels = [0.0_f64; 2];
        for (voice, phase) in phases.iter_mut().enumerate() {
            let base = 110.0 * 1.5_f64.powi(voice as i32 % 7) * (1.0 + 0.06 * voice as f64);
            let glide = 1.0 + 0.3 * (time * (0.3 + 0.11 * voice as f64)).sin();
            *phase += base * glide / f64::from(rate_hz) * std::f64::consts::TAU;
            let swell = 0.5 + 0.5 * (time * (1.1 + 0.37 * voice as f64)).sin();
            let value = phase.sin() * swell * (-3.0 * beat).exp() * 0.12;
            let place = 0.5 + 0.5 * (voice as f64 * 1.7 + time * 0.2).sin();
            channels[0] += value * (1.0 - place);
            channels[1] += value * place;
        }
        // A burst of noise every second, a click every 0.37 s: short blocks.
        let burst = if time % 1.0 > 0.75 { (-(time % 1.0 - 0.75) * 30.0).exp() } else { 0.0 };
        if sample % (rate_hz * 37 / 100) == 0 {
            click = [numbers.noise(), numbers.noise()];
        }
        for (channel, click) in channels.iter_mut().zip(&mut click) {
            *channel += 0.3 * burst * numbers.noise() + 0.01 * numbers.noise() + 0.5 * *click;
            *click *= 0.9;
        }
        match stereo {
            Stereo::Mono => channels[1] = channels[0],
            Stereo::Panned => {}
            Stereo::Inverted => channels[1] = -channels[0],
        }
        let count = if stereo == Stereo::Mono { 1 } else { 2 };
        samples.extend(channels[..count].iter().map(|value| (value * 20_000.0) as i16));
    }
    samples
}

/// A signal encoded by `ffmpeg` with the arguments `encoder`, in Ogg or Matroska by `format`.
pub(crate) fn encode(
    rate_hz: u32,
    seconds: u32,
    stereo: Stereo,
    encoder: &[&str],
    format: &str,
) -> Vec<u8> {
    let samples: Vec<u8> =
        signal(rate_hz, seconds, stereo).iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let channels = if stereo == Stereo::Mono { "1" } else { "2" };
    let input = ["-ar", &rate_hz.to_string(), "-ac", channels];
    ffmpeg(samples, &input, encoder, format)
}
