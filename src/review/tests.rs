mod audio;
mod board;
mod queue;

use super::*;
use crate::record::Tier;
use crate::record::fixtures::{facts as item, record_of};
use crate::results::ResultStore;

fn span(from: f64, to: f64) -> Span {
    Span {
        item_start_seconds: from,
        item_end_seconds: to,
        recording_start_seconds: from + 10.0,
        recording_end_seconds: to + 10.0,
    }
}

fn finding(recording_id: &str, sound: &str, spans: Vec<Span>) -> Finding {
    Finding {
        title: "Song".into(),
        artist: "Band".into(),
        false_alarm_probability: 1e-30,
        score: 100.0,
        item_coverage: 0.5,
        recording_coverage: 0.5,
        tiers: vec![if spans.is_empty() { Tier::Identifier } else { Tier::Sound }],
        spans,
        finding_id: "f-0".into(),
        sound: sound.to_owned(),
        ..Finding::unheard(recording_id.to_owned(), Verdict::Match)
    }
}

fn ruling(state: Option<DecisionState>) -> Ruling {
    let dismissed = state == Some(DecisionState::Dismissed);
    let ground = dismissed.then_some(Ground::Wrong);
    Ruling { state, ground, reason: "heard it".into(), by: "Ann".into(), at: 0 }
}

const DISMISSED: Option<DecisionState> = Some(DecisionState::Dismissed);
const ACCEPTED: Option<DecisionState> = Some(DecisionState::Accepted);

/// Decisions about findings in items, in order.
fn decided(rows: &[(&ItemFacts, &Finding, Option<DecisionState>)]) -> Decisions {
    Decisions::new(
        rows.iter().map(|(item, f, state)| (Case::new(1, item, f).unwrap(), ruling(*state))),
    )
}

fn outcome(all: &Decisions, item: &ItemFacts, f: &Finding) -> Option<(DecisionState, Basis)> {
    all.of(item, f).map(|decision| (decision.state, decision.basis))
}

#[test]
fn a_decision_comes_back_for_the_same_item_the_same_bytes_and_the_same_sound() {
    let f = finding("rec", "sound", vec![span(0.0, 20.0)]);
    let all = decided(&[(&item("/a", "aa"), &f, DISMISSED)]);
    let dismissed = |basis| Some((DecisionState::Dismissed, basis));
    assert_eq!(outcome(&all, &item("/a", "aa"), &f), dismissed(Basis::Item));
    assert_eq!(outcome(&all, &item("/b", "aa"), &f), dismissed(Basis::Bytes));
    assert_eq!(outcome(&all, &item("/a", "bb"), &f), dismissed(Basis::Sound));
    let told = all.of(&item("/a", "aa"), &f).unwrap();
    assert_eq!((told.at.as_str(), told.by.as_str()), ("1970-01-01T00:00:00Z", "Ann"));
    assert_eq!(told.describe(), "dismissed (wrong) by Ann on 1970-01-01: heard it");
}

#[test]
fn other_audio_another_recording_and_another_stream_are_not_silenced() {
    let f = finding("rec", "sound", vec![span(0.0, 20.0)]);
    let all = decided(&[(&item("/a", "aa"), &f, DISMISSED)]);
    let other = |change: &dyn Fn(&mut Finding)| {
        let mut other = f.clone();
        change(&mut other);
        other
    };
    let here = item("/a", "aa");
    assert_eq!(outcome(&all, &here, &other(&|f| f.recording_id = "rec-2".into())), None);
    assert_eq!(outcome(&all, &here, &other(&|f| f.stream = 1)), None);
    // A file that was replaced by another at the same path.
    assert_eq!(outcome(&all, &item("/a", "bb"), &other(&|f| f.sound = "else".into())), None);
    assert_eq!(outcome(&all, &item("/a", "bb"), &other(&|f| f.sound = String::new())), None);
}

