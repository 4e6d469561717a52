//! Which bytes of a file have the hashes of the torrent.

use leakhound::record::Integrity::{Damaged, Partial, Unverified, Verified};
use leakhound::record::Verdict;

use super::{VERSIONS, facts, scan, shared, standings, torrent, torrent_of, tune};
use crate::common::record;

#[test]
fn one_wrong_byte_is_damage_of_its_file_only() {
    for version in VERSIONS {
        let desk = shared(version);
        let mut bytes = tune(2, 12);
        bytes[150_001] ^= 1;
        desk.write("dump/album/02 two.wav", &bytes);
        let found = scan(&desk);
        assert_eq!(record(&found, "02 two.wav").verdict, Verdict::Match);
        assert_eq!(standings(&found), [Verified, Damaged], "{version}");
        // All pieces but the one with the byte.
        assert_eq!(facts(&found, "02 two.wav").verified_bytes, 264_644 - (16 << 10));
    }
}

#[test]
fn a_file_that_was_fetched_in_part_is_verified_in_part() {
    for version in VERSIONS {
        let desk = shared(version);
        // The second half of one file is missing, that of the other is zeros.
        let mut bytes = tune(2, 12);
        bytes[140_000..].fill(0);
        desk.write("dump/album/01 one.wav", &tune(1, 12)[..140_000]);
        desk.write("dump/album/02 two.wav", &bytes);
        let found = scan(&desk);
        assert_eq!(record(&found, "01 one.wav").verdict, Verdict::Match, "{version}");
        let standings = standings(&found);
        assert_eq!(standings[0], Partial, "{version}");
        // The piece in which the zeros begin is neither zero nor right.
        assert_eq!(standings[1], Damaged, "{version}");
        assert_eq!(facts(&found, "01 one.wav").verified_bytes, 8 * (16 << 10), "{version}");
    }
}

#[test]
fn a_file_that_shares_a_piece_with_one_that_is_missing_is_verified_without_that_piece() {
    for (version, standing) in [("v1", Partial), ("v2", Verified), ("hybrid", Verified)] {
        let desk = shared(version);
        std::fs::remove_file(desk.path("dump/album/02 two.wav")).unwrap();
        let found = scan(&desk);
        assert_eq!(facts(&found, "01 one.wav").integrity, standing, "{version}");
    }
}

#[test]
fn a_file_longer_than_the_torrent_states_is_damaged() {
    let desk = shared("v2");
    desk.write("dump/album/01 one.wav", &[tune(1, 12), vec![0; 10]].concat());
    assert_eq!(standings(&scan(&desk))[0], Damaged);
}

#[test]
fn a_piece_that_cannot_be_compared_leaves_its_file_unverified() {
    let desk = shared("v2");
    // One piece of both files, of which the second is missing.
    let (one, two) = (tune(1, 12), tune(2, 12));
    let pair = torrent_of("pair", &[("a.wav", &one), ("b.wav", &two)], 1 << 20);
    desk.write("dump/pair.torrent", &pair);
    desk.write("dump/pair/a.wav", &one);
    assert_eq!(facts(&scan(&desk), "a.wav").integrity, Unverified);
    desk.write("dump/pair/b.wav", &two);
    desk.write("dump/pair/a.wav", &one);
    assert_eq!(facts(&scan(&desk), "pair/b.wav").integrity, Verified);
}

#[test]
fn a_wrong_piece_of_several_files_is_damage_of_none_of_them() {
    for (version, standing) in
        [("v1", [Partial; 2]), ("v2", [Verified, Damaged]), ("hybrid", [Verified, Damaged])]
    {
        let desk = shared(version);
        // The first file ends in the piece in which the second begins.
        let mut bytes = tune(2, 12);
        bytes[1_000] ^= 1;
        desk.write("dump/album/02 two.wav", &bytes);
        assert_eq!(standings(&scan(&desk)), standing, "{version}");
    }
}

