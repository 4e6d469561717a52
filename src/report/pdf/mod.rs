//! PDF for counsel: a summary, the works list, and one page of evidence for each of the first findings, numbered as exhibits.
//!
//! Matches come before suspects, each in the order of their paths; permitted findings are counted but have no page. Every page has
//! its number and the digest of the run's manifest. Text is set in Noto Sans (Latin, Greek and Cyrillic); characters that it lacks
//! are taken from the fonts that the user names. Of each font the characters used are embedded. Characters that no font has are
//! written as `‹U+65E5›`, and the summary says how many there are. Untrusted text is only drawn: the file has no script, link or
//! form. It has no date of writing either, so that equal runs and fonts give equal bytes.

pub(super) mod across;
mod document;
mod exhibit;
pub(super) mod fonts;
mod layout;
mod picture;
mod structure;
mod typeset;

use std::collections::BTreeMap;
use std::io::Write;

pub use self::fonts::{FontError, FontFile};

use self::document::Frame;
use self::fonts::Fonts;
#[cfg(test)]
use self::layout::Mark;
use self::layout::{GREY, INK, Layout};
use super::noticed::Noticed;
use super::works::Works;
use super::{Counts, Format, ReportError, ReportWriter, RunSummary};
use crate::base::thousands;
use crate::record::{Finding, ItemRecord, Verdict};
use crate::results::About;
use crate::wording::{clock, counted, share};

/// Most findings with a page of their own, unless the user asks for another number. A guess at what counsel reads.
pub const MAX_EXHIBITS: usize = 100;
/// Most rows of the works list; further recordings are counted. A guess.
const MAX_WORKS: usize = 1_000;
/// Columns of the works list: offset from the margin and width, in points.
const WORKS: [(f32, f32); 5] =
    [(0.0, 168.0), (168.0, 154.0), (322.0, 66.0), (388.0, 44.0), (432.0, 55.0)];
const WORKS_HEAD: [&str; 5] =
    ["Recording [ISRC]", "Label · release · UPC · ℗", "Registration", "Found in", "Exhibits"];
/// Most rows of the list of notices; further ones are counted. A guess.
const MAX_NOTICES: usize = 500;
/// Columns of the list of notices, likewise.
const NOTICES: [(f32, f32); 6] =
    [(0.0, 72.0), (72.0, 88.0), (160.0, 92.0), (252.0, 55.0), (307.0, 90.0), (397.0, 90.0)];
const NOTICES_HEAD: [&str; 6] =
    ["Notice", "Since, said by", "To, reference", "Findings", "Due", "Last look"];
/// Most exhibits listed in a row of the works list. A guess: three lines.
const MAX_NAMED_EXHIBITS: usize = 12;

/// Writes the PDF report.
#[derive(Debug)]
pub struct PdfWriter<W> {
    out: W,
    most: usize,
    fonts: Vec<FontFile>,
    missing: u64,
    summary: RunSummary,
    counts: Counts,
    works: Works,
    noticed: Noticed,
    /// The matches that may become exhibits, each with its item without findings.
    matches: Vec<(ItemRecord, Finding)>,
    /// The suspects that may become exhibits, likewise.
    suspects: Vec<(ItemRecord, Finding)>,
    /// Number of matches and suspects in all.
    findings: u64,
}

impl<W: Write> PdfWriter<W> {
    /// A writer to `out`, with pages for at most `most` findings.
    pub fn new(out: W, most: usize) -> Self {
        Self {
            out,
            most,
            fonts: Vec::new(),
            missing: 0,
            summary: RunSummary::default(),
            counts: Counts::default(),
            works: Works::default(),
            noticed: Noticed::default(),
            matches: Vec::new(),
            suspects: Vec::new(),
            findings: 0,
        }
    }

    /// Adds fonts for characters that Noto Sans lacks; the first that has a character is used.
    #[must_use]
    pub fn with_fonts(self, fonts: Vec<FontFile>) -> Self {
        Self { fonts, ..self }
    }

    /// Number of characters that no font has, each time they are drawn; known after the end.
    pub fn missing(&self) -> u64 {
        self.missing
    }

    /// Lays out all pages.
    fn pages<'f>(&mut self, fonts: &'f Fonts<'f>) -> Layout<'f> {
        let mut layout = Layout::new(fonts);
        let room = self.most.saturating_sub(self.matches.len());
        self.suspects.truncate(room);
        let exhibits = self.matches.len() + self.suspects.len();
        layout.page();
        self.cover(&mut layout, exhibits as u64);
        if self.works.lines().next().is_some() {
            self.works_list(&mut layout);
        }
        if self.noticed.len() > 0 {
            self.notices(&mut layout);
        }
        let all = self.matches.iter().chain(&self.suspects);
        for ((item, finding), number) in all.zip(1..) {
            exhibit::draw(&mut layout, number, item, finding);
        }
        self.missing = layout.missing;
        if self.missing > 0 {
            let text = format!(
                "{} characters of names and paths are in none of this document's fonts and are written as their Unicode numbers, such as \
                 ‹U+65E5›. The HTML and JSONL reports have the characters themselves.",
                thousands(self.missing)
            );
            layout.foot_note(&text);
        }
        layout
    }