#[test]
fn a_decision_holds_for_the_place_or_less_of_it_and_never_for_more() {
    let here = item("/a", "aa");
    let f = finding("rec", "sound", vec![span(10.0, 20.0)]);
    let all = decided(&[(&here, &f, DISMISSED)]);
    let at = |spans| outcome(&all, &here, &finding("rec", "sound", spans)).is_some();
    assert!(at(vec![span(10.5, 20.5)]) && at(vec![span(12.0, 14.0)]));
    assert!(!at(vec![span(10.0, 30.0)]) && !at(vec![span(40.0, 50.0)]));
    assert!(!at(vec![span(12.0, 14.0), span(40.0, 50.0)]));
    let mut moved = span(10.0, 20.0);
    moved.recording_start_seconds += 30.0;
    moved.recording_end_seconds += 30.0;
    assert!(!at(vec![moved]), "the same place with another part of the recording");
}

#[test]
fn what_was_decided_of_a_claim_says_nothing_of_the_sound_nor_the_other_way_round() {
    let here = item("/a", "aa");
    let claim = finding("rec", "", Vec::new());
    let heard = finding("rec", "sound", vec![span(0.0, 20.0)]);
    assert_eq!(outcome(&decided(&[(&here, &claim, DISMISSED)]), &here, &heard), None);
    assert_eq!(outcome(&decided(&[(&here, &heard, ACCEPTED)]), &here, &claim), None);
    assert_eq!(outcome(&decided(&[(&here, &claim, DISMISSED)]), &item("/a", "bb"), &claim), None);
}

#[test]
fn a_decision_does_not_hold_for_what_claims_more_nor_an_acceptance_for_what_shows_no_use() {
    let (here, sound) = (item("/a", "aa"), item("/b", "bb"));
    let claiming =
        |relation| Finding { relation, ..finding("rec", "sound", vec![span(0.0, 20.0)]) };
    let holds = |state, then, now| {
        let all = decided(&[(&here, &claiming(then), state)]);
        let told = outcome(&all, &here, &claiming(now)).is_some();
        assert_eq!(outcome(&all, &sound, &claiming(now)).is_some(), told, "{then:?} {now:?}");
        told
    };
    let (shared, stem, copy) =
        (Some(Relation::SharedMaterial), Some(Relation::Stem), Some(Relation::Copy));
    let deferred = Some(DecisionState::Deferred);
    for state in [DISMISSED, deferred, ACCEPTED] {
        for (then, now) in [(shared, copy), (shared, stem), (stem, copy)] {
            assert!(!holds(state, then, now), "{state:?} {then:?} {now:?}");
        }
        for same in [shared, stem, copy] {
            assert!(
                holds(state, same, same) && holds(state, None, same) && holds(state, same, None)
            );
        }
        assert!(holds(state, copy, Some(Relation::Layered)), "the threshold between is no news");
        assert_eq!(holds(state, copy, shared), state != ACCEPTED);
    }
    // What was taken back stays so, whatever it was then.
    let rows = [(&here, &claiming(copy), DISMISSED), (&here, &claiming(shared), None)];
    assert_eq!(outcome(&decided(&rows), &here, &claiming(copy)), None);
}

#[test]
fn decisions_of_a_version_that_told_no_relation_are_read_and_kept() {
    let home = tempfile::tempdir().unwrap();
    let old = rusqlite::Connection::open(home.path().join("review.sqlite")).unwrap();
    old.execute_batch(include_str!("schema.sql")).unwrap();
    old.execute_batch(
        "INSERT INTO decisions VALUES (1, 0, 'Ann', 'dismissed', 'wrong', 'heard it', 'rec', 'aa', 'sound', 0, '[]',
                                       '/a', 'f-0', 3, '/a', 'Band – Song', 'match');
         PRAGMA user_version = 1",
    )
    .unwrap();
    drop(old);
    let store = ReviewStore::open(home.path()).unwrap();
    let f = Finding {
        relation: Some(Relation::Excerpt),
        ..finding("rec", "sound", vec![span(0.0, 20.0)])
    };
    store.add(&[(Case::new(3, &item("/a", "aa"), &f).unwrap(), ruling(ACCEPTED))]).unwrap();
    let rows = ReviewStore::open(home.path()).unwrap().history().unwrap();
    let told: Vec<_> = rows.iter().map(|row| row.case.relation).collect();
    assert_eq!(told, [None, Some(Relation::Excerpt)]);
    assert_eq!(rows[0].ruling, ruling(DISMISSED));
}

