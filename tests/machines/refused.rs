//! Parts that do not make a plan whole are refused by name, and a machine that would make other records does not begin.

use std::fs;

use super::part_of;
use crate::common::{Desk, excerpt, song, wav, zip};

/// A plan all units of which are done, and the last unit.
fn done() -> (Desk, u64) {
    let desk = Desk::with_songs(&[1], 30);
    for number in 0..4_u64 {
        let from = number as f64;
        desk.write(format!("dump/{number}.wav"), &wav(excerpt(&song(1, 30), from, from + 12.0)));
    }
    desk.run(["plan", "dump", "--out", "plan", "--units", "4"]).ends_with(0);
    let lines = fs::read_to_string(desk.path("plan/units.jsonl")).unwrap();
    let last = lines.lines().count() as u64 - 1;
    desk.run(["work", "plan", "--unit", &format!("0-{last}")]).ends_with(0);
    (desk, last)
}

#[test]
fn parts_that_are_missing_doubled_foreign_or_damaged_are_refused_by_name() {
    let (desk, last) = done();
    assert!(last >= 2);
    let plan = desk.path("plan");
    let refused = |words: &[&str]| {
        desk.run(["merge", "plan"]).ends_with(4).says_in_one_line(words);
    };
    let mark = part_of(&plan, 1, ".done");
    let part = part_of(&plan, 1, ".zst");
    let (kept, whole) = (fs::read(&mark).unwrap(), fs::read(&part).unwrap());

    fs::remove_file(&mark).unwrap();
    refused(&["1 missing: units 1", "leakhound work"]);
    fs::write(&mark, &kept).unwrap();

    fs::write(&part, &whole[..whole.len() / 2]).unwrap();
    refused(&["1 damaged", "part-0000001-", "truncated", "again"]);
    let mut other = whole.clone();
    other[whole.len() / 2] ^= 1;
    fs::write(&part, &other).unwrap();
    refused(&["1 damaged", "part-0000001-"]);
    // Doing it again mends what was changed, cut or gone.
    desk.run(["work", "plan", "--unit", "1"]).ends_with(0);
    assert_eq!(fs::read(&part).unwrap(), whole);
    fs::remove_file(&part).unwrap();
    refused(&["1 damaged", "not there"]);
    desk.run(["work", "plan", "--unit", "1"]).ends_with(0);
    assert_eq!(fs::read(&part).unwrap(), whole);

    let text = String::from_utf8(kept.clone()).unwrap();
    fs::write(&mark, text.replacen("\"plan\":\"", "\"plan\":\"00", 1)).unwrap();
    refused(&["1 of another plan", "part-0000001.done"]);
    fs::write(&mark, text.replace("\"unit\":1", "\"unit\":2")).unwrap();
    refused(&["1 foreign", "the mark of unit 2"]);
    fs::write(&mark, "{}").unwrap();
    refused(&["1 damaged", "part-0000001.done"]);
    fs::write(&mark, &kept).unwrap();

    let beyond = mark.with_file_name("part-0000099.done");
    fs::write(&beyond, &kept).unwrap();
    fs::write(mark.with_file_name("notes.txt"), "x").unwrap();
    refused(&["2 foreign", "part-0000099.done", "notes.txt", "remove"]);
    fs::remove_file(beyond).unwrap();
    fs::remove_file(mark.with_file_name("notes.txt")).unwrap();

    desk.run(["work", "plan", "--unit", "2", "--parts", "elsewhere"]).ends_with(0);
    let both = ["merge", "plan", "--parts", "plan/parts", "--parts", "elsewhere"];
    desk.run(both).ends_with(4).says_in_one_line(&["1 doubled", "unit 2", "elsewhere"]);
    assert!(!desk.run(["runs"]).stdout.contains("complete"), "nothing of it is kept");

    // In two folders, each unit once.
    let there = desk.path("elsewhere/000");
    fs::remove_dir_all(&there).unwrap();
    fs::create_dir(&there).unwrap();
    for path in [&mark, &part] {
        fs::rename(path, there.join(path.file_name().unwrap())).unwrap();
    }
    desk.run(["plan", "status", "plan"]).ends_with(3);
    desk.run(both).ends_with(1);
}

