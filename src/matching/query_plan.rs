//! The query plan: which hashes of an item are looked up, those with the highest chance of a true vote for the postings they cost.
//!
//! How likely a hash leads to the right recording depends on the peaks it was made of; its cost is the number of its
//! postings. Measured on 40 clips of 10 s in Opus at 24 kbit/s: a hash of two leading peaks, with at most one leading
//! peak between them, leads there with a probability of 33 %. That is one hash in a hundred, and 57 % of all that
//! lead there. The neighbouring bins give 10 %, a pair with one leading peak 3 %, a pair without any 0.02 %. Under
//! noise of 0 dB each is a third of that, in the same order. So where an index is too large to read all postings,
//! an eightieth of them gives three quarters of the votes.

use crate::base::settings;
use crate::signal::landmarks::Hash;
use crate::signal::peaks::Peak;

/// A hash of an item that occurs in the index.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wanted {
    pub(super) hash: Hash,
    /// Number of its postings.
    pub(super) occurs: u32,
    /// Time of the anchor in the recording, in 1/16 frame: 72 days fit.
    pub(super) time: u32,
    /// Index of the warp under which it is looked up, among those gathered together.
    pub(super) warp: u16,
    /// How often the probability that it leads to the right recording is halved, compared with the likeliest hashes.
    pub(super) penalty: u8,
}

settings! {
    /// Penalty for each axis on which the hash is in the neighbour of the pair's own bin. Measured, see above.
    pub(super) const AWAY: u8 = 2;
    /// Penalties of a pair, by the number of leading peaks in it and the number of leading peaks between them (the last is for
    /// three and more). Measured, see above.
    const PENALTIES: [[u8; 4]; 3] = [[11, 11, 11, 11], [5, 5, 6, 9], [0, 0, 2, 7]];
    /// A hash with a higher penalty is not looked up: the neighbours of pairs without a leading peak. Measured: a limit of 9 saves a
    /// tenth of a scan and loses 3 of 452 matches in noise, speech and music.
    pub(super) const MOST_PENALTY: u8 = 11;
    /// The same under a warp, where each hash is looked up many times: pairs with fewer than two leading peaks, or many between
    /// them, are left out. Measured: no match is lost.
    pub(super) const MOST_WARPED_PENALTY: u8 = 6;
    /// A hash with at most this penalty is likely to lead to the right recording. A guess.
    const LIKELY: u8 = 2;
    /// Steps for each doubling of cost over chance, in which hashes are taken. A guess.
    const STEPS: u32 = 4;
}

/// Counts the leading targets of an anchor, pair by pair.
#[derive(Debug)]
pub(super) struct Fan {
    anchor: usize,
    leading: usize,
}

impl Default for Fan {
    fn default() -> Self {
        Self { anchor: usize::MAX, leading: 0 }
    }
}

impl Fan {
    /// The [`Wanted::penalty`] of the next pair of `peaks`.
    pub(super) fn penalty(&mut self, peaks: &[Peak], anchor: usize, target: usize) -> u8 {
        if anchor != self.anchor {
            *self = Self { anchor, leading: 0 };
        }
        let (first, second) = (peaks[anchor].leads(), peaks[target].leads());
        let before = self.leading;
        self.leading += usize::from(second);
        PENALTIES[usize::from(first) + usize::from(second)][before.min(3)]
    }
}

/// Limits on the postings that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    /// Postings of all hashes.
    pub(super) all: usize,
    /// Postings of the likely hashes ([`LIKELY`]), where those of all hashes are too many.
    pub(super) likely: usize,
}

/// Number of different [`Wanted::class`]es.
const CLASSES: usize = 64 * STEPS as usize;

impl Wanted {
    /// log2 of its cost over its chance, in [`STEPS`] for each doubling. The lowest class is read first.
    fn class(&self) -> usize {
        let doublings = self.occurs.ilog2();
        // The two bits behind the highest.
        let quarter = (u64::from(self.occurs) << 2 >> doublings) as u32 & 3;
        ((doublings + u32::from(self.penalty)) * STEPS + quarter) as usize
    }

