//! Parquet: the columns of [`super::table`], typed; empty cells are null.
//!
//! Text is exact, as in the JSONL report: no program runs it. Rows are written in groups of bounded size.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use super::table::{COLUMNS, Cell, ColumnKind, cells, rows};
use super::{Format, ReportError, ReportWriter, RunSummary};
use crate::record::ItemRecord;

/// Most rows in a row group, which is kept in memory. A guess.
const GROUP_ROWS: usize = 65_536;

/// One column of a row group: its values that are not null, and for each row the definition level (0 is null, 1 is a value).
#[derive(Debug)]
enum Column {
    Text(Vec<ByteArray>, Vec<i16>),
    Whole(Vec<i64>, Vec<i16>),
    Decimal(Vec<f64>, Vec<i16>),
}

/// Writes the Parquet report.
pub struct ParquetWriter<W> {
    out: W,
    /// Writes to memory, which is copied to `out` after each group: the writer must be `Send`, and `out` may not be.
    file: Option<SerializedFileWriter<Vec<u8>>>,
    columns: Vec<Column>,
    rows: usize,
}

impl<W> std::fmt::Debug for ParquetWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetWriter").finish_non_exhaustive()
    }
}

impl<W: Write> ParquetWriter<W> {
    /// A writer to `out`.
    pub fn new(out: W) -> Self {
        Self { out, file: None, columns: empty(), rows: 0 }
    }

    fn push(&mut self, cell: &Cell, at: usize) {
        match (&mut self.columns[at], cell) {
            (Column::Text(values, there), Cell::Text(text)) => {
                values.push(text.as_bytes().to_vec().into());
                there.push(1);
            }
            (Column::Whole(values, there), Cell::Whole(count)) => {
                values.push(i64::try_from(*count).unwrap_or(i64::MAX));
                there.push(1);
            }
            (Column::Decimal(values, there), Cell::Decimal(value, _) | Cell::Small(value)) => {
                values.push(*value);
                there.push(1);
            }
            (Column::Text(_, there) | Column::Whole(_, there) | Column::Decimal(_, there), _) => {
                there.push(0);
            }
        }
    }

    fn flush_group(&mut self) -> Result<(), ParquetError> {
        let columns = std::mem::replace(&mut self.columns, empty());
        if std::mem::take(&mut self.rows) == 0 {
            return Ok(());
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        let mut group = file.next_row_group()?;
        for column in columns {
            let Some(mut writer) = group.next_column()? else { break };
            match column {
                Column::Text(values, there) => {
                    writer.typed::<ByteArrayType>().write_batch(&values, Some(&there), None)?;
                }
                Column::Whole(values, there) => {
                    writer.typed::<Int64Type>().write_batch(&values, Some(&there), None)?;
                }
                Column::Decimal(values, there) => {
                    writer.typed::<DoubleType>().write_batch(&values, Some(&there), None)?;
                }
            }
            writer.close()?;
        }
        group.close()?;
        file.flush()?;
        self.out.write_all(file.inner())?;
        file.inner_mut().clear();
        Ok(())
    }
}

fn empty() -> Vec<Column> {
    let column = |kind: ColumnKind| match kind {
        ColumnKind::Text => Column::Text(Vec::new(), Vec::new()),
        ColumnKind::Whole => Column::Whole(Vec::new(), Vec::new()),
        ColumnKind::Decimal => Column::Decimal(Vec::new(), Vec::new()),
    };
    COLUMNS.iter().map(|(_, kind)| column(*kind)).collect()
}

fn schema() -> Result<Type, ParquetError> {
    let field = |(name, kind): &(&str, ColumnKind)| {
        let (physical, logical) = match kind {
            ColumnKind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            ColumnKind::Whole => (Physical::INT64, None),
            ColumnKind::Decimal => (Physical::DOUBLE, None),
        };
        let built = Type::primitive_type_builder(name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical)
            .build()?;
        Ok(Arc::new(built))
    };
    let fields = COLUMNS.iter().map(field).collect::<Result<Vec<_>, ParquetError>>()?;
    Type::group_type_builder("findings").with_fields(fields).build()
}

fn failed(error: ParquetError) -> ReportError {
    let source = match error {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(io) => *io,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    };
    Format::Parquet.failed(source)
}

impl<W: Write> ReportWriter for ParquetWriter<W> {
    fn begin(&mut self, _summary: &RunSummary) -> Result<(), ReportError> {
        let properties = WriterProperties::builder()
            .set_created_by(concat!("leakhound ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .build();
        let schema = Arc::new(schema().map_err(failed)?);
        let file = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties));
        self.file = Some(file.map_err(failed)?);
        Ok(())
    }

    fn item(&mut self, record: &ItemRecord) -> Result<(), ReportError> {
        for finding in rows(record) {
            for (at, cell) in cells(record, finding).iter().enumerate() {
                self.push(cell, at);
            }
            self.rows += 1;
            if self.rows >= GROUP_ROWS {
                self.flush_group().map_err(failed)?;
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), ReportError> {
        self.flush_group().map_err(failed)?;
        if let Some(file) = self.file.take() {
            let rest = file.into_inner().map_err(failed)?;
            let written = self.out.write_all(&rest).and_then(|()| self.out.flush());
            written.map_err(|source| Format::Parquet.failed(source))?;
        }
        Ok(())
    }
}
