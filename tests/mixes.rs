//! Items that hold several recordings, and recordings that hold the same sound.

use std::collections::BTreeSet;

use leakhound::record::{ItemRecord, Verdict};

use crate::common::{Desk, excerpt, faster, record, song};

/// The songs that an item matches.
fn matched(record: &ItemRecord) -> BTreeSet<&str> {
    let matches = record.findings.iter().filter(|f| f.verdict == Verdict::Match);
    matches.map(|f| f.title.as_str()).collect()
}

#[test]
fn a_mix_is_taken_apart_although_half_of_it_plays_at_other_speeds() {
    let desk = Desk::with_songs(&[1, 2, 3, 4, 5], 30);
    let mix = [
        excerpt(&song(1, 30), 0.0, 20.0).to_vec(),
        faster(excerpt(&song(2, 30), 4.0, 28.0), 1.06),
        excerpt(&song(3, 30), 10.0, 30.0).to_vec(),
        faster(excerpt(&song(4, 30), 2.0, 25.0), 0.95),
    ];
    desk.write_wav("dump/mix.wav", &mix.concat());
    let records = desk.scan(1);
    let mix = record(&records, "/mix.wav");
    assert_eq!(matched(mix), BTreeSet::from(["Song 1", "Song 2", "Song 3", "Song 4"]));
    for (title, starts, tempo) in [
        ("Song 1", 0.0, 1.0),
        ("Song 2", 20.0, 1.06),
        ("Song 3", 42.64, 1.0),
        ("Song 4", 62.64, 0.95),
    ] {
        let finding = mix.findings.iter().find(|f| f.title == title).unwrap();
        assert!((finding.tempo - tempo).abs() < 0.005, "{finding:#?}");
        assert!((finding.spans[0].item_start_seconds - starts).abs() < 2.0, "{finding:#?}");
        assert!(finding.shares_passage_with.is_empty(), "{finding:#?}");
    }
}

#[test]
fn a_loop_is_found_at_each_of_its_turns() {
    let desk = Desk::with_songs(&[1, 2], 30);
    let turn = excerpt(&song(1, 30), 9.0, 14.0).to_vec();
    desk.write_wav("dump/loop.wav", &turn.repeat(6));
    let records = desk.scan(1);
    let found = record(&records, "/loop.wav");
    assert_eq!(matched(found), BTreeSet::from(["Song 1"]));
    assert!(found.findings[0].item_coverage > 0.9, "{found:#?}");
}

#[test]
fn two_recordings_with_the_same_passage_are_both_told_and_say_so_but_two_that_sound_together_do_not()
 {
    let desk = Desk::new();
    desk.master(1, 30);
    desk.master(2, 30);
    let shared = excerpt(&song(1, 30), 10.0, 20.0).to_vec();
    let quoting = [excerpt(&song(3, 30), 0.0, 12.0).to_vec(), shared.clone()].concat();
    desk.write_wav("masters/quoting.wav", &quoting);
    desk.run(["catalog", "add", "masters"]).ends_with(0);
    desk.write_wav("dump/shared.wav", &shared);
    let (one, two) = (song(1, 30), song(2, 30));
    let both: Vec<f32> = one.iter().zip(two.iter()).map(|(a, b)| 0.5 * (a + b)).collect();
    desk.write_wav("dump/together.wav", excerpt(&both, 0.0, 9.0));

    let records = desk.scan(1);
    let [a, b] = &record(&records, "/shared.wav").findings[..] else { panic!("{records:#?}") };
    assert_eq!(a.shares_passage_with, [b.recording_id.as_str()]);
    assert_eq!(b.shares_passage_with, [a.recording_id.as_str()]);

    let together = record(&records, "/together.wav");
    assert_eq!(matched(together), BTreeSet::from(["Song 1", "Song 2"]), "{together:#?}");
    assert!(together.findings.iter().all(|f| f.shares_passage_with.is_empty()), "{together:#?}");
}

#[test]
fn every_recording_finds_itself_whole_silence_at_its_ends_included() {
    let desk = Desk::with_songs(&[1, 2, 3, 4], 30);
    let silence = vec![0.0; 12 * 22_050];
    let still = [&silence, excerpt(&song(5, 30), 0.0, 10.0), &silence].concat();
    desk.write_wav("masters/still.wav", &still);
    desk.run(["catalog", "add", "masters"]).ends_with(0);
    for seed in 1..=4 {
        desk.write_wav(format!("dump/{seed}.wav"), &song(seed, 30));
    }
    desk.write_wav("dump/still.wav", &still);
    let records = desk.scan(1);
    assert_eq!(records.len(), 5);
    for record in &records {
        let finding = &record.findings[0];
        assert!(
            finding.item_coverage >= 0.98 && finding.recording_coverage >= 0.98,
            "{finding:#?}"
        );
    }
}

#[test]
fn a_recording_with_a_repeated_refrain_is_found_at_its_own_place_only() {
    let desk = Desk::new();
    let refrain = excerpt(&song(9, 30), 3.0, 10.0).to_vec();
    let verses = [1, 2, 3].map(|seed| excerpt(&song(seed, 30), 0.0, 9.0).to_vec());
    let sung: Vec<f32> =
        verses.iter().flat_map(|verse| [verse.clone(), refrain.clone()]).flatten().collect();
    desk.write_wav("masters/sung.wav", &sung);
    desk.run(["catalog", "add", "masters"]).ends_with(0);
    // Quieter, so that it is not the same file.
    let quieter: Vec<f32> = sung.iter().map(|sample| 0.4 * sample).collect();
    desk.write_wav("dump/sung.wav", &quieter);
    let records = desk.scan(1);
    let [finding] = &record(&records, "/sung.wav").findings[..] else { panic!("{records:#?}") };
    assert!(finding.item_coverage > 0.98, "{finding:#?}");
    for span in &finding.spans {
        assert!(
            (span.item_start_seconds - span.recording_start_seconds).abs() < 0.1,
            "{finding:#?}"
        );
    }
}
