//! What goes wrong with a store, and what is told of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use leakhound::record::{FailureKind, Verdict};

use crate::Site;
use crate::common::dumps::clips;
use crate::common::{records, tar};
use crate::server::{Server, Trouble};

const SCAN: [&str; 5] = ["scan", "--no-ffmpeg", "--mode", "identity", "s3://b/dump"];

fn site() -> Site {
    let site = Site::new();
    for (name, bytes) in clips(8, 0) {
        site.desk.write(format!("dump/{name}"), &bytes);
    }
    site.desk.write("dump/z.tar", &tar(&clips(4, 20)));
    site.upload();
    site
}

#[test]
fn errors_that_pass_change_nothing_in_what_is_found() {
    let site = site();
    site.run(SCAN).ends_with(1);
    let expected = (site.digest(), site.records());
    let count = AtomicU32::new(0);
    let troubles = [
        Trouble::Error(503, "SlowDown"),
        Trouble::Cut(1_000),
        Trouble::Error(500, "InternalError"),
        Trouble::Short(100),
        Trouble::Html(502),
        Trouble::Cut(0),
    ];
    site.server.fails(move |_| {
        // Every third request, and never the one that repeats it.
        let number = count.fetch_add(1, Ordering::Relaxed);
        number.is_multiple_of(3).then(|| troubles[number as usize / 3 % troubles.len()].clone())
    });
    // Taken over, nothing would be read.
    let fresh = [&SCAN[..], &["--max-depth", "7"]].concat();
    let told = site.run(fresh).ends_with(1).stdout;
    assert!(told.contains(" of them again"), "{told}");
    site.server.is_well();
    assert_eq!(site.records(), expected.1);
}

#[test]
fn a_store_that_answers_late_is_asked_again() {
    let site = site();
    let late = AtomicU32::new(0);
    site.server.fails(move |request| {
        let is_first = !request.is_listing() && late.fetch_add(1, Ordering::Relaxed) < 2;
        is_first.then_some(Trouble::Slow(Duration::from_millis(2_500)))
    });
    let scan = site.command(SCAN).env("LEAKHOUND_S3_TIMEOUT", "1").output().unwrap();
    let told = crate::common::Done::of(scan).ends_with(1).stdout;
    assert!(told.contains(" of them again"), "{told}");
}

#[test]
fn credentials_that_expire_stop_the_scan_in_one_line_and_the_same_command_goes_on() {
    let site = site();
    site.run(SCAN).ends_with(1);
    let expected = (site.digest(), site.records());
    let left = Arc::new(AtomicU32::new(12));
    let granted = Arc::clone(&left);
    site.server.fails(move |request| {
        let is_old = request.signer() == "OLD";
        let is_spent = granted.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| {
            n.checked_sub(u32::from(is_old))
        });
        (is_old && is_spent.is_err()).then_some(Trouble::Error(400, "ExpiredToken"))
    });
    let args = [&["--home", "other"], &SCAN[..]].concat();
    site.run(["--home", "other", "catalog", "add", "masters"]).ends_with(0);
    let told = site.command(&args).env("AWS_ACCESS_KEY_ID", "OLD").output().unwrap();
    crate::common::Done::of(told).ends_with(4).says_in_one_line(&["have expired", "renew them"]);
    assert_eq!(left.load(Ordering::Relaxed), 0);
    let told = site.run(&args).ends_with(1).stdout;
    assert!(told.contains("run 1 of"), "it goes on with the run: {told}");
    let report = site.desk.run(["--home", "other", "report", "--format", "jsonl", "--out", "-"]);
    assert_eq!(report.ends_with(0).stdout.replace("s3://b/dump", "DUMP"), expected.1);
}

#[test]
fn an_object_that_cannot_be_read_is_one_row_with_its_remedy_and_the_others_are_scanned() {
    let site = site();
    site.server.fails(|request| match request.key.as_str() {
        "dump/d/000.wav" => Some(Trouble::Error(403, "AccessDenied")),
        "dump/d/001.wav" => Some(Trouble::Error(404, "NoSuchKey")),
        "dump/d/002.wav" => Some(Trouble::Error(412, "PreconditionFailed")),
        "dump/d/003.wav" => Some(Trouble::Error(403, "InvalidObjectState")),
        "dump/d/004.wav" => Some(Trouble::Error(500, "InternalError")),
        "dump/z.tar" => Some(Trouble::Cut(10)),
        _ => None,
    });
    site.run(SCAN).ends_with(1);
    let rows = records(&site.desk.jsonl());
    assert_eq!(rows.len(), 9);
    for (at, words) in [
        (0, "allow s3:GetObject"),
        (1, "not there any more"),
        (2, "changed since it was listed"),
        (3, "restore it"),
        (4, "500 InternalError"),
        (8, "cut off"),
    ] {
        let failure = rows[at].failure.as_ref().unwrap_or_else(|| panic!("{:#?}", rows[at]));
        assert_eq!(failure.kind, FailureKind::Io, "{failure:?}");
        assert!(failure.message.contains(words), "{failure:?}");
        assert!(!failure.message.contains("medium"), "{failure:?}");
    }
    assert_eq!(rows[6].verdict, Verdict::Match, "{:#?}", rows[6]);
    // They are tried again, and the rest is not.
    site.server.is_well();
    let told = site.run(SCAN).ends_with(1).stdout;
    assert!(told.contains("3 items unchanged"), "{told}");
    assert!(records(&site.desk.jsonl()).iter().all(|row| row.failure.is_none()));
}

