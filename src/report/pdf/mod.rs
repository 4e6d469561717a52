//! PDF for counsel: a summary, the works list, one page of evidence for each of the first findings, numbered as exhibits.
//!
//! Matches come before suspects, each in the order of their paths; what is permitted is counted and has no page. Every
//! page has its number and the digest of the run's manifest. Text is set in Noto Sans (Latin, Greek and Cyrillic), and for
//! what that lacks in the fonts that the user names; of each what is used is embedded. Characters that none has stand as
//! `‹U+65E5›`, and the summary says how many there are. Titles and paths are drawn, never read as anything else:
//! there is no script, link or form in the file, and no date of writing: equal runs and fonts give equal bytes.

mod exhibit;
pub(super) mod fonts;
mod layout;
mod picture;
mod structure;
mod typeset;

use std::collections::BTreeMap;
use std::io::{self, Write};

use krilla::color::rgb;
use krilla::configure::{Accessibility, Configuration, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::error::{KrillaError, KrillaResult};
use krilla::geom::{PathBuilder, Point};
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule};
use krilla::tagging::{Artifact, ArtifactType, ContentTag};
use krilla::{Document, SerializeSettings};

pub use self::fonts::{FontError, FontFile};

use self::fonts::Fonts;
use self::layout::{GREY, INK, LINE, Layout, MARGIN, Mark, PAGE, RULE, Rgb};
use super::works::Works;
use super::{Counts, Format, ReportError, ReportWriter, RunSummary};
use crate::base::thousands;
use crate::record::{Finding, ItemRecord, Verdict};
use crate::wording::{clock, share};

/// Findings that have a page of their own, unless asked otherwise.
pub const MAX_EXHIBITS: usize = 100;
/// Rows of the works list; what is beyond is counted.
const MAX_WORKS: usize = 1_000;
/// Columns of the works list: place and width.
const WORKS: [(f32, f32); 5] =
    [(0.0, 168.0), (168.0, 154.0), (322.0, 66.0), (388.0, 44.0), (432.0, 55.0)];
const WORKS_HEAD: [&str; 5] =
    ["Recording [ISRC]", "Label · release · UPC · ℗", "Registration", "Found in", "Exhibits"];
