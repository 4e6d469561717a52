//! Text and lines on pages: what goes where, before any of it is written. It knows nothing of records.
//!
//! Lengths are in points from the upper left corner, y of a text is its base line.

use ttf_parser::Face;

use crate::text::visible;

/// A4.
pub(super) const PAGE: (f32, f32) = (595.28, 841.89);
/// On all sides; the footer stands in the lower one.
pub(super) const MARGIN: f32 = 54.0;
const BOTTOM: f32 = PAGE.1 - 70.0;
/// Width of a line.
pub(super) const LINE: f32 = PAGE.0 - 2.0 * MARGIN;
/// Lines of one paragraph or cell; a path of 4 KiB takes forty.
const MAX_LINES: usize = 8;
/// In the place of what the font lacks.
const MISSING: char = '□';

/// Red, green and blue.
pub(super) type Rgb = [u8; 3];
pub(super) const INK: Rgb = [0x1A, 0x1A, 0x1A];
pub(super) const GREY: Rgb = [0x5A, 0x5F, 0x66];
pub(super) const BLUE: Rgb = [0x1F, 0x3A, 0x5F];
pub(super) const RULE: Rgb = [0xC9, 0xCE, 0xD6];
pub(super) const SHADE: Rgb = [0xF1, 0xF3, 0xF6];

/// Something on a page.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Mark {
    Text {
        x: f32,
        y: f32,
        size: f32,
        bold: bool,
        color: Rgb,
        text: String,
    },
    /// Corners in order.
    Area {
        corners: [(f32, f32); 4],
        color: Rgb,
    },
}

/// The two fonts, to measure with.
#[derive(Debug)]
struct Fonts {
    regular: Face<'static>,
    bold: Face<'static>,
}

/// Pages in the making.
#[derive(Debug)]
pub(super) struct Layout {
    fonts: Fonts,
    pub(super) pages: Vec<Vec<Mark>>,
    /// Where the next line goes.
    pub(super) y: f32,
    /// Characters that the font lacks.
    pub(super) missing: u64,
}

impl Layout {
    /// No page yet. The error says what is wrong with the fonts that are built in.
    pub(super) fn new() -> Result<Self, ttf_parser::FaceParsingError> {
        let regular = Face::parse(notosans::REGULAR_TTF, 0)?;
        let bold = Face::parse(notosans::BOLD_TTF, 0)?;
        Ok(Self { fonts: Fonts { regular, bold }, pages: Vec::new(), y: MARGIN, missing: 0 })
    }

    /// Begins a page.
    pub(super) fn page(&mut self) {
        self.pages.push(Vec::new());
        self.y = MARGIN + 14.0;
    }

    /// Begins a page unless so much is left of this one.
    pub(super) fn need(&mut self, height: f32) -> bool {
        let is_full = self.pages.is_empty() || self.y + height > BOTTOM;
        if is_full {
            self.page();
        }
        is_full
    }

