//! The decoding of a frame.

use std::f32::consts::FRAC_1_SQRT_2;
use std::io;
use std::sync::LazyLock;

use symphonia_core::errors::{Error, Result, decode_error};

use super::header::Header;
use super::hybrid::{self, Slots};
use super::intensity::{self, Positions};
use super::reservoir::Reservoir;
use super::scalefactors::{Layout, Scalefactors};
use super::side::{self, Channel, Side};
use super::synthesis::{self, Synthesis};
use super::{huffman, mix, requantise};
use crate::{Balance, Heard};

static HYBRID: LazyLock<hybrid::Factors> = LazyLock::new(hybrid::Factors::new);

/// Of so many frames of mid and side one has the lines of its side read, to compare its loudness: 0.2 s at 44.1 kHz. A guess.
const MEASURED_EVERY: u32 = 8;

/// The state of a decoder that keeps `N` of 32 sub-bands. `H` is `N / 2`.
#[derive(Debug)]
pub(super) struct Layer3<const N: usize, const H: usize> {
    reservoir: Reservoir,
    /// By granule and channel.
    parts: [[Part; 2]; 2],
    /// The second halves of the last transforms: of one channel, as all behind the mix is linear.
    overlap: Slots<N>,
    synthesis: Synthesis<H>,
    factors: &'static synthesis::Factors<N, H>,
    balance: Balance,
    /// Number of frames of mid and side since the side was measured; `None` before the first.
    unmeasured: Option<u32>,
}

/// One channel of a granule.
#[derive(Debug, Clone)]
struct Part {
    /// Lines that are needed.
    needed: usize,
    /// Where the Huffman codes begin in the reservoir, and of how many bits they are.
    codes: (usize, usize),
    scalefactors: Scalefactors,
    preemphasis: bool,
    /// In the order of the stream. Beyond `needed`, rounded up to a multiple of eight, they are of no meaning.
    lines: Box<[f32; 576]>,
}

impl Part {
    fn lines(&self) -> &[f32] {
        &self.lines[..mix::rounded(self.needed)]
    }
}

impl<const N: usize, const H: usize> Layer3<N, H> {
    pub(super) fn new(factors: &'static synthesis::Factors<N, H>) -> Self {
        let part = Part {
            needed: 0,
            codes: (0, 0),
            scalefactors: [0; 39],
            preemphasis: false,
            lines: Box::new([0.0; 576]),
        };
        let parts = [part.clone(), part];
        Self {
            reservoir: Reservoir::new(),
            parts: [parts.clone(), parts],
            overlap: [[0.0; N]; 18],
            synthesis: Synthesis::new(),
            factors,
            balance: Balance::default(),
            unmeasured: None,
        }
    }

    /// Decodes the frame whose bytes behind header and checksum are `body`, to `18 N` samples of each granule.
    pub(super) fn decode(&mut self, header: &Header, body: &[u8], out: &mut [f32]) -> Result<()> {
        let side = side::read(body, header).inspect_err(|_| self.reservoir.clear())?;
        let main_data = body.get(header.side_bytes()..).unwrap_or_default();
        let missing = self.reservoir.fill(main_data, side.main_data_begin)?;
        let used = self.read_main_data(header, &side, 8 * missing);
        let used = used.inspect_err(|_| self.reservoir.clear())?;
        let heard = self.heard(header, &side);
        self.reservoir.consume(used);
        for (granule, out) in out.chunks_exact_mut(18 * N).take(header.granules()).enumerate() {
            let channels = &side.channels[granule];
            // Symphonia asks it of every frame of joint stereo.
            if header.joint.is_some() && channels[0].block != channels[1].block {
                return decode_error("lowband: the block types of joint channels differ");
            }
            self.render(header, channels, granule, heard, out);
        }
        Ok(())
    }

