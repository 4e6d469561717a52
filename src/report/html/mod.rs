//! HTML: one self-contained page for people who do not use a terminal.
//!
//! The page loads nothing from a network, and its content security policy forbids it: only the one style and the one script that
//! the policy names by their digests may be used. Summary, charts, failures and the first findings need no script. All findings
//! are in the page as JSON (`data.rs`), which the scripts in `page/` sort, filter, group and show; they add text to the page as
//! text, never as markup.
//!
//! Findings are written as they come; failures are kept until the end. Both have limits, given below: the page counts what is
//! beyond a limit and says which report has it. So memory is bounded for a run of any length.

pub(super) mod across;
mod charts;
mod data;
mod rows;
mod shown;
mod spread;
mod view;

use std::collections::BTreeMap;
use std::io::{self, Write};

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::base::thousands;
use crate::record::{Finding, ItemRecord, Relation, Verdict};
use crate::wording::plural;

pub use self::data::sheet;

use self::data::Data;
use self::rows::{FailureGroup, FailureLine, PlainRow};
use self::shown::Shown;
use self::view::{Foot, Head, Plain, Run, unlisted};
use super::noticed::Noticed;
use super::summary::is_not_audio;
use super::{Counts, Format, ReportError, ReportWriter, RunSummary};

/// Style shared by this page and the review page: colours, fonts, small parts, and the sheet of a finding.
macro_rules! shared_style {
    () => {
        concat!(include_str!("page/base.css"), include_str!("page/sheet.css"))
    };
}
/// Script shared by this page and the review page: makes the sheet of a finding, with its pictures, from the JSON of [`sheet`].
macro_rules! shared_script {
    () => {
        concat!(
            include_str!("page/finding.js"),
            include_str!("page/draw.js"),
            include_str!("page/evidence.js")
        )
    };
}

/// Style sheet (CSS) for the sheet of a finding.
pub const SHEET_STYLE: &str = shared_style!();
/// Script (JavaScript statements) for the sheet of a finding, to be put before the statements that use it:
/// `sheetOf(findingOf(piece, piece.rows[0], piece.details[0]), id)` is the element, where `piece` is the JSON of [`sheet`].
pub const SHEET_SCRIPT: &str = shared_script!();

const STYLE: &str = concat!(
    shared_style!(),
    include_str!("page/style.css"),
    include_str!("page/findings.css"),
    include_str!("page/print.css")
);
/// The files of the script, in one scope of their own.
const SCRIPT: &str = concat!(
    "'use strict';\n(() => {\n",
    shared_script!(),
    include_str!("page/data.js"),
    include_str!("page/list.js"),
    include_str!("page/page.js"),
    "})();\n"
);

/// Most findings on a page. A guess: at about 1 kB each, and as much again for pictures, browsers still open the page
/// (`scripts/page-speed` measures how fast).
const MAX_FINDINGS: u64 = 250_000;
/// Most findings in the table that needs no script. A guess.
const MAX_PLAIN_FINDINGS: usize = 200;
/// Most failures listed of each kind. A guess.
const MAX_LISTED_FAILURES: usize = 200;
/// Most notices listed. A guess.
const MAX_LISTED_NOTICES: usize = 500;
/// Most files listed that are not audio. A guess.
const MAX_LISTED_NOT_AUDIO: usize = 2_000;

/// Writes the HTML report.
#[derive(Debug)]
pub struct HtmlWriter<W> {
    out: W,
    run: Option<(Counts, Run)>,
    seen: Counts,
    plain: Vec<PlainRow>,
    is_plain_written: bool,
    data: Data,
    /// Most findings on the page.
    most: u64,
    failures: BTreeMap<String, (u64, Vec<FailureLine>)>,
    not_audio: Vec<Shown>,
    noticed: Noticed,
}

impl<W: Write> HtmlWriter<W> {
    /// A writer to `out`, which should be buffered.
    pub fn new(out: W) -> Self {
        Self {
            out,
            run: None,
            seen: Counts::EMPTY,
            plain: Vec::new(),
            is_plain_written: false,
            data: Data::default(),
            most: MAX_FINDINGS,
            failures: BTreeMap::new(),
            not_audio: Vec::new(),
            noticed: Noticed::default(),
        }
    }

    /// A writer of a page with at most `most` findings.
    #[cfg(test)]
    pub(super) fn holding(out: W, most: u64) -> Self {
        Self { most, ..Self::new(out) }
    }

