//! Whether to believe a container that trims samples from the end of a packet.

use symphonia::core::formats::Track;
use symphonia::core::packet::Packet;
use symphonia::core::units::{Duration, Timestamp};

/// Packets in a row that are trimmed to nothing are encoder padding up to this number; more are audio behind an end that was
/// declared too early. A guess.
const PADDING_PACKETS: u32 = 2;

/// Checks the trims of the packets of one track.
#[derive(Debug)]
pub(super) struct Trims {
    /// The end of an Ogg track, in its time base, if its last page gives it.
    ogg_end: Option<Timestamp>,
    is_ogg: bool,
    /// Whether the end is only a guess, so that nothing is trimmed.
    is_guess: bool,
    /// Number of packets in a row that were trimmed to nothing.
    whole: u32,
}

impl Trims {
    /// `is_guess` says that the length of the track is estimated.
    pub(super) fn of(track: &Track, container: &str, is_guess: bool) -> Self {
        let end = track.duration.and_then(|duration| Timestamp::try_from(duration.get()).ok());
        Self { ogg_end: end, is_ogg: container == "ogg", is_guess, whole: 0 }
    }

    /// Believes no end any more: the packets that follow are of another stream.
    pub(super) fn ignore(&mut self) {
        self.is_guess = true;
    }

    /// Undoes a trim that is wrong. True if the packet lies behind the declared end of its track.
    pub(super) fn check(&mut self, packet: &mut Packet) -> bool {
        if self.is_guess {
            packet.trim_end = Duration::ZERO;
            return false;
        }
        if self.is_ogg && self.is_amid(packet) {
            packet.trim_end = Duration::ZERO;
        }
        let whole = packet.trim_end > Duration::ZERO
            && (packet.dur == Duration::ZERO || packet.trim_end >= packet.dur);
        self.whole = if whole { self.whole.saturating_add(1) } else { 0 };
        if self.whole <= PADDING_PACKETS {
            return false;
        }
        packet.trim_end = Duration::ZERO;
        true
    }

    /// Whether an Ogg packet lies before the end of its track, where nothing may be trimmed.
    ///
    /// Symphonia 0.6.1 trims at the granule position of every page; by the format (RFC 3533, Vorbis I appendix A.2) only the last
    /// page trims. Muxers such as ffmpeg's count 448 samples too few where a page ends between a long and a short block of Vorbis,
    /// so that some files of music with sharp attacks lost 0.3 s in all, in the middle.
    fn is_amid(&self, packet: &Packet) -> bool {
        let end = packet.pts.saturating_add(packet.dur);
        self.ogg_end.is_none_or(|last| end < last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A packet of 128 samples at `pts`, of which `trim` are trimmed at the end.
    fn packet(pts: i64, trim: u64) -> Packet {
        let mut packet =
            Packet::new(1, Timestamp::from(pts), Duration::from(128 - trim), Vec::<u8>::new());
        packet.trim_end = Duration::from(trim);
        packet
    }

    fn trims(container: &str, end: u64) -> Trims {
        let mut track = Track::new(1);
        track.with_duration(Duration::from(end));
        Trims::of(&track, container, false)
    }

    fn left(trims: &mut Trims, mut packet: Packet) -> (u64, bool) {
        let behind = trims.check(&mut packet);
        (packet.trim_end.get(), behind)
    }

    #[test]
    fn only_the_last_page_of_ogg_trims() {
        let mut trims = trims("ogg", 1_000);
        assert_eq!(left(&mut trims, packet(200, 100)), (0, false));
        assert_eq!(left(&mut trims, packet(300, 128)), (0, false));
        assert_eq!(left(&mut trims, packet(900, 28)), (28, false));
        assert_eq!(left(&mut trims, packet(1_000, 128)), (128, false));
    }

    #[test]
    fn padding_is_trimmed_and_more_than_padding_is_kept() {
        for container in ["ogg", "mp3"] {
            let mut trims = trims(container, 1_000);
            let seen = [1_000, 1_128, 1_256].map(|pts| left(&mut trims, packet(pts, 128)));
            assert_eq!(seen, [(128, false), (128, false), (0, true)], "{container}");
        }
    }

    #[test]
    fn an_end_that_is_a_guess_trims_nothing() {
        let mut track = Track::new(1);
        track.with_duration(Duration::from(1_000_u64));
        let mut trims = Trims::of(&track, "mp3", true);
        assert_eq!(left(&mut trims, packet(900, 28)), (0, false));
        assert_eq!(left(&mut trims, packet(1_000, 128)), (0, false));
    }

    #[test]
    fn an_ogg_file_whose_end_is_missing_trims_nothing() {
        let mut trims = Trims::of(&Track::new(1), "ogg", false);
        assert_eq!(left(&mut trims, packet(200, 100)), (0, false));
    }
}
