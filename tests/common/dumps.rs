//! A dump of every kind of container, for what has to find the same in it by other ways.

use polars_arrow_format::ipc::CompressionType;

use super::arrow::{Shape, Table, audio};
use super::parquet::{cells, shard};
use super::{Desk, bz2, excerpt, gz, sevenz, song, tar, wav, xz, zip, zst};

/// Clips with and without a recording of the catalogue.
pub(crate) fn clips(count: u64, first: u64) -> Vec<(String, Vec<u8>)> {
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

/// Writes the dump of a desk whose catalogue has songs 1 and 2, of 30 s.
pub(crate) fn write_all_containers(desk: &Desk) {
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
}
