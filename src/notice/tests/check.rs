//! Whether noticed material is in a later copy.

use super::super::check::{Look, Sought, sums};
use crate::record::fixtures::{facts, record_of};
use crate::record::{
    Checked, FailureKind, FailureRecord, Finding, ItemRecord, Presence, Relation, Stage, Verdict,
};
use crate::results::ResultStore;
use crate::results::fixtures::{keep, key};

fn found(recording: &str) -> Finding {
    Finding {
        relation: Some(Relation::Copy),
        ..Finding::unheard(recording.to_owned(), Verdict::Match)
    }
}

fn item(path: &str, bytes: &str, recordings: &[&str]) -> ItemRecord {
    record_of(facts(path, &bytes.repeat(32)), recordings.iter().map(|id| found(id)).collect())
}

fn unread(path: &str, kind: FailureKind) -> ItemRecord {
    let mut record = record_of(facts(path, ""), Vec::new());
    record.verdict = Verdict::Failed;
    record.failure = Some(FailureRecord::new(Stage::Read, kind, "breaks off", "fetch it again"));
    record
}

fn sought(path: &str, bytes: &str, recording: &str) -> Sought {
    let record = item(path, bytes, &[recording]);
    Sought { item: record.item, finding: found(recording) }
}

/// The answers about material that lay in `/old`, in a later copy of these items in `/new`.
fn looked(sought: &[Sought], copy: Vec<ItemRecord>) -> Vec<Checked> {
    let home = tempfile::tempdir().unwrap();
    let mut store = ResultStore::open(home.path()).unwrap();
    let run = keep(&mut store, &key(&["/new"]), copy, true);
    let look = Look::new(sought, &["/old".to_owned()], &run, "2026-12-10");
    look.read(&store).unwrap().answers(&|id| id != "removed")
}

fn one(material: Sought, copy: Vec<ItemRecord>) -> Checked {
    looked(&[material], copy).remove(0)
}

#[test]
fn the_same_bytes_at_the_same_place_are_still_there_and_at_another_place_moved() {
    let material = || sought("/old/a/x.mp3", "aa", "rec-1");
    let here = one(material(), vec![item("/new/a/x.mp3", "aa", &["rec-1"])]);
    assert_eq!((here.presence, here.place.as_str()), (Presence::StillThere, ""));
    assert_eq!((here.day.as_str(), here.run_id), ("2026-12-10", 1));
    let moved = one(material(), vec![item("/new/b/y.mp3", "aa", &["rec-1"])]);
    assert_eq!((moved.presence, moved.place.as_str()), (Presence::Moved, "/new/b/y.mp3"));
    // Also where a copy of it stayed at its place.
    let both = vec![item("/new/0.mp3", "aa", &["rec-1"]), item("/new/a/x.mp3", "aa", &["rec-1"])];
    assert_eq!(one(material(), both).presence, Presence::StillThere);
}

#[test]
fn other_bytes_in_which_the_recording_is_found_again_are_a_change_at_its_place_and_a_lead_elsewhere()
 {
    let material = || sought("/old/x.mp3", "aa", "rec-1");
    let changed = one(material(), vec![item("/new/x.mp3", "bb", &["rec-2", "rec-1"])]);
    assert_eq!((changed.presence, changed.place.as_str()), (Presence::Changed, ""));
    let elsewhere = one(material(), vec![item("/new/y.flac", "bb", &["rec-1"])]);
    assert_eq!(
        (elsewhere.presence, elsewhere.place.as_str()),
        (Presence::Elsewhere, "/new/y.flac")
    );
    // The same loop is not the recording.
    let mut shared = item("/new/x.mp3", "bb", &["rec-1"]);
    shared.findings[0].relation = Some(Relation::SharedMaterial);
    assert_eq!(one(material(), vec![shared]).presence, Presence::Gone);
}

