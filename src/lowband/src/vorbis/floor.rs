//! Floors of type 1: the coarse shape of a spectrum, as lines between posts in decibels (Vorbis I specification, section 7).

use std::sync::LazyLock;

use symphonia_core::errors::{Result, decode_error};
use symphonia_core::io::{BitReaderRtl, ReadBitsRtl as _};

use super::bits::Bits;
use super::codebook::Codebook;
use super::headers::position_of_highest_bit;

/// The most posts of a floor (section 7.2.2).
pub(super) const MAX_POSTS: usize = 65;

/// `floor1_inverse_dB_table` of section 10.1: 255 is full scale, and a step is 140 / 256 dB.
///
/// The numbers printed there are these, rounded to eight digits.
static DECIBELS: LazyLock<[f32; 256]> = LazyLock::new(|| {
    std::array::from_fn(|step| 10_f64.powf((step as f64 - 255.0) * 140.0 / 256.0 / 20.0) as f32)
});

/// The heights of the posts of one block, as read: each as a correction of a prediction.
pub(super) type Heights = [i32; MAX_POSTS];

/// The set-up of a floor.
pub(super) struct Floor {
    /// The class of each partition.
    partitions: Vec<Class>,
    /// The step of the posts' heights, 1 to 4.
    multiplier: i32,
    posts: Vec<Post>,
    /// The numbers of the posts, and their lines, from the lowest line to the highest.
    order: Vec<(u8, usize)>,
}

/// What tells how some posts are coded.
#[derive(Clone, Default)]
struct Class {
    /// The number of posts, 1 to 8.
    posts: usize,
    subclass_bits: u32,
    /// The book that chooses the books of the posts.
    chooser: Option<usize>,
    /// The books of the posts. Without one, the height is 0.
    books: Vec<Option<usize>>,
}

/// A place where lines meet: how its height is predicted.
#[derive(Clone, Copy)]
struct Post {
    /// The posts, of those before this one, that are next below and above.
    below: u8,
    above: u8,
    /// Where the post is between these, 0 to 1 in units of 2⁻²⁴, rounded up.
    ///
    /// With a difference in height of at most 255 and fewer than 2¹⁵ lines between the posts, the
    /// product is exact when rounded down, as the specification's division is.
    share: u32,
}

/// Room for posts whose numbers are below 128: no index into it is out of bounds.
const ROOM: usize = 128;

impl Floor {
    /// Section 7.2.2.
    pub(super) fn read(bits: &mut BitReaderRtl<'_>, books: &[Codebook]) -> Result<Self> {
        let count = bits.read_bits_leq32(5)? as usize;
        let mut numbers = Vec::with_capacity(count);
        for _ in 0..count {
            numbers.push(bits.read_bits_leq32(4)? as usize);
        }
        let mut classes = Vec::new();
        for _ in 0..numbers.iter().max().map_or(0, |most| most + 1) {
            classes.push(Class::read(bits, books)?);
        }
        let multiplier = bits.read_bits_leq32(2)? as i32 + 1;
        let width = bits.read_bits_leq32(4)?;
        let partitions: Vec<Class> = numbers.iter().map(|&class| classes[class].clone()).collect();
        let posts = partitions.iter().map(|class| class.posts).sum::<usize>();
        if posts + 2 > MAX_POSTS {
            return decode_error("vorbis: a floor of too many posts");
        }
        let mut lines = vec![0, 1 << width];
        for _ in 0..posts {
            lines.push(bits.read_bits_leq32(width)? as usize);
        }
        let numbered = lines.iter().enumerate();
        let mut order: Vec<_> = numbered.map(|(post, &line)| (post as u8, line)).collect();
        order.sort_by_key(|&(_, line)| line);
        if order.windows(2).any(|pair| pair[0].1 == pair[1].1) {
            return decode_error("vorbis: two posts of a floor at one line");
        }
        let posts = (0..lines.len()).map(|number| Post::new(&lines, number)).collect();
        Ok(Self { partitions, multiplier, posts, order })
    }

