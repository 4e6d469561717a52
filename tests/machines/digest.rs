//! The same dump by one machine and in units: every kind of container, and what belongs together across files.

use leakhound::source::ScanLimits;

use super::assert_same;
use crate::common::dumps::{clips, write_all_containers};
use crate::common::{Desk, zip};

#[test]
fn a_dump_of_all_containers_in_units_is_the_run_of_one_machine() {
    let desk = Desk::with_songs(&[1, 2], 30);
    write_all_containers(&desk);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/nowhere", desk.path("dump/broken")).unwrap();
        std::os::unix::fs::symlink("twin.wav", desk.path("dump/link.wav")).unwrap();
        std::os::unix::fs::symlink("folder", desk.path("dump/link")).unwrap();
    }
    let units = assert_same(&desk, ScanLimits::default(), &[150_000, 500_000, 1 << 40]);
    assert!(units[0] > 30 && units[1] > 8 && units[2] == 1, "{units:?}");
}

#[test]
fn metadata_beside_files_is_found_from_every_unit_of_its_folder() {
    let desk = Desk::with_songs(&[1], 30);
    let entry = "isrc,title,artist\nFRXXX0000001,One,The Seeds\n";
    desk.write("delivery.csv", entry.as_bytes());
    desk.run(["catalog", "import", "delivery.csv"]).ends_with(0);
    let mut rows = "file_name,isrc\n".to_owned();
    for (number, (name, bytes)) in clips(8, 0).into_iter().enumerate() {
        desk.write(format!("dump/set/{name}"), &bytes);
        if number % 2 == 0 {
            rows += &format!("{name},FRXXX0000001\n");
        }
    }
    desk.write("dump/set/metadata.csv", rows.as_bytes());
    let units = assert_same(&desk, ScanLimits::default(), &[60_000, 1_000_000]);
    assert!(units[0] > 3, "{units:?}");
}

#[cfg(feature = "torrent")]
#[test]
fn the_files_of_a_torrent_are_compared_with_it_in_every_unit() {
    for version in ["v1", "v2", "hybrid"] {
        let desk = crate::torrents::shared(version);
        desk.write("dump/zebra.txt", b"the last\n");
        let units = assert_same(&desk, ScanLimits::default(), &[1, 100_000, 400_000]);
        assert!(units[0] > 4, "{units:?}");
        let told = super::scanned(&desk, ScanLimits::default());
        assert!(told.records.contains("\"integrity\":\"verified\""), "{}", told.records);
    }
}

#[test]
fn files_that_are_named_one_by_one_are_planned_as_they_are_scanned() {
    let desk = Desk::with_songs(&[1, 2], 30);
    for (name, bytes) in clips(6, 0) {
        desk.write(format!("dump/{name}"), &bytes);
    }
    desk.write("dump/01.zip", &zip(&clips(6, 60)));
    let names = ["dump/01.zip", "dump/d/003.wav", "dump/d/000.wav", "dump/d"];
    let scan = [&["scan", "--mode", "identity"][..], &names].concat();
    desk.run(scan).ends_with(1);
    let expected = desk.jsonl();
    let plan = [&["plan", "--mode", "identity", "--units", "9", "--out", "plan"][..], &names];
    desk.run(plan.concat()).ends_with(0);
    desk.run(["work", "plan", "--unit", "0-3"]).ends_with(0);
    let left = desk.run(["plan", "status", "plan", "--json"]).ends_with(3).stdout;
    let left: serde_json::Value = serde_json::from_str(&left).unwrap();
    let last = left["units"].as_u64().unwrap() - 1;
    assert_eq!(left["missing"], format!("4-{last}"));
    desk.run(["work", "plan", "--unit", &format!("2-{last}")]).ends_with(0);
    desk.run(["plan", "status", "plan"]).ends_with(0);
    desk.run(["merge", "plan"]).ends_with(1);
    assert_eq!(desk.jsonl(), expected);
}
