//! PDF for counsel: a summary, the works list, one page of evidence for each of the first findings, numbered as exhibits.
//!
//! Matches come before suspects, each in the order of their paths; what is permitted is counted and has no page. Every
//! page has its number and the digest of the run's manifest. Text is set in Noto Sans, of which what is used is embedded:
//! Latin, Greek and Cyrillic. Characters that it lacks (Chinese, Japanese, Korean, Arabic, Hebrew, emoji) stand as `□`, and the
//! summary says how many there are; the other reports have them. Titles and paths are drawn, never read as anything else:
//! there is no script, link or form in the file, and no date of writing.

mod exhibit;
mod layout;

use std::io::{self, Write};

use krilla::Document;
use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point};
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule};
use krilla::text::{Font, TextDirection};

use self::layout::{GREY, INK, LINE, Layout, MARGIN, Mark, PAGE, RULE, Rgb};
use super::works::Works;
use super::{Counts, Format, ReportError, ReportWriter, RunSummary};
use crate::record::{Finding, ItemRecord, Verdict};
use crate::text::{clock, share, thousands};

/// Findings that have a page of their own, unless asked otherwise.
pub const MAX_EXHIBITS: usize = 100;
/// Rows of the works list; what is beyond is counted.
const MAX_WORKS: usize = 1_000;
/// Columns of the works list: place and width.
const WORKS: [(f32, f32); 4] = [(0.0, 190.0), (190.0, 178.0), (368.0, 70.0), (438.0, 49.0)];
const WORKS_HEAD: [&str; 4] =
    ["Recording [ISRC]", "Label · release · UPC · ℗", "Registration", "Found in"];

/// Writes the PDF report.
#[derive(Debug)]
pub struct PdfWriter<W> {
    out: W,
    most: usize,
    summary: RunSummary,
    counts: Counts,
    works: Works,
    /// Each with its item, whose other findings are left out.
    matches: Vec<(ItemRecord, Finding)>,
    suspects: Vec<(ItemRecord, Finding)>,
    /// Findings that could have a page.
    findings: u64,
}

impl<W: Write> PdfWriter<W> {
    /// A writer to `out`, with a page for at most so many findings.
    pub fn new(out: W, most: usize) -> Self {
        Self {
            out,
            most,
            summary: RunSummary::default(),
            counts: Counts::default(),
            works: Works::default(),
            matches: Vec::new(),
            suspects: Vec::new(),
            findings: 0,
        }
    }

    /// What goes where; the error says what is wrong with the fonts.
    fn pages(&mut self) -> Result<Layout, String> {
        let mut layout = Layout::new().map_err(|error| error.to_string())?;
        let room = self.most.saturating_sub(self.matches.len());
        self.suspects.truncate(room);
        let exhibits = self.matches.len() + self.suspects.len();
        layout.page();
        self.cover(&mut layout, exhibits as u64);
        if self.works.lines().next().is_some() {
            self.works_list(&mut layout);
        }
        let all = self.matches.iter().chain(&self.suspects);
        for ((item, finding), number) in all.zip(1..) {
            exhibit::draw(&mut layout, number, item, finding);
        }
        if layout.missing > 0
            && let Some(cover) = layout.pages.first_mut()
        {
            let missing = thousands(layout.missing);
            let text = format!(
                "{missing} characters of names and paths are not in this document's font and stand as □; the HTML and JSONL reports have them."
            );
            let (x, y, size, bold, color) = (MARGIN, 764.0, 8.0, false, GREY);
            cover.push(Mark::Text { x, y, size, bold, color, text });
        }
        Ok(layout)
    }

    /// The text of each page, for tests.
    #[cfg(test)]
    pub(super) fn drawn(&mut self) -> Result<String, String> {
        let layout = self.pages()?;
        let count = layout.pages.len();
        let mut text = String::new();
        for (marks, number) in layout.pages.iter().zip(1..) {
            for mark in marks.iter().chain(&self.furniture(&layout, number, count)) {
                if let Mark::Text { text: drawn, .. } = mark {
                    text += drawn;
                    text.push('\n');
                }
            }
            text.push('\n');
        }
        Ok(text)
    }