/// Exhibits that a row of the works list names.
const NAMED_EXHIBITS: usize = 12;

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
            fonts: Vec::new(),
            missing: 0,
            summary: RunSummary::default(),
            counts: Counts::default(),
            works: Works::default(),
            matches: Vec::new(),
            suspects: Vec::new(),
            findings: 0,
        }
    }

    /// Takes these fonts, in their order, for characters that Noto Sans lacks.
    #[must_use]
    pub fn with_fonts(self, fonts: Vec<FontFile>) -> Self {
        Self { fonts, ..self }
    }

    /// Characters that were drawn as their numbers, for want of a font; known at the end.
    pub fn missing(&self) -> u64 {
        self.missing
    }

    /// What goes where.
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
        let all = self.matches.iter().chain(&self.suspects);
        for ((item, finding), number) in all.zip(1..) {
            exhibit::draw(&mut layout, number, item, finding);
        }
        self.missing = layout.missing;
        if self.missing > 0 {
            let text = format!(
                "{} characters of names and paths are in none of this document's fonts. In their place stand their numbers in Unicode, as in \
                 ‹U+65E5›; the HTML and JSONL reports have them as they are.",
                thousands(self.missing)
            );
            layout.foot_note(&text);
        }
        layout
    }

    /// The text of each page, for tests.
    #[cfg(test)]
    pub(super) fn drawn(&mut self) -> Result<String, String> {
        let named = self.fonts.clone();
        let fonts = Fonts::new(&named)?;
        let layout = self.pages(&fonts);
        let count = layout.pages.len();
        let mut text = String::new();
        for (marks, number) in layout.pages.iter().zip(1..) {
            let marks = marks.iter().map(|(_, mark)| mark);
            for mark in marks.chain(&self.furniture(&layout, number, count)) {
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
        layout.bookmark("Summary");
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
        layout.paragraph(
            "Each exhibit says what it claims: that the item is a copy or an excerpt of the recording, that it contains it, that the \
             recording sounds under or over something else, that the item has some of its parts alone (a stem) or is \
             another recording of the same notes, or that both hold shared material, which does not show that the recording is used. The shares beside it are of spectral peaks, \
             the moments at which one pitch stands out; those for a claim are rounded down, those against it up.",
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
        layout.bookmark("Works list");
        layout.heading("Works list", 14.0);
        layout.paragraph(
            "One row a recording that was found. Found in: items with a match / with a suspect. Exhibits: its evidence here.",
            GREY,
        );
        layout.y += 8.0;
        let exhibits = self.exhibits_by_recording();
        let row = |(id, [name, about, registration, found]): (&str, [String; 4])| {
            let named = exhibits.get(id).map(Vec::as_slice).unwrap_or_default();
            let mut numbers: Vec<_> =
                named.iter().take(NAMED_EXHIBITS).map(ToString::to_string).collect();
            if named.len() > NAMED_EXHIBITS {
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

    /// Numbers of the exhibits, by the id of the recording that each is of.
    fn exhibits_by_recording(&self) -> BTreeMap<&str, Vec<usize>> {
        let mut numbers: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for ((_, finding), number) in self.matches.iter().chain(&self.suspects).zip(1..) {
            numbers.entry(&finding.recording_id).or_default().push(number);
        }
        numbers
    }

    /// The document as PDF/UA-1, which says that it can be heard as well as seen; if a font does not bear that out, without the claim.
    fn write(&self, layout: &Layout, fonts: &Fonts) -> Result<Vec<u8>, ReportError> {
        let accessible = ConfigurationBuilder::new()
            .with_accessibility_validator(Accessibility::UA1)
            .finish()
            .map_err(|error| failed(&format!("{error:?}")))?;
        let written = match self.document(layout, fonts, accessible) {
            Err(KrillaError::Validation(_)) => {
                self.document(layout, fonts, Configuration::default())
            }
            written => written,
        };
        written.map_err(|error| match error {
            KrillaError::Font(font, why) => {
                let name = fonts.name_of(&font);
                ReportError::Font { message: format!("{name} cannot be embedded ({why})") }
            }
            other => failed(&other.to_string()),
        })
    }

    fn document(
        &self,
        layout: &Layout,
        fonts: &Fonts,
        configuration: Configuration,
    ) -> KrillaResult<Vec<u8>> {
        let settings = SerializeSettings { configuration, ..SerializeSettings::default() };
        let mut document = Document::new_with(settings);
        let title = format!("Leakhound run {}", self.summary.run_id);
        let creator = format!("leakhound {}", self.summary.tool_version);
        document
            .set_metadata(Metadata::new().title(title).creator(creator).language("en".to_owned()));
        let count = layout.pages.len();
        let mut content = Vec::new();
        for (marks, number) in layout.pages.iter().zip(1..) {
            let size = PageSettings::from_wh(PAGE.0, PAGE.1).unwrap_or_default();
            let mut page = document.start_page_with(size);
            let mut surface = page.surface();
            for stretch in marks.chunk_by(|before, after| before.0 == after.0) {
                let part = stretch[0].0;
                let tag = part.map_or(aside(ArtifactType::Layout), |_| ContentTag::Other);
                let name = surface.start_tagged(tag);
                for (_, mark) in stretch {
                    draw(&mut surface, fonts, mark);
                }
                surface.end_tagged();
                content.extend(part.map(|part| (part, name)));
            }
            surface.start_tagged(aside(ArtifactType::PaginationOther));
            for mark in &self.furniture(layout, number, count) {
                draw(&mut surface, fonts, mark);
            }
            surface.end_tagged();
            surface.finish();
            page.finish();
        }
        let mut contents = Outline::new();
        for (page, name) in &layout.bookmarks {
            let top = XyzDestination::new(*page, Point::from_xy(0.0, 0.0));
            contents.push_child(OutlineNode::new(name.clone(), top));
        }
        document.set_outline(contents);
        document.set_tag_tree(layout.structure.tree(content));
        document.finish()
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

/// What is no content to be read.
fn aside(kind: ArtifactType) -> ContentTag<'static> {
    ContentTag::Artifact(Artifact::with_kind(kind))
}

fn failed(why: &str) -> ReportError {
    Format::Pdf.failed(io::Error::other(why))
}

fn draw(surface: &mut krilla::surface::Surface, fonts: &Fonts, mark: &Mark) {
    let fill = |[red, green, blue]: Rgb| Fill {
        paint: rgb::Color::new(red, green, blue).into(),
        opacity: NormalizedF32::ONE,
        rule: FillRule::default(),
    };
    match mark {
        Mark::Text { x, y, size, bold, color, text } => {
            surface.set_fill(Some(fill(*color)));
            for run in typeset::runs(fonts, text, *bold) {
                let at = Point::from_xy(x + run.x * size, *y);
                let font = fonts.get(run.font).font.clone();
                surface.draw_glyphs(at, &run.glyphs, font, run.text, *size, false);
            }
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
        let named = self.fonts.clone();
        let fonts = Fonts::new(&named).map_err(|message| ReportError::Font { message })?;
        let layout = self.pages(&fonts);
        let bytes = self.write(&layout, &fonts)?;
        let written = self.out.write_all(&bytes).and_then(|()| self.out.flush());
        written.map_err(|source| Format::Pdf.failed(source))
    }
}
