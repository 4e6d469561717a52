//! The identification header and the set-up header (Vorbis I specification, section 4.2).

use symphonia_core::errors::{Error, Result, decode_error};
use symphonia_core::io::{BitReaderRtl, ReadBitsRtl as _};

use super::codebook::{Budget, Codebook};
use super::floor::Floor;
use super::residue::Residue;
use crate::{NEEDS_FULL, Reduction};

/// Length of the identification header in bytes.
const IDENTIFICATION_BYTES: usize = 30;
/// The first byte of Xiph lacing of three packets, as Matroska has them.
const LACED: u8 = 2;

/// The identification header.
#[derive(Debug, Clone, Copy)]
pub(super) struct Identification {
    /// 1 or 2.
    pub(super) channels: usize,
    pub(super) rate_hz: u32,
    pub(super) reduction: Reduction,
    /// The sizes of short and of long blocks, in samples at the full rate: 64 to 8192.
    pub(super) block_sizes: [usize; 2],
}

/// The set-up header.
pub(super) struct Setup {
    pub(super) books: Vec<Codebook>,
    pub(super) floors: Vec<Floor>,
    pub(super) residues: Vec<Residue>,
    pub(super) mappings: Vec<Mapping>,
    pub(super) modes: Vec<Mode>,
}

/// How the channels of a packet are coded.
#[derive(Debug)]
pub(super) struct Mapping {
    /// The channels of magnitude and angle, if the channels are coupled.
    pub(super) coupling: Option<[usize; 2]>,
    /// The number of the floor of each channel.
    pub(super) floors: Vec<usize>,
    /// Residues in their order in the packet, each with the channels that it holds.
    pub(super) residues: Vec<(usize, Vec<usize>)>,
}

/// A mode of packets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mode {
    /// The block is long.
    pub(super) long: bool,
    pub(super) mapping: usize,
}

/// The error of a stream that this decoder does not take.
pub(super) fn needs_full() -> Error {
    Error::Unsupported(NEEDS_FULL)
}

/// `ilog` of section 9.2.1: 0 for 0, 1 for 1, 2 for 2 and 3, …
pub(super) fn position_of_highest_bit(number: u32) -> u32 {
    u32::BITS - number.leading_zeros()
}

/// Reads both headers: one after the other, as Symphonia's Ogg demuxer gives them, or laced, as Matroska does.
pub(super) fn read(extra_data: &[u8]) -> Result<(Identification, Setup)> {
    let (identification, setup) = if extra_data.first() == Some(&LACED) {
        unlace(extra_data)?
    } else {
        extra_data.split_at(IDENTIFICATION_BYTES.min(extra_data.len()))
    };
    let identification = Identification::read(identification)?;
    let Some(setup) = setup.strip_prefix(b"\x05vorbis") else {
        return decode_error("vorbis: no set-up header");
    };
    Ok((identification, Setup::read(&mut BitReaderRtl::new(setup), &identification)?))
}

/// The first and the third of three laced packets.
fn unlace(laced: &[u8]) -> Result<(&[u8], &[u8])> {
    let mut rest = laced[1.min(laced.len())..].iter();
    let mut length = || {
        let mut length = 0;
        loop {
            let byte = usize::from(*rest.next()?);
            length += byte;
            if byte < 255 {
                return Some(length);
            }
        }
    };
    let lengths = length().zip(length());
    let packets = rest.as_slice();
    let parts = lengths.and_then(|(identification, comment)| {
        Some((packets.get(..identification)?, packets.get(identification + comment..)?))
    });
    parts.map_or_else(|| decode_error("vorbis: headers are cut off"), Ok)
}

impl Identification {
    fn read(header: &[u8]) -> Result<Self> {
        let Some(fields) = header.strip_prefix(b"\x01vorbis\0\0\0\0") else {
            return decode_error("vorbis: no identification header");
        };
        // Three bit rates stand between the sample rate and the block sizes.
        let &[channels, r0, r1, r2, r3, _, _, _, _, _, _, _, _, _, _, _, _, sizes, framing, ..] =
            fields
        else {
            return decode_error("vorbis: the identification header is cut off");
        };
        let rate_hz = u32::from_le_bytes([r0, r1, r2, r3]);
        let (short, long) = (sizes & 15, sizes >> 4);
        if channels == 0 || rate_hz == 0 || framing != 1 {
            return decode_error("vorbis: a damaged identification header");
        }
        if short < 6 || long < short || long > 13 {
            return decode_error("vorbis: impossible block sizes");
        }
        let reduction = Reduction::of_rate(rate_hz).ok_or(needs_full())?;
        let block_sizes = [1 << short, 1 << long];
        // Below 16 lines the window is too coarse a sample of the full one.
        if channels > 2 || block_sizes[0] / 2 / reduction.factor() < 16 {
            return Err(needs_full());
        }
        Ok(Self { channels: usize::from(channels), rate_hz, reduction, block_sizes })
    }
}

