//! Evidence of a run: manifests, their verification, and findings repeated from the original bytes.

use std::fs;

use leakhound::base::digest;
use leakhound::provenance::Manifest;
use leakhound::record::ItemRecord;

use crate::common::{Desk, excerpt, faster, records, song, tar, wav};

/// A desk with one run: a match, one that was sped up, one in an archive, a clear item and a failure.
fn scanned() -> Desk {
    let desk = Desk::with_songs(&[1, 2], 20);
    fill(&desk, "dump");
    desk.run(["scan", "dump"]).ends_with(1);
    desk
}

fn fill(desk: &Desk, folder: &str) {
    desk.write_wav(format!("{folder}/clip.wav"), excerpt(&song(1, 20), 4.0, 14.0));
    desk.write_wav(format!("{folder}/fast.wav"), &faster(&song(2, 20), 1.12));
    desk.write_wav(format!("{folder}/other.wav"), &song(98, 10));
    desk.write(format!("{folder}/empty.flac"), b"");
    let inner = wav(excerpt(&song(2, 20), 2.0, 12.0));
    desk.write(format!("{folder}/pack.tar"), &tar(&[("a/inner.wav", &inner)]));
}

fn manifest(desk: &Desk, run: &str) -> Manifest {
    let text = desk.run(["manifest", run, "--out", "-"]).ends_with(0).stdout;
    Manifest::parse(&text).unwrap()
}

/// The id of the only finding in an item.
fn finding_in(records: &[ItemRecord], ending: &str) -> String {
    let record = crate::common::record(records, ending);
    assert_eq!(record.findings.len(), 1, "{record:#?}");
    record.findings[0].finding_id.clone()
}

/// Changes the results without the program.
fn tamper(desk: &Desk, sql: &str) {
    tamper_with(desk, "home", sql);
}

fn tamper_with(desk: &Desk, home: &str, sql: &str) {
    let database = rusqlite::Connection::open(desk.path(home).join("results.sqlite")).unwrap();
    database.execute_batch(sql).unwrap();
}

const NO_MANIFEST: &str = "DROP TRIGGER manifests_are_never_taken_away; DELETE FROM manifests";

#[test]
fn a_run_leaves_a_manifest_whose_digest_is_that_of_its_file() {
    let desk = scanned();
    let done = desk.run(["manifest", "--out", "m.json"]).ends_with(0);
    let file = fs::read(desk.path("m.json")).unwrap();
    assert_eq!(done.stdout, format!("m.json (run 1)\nSHA-256 {}\n", digest(&file)));
    let Manifest { content, run, .. } = manifest(&desk, "1");
    let counts = content.counts;
    assert_eq!(
        (counts.seen, counts.decoded, counts.matched, counts.clear, counts.failed),
        (5, 4, 3, 1, 1)
    );
    assert_eq!(content.failures["empty"], 1);
    let pack = fs::read(desk.path("dump/pack.tar")).unwrap();
    assert_eq!(content.containers[0].path, "0/pack.tar");
    assert_eq!(content.containers[0].sha256, digest(&pack));
    assert_eq!((run.run_id, run.previous), (1, None));
    assert!(run.started <= run.ended && run.ended.ends_with('Z'), "{} {}", run.started, run.ended);
    assert_eq!(run.program_sha256.len(), 64);
}

#[test]
fn the_same_dump_and_catalogue_have_the_same_content_in_other_homes_and_folders_at_other_thread_counts()
 {
    let desk = scanned();
    let other = Desk::new();
    for seed in [2, 1] {
        let master = other.master(seed, 20);
        let elsewhere = other.path(format!("elsewhere/{seed}.wav"));
        fs::create_dir_all(elsewhere.parent().unwrap()).unwrap();
        fs::rename(master, elsewhere).unwrap();
    }
    other.run(["catalog", "add", "elsewhere"]).ends_with(0);
    fill(&other, "other/place");
    let scan = ["--threads", "1", "--operator", "Another", "scan", "other/place"];
    other.run(scan).ends_with(1);
    let (here, there) = (manifest(&desk, "1"), manifest(&other, "1"));
    assert_eq!(here.content, there.content);
    assert_eq!(here.content_digest, there.content_digest);
    assert_eq!(there.run.operator, "Another");
    // Another dump, another content.
    other.write_wav("other/place/more.wav", &song(97, 10));
    other.run(scan).ends_with(1);
    assert_ne!(manifest(&other, "2").content_digest, there.content_digest);
}