#[test]
fn the_nearest_decision_speaks_and_of_those_the_last() {
    let f = finding("rec", "sound", vec![span(0.0, 20.0)]);
    let (a, b, c) = (item("/a", "aa"), item("/b", "bb"), item("/c", "cc"));
    let all = decided(&[(&a, &f, ACCEPTED), (&b, &f, DISMISSED), (&a, &f, None)]);
    assert_eq!(outcome(&all, &a, &f), None, "taken back");
    assert_eq!(outcome(&all, &b, &f), Some((DecisionState::Dismissed, Basis::Item)));
    assert_eq!(outcome(&all, &c, &f), None, "the last about this sound took it back");
    let all = decided(&[(&a, &f, ACCEPTED), (&b, &f, DISMISSED)]);
    assert_eq!(outcome(&all, &a, &f), Some((DecisionState::Accepted, Basis::Item)));
    assert_eq!(outcome(&all, &c, &f), Some((DecisionState::Dismissed, Basis::Sound)));
}

#[test]
fn a_decision_has_a_name_a_reason_and_a_ground_where_it_dismisses() {
    let whole = ruling(DISMISSED);
    assert_eq!(whole.check(), Ok(()));
    let lacks = |change: &dyn Fn(&mut Ruling)| {
        let mut ruling = whole.clone();
        change(&mut ruling);
        ruling.check().unwrap_err()
    };
    assert_eq!(lacks(&|r| r.by = " ".into()), RulingError::NoName);
    assert_eq!(lacks(&|r| r.reason = String::new()), RulingError::NoReason);
    assert_eq!(lacks(&|r| r.ground = None), RulingError::NoGround);
    assert_eq!(lacks(&|r| r.state = ACCEPTED), RulingError::Ground);
    assert_eq!(lacks(&|r| r.reason = "x".repeat(2_001)), RulingError::TooLong);
    let f = finding("rec", "", Vec::new());
    assert_eq!(Case::new(1, &item("/a", ""), &f), Err(RulingError::NoBytes));
}

