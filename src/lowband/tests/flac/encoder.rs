//! An encoder of FLAC for the tests: it does as it is told, and chooses nothing but Rice parameters.

/// How one channel of a frame is coded.
#[derive(Debug, Clone)]
pub(crate) struct Subframe {
    pub(crate) kind: Kind,
    /// So many low bits are zero in all samples, and are left out.
    pub(crate) wasted: u32,
    pub(crate) residuals: Residuals,
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Constant,
    Verbatim,
    Fixed(usize),
    /// The first coefficient is that of the sample before.
    Linear {
        coefficients: Vec<i64>,
        precision: u32,
        shift: u32,
    },
}

/// How residuals are coded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Residuals {
    pub(crate) partition_order: u32,
    /// Rice parameters of five bits, not four.
    pub(crate) wide: bool,
    /// Every so many partitions, one is without Rice code; 0 if none is.
    pub(crate) escape_each: usize,
    /// Is added to the best Rice parameter: if negative, there are long runs of zeros.
    pub(crate) detune: i32,
}

/// Subframes without anything unusual.
pub(crate) fn plain(kind: Kind) -> Subframe {
    let residuals = Residuals { partition_order: 0, wide: false, escape_each: 0, detune: 0 };
    Subframe { kind, wasted: 0, residuals }
}

/// The coding of channels, by the number that the frame header has.
pub(crate) const MONO: u8 = 0;
pub(crate) const LEFT_RIGHT: u8 = 1;
pub(crate) const LEFT_SIDE: u8 = 8;
pub(crate) const SIDE_RIGHT: u8 = 9;
pub(crate) const MID_SIDE: u8 = 10;

/// The format of a stream of blocks of different lengths.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Format {
    pub(crate) rate_hz: u32,
    pub(crate) channels: u32,
    pub(crate) bits: u32,
    pub(crate) longest_block: u32,
}

/// Bits, the highest of a byte first.
#[derive(Default)]
pub(crate) struct Bits {
    pub(crate) bytes: Vec<u8>,
    used: u32,
}

impl Bits {
    pub(crate) fn put(&mut self, value: i64, width: u32) {
        for bit in (0..width).rev() {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let last = self.bytes.last_mut().expect("a byte");
            *last |= ((value >> bit & 1) as u8) << (7 - self.used % 8);
            self.used += 1;
        }
    }

    fn put_unary(&mut self, zeros: u64) {
        for _ in 0..zeros {
            self.put(0, 1);
        }
        self.put(1, 1);
    }
}

/// A file of one frame for each block.
pub(crate) fn file(format: Format, frames: &[Vec<u8>]) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.put(16, 16);
    bits.put(i64::from(format.longest_block), 16);
    bits.put(0, 48);
    bits.put(i64::from(format.rate_hz), 20);
    bits.put(i64::from(format.channels) - 1, 3);
    bits.put(i64::from(format.bits) - 1, 5);
    bits.put(0, 36);
    bits.put(0, 64);
    bits.put(0, 64);
    [b"fLaC\x80\x00\x00\x22".as_slice(), &bits.bytes, &frames.concat()].concat()
}

/// A frame of the samples of one or two channels, the first of them number `first` of the stream.
pub(crate) fn frame(
    format: Format,
    first: u64,
    assignment: u8,
    channels: &[&[i32]],
    subframes: &[Subframe],
) -> Vec<u8> {
    let samples = channels[0].len();
    let mut bits = Bits::default();
    bits.put(0xfff9, 16);
    bits.put(7, 4);
    bits.put(0, 4);
    bits.put(i64::from(assignment), 4);
    let code = match format.bits {
        8 => 1,
        12 => 2,
        16 => 4,
        20 => 5,
        24 => 6,
        32 => 7,
        _ => 0,
    };
    bits.put(code << 1, 4);
    bits.bytes.extend(coded_number(first));
    bits.bytes.extend((samples as u16 - 1).to_be_bytes());
    let sum = crc(&bits.bytes, 8, 0x07) as u8;
    bits.bytes.push(sum);

    let wide = |channel: &[i32]| channel.iter().copied().map(i64::from).collect::<Vec<_>>();
    let left = wide(channels[0]);
    let right = channels.get(1).map_or_else(Vec::new, |channel| wide(channel));
    let mix = |sum: fn(i64, i64) -> i64| -> Vec<i64> {
        left.iter().zip(&right).map(|(&left, &right)| sum(left, right)).collect()
    };
    let side = mix(|left, right| left - right);
    let coded = match assignment {
        MONO => vec![(left, 0)],
        LEFT_RIGHT => vec![(left, 0), (right, 0)],
        LEFT_SIDE => vec![(left, 0), (side, 1)],
        SIDE_RIGHT => vec![(side, 1), (right, 0)],
        _ => vec![(mix(|left, right| (left + right) >> 1), 0), (side, 1)],
    };
    // The header has whole bytes.
    bits.used = 0;
    for ((samples, more), subframe) in coded.iter().zip(subframes) {
        put_subframe(&mut bits, format.bits + more, samples, subframe);
    }
    let sum = crc(&bits.bytes, 16, 0x8005);
    bits.bytes.extend(sum.to_be_bytes());
    bits.bytes
}