#[test]
fn two_homes_write_the_same_bytes_in_every_format_at_any_thread_count() {
    let desk = Desk::with_songs(&[1, 2], 20);
    fill(&desk, "dump");
    for seed in [2, 1] {
        let master = format!("masters/song-{seed}.wav");
        desk.run(["--home", "other", "catalog", "add", &master]).ends_with(0);
    }
    desk.run(["--threads", "3", "scan", "dump"]).ends_with(1);
    desk.run(["--home", "other", "--threads", "1", "--operator", "Another", "scan", "dump"])
        .ends_with(1);
    // Some formats contain the manifest's digest, which depends on the time and the operator.
    tamper_with(&desk, "home", NO_MANIFEST);
    tamper_with(&desk, "other", NO_MANIFEST);
    for format in ["html", "pdf", "xlsx", "csv", "jsonl", "parquet", "acrcloud", "text"] {
        let [here, there] = ["home", "other"].map(|home| {
            desk.run(["--home", home, "report", "--format", format, "--out", "r"]).ends_with(0);
            let bytes = fs::read(desk.path("r")).unwrap();
            // The first line of the text has the begin of the run.
            let begin = bytes.iter().position(|byte| *byte == b'\n').filter(|_| format == "text");
            bytes[begin.unwrap_or(0)..].to_vec()
        });
        assert!(here.len() > 200 && here == there, "{format}");
    }
}

#[test]
fn reports_of_the_same_files_in_other_places_differ_by_the_paths_alone() {
    let desk = scanned();
    let other = Desk::new();
    for seed in [1, 2] {
        let master = other.master(seed, 20);
        other.write(format!("elsewhere/song-{seed}.wav"), &fs::read(master).unwrap());
    }
    other.run(["catalog", "add", "elsewhere"]).ends_with(0);
    fill(&other, "other/place");
    other.run(["--threads", "1", "scan", "other/place"]).ends_with(1);
    let place = |desk: &Desk, name: &str| desk.path(name).to_str().unwrap().to_owned();
    for format in ["html", "csv", "jsonl", "acrcloud"] {
        let report = |desk: &Desk| {
            desk.run(["report", "--format", format, "--out", "-"]).ends_with(0).stdout
        };
        let there = report(&other)
            .replace(&place(&other, "other/place"), &place(&desk, "dump"))
            .replace(&place(&other, "elsewhere"), &place(&desk, "masters"));
        let here = report(&desk);
        // The catalogue's digest covers the paths of its recordings.
        let lines = |text: &str| -> Vec<String> {
            let lines = text.lines().filter(|line| !line.contains("recordings, digest"));
            lines.map(str::to_owned).collect()
        };
        let (here, there) = (lines(&here), lines(&there));
        assert_eq!(here.len(), there.len(), "{format}");
        for (here, there) in here.iter().zip(&there) {
            assert_eq!(here, there, "{format}");
        }
    }
}

#[test]
fn each_manifest_names_the_one_before_and_an_honest_run_is_verified() {
    let desk = scanned();
    desk.write_wav("dump/new.wav", &song(97, 10));
    desk.run(["scan", "dump"]).ends_with(1);
    let first = desk.run(["manifest", "1", "--out", "1.json"]).ends_with(0).stdout;
    let second = manifest(&desk, "2");
    let previous = second.run.previous.unwrap();
    assert_eq!(previous.run_id, 1);
    assert!(first.contains(&previous.digest));
    assert_eq!(second.run.taken_over, 5);
    let done = desk.run(["verify", "1", "--manifest", "1.json"]).ends_with(0);
    assert!(done.stdout.contains("byte for byte"), "{done:#?}");
    assert!(done.stdout.contains("link 1 of a whole chain of 2, 1 of them later"), "{done:#?}");
    assert!(done.stdout.contains("run 1 is as it was when it ended"), "{done:#?}");
    let done = desk.run(["verify", "--manifest", "1.json"]).ends_with(1);
    assert!(done.stdout.contains("WRONG   the file is not this manifest"), "{done:#?}");
}

