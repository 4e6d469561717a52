//! A band that plays by a seed: the same seed is the same song, another seed another one.

use std::collections::HashMap;
use std::f64::consts::TAU;
use std::sync::{Arc, Mutex, PoisonError};

use super::dice::Dice;

/// Sample rate of all songs.
pub(crate) const RATE_HZ: u32 = 22_050;

/// Steps of the scales, in semitones.
const SCALES: [[i32; 7]; 3] =
    [[0, 2, 4, 5, 7, 9, 11], [0, 2, 3, 5, 7, 8, 10], [0, 2, 3, 5, 7, 9, 10]];

/// By seed and seconds.
type Played = HashMap<(u64, u32), Arc<Vec<f32>>>;

/// A song of `seconds` with melody, chords and drums, shape `(n_samples,)`, within [-0.9, 0.9].
///
/// Another length is another song. Each is played once and kept.
pub(crate) fn song(seed: u64, seconds: u32) -> Arc<Vec<f32>> {
    static PLAYED: Mutex<Option<Played>> = Mutex::new(None);
    let mut played = PLAYED.lock().unwrap_or_else(PoisonError::into_inner);
    let played = played.get_or_insert_default();
    Arc::clone(played.entry((seed, seconds)).or_insert_with(|| Arc::new(play(seed, seconds))))
}

/// A stretch of a sound, in seconds.
pub(crate) fn excerpt(samples: &[f32], from: f64, to: f64) -> &[f32] {
    let at = |seconds: f64| (seconds * f64::from(RATE_HZ)) as usize;
    &samples[at(from)..at(to).min(samples.len())]
}

/// The sound as a record player gives it that turns `speed` times as fast: pitch and tempo together.
pub(crate) fn faster(samples: &[f32], speed: f64) -> Vec<f32> {
    let length = (samples.len() as f64 / speed) as usize;
    let sample = |at: usize| samples.get(at).copied().unwrap_or(0.0);
    (0..length)
        .map(|i| {
            let at = i as f64 * speed;
            let (i, t) = (at as usize, at.fract() as f32);
            // Catmull–Rom through the four samples around.
            let (a, b, c, d) =
                (sample(i.saturating_sub(1)), sample(i), sample(i + 1), sample(i + 2));
            let cubic = 3.0 * (b - c) + d - a;
            b + 0.5 * t * (c - a + t * (2.0 * a - 5.0 * b + 4.0 * c - d + t * cubic))
        })
        .collect()
}

fn play(seed: u64, seconds: u32) -> Vec<f32> {
    let mut dice =
        Dice::new(seed.wrapping_mul(0x1234_5678_9abc_def1).wrapping_add(u64::from(seconds)));
    let mut sound = vec![0.0_f32; (seconds * RATE_HZ) as usize];
    let usual_beat = 60.0 / (90.0 + 60.0 * dice.share());
    let scale = SCALES[dice.below(SCALES.len())];
    let root_hz = 110.0 * (dice.share()).exp2();
    let pitch = |degree: usize| {
        let semitones = scale[degree % 7] + 12 * (degree / 7) as i32;
        root_hz * (f64::from(semitones) / 12.0).exp2()
    };
    let mut end = 0.0;
    for at in 0.. {
        if end >= f64::from(seconds) {
            break;
        }
        // Played by hand: songs that all keep strict time agree with each other over many bars.
        let beat = usual_beat * (0.9 + 0.2 * dice.share());
        let start = end;
        end += beat;
        if at % 4 == 0 {
            let bass = dice.below(7);
            for third in [0, 2, 4] {
                let detune = 1.0 + 0.002 * (dice.share() - 0.5);
                let hz = pitch(7 + bass + third) * detune;
                note(&mut sound, start, 4.0 * beat, hz, 0.08, 4);
            }
        }
        let steps = 1 + dice.below(3);
        for step in 0..steps {
            // People do not play by the clock.
            let late = 0.02 * dice.share();
            let length = beat / steps as f64;
            let hz = pitch(14 + dice.below(14));
            note(&mut sound, start + step as f64 * length + late, 1.5 * length, hz, 0.2, 6);
        }
        drum(&mut sound, &mut dice, start, 0.12, 0.15);
        let off_beat = start + beat / 2.0;
        if dice.share() < 0.7 {
            drum(&mut sound, &mut dice, off_beat, 0.04, 0.1);
        }
    }
    for sample in &mut sound {
        *sample = sample.clamp(-0.9, 0.9);
    }
    sound
}

/// Adds a plucked note with its harmonics.
fn note(sound: &mut [f32], start: f64, length: f64, hz: f64, loudness: f64, harmonics: u32) {
    let rate = f64::from(RATE_HZ);
    let first = (start * rate) as usize;
    let count = (length * rate) as usize;
    let Some(stretch) = sound.get_mut(first..) else { return };
    let attack = 0.005 * rate;
    for harmonic in 1..=harmonics {
        let hz = hz * f64::from(harmonic);
        if hz > 0.45 * rate {
            return;
        }
        // A turning pointer instead of a sine a sample.
        let (sin, cos) = (TAU * hz / rate).sin_cos();
        let fade = (-3.0 * f64::from(harmonic).sqrt() / count as f64).exp();
        let (mut x, mut y) = (loudness / f64::from(harmonic), 0.0);
        for (i, sample) in stretch.iter_mut().take(count).enumerate() {
            *sample += (y * (i as f64 / attack).min(1.0)) as f32;
            (x, y) = (fade * (x * cos - y * sin), fade * (x * sin + y * cos));
        }
    }
}

/// Adds a burst of noise.
fn drum(sound: &mut [f32], dice: &mut Dice, start: f64, length: f64, loudness: f64) {
    let rate = f64::from(RATE_HZ);
    let (first, count) = ((start * rate) as usize, (length * rate) as usize);
    let fade = (-5.0 / count as f64).exp();
    let mut loudness = loudness;
    let Some(stretch) = sound.get_mut(first..) else { return };
    for sample in stretch.iter_mut().take(count) {
        *sample += (loudness * (2.0 * dice.share() - 1.0)) as f32;
        loudness *= fade;
    }
}