    /// Reads scalefactors and lines of all granules, but of the side channel only the former. Returns how many bytes of main data these were.
    ///
    /// `missing` are the bits that the frame refers to but the reservoir does not have: granules in them are silent.
    ///
    /// The errors are those of Symphonia's decoder, but one: the last Huffman word of a granule exceeds the main data, above the lines
    /// that are needed or in a side channel.
    fn read_main_data(&mut self, header: &Header, side: &Side, missing: usize) -> Result<usize> {
        let available = self.reservoir.bits();
        let mut skipped = 0;
        let mut begin = 0;
        for granule in 0..header.granules() {
            let silent = skipped < missing;
            for index in 0..header.channels() {
                let channel = &side.channels[granule][index];
                let part = &mut self.parts[granule][index];
                part.needed = header.bands.needed(channel.block, N);
                part.codes = (0, 0);
                part.scalefactors = [0; 39];
                if silent {
                    skipped += channel.part23_bits;
                    part.lines.fill(0.0);
                    continue;
                }
                let layout = if header.mpeg1 {
                    let shared = if granule == 0 { [false; 4] } else { side.shared[index] };
                    Layout::mpeg1(channel, shared)
                } else {
                    Layout::mpeg2(channel, index == 1 && header.intensity())
                };
                if begin / 8 > available / 8 {
                    return decode_error("lowband: the main data begins behind its end");
                }
                let codes = begin + layout.bits;
                if codes > available {
                    return Err(Error::IoError(io::Error::other("lowband: the main data ends")));
                }
                if layout.bits > channel.part23_bits {
                    return decode_error("lowband: the scalefactors are longer than their part");
                }
                let end = begin + channel.part23_bits;
                if end > codes && end > available {
                    return decode_error("lowband: the Huffman codes exceed the main data");
                }
                let first = self.parts[0][index].scalefactors;
                let part = &mut self.parts[granule][index];
                let mut reader = self.reservoir.reader(begin);
                part.scalefactors = layout.read(&mut reader, &first);
                part.preemphasis = layout.preemphasis;
                part.codes = (codes, end - codes);
                let deferred = index == 1 && is_mid_side(header);
                if !deferred {
                    self.read_lines(header, channel, granule, index)?;
                }
                begin = end;
            }
            if silent {
                begin = skipped.saturating_sub(missing);
            }
        }
        Ok(begin.div_ceil(8))
    }

    /// Reads the lines of a channel whose scalefactors are read.
    fn read_lines(
        &mut self,
        header: &Header,
        channel: &Channel,
        granule: usize,
        index: usize,
    ) -> Result<()> {
        let part = &mut self.parts[granule][index];
        let (begin, bits) = part.codes;
        if bits == 0 {
            part.lines.fill(0.0);
            return Ok(());
        }
        // Where the right channel begins to be silent tells where intensity stereo begins.
        let needed = if index == 1 && header.intensity() { 576 } else { part.needed };
        let spare = self.reservoir.bits().saturating_sub(begin + bits);
        let reader = self.reservoir.reader(begin);
        let Some(count) = huffman::decode(reader, channel, (bits, spare), needed, &mut part.lines)
        else {
            return decode_error("lowband: the Huffman codes exceed the main data");
        };
        let plan = header.bands.plan(channel.block);
        requantise::scale(
            channel,
            &part.scalefactors,
            part.preemphasis,
            plan,
            count,
            &mut part.lines,
        );
        Ok(())
    }

