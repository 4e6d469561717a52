//! JSON Lines: the record of each item as `serde_json` writes it, on one line.
//!
//! This report is exact: nothing is rounded, shortened, or escaped beyond what JSON requires. It has no line about the run, so that
//! reports can be joined with `cat`.

use std::io::Write;

use crate::record::ItemRecord;

use super::{Format, ReportError, ReportWriter, RunSummary};

/// Writes the JSONL report.
#[derive(Debug)]
pub struct JsonlWriter<W> {
    out: W,
}

impl<W: Write> JsonlWriter<W> {
    /// A writer to `out`, which should be buffered.
    pub const fn new(out: W) -> Self {
        Self { out }
    }
}

impl<W: Write> ReportWriter for JsonlWriter<W> {
    fn begin(&mut self, _summary: &RunSummary) -> Result<(), ReportError> {
        Ok(())
    }

    fn item(&mut self, record: &ItemRecord) -> Result<(), ReportError> {
        serde_json::to_writer(&mut self.out, record)
            .map_err(std::io::Error::from)
            .and_then(|()| self.out.write_all(b"\n"))
            .map_err(|source| Format::Jsonl.failed(source))
    }

    fn end(&mut self) -> Result<(), ReportError> {
        self.out.flush().map_err(|source| Format::Jsonl.failed(source))
    }
}
