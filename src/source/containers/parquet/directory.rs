//! The directory (footer) of a table: its length, whether it can be believed, and the columns that it states.

use std::io::{self, Read as _, Seek as _};

use parquet::basic::{ConvertedType, LogicalType, Type};
use parquet::schema::types::ColumnDescriptor;

use super::thrift::Header;
use crate::bytes::Bytes;
use crate::source::containers::columns::{self, Form};

/// Length of the directory in bytes, which stands before the magic number at the end of the file.
pub(super) fn footer_bytes(bytes: &Bytes) -> io::Result<u64> {
    let mut reader = bytes.open_stored()?;
    let mut end = [0; 8];
    let cut = || io::Error::new(io::ErrorKind::UnexpectedEof, "its directory is missing");
    let at = reader.length().checked_sub(8).ok_or_else(cut)?;
    reader.seek(io::SeekFrom::Start(at))?;
    reader.read_exact(&mut end)?;
    let [a, b, c, d, mark @ ..] = end;
    if !matches!(&mark, b"PAR1" | b"PARE") {
        return Err(cut());
    }
    Ok(u64::from(u32::from_le_bytes([a, b, c, d])))
}

/// Validates the directory, so that no list in it is longer than the file.
pub(super) fn look_through(bytes: &Bytes, footer_bytes: u64) -> io::Result<()> {
    let cut = || io::Error::new(io::ErrorKind::UnexpectedEof, "its directory is missing");
    let mut reader = bytes.open_stored()?;
    let at = reader.length().checked_sub(8 + footer_bytes).ok_or_else(cut)?;
    reader.seek(io::SeekFrom::Start(at))?;
    Header::new(io::BufReader::new(reader), footer_bytes)
        .each_number(&mut |_, _| {})
        .map_err(|error| io::Error::other(format!("its directory: {error}")))
}

pub(super) fn leaves<D: AsRef<ColumnDescriptor>>(descriptors: &[D]) -> Vec<columns::Leaf> {
    let leaf = |descriptor: &D| {
        let descriptor = descriptor.as_ref();
        let form = match descriptor.physical_type() {
            Type::BYTE_ARRAY if is_text(descriptor) => Form::Text,
            Type::BYTE_ARRAY => Form::Bytes,
            Type::FLOAT | Type::DOUBLE => Form::Float,
            Type::INT32 | Type::INT64 => Form::Whole,
            Type::FIXED_LEN_BYTE_ARRAY
                if descriptor.logical_type_ref() == Some(&LogicalType::Float16) =>
            {
                Form::Float
            }
            Type::FIXED_LEN_BYTE_ARRAY if descriptor.type_length() >= columns::MIN_FIXED_BYTES => {
                Form::Fixed
            }

            _ => Form::Other,
        };
        let path: Vec<_> = descriptor.path().parts().iter().map(|p| p.as_str().into()).collect();
        let lists: usize = descriptor.max_rep_level().unsigned_abs().into();
        // A list names its values `list.element` or the like.
        let inside = 2 * lists.min(path.len().saturating_sub(1) / 2);
        columns::Leaf { path, form, lists, inside }
    };
    descriptors.iter().map(leaf).collect()
}

fn is_text(leaf: &ColumnDescriptor) -> bool {
    let logical = leaf.logical_type_ref();
    matches!(logical, Some(LogicalType::String | LogicalType::Json | LogicalType::Enum))
        || matches!(
            leaf.converted_type(),
            ConvertedType::UTF8
                | ConvertedType::JSON
                | ConvertedType::ENUM
                | ConvertedType::DECIMAL
        )
}
