//! The session: the library's front door says and keeps what the program does.

use std::sync::atomic::Ordering;

use leakhound::matching::verdict::VerdictConfig;
use leakhound::record::Verdict;
use leakhound::report::Format;
use leakhound::results::ChoiceError;
use leakhound::scan::Progress;
use leakhound::session::{Session, SessionError, Settings};

use crate::common::{Desk, excerpt, song};

/// Settings without an outside ffmpeg, at a time that stands still.
fn settings() -> Settings {
    Settings { ffmpeg: false, threads: 2, clock: || 1_795_461_154, ..Settings::default() }
}

#[test]
fn a_session_reports_byte_for_byte_what_the_program_reports() {
    let desk = Desk::with_songs(&[1, 2], 40);
    desk.write_wav("dump/clip.wav", excerpt(&song(1, 40), 10.0, 22.0));
    let session = Session::with_settings(desk.path("home"), settings()).unwrap();
    let end = session.scan(&[desk.path("dump")], &mut |_: &Progress| {}).unwrap();
    assert!(!end.stopped && session.counts(&end.run).unwrap().matched == 1);
    for format in [Format::Jsonl, Format::Csv, Format::Html] {
        let mut written = Vec::new();
        session.report(Some(end.run.run_id), format, &mut written).unwrap();
        let word = format.as_str();
        let name = format!("report.{word}");
        desk.run(["report", "--format", word, "--out", &name]).ends_with(0);
        assert!(written == std::fs::read(desk.path(&name)).unwrap(), "{word}");
    }
}

#[test]
fn a_query_answers_as_a_scan_does_and_keeps_nothing() {
    let desk = Desk::with_songs(&[1, 2], 40);
    let clip = desk.write_wav("dump/clip.wav", excerpt(&song(2, 40), 5.0, 17.0));
    let session = Session::with_settings(desk.path("home"), settings()).unwrap();
    let [record] = session.query(&clip).unwrap().try_into().unwrap();
    assert_eq!((record.verdict, record.findings.len()), (Verdict::Match, 1));
    assert!(matches!(session.run(None), Err(SessionError::Choice(ChoiceError::NoRun))));
}

#[test]
fn a_scan_that_was_stopped_goes_on_with_its_run() {
    let desk = Desk::with_songs(&[1], 40);
    desk.write_wav("dump/clip.wav", excerpt(&song(1, 40), 10.0, 22.0));
    let stopped = Session::with_settings(desk.path("home"), settings()).unwrap();
    stopped.stop_flag().store(true, Ordering::Relaxed);
    let end = stopped.scan(&[desk.path("dump")], &mut |_: &Progress| {}).unwrap();
    assert!(end.stopped);
    let session = Session::with_settings(desk.path("home"), settings()).unwrap();
    let whole = session.scan(&[desk.path("dump")], &mut |_: &Progress| {}).unwrap();
    assert_eq!((whole.stopped, whole.run.run_id), (false, end.run.run_id));
}

#[test]
fn what_cannot_be_asked_is_told_from_what_failed() {
    let desk = Desk::new();
    let verdict = VerdictConfig { match_below: 1e-2, suspect_below: 1e-3 };
    let crossed = Session::with_settings(desk.path("home"), Settings { verdict, ..settings() });
    assert!(crossed.is_err_and(|error| error.is_usage()));
    let session = Session::with_settings(desk.path("home"), settings()).unwrap();
    let missing = session.scan(&[desk.path("nowhere")], &mut |_: &Progress| {}).unwrap_err();
    assert!(missing.is_usage() && missing.to_string().contains("nowhere"), "{missing}");
    let empty = session.scan(&[desk.path("dump")], &mut |_: &Progress| {}).unwrap_err();
    assert!(!empty.is_usage() && empty.to_string().contains("catalog add"), "{empty}");
    let unknown = session.report(Some(7), Format::Csv, &mut Vec::new()).unwrap_err();
    assert!(unknown.is_usage() && unknown.to_string().contains("no run 7"), "{unknown}");
}
