//! Residues: the fine shape of a spectrum (Vorbis I specification, section 8).
//!
//! A residue is cut into partitions from the lowest line to the highest. Each has a class, which tells the book of each of up to
//! eight passes. All passes but the last one are followed by a further one, so that the codewords of high partitions stand before
//! those that are wanted: they are skipped.

use symphonia_core::errors::{Result, decode_error};
use symphonia_core::io::{BitReaderRtl, ReadBitsRtl as _};

use super::bits::Bits;
use super::codebook::{Budget, Codebook};
use super::headers::needs_full;
use super::spectrum::Channel;

/// The most passes.
const PASSES: usize = 8;
/// No book.
const NONE: u16 = u16::MAX;

/// The set-up of a residue.
pub(super) struct Residue {
    format: Format,
    /// The first line and the line after the last one. Lines of format 2 are counted through all channels.
    begin: usize,
    end: usize,
    partition_lines: usize,
    class_book: usize,
    /// The classes that an entry of the class book stands for: `entries × dimensions`.
    classes: Vec<u8>,
    /// The book of each pass, by the class.
    books: Vec<[u16; PASSES]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    /// The values of a vector are spread over the partition.
    Spread,
    /// Vector follows vector.
    Ordered,
    /// Vector follows vector, and line by line all channels.
    Interleaved,
}

/// What part of a block is wanted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    /// Lines of the full spectrum of one channel: half of the block size.
    pub(super) lines: usize,
    /// The lowest lines, which are kept.
    pub(super) kept: usize,
    /// Nothing that is wanted follows this residue in the packet.
    pub(super) last: bool,
}

/// Memory that is used again.
#[derive(Default)]
pub(super) struct Scratch {
    classes: Vec<u8>,
    interleaved: Vec<f32>,
}

impl Residue {
    /// Section 8.6.1.
    pub(super) fn read(
        bits: &mut BitReaderRtl<'_>,
        books: &mut [Codebook],
        budget: &mut Budget,
    ) -> Result<Self> {
        let format = match bits.read_bits_leq32(16)? {
            0 => Format::Spread,
            1 => Format::Ordered,
            2 => Format::Interleaved,
            _ => return decode_error("vorbis: unknown type of residue"),
        };
        let begin = bits.read_bits_leq32(24)? as usize;
        let end = bits.read_bits_leq32(24)? as usize;
        let partition_lines = bits.read_bits_leq32(24)? as usize + 1;
        let class_count = bits.read_bits_leq32(6)? as usize + 1;
        let class_book = bits.read_bits_leq32(8)? as usize;
        if end < begin || class_book >= books.len() {
            return decode_error("vorbis: a residue of no lines or without a book of classes");
        }
        let mut passes_of = Vec::with_capacity(class_count);
        for _ in 0..class_count {
            let low = bits.read_bits_leq32(3)?;
            let high = if bits.read_bool()? { bits.read_bits_leq32(5)? } else { 0 };
            passes_of.push(high << 3 | low);
        }
        let mut books_of = vec![[NONE; PASSES]; class_count];
        for (passes, of_class) in passes_of.into_iter().zip(&mut books_of) {
            for (pass, of_pass) in of_class.iter_mut().enumerate() {
                if passes >> pass & 1 == 0 {
                    continue;
                }
                let number = bits.read_bits_leq32(8)?;
                let Some(book) = books.get_mut(number as usize).filter(|_| number != 0) else {
                    return decode_error("vorbis: a residue of a codebook that is not there");
                };
                if !partition_lines.is_multiple_of(book.dimensions()) {
                    return Err(needs_full());
                }
                book.make_vectors(budget)?;
                *of_pass = number as u16;
            }
        }
        let book = &books[class_book];
        budget.take_values(book.entries() * book.dimensions())?;
        let classes = classes(book.entries(), book.dimensions(), class_count);
        Ok(Self { format, begin, end, partition_lines, class_book, classes, books: books_of })
    }

