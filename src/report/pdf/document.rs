//! Writes laid-out pages as a PDF, each with a line above and one below.

use std::io;

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

use super::fonts::Fonts;
use super::layout::{GREY, LINE, Layout, MARGIN, Mark, PAGE, RULE, Rgb};
use super::typeset;
use crate::report::{Format, ReportError};

/// What a document says of itself, and what is on each page beside its content.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) title: String,
    pub(super) creator: String,
    /// Above each page.
    pub(super) head: String,
    /// Below each page, beside its number.
    pub(super) foot: String,
}

impl Frame {
    /// The document as accessible PDF (PDF/UA-1); if a font does not meet that standard, as PDF without the claim.
    pub(super) fn write(&self, layout: &Layout, fonts: &Fonts) -> Result<Vec<u8>, ReportError> {
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
        let metadata = Metadata::new().title(self.title.clone()).creator(self.creator.clone());
        document.set_metadata(metadata.language("en".to_owned()));
        let count = layout.pages.len();
        let mut content = Vec::new();
        for (marks, number) in layout.pages.iter().zip(1..) {
            let size = PageSettings::from_wh(PAGE.0, PAGE.1).unwrap_or_default();
            let mut page = document.start_page_with(size);
            let mut surface = page.surface();
            for stretch in marks.chunk_by(|before, after| before.0 == after.0) {
                let part = stretch[0].0;
                let tag = part.map_or(artifact(ArtifactType::Layout), |_| ContentTag::Other);
                let name = surface.start_tagged(tag);
                for (_, mark) in stretch {
                    draw(&mut surface, fonts, mark);
                }
                surface.end_tagged();
                content.extend(part.map(|part| (part, name)));
            }
            surface.start_tagged(artifact(ArtifactType::PaginationOther));
            for mark in &self.marks(layout, number, count) {
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

    /// The marks on a page beside its content.
    pub(super) fn marks(&self, layout: &Layout, number: usize, count: usize) -> Vec<Mark> {
        let text = |x: f32, y: f32, text: String| {
            let (size, bold, color) = (7.5, false, GREY);
            Mark::Text { x, y, size, bold, color, text }
        };
        let page = format!("page {number} of {count}");
        let right = PAGE.0 - MARGIN - layout.width(&page, 7.5, false);
        let (x, y) = (MARGIN, PAGE.1 - 52.0);
        let corners = [(x, y), (x + LINE, y), (x + LINE, y + 0.5), (x, y + 0.5)];
        vec![
            text(MARGIN, 40.0, self.head.clone()),
            Mark::Area { corners, color: RULE },
            text(MARGIN, PAGE.1 - 40.0, self.foot.clone()),
            text(right, PAGE.1 - 40.0, page),
        ]
    }
}

/// The tag of a mark that a screen reader skips.
fn artifact(kind: ArtifactType) -> ContentTag<'static> {
    ContentTag::Artifact(Artifact::with_kind(kind))
}

fn failed(why: &str) -> ReportError {
    Format::Pdf.failed(io::Error::other(why))
}

/// Draws a mark on a page.
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
