//! One leaf column of a Parquet table in one row group, read record by record.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parquet::column::reader::ColumnReaderImpl;
use parquet::data_type::DataType;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::RowGroupReader;

use super::super::table::Load;
use super::guard::Guarded;

/// A leaf column in one row group.
pub(super) struct Leaf<T: DataType> {
    reader: ColumnReaderImpl<T>,
    /// Values of the pages that were read for the current record; only for a column of lists.
    in_record: Option<Arc<AtomicU64>>,
    definitions: Vec<i16>,
    repetitions: Vec<i16>,
    values: Vec<T::T>,
}

impl<T: DataType> Leaf<T> {
    pub(super) fn new(rows: &dyn RowGroupReader, leaf: usize, load: &Load) -> Result<Self> {
        let column = rows.metadata().column(leaf).column_descr_ptr();
        let values = (column.max_rep_level() > 0).then(Arc::<AtomicU64>::default);
        let pages = rows.get_column_page_reader(leaf)?;
        let pages = Guarded {
            pages,
            load: load.clone(),
            values: values.clone(),
            max_levels: [column.max_rep_level(), column.max_def_level()],
        };
        let reader = ColumnReaderImpl::new(column, Box::new(pages));
        let in_record = values;
        let (definitions, repetitions, values) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self { reader, in_record, definitions, repetitions, values })
    }

    /// The values of the next record; empty if it is null.
    pub(super) fn next(&mut self) -> Result<&[T::T]> {
        if let Some(values) = &self.in_record {
            values.store(0, Ordering::Relaxed);
        }
        self.definitions.clear();
        self.repetitions.clear();
        self.values.clear();
        let levels = (Some(&mut self.definitions), Some(&mut self.repetitions));
        let (records, ..) = self.reader.read_records(1, levels.0, levels.1, &mut self.values)?;
        if records == 0 {
            return Err(ParquetError::EOF("a column ends before its rows do".to_owned()));
        }
        Ok(&self.values)
    }
}
