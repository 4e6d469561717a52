//! Compares samples at the reduced rate with those at the full rate.

use symphonia::core::dsp::complex::Complex;
use symphonia::core::dsp::fft::Fft;

/// Samples of one window at the reduced rate.
const WINDOW: usize = 2048;
/// Lags tried, in samples of the full rate.
const LAGS: std::ops::RangeInclusive<i32> = -8..=8;

/// How the low band of two signals differs.
#[derive(Debug)]
pub(crate) struct Difference {
    /// The energy of the difference relative to that of the signal, in dB, up to the frequency asked for.
    pub(crate) error_db: f64,
    /// The highest of these in windows that have at least a thousandth of the mean energy.
    pub(crate) worst_db: f64,
    /// The median of these.
    pub(crate) median_db: f64,
    /// The lag of the highest correlation, in samples of the full rate.
    pub(crate) lag: i32,
}

/// Compares `low` with `full`, which has `factor` times its rate, up to `share` of the new Nyquist frequency.
pub(crate) fn compare(low: &[f32], full: &[f32], factor: usize, share: f64) -> Difference {
    let bins = (WINDOW as f64 / 2.0 * share) as usize;
    let offset = (factor as f64 - 1.0) / 2.0;
    let mut windows = Vec::new();
    let mut correlations = vec![0.0; LAGS.count()];
    let (mut small, mut large) = (Fft::new(WINDOW), Fft::new(WINDOW * factor));
    let mut start = 0;
    while start + WINDOW <= low.len() && (start + WINDOW) * factor <= full.len() {
        let low = spectrum(&mut small, &low[start..start + WINDOW]);
        let full = spectrum(&mut large, &full[start * factor..(start + WINDOW) * factor]);
        let (mut energy, mut error) = (0.0, 0.0);
        for bin in 1..bins {
            let (low, full) = (low[bin], full[bin]);
            let turn = std::f64::consts::TAU * bin as f64 / (WINDOW * factor) as f64;
            let expected = rotate(full, turn * offset, 1.0 / factor as f64);
            energy += expected.0.powi(2) + expected.1.powi(2);
            error += (low.0 - expected.0).powi(2) + (low.1 - expected.1).powi(2);
            for (lag, correlation) in LAGS.zip(&mut correlations) {
                let lagged = rotate(low, turn * f64::from(lag), 1.0);
                *correlation += lagged.0 * expected.0 + lagged.1 * expected.1;
            }
        }
        windows.push((energy, error));
        start += WINDOW / 2;
    }
    let energy: f64 = windows.iter().map(|window| window.0).sum();
    let error: f64 = windows.iter().map(|window| window.1).sum();
    let least = energy / windows.len().max(1) as f64 / 1000.0;
    let loud = windows.iter().filter(|window| window.0 > least);
    let mut errors: Vec<f64> = loud.map(|window| window.1 / window.0).collect();
    errors.sort_by(f64::total_cmp);
    let at = |place: usize| 10.0 * errors.get(place).copied().unwrap_or(0.0).log10();
    let best = LAGS.zip(correlations).max_by(|left, right| left.1.total_cmp(&right.1));
    Difference {
        error_db: 10.0 * (error / energy.max(1e-30)).log10(),
        worst_db: at(errors.len().saturating_sub(1)),
        median_db: at(errors.len() / 2),
        lag: best.map_or(0, |best| best.0),
    }
}

/// The spectrum under a Hann window.
fn spectrum(fft: &mut Fft, samples: &[f32]) -> Vec<(f64, f64)> {
    let turn = std::f64::consts::TAU / samples.len() as f64;
    let hann = |sample: usize| 0.5 - 0.5 * ((sample as f64 + 0.5) * turn).cos();
    let mut values: Vec<Complex<f32>> = samples
        .iter()
        .enumerate()
        .map(|(place, value)| Complex::new((f64::from(*value) * hann(place)) as f32, 0.0))
        .collect();
    fft.fft_inplace(&mut values);
    values.iter().map(|value| (f64::from(value.re), f64::from(value.im))).collect()
}

fn rotate(value: (f64, f64), angle: f64, scale: f64) -> (f64, f64) {
    let (sin, cos) = angle.sin_cos();
    (scale * (value.0 * cos - value.1 * sin), scale * (value.0 * sin + value.1 * cos))
}