    pub(super) fn mark(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    /// A stranger's text as the font can show it.
    pub(super) fn shown(&mut self, text: &str) -> String {
        let (face, missing) = (&self.fonts.regular, &mut self.missing);
        let show = |c: char| {
            if face.glyph_index(c).is_some() {
                c
            } else {
                *missing += 1;
                MISSING
            }
        };
        visible(text).chars().map(show).collect()
    }

    /// Width of a text in points.
    pub(super) fn width(&self, text: &str, size: f32, bold: bool) -> f32 {
        let face = if bold { &self.fonts.bold } else { &self.fonts.regular };
        let advance = |c| face.glyph_index(c).and_then(|glyph| face.glyph_hor_advance(glyph));
        let units: u32 = text.chars().filter_map(advance).map(u32::from).sum();
        units as f32 * size / f32::from(face.units_per_em())
    }

    /// A text at a place, on one line, cut where it is wider than `width`.
    pub(super) fn text_at(
        &mut self,
        (x, y): (f32, f32),
        (size, bold, color): (f32, bool, Rgb),
        text: &str,
    ) {
        let text = self.shown(text);
        self.mark(Mark::Text { x, y, size, bold, color, text });
    }

    /// An upright area.
    pub(super) fn area(&mut self, (x, y): (f32, f32), (w, h): (f32, f32), color: Rgb) {
        let corners = [(x, y), (x + w, y), (x + w, y + h), (x, y + h)];
        self.mark(Mark::Area { corners, color });
    }

    /// A heading with a rule under it.
    pub(super) fn heading(&mut self, text: &str, size: f32) {
        self.need(size * 2.0 + 30.0);
        self.y += size;
        self.text_at((MARGIN, self.y), (size, true, BLUE), text);
        self.area((MARGIN, self.y + 6.0), (LINE, 0.8), BLUE);
        self.y += 22.0;
    }

    /// A smaller one.
    pub(super) fn subheading(&mut self, text: &str) {
        self.need(48.0);
        self.y += 12.0;
        self.text_at((MARGIN, self.y), (10.5, true, BLUE), text);
        self.y += 14.0;
    }

    /// Text over the whole line.
    pub(super) fn paragraph(&mut self, text: &str, color: Rgb) {
        let text = self.shown(text);
        for line in self.wrap(&text, LINE, 9.0, false) {
            self.need(13.0);
            let (y, text) = (self.y, line);
            self.mark(Mark::Text { x: MARGIN, y, size: 9.0, bold: false, color, text });
            self.y += 13.0;
        }
        self.y += 4.0;
    }

    /// A name and what it is.
    pub(super) fn fact(&mut self, name: &str, value: &str) {
        if value.is_empty() {
            return;
        }
        let value = self.shown(value);
        let lines = self.wrap(&value, LINE - 128.0, 9.0, false);
        self.need(lines.len() as f32 * 12.5 + 3.0);
        self.text_at((MARGIN, self.y), (9.0, false, GREY), name);
        for text in lines {
            let y = self.y;
            self.mark(Mark::Text {
                x: MARGIN + 128.0,
                y,
                size: 9.0,
                bold: false,
                color: INK,
                text,
            });
            self.y += 12.5;
        }
        self.y += 2.5;
    }

    /// A row of a table, with columns at these places; `head` is repeated where a page begins.
    pub(super) fn row(&mut self, columns: &[(f32, f32)], cells: &[String], head: Option<&[&str]>) {
        let size = 8.0;
        let cells: Vec<Vec<String>> = cells
            .iter()
            .zip(columns)
            .map(|(cell, (_, width))| {
                let cell = self.shown(cell);
                self.wrap(&cell, width - 8.0, size, false)
            })
            .collect();
        let lines = cells.iter().map(Vec::len).max().unwrap_or(1).max(1);
        let height = lines as f32 * 11.0 + 5.0;
        if self.need(height)
            && let Some(head) = head
        {
            self.table_head(columns, head);
        }
        for (cell, (x, _)) in cells.into_iter().zip(columns) {
            for (at, text) in cell.into_iter().enumerate() {
                let (x, y) = (MARGIN + x, self.y + at as f32 * 11.0);
                self.mark(Mark::Text { x, y, size, bold: false, color: INK, text });
            }
        }
        self.y += height;
        self.area((MARGIN - 4.0, self.y - 11.0), (LINE + 8.0, 0.4), RULE);
    }

    /// The head of a table.
    pub(super) fn table_head(&mut self, columns: &[(f32, f32)], names: &[&str]) {
        self.area((MARGIN - 4.0, self.y - 10.0), (LINE + 8.0, 15.0), SHADE);
        for ((x, _), name) in columns.iter().zip(names) {
            self.text_at((MARGIN + x, self.y), (8.0, true, BLUE), name);
        }
        self.y += 17.0;
    }

    /// Lines no wider than `width`: broken at blanks, and within words that are wider. What is beyond [`MAX_LINES`] is left
    /// out behind an ellipsis.
    fn wrap(&self, text: &str, width: f32, size: f32, bold: bool) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        let mut line = String::new();
        let mut used = 0.0;
        for word in text.split_inclusive([' ', '/', '!']) {
            let whole = self.width(word, size, bold);
            if used + whole > width && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
                used = 0.0;
            }
            if whole <= width {
                line.push_str(word);
                used += whole;
                continue;
            }
            for c in word.chars() {
                let one = self.width(c.encode_utf8(&mut [0; 4]), size, bold);
                if used + one > width && !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                    used = 0.0;
                }
                line.push(c);
                used += one;
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
        if lines.len() > MAX_LINES {
            lines.truncate(MAX_LINES);
            if let Some(last) = lines.last_mut() {
                last.truncate(last.floor_char_boundary(last.len().saturating_sub(6)));
                last.push_str(" …");
            }
        }
        lines
    }
}