#[test]
fn a_store_that_stops_answering_stops_scan_and_unit_and_nothing_is_taken_for_read() {
    let site = site();
    site.run([
        "plan",
        "--no-ffmpeg",
        "--mode",
        "identity",
        "s3://b/dump",
        "--out",
        "plan",
        "--units",
        "2",
    ])
    .ends_with(0);
    let listings = Arc::new(AtomicU32::new(0));
    let asked = Arc::clone(&listings);
    site.server.fails(move |request| {
        let fails = request.is_listing() && asked.fetch_add(1, Ordering::Relaxed) > 1;
        fails.then_some(Trouble::Error(500, "InternalError"))
    });
    site.run(["work", "plan", "--unit", "1"]).ends_with(4).says_in_one_line(&["500 InternalError"]);
    assert!(!site.desk.path("plan/parts/000/part-0000001.done").exists());
    listings.store(0, Ordering::Relaxed);
    site.run(SCAN).ends_with(4).says_in_one_line(&["500 InternalError", "repeat the command"]);
    site.server.fails(|request| (!request.is_listing()).then_some(Trouble::Error(503, "SlowDown")));
    site.run(SCAN).ends_with(3);
    site.server.is_well();
    site.run(SCAN).ends_with(1);
    site.run(["work", "plan", "--unit", "0-1"]).ends_with(0);
    site.run(["merge", "plan"]).ends_with(1);
}

#[test]
fn what_was_named_wrongly_is_one_line_with_the_remedy() {
    let site = site();
    let line = |args: &[&str], code: i32, words: &[&str]| {
        site.run(args).ends_with(code).says_in_one_line(words);
    };
    line(&["scan", "s3://none/dump"], 2, &["s3://none/dump", "no bucket none"]);
    line(&["scan", "s3://b/nothing"], 2, &["s3://b/nothing"]);
    line(&["scan", "s3://"], 2, &["names no object", "s3://BUCKET/KEY"]);
    line(&["query", "s3://b/nothing"], 2, &["s3://b/nothing"]);
    line(&["work", "s3://b/plan", "--unit", "0"], 2, &["there is no plan in s3://b/plan"]);
    line(&["query", "dump", "--catalogue", "s3://b/x.pack"], 4, &["s3://b/x.pack"]);
    let bare = |name: &str| {
        let mut command = site.command(["scan", "s3://b/dump"]);
        command.env_remove(name);
        crate::common::Done::of(command.output().unwrap())
    };
    bare("AWS_ACCESS_KEY_ID").ends_with(4).says_in_one_line(&["no credentials", "AWS_PROFILE"]);
    let mut command = site.command(["scan", "s3://b/dump"]);
    command.env("AWS_ENDPOINT_URL_S3", "localhost:9000");
    let told = crate::common::Done::of(command.output().unwrap());
    told.ends_with(4).says_in_one_line(&["is no address", "https://HOST"]);
    let mut command = site.command(["scan", "s3://b/dump"]);
    command.env("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1");
    let told = crate::common::Done::of(command.output().unwrap());
    told.ends_with(4).says_in_one_line(&["does not answer", "AWS_ENDPOINT_URL_S3"]);
}

#[test]
fn only_the_named_endpoint_and_bucket_are_asked_whatever_a_dump_says() {
    let site = site();
    let other = Server::new();
    other.put("b", "dump/x.wav", "theirs");
    site.server.put("other", "dump/x.wav", "theirs");
    site.desk.write("dump/names.txt", b"s3://other/dump/x.wav https://example.com/x.wav\n");
    let rows = b"file_name,isrc\ns3://other/dump/x.wav,FRXXX0000001\n../../other/x,FRXXX0000001\n";
    site.desk.write("dump/metadata.csv", rows);
    site.upload();
    site.run(SCAN).ends_with(1);
    let requests = site.server.requests();
    assert!(requests.iter().all(|request| request.bucket == "b"), "{requests:#?}");
    assert!(
        requests.iter().all(|request| request.is_listing() || request.key.starts_with("dump/"))
    );
    assert!(requests.iter().all(|request| request.signer() == "AK"));
    let to = other.endpoint();
    site.server.fails(move |_| Some(Trouble::Redirect(to.clone())));
    site.run(SCAN).ends_with(4).says_in_one_line(&["another host"]);
    assert_eq!(other.requests(), []);
}