    /// The text of all pages, for tests: one line for each mark, and an empty line after each page.
    #[cfg(test)]
    pub(super) fn drawn(&mut self) -> Result<String, String> {
        let named = self.fonts.clone();
        let fonts = Fonts::new(&named)?;
        let layout = self.pages(&fonts);
        let (count, frame) = (layout.pages.len(), self.frame());
        let mut text = String::new();
        for (marks, number) in layout.pages.iter().zip(1..) {
            let marks = marks.iter().map(|(_, mark)| mark);
            for mark in marks.chain(&frame.marks(&layout, number, count)) {
                if let Mark::Text { text: drawn, .. } = mark {
                    text += drawn;
                    text.push('\n');
                }
            }
            text.push('\n');
        }
        Ok(text)
    }

    /// The first page: what was scanned and found, how to read it, how it was made.
    fn cover(&self, layout: &mut Layout, exhibits: u64) {
        let (run, counts) = (&self.summary, &self.counts);
        layout.y += 6.0;
        layout.bookmark("Summary");
        layout.heading("Recordings of the catalogue found in a scan", 17.0);
        if !run.complete {
            layout.paragraph(
                "INCOMPLETE: the run was stopped before its end. This document covers only the items examined until then.",
                [0xA0, 0x1C, 0x1C],
            );
        }
        layout.subheading("What was scanned");
        layout.fact("Scanned", &run.roots.join(", "));
        layout.fact("Data set", &run.about.as_ref().map_or_else(String::new, About::describe));
        let audio = clock(counts.audio_seconds);
        layout.fact("Items", &format!("{}, {audio} of audio (h:mm:ss)", thousands(counts.items)));
        layout.fact(
            "Could not be read",
            &format!(
                "{}; these items were not compared. {} more are not audio.",
                thousands(counts.failed),
                thousands(counts.not_audio)
            ),
        );
        layout.subheading("What was found");
        layout.fact("Items with a match", &thousands(counts.matched));
        layout.fact(
            "Items with a suspect",
            &format!("{}, for a person to listen to", thousands(counts.suspect)),
        );
        layout.fact("Permitted only", &thousands(counts.permitted));
        layout.fact("Nothing found", &thousands(counts.clear));
        layout.fact("Findings by claim", &counts.claims());
        let of_all = counts.recordings_found as f64 / run.catalogue_recordings.max(1) as f64;
        layout.fact(
            "Recordings found",
            &format!(
                "{} of {} that were searched for ({})",
                thousands(counts.recordings_found),
                thousands(run.catalogue_recordings),
                share(of_all)
            ),
        );
        layout.fact(
            "Exhibits",
            &format!(
                "{} of {} {} a page of evidence here; the other reports have all of them",
                thousands(exhibits),
                counted(self.findings, "finding"),
                if exhibits == 1 { "has" } else { "have" }
            ),
        );
        layout.subheading("How to read it");
        layout.paragraph(
            "A match is sound that agrees with a recording of the catalogue better than coincidence explains. Each finding states the \
             chance that an item without any recording of the catalogue would score as high. This is an estimate from measurements, not a \
             guarantee. A suspect may be a match: a person has to listen to it. Whether a use infringes a right is for counsel to \
             decide: the rights shown are those that the label delivered to the catalogue; rights that were not delivered are not \
             shown.",
            INK,
        );
        layout.paragraph(
            "Each exhibit states what it claims: that the item is a copy or an excerpt of the recording, that the item contains it, that the \
             recording sounds under or over other sound, that the item has only some of its parts (a stem) or is another recording of \
             the same notes, or that both contain shared material, which does not show that the recording is used. The shares beside the \
             claim are of spectral peaks, the moments at which one pitch stands out. Shares that support a claim are rounded down, shares \
             that count against it up.",
            INK,
        );
        layout.subheading("How it was made");
        layout.fact("Run", &run.run_id);
        layout.fact("Program", &format!("leakhound {}, {} mode", run.tool_version, run.mode));
        layout.fact("Decoders", &run.decoders);
        layout.fact("Catalogue (SHA-256)", &run.catalogue_digest);
        layout.fact("Fingerprint settings", &run.fingerprint_digest);
        layout.fact("Manifest (SHA-256)", manifest(run));
        layout.paragraph(
            "The manifest lists tool, settings, catalogue, counts and the digest of all records. “leakhound verify” compares it with the \
             records; “leakhound recheck FINDING --dump PATH” repeats one finding from the original bytes.",
            GREY,
        );
    }

