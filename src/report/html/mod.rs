//! HTML: one self-contained page for people who never saw a terminal.
//!
//! It asks for nothing from any network and its content policy forbids to; scripts only add search,
//! filter and sorting. Matches are written as they come. What has its own section further down is
//! kept until the end, within the limits below; what is beyond a limit is counted on the page, with
//! a word on where all of it is. So memory is bounded however long the run is.

mod timeline;
mod view;

use std::collections::BTreeMap;
use std::io::{self, Write};

use askama::Template;

use crate::record::{Finding, ItemRecord, Verdict};
use crate::text::thousands;

use self::view::{FailureGroup, FailureLine, FindingRow, Foot, Run, Shown, TableHead, unlisted};
use super::summary::is_not_audio;
use super::{Counts, Format, ReportError, ReportWriter, RunSummary};

const STYLE: &str = include_str!("../templates/style.css");
const SCRIPT: &str = include_str!("../templates/script.js");

/// Findings listed in each of the two tables. At about 4 kB each that is a page of 40 MB, and a
/// browser still opens it.
const LISTED_FINDINGS: u64 = 5_000;
/// Failures listed of each kind.
const LISTED_FAILURES: usize = 200;
/// Files listed that are no audio.
const LISTED_NOT_AUDIO: usize = 2_000;

/// Writes the HTML report.
#[derive(Debug)]
pub struct HtmlWriter<W> {
    out: W,
    run: Option<(Counts, Run)>,
    seen: Counts,
    matches: u64,
    suspects: u64,
    suspect_rows: String,
    permitted: u64,
    permitted_rows: String,
    failures: BTreeMap<String, (u64, Vec<FailureLine>)>,
    not_audio: Vec<Shown>,
}

impl<W: Write> HtmlWriter<W> {
    /// A writer to `out`, which should be buffered.
    pub const fn new(out: W) -> Self {
        Self {
            out,
            run: None,
            seen: Counts::EMPTY,
            matches: 0,
            suspects: 0,
            suspect_rows: String::new(),
            permitted: 0,
            permitted_rows: String::new(),
            failures: BTreeMap::new(),
            not_audio: Vec::new(),
        }
    }

    fn finding(&mut self, record: &ItemRecord, finding: &Finding) -> io::Result<()> {
        let row = FindingRow::new(record, finding);
        if finding.verdict == Verdict::Match {
            self.matches += 1;
            if self.matches == 1 {
                TableHead { caption: "Recordings of the catalogue found in the scanned items" }
                    .write_into(&mut self.out)?;
            }
            if self.matches <= LISTED_FINDINGS {
                row.write_into(&mut self.out)?;
            }
        } else if finding.verdict == Verdict::Permitted {
            self.permitted += 1;
            if self.permitted <= LISTED_FINDINGS {
                row.render_into(&mut self.permitted_rows).map_err(io::Error::other)?;
            }
        } else {
            self.suspects += 1;
            if self.suspects <= LISTED_FINDINGS {
                row.render_into(&mut self.suspect_rows).map_err(io::Error::other)?;
            }
        }
        Ok(())
    }

    /// Keeps an item that could not be compared for its section.
    fn failure(&mut self, record: &ItemRecord) {
        if is_not_audio(record) {
            if self.not_audio.len() < LISTED_NOT_AUDIO {
                self.not_audio.push(Shown::new(&record.item.path));
            }
            return;
        }
        let kind = record.failure.as_ref().map_or("unknown", |failure| &failure.kind);
        let (count, listed) = self.failures.entry(kind.to_owned()).or_default();
        *count += 1;
        if listed.len() < LISTED_FAILURES {
            listed.push(FailureLine::new(record));
        }
    }

    fn suspects_section(&mut self) -> io::Result<()> {
        self.out.write_all(include_bytes!("../templates/suspects.html"))?;
        if self.suspects > 0 {
            TableHead { caption: "Findings that a person has to look at" }
                .write_into(&mut self.out)?;
            self.out.write_all(self.suspect_rows.as_bytes())?;
        }
        let nothing = "Nothing was found that needs a second look.";
        close_table(&mut self.out, self.suspects, nothing)
    }

    /// What was found and is no infringement, if anything.
    fn permitted_section(&mut self) -> io::Result<()> {
        if self.permitted == 0 {
            return Ok(());
        }
        self.out.write_all(include_bytes!("../templates/permitted.html"))?;
        TableHead { caption: "Findings that are no infringement, as far as the catalogue tells" }
            .write_into(&mut self.out)?;
        self.out.write_all(self.permitted_rows.as_bytes())?;
        close_table(&mut self.out, self.permitted, "")
    }

    fn foot(&mut self, run: &Run) -> io::Result<()> {
        let mut groups: Vec<_> = std::mem::take(&mut self.failures).into_iter().collect();
        groups.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
        let failures: Vec<_> = groups
            .into_iter()
            .map(|(kind, (count, listed))| FailureGroup {
                kind: Shown::new(&kind.replace('_', " ")),
                count: thousands(count),
                unlisted: unlisted(count, listed.len()),
                listed,
            })
            .collect();
        let not_audio_unlisted = unlisted(self.seen.not_audio, self.not_audio.len());
        let not_audio = &self.not_audio;
        Foot { run, failures: &failures, not_audio, not_audio_unlisted, script: SCRIPT }
            .write_into(&mut self.out)
    }
}

impl<W: Write> ReportWriter for HtmlWriter<W> {
    fn begin(&mut self, summary: &RunSummary) -> Result<(), ReportError> {
        let run = Run::new(summary);
        let head = run.head(STYLE);
        self.run = Some((summary.counts.clone(), run));
        head.write_into(&mut self.out).map_err(|source| Format::Html.failed(source))
    }

    fn item(&mut self, record: &ItemRecord) -> Result<(), ReportError> {
        self.seen.add(record);
        if record.verdict == Verdict::Failed {
            self.failure(record);
        }
        record
            .findings
            .iter()
            .try_for_each(|finding| self.finding(record, finding))
            .map_err(|source| Format::Html.failed(source))
    }

    fn end(&mut self) -> Result<(), ReportError> {
        let Some((counts, run)) = self.run.take() else { return Ok(()) };
        let nothing = "No recording of the catalogue was found in the items that were read.";
        close_table(&mut self.out, self.matches, nothing)
            .and_then(|()| self.suspects_section())
            .and_then(|()| self.permitted_section())
            .and_then(|()| self.foot(&run))
            .and_then(|()| self.out.flush())
            .map_err(|source| Format::Html.failed(source))?;
        if counts.agrees_with(&self.seen) {
            return Ok(());
        }
        let records = Box::new(std::mem::take(&mut self.seen));
        Err(ReportError::CountsDisagree { summary: Box::new(counts), records })
    }
}

/// Ends a section of findings: its table, or a sentence if there is none.
fn close_table(out: &mut impl Write, findings: u64, nothing: &str) -> io::Result<()> {
    if findings == 0 {
        return writeln!(out, "<p class=\"nothing\">{nothing}</p>\n</section>");
    }
    out.write_all(b"</table>\n")?;
    if findings > LISTED_FINDINGS {
        let (listed, all) = (thousands(LISTED_FINDINGS), thousands(findings));
        writeln!(
            out,
            "<p class=\"more\">This page lists the first {listed} of {all}, in the order of their \
             paths. The CSV and JSONL reports hold all of them.</p>"
        )?;
    }
    out.write_all(b"</section>\n")
}