    /// Reads the residue of the channels numbered in `members` from a packet, and writes the lines that are kept.
    ///
    /// Stops where nothing that is wanted follows: damage behind that place is not seen. The end of the packet is no error; what is
    /// missing is zero.
    pub(super) fn decode(
        &self,
        bits: &mut Bits<'_>,
        books: &[Codebook],
        part: Part,
        members: &[usize],
        channels: &mut [Channel],
        scratch: &mut Scratch,
    ) -> Result<()> {
        let interleaved = self.format == Format::Interleaved && members.len() > 1;
        let width = if interleaved { members.len() } else { 1 };
        let (lines, kept) = (part.lines * width, part.kept * width);
        let end = self.end.min(lines);
        let begin = self.begin.min(end);
        let partitions = (end - begin) / self.partition_lines;
        let low = kept.saturating_sub(begin).div_ceil(self.partition_lines).min(partitions);
        // The last partition may end above the lines that are kept.
        let touched = kept.max(begin + low * self.partition_lines);
        let Scratch { classes, interleaved: buffer } = scratch;

        let mut targets: [&mut [f32]; 2] = [&mut [], &mut []];
        let mut vectors = 0;
        if interleaved {
            buffer.clear();
            buffer.resize(touched, 0.0);
            if members.iter().any(|&member| channels[member].decoded) {
                targets[0] = buffer;
                vectors = 1;
            }
        } else {
            for (number, channel) in channels.iter_mut().enumerate() {
                if members.contains(&number) {
                    channel.lines[..touched].fill(0.0);
                    if channel.decoded {
                        targets[vectors] = &mut channel.lines[..touched];
                        vectors += 1;
                    }
                }
            }
        }
        let mut reader = Reader {
            residue: self,
            books,
            begin,
            low: low * vectors,
            units: partitions * vectors,
            vectors,
            stops: part.last,
            classes,
        };
        reader.read(bits, &mut targets[..vectors])?;

        if interleaved && let [first, second] = channels {
            // There are no more than two channels.
            let (pairs, _) = buffer.as_chunks::<2>();
            let lines = first.lines[..part.kept].iter_mut().zip(&mut second.lines[..part.kept]);
            for ((first, second), pair) in lines.zip(pairs) {
                [*first, *second] = *pair;
            }
        }
        Ok(())
    }
}

/// Reads one residue of a packet.
///
/// A unit is a partition of one vector. Units stand in the packet partition by partition, each with one unit of each vector.
struct Reader<'a> {
    residue: &'a Residue,
    books: &'a [Codebook],
    begin: usize,
    /// Units that are wanted: the first ones.
    low: usize,
    units: usize,
    vectors: usize,
    /// Reading ends where no wanted unit follows.
    stops: bool,
    /// The class of each unit.
    classes: &'a mut Vec<u8>,
}

