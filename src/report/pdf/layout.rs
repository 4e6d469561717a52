//! Places text and areas on pages, before the PDF is written. It does not know records.
//!
//! Positions are in points (1/72 inch) from the upper left corner of a page; the y of a text is that of its base line.

use super::fonts::Fonts;
use super::structure::{Role, Structure};
use super::typeset;
use crate::base::visible;

/// Width and height of a page: A4.
pub(super) const PAGE: (f32, f32) = (595.28, 841.89);
/// Margin on all sides; the footer is in the lower margin.
pub(super) const MARGIN: f32 = 54.0;
/// Lowest base line of content.
const BOTTOM: f32 = PAGE.1 - 70.0;
/// Width of a line.
pub(super) const LINE: f32 = PAGE.0 - 2.0 * MARGIN;
/// Most lines of a paragraph or cell. A guess: a path of 4 KiB would take forty.
const MAX_LINES: usize = 8;

/// Red, green and blue.
pub(super) type Rgb = [u8; 3];
pub(super) const INK: Rgb = [0x1A, 0x1A, 0x1A];
pub(super) const GREY: Rgb = [0x5A, 0x5F, 0x66];
pub(super) const BLUE: Rgb = [0x1F, 0x3A, 0x5F];
pub(super) const RULE: Rgb = [0xC9, 0xCE, 0xD6];
pub(super) const SHADE: Rgb = [0xF1, 0xF3, 0xF6];

/// A mark on a page: a text on one line, or a filled quadrilateral.
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
    /// The corners in order around the area.
    Area {
        corners: [(f32, f32); 4],
        color: Rgb,
    },
}

/// The pages of a document, from the first to the one being filled.
#[derive(Debug)]
pub(super) struct Layout<'f> {
    fonts: &'f Fonts<'f>,
    /// The marks of each page, each with the part of the document's structure that it belongs to.
    pub(super) pages: Vec<Vec<(Option<usize>, Mark)>>,
    pub(super) structure: Structure,
    /// Base line of the next text.
    pub(super) y: f32,
    /// Number of characters that no font has.
    pub(super) missing: u64,
    /// Bookmarks: number of the page, from 0, and name.
    pub(super) bookmarks: Vec<(usize, String)>,
}

impl<'f> Layout<'f> {
    /// A document without pages.
    pub(super) fn new(fonts: &'f Fonts<'f>) -> Self {
        Self {
            fonts,
            pages: Vec::new(),
            structure: Structure::default(),
            y: MARGIN,
            missing: 0,
            bookmarks: Vec::new(),
        }
    }

    /// Begins a page.
    pub(super) fn page(&mut self) {
        self.pages.push(Vec::new());
        self.y = MARGIN + 14.0;
    }

    /// Adds a bookmark to the current page.
    pub(super) fn bookmark(&mut self, name: &str) {
        let page = self.pages.len().saturating_sub(1);
        self.bookmarks.push((page, visible(name).into_owned()));
    }

    /// Begins a page if less than `height` is left of this one. Returns whether it did.
    pub(super) fn need(&mut self, height: f32) -> bool {
        let is_full = self.pages.is_empty() || self.y + height > BOTTOM;
        if is_full {
            self.page();
        }
        is_full
    }

    /// Height left on the page.
    pub(super) fn room(&self) -> f32 {
        BOTTOM - self.y
    }

    /// Adds a mark to the current page.
    pub(super) fn mark(&mut self, mark: Mark) {
        let part = match mark {
            Mark::Text { .. } => self.structure.current(),
            Mark::Area { .. } => self.structure.current_picture(),
        };
        if let Some(page) = self.pages.last_mut() {
            page.push((part, mark));
        }
    }

    /// Makes one part of the document's structure of what `draw` adds.
    pub(super) fn part(&mut self, role: Role, draw: impl FnOnce(&mut Self)) {
        self.structure.begin(role);
        draw(self);
        self.structure.end();
    }

    /// Untrusted text as the fonts can show it; counts the characters that no font has.
    pub(super) fn shown(&mut self, text: &str) -> String {
        let (shown, missing) = typeset::shown(self.fonts, text);
        self.missing += missing;
        shown
    }

    /// Width of a text in points.
    pub(super) fn width(&self, text: &str, size: f32, bold: bool) -> f32 {
        typeset::width(self.fonts, text, bold) * size
    }

    /// Adds a text on one line at a position, in this size, weight and colour.
    pub(super) fn text_at(
        &mut self,
        (x, y): (f32, f32),
        (size, bold, color): (f32, bool, Rgb),
        text: &str,
    ) {
        let text = self.shown(text);
        self.mark(Mark::Text { x, y, size, bold, color, text });
    }

    /// Adds a rectangle by its upper left corner and its size.
    pub(super) fn area(&mut self, (x, y): (f32, f32), (w, h): (f32, f32), color: Rgb) {
        let corners = [(x, y), (x + w, y), (x + w, y + h), (x, y + h)];
        self.mark(Mark::Area { corners, color });
    }

    /// Adds a heading of level 1 with a rule under it.
    pub(super) fn heading(&mut self, text: &str, size: f32) {
        self.need(size * 2.0 + 30.0);
        self.y += size;
        let at = (MARGIN, self.y);
        let role = Role::Heading(1, visible(text).into_owned());
        self.part(role, |layout| layout.text_at(at, (size, true, BLUE), text));
        self.area((MARGIN, self.y + 6.0), (LINE, 0.8), BLUE);
        self.y += 22.0;
    }