#[test]
fn a_neighbour_that_was_not_fetched_is_no_damage() {
    for (version, standing) in [("v1", Partial), ("v2", Verified), ("hybrid", Verified)] {
        let desk = shared(version);
        desk.write("dump/album/02 two.wav", &vec![0; tune(2, 12).len()]);
        let found = scan(&desk);
        assert_eq!(standings(&found), [standing, Unverified], "{version}");
        // An item that cannot be decoded is compared as well.
        assert_eq!(record(&found, "02 two.wav").verdict, Verdict::Failed);
    }
}

#[test]
fn a_wrong_piece_of_one_file_and_its_padding_is_damage() {
    const PIECE_BYTES: usize = 32 << 10;
    let (one, two) = (tune(1, 12), tune(2, 12));
    let padding = vec![0; one.len().next_multiple_of(PIECE_BYTES) - one.len()];
    let mut wrong = one.clone();
    *wrong.last_mut().unwrap() ^= 1;
    for (pad, standing) in [(".pad/1", Damaged), ("no padding", Partial)] {
        let desk = shared("v2");
        let files = [("a.wav", &one[..]), (pad, &padding), ("b.wav", &two)];
        desk.write("dump/set.torrent", &torrent_of("set", &files, PIECE_BYTES));
        desk.write("dump/set/a.wav", &wrong);
        desk.write("dump/set/b.wav", &two);
        let found = scan(&desk);
        assert_eq!(facts(&found, "set/a.wav").integrity, standing, "{pad}");
        assert_eq!(facts(&found, "set/b.wav").integrity, Verified, "{pad}");
        desk.write("dump/set/a.wav", &one);
        let whole = if standing == Damaged { Verified } else { Partial };
        assert_eq!(facts(&scan(&desk), "set/a.wav").integrity, whole, "{pad}");
    }
}

#[test]
fn a_wrong_piece_with_a_block_of_zeros_counts_as_incomplete() {
    const BLOCK: usize = 16 << 10;
    let whole = tune(1, 12);
    let desk = shared("v1");
    // Four blocks per piece; the last piece has less than one, so it is left out.
    let song = whole[..whole.len() - 20_000].to_vec();
    desk.write("dump/song.wav.torrent", &torrent("song.wav", &song, 4 * BLOCK));
    let (last, end) = (3 * 4 * BLOCK, song.len());
    assert_eq!((end - last) / BLOCK, 2);
    for (zeros, wrong, standing, unverified) in [
        (5 * BLOCK..6 * BLOCK, None, Partial, 4 * BLOCK),
        // A wrong byte beside it may be damage, which cannot be told from missing bytes.
        (5 * BLOCK..6 * BLOCK, Some(6 * BLOCK), Partial, 4 * BLOCK),
        // The last block is shorter.
        (last + 2 * BLOCK..end, None, Partial, end - last),
        // Zeros as long as a block, but across two blocks, are damage.
        (5 * BLOCK + 1..6 * BLOCK + 1, None, Damaged, 4 * BLOCK),
    ] {
        let mut bytes = song.clone();
        bytes[zeros].fill(0);
        if let Some(at) = wrong {
            bytes[at] ^= 1;
        }
        desk.write("dump/song.wav", &bytes);
        let found = scan(&desk);
        let facts = facts(&found, "song.wav");
        let verified = (end - unverified) as u64;
        assert_eq!((facts.integrity, facts.verified_bytes), (standing, verified));
    }
}

#[test]
fn an_empty_file_need_not_be_on_disk() {
    let desk = shared("v2");
    let (one, two) = (tune(1, 12), tune(2, 12));
    let files = [("a.wav", &one[..]), ("empty", &[]), ("b.wav", &two)];
    desk.write("dump/set.torrent", &torrent_of("set", &files, 16 << 10));
    desk.write("dump/set/a.wav", &one);
    desk.write("dump/set/b.wav", &two);
    let found = scan(&desk);
    assert_eq!(facts(&found, "set/a.wav").integrity, Verified);
    assert_eq!(facts(&found, "set/b.wav").integrity, Verified);
}
