//! The same dump by one machine and in units: every kind of container, and what belongs together across files.

use leakhound::source::ScanLimits;
use polars_arrow_format::ipc::CompressionType;

use super::assert_same;
use crate::common::arrow::{Shape, Table, audio};
use crate::common::parquet::{cells, shard};
use crate::common::rar::Rar;
use crate::common::{Desk, bz2, excerpt, gz, sevenz, song, tar, wav, xz, zip, zst};
use crate::segments;

/// Clips with and without a recording of the catalogue.
fn clips(count: u64, first: u64) -> Vec<(String, Vec<u8>)> {
    let clip = |number: u64| {
        let bytes = if number.is_multiple_of(3) {
            wav(excerpt(
                &song(1 + number % 2, 30),
                (number % 15) as f64,
                (number % 15) as f64 + 9.0,
            ))
        } else {
            wav(&song(1_000 + number, 5))
        };
        (format!("d/{number:03}.wav"), bytes)
    };
    (first..first + count).map(clip).collect()
}

fn arrow(files: &[(String, Vec<u8>)]) -> Table {
    let rows: Vec<_> =
        files.iter().map(|(name, bytes)| (Some(bytes.as_slice()), Some(name.as_str()))).collect();
    Table::stream(vec![vec![audio(Shape::Wide, &rows)]])
}

#[test]
fn a_dump_of_all_containers_in_units_is_the_run_of_one_machine() {
    let desk = Desk::with_songs(&[1, 2], 30);
    for (name, bytes) in clips(5, 0) {
        desk.write(format!("dump/folder/{name}"), &bytes);
    }
    desk.write("dump/01.tar", &tar(&clips(6, 10)));
    desk.write("dump/02.tgz", &gz(&tar(&clips(2, 20))));
    desk.write("dump/03.tbz", &bz2(&tar(&clips(1, 30))));
    desk.write("dump/04.txz", &xz(&tar(&clips(1, 40))));
    desk.write("dump/05.tar.zst", &zst(&tar(&clips(2, 50))));
    desk.write("dump/06.zip", &zip(&clips(6, 60)));
    desk.write("dump/07.7z", &sevenz(&clips(2, 70), true));
    desk.write("dump/08.parquet", &cells(&clips(6, 80)));
    // A row without sound, a name without a file: said of the table as a whole.
    desk.write("dump/09.parquet", &shard());
    desk.write("dump/10.arrow", &arrow(&clips(2, 90)).write());
    let packed =
        Table { codec: Some(CompressionType::Zstd), is_file: true, ..arrow(&clips(2, 95)) };
    desk.write("dump/11.feather", &packed.write());
    let deep = [("in.zip", zip(&clips(2, 100))), ("in.parquet", cells(&clips(2, 110)))];
    desk.write("dump/12.zip", &zip(&deep));
    let sharded: Vec<_> = clips(6, 120)
        .into_iter()
        .flat_map(|(name, bytes)| {
            let said = name.replace("wav", "json");
            [(said, br#"{"isrc": "FRXXX0000001"}"#.to_vec()), (name, bytes)]
        })
        .collect();
    desk.write("dump/13-shard.tar", &tar(&sharded));
    let whole = zip(&clips(3, 140));
    for (number, part) in whole.chunks(whole.len().div_ceil(3)).enumerate() {
        desk.write(format!("dump/14.zip.{number:03}"), part);
    }
    // The same file twice, and a copy in a container.
    let (_, twin) = clips(1, 0).remove(0);
    desk.write("dump/twin.wav", &twin);
    desk.write("dump/twin-in.tar", &tar(&[("twin.wav", &twin)]));
    desk.write("dump/empty", b"");
    desk.write("dump/text.txt", b"no sound\n");
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
fn what_is_read_together_is_never_parted_by_units_or_sections() {
    let desk = Desk::with_songs(&[1, 2], 30);
    for (number, how) in segments::CUTS.into_iter().enumerate() {
        let mut files = segments::cut(&desk, &format!("dump/{number}"), how);
        for (name, _) in &mut files {
            *name = format!("d/{name}");
        }
        files.rotate_left(3);
        // Clips before and behind, in folders of their own, and between them in another.
        let mut all = [clips(3, 10), files, clips(2, 20)].concat();
        for (name, _) in &mut all[..3] {
            name.insert(0, 'a');
        }
        desk.write(format!("dump/{number}.tar"), &tar(&all));
        desk.write(format!("dump/{number}.zip"), &zip(&all));
        desk.write(format!("dump/{number}.tar.gz"), &gz(&tar(&all)));
    }
    let volumes = Rar::Five.volumes(&clips(4, 30), 200_000);
    let named = (1..).zip(volumes).map(|(number, bytes)| (format!("r/x.part{number}.rar"), bytes));
    desk.write("dump/volumes.tar", &tar(&[clips(3, 40), named.collect(), clips(3, 50)].concat()));
    let units = assert_same(&desk, ScanLimits::default(), &[1, 100_000, 400_000]);
    assert!(units[0] > 12, "{units:?}");
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