#[test]
fn a_record_that_was_changed_or_removed_is_detected() {
    for sql in [
        "UPDATE outcomes SET record = replace(record, 'Song 1', 'Song 7')",
        "DELETE FROM outcomes WHERE verdict = 'clear'",
    ] {
        let desk = scanned();
        tamper(&desk, sql);
        let done = desk.run(["verify"]).ends_with(1);
        assert!(done.stdout.contains("WRONG   5 items: the records were changed"), "{done:#?}");
        assert!(done.stdout.ends_with("run 1 was changed\n"), "{done:#?}");
    }
}

#[test]
fn a_changed_manifest_breaks_the_chain_even_with_a_recomputed_digest() {
    let desk = scanned();
    desk.write_wav("dump/new.wav", &song(97, 10));
    desk.run(["scan", "dump"]).ends_with(1);
    let sealed = desk.run(["manifest", "1", "--out", "-"]).ends_with(0).stdout;
    let forged = sealed.replace("\"operator\":\"", "\"operator\":\"not ");
    let (was, is) = (digest(sealed.as_bytes()), digest(forged.as_bytes()));
    let off = "DROP TRIGGER manifests_are_never_changed;";
    let change = format!("UPDATE manifests SET document = '{forged}' WHERE run_id = 1;");
    tamper(&desk, &format!("{off}{change}"));
    let done = desk.run(["verify", "1"]).ends_with(1);
    assert!(done.stdout.contains("WRONG   the manifest was changed"), "{done:#?}");
    tamper(&desk, &format!("UPDATE manifests SET digest = '{is}' WHERE digest = '{was}'"));
    for run in ["1", "2"] {
        let done = desk.run(["verify", run]).ends_with(1);
        let told = "WRONG   the chain breaks at the manifest of run 2";
        assert!(done.stdout.contains(told), "{done:#?}");
    }
}

#[test]
fn a_finding_stands_when_its_bytes_are_found_at_any_place() {
    let desk = scanned();
    let found = records(&desk.jsonl());
    for (ending, place) in [
        ("clip.wav", "dump"),
        ("fast.wav", "dump/fast.wav"),
        ("inner.wav", "dump"),
        ("inner.wav", "dump/pack.tar"),
    ] {
        let id = finding_in(&found, ending);
        let done = desk.run(["recheck", &id, "--dump", place]).ends_with(0);
        assert!(done.stdout.contains("it stands, to the last digit"), "{done:#?}");
    }
    // Unpacked, moved and renamed.
    let id = finding_in(&found, "inner.wav");
    desk.write("copy/else.wav", &wav(excerpt(&song(2, 20), 2.0, 12.0)));
    let done = desk.run(["recheck", &id[..8], "--dump", "copy"]).ends_with(0);
    assert!(done.stdout.contains("copy/else.wav has the same SHA-256"), "{done:#?}");
}

#[test]
fn changed_or_missing_bytes_of_a_finding_are_reported() {
    let desk = scanned();
    let found = records(&desk.jsonl());
    let id = finding_in(&found, "clip.wav");
    let mut bytes = fs::read(desk.path("dump/clip.wav")).unwrap();
    bytes[1_000] ^= 1;
    desk.write("dump/clip.wav", &bytes);
    let done = desk.run(["recheck", &id, "--dump", "dump"]).ends_with(1);
    assert!(done.stdout.contains("the bytes differ: SHA-256"), "{done:#?}");
    fs::remove_file(desk.path("dump/clip.wav")).unwrap();
    let done = desk.run(["recheck", &id, "--dump", "dump"]).ends_with(3);
    assert!(done.stdout.contains("no item of this size and SHA-256"), "{done:#?}");
    let member = finding_in(&found, "inner.wav");
    desk.write("dump/pack.tar", &tar(&[("a/inner.wav", &wav(&song(98, 10)))]));
    let done = desk.run(["recheck", &member, "--dump", "dump"]).ends_with(1);
    assert!(done.stdout.contains("the bytes differ"), "{done:#?}");
    desk.run(["recheck", "f-0000000000000000", "--dump", "dump"])
        .ends_with(2)
        .says_in_one_line(&["no finding f-0000000000000000"]);
    desk.run(["recheck", "f-xyz", "--dump", "dump"])
        .ends_with(2)
        .says_in_one_line(&["not the id of a finding"]);
}

