//! The stream information block (RFC 9639, section 8.2).

use symphonia_core::errors::{Result, decode_error, unsupported_error};

use super::bits::{self, Bits};
use crate::NEEDS_FULL;

/// Blocks of fewer samples are too short to choose between mid and side by one alone: 6 ms. A guess.
const SHORTEST_BLOCK: usize = 256;

/// What the decoder has to know of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StreamInfo {
    /// The largest number of samples of a block, per channel.
    pub(super) longest_block: usize,
    pub(super) rate_hz: u32,
    /// 1 or 2.
    pub(super) channels: u32,
    /// Bits per sample: 4 to 32.
    pub(super) bits: u32,
}

impl StreamInfo {
    /// Reads the block, without its header.
    ///
    /// # Errors
    ///
    /// [`NEEDS_FULL`] if the stream needs the full decoder; other errors if the block is not valid.
    pub(super) fn read(block: &[u8]) -> Result<Self> {
        let mut reversed = Vec::new();
        bits::reverse(block.get(..34).unwrap_or(block), &mut reversed);
        let bits = &mut Bits::new(&reversed);
        let (shortest, longest) = (bits.read(16), bits.read(16));
        let (least_bytes, most_bytes) = (bits.read(24), bits.read(24));
        let (rate_hz, channels, bits_per_sample) =
            (bits.read(20), bits.read(3) + 1, bits.read(5) + 1);
        // The number of samples and the MD5 sum, which nobody needs here.
        for width in [32, 4, 32, 32, 32, 32] {
            bits.read(width);
        }
        bits.check_end()?;
        if shortest < 16 || longest < shortest {
            return decode_error("flac: impossible lengths of blocks");
        }
        if least_bytes > 0 && most_bytes > 0 && most_bytes < least_bytes {
            return decode_error("flac: impossible lengths of frames");
        }
        if !(1..=655_350).contains(&rate_hz) || bits_per_sample < 4 {
            return decode_error("flac: impossible format of samples");
        }
        if channels > 2 || (longest as usize) < SHORTEST_BLOCK {
            return unsupported_error(NEEDS_FULL);
        }
        Ok(Self { longest_block: longest as usize, rate_hz, channels, bits: bits_per_sample })
    }
}