#[test]
fn a_part_with_a_record_of_another_unit_is_refused() {
    let (desk, _) = done();
    let plan = desk.path("plan");
    // The part of unit 1 under the name, and with the header, of unit 2.
    let text = zstd::decode_all(&fs::read(part_of(&plan, 1, ".zst")).unwrap()[..]).unwrap();
    let text = String::from_utf8(text).unwrap().replacen("\"unit\":1,", "\"unit\":2,", 1);
    let packed = zstd::encode_all(text.as_bytes(), 3).unwrap();
    let digest = leakhound::base::digest(text.as_bytes());
    let path = part_of(&plan, 2, ".zst");
    fs::write(path.with_file_name(format!("part-0000002-{}.jsonl.zst", &digest[..16])), &packed)
        .unwrap();
    let mark = part_of(&plan, 2, ".done");
    let mut said: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&mark).unwrap()).unwrap();
    said["sha256"] = digest.into();
    said["bytes"] = packed.len().into();
    fs::write(&mark, said.to_string()).unwrap();
    desk.run(["merge", "plan"]).ends_with(4).says_in_one_line(&["another unit", "unit 2"]);
}

#[test]
fn a_plan_that_was_changed_and_a_machine_that_differs_are_refused() {
    let (desk, _) = done();
    let read = |name: &str| fs::read_to_string(desk.path(name)).unwrap();
    for name in ["plan/plan.json", "plan/units.jsonl", "plan/units.index"] {
        let kept = fs::read(desk.path(name)).unwrap();
        let mut changed = kept.clone();
        let at = changed.len() / 2;
        changed[at] ^= 1;
        fs::write(desk.path(name), changed).unwrap();
        desk.run(["merge", "plan"]).ends_with(4).says_in_one_line(&["damaged"]);
        fs::write(desk.path(name), kept).unwrap();
    }
    let newer = read("plan/plan.json").replace("\"plan_version\":2", "\"plan_version\":9");
    desk.write("newer/plan.json", newer.as_bytes());
    desk.run(["work", "newer", "--unit", "0"]).ends_with(4).says_in_one_line(&["version 9"]);
    desk.run(["work", "gone", "--unit", "0"]).ends_with(2).says_in_one_line(&["no plan in gone"]);

    // The same again is the same plan; another one does not take its place.
    desk.run(["plan", "dump", "--out", "plan", "--units", "4"]).ends_with(0);
    desk.run(["plan", "status", "plan"]).ends_with(0);
    let other = desk.run(["plan", "dump", "--out", "plan", "--units", "2"]).ends_with(2);
    other.says_in_one_line(&["another plan", "another folder"]);

    desk.master(2, 30);
    desk.run(["catalog", "add", "masters"]).ends_with(0);
    let words = ["differs", "the catalogue", "catalog pack"];
    desk.run(["work", "plan", "--unit", "0"]).ends_with(4).says_in_one_line(&words);
    desk.run(["merge", "plan"]).ends_with(4).says_in_one_line(&words);
}

#[test]
fn files_that_were_changed_are_told_and_a_container_in_sections_is_refused() {
    let desk = Desk::with_songs(&[1], 30);
    let clips: Vec<_> = (0..6_u64).map(|n| (format!("{n}.wav"), wav(&song(100 + n, 20)))).collect();
    desk.write("dump/a.wav", &wav(&song(200, 5)));
    desk.write("dump/big.zip", &zip(&clips));
    desk.run(["plan", "dump", "--out", "plan", "--unit-size", "1"]).ends_with(0);
    let lines = fs::read_to_string(desk.path("plan/units.jsonl")).unwrap();
    assert!(lines.contains("\"container\":\"zip\""), "{lines}");
    desk.write("dump/a.wav", &wav(&song(201, 6)));
    let told = desk.run(["work", "plan", "--unit", "0"]).ends_with(0).stdout;
    assert!(told.contains("changed since they were planned"), "{told}");
    let told = desk.run(["plan", "status", "plan"]).ends_with(3).stdout;
    assert!(told.contains("were changed since they were planned: units 0"), "{told}");
    desk.write("dump/big.zip", &zip(&clips[..5]));
    let words = ["big.zip", "changed since it was planned", "plan again"];
    desk.run(["work", "plan", "--unit", "1"]).ends_with(4).says_in_one_line(&words);
    assert!(!desk.path("plan/parts/000/part-0000001.done").exists());
}

#[test]
fn a_plan_or_parts_inside_the_dump_are_refused() {
    let desk = Desk::with_songs(&[1], 30);
    desk.write_wav("dump/clip.wav", excerpt(&song(1, 30), 3.0, 17.0));
    for out in ["dump", "dump/plan/new"] {
        let refused = desk.run(["plan", "dump", "--out", out]).ends_with(2);
        refused.says_in_one_line(&["lies in the dump", "outside"]);
    }
    desk.run(["plan", "dump", "--out", "plan"]).ends_with(0);
    let work = ["work", "plan", "--unit", "0", "--parts", "dump/parts"];
    desk.run(work).ends_with(2).says_in_one_line(&["lies in the dump", "outside"]);
    assert_eq!(fs::read_dir(desk.path("dump")).unwrap().count(), 1);
}
