//! Arrow tables as streams and files: sound in a cell is found as in a file, and a table that contradicts itself has a row.

mod cells;
mod damage;
mod limits;

use leakhound::record::ItemRecord;
use polars_arrow_format::ipc::{CompressionType, Message, MessageHeader, MetadataVersion};

use crate::common::arrow::{Array, Shape, Table, audio, texts};
use crate::common::{Desk, Seen, excerpt, leads_back, records, song, wav};

const SHAPES: [Shape; 3] = [Shape::Narrow, Shape::Wide, Shape::Views];
const CODECS: [Option<CompressionType>; 3] =
    [None, Some(CompressionType::Lz4Frame), Some(CompressionType::Zstd)];

fn scan(desk: &Desk, path: &str) -> Vec<ItemRecord> {
    desk.run(["scan", path]);
    records(&desk.jsonl())
}

/// Two batches of three rows: a clip, a name without a file, null; then three clips.
fn shard(shape: Shape) -> Table {
    let clip = |seed, from| wav(excerpt(&song(seed, 30), from, from + 14.0));
    let (a, b, c, d) = (clip(1, 3.0), clip(2, 5.0), clip(9, 0.0), clip(1, 9.0));
    let ids = |ids: [&str; 3]| texts("video_id", shape, &ids.map(Some));
    let first = audio(shape, &[(Some(&a), Some("a.wav")), (None, Some("b.wav")), (None, None)]);
    let second = audio(shape, &[(Some(&b), Some("c.wav")), (Some(&c), None), (Some(&d), None)]);
    Table::stream(vec![
        vec![ids(["id0", "id1", "id2"]), first],
        vec![ids(["id3", "id4", "id5"]), second],
    ])
}

/// Small cells of bytes that are not sound.
fn small(rows: usize) -> Vec<Array> {
    let cells: Vec<Vec<u8>> = (0..rows).map(|row| vec![row as u8 + 1; 1_000]).collect();
    let cells: Vec<_> = cells.iter().map(|cell| (Some(cell.as_slice()), Some("x"))).collect();
    vec![audio(Shape::Narrow, &cells)]
}

/// Checks that every item is found again by the text of its locator.
fn lead_back(seen: &Seen) {
    for item in &seen.items {
        leads_back(item);
    }
}

fn message(header: MessageHeader, body_length: i64) -> Message {
    Message {
        version: MetadataVersion::V5,
        header: Some(header),
        body_length,
        custom_metadata: None,
    }
}