impl Reader<'_> {
    fn read(&mut self, bits: &mut Bits<'_>, targets: &mut [&mut [f32]]) -> Result<()> {
        if self.units == 0 || (self.stops && self.low == 0) {
            return Ok(());
        }
        self.classes.clear();
        self.classes.resize(self.units, 0);
        let passes = self.read_first_pass(bits, targets)?;
        for pass in 1..passes {
            if bits.ended() {
                return Ok(());
            }
            self.read_units(bits, targets, pass, 0..self.low)?;
            if !(self.stops && pass + 1 == passes) {
                self.skip_units(bits, pass, self.low..self.units)?;
            }
        }
        Ok(())
    }

    /// Reads the classes of all units and the first pass. Returns the number of passes to read.
    fn read_first_pass(
        &mut self,
        bits: &mut Bits<'_>,
        targets: &mut [&mut [f32]],
    ) -> Result<usize> {
        let Some(book) = self.books.get(self.residue.class_book) else { return Ok(0) };
        let group = book.dimensions() * self.vectors;
        let mut passes = if self.stops { None } else { Some(PASSES) };
        for first in (0..self.units).step_by(group) {
            let end = (first + group).min(self.units);
            for vector in 0..self.vectors {
                let entry = book.read_entry(bits);
                if bits.ended() {
                    return Ok(0);
                }
                let start = entry * book.dimensions();
                let classes = self.residue.classes.get(start..).unwrap_or_default();
                let units = &mut self.classes[first..end];
                if self.vectors == 1 {
                    units.iter_mut().zip(classes).for_each(|(unit, class)| *unit = *class);
                } else {
                    let units = units.iter_mut().skip(vector).step_by(self.vectors);
                    units.zip(classes).for_each(|(unit, class)| *unit = *class);
                }
            }
            let low = first..end.min(self.low).max(first);
            self.read_units(bits, targets, 0, low.clone())?;
            if end >= self.low && passes.is_none() {
                passes = Some(self.passes_of_low());
            }
            if passes.is_some_and(|passes| passes <= 1) {
                break;
            }
            self.skip_units(bits, 0, low.end..end)?;
            if bits.ended() {
                return Ok(0);
            }
        }
        Ok(passes.unwrap_or(0))
    }

    /// The number of passes that have a wanted unit.
    fn passes_of_low(&self) -> usize {
        let passes_of = |books: &[u16; PASSES]| {
            books.iter().rposition(|&book| book != NONE).map_or(0, |last| last + 1)
        };
        let of_class =
            |&class: &u8| self.residue.books.get(usize::from(class)).map_or(0, passes_of);
        self.classes[..self.low].iter().map(of_class).max().unwrap_or(0)
    }

    /// Reads units that are wanted.
    fn read_units(
        &self,
        bits: &mut Bits<'_>,
        targets: &mut [&mut [f32]],
        pass: usize,
        units: std::ops::Range<usize>,
    ) -> Result<()> {
        let size = self.residue.partition_lines;
        for unit in units {
            let Some(book) = self.book(unit, pass)? else { continue };
            let (partition, vector) =
                if self.vectors == 1 { (unit, 0) } else { (unit / 2, unit % 2) };
            let start = self.begin + partition * size;
            let lines =
                targets.get_mut(vector).and_then(|lines| lines.get_mut(start..start + size));
            let Some(lines) = lines else { continue };
            match (self.residue.format, book.dimensions()) {
                (Format::Spread, _) => book.add_interleaved_vectors(bits, lines),
                (_, 1) => book.add_vectors::<1>(bits, lines),
                (_, 2) => book.add_vectors::<2>(bits, lines),
                (_, 4) => book.add_vectors::<4>(bits, lines),
                (_, 8) => book.add_vectors::<8>(bits, lines),
                _ => book.add_any_vectors(bits, lines),
            }
            if bits.ended() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Skips units, those with the same book together.
    fn skip_units(
        &self,
        bits: &mut Bits<'_>,
        pass: usize,
        units: std::ops::Range<usize>,
    ) -> Result<()> {
        let mut run: Option<&Codebook> = None;
        let mut count = 0;
        for unit in units {
            let Some(book) = self.book(unit, pass)? else { continue };
            if let Some(before) = run.filter(|&before| !std::ptr::eq(before, book)) {
                before.skip(bits, count);
                if bits.ended() {
                    return Ok(());
                }
                count = 0;
            }
            run = Some(book);
            count += (self.residue.partition_lines / book.dimensions()) as u32;
        }
        if let Some(book) = run {
            book.skip(bits, count);
        }
        Ok(())
    }

    /// The book of a unit in a pass.
    #[inline]
    fn book(&self, unit: usize, pass: usize) -> Result<Option<&Codebook>> {
        let class = self.classes.get(unit).map_or(0, |&class| usize::from(class));
        let number = self.residue.books.get(class).map_or(NONE, |books| books[pass & (PASSES - 1)]);
        match self.books.get(usize::from(number)) {
            Some(book) if !book.has_vectors() => {
                decode_error("vorbis: a residue of a book without vectors")
            }
            book => Ok(book),
        }
    }
}

/// The classes that each entry of the class book stands for: a number to the base `count`, the highest digit first.
fn classes(entries: usize, dimensions: usize, count: usize) -> Vec<u8> {
    let mut classes = vec![0; entries * dimensions];
    for (entry, classes) in classes.chunks_exact_mut(dimensions).enumerate() {
        let mut rest = entry;
        for class in classes.iter_mut().rev() {
            *class = (rest % count) as u8;
            rest /= count;
        }
    }
    classes
}
