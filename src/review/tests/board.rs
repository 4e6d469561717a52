//! What the review page asks for.

use super::*;

fn board(home: &tempfile::TempDir) -> Board {
    Board::new(ReviewQueue::open(home.path(), None).unwrap()).unwrap()
}

#[test]
fn a_part_of_the_list_has_its_rows_and_the_numbers_of_the_whole() {
    let home = home(&[("/d/a", &["1111", "2222"]), ("/d/b", &["3333"]), ("/d/c", &["4444"])]);
    let mut board = board(&home);
    let all = board.list(&Wanted::default(), Part::default()).unwrap();
    assert_eq!((all.run, all.all, all.open, all.shown, all.from), (1, 4, 4, 4, 0));
    assert_eq!((all.rows.len(), all.near), (4, None));
    assert_eq!(
        serde_json::to_value(&all.rows[2]).unwrap(),
        serde_json::json!({
            "at": 2, "id": "f-3333", "verdict": "match", "relation": null, "name": "Band – Song", "path": "/d/b",
            "state": null,
        })
    );
    let part = Part { from: 1, count: Some(1), near: Some(3) };
    let wanted = Wanted { words: Wanted::words_of(" Song /D/ "), ..Wanted::default() };
    let some = board.list(&wanted, part).unwrap();
    let at: Vec<_> = some.rows.iter().map(|row| row.at).collect();
    assert_eq!((some.from, at, some.near), (1, vec![1], Some(Near { place: 3, listed: true })));
    let beyond = board.list(&wanted, Part { from: 9, ..part }).unwrap();
    assert_eq!((beyond.from, beyond.rows.len(), beyond.shown), (4, 0, 4));
}

#[test]
fn a_decision_on_the_page_is_about_all_copies_of_the_finding_it_shows() {
    let home = home(&[("/d/a", &["1111", "2222"]), ("/d/b", &["1111"])]);
    let mut board = board(&home);
    let stale = board.decide(1, "f-1111", &accepted(), &recorder()).unwrap_err();
    assert!(matches!(stale, ListError::OutOfDate), "{stale}");
    board.decide(2, "f-1111", &accepted(), &recorder()).unwrap();
    assert_eq!(board.entry(0).unwrap().finding().decision.as_ref().unwrap().by, "Ann");
    let open = Wanted { decision: DecisionFilter::Open, ..Wanted::default() };
    let list = board.list(&open, Part::default()).unwrap();
    assert_eq!((list.open, list.shown, list.rows[0].at), (1, 1, 1));
    let wanting = NewDecision { reason: String::new(), ..accepted() };
    let refused = board.decide(1, "f-2222", &wanting, &recorder()).unwrap_err();
    assert!(refused.to_string().starts_with("no decision about f-2222: it has no reason"));
}

#[test]
fn decisions_of_another_program_are_in_the_list_once_it_catches_up() {
    let home = home(&[("/d/a", &["111111"])]);
    let mut board = board(&home);
    let elsewhere = ReviewQueue::open(home.path(), None).unwrap();
    let entries = elsewhere.find_all(&["111111"]).unwrap();
    elsewhere.decide(&[(&entries[0], &accepted())], &recorder()).unwrap();
    let open = |board: &mut Board| board.list(&Wanted::default(), Part::default()).unwrap().open;
    assert_eq!(open(&mut board), 1);
    board.catch_up().unwrap();
    assert_eq!(open(&mut board), 0);
}

#[test]
fn a_run_that_was_deleted_or_changed_is_told_from_a_finding_that_is_not_there() {
    let home = home(&[("/d/a", &["1111"])]);
    let board = board(&home);
    assert!(matches!(board.entry(1), Err(ListError::NoFinding)));
    let results = rusqlite::Connection::open(home.path().join("results.sqlite")).unwrap();
    let fewer = serde_json::to_string(&record_of(item("/d/a", "/d/a"), Vec::new())).unwrap();
    results.execute("UPDATE outcomes SET record = ?1", [fewer]).unwrap();
    assert!(matches!(board.entry(0), Err(ListError::Changed)));
    results.execute("DELETE FROM outcomes", []).unwrap();
    assert!(matches!(board.entry(0), Err(ListError::NoRun)));
}

#[test]
fn a_filter_for_decisions_is_open_or_the_word_of_one() {
    assert_eq!("open".parse(), Ok(DecisionFilter::Open));
    let deferred = DecisionFilter::Decided(DecisionState::Deferred);
    assert_eq!("deferred".parse(), Ok(deferred));
    assert!("any".parse::<DecisionFilter>().is_err());
}