    /// Tells which mix is heard, joins intensity stereo, and reads the lines of the side channel if they are wanted.
    fn heard(&mut self, header: &Header, side: &Side) -> Heard {
        if !header.stereo {
            return Heard::Mid;
        }
        let granules = header.granules();
        let seconds = (576 * granules) as f32 / header.rate_hz as f32;
        if is_mid_side(header) {
            let bound: f32 = (0..granules)
                .map(|granule| {
                    let part = &self.parts[granule][1];
                    if part.codes.1 == 0 {
                        return 0.0;
                    }
                    requantise::energy_bound(&side.channels[granule][1], part.needed)
                })
                .sum();
            let energy = |parts: &[[Part; 2]], index: usize| -> f32 {
                parts.iter().map(|parts| mix::energy(parts[index].lines())).sum()
            };
            let mid = energy(&self.parts[..granules], 0);
            // An eighth of the frames stands for all, unless what they tell has changed what is heard.
            let since = self.unmeasured.map_or(0, |frames| frames + 1);
            let is_measured = self.unmeasured.replace(since).is_none() || since >= MEASURED_EVERY;
            let is_side_wanted = self.balance.is_side_louder();
            // The energies of mid and side are those of both channels together.
            let heard = |balance: &Balance, mid: f32, side: f32| {
                let mean = 0.5 * (mid + side);
                balance.of_block(0.5 * mid, mean, mean)
            };
            if !is_side_wanted && heard(&self.balance, mid, bound) == Heard::Mid {
                if !is_measured {
                    return Heard::Mid;
                }
                if bound <= mid {
                    self.measure(mid, bound, seconds);
                    return heard(&self.balance, mid, bound);
                }
            }
            for granule in 0..granules {
                // An error here is one that is not seen where the side channel is not read.
                if self.read_lines(header, &side.channels[granule][1], granule, 1).is_err() {
                    self.parts[granule][1].lines.fill(0.0);
                }
            }
            let side = energy(&self.parts[..granules], 1);
            if is_measured {
                self.measure(mid, side, seconds);
            }
            return heard(&self.balance, mid, side);
        }
        let mut sums = mix::Energies::default();
        for (channels, parts) in side.channels.iter().zip(&mut self.parts).take(granules) {
            let [left, right] = parts;
            if let Some(joint) = header.joint
                && joint.intensity
                && channels[0].block == channels[1].block
            {
                let positions = if header.mpeg1 {
                    Positions::Mpeg1
                } else {
                    Positions::Mpeg2 { coarse: channels[1].scalefac_compress & 1 == 1 }
                };
                let plan = header.bands.plan(channels[1].block);
                intensity::separate(
                    plan,
                    left.needed,
                    positions,
                    &right.scalefactors,
                    joint.mid_side,
                    [&mut left.lines, &mut right.lines],
                );
            }
            sums += mix::Energies::of(
                left.lines(),
                right.lines(),
                channels[0].block == channels[1].block,
            );
        }
        self.balance.heard(sums.mid, sums.left, sums.right, seconds)
    }

    /// Counts a frame of mid and side for all that were not measured before it.
    fn measure(&mut self, mid: f32, side: f32, seconds: f32) {
        let frames = self.unmeasured.replace(0).map_or(1, |frames| frames.max(1)) as f32;
        // Of lines that are the sum and the difference over √2.
        self.balance.add(0.5 * frames * mid, 0.5 * frames * side, frames * seconds);
    }

    /// Makes the samples of a granule.
    fn render(
        &mut self,
        header: &Header,
        channels: &[Channel; 2],
        granule: usize,
        heard: Heard,
        out: &mut [f32],
    ) {
        let [left, right] = &mut self.parts[granule];
        let mut now = self.overlap;
        let mut next = [[0.0; N]; 18];
        let mut transform = |channel: &Channel, lines: &[f32; 576]| {
            let plan = header.bands.plan(channel.block);
            HYBRID.transform(channel.block, plan, lines, &mut now, &mut next);
        };
        if !header.stereo {
            transform(&channels[0], &left.lines);
        } else if is_mid_side(header) {
            let part = if heard == Heard::Mid { left } else { right };
            let range = ..mix::rounded(part.needed);
            mix::amplify(&mut part.lines[range], FRAC_1_SQRT_2);
            transform(&channels[0], &part.lines);
        } else {
            let (left_weight, right_weight) = heard.weights();
            let range = ..mix::rounded(left.needed);
            mix::amplify(&mut left.lines[range], left_weight);
            let right_range = ..mix::rounded(right.needed);
            if channels[0].block == channels[1].block {
                mix::add(&mut left.lines[range], &right.lines[range], right_weight);
                transform(&channels[0], &left.lines);
            } else {
                mix::amplify(&mut right.lines[right_range], right_weight);
                transform(&channels[0], &left.lines);
                transform(&channels[1], &right.lines);
            }
        }
        self.overlap = next;
        self.synthesis.granule(self.factors, &now, out);
    }
}

/// The channels are mid and side in all lines.
fn is_mid_side(header: &Header) -> bool {
    header.joint.is_some_and(|joint| joint.mid_side && !joint.intensity)
}