    /// The works list, from a new page on.
    fn works_list(&self, layout: &mut Layout) {
        layout.page();
        layout.bookmark("Works list");
        layout.heading("Works list", 14.0);
        layout.paragraph(
            "One row for each recording that was found. Found in: matches / suspects. Exhibits: pages of evidence in this document.",
            GREY,
        );
        layout.y += 8.0;
        let exhibits = self.exhibits_by_recording();
        let row = |(id, [name, about, registration, found]): (&str, [String; 4])| {
            let named = exhibits.get(id).map(Vec::as_slice).unwrap_or_default();
            let mut numbers: Vec<_> =
                named.iter().take(MAX_NAMED_EXHIBITS).map(ToString::to_string).collect();
            if named.len() > MAX_NAMED_EXHIBITS {
                numbers.push("…".to_owned());
            }
            vec![name, about, registration, found, numbers.join(", ")]
        };
        layout.table(&WORKS, &WORKS_HEAD, self.works.lines().take(MAX_WORKS).map(row));
        let more = self.works.lines().count().saturating_sub(MAX_WORKS);
        if more > 0 {
            let more = thousands(more as u64);
            layout.paragraph(&format!("{more} more recordings are in the workbook (XLSX)."), GREY);
        }
    }

    /// The notices about findings, from a new page on.
    fn notices(&self, layout: &mut Layout) {
        layout.page();
        layout.bookmark("Notices");
        layout.heading("Notices", 14.0);
        layout.paragraph(
            "Notices about findings of this run, as people recorded them when this document was made. The program sends \
             nothing. A look at a later copy says what was in that copy, not what is offered to others.",
            GREY,
        );
        layout.y += 8.0;
        let row = |[number, state, since, to, reference, by, findings, due, _, looked]: [String;
                       10]| {
            let to = [to, reference].into_iter().filter(|text| !text.is_empty());
            vec![
                format!("{number}, {state}"),
                format!("{since}, {by}"),
                to.collect::<Vec<_>>().join(", "),
                findings,
                due,
                looked,
            ]
        };
        layout.table(&NOTICES, &NOTICES_HEAD, self.noticed.rows().take(MAX_NOTICES).map(row));
        let more = self.noticed.len().saturating_sub(MAX_NOTICES);
        if more > 0 {
            let more = thousands(more as u64);
            layout.paragraph(&format!("{more} more notices are in the workbook (XLSX)."), GREY);
        }
    }

    /// Numbers of the exhibits of each recording, by its id.
    fn exhibits_by_recording(&self) -> BTreeMap<&str, Vec<usize>> {
        let mut numbers: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for ((_, finding), number) in self.matches.iter().chain(&self.suspects).zip(1..) {
            numbers.entry(&finding.recording_id).or_default().push(number);
        }
        numbers
    }

    /// What is on each page beside its content: the run above, the manifest's digest below.
    fn frame(&self) -> Frame {
        let RunSummary { run_id, tool_version, .. } = &self.summary;
        Frame {
            title: format!("Leakhound run {run_id}"),
            creator: format!("leakhound {tool_version}"),
            head: format!("Leakhound · run {run_id}"),
            foot: format!("Manifest SHA-256 {}", manifest(&self.summary)),
        }
    }
}

fn manifest(run: &RunSummary) -> &str {
    if run.manifest_digest.is_empty() {
        "none: the run is not complete"
    } else {
        &run.manifest_digest
    }
}

impl<W: Write> ReportWriter for PdfWriter<W> {
    fn begin(&mut self, summary: &RunSummary) -> Result<(), ReportError> {
        self.summary = summary.clone();
        Ok(())
    }

    fn item(&mut self, record: &ItemRecord) -> Result<(), ReportError> {
        self.counts.add(record);
        self.works.add(record);
        self.noticed.add(record);
        for finding in &record.findings {
            let list = match finding.verdict {
                Verdict::Match => &mut self.matches,
                Verdict::Suspect => &mut self.suspects,
                _ => continue,
            };
            self.findings += 1;
            if list.len() < self.most {
                let item = ItemRecord { findings: Vec::new(), ..record.clone() };
                list.push((item, finding.clone()));
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), ReportError> {
        let named = self.fonts.clone();
        let fonts = Fonts::new(&named).map_err(|message| ReportError::Font { message })?;
        let layout = self.pages(&fonts);
        let bytes = self.frame().write(&layout, &fonts)?;
        let written = self.out.write_all(&bytes).and_then(|()| self.out.flush());
        written.map_err(|source| Format::Pdf.failed(source))
    }
}
