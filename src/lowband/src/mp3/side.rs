//! The side information of a frame: ISO/IEC 11172-3, section 2.4.1.7; ISO/IEC 13818-3, section 2.4.1.7.

use std::io;

use symphonia_core::errors::{Error, Result, decode_error};
use symphonia_core::io::{BitReaderLtr, ReadBitsLtr as _};

use super::header::Header;

/// The window of a block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Block {
    #[default]
    Long,
    Start,
    /// Three short blocks; if `mixed`, the two lowest sub-bands are long.
    Short {
        mixed: bool,
    },
    Stop,
}

/// The side information of one channel of a granule.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Channel {
    /// Bits of scalefactors and Huffman codes.
    pub(super) part23_bits: usize,
    /// Lines that are coded in pairs.
    pub(super) big_lines: usize,
    pub(super) global_gain: u8,
    pub(super) scalefac_compress: u16,
    pub(super) block: Block,
    pub(super) subblock_gain: [u8; 3],
    pub(super) tables: [u8; 3],
    /// Ends of the regions of the three tables.
    pub(super) region_ends: [usize; 3],
    pub(super) preflag: bool,
    pub(super) scalefac_scale: bool,
    pub(super) count1_table_b: bool,
}

/// The side information of a frame. What the frame does not have is zero.
#[derive(Debug, Default)]
pub(super) struct Side {
    pub(super) main_data_begin: usize,
    /// By channel: groups of bands whose scalefactors in the second granule are those of the first.
    pub(super) shared: [[bool; 4]; 2],
    /// By granule and channel.
    pub(super) channels: [[Channel; 2]; 2],
}

/// Reads the side information from the start of `bytes`.
pub(super) fn read(bytes: &[u8], header: &Header) -> Result<Side> {
    if bytes.len() < header.side_bytes() {
        return Err(Error::IoError(io::ErrorKind::UnexpectedEof.into()));
    }
    let mut bits = BitReaderLtr::new(bytes);
    let mut side = Side::default();
    // The private bits are skipped.
    if header.mpeg1 {
        side.main_data_begin = bits.read_bits_leq32(9)? as usize;
        bits.ignore_bits(if header.stereo { 3 } else { 5 })?;
        for shared in side.shared.iter_mut().take(header.channels()).flatten() {
            *shared = bits.read_bool()?;
        }
    } else {
        side.main_data_begin = bits.read_bits_leq32(8)? as usize;
        bits.ignore_bits(if header.stereo { 2 } else { 1 })?;
    }
    for granule in side.channels.iter_mut().take(header.granules()) {
        for channel in granule.iter_mut().take(header.channels()) {
            *channel = read_channel(&mut bits, header)?;
        }
    }
    Ok(side)
}

fn read_channel(bits: &mut BitReaderLtr<'_>, header: &Header) -> Result<Channel> {
    let mut channel = Channel {
        part23_bits: bits.read_bits_leq32(12)? as usize,
        big_lines: 2 * bits.read_bits_leq32(9)? as usize,
        ..Channel::default()
    };
    if channel.big_lines > 576 {
        return decode_error("lowband: more lines than a granule has");
    }
    channel.global_gain = bits.read_bits_leq32(8)? as u8;
    channel.scalefac_compress = bits.read_bits_leq32(if header.mpeg1 { 4 } else { 9 })? as u16;
    let ends = if bits.read_bool()? {
        let kind = bits.read_bits_leq32(2)?;
        let mixed = bits.read_bool()?;
        channel.block = match kind {
            1 => Block::Start,
            2 => Block::Short { mixed },
            3 => Block::Stop,
            _ => return decode_error("lowband: reserved block type"),
        };
        for table in &mut channel.tables[..2] {
            *table = bits.read_bits_leq32(5)? as u8;
        }
        for gain in &mut channel.subblock_gain {
            *gain = bits.read_bits_leq32(3)? as u8;
        }
        // Eight long bands or nine short ones.
        if header.mpeg1 || kind == 2 { [36, 576, 576] } else { [54, 576, 576] }
    } else {
        for table in &mut channel.tables {
            *table = bits.read_bits_leq32(5)? as u8;
        }
        let first = bits.read_bits_leq32(4)? as usize + 1;
        let second = first + bits.read_bits_leq32(3)? as usize + 1;
        let end = |band: usize| header.bands.long.get(band).map_or(576, |&line| line.into());
        [end(first), end(second), 576]
    };
    channel.region_ends = ends.map(|end: usize| end.min(channel.big_lines));
    channel.preflag = header.mpeg1 && bits.read_bool()?;
    channel.scalefac_scale = bits.read_bool()?;
    channel.count1_table_b = bits.read_bool()?;
    Ok(channel)
}
