//! The findings of a run, by name, and the decisions that are recorded about them.

use super::*;

fn queue(home: &tempfile::TempDir) -> ReviewQueue {
    ReviewQueue::open(home.path(), None).unwrap()
}

fn paths(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.item().path.as_str()).collect()
}

#[test]
fn a_finding_is_named_by_the_begin_of_its_id_and_has_all_its_copies() {
    let home = home(&[("/d/a", &["12345678", "99999999"]), ("/d/b", &["12345678"])]);
    let queue = queue(&home);
    for name in ["f-12345678", "12345678", "f-1234", "1234"] {
        let entries = queue.find_all(&[name]).unwrap();
        assert_eq!(paths(&entries), ["/d/a", "/d/b"], "{name}");
        assert!(entries.iter().all(|entry| entry.finding().finding_id == "f-12345678"));
        assert!(entries.iter().all(|entry| entry.record().findings.len() == 1));
    }
    let both = queue.find_all(&["1234", "f-12345678", "9999"]).unwrap();
    assert_eq!(paths(&both), ["/d/a", "/d/b", "/d/a"], "what is named twice is there once");
}

#[test]
fn a_name_that_is_too_short_or_that_no_or_several_findings_have_is_refused() {
    let home = home(&[("/d/a", &["12345678", "12349999"])]);
    let queue = queue(&home);
    let why = |name: &str| {
        let error = queue.find_all(&[name]).unwrap_err();
        assert!(error.is_usage(), "{error:?}");
        error.to_string()
    };
    assert_eq!(why("f-0000"), "run 1 has no finding \"f-0000\"; leakhound review --all lists them");
    assert_eq!(
        why("123"),
        "run 1 has no finding \"123\"; give at least 4 digits of the id; leakhound review --all lists them"
    );
    assert_eq!(
        why("1234"),
        "several findings of run 1 have ids that begin with \"1234\"; give more digits"
    );
    let unknown = ReviewQueue::open(home.path(), Some(9)).unwrap_err();
    assert!(unknown.is_usage() && unknown.to_string().starts_with("there is no run 9"));
}

#[test]
fn decisions_are_logged_and_recorded_all_or_none() {
    let home = home(&[("/d/a", &["11111111"]), ("/d/b", &["22222222"])]);
    let queue = queue(&home);
    let entries = queue.find_all(&["1111", "2222"]).unwrap();
    let (whole, nameless) = (accepted(), NewDecision { by: " ".into(), ..accepted() });
    let refused = queue.decide(&[(&entries[0], &whole), (&entries[1], &nameless)], &recorder());
    let refused = refused.unwrap_err();
    assert!(refused.is_usage());
    assert_eq!(
        refused.to_string(),
        "no decision about f-22222222: it has no name; say who decides"
    );
    assert_eq!(queue.store().history().unwrap(), []);
    assert_eq!(logged(home.path()), []);

    queue.decide(&[], &recorder()).unwrap();
    assert_eq!(logged(home.path()), [], "no decision is no line");
    queue.decide(&[(&entries[0], &whole)], &recorder()).unwrap();
    let padded = NewDecision { reason: " leak\n".into(), ..accepted() };
    queue.decide(&[(&entries[0], &whole), (&entries[1], &padded)], &recorder()).unwrap();
    let rows = queue.store().history().unwrap();
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| row.ruling.at == 60 && row.ruling.reason == "leak"));
    assert!(rows[0].is_of("1111") && rows[0].is_of("f-1111") && !rows[0].is_of("2222"));
    let [one, several] = logged(home.path()).try_into().unwrap();
    assert_eq!((one.0.as_str(), one.1.as_str()), ("Eve", "review"));
    assert_eq!(one.2, "f-11111111 accepted by Ann: Band – Song in /d/a: leak");
    assert!(several.2.starts_with("2 decisions, SHA-256 "), "{several:?}");
    let mut states = Vec::new();
    let seen = queue.each::<QueueError>(|_, finding| {
        states.push(finding.decision.as_ref().map(|decision| decision.state));
        Ok(())
    });
    seen.unwrap();
    assert_eq!(states, [ACCEPTED, ACCEPTED]);
}

#[test]
fn a_row_of_a_batch_whose_decision_is_in_force_is_not_recorded_again() {
    let home = home(&[("/d/a", &["11111111"]), ("/d/b", &["22222222"])]);
    let queue = queue(&home);
    let order = |row, id: &str, by: &str| Order {
        row,
        finding_id: id.to_owned(),
        state: ACCEPTED,
        ground: None,
        reason: "leak".into(),
        by: by.into(),
    };
    let orders = [order(2, "f-11111111", ""), order(3, "f-22222222", "Bob")];
    let Batch { decisions, same } = queue.batch(&orders, "Ann").unwrap();
    let by: Vec<_> = decisions.iter().map(|(_, decision)| decision.by.as_str()).collect();
    assert_eq!((by, same), (vec!["Ann", "Bob"], 0));
    queue.decide(&[(&decisions[0].0, &decisions[0].1)], &recorder()).unwrap();
    let Batch { decisions, same } = queue.batch(&orders, "Ann").unwrap();
    assert_eq!((decisions.len(), same), (1, 1));
    let again = queue.batch(&orders[..1], "Carl").unwrap();
    assert_eq!(again.decisions.len(), 1, "somebody else decides the same");
    let unknown = queue.batch(&[order(7, "f-00000000", "")], "Ann").unwrap_err();
    assert!(unknown.is_usage());
    assert!(unknown.to_string().starts_with("row 7: run 1 has no finding \"f-00000000\";"));
}

#[test]
fn findings_are_filtered_by_verdict_and_by_the_name_of_the_recording() {
    let found = Finding { isrc: "GBABC2400001".into(), ..finding("rec-1", "", Vec::new()) };
    let of = |text: &str| FindingFilter { recording: Some(text.to_owned()), verdict: None };
    assert!(FindingFilter::default().has(&found));
    for text in ["rec-1", "gbabc2400001", "band – so", "SONG"] {
        assert!(of(text).has(&found), "{text}");
    }
    for text in ["rec", "GBABC", "Other"] {
        assert!(!of(text).has(&found), "{text}");
    }
    let suspects = FindingFilter { verdict: Some(Verdict::Suspect), ..of("song") };
    assert!(!suspects.has(&found));
}