#[test]
fn a_finding_whose_recording_left_the_catalogue_does_not_stand() {
    let desk = scanned();
    let found = records(&desk.jsonl());
    let record = crate::common::record(&found, "clip.wav");
    let id = finding_in(&found, "clip.wav");
    desk.run(["catalog", "allow", "--hash", &record.item.sha256]).ends_with(0);
    let done = desk.run(["recheck", &id, "--dump", "dump"]).ends_with(1);
    assert!(done.stdout.contains("the catalogue has changed since the run"), "{done:#?}");
    assert!(done.stdout.contains("verdict was match, is permitted"), "{done:#?}");
    assert!(done.stdout.contains("standing was none, is licensed"), "{done:#?}");
    desk.run(["catalog", "remove", &record.findings[0].recording_id]).ends_with(0);
    let done = desk.run(["recheck", &id, "--dump", "dump"]).ends_with(1);
    assert!(done.stdout.contains("it does not stand: nothing is found in the item"), "{done:#?}");
}

#[test]
fn a_timestamp_token_is_kept_only_if_it_stamps_this_manifest() {
    let Ok(openssl) = std::process::Command::new("openssl").arg("version").output() else { return };
    assert!(openssl.status.success());
    let desk = scanned();
    desk.run(["manifest", "--out", "m.json"]).ends_with(0);
    desk.write("other.json", b"{}\n");
    desk.write(
        "tsa.cnf",
        b"[tsa]\ndefault_tsa=t\n[t]\nserial=serial\ndigests=sha256\ndefault_policy=1.2.3.4.1\n\
          signer_digest=sha256\ness_cert_id_alg=sha256\n",
    );
    desk.write("serial", b"01\n");
    let run = |args: &str| {
        let mut command = std::process::Command::new("openssl");
        let output = command.current_dir(desk.path("")).args(args.split(' ')).output().unwrap();
        assert!(output.status.success(), "{args}: {output:?}");
    };
    run("req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -days 2 -subj /CN=tsa \
         -addext extendedKeyUsage=critical,timeStamping");
    for name in ["m", "other"] {
        run(&format!("ts -query -data {name}.json -sha256 -cert -out {name}.tsq"));
        run(&format!(
            "ts -reply -config tsa.cnf -section t -queryfile {name}.tsq -signer c.pem -inkey k.pem \
             -out {name}.tsr"
        ));
    }
    desk.run(["manifest", "--attach-token", "other.tsr"])
        .ends_with(2)
        .says_in_one_line(&["other.tsr", "it is of another file"]);
    desk.run(["manifest", "--attach-token", "m.json"])
        .ends_with(2)
        .says_in_one_line(&["no token of a timestamp authority", "openssl ts"]);
    desk.run(["manifest", "--attach-token", "m.tsr"]).ends_with(0);
    let done = desk.run(["verify"]).ends_with(0);
    assert!(done.stdout.contains("right   timestamp token "), "{done:#?}");
    run("ts -verify -in m.tsr -data m.json -CAfile c.pem");
}

#[test]
fn a_run_without_a_manifest_is_reported_as_such() {
    let desk = scanned();
    tamper(&desk, NO_MANIFEST);
    desk.run(["verify", "1"]).ends_with(2).says_in_one_line(&["run 1 has no manifest", "scan"]);
    let id = finding_in(&records(&desk.jsonl()), "clip.wav");
    let done = desk.run(["recheck", &id, "--dump", "dump"]).ends_with(0);
    assert!(done.stdout.contains("the run has no manifest"), "{done:#?}");
}
