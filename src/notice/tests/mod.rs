//! Tests of drafts; `check` and `store` have those of what comes after.

mod check;
mod store;

use super::*;
use crate::record::fixtures::facts;
use crate::record::{Decision, Explained, Relation, Span, Tier};

const HOSTILE: &str =
    "</p><script>alert(1)</script> [x](http://evil) \u{202E}*b* [to be filled in: y";

fn finding(state: DecisionState, basis: Basis, verdict: Verdict) -> Finding {
    let decision = Decision {
        state,
        ground: None,
        reason: "heard it".to_owned(),
        by: "Ann Reviewer".to_owned(),
        at: "2026-11-23T19:12:34Z".to_owned(),
        basis,
    };
    let span = Span {
        item_start_seconds: 0.0,
        item_end_seconds: 10.0,
        recording_start_seconds: 5.0,
        recording_end_seconds: 15.0,
    };
    Finding {
        recording_path: "/masters/1.flac".to_owned(),
        title: "Night Train".to_owned(),
        artist: "The Harbour".to_owned(),
        isrc: "GBABC2400001".to_owned(),
        false_alarm_probability: 1e-30,
        score: 10.0,
        item_coverage: 0.5,
        recording_coverage: 0.5,
        tiers: vec![Tier::Sound],
        spans: vec![span],
        finding_id: "f-0123456789abcdef".to_owned(),
        decision: Some(decision),
        ..Finding::unheard("rec-1".to_owned(), verdict)
    }
}

fn item(locator: &str) -> ItemFacts {
    facts(locator, &"ab".repeat(32))
}

fn accepted() -> Finding {
    finding(DecisionState::Accepted, Basis::Item, Verdict::Match)
}

fn offer() -> Offer {
    Offer { roots: vec!["/dump".into()], ..Offer::default() }
}

#[test]
fn only_findings_that_a_person_accepted_in_that_very_item_may_be_noticed() {
    assert_eq!(may_be_noticed(&accepted()), Ok(()));
    for state in [DecisionState::Dismissed, DecisionState::Deferred] {
        let other = finding(state, Basis::Item, Verdict::Match);
        assert_eq!(may_be_noticed(&other), Err(LeftOut::NotAccepted));
    }
    let undecided = Finding { decision: None, ..accepted() };
    assert_eq!(may_be_noticed(&undecided), Err(LeftOut::NotAccepted));
    for basis in [Basis::Bytes, Basis::Sound] {
        let elsewhere = finding(DecisionState::Accepted, basis, Verdict::Match);
        assert_eq!(may_be_noticed(&elsewhere), Err(LeftOut::AcceptedElsewhere));
    }
    let permitted = finding(DecisionState::Accepted, Basis::Item, Verdict::Permitted);
    assert_eq!(may_be_noticed(&permitted), Err(LeftOut::Permitted));
    let item = item("/dump/a.mp3");
    assert!(
        drafts(NoticeKind::Host, &Particulars::default(), &offer(), [(&item, &permitted)])
            .is_empty()
    );
}

#[test]
fn a_draft_has_every_element_of_both_laws_and_blanks_for_unknown_facts() {
    let (item, finding) = (item("/dump/a%20b.mp3"), accepted());
    for kind in [NoticeKind::Host, NoticeKind::Hub] {
        let drafts = drafts(kind, &Particulars::default(), &offer(), [(&item, &finding)]);
        let text = &drafts[0].markdown;
        for element in ["(i)", "(ii)", "(iii)", "(iv)", "(v)", "(vi)"] {
            assert!(text.contains(&format!("512(c)(3)(A){element}")), "{element}");
        }
        for element in ["(a) and (b)", "16(2)(c)", "16(2)(d)"] {
            assert!(text.contains(element), "{element}");
        }
        for missing in [
            "name of the recipient",
            "physical or electronic signature",
            "name of the owner of the rights",
            "e-mail address",
            "postal address",
            "telephone number",
        ] {
            assert!(text.contains(&format!("[to be filled in: {missing}]")), "{missing}");
        }
        assert!(
            text.starts_with("# DRAFT")
                && text.contains("Night Train")
                && text.contains("a%20b.mp3")
        );
        assert!(text.contains("[ ] I have a good-faith belief"), "nobody believes in advance");
        assert!(!text.contains("Ann Reviewer"), "notices are published");
        assert!(drafts[0].html.contains("<mark>[to be filled in: name of the recipient]</mark>"));
    }
}