impl Setup {
    fn read(bits: &mut BitReaderRtl<'_>, identification: &Identification) -> Result<Self> {
        let mut budget = Budget::new();
        let mut books = Vec::new();
        for _ in 0..=bits.read_bits_leq32(8)? {
            books.push(Codebook::read(bits, &mut budget)?);
        }
        for _ in 0..=bits.read_bits_leq32(6)? {
            if bits.read_bits_leq32(16)? != 0 {
                return decode_error("vorbis: unknown time domain transform");
            }
        }
        let mut floors = Vec::new();
        for _ in 0..=bits.read_bits_leq32(6)? {
            match bits.read_bits_leq32(16)? {
                0 => return Err(needs_full()),
                1 => floors.push(Floor::read(bits, &books)?),
                _ => return decode_error("vorbis: unknown type of floor"),
            }
        }
        let mut residues = Vec::new();
        for _ in 0..=bits.read_bits_leq32(6)? {
            residues.push(Residue::read(bits, &mut books, &mut budget)?);
        }
        let mut mappings = Vec::new();
        for _ in 0..=bits.read_bits_leq32(6)? {
            let channels = identification.channels;
            mappings.push(Mapping::read(bits, channels, floors.len(), residues.len())?);
        }
        let mut modes = Vec::new();
        for _ in 0..=bits.read_bits_leq32(6)? {
            modes.push(Mode::read(bits, mappings.len())?);
        }
        if !bits.read_bool()? {
            return decode_error("vorbis: the set-up header does not end where it should");
        }
        Ok(Self { books, floors, residues, mappings, modes })
    }
}

impl Mapping {
    /// Section 4.2.4, "Mappings".
    fn read(
        bits: &mut BitReaderRtl<'_>,
        channels: usize,
        floors: usize,
        residues: usize,
    ) -> Result<Self> {
        if bits.read_bits_leq32(16)? != 0 {
            return decode_error("vorbis: unknown type of mapping");
        }
        let submaps = if bits.read_bool()? { bits.read_bits_leq32(4)? as usize + 1 } else { 1 };
        let mut coupling = None;
        if bits.read_bool()? {
            let steps = bits.read_bits_leq32(8)? + 1;
            let width = position_of_highest_bit(channels as u32 - 1);
            for _ in 0..steps {
                let magnitude = bits.read_bits_leq32(width)? as usize;
                let angle = bits.read_bits_leq32(width)? as usize;
                if magnitude == angle || magnitude >= channels || angle >= channels {
                    return decode_error("vorbis: channels that cannot be coupled");
                }
                coupling = Some([magnitude, angle]);
            }
            if steps > 1 {
                return Err(needs_full());
            }
        }
        if bits.read_bits_leq32(2)? != 0 {
            return decode_error("vorbis: reserved bits of a mapping are set");
        }
        let mut submap_of = vec![0; channels];
        if submaps > 1 {
            for submap in &mut submap_of {
                *submap = bits.read_bits_leq32(4)? as usize;
                if *submap >= submaps {
                    return decode_error("vorbis: a channel of no submap");
                }
            }
        }
        let mut mapping = Self { coupling, floors: vec![0; channels], residues: Vec::new() };
        for submap in 0..submaps {
            // A time configuration that means nothing.
            bits.read_bits_leq32(8)?;
            let floor = bits.read_bits_leq32(8)? as usize;
            let residue = bits.read_bits_leq32(8)? as usize;
            if floor >= floors || residue >= residues {
                return decode_error("vorbis: a mapping to a floor or a residue that is not there");
            }
            let members: Vec<usize> = (0..channels).filter(|&of| submap_of[of] == submap).collect();
            for &channel in &members {
                mapping.floors[channel] = floor;
            }
            if !members.is_empty() {
                mapping.residues.push((residue, members));
            }
        }
        Ok(mapping)
    }
}

impl Mode {
    /// Section 4.2.4, "Modes".
    fn read(bits: &mut BitReaderRtl<'_>, mappings: usize) -> Result<Self> {
        let long = bits.read_bool()?;
        let window = bits.read_bits_leq32(16)?;
        let transform = bits.read_bits_leq32(16)?;
        let mapping = bits.read_bits_leq32(8)? as usize;
        if window != 0 || transform != 0 || mapping >= mappings {
            return decode_error("vorbis: unknown kind of mode");
        }
        Ok(Self { long, mapping })
    }
}
