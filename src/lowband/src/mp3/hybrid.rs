//! Alias reduction and inverse MDCT of the lowest `N` sub-bands: ISO/IEC 11172-3, sections 2.4.3.4.10.1 and 2.4.3.4.10.2.
//!
//! All sub-bands are transformed side by side: arrays are by coefficient or time first, then by sub-band.

use std::f64::consts::PI;

use super::bands::Plan;
use super::side::Block;

/// Values of `N` sub-bands at 18 places.
pub(super) type Slots<const N: usize> = [[f32; N]; 18];

/// Coefficients of the alias reduction: ISO/IEC 11172-3, table B.9.
const ALIAS: [f64; 8] = [-0.6, -0.535, -0.33, -0.185, -0.095, -0.041, -0.0142, -0.0037];

/// Factors of the transforms.
#[derive(Debug)]
pub(super) struct Factors {
    /// Cosine and sine of the butterflies.
    alias: [(f32, f32); 8],
    /// Windows of long, start and stop blocks.
    windows: [[f32; 36]; 3],
    /// `2 cos((2k + 1) π / 72)`.
    twiddle_18: [f32; 18],
    /// Inverse MDCT of 6 coefficients to 12 values, windowed: by value, then by coefficient.
    short: [[f32; 6]; 12],
}

impl Factors {
    pub(super) fn new() -> Self {
        let alias = ALIAS.map(|c| {
            let norm = f64::hypot(1.0, c);
            ((1.0 / norm) as f32, (c / norm) as f32)
        });
        let long = |i: usize| (PI / 36.0 * (i as f64 + 0.5)).sin() as f32;
        let short = |i: usize| (PI / 12.0 * (i as f64 + 0.5)).sin();
        let start = |i: usize| match i {
            0..18 => long(i),
            18..24 => 1.0,
            24..30 => short(i - 18) as f32,
            _ => 0.0,
        };
        let short_factor = |i: usize, k: usize| {
            (short(i) * (PI / 24.0 * ((2 * i + 7) * (2 * k + 1)) as f64).cos()) as f32
        };
        Self {
            alias,
            windows: [
                std::array::from_fn(long),
                std::array::from_fn(start),
                std::array::from_fn(|i| start(35 - i)),
            ],
            twiddle_18: std::array::from_fn(|k| {
                (2.0 * (PI / 72.0 * (2 * k + 1) as f64).cos()) as f32
            }),
            short: std::array::from_fn(|i| std::array::from_fn(|k| short_factor(i, k))),
        }
    }

    /// Transforms the lines of a block, in the order of the stream, and adds the first half to `now`, the second to `next`.
    pub(super) fn transform<const N: usize>(
        &self,
        block: Block,
        plan: Plan,
        lines: &[f32; 576],
        now: &mut Slots<N>,
        next: &mut Slots<N>,
    ) {
        let mut spectrum = [[0.0; N]; 18];
        match block {
            Block::Long | Block::Start | Block::Stop => {
                self.reduce_aliases(N, lines, &mut spectrum);
                let window = match block {
                    Block::Start => 1,
                    Block::Stop => 2,
                    _ => 0,
                };
                self.long(&self.windows[window], &spectrum, now, next);
            }
            Block::Short { mixed } => {
                interleave(plan, lines, &mut spectrum);
                self.short(&spectrum, now, next);
                if mixed {
                    // Zero but for the lowest two sub-bands.
                    let mut spectrum = [[0.0; N]; 18];
                    self.reduce_aliases(2, lines, &mut spectrum);
                    self.long(&self.windows[0], &spectrum, now, next);
                }
            }
        }
    }

    /// Fills `spectrum` from the lines of the lowest `long` sub-bands, with butterflies between them and, if these are all, with the next.
    fn reduce_aliases<const N: usize>(
        &self,
        long: usize,
        lines: &[f32; 576],
        spectrum: &mut Slots<N>,
    ) {
        for (band, lines) in lines.chunks_exact(18).take(long).enumerate() {
            for (row, &line) in spectrum.iter_mut().zip(lines) {
                row[band] = line;
            }
        }
        for band in 1..long {
            for (i, &(cos, sin)) in self.alias.iter().enumerate() {
                let (lower, upper) = (spectrum[17 - i][band - 1], spectrum[i][band]);
                spectrum[17 - i][band - 1] = lower * cos - upper * sin;
                spectrum[i][band] = upper * cos + lower * sin;
            }
        }
        if long == N {
            for (i, &(cos, sin)) in self.alias.iter().enumerate() {
                let lower = &mut spectrum[17 - i][N - 1];
                *lower = *lower * cos - lines[18 * N + i] * sin;
            }
        }
    }

    /// The inverse MDCT of long blocks: 18 coefficients to 36 values.
    fn long<const N: usize>(
        &self,
        window: &[f32; 36],
        spectrum: &Slots<N>,
        now: &mut Slots<N>,
        next: &mut Slots<N>,
    ) {
        for band in 0..N {
            let mut x = [0.0; 18];
            for (x, (row, twiddle)) in x.iter_mut().zip(spectrum.iter().zip(&self.twiddle_18)) {
                *x = row[band] * twiddle;
            }
            let y = dct_iv_18(&x);
            // Value i of 36 is y[9 + i], where y goes on oddly at its end and evenly at its start.
            for i in 0..9 {
                now[i][band] += window[i] * y[9 + i];
                now[17 - i][band] -= window[17 - i] * y[9 + i];
                next[i][band] -= window[18 + i] * y[8 - i];
                next[17 - i][band] -= window[35 - i] * y[8 - i];
            }
        }
    }

