//! Limits on the pages of a Parquet table.

use parquet::errors::ParquetError;

/// A page needs more memory than is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum OverLimit {
    #[error(
        "a page of {} MiB, and a page may take {} MiB of memory: allow more with --max-page",
        .bytes >> 20, .most >> 20
    )]
    PageBytes { bytes: u64, most: u64 },
    #[error("a page of {values} values, and a page may have {most}: allow more with --max-page")]
    PageValues { values: u64, most: u64 },
}

impl From<OverLimit> for ParquetError {
    fn from(error: OverLimit) -> Self {
        Self::External(Box::new(error))
    }
}

/// Whether a table is intact but not read here: a page is over a limit, or something is not implemented.
pub(super) fn is_unsupported(error: &ParquetError) -> bool {
    match error {
        ParquetError::External(error) => error.is::<OverLimit>(),
        ParquetError::NYI(_) => true,
        other => is_codec_missing(other),
    }
}

/// Whether pages are compressed in a way that this build of the crate leaves out, which it gives as text only.
fn is_codec_missing(error: &ParquetError) -> bool {
    matches!(error, ParquetError::General(what) if what.contains("Disabled feature at compile time"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use bytes::Bytes;
    use parquet::data_type::Int32Type;
    use parquet::file::reader::FileReader as _;
    use parquet::file::serialized_reader::SerializedFileReader;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;

    #[test]
    fn a_codec_that_is_not_built_in_is_told_from_damage() {
        let schema = parse_message_type("message m { required int32 numbers; }").unwrap();
        let mut file =
            SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::default()).unwrap();
        let mut rows = file.next_row_group().unwrap();
        let mut column = rows.next_column().unwrap().unwrap();
        column.typed::<Int32Type>().write_batch(&[1, 2], None, None).unwrap();
        column.close().unwrap();
        rows.close().unwrap();
        let mut bytes = file.into_inner().unwrap();
        // The codec of a column follows its path: field 4, a number, 0 for none and 4 for Brotli, which is not built in.
        let path = b"numbers\x15\x00";
        let at = bytes.windows(path.len()).rposition(|window| window == path).unwrap();
        bytes[at + path.len() - 1] = 2 * 4;
        let reader = SerializedFileReader::new(Bytes::from(bytes)).unwrap();
        let pages = reader.get_row_group(0).unwrap().get_column_page_reader(0);
        let Err(error) = pages else { panic!("Brotli is built in") };
        assert!(is_codec_missing(&error) && is_unsupported(&error), "{error}");
        assert!(!is_unsupported(&ParquetError::General("damage".into())));
        assert!(is_unsupported(&OverLimit::PageValues { values: 2, most: 1 }.into()));
    }
}
