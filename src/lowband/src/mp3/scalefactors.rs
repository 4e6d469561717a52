//! Scalefactors: ISO/IEC 11172-3, section 2.4.2.7; ISO/IEC 13818-3, section 2.4.3.2.

use super::bits::Bits;
use super::side::{Block, Channel};

/// Scalefactors of one channel of a granule, in the order of the stream: of long bands, of mixed blocks the long ones first, of short
/// bands window by window within the band. The rest is zero.
pub(super) type Scalefactors = [u8; 39];

/// Bits of the two kinds of scalefactors in MPEG-1, by `scalefac_compress`.
const MPEG1_BITS: [(u8, u8); 16] = [
    (0, 0),
    (0, 1),
    (0, 2),
    (0, 3),
    (3, 0),
    (1, 1),
    (1, 2),
    (1, 3),
    (2, 1),
    (2, 2),
    (2, 3),
    (3, 1),
    (3, 2),
    (3, 3),
    (4, 2),
    (4, 3),
];

/// Scalefactors in each of the four groups in MPEG-2: by the range of `scalefac_compress` (the first three: of the right channel of
/// intensity stereo), then for long, short and mixed blocks.
const MPEG2_COUNTS: [[[u8; 4]; 3]; 6] = [
    [[7, 7, 7, 0], [12, 12, 12, 0], [6, 15, 12, 0]],
    [[6, 6, 6, 3], [12, 9, 9, 6], [6, 12, 9, 6]],
    [[8, 8, 5, 0], [15, 12, 9, 0], [6, 18, 9, 0]],
    [[6, 5, 5, 5], [9, 9, 9, 9], [6, 9, 9, 9]],
    [[6, 5, 7, 3], [9, 9, 12, 6], [6, 9, 12, 6]],
    [[11, 10, 0, 0], [18, 18, 0, 0], [15, 18, 0, 0]],
];

/// Groups of scalefactors of one channel of a granule: how many, and of how many bits each.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Layout {
    groups: [(u8, u8); 4],
    /// Groups that are copied from the first granule instead.
    copied: [bool; 4],
    /// Bits of all groups.
    pub(super) bits: usize,
    /// High bands are raised by a table.
    pub(super) preemphasis: bool,
}

impl Layout {
    /// The layout in MPEG-1. `shared` tells the groups that are those of the first granule; only long blocks have it.
    pub(super) fn mpeg1(channel: &Channel, shared: [bool; 4]) -> Self {
        let (first, second) = MPEG1_BITS[usize::from(channel.scalefac_compress & 15)];
        match channel.block {
            Block::Short { mixed } => {
                let low = if mixed { 8 + 3 * 3 } else { 6 * 3 };
                Self::new(
                    [(low, first), (6 * 3, second), (0, 0), (0, 0)],
                    [false; 4],
                    channel.preflag,
                )
            }
            _ => Self::new(
                [(6, first), (5, first), (5, second), (5, second)],
                shared,
                channel.preflag,
            ),
        }
    }

    /// The layout in MPEG-2. `intensity` is for the right channel of intensity stereo.
    pub(super) fn mpeg2(channel: &Channel, intensity: bool) -> Self {
        let compress = channel.scalefac_compress;
        let (range, bits) = if intensity {
            match compress >> 1 {
                value @ 0..180 => (0, [value / 36, value % 36 / 6, value % 6, 0]),
                value @ 180..244 => {
                    let value = value - 180;
                    (1, [value >> 4 & 3, value >> 2 & 3, value & 3, 0])
                }
                value => {
                    let value = value - 244;
                    (2, [value / 3, value % 3, 0, 0])
                }
            }
        } else {
            match compress {
                0..400 => {
                    let high = compress >> 4;
                    (3, [high / 5, high % 5, compress >> 2 & 3, compress & 3])
                }
                400..500 => {
                    let value = compress - 400;
                    (4, [(value >> 2) / 5, (value >> 2) % 5, value & 3, 0])
                }
                _ => {
                    let value = compress - 500;
                    (5, [value / 3, value % 3, 0, 0])
                }
            }
        };
        let kind = match channel.block {
            Block::Short { mixed: false } => 1,
            Block::Short { mixed: true } => 2,
            _ => 0,
        };
        let counts: [u8; 4] = MPEG2_COUNTS[range][kind];
        let groups = std::array::from_fn(|group| (counts[group], bits[group] as u8));
        Self::new(groups, [false; 4], range == 5)
    }

    fn new(groups: [(u8, u8); 4], copied: [bool; 4], preemphasis: bool) -> Self {
        let bits = groups.iter().zip(copied).filter(|(_, copied)| !copied);
        let bits = bits.map(|(&(count, bits), _)| usize::from(count) * usize::from(bits)).sum();
        Self { groups, copied, bits, preemphasis }
    }

    /// Reads the scalefactors; `first` are those of the first granule.
    pub(super) fn read(&self, reader: &mut Bits<'_>, first: &Scalefactors) -> Scalefactors {
        let mut scalefactors = [0; 39];
        let mut start = 0;
        for (&(count, bits), copied) in self.groups.iter().zip(self.copied) {
            let places = start..start + usize::from(count);
            start = places.end;
            if copied {
                scalefactors[places.clone()].copy_from_slice(&first[places]);
            } else if bits > 0 {
                // At most 12 of four or five bits.
                for part in scalefactors[places].chunks_mut(8) {
                    reader.refill();
                    part.fill_with(|| reader.take(bits.into()) as u8);
                }
            }
        }
        scalefactors
    }
}
