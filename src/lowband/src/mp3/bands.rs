//! Scalefactor bands: ISO/IEC 11172-3, table B.8; ISO/IEC 13818-3, table B.2.

use super::side::Block;

/// Lines of the long part of a mixed block, two sub-bands: a border of bands of both kinds.
const MIXED_LONG_LINES: u16 = 36;

/// The scalefactor bands of a sample rate, as first lines in the order of the stream, and the end.
#[derive(Debug)]
pub(super) struct Bands {
    pub(super) rate_hz: u32,
    pub(super) long: [u16; 23],
    /// Of each band the lines of window 0, then 1, then 2.
    short: [u16; 40],
    /// Long bands, then short ones. Only the first `mixed_len` count.
    mixed: [u16; 40],
    mixed_len: usize,
    /// Long bands of a mixed block.
    mixed_long: usize,
}

/// The bands of a block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    /// First lines, and the end.
    pub(super) edges: &'static [u16],
    /// How many of the bands are long. The others come in threes, one of each window.
    pub(super) long: usize,
}

impl Bands {
    /// From the bands of long blocks and of one window of short blocks.
    const fn new(rate_hz: u32, long: [u16; 23], window: [u16; 14]) -> Self {
        let mut short = [0; 40];
        let mut band = 0;
        while band < 39 {
            let width = window[band / 3 + 1] - window[band / 3];
            short[band + 1] = short[band] + width;
            band += 1;
        }
        let mut mixed = [0; 40];
        let mut mixed_long = 0;
        while long[mixed_long] < MIXED_LONG_LINES {
            mixed[mixed_long] = long[mixed_long];
            mixed_long += 1;
        }
        let mut mixed_len = mixed_long;
        band = 0;
        while band < 40 {
            if short[band] >= MIXED_LONG_LINES {
                mixed[mixed_len] = short[band];
                mixed_len += 1;
            }
            band += 1;
        }
        Self { rate_hz, long, short, mixed, mixed_len, mixed_long }
    }

    /// The bands of a block.
    pub(super) fn plan(&'static self, block: Block) -> Plan {
        match block {
            Block::Short { mixed: false } => Plan { edges: &self.short, long: 0 },
            Block::Short { mixed: true } => {
                Plan { edges: &self.mixed[..self.mixed_len], long: self.mixed_long }
            }
            _ => Plan { edges: &self.long, long: 22 },
        }
    }

    /// How many lines of a block are needed for the lowest `sub_bands` sub-bands.
    pub(super) fn needed(&self, block: Block, sub_bands: usize) -> usize {
        let lines = 18 * sub_bands;
        match block {
            // All windows of the bands.
            Block::Short { .. } => {
                let end = self.short.iter().step_by(3).find(|&&line| usize::from(line) >= lines);
                end.map_or(576, |&line| line.into())
            }
            // The alias reduction reads eight lines of the next sub-band.
            _ => lines + 8,
        }
    }
}

/// The bands by the header's index of the sample rate. `None` if the rate is not decoded here.
pub(super) fn of(mpeg1: bool, rate: usize) -> Option<&'static Bands> {
    match (mpeg1, rate) {
        (true, 0) => Some(&HZ_44100),
        (true, 1) => Some(&HZ_48000),
        (true, 2) => Some(&HZ_32000),
        (false, 0) => Some(&HZ_22050),
        (false, 1) => Some(&HZ_24000),
        _ => None,
    }
}

static HZ_44100: Bands = Bands::new(
    44100,
    [
        0, 4, 8, 12, 16, 20, 24, 30, 36, 44, 52, 62, 74, 90, 110, 134, 162, 196, 238, 288, 342,
        418, 576,
    ],
    [0, 4, 8, 12, 16, 22, 30, 40, 52, 66, 84, 106, 136, 192],
);

static HZ_48000: Bands = Bands::new(
    48000,
    [
        0, 4, 8, 12, 16, 20, 24, 30, 36, 42, 50, 60, 72, 88, 106, 128, 156, 190, 230, 276, 330,
        384, 576,
    ],
    [0, 4, 8, 12, 16, 22, 28, 38, 50, 64, 80, 100, 126, 192],
);

static HZ_32000: Bands = Bands::new(
    32000,
    [
        0, 4, 8, 12, 16, 20, 24, 30, 36, 44, 54, 66, 82, 102, 126, 156, 194, 240, 296, 364, 448,
        550, 576,
    ],
    [0, 4, 8, 12, 16, 22, 30, 42, 58, 78, 104, 138, 180, 192],
);

static HZ_22050: Bands = Bands::new(
    22050,
    [
        0, 6, 12, 18, 24, 30, 36, 44, 54, 66, 80, 96, 116, 140, 168, 200, 238, 284, 336, 396, 464,
        522, 576,
    ],
    [0, 4, 8, 12, 18, 24, 32, 42, 56, 74, 100, 132, 174, 192],
);

static HZ_24000: Bands = Bands::new(
    24000,
    [
        0, 6, 12, 18, 24, 30, 36, 44, 54, 66, 80, 96, 114, 136, 162, 194, 232, 278, 332, 394, 464,
        540, 576,
    ],
    [0, 4, 8, 12, 18, 26, 36, 48, 62, 80, 104, 136, 180, 192],
);