    /// The inverse MDCTs of the three short blocks, each 6 coefficients to 12 values.
    fn short<const N: usize>(&self, spectrum: &Slots<N>, now: &mut Slots<N>, next: &mut Slots<N>) {
        for window in 0..3 {
            for (i, factors) in self.short.iter().enumerate() {
                let at = 6 + 6 * window + i;
                let out = if at < 18 { &mut now[at] } else { &mut next[at - 18] };
                for (k, factor) in factors.iter().enumerate() {
                    for (out, x) in out.iter_mut().zip(&spectrum[3 * k + window]) {
                        *out += factor * x;
                    }
                }
            }
        }
    }
}

/// Fills `spectrum` from short bands: line `f` of window `w` becomes coefficient `3 (f % 6) + w` of sub-band `f / 6`.
fn interleave<const N: usize>(plan: Plan, lines: &[f32; 576], spectrum: &mut Slots<N>) {
    for (band, edges) in plan.edges.windows(2).enumerate().skip(plan.long) {
        let (start, end) = (usize::from(edges[0]), usize::from(edges[1]));
        let window = (band - plan.long) % 3;
        // All windows of the bands below have as many lines as one has.
        let first = (start - window * (end - start)) / 3;
        if first >= 6 * N {
            break;
        }
        for (f, &line) in (first..6 * N).zip(&lines[start..end]) {
            spectrum[3 * (f % 6) + window][f / 6] = line;
        }
    }
}

/// `y[n] = Σ x[k] cos((2n + 1)(2k + 1) π / 72)`, of `u[k] = 2 cos((2k + 1) π / 72) x[k]`.
///
/// With the factor a DCT-IV becomes the DCT-II of `y[n] + y[n - 1]`. One of size 18 is a DCT-II and a DCT-IV of size 9.
#[inline(always)]
#[allow(
    clippy::inline_always,
    reason = "the loop over sub-bands becomes one of vectors only if all is inlined"
)]
fn dct_iv_18(u: &[f32; 18]) -> [f32; 18] {
    /// `2 cos((2k + 1) π / 36)`.
    const TWIDDLE_9: [f32; 9] = [
        1.992_389_4,
        1.931_851_7,
        1.812_615_6,
        1.638_304_1,
        std::f32::consts::SQRT_2,
        1.147_152_9,
        0.845_236_5,
        0.517_638_1,
        0.174_311_49,
    ];
    let mut sum = [0.0; 9];
    let mut difference = [0.0; 9];
    for k in 0..9 {
        sum[k] = u[k] + u[17 - k];
        difference[k] = (u[k] - u[17 - k]) * TWIDDLE_9[k];
    }
    let even = dct_ii_9(&sum);
    let odd = dct_ii_9(&difference);
    let mut y = [0.0; 18];
    let mut last = 0.5 * odd[0];
    let mut out = 0.5 * even[0];
    y[0] = out;
    for n in 0..9 {
        if n > 0 {
            last = odd[n] - last;
            out = even[n] - out;
            y[2 * n] = out;
        }
        out = last - out;
        y[2 * n + 1] = out;
    }
    y
}

/// `y[n] = Σ x[k] cos(n (2k + 1) π / 18)`.
#[inline(always)]
#[allow(clippy::inline_always, reason = "as above")]
fn dct_ii_9(x: &[f32; 9]) -> [f32; 9] {
    /// `cos(i π / 18)`.
    const C1: f32 = 0.984_807_7;
    const C2: f32 = 0.939_692_6;
    const C3: f32 = 0.866_025_4;
    const C4: f32 = 0.766_044_43;
    const C5: f32 = 0.642_787_6;
    const C7: f32 = 0.342_020_15;
    const C8: f32 = 0.173_648_18;
    let s = [x[0] + x[8], x[1] + x[7], x[2] + x[6], x[3] + x[5]];
    let d = [x[0] - x[8], x[1] - x[7], x[2] - x[6], (x[3] - x[5])];
    let outer = s[0] + s[2] + s[3];
    let half = 0.5 * s[1];
    let d1 = C3 * d[1];
    [
        outer + s[1] + x[4],
        C1 * d[0] + d1 + C5 * d[2] + C7 * d[3],
        C2 * s[0] + half - C8 * s[2] - C4 * s[3] - x[4],
        C3 * (d[0] - d[2] - d[3]),
        C4 * s[0] - half - C2 * s[2] + C8 * s[3] + x[4],
        C5 * d[0] - d1 - C7 * d[2] + C1 * d[3],
        0.5 * outer - s[1] - x[4],
        C7 * d[0] - d1 + C1 * d[2] - C5 * d[3],
        C8 * s[0] - half + C4 * s[2] - C2 * s[3] + x[4],
    ]
}
