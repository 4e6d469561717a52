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
    max_definition: i16,
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
        let max_definition = column.max_def_level();
        let reader = ColumnReaderImpl::new(column, Box::new(pages));
        let in_record = values;
        let (definitions, repetitions, values) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self { reader, in_record, max_definition, definitions, repetitions, values })
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

    /// For each value of the last record, its place among the entries of the list that the record is, nulls counted.
    pub(super) fn places(&self) -> Vec<usize> {
        if self.definitions.is_empty() {
            return (0..self.values.len()).collect();
        }
        let is_value = |(_, definition): &(usize, &i16)| **definition == self.max_definition;
        self.definitions.iter().enumerate().filter(is_value).map(|(place, _)| place).collect()
    }

    /// Where the inner lists of the last record begin among its values, if it is a list of lists.
    pub(super) fn inner_lists(&self) -> Vec<usize> {
        let (mut starts, mut values) = (Vec::new(), 0);
        for (place, repetition) in self.repetitions.iter().enumerate() {
            if *repetition < 2 {
                starts.push(values);
            }
            let definition = self.definitions.get(place);
            values += usize::from(definition.is_none_or(|&given| given == self.max_definition));
        }
        starts
    }
}