    fn is_likely(&self) -> bool {
        self.penalty <= LIKELY
    }
}

impl Limits {
    /// Drops hashes from `wanted[first..]` until the limits are met, those with the highest class first; hashes of one class are
    /// kept or dropped together. Returns the number of postings that are left.
    pub(super) fn keep(self, wanted: &mut Vec<Wanted>, first: usize) -> usize {
        let mut postings = [[0; 2]; CLASSES];
        for want in &wanted[first..] {
            postings[want.class()][usize::from(want.is_likely())] += want.occurs as usize;
        }
        let (mut all, mut likely, mut ends) = (0, 0, [0; 2]);
        for (class, [others, of_likely]) in postings.into_iter().enumerate() {
            all += others + of_likely;
            likely += of_likely;
            if all <= self.all {
                ends = [class + 1; 2];
            } else if likely <= self.likely {
                ends[1] = class + 1;
            }
        }
        let mut kept = first;
        let mut sum = 0;
        for at in first..wanted.len() {
            let want = wanted[at];
            if want.class() < ends[usize::from(want.is_likely())] {
                sum += want.occurs as usize;
                wanted[kept] = want;
                kept += 1;
            }
        }
        wanted.truncate(kept);
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn want(occurs: u32, penalty: u8) -> Wanted {
        Wanted { hash: Hash(0), occurs, penalty, time: 0, warp: 0 }
    }

    fn kept(wanted: &[Wanted], all: usize, likely: usize) -> Vec<(u32, u8)> {
        // Hashes before the first are left alone.
        let mut wanted = [&[want(1 << 30, 11)], wanted].concat();
        let sum = Limits { all, likely }.keep(&mut wanted, 1);
        assert_eq!(wanted.remove(0).occurs, 1 << 30);
        assert_eq!(sum, wanted.iter().map(|w| w.occurs as usize).sum::<usize>());
        wanted.iter().map(|w| (w.occurs, w.penalty)).collect()
    }

    #[test]
    fn the_rarest_are_read_and_the_likely_before_the_unlikely() {
        let wanted = [want(100, 0), want(10, 0), want(40, 7), want(1_000, 0), want(3, 11)];
        assert_eq!(kept(&wanted, 9_999, 0).len(), 5);
        assert_eq!(kept(&wanted, 1_150, 0), [(100, 0), (10, 0), (40, 7), (1_000, 0)]);
        assert_eq!(kept(&wanted, 1_149, 0), [(100, 0), (10, 0), (1_000, 0)]);
        assert_eq!(kept(&wanted, 112, 0), [(100, 0), (10, 0)]);
        assert_eq!(kept(&wanted, 20, 0), [(10, 0)]);
        assert_eq!(kept(&wanted, 9, 0), []);
    }

    #[test]
    fn of_the_likely_more_are_read() {
        let wanted = [want(100, 0), want(10, 0), want(40, 7), want(1_000, 0), want(3, 11)];
        assert_eq!(kept(&wanted, 20, 110), [(100, 0), (10, 0)]);
        assert_eq!(kept(&wanted, 20, 1_110), [(100, 0), (10, 0), (1_000, 0)]);
    }

    #[test]
    fn hashes_of_one_class_are_kept_or_dropped_together() {
        assert_eq!(kept(&[want(50, 0), want(51, 0), want(8, 0)], 60, 60), [(8, 0)]);
    }

    #[test]
    fn a_pair_of_leading_peaks_is_the_likelier_the_fewer_lie_between() {
        let peak = |leads| Peak { time: 0, pitch: 0, strength: 0 }.marked(leads);
        let peaks = [true, true, false, true, true, true].map(peak);
        let mut fan = Fan::default();
        let penalties: Vec<u8> = (1..6).map(|target| fan.penalty(&peaks, 0, target)).collect();
        assert_eq!(penalties, [0, 5, 0, 2, 7]);
        assert_eq!(fan.penalty(&peaks, 2, 3), 5);
    }
}