#[test]
fn material_is_gone_only_if_everything_was_read_and_the_recording_was_searched_for() {
    let material = || sought("/old/x.mp3", "aa", "rec-1");
    let other = || item("/new/y.mp3", "bb", &[]);
    assert_eq!(one(material(), vec![other()]).presence, Presence::Gone);
    let replaced = one(material(), vec![item("/new/x.mp3", "bb", &["rec-2"])]);
    assert_eq!(
        (replaced.presence, replaced.why.as_str()),
        (Presence::Gone, "another file is at its place")
    );
    // What is no audio needs nobody's attention.
    let cover = unread("/new/cover.jpg", FailureKind::NotAudio);
    assert_eq!(one(material(), vec![cover, other()]).presence, Presence::Gone);

    let why = |material: Sought, copy: Vec<ItemRecord>| {
        let checked = one(material, copy);
        assert_eq!(checked.presence, Presence::NotRead, "{checked:?}");
        checked.why
    };
    assert_eq!(why(material(), Vec::new()), "the copy has no file; is it mounted?");
    assert_eq!(
        why(material(), vec![other(), unread("/new/z.mp3", FailureKind::Io)]),
        "1 item was not read: /new/z.mp3: breaks off; fetch it again"
    );
    let two = ["/new/y.7z", "/new/z.mp3"].map(|path| unread(path, FailureKind::Io)).to_vec();
    assert!(why(material(), two).starts_with("2 items were not read, the first of them /new/y.7z"));
    let mut partial = other();
    partial.is_partial = true;
    assert_eq!(why(material(), vec![partial]), "1 item was not read: /new/y.mp3 was read in part");
    assert_eq!(
        why(sought("/old/x.mp3", "aa", "removed"), vec![other()]),
        "the recording removed is no longer in the catalogue, so it was not searched for"
    );
}

#[test]
fn what_is_at_its_place_or_around_it_and_was_not_read_is_told() {
    let whys = [
        (sought("/old/x.mp3", "aa", "rec-1"), "/new/x.mp3"),
        (sought("/old/a.tar!m/x.mp3;512+9", "aa", "rec-1"), "/new/a.tar"),
        (sought("/old/closed/x.mp3", "aa", "rec-1"), "/new/closed"),
    ];
    for (material, path) in whys {
        // What was found elsewhere does not tell what is at the place.
        let copy = vec![unread(path, FailureKind::Io), item("/new/z.mp3", "bb", &["rec-1"])];
        let checked = one(material, copy);
        assert_eq!(
            (checked.presence, checked.why),
            (Presence::NotRead, format!("{path}: breaks off; fetch it again"))
        );
    }
    // A name that only begins like it is another place.
    let copy = vec![unread("/new/x.mp", FailureKind::Io), item("/new/z.mp3", "bb", &["rec-1"])];
    let checked = one(sought("/old/x.mp3", "aa", "rec-1"), copy);
    assert_eq!(checked.presence, Presence::Elsewhere);
}

#[test]
fn a_member_of_an_archive_that_was_packed_again_is_at_its_place() {
    let material = sought("/old/a.tar!m/x.mp3;512+9", "aa", "rec-1");
    let copy = vec![item("/new/a.tar!m/x.mp3;1024+9", "aa", &["rec-1"])];
    assert_eq!(one(material, copy).presence, Presence::StillThere);
    // A row of a table moves with the rows before it.
    let row = sought("/old/t.parquet!~0.3.audio", "aa", "rec-1");
    let copy = vec![item("/new/t.parquet!~0.2.audio", "aa", &["rec-1"])];
    assert_eq!(one(row, copy).presence, Presence::Moved);
}

#[test]
fn of_two_places_with_the_same_bytes_each_is_looked_for_at_its_own() {
    let both = [sought("/old/a.mp3", "aa", "rec-1"), sought("/old/b.mp3", "aa", "rec-1")];
    let answers = looked(&both, vec![item("/new/b.mp3", "aa", &["rec-1"])]);
    assert_eq!(
        answers.iter().map(|c| c.presence).collect::<Vec<_>>(),
        [Presence::Gone, Presence::StillThere]
    );
    assert_eq!(sums(&answers), "1 still there, 1 gone");
}
