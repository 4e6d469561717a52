//! The database of notices.

use super::super::{
    Act, Day, NewNotice, NoticeKind, NoticeState, NoticeStore, Notices, Search, Step,
};
use crate::catalog::Catalog;
use crate::record::fixtures::{facts, record_of};
use crate::record::{Basis, Checked, Finding, ItemRecord, Presence, Verdict};
use crate::review::{Entry, Recorder};
use crate::scan::Mode;
use crate::signal::fingerprint::FingerprintConfig;

fn entry(path: &str, id: &str) -> Entry {
    let finding = Finding {
        finding_id: id.to_owned(),
        ..Finding::unheard("rec-1".to_owned(), Verdict::Match)
    };
    let record = record_of(facts(path, &"aa".repeat(32)), vec![finding]);
    Entry::new(&record, &record.findings[0])
}

fn notice(materials: Vec<Entry>) -> NewNotice {
    NewNotice {
        kind: NoticeKind::Host,
        recipient: "Host Ltd".into(),
        place: "https://host.example/".into(),
        run_id: 7,
        roots: vec!["/d".into()],
        search: Search { mode: Mode::Thorough, match_below: 1e-6, suspect_below: 1e-3 },
        draft: "notice-host".into(),
        draft_sha256: "5d".repeat(32),
        materials,
    }
}

/// 2026-12-20.
fn recorder() -> Recorder {
    Recorder { who: "Eve".into(), at: 1_797_724_800 }
}

fn step(act: Act, on: &str) -> Step {
    Step {
        act,
        on: on.parse().unwrap(),
        at: recorder().at,
        by: "Ann".into(),
        addressee: String::new(),
        reference: "T-1".into(),
        due: None,
        note: "as told".into(),
    }
}

fn log(home: &std::path::Path) -> Vec<String> {
    let catalog = Catalog::open(home, FingerprintConfig::default()).unwrap();
    let log = catalog.read_log().unwrap();
    assert_eq!(log.broken_at, None);
    log.rows.into_iter().map(|row| row.detail).collect()
}

#[test]
fn a_notice_is_kept_with_its_material_and_its_steps_and_each_step_is_in_the_log() {
    let home = tempfile::tempdir().unwrap();
    let store = NoticeStore::open(home.path()).unwrap();
    let kept = [
        notice(vec![entry("/d/a", "f-1"), entry("/d/b", "f-2")]),
        notice(vec![entry("/d/a", "f-1")]),
    ];
    assert_eq!(store.add(&kept, &recorder()).unwrap(), [1, 2]);
    let first = store.notice(1).unwrap();
    assert_eq!((first.findings, first.life.state), (2, NoticeState::Drafted));
    assert_eq!((first.search, first.roots.as_slice()), (kept[0].search, &["/d".to_owned()][..]));
    let before = store.stamp().unwrap();
    let sent = step(Act::Reached(NoticeState::Sent), "2026-12-20");
    let now = store.record(1, &sent, &recorder()).unwrap();
    assert_ne!(store.stamp().unwrap(), before);
    assert_eq!((now.life.state, now.life.addressee.as_str()), (NoticeState::Sent, "Host Ltd"));
    assert_eq!(now.steps, [sent]);
    assert_eq!(store.all().unwrap().len(), 2);
    assert_eq!(
        log(home.path()),
        ["notice 1 marked sent on 2026-12-20 by Ann, reference T-1, note as told"]
    );
    // Refused: neither kept nor logged.
    let again = store.record(2, &step(Act::Undone, "2026-12-20"), &recorder()).unwrap_err();
    assert!(again.is_usage() && again.to_string().contains("there is no step to undo"));
    let unknown = store.notice(3).unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "there is no notice 3; list the notices: leakhound notice list"
    );
    assert_eq!((store.notice(2).unwrap().steps.len(), log(home.path()).len()), (0, 1));
}

#[test]
fn rows_are_never_changed_or_deleted() {
    let home = tempfile::tempdir().unwrap();
    let store = NoticeStore::open(home.path()).unwrap();
    store.add(&[notice(vec![entry("/d/a", "f-1")])], &recorder()).unwrap();
    store.record(1, &step(Act::Reached(NoticeState::Sent), "2026-12-20"), &recorder()).unwrap();
    let checked = Checked {
        presence: Presence::Gone,
        place: String::new(),
        why: String::new(),
        day: "2026-12-20".into(),
        run_id: 9,
    };
    store.record_check(1, "/copy", &[checked], &recorder()).unwrap();
    let raw = rusqlite::Connection::open(home.path().join("notices.sqlite")).unwrap();
    for table in ["notices", "materials", "steps", "checks"] {
        let set = if table == "checks" { "why = ''" } else { "number = 9" };
        for sql in [format!("UPDATE {table} SET {set}"), format!("DELETE FROM {table}")] {
            let refused = raw.execute(&sql, []).unwrap_err().to_string();
            assert!(refused.contains("is never"), "{sql}: {refused}");
        }
    }
}

#[test]
fn a_finding_gets_the_notices_about_its_item_and_those_about_the_same_bytes_elsewhere() {
    let home = tempfile::tempdir().unwrap();
    assert!(Notices::of_home(home.path()).unwrap().is_empty());
    assert!(!NoticeStore::is_in(home.path()), "reading makes no database");
    let store = NoticeStore::open(home.path()).unwrap();
    let two = [
        notice(vec![entry("/d/a", "f-1"), entry("/d/b", "f-1")]),
        notice(vec![entry("/d/b", "f-1")]),
    ];
    store.add(&two, &recorder()).unwrap();
    let checked = |presence| Checked {
        presence,
        place: String::new(),
        why: String::new(),
        day: "2026-12-20".into(),
        run_id: 9,
    };
    let answers = [checked(Presence::Gone), checked(Presence::StillThere)];
    store.record_check(1, "/copy", &answers, &recorder()).unwrap();
    let notices = Notices::of_home(home.path()).unwrap();
    let told = |path: &str| {
        let mut record: ItemRecord = entry(path, "f-1").record().clone();
        notices.apply(&mut record);
        let notices = record.findings.remove(0).notices.into_iter();
        let told =
            notices.map(|notice| (notice.number, notice.basis, notice.check.map(|c| c.presence)));
        told.collect::<Vec<_>>()
    };
    assert_eq!(told("/d/a"), [(1, Basis::Item, Some(Presence::Gone)), (2, Basis::Bytes, None)]);
    assert_eq!(
        told("/d/b"),
        [(1, Basis::Item, Some(Presence::StillThere)), (2, Basis::Item, None)]
    );
    assert_eq!(told("/d/c")[0].1, Basis::Bytes);
    let other = entry("/d/a", "f-2");
    assert!(notices.of(other.item(), other.finding()).is_empty());
}

#[test]
fn a_database_of_a_later_version_is_refused() {
    let home = tempfile::tempdir().unwrap();
    drop(NoticeStore::open(home.path()).unwrap());
    let raw = rusqlite::Connection::open(home.path().join("notices.sqlite")).unwrap();
    raw.pragma_update(None, "user_version", 99).unwrap();
    let refused = NoticeStore::open(home.path()).unwrap_err().to_string();
    assert!(refused.contains("have version 99, this program knows 1"), "{refused}");
}

#[test]
fn the_days_of_a_step_are_those_of_the_recorder_s_clock() {
    assert_eq!(Day::of(recorder().at).to_string(), "2026-12-20");
}