    /// Reads the heights of the posts. False if the floor is not used in this block, or the packet ended (section 7.2.3).
    pub(super) fn read_heights(
        &self,
        bits: &mut Bits<'_>,
        books: &[Codebook],
        heights: &mut Heights,
    ) -> bool {
        // A copy stays in registers.
        let mut local = *bits;
        let used = local.read(1) == 1;
        if used {
            let width = position_of_highest_bit(self.range() as u32 - 1);
            heights[0] = local.read(width) as i32;
            heights[1] = local.read(width) as i32;
            let mut rest = heights[2..].iter_mut();
            for class in &self.partitions {
                let chooser = class.chooser.and_then(|book| books.get(book));
                let mut choice = chooser.map_or(0, |book| book.read_entry(&mut local));
                for height in rest.by_ref().take(class.posts) {
                    let book = class.books.get(choice & ((1 << class.subclass_bits) - 1));
                    choice >>= class.subclass_bits;
                    let book = book.copied().flatten().and_then(|book| books.get(book));
                    *height = book.map_or(0, |book| book.read_entry(&mut local) as i32);
                }
            }
        }
        *bits = local;
        used && !bits.ended()
    }

    /// Writes the curve of the lowest lines, as many as `curve` has (section 7.2.4).
    pub(super) fn render(&self, coded: &Heights, curve: &mut [f32]) {
        let decibels = &*DECIBELS;
        let mut heights = [0; ROOM];
        let mut used = [false; ROOM];
        self.unwrap(coded, &mut heights, &mut used);
        let (mut line, mut height) = (0, None);
        for &(post, next_line) in &self.order {
            if !used[usize::from(post) % ROOM] {
                continue;
            }
            let next = (heights[usize::from(post) % ROOM] * self.multiplier).clamp(0, 255);
            let from = height.replace(next).unwrap_or(next);
            let end = next_line.min(curve.len());
            render_line(&mut curve[line..end], decibels, from, next, next_line - line);
            line = end;
            if line == curve.len() {
                return;
            }
        }
        // The last post is below the last line.
        curve[line..].fill(decibels[height.unwrap_or(0) as usize & 255]);
    }

    /// The heights of the posts, and which of them the curve goes through (section 7.2.4, step 1).
    fn unwrap(&self, coded: &Heights, heights: &mut [i32; ROOM], used: &mut [bool; ROOM]) {
        let range = self.range();
        heights[..2].copy_from_slice(&coded[..2]);
        used[..2].fill(true);
        for (number, (post, &coded)) in self.posts.iter().zip(coded).enumerate().skip(2) {
            let (below, above) = (usize::from(post.below) % ROOM, usize::from(post.above) % ROOM);
            let rise = heights[above] - heights[below];
            let offset = ((u64::from(rise.unsigned_abs()) * u64::from(post.share)) >> 24) as i32;
            let predicted = heights[below] + if rise < 0 { -offset } else { offset };
            heights[number % ROOM] = if coded == 0 {
                predicted
            } else {
                used[below] = true;
                used[above] = true;
                used[number % ROOM] = true;
                let (high_room, low_room) = (range - predicted, predicted);
                if coded >= 2 * high_room.min(low_room) {
                    if high_room > low_room { coded } else { range - coded - 1 }
                } else if coded & 1 == 1 {
                    predicted - (coded + 1) / 2
                } else {
                    predicted + coded / 2
                }
            };
        }
    }

    /// The number of heights.
    fn range(&self) -> i32 {
        [256, 128, 86, 64][(self.multiplier as usize - 1) & 3]
    }
}