    /// Adds a heading of level 2.
    pub(super) fn subheading(&mut self, text: &str) {
        self.need(48.0);
        self.y += 12.0;
        let at = (MARGIN, self.y);
        let role = Role::Heading(2, text.to_owned());
        self.part(role, |layout| layout.text_at(at, (10.5, true, BLUE), text));
        self.y += 14.0;
    }

    /// Adds a paragraph over the full width.
    pub(super) fn paragraph(&mut self, text: &str, color: Rgb) {
        let text = self.shown(text);
        self.structure.begin(Role::Paragraph);
        for line in self.wrap(&text, LINE, 9.0, false) {
            self.need(13.0);
            let (y, text) = (self.y, line);
            self.mark(Mark::Text { x: MARGIN, y, size: 9.0, bold: false, color, text });
            self.y += 13.0;
        }
        self.structure.end();
        self.y += 4.0;
    }

    /// Adds small text at the foot of the first page.
    pub(super) fn foot_note(&mut self, text: &str) {
        let (x, size, bold, color) = (MARGIN, 8.0, false, GREY);
        let lines = self.wrap(text, LINE, size, bold);
        let top = BOTTOM - 11.0 * lines.len() as f32;
        let y = (0..).map(|at| top + 11.0 * at as f32);
        let marks = lines.into_iter().zip(y);
        let marks = marks.map(|(text, y)| Mark::Text { x, y, size, bold, color, text });
        self.structure.begin(Role::Paragraph);
        let part = self.structure.current();
        if let Some(first) = self.pages.first_mut() {
            first.extend(marks.map(|mark| (part, mark)));
        }
        self.structure.end();
    }

    /// Adds a name in large type, on as many lines as needed.
    pub(super) fn name(&mut self, text: &str) {
        let text = self.shown(text);
        self.structure.begin(Role::Heading(2, text.clone()));
        for text in self.wrap(&text, LINE, 11.0, true) {
            let (x, y, size, bold, color) = (MARGIN, self.y, 11.0, true, INK);
            self.mark(Mark::Text { x, y, size, bold, color, text });
            self.y += 14.0;
        }
        self.structure.end();
        self.y += 2.0;
    }

    /// Adds a line with a name and its value; nothing if the value is empty.
    pub(super) fn fact(&mut self, name: &str, value: &str) {
        if value.is_empty() {
            return;
        }
        let value = self.shown(value);
        let lines = self.wrap(&value, LINE - 128.0, 9.0, false);
        self.need(lines.len() as f32 * 12.5 + 3.0);
        self.structure.begin(Role::Paragraph);
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
        self.structure.end();
        self.y += 2.5;
    }

    /// Adds a table, with the offset and width of each column. Its head is repeated on each new page.
    pub(super) fn table(
        &mut self,
        columns: &[(f32, f32)],
        head: &[&str],
        rows: impl IntoIterator<Item = Vec<String>>,
    ) {
        self.structure.begin(Role::Table);
        self.table_head(columns, head);
        for row in rows {
            self.row(columns, &row, head);
        }
        self.structure.end();
    }

    /// Adds a row of a table.
    fn row(&mut self, columns: &[(f32, f32)], cells: &[String], head: &[&str]) {
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
        if self.need(height) {
            // The repeated head is not part of the structure: a screen reader has read it once.
            let open = self.structure.pause();
            self.table_head(columns, head);
            self.structure.resume(open);
        }
        self.structure.begin(Role::Row);
        for (cell, (x, _)) in cells.into_iter().zip(columns) {
            self.structure.begin(Role::Cell);
            for (at, text) in cell.into_iter().enumerate() {
                let (x, y) = (MARGIN + x, self.y + at as f32 * 11.0);
                self.mark(Mark::Text { x, y, size, bold: false, color: INK, text });
            }
            self.structure.end();
        }
        self.structure.end();
        self.y += height;
        self.area((MARGIN - 4.0, self.y - 11.0), (LINE + 8.0, 0.4), RULE);
    }

    /// The head of a table. It is a part of the structure only if the table is open.
    fn table_head(&mut self, columns: &[(f32, f32)], names: &[&str]) {
        let is_part = self.structure.current().is_some();
        self.area((MARGIN - 4.0, self.y - 10.0), (LINE + 8.0, 15.0), SHADE);
        if is_part {
            self.structure.begin(Role::Row);
        }
        for ((x, _), name) in columns.iter().zip(names) {
            let at = (MARGIN + x, self.y);
            let draw = |layout: &mut Self| layout.text_at(at, (8.0, true, BLUE), name);
            if is_part {
                self.part(Role::Head, draw);
            } else {
                draw(self);
            }
        }
        if is_part {
            self.structure.end();
        }
        self.y += 17.0;
    }

    /// Breaks text into lines no wider than `width`: after blanks, slashes and exclamation marks, and inside words that are wider. At
    /// most [`MAX_LINES`] are kept; an ellipsis marks the rest.
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
            for cluster in typeset::clusters(word) {
                let one = self.width(cluster, size, bold);
                if used + one > width && !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                    used = 0.0;
                }
                line.push_str(cluster);
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