#[test]
fn decisions_are_kept_in_order_and_can_be_neither_changed_nor_deleted() {
    let home = tempfile::tempdir().unwrap();
    let f = finding("rec", "sound", vec![span(0.0, 20.0)]);
    let case = Case::new(3, &item("/a", "aa"), &f).unwrap();
    let store = ReviewStore::open(home.path()).unwrap();
    store.add(&[(case.clone(), ruling(ACCEPTED)), (case.clone(), ruling(DISMISSED))]).unwrap();
    let bad = Ruling { reason: String::new(), ..ruling(ACCEPTED) };
    store.add(&[(case.clone(), ruling(None)), (case.clone(), bad)]).unwrap_err();
    let rows = ReviewStore::open(home.path()).unwrap().history().unwrap();
    assert_eq!(rows.len(), 2, "a batch goes in whole or not at all");
    assert_eq!((rows[0].number, &rows[0].case), (1, &case));
    assert_eq!(rows[1].ruling, ruling(DISMISSED));
    let database = rusqlite::Connection::open(home.path().join("review.sqlite")).unwrap();
    for sql in ["UPDATE decisions SET by = 'Eve'", "DELETE FROM decisions"] {
        assert!(database.execute(sql, []).unwrap_err().to_string().contains("only followed"));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = home.path().join("review.sqlite").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn a_decision_changes_nothing_of_what_was_found() {
    let f = finding("rec", "sound", vec![span(0.0, 20.0)]);
    let mut record = record_of(item("/a", "aa"), vec![f.clone()]);
    let before = record.clone();
    decided(&[(&before.item, &f, DISMISSED)]).apply(&mut record);
    assert!(record.findings[0].is_dismissed());
    Decisions::default().apply(&mut record);
    assert_eq!(record, before);
}

#[test]
fn a_batch_is_read_from_a_table_a_spreadsheets_table_and_json() {
    let expected = |row| Order {
        row,
        finding_id: "f-1".into(),
        state: DISMISSED,
        ground: Some(Ground::SharedSample),
        reason: "drum loop; ours, too".into(),
        by: "Ann".into(),
    };
    let comma = "item_path,finding_id,decision,decision_ground,decision_reason,decided_by\r\n\
                 /x,f-0,,,,\r\n/a,f-1,dismiss,shared sample,\"drum loop; ours, too\",Ann\r\n";
    assert_eq!(read_batch(comma).unwrap(), [expected(3)]);
    let semicolon = "\u{FEFF}finding_id;decision;decision_ground;decision_reason;decided_by\n\
                     f-1;Dismissed;shared-sample;\"drum loop; ours, too\";Ann\n";
    assert_eq!(read_batch(semicolon).unwrap(), [expected(2)]);
    let json = r#"{"finding_id":"f-1","decision":"dismissed","decision_ground":"shared_sample","decision_reason":"drum loop; ours, too","decided_by":"Ann"}"#;
    assert_eq!(read_batch(json).unwrap(), [expected(1)]);
}

#[test]
fn a_batch_with_one_bad_row_is_refused_with_its_number() {
    let head = "finding_id,decision,decision_ground,decision_reason,decided_by\n";
    let why = |row: &str| read_batch(&format!("{head}f-0,accept,,ok,Ann\n{row}\n")).unwrap_err();
    assert!(why("f-1,maybe,,x,Ann").to_string().starts_with("row 3: \"maybe\" is no decision"));
    assert!(why("f-1,dismiss,boring,x,Ann").to_string().contains("\"boring\" is no ground"));
    assert!(why(",accept,,x,Ann").to_string().contains("without a finding_id"));
    assert!(read_batch("a,b\n1,2\n").unwrap_err().to_string().contains("\"finding_id\""));
    assert!(read_batch("{\"finding_id\": 3}").unwrap_err().to_string().starts_with("row 1"));
}

#[test]
fn a_clip_is_the_very_stretch_that_was_asked_for() {
    use crate::decode::{DecodeLimits, Decoder};
    use crate::source::{Item, Stamp};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ramp.wav");
    let rate = crate::signal::SampleRate::new(8_000).unwrap();
    let level = |n: usize| (n % 100) as f32 / 200.0;
    let samples: Vec<f32> = (0..80_000).map(level).collect();
    std::fs::write(&path, to_wav(&Clip { samples, sample_rate: rate })).unwrap();
    let bytes = Item::of_file(&path, Stamp::of(&path.metadata().unwrap().into())).bytes;
    let limits = DecodeLimits {
        max_seconds_of_audio: 100.0,
        max_streams: 2,
        timeout: std::time::Duration::from_secs(60),
    };
    let decoder = Decoder::new(limits, None);
    let clip = cut(&decoder, &bytes, 0, 2.0, 3.0).unwrap();
    assert_eq!((clip.sample_rate, clip.samples.len()), (rate, 24_000));
    for (n, sample) in clip.samples.iter().enumerate() {
        assert!((sample - level(16_000 + n)).abs() < 1e-3, "sample {n}");
    }
    assert_eq!(cut(&decoder, &bytes, 0, 9.0, 60.0).unwrap().samples.len(), 8_000);
    assert!(matches!(cut(&decoder, &bytes, 0, 11.0, 1.0), Err(ListenError::Nothing { .. })));
    assert!(matches!(cut(&decoder, &bytes, 1, 0.0, 1.0), Err(ListenError::Nothing { .. })));
}

/// A home with one run of items, each with findings of recordings, named by digits of their ids.
fn home(items: &[(&str, &[&str])]) -> tempfile::TempDir {
    use crate::results::fixtures::{keep, key};
    let home = tempfile::tempdir().unwrap();
    let records = items.iter().map(|(path, ids)| {
        let found = ids.iter().map(|id| Finding {
            finding_id: format!("f-{id}"),
            ..finding(&format!("rec-{id}"), id, vec![span(0.0, 20.0)])
        });
        record_of(item(path, path), found.collect())
    });
    let mut store = ResultStore::open(home.path()).unwrap();
    keep(&mut store, &key(&["/d"]), records.collect(), true);
    home
}

/// A complete acceptance.
fn accepted() -> NewDecision {
    NewDecision { state: ACCEPTED, ground: None, reason: "leak".into(), by: "Ann".into() }
}

fn recorder() -> Recorder {
    Recorder { who: "Eve".into(), at: 60 }
}

/// The lines of the catalogue's log, as who, action and detail.
fn logged(home: &std::path::Path) -> Vec<(String, String, String)> {
    use crate::catalog::Catalog;
    let catalog = Catalog::open(home, crate::signal::fingerprint::FingerprintConfig::default());
    let rows = catalog.unwrap().read_log().unwrap().rows;
    rows.into_iter().map(|row| (row.who, row.action, row.detail)).collect()
}
