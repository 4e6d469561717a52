//! Spectra of a signal at the full rate and of one at a reduced rate.

use std::f64::consts::{PI, TAU};

/// Samples of a block at the reduced rate.
const BLOCK: usize = 1024;

/// The error of `low` against `full`, below `limit_hz`, in dB of the energy of `full`, where sample `m` of `low` is to stand where sample
/// `factor · m + factor / 2 + lag` of `full` does.
pub fn error_db(
    full: &[f32],
    low: &[f32],
    factor: usize,
    rate_hz: usize,
    limit_hz: f64,
    lag: isize,
) -> f64 {
    let (mut energy, mut error) = (1e-20, 1e-20);
    let bins = (limit_hz * (factor * BLOCK) as f64 / rate_hz as f64) as usize;
    // Not the first block, where a lag has no samples, and of long files not all.
    let step = (low.len() / BLOCK / 200).max(1);
    for (block, low) in low.chunks_exact(BLOCK).enumerate().skip(1).step_by(step) {
        let start = (block * BLOCK * factor + factor / 2) as isize + lag;
        let start = usize::try_from(start).unwrap();
        let Some(full) = full.get(start..start + BLOCK * factor) else { break };
        let (full, low) = (spectrum(full), spectrum(low));
        for bin in 1..bins {
            let want = (full[bin].0 / factor as f64, full[bin].1 / factor as f64);
            energy += want.0 * want.0 + want.1 * want.1;
            error += (want.0 - low[bin].0).powi(2) + (want.1 - low[bin].1).powi(2);
        }
    }
    10.0 * (error / energy).log10()
}

/// The spectrum under a Hann window.
fn spectrum(samples: &[f32]) -> Vec<(f64, f64)> {
    let size = samples.len();
    let mut values: Vec<(f64, f64)> = samples
        .iter()
        .enumerate()
        .map(|(i, &x)| (f64::from(x) * (PI * i as f64 / size as f64).sin().powi(2), 0.0))
        .collect();
    transform(&mut values);
    values
}

/// A Fourier transform whose size is a power of two.
fn transform(values: &mut [(f64, f64)]) {
    let size = values.len();
    if size == 1 {
        return;
    }
    let mut even: Vec<_> = values.iter().step_by(2).copied().collect();
    let mut odd: Vec<_> = values.iter().skip(1).step_by(2).copied().collect();
    transform(&mut even);
    transform(&mut odd);
    for i in 0..size / 2 {
        let (sin, cos) = (-TAU * i as f64 / size as f64).sin_cos();
        let turned = (odd[i].0 * cos - odd[i].1 * sin, odd[i].0 * sin + odd[i].1 * cos);
        values[i] = (even[i].0 + turned.0, even[i].1 + turned.1);
        values[i + size / 2] = (even[i].0 - turned.0, even[i].1 - turned.1);
    }
}