    fn cover(&self, layout: &mut Layout, exhibits: u64) {
        let (run, counts) = (&self.summary, &self.counts);
        layout.y += 6.0;
        layout.heading("Recordings of the catalogue found in a scan", 17.0);
        if !run.complete {
            layout.paragraph(
                "INCOMPLETE: the run was stopped before its end. What follows is what was found until then.",
                [0xA0, 0x1C, 0x1C],
            );
        }
        layout.subheading("What was scanned");
        layout.fact("Scanned", &run.roots.join(", "));
        let audio = clock(counts.audio_seconds);
        layout.fact("Items", &format!("{}, {audio} of audio (h:mm:ss)", thousands(counts.items)));
        layout.fact(
            "Could not be read",
            &format!(
                "{}; nothing is known of these. {} more are no audio.",
                thousands(counts.failed),
                thousands(counts.not_audio)
            ),
        );
        layout.subheading("What was found");
        layout.fact("Items with a match", &thousands(counts.matched));
        layout.fact(
            "Items with a suspect",
            &format!("{}, for a person to hear", thousands(counts.suspect)),
        );
        layout.fact("Permitted only", &thousands(counts.permitted));
        layout.fact("Nothing found", &thousands(counts.clear));
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
                "{} of {} findings have a page of evidence here; the other reports have all",
                thousands(exhibits),
                thousands(self.findings)
            ),
        );
        layout.subheading("How to read it");
        layout.paragraph(
            "A match is a stretch of sound that agrees with a recording of the catalogue better than chance allows. For each finding \
             the chance is told that an item which holds none of the catalogue would score as high; it is an estimate from \
             measured chance, not a promise. A suspect may be a match, and is for a person to hear. Whether a use infringes is for \
             counsel: the catalogue's rights are told as they were delivered, and what was not delivered is not told.",
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
            "The manifest names tool, settings, catalogue, counts and the digest of all records. “leakhound verify” compares it with the \
             records, “leakhound recheck FINDING --dump PATH” repeats one finding from the bytes.",
            GREY,
        );
    }

    fn works_list(&self, layout: &mut Layout) {
        layout.page();
        layout.heading("Works list", 14.0);
        layout.paragraph(
            "One row a recording that was found. Found in: items with a match / with a suspect.",
            GREY,
        );
        layout.y += 8.0;
        layout.table_head(&WORKS, &WORKS_HEAD);
        for line in self.works.lines().take(MAX_WORKS) {
            layout.row(&WORKS, &line, Some(&WORKS_HEAD));
        }
        let more = self.works.lines().count().saturating_sub(MAX_WORKS);
        if more > 0 {
            let more = thousands(more as u64);
            layout.paragraph(&format!("{more} more recordings are in the workbook (XLSX)."), GREY);
        }
    }

    fn write(&self, layout: &Layout) -> Result<Vec<u8>, String> {
        let font = |bytes: &'static [u8]| {
            Font::new(bytes.into(), 0).ok_or_else(|| "the font is damaged".to_owned())
        };
        let fonts = (font(notosans::REGULAR_TTF)?, font(notosans::BOLD_TTF)?);
        let mut document = Document::new();
        let title = format!("Leakhound run {}", self.summary.run_id);
        let creator = format!("leakhound {}", self.summary.tool_version);
        document
            .set_metadata(Metadata::new().title(title).creator(creator).language("en".to_owned()));
        let count = layout.pages.len();
        for (marks, number) in layout.pages.iter().zip(1..) {
            let settings = PageSettings::from_wh(PAGE.0, PAGE.1).ok_or("no page size")?;
            let mut page = document.start_page_with(settings);
            let mut surface = page.surface();
            let footer = self.furniture(layout, number, count);
            for mark in marks.iter().chain(&footer) {
                draw(&mut surface, &fonts, mark);
            }
            surface.finish();
            page.finish();
        }
        document.finish().map_err(|error| format!("{error:?}"))
    }

    /// What stands on each page: the run above, manifest and page below.
    fn furniture(&self, layout: &Layout, number: usize, count: usize) -> Vec<Mark> {
        let text = |x: f32, y: f32, text: String| {
            let (size, bold, color) = (7.5, false, GREY);
            Mark::Text { x, y, size, bold, color, text }
        };
        let page = format!("page {number} of {count}");
        let right = PAGE.0 - MARGIN - layout.width(&page, 7.5, false);
        let (x, y) = (MARGIN, PAGE.1 - 52.0);
        let corners = [(x, y), (x + LINE, y), (x + LINE, y + 0.5), (x, y + 0.5)];
        vec![
            text(MARGIN, 40.0, format!("Leakhound · run {}", self.summary.run_id)),
            Mark::Area { corners, color: RULE },
            text(MARGIN, PAGE.1 - 40.0, format!("Manifest SHA-256 {}", manifest(&self.summary))),
            text(right, PAGE.1 - 40.0, page),
        ]
    }
}

fn manifest(run: &RunSummary) -> &str {
    if run.manifest_digest.is_empty() {
        "none: the run has not ended"
    } else {
        &run.manifest_digest
    }
}

fn draw(surface: &mut krilla::surface::Surface, fonts: &(Font, Font), mark: &Mark) {
    let fill = |[red, green, blue]: Rgb| Fill {
        paint: rgb::Color::new(red, green, blue).into(),
        opacity: NormalizedF32::ONE,
        rule: FillRule::default(),
    };
    match mark {
        Mark::Text { x, y, size, bold, color, text } => {
            surface.set_fill(Some(fill(*color)));
            let font = if *bold { &fonts.1 } else { &fonts.0 };
            let at = Point::from_xy(*x, *y);
            surface.draw_text(at, font.clone(), *size, text, false, TextDirection::LeftToRight);
        }
        Mark::Area { corners: [first, others @ ..], color } => {
            surface.set_fill(Some(fill(*color)));
            let mut path = PathBuilder::new();
            path.move_to(first.0, first.1);
            for (x, y) in others {
                path.line_to(*x, *y);
            }
            path.close();
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
        }
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
        let made = self.pages().and_then(|layout| self.write(&layout));
        let bytes = made.map_err(|error| Format::Pdf.failed(io::Error::other(error)))?;
        let written = self.out.write_all(&bytes).and_then(|()| self.out.flush());
        written.map_err(|source| Format::Pdf.failed(source))
    }
}