impl Class {
    fn read(bits: &mut BitReaderRtl<'_>, books: &[Codebook]) -> Result<Self> {
        let check = |book: usize| match books.get(book) {
            Some(_) => Ok(()),
            None => decode_error("vorbis: a floor of a codebook that is not there"),
        };
        let posts = bits.read_bits_leq32(3)? as usize + 1;
        let subclass_bits = bits.read_bits_leq32(2)?;
        let mut chooser = None;
        if subclass_bits > 0 {
            let book = bits.read_bits_leq32(8)? as usize;
            check(book)?;
            chooser = Some(book);
        }
        let mut books = Vec::new();
        for _ in 0..1 << subclass_bits {
            // 0 means none.
            let book = (bits.read_bits_leq32(8)? as usize).checked_sub(1);
            book.map_or(Ok(()), check)?;
            books.push(book);
        }
        Ok(Self { posts, subclass_bits, chooser, books })
    }
}

impl Post {
    /// Post `number` of those at `lines`, which are all different.
    fn new(lines: &[usize], number: usize) -> Self {
        let line = lines[number];
        let before = || 0..number;
        let below = before().filter(|&post| lines[post] < line).max_by_key(|&post| lines[post]);
        let above = before().filter(|&post| lines[post] > line).min_by_key(|&post| lines[post]);
        let (below, above) = (below.unwrap_or(0), above.unwrap_or(1));
        let width = lines[above].saturating_sub(lines[below]).max(1);
        let share = ((line.saturating_sub(lines[below]) as u64) << 24).div_ceil(width as u64);
        Self { below: below as u8, above: above as u8, share: share as u32 }
    }
}

/// Writes the start of a line in decibels that rises from `from` to `to` within `width` lines (`render_line` of section 9.2.7).
///
/// The specification's loop gives `from ± ⌊i · |to − from| / width⌋`. This is exact: fewer than 2¹³ lines are rendered and `width`
/// is below 2¹⁶, so that `i` times an error of 2⁻³² is less than `1 / width`.
fn render_line(curve: &mut [f32], decibels: &[f32; 256], from: i32, to: i32, width: usize) {
    if from == to {
        return curve.fill(decibels[from as usize & 255]);
    }
    let rise = u64::from((to - from).unsigned_abs());
    let step = (rise << 32).div_ceil(width.max(1) as u64) as i64;
    let step = if to < from { -step } else { step };
    // Rounded towards `from`: down from its lower end, up from its upper one.
    let mut height = i64::from(from) << 32 | if to < from { 0xffff_ffff } else { 0 };
    for line in curve {
        *line = decibels[(height >> 32) as usize & 255];
        height += step;
    }
}

#[cfg(test)]
mod tests {
    use super::{DECIBELS, render_line};

    #[test]
    fn decibels_are_those_of_the_specification() {
        // The first, one in the middle and the last two of section 10.1.
        for (step, printed) in
            [(0, 1.064_986_3e-7), (127, 3.129_2e-4), (254, 0.938_979_8), (255, 1.0)]
        {
            let value: f32 = DECIBELS[step];
            assert!((value / printed - 1.0).abs() < 0.06, "{step}: {value}");
        }
        assert!((DECIBELS[254] / 0.938_979_8 - 1.0).abs() < 1e-6);
        assert!((DECIBELS[0] / 1.064_986_3e-7 - 1.0).abs() < 1e-6);
    }

    #[test]
    fn lines_are_those_of_the_loop_of_the_specification() {
        let steps: [f32; 256] = std::array::from_fn(|step| step as f32);
        for width in (1..600).chain([4095, 8191, 32_767]) {
            for (from, to) in [(0, 255), (255, 0), (17, 17), (3, 200), (90, 89), (255, 100), (8, 9)]
            {
                let mut curve = vec![0.0; width.min(4096)];
                render_line(&mut curve, &steps, from, to, width);
                let (rise, wide) = ((to - from).abs(), width as i32);
                let (base, sign) = (rise / wide, (to - from).signum());
                let (mut height, mut error) = (from, 0);
                for (line, value) in curve.iter().enumerate() {
                    assert_eq!(*value as i32, height, "line {line} of {width}, {from} to {to}");
                    error += rise - base * wide;
                    height += sign * base;
                    if error >= wide {
                        error -= wide;
                        height += sign;
                    }
                }
            }
        }
    }
}