fn put_subframe(bits: &mut Bits, width: u32, samples: &[i64], subframe: &Subframe) {
    let Subframe { kind, wasted, residuals } = subframe;
    let code = match kind {
        Kind::Constant => 0,
        Kind::Verbatim => 1,
        Kind::Fixed(order) => 8 + *order as i64,
        Kind::Linear { coefficients, .. } => 31 + coefficients.len() as i64,
    };
    bits.put(code << 1 | i64::from(*wasted > 0), 8);
    if *wasted > 0 {
        bits.put_unary(u64::from(*wasted) - 1);
    }
    let width = width - wasted;
    let samples: Vec<i64> = samples.iter().map(|sample| sample >> wasted).collect();
    let (coefficients, shift): (&[i64], u32) = match kind {
        Kind::Constant => return bits.put(samples[0], width),
        Kind::Verbatim => return samples.iter().for_each(|&sample| bits.put(sample, width)),
        Kind::Fixed(order) => {
            let fixed: [&[i64]; 5] = [&[], &[1], &[2, -1], &[3, -3, 1], &[4, -6, 4, -1]];
            (fixed[*order], 0)
        }
        Kind::Linear { coefficients, shift, .. } => (coefficients, *shift),
    };
    let order = coefficients.len();
    samples[..order].iter().for_each(|&sample| bits.put(sample, width));
    if let Kind::Linear { precision, .. } = kind {
        bits.put(i64::from(*precision) - 1, 4);
        bits.put(i64::from(shift), 5);
        for &coefficient in coefficients {
            bits.put(coefficient, *precision);
        }
    }
    let residual = |at: usize| {
        let products = coefficients.iter().enumerate().map(|(i, c)| c * samples[at - 1 - i]);
        samples[at] - (products.sum::<i64>() >> shift)
    };
    put_residuals(
        bits,
        *residuals,
        order,
        &(order..samples.len()).map(residual).collect::<Vec<_>>(),
    );
}

fn put_residuals(bits: &mut Bits, coding: Residuals, order: usize, residuals: &[i64]) {
    let Residuals { partition_order, wide, escape_each, detune } = coding;
    bits.put(i64::from(wide), 2);
    bits.put(i64::from(partition_order), 4);
    let length = (residuals.len() + order) >> partition_order;
    let (first, others) = residuals.split_at(length - order);
    let partitions = [first].into_iter().chain(others.chunks(length));
    let (width, most) = if wide { (5, 30) } else { (4, 14) };
    for (number, partition) in partitions.enumerate() {
        if escape_each > 0 && number % escape_each == 0 {
            let bound = partition.iter().map(|r| r.unsigned_abs()).max().unwrap_or(0);
            let raw = if bound == 0 { 0 } else { 65 - bound.leading_zeros() };
            assert!(raw < 32, "residuals of {raw} bits");
            bits.put((1 << width) - 1, width);
            bits.put(i64::from(raw), 5);
            for &residual in partition {
                bits.put(residual, raw);
            }
            continue;
        }
        let folded: Vec<u64> = partition.iter().map(|&r| ((r << 1) ^ (r >> 63)) as u64).collect();
        let mean = folded.iter().sum::<u64>() / folded.len().max(1) as u64;
        let parameter = (mean.max(1).ilog2() as i32 + detune).clamp(0, most) as u32;
        bits.put(i64::from(parameter), width);
        for number in folded {
            bits.put_unary(number >> parameter);
            bits.put(number as i64, parameter);
        }
    }
}

/// A number as a character of UTF-8, of up to seven bytes.
fn coded_number(number: u64) -> Vec<u8> {
    if number < 0x80 {
        return vec![number as u8];
    }
    let more = (1..=6).find(|more| number < 1 << (6 * more + 6 - more)).expect("36 bits");
    let head = (0xff00_u32 >> (more + 1)) as u8;
    let byte = |shift: u32| (number >> (6 * shift)) as u8;
    let tail = (0..more).rev().map(|shift| 0x80 | byte(shift) & 0x3f);
    [head | byte(more)].into_iter().chain(tail).collect()
}

/// A checksum of 8 or 16 bits, from zero on.
pub(crate) fn crc(bytes: &[u8], width: u32, polynomial: u32) -> u16 {
    let top = 1_u32 << (width - 1);
    let sum = bytes.iter().fold(0_u32, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte) << (width - 8), |sum, _| {
            sum << 1 ^ if sum & top == 0 { 0 } else { polynomial }
        })
    });
    (sum & (2 * top - 1)) as u16
}
