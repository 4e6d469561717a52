//! Parquet tables.

use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, FloatType, Int64Type};
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

use super::{excerpt, song, wav};

/// A struct of bytes and a path, as Hugging Face writes a column of sound, and other columns.
pub(crate) const FILES: &str = "message schema {
    optional binary video_id (STRING);
    optional group audio { optional binary bytes; optional binary path (STRING); }
}";

/// Samples in a struct, with their rate.
pub(crate) const FLOATS: &str = "message schema {
    optional group audio {
        optional binary path (STRING);
        optional group array (LIST) { repeated group list { optional float element; } }
        optional int64 sampling_rate;
    }
}";

/// Fills a row group, which it is given with its number.
pub(crate) type Group<'a> = &'a mut dyn FnMut(usize, &mut SerializedRowGroupWriter<'_, Vec<u8>>);

/// A table of this schema, whose row groups `write` fills.
pub(crate) fn table(schema: &str, groups: usize, write: Group<'_>) -> Vec<u8> {
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY);
    table_by(properties, schema, groups, write)
}

/// The same, written with these properties.
pub(crate) fn table_by(
    properties: WriterPropertiesBuilder,
    schema: &str,
    groups: usize,
    write: Group<'_>,
) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = Arc::new(properties.build());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, properties).unwrap();
    for group in 0..groups {
        let mut rows = writer.next_row_group().unwrap();
        write(group, &mut rows);
        rows.close().unwrap();
    }
    writer.into_inner().unwrap()
}

/// Writes the next column: values, and a definition level for each row.
pub(crate) fn column<T: parquet::data_type::DataType>(
    rows: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    values: &[T::T],
    definitions: &[i16],
    repetitions: Option<&[i16]>,
) {
    let mut column = rows.next_column().unwrap().unwrap();
    column.typed::<T>().write_batch(values, Some(definitions), repetitions).unwrap();
    column.close().unwrap();
}

/// The cells of a column of bytes.
pub(crate) fn binary(values: &[&[u8]]) -> Vec<ByteArray> {
    values.iter().map(|value| ByteArray::from(value.to_vec())).collect()
}

/// Two row groups of three rows: a clip, a name without a file, null; then three clips.
pub(crate) fn shard() -> Vec<u8> {
    let clip = |seed, from| wav(excerpt(&song(seed, 30), from, from + 14.0));
    table(FILES, 2, &mut |group, rows| {
        column::<ByteArrayType>(rows, &binary(&[b"id0", b"id1", b"id2"]), &[1, 1, 1], None);
        if group == 0 {
            column::<ByteArrayType>(rows, &binary(&[&clip(1, 3.0)]), &[2, 1, 0], None);
            column::<ByteArrayType>(rows, &binary(&[b"a.wav", b"b.wav"]), &[2, 2, 0], None);
        } else {
            let clips = [clip(2, 5.0), clip(9, 0.0), clip(1, 9.0)];
            let clips: Vec<&[u8]> = clips.iter().map(Vec::as_slice).collect();
            column::<ByteArrayType>(rows, &binary(&clips), &[2, 2, 2], None);
            column::<ByteArrayType>(rows, &binary(&[b"c.wav"]), &[2, 1, 1], None);
        }
    })
}

/// A table with a row for each of these files.
pub(crate) fn cells(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    table(FILES, 2, &mut |group, rows| {
        let half = files.len() / 2;
        let files = if group == 0 { &files[..half] } else { &files[half..] };
        let names: Vec<&[u8]> = files.iter().map(|(name, _)| name.as_bytes()).collect();
        let bytes: Vec<&[u8]> = files.iter().map(|(_, bytes)| bytes.as_slice()).collect();
        column::<ByteArrayType>(rows, &[], &vec![0; files.len()], None);
        column::<ByteArrayType>(rows, &binary(&bytes), &vec![2; files.len()], None);
        column::<ByteArrayType>(rows, &binary(&names), &vec![2; files.len()], None);
    })
}

/// A table of metadata: file names, and a word about each file.
pub(crate) fn metadata(rows_of: &[(&str, &str)]) -> Vec<u8> {
    let schema =
        "message schema { required binary file_name (STRING); required binary isrc (STRING); }";
    table(schema, rows_of.len(), &mut |group, rows| {
        let (name, word) = rows_of[group];
        for text in [name, word] {
            let mut column = rows.next_column().unwrap().unwrap();
            let values = binary(&[text.as_bytes()]);
            column.typed::<ByteArrayType>().write_batch(&values, None, None).unwrap();
            column.close().unwrap();
        }
    })
}

/// A table with one row of samples.
pub(crate) fn numbers() -> Vec<u8> {
    table(FLOATS, 1, &mut |_, rows| {
        column::<ByteArrayType>(rows, &binary(&[b"a"]), &[2], None);
        column::<FloatType>(rows, &[0.5, 0.25, 0.5], &[4, 4, 4], Some(&[0, 1, 1]));
        column::<Int64Type>(rows, &[8_000], &[2], None);
    })
}