#[test]
fn each_recipient_is_told_the_place_in_its_own_terms() {
    let who = Particulars::default();
    let cell = item("/dump/data/shard.parquet!~3.17.audio");
    let finding = accepted();
    let asked = Offer {
        url: "https://host.example/files/".into(),
        repository: "someone/songs".into(),
        revision: "abc123".into(),
        ..offer()
    };
    let host = &drafts(NoticeKind::Host, &who, &asked, [(&cell, &finding)])[0].markdown;
    assert!(host.contains("https://host.example/files/data/shard.parquet\n"), "{host}");
    let hub = &drafts(NoticeKind::Hub, &who, &asked, [(&cell, &finding)])[0].markdown;
    for told in ["someone/songs", "abc123", "data/shard.parquet", "row group 3, row 17"] {
        assert!(hub.contains(told), "{told}: {hub}");
    }
    let torrent = |hash: &str| {
        let facts = serde_json::json!({
            "locator": "", "info_hash": hash, "info_hash_v2": "", "name": "Dump", "file": "Dump/a.mp3",
            "integrity": "verified", "verified_bytes": 1,
        });
        ItemFacts { torrent: serde_json::from_value(facts).unwrap(), ..item("/dump/a.mp3") }
    };
    let (one, two, none) = (torrent("aa11"), torrent("bb22"), item("/dump/x.mp3"));
    let all = [(&one, &finding), (&two, &finding), (&one, &finding), (&none, &finding)];
    let found = drafts(NoticeKind::TorrentIndex, &who, &asked, all);
    let told: Vec<_> =
        found.iter().map(|draft| (draft.name.as_str(), draft.findings.len())).collect();
    assert_eq!(told, [("notice-torrent-aa11", 2), ("notice-torrent-bb22", 1)]);
    assert!(found[0].markdown.contains("aa11") && !found[0].markdown.contains("bb22"));
}

#[test]
fn a_draft_says_what_the_finding_claims_and_the_numbers_of_it() {
    let finding = Finding {
        relation: Some(Relation::Excerpt),
        explained: Some(Explained {
            recording_share: 0.94,
            item_share: 0.91,
            elsewhere_share: 0.27,
            others_share: 0.0,
            measures: None,
        }),
        ..accepted()
    };
    let (who, item) = (Particulars::default(), item("/dump/a.mp3"));
    let text = &drafts(NoticeKind::Host, &who, &offer(), [(&item, &finding)])[0].markdown;
    assert!(text.contains("* What it is: excerpt: 0:10.0 of the recording (50 %)"), "{text}");
    assert!(text.contains("* Measured: where the two are aligned, 94 % of the"), "{text}");
}

#[test]
fn hostile_text_is_no_markup_in_a_draft() {
    let text = || HOSTILE.to_owned();
    let hostile = Finding { title: text(), artist: text(), isrc: text(), ..accepted() };
    let who = Particulars { name: text(), email: text(), ..Particulars::default() };
    let asked = Offer { recipient: text(), ..offer() };
    let draft = &drafts(NoticeKind::Host, &who, &asked, [(&item("/dump/a.mp3"), &hostile)])[0];
    assert!(!draft.html.contains("<script") && !draft.html.contains('\u{202E}'));
    assert!(!draft.markdown.contains("<script") && !draft.markdown.contains("](http"));
    assert!(draft.html.contains("&lt;script&gt;"));
}

#[test]
fn the_drafts_about_a_run_are_of_its_accepted_findings_and_say_what_was_left_out() {
    use crate::record::fixtures::record_of;
    use crate::results::ResultStore;
    use crate::results::fixtures::{keep, key};
    use crate::review::{NewDecision, Recorder, ReviewQueue};
    let home = tempfile::tempdir().unwrap();
    let found = |id: &str, verdict| Finding {
        finding_id: format!("f-{id}"),
        decision: None,
        ..finding(DecisionState::Accepted, Basis::Item, verdict)
    };
    let records = [
        ("/d/a", "aaaaaa", found("1111", Verdict::Match)),
        ("/d/b", "bbbbbb", found("2222", Verdict::Match)),
        ("/d/c", "cccccc", found("3333", Verdict::Permitted)),
        // The same bytes as the first.
        ("/d/d", "aaaaaa", found("4444", Verdict::Match)),
    ];
    let records = records.map(|(path, sha256, found)| record_of(facts(path, sha256), vec![found]));
    let mut store = ResultStore::open(home.path()).unwrap();
    keep(&mut store, &key(&["/d"]), records.to_vec(), true);
    let queue = ReviewQueue::open(home.path(), None).unwrap();
    let drafted =
        |kind| draft_run(&queue, kind, &Particulars::default(), &offer(), &Notices::default());
    let none = drafted(NoticeKind::Host).unwrap_err();
    assert!(none.is_usage());
    assert!(none.to_string().starts_with("run 1 has no accepted finding to draft a notice about;"));

    let decision = NewDecision {
        state: Some(DecisionState::Accepted),
        ground: None,
        reason: "leak".into(),
        by: "Ann".into(),
    };
    let entries = queue.find_all(&["1111", "3333"]).unwrap();
    let decisions: Vec<_> = entries.iter().map(|entry| (entry, &decision)).collect();
    queue.decide(&decisions, &Recorder { who: "Eve".into(), at: 0 }).unwrap();
    let Drafted { drafts, findings, left_out, .. } = drafted(NoticeKind::Host).unwrap();
    assert_eq!((drafts.len(), drafts[0].findings.as_slice(), findings), (1, &[0][..], 1));
    let told = &drafts[0].markdown;
    assert!(told.contains("aaaaaa") && !told.contains("bbbbbb"), "{told}");
    let reasons = [LeftOut::NotAccepted, LeftOut::AcceptedElsewhere, LeftOut::Permitted];
    assert_eq!(left_out.into_iter().collect::<Vec<_>>(), reasons.map(|why| (why, 1)));
    let none = drafted(NoticeKind::TorrentIndex).unwrap_err();
    assert!(none.is_usage());
    assert_eq!(
        none.to_string(),
        "none is in a torrent whose .torrent file was found beside it, of 1 accepted finding of run 1"
    );
}