    fn finding(&mut self, number: u64, record: &ItemRecord, finding: &Finding) -> io::Result<()> {
        if self.plain.len() < MAX_PLAIN_FINDINGS {
            self.plain.push(PlainRow::new(record, finding));
        }
        if number >= self.most {
            return Ok(());
        }
        if let Some(piece) = self.data.push(record, finding) {
            self.plain_table()?;
            self.out.write_all(piece.as_bytes())?;
        }
        Ok(())
    }

    /// Writes the table that needs no script, once: before the first piece of data, or at the end.
    fn plain_table(&mut self) -> io::Result<()> {
        let Some((counts, run)) = self.run.as_ref().filter(|_| !self.is_plain_written) else {
            return Ok(());
        };
        self.is_plain_written = true;
        let more = counts.findings.saturating_sub(self.plain.len() as u64);
        let unlisted = (more > 0).then(|| plural(more, "more is", "more are"));
        Plain { run, rows: &self.plain, unlisted }.write_into(&mut self.out)?;
        self.out.write_all(b"\n")
    }

    /// Keeps an item that could not be compared, for its section at the end of the page.
    fn failure(&mut self, record: &ItemRecord) {
        if is_not_audio(record) {
            if self.not_audio.len() < MAX_LISTED_NOT_AUDIO {
                self.not_audio.push(Shown::new(&record.item.path));
            }
            return;
        }
        let kind = record.failure.as_ref().map_or("unknown", |failure| failure.kind.as_str());
        let (count, listed) = self.failures.entry(kind.to_owned()).or_default();
        *count += 1;
        if listed.len() < MAX_LISTED_FAILURES {
            listed.push(FailureLine::new(record));
        }
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
        let foot = Foot {
            run,
            listed: thousands(self.most),
            unlisted: (self.seen.findings > self.most).then(|| thousands(self.seen.findings)),
            notices: self
                .noticed
                .rows()
                .take(MAX_LISTED_NOTICES)
                .map(|row| row.iter().map(|cell| Shown::new(cell)).collect())
                .collect(),
            notices_head: Noticed::COLUMNS.map(capital).to_vec(),
            notices_unlisted: unlisted(self.noticed.len() as u64, MAX_LISTED_NOTICES),
            failures: &failures,
            not_audio: &self.not_audio,
            not_audio_unlisted,
            relations: Relation::ALL
                .map(|relation| (relation.as_str().replace('_', " "), relation.describe()))
                .to_vec(),
            script: SCRIPT,
        };
        foot.write_into(&mut self.out)
    }

    fn rest(&mut self) -> io::Result<()> {
        self.plain_table()?;
        let rest = self.data.rest();
        self.out.write_all(rest.as_bytes())
    }
}

impl<W: Write> ReportWriter for HtmlWriter<W> {
    fn begin(&mut self, summary: &RunSummary) -> Result<(), ReportError> {
        let run = Run::new(summary);
        let head = Head::new(&run, &summary.counts.tally, policy(), STYLE);
        let written = head.write_into(&mut self.out);
        self.run = Some((summary.counts.clone(), run));
        written.map_err(|source| Format::Html.failed(source))
    }

    fn item(&mut self, record: &ItemRecord) -> Result<(), ReportError> {
        let before = self.seen.findings;
        self.seen.add(record);
        self.noticed.add(record);
        if record.verdict == Verdict::Failed {
            self.failure(record);
        }
        (before..)
            .zip(&record.findings)
            .try_for_each(|(number, finding)| self.finding(number, record, finding))
            .map_err(|source| Format::Html.failed(source))
    }

    fn end(&mut self) -> Result<(), ReportError> {
        let failed = |source| Format::Html.failed(source);
        self.rest().map_err(failed)?;
        let Some((counts, run)) = self.run.take() else { return Ok(()) };
        self.foot(&run).and_then(|()| self.out.flush()).map_err(failed)?;
        if counts.agrees_with(&self.seen) {
            return Ok(());
        }
        let records = Box::new(std::mem::take(&mut self.seen));
        Err(ReportError::CountsDisagree { summary: Box::new(counts), records })
    }
}

/// A text with its first letter in upper case.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The digest of a style or script, as a policy names it.
fn digest(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text))
}

/// The content security policy: the page may use this style and run this script, and nothing else.
fn policy() -> String {
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'",
        digest(STYLE),
        digest(SCRIPT)
    )
}
