//! Scale factor bands (ISO/IEC 14496-3, 4.5.4) of the rates that are reduced, and the bands that TNS reaches.

use super::FRAME;

/// Most bands of a window.
pub(super) const MAX_BANDS: usize = 51;
/// Lines of a short window.
pub(super) const SHORT_LINES: usize = 128;

/// First lines of the bands of a window, and behind the last the end.
pub(super) type Offsets = &'static [u16];

/// The bands of one sample rate.
#[derive(Debug)]
pub(super) struct Bands {
    pub(super) long: Offsets,
    pub(super) short: Offsets,
    /// Bands that TNS may reach in a long window (4.6.9.4); in a short one it is [`TNS_SHORT_BANDS`].
    pub(super) tns_long: usize,
    /// The band of each four lines: bands begin at multiples of four.
    pub(super) of_fours_long: [u8; FRAME / 4],
    pub(super) of_fours_short: [u8; SHORT_LINES / 4],
}

/// Bands that TNS may reach in a short window.
pub(super) const TNS_SHORT_BANDS: usize = 14;

impl Bands {
    /// The bands of a rate that has a reduction.
    pub(super) fn of_rate(hz: u32) -> Self {
        let (long, short, tns_long): (Offsets, Offsets, usize) = match hz {
            48_000 => (&LONG_48, &SHORT_48, 40),
            44_100 => (&LONG_48, &SHORT_48, 42),
            32_000 => (&LONG_32, &SHORT_48, 51),
            _ => (&LONG_24, &SHORT_24, 46),
        };
        let (of_fours_long, of_fours_short) = (of_fours(long), of_fours(short));
        Self { long, short, tns_long, of_fours_long, of_fours_short }
    }
}

/// The band of each four lines.
fn of_fours<const COUNT: usize>(offsets: Offsets) -> [u8; COUNT] {
    std::array::from_fn(|four| {
        let starts = &offsets[..offsets.len() - 1];
        (starts.partition_point(|&start| usize::from(start) <= 4 * four) - 1) as u8
    })
}

static LONG_48: [u16; 50] = [
    0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 48, 56, 64, 72, 80, 88, 96, 108, 120, 132, 144, 160,
    176, 196, 216, 240, 264, 292, 320, 352, 384, 416, 448, 480, 512, 544, 576, 608, 640, 672, 704,
    736, 768, 800, 832, 864, 896, 928, 1024,
];

static LONG_32: [u16; 52] = [
    0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 48, 56, 64, 72, 80, 88, 96, 108, 120, 132, 144, 160,
    176, 196, 216, 240, 264, 292, 320, 352, 384, 416, 448, 480, 512, 544, 576, 608, 640, 672, 704,
    736, 768, 800, 832, 864, 896, 928, 960, 992, 1024,
];

static LONG_24: [u16; 48] = [
    0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 52, 60, 68, 76, 84, 92, 100, 108, 116, 124, 136,
    148, 160, 172, 188, 204, 220, 240, 260, 284, 308, 336, 364, 396, 432, 468, 508, 552, 600, 652,
    704, 768, 832, 896, 960, 1024,
];

static SHORT_48: [u16; 15] = [0, 4, 8, 12, 16, 20, 28, 36, 44, 56, 68, 80, 96, 112, 128];

static SHORT_24: [u16; 16] = [0, 4, 8, 12, 16, 20, 24, 28, 36, 44, 52, 64, 76, 92, 108, 128];
