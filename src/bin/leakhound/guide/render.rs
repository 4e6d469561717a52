//! Markdown as plain text for a terminal of any width, without colours.

use std::fmt::Write as _;
use std::io::IsTerminal as _;

use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::Page;

/// The widest text: lines that are longer are hard to read.
const MAX_WIDTH: usize = 100;
/// The width where nobody says how wide the terminal is.
const USUAL_WIDTH: usize = 80;
/// The narrowest text: below it nearly each word would have a line of its own.
const MIN_WIDTH: usize = 20;
/// Spaces between the columns of a table.
const GAP: u16 = 2;
/// Columns of a table that are narrower than this on average are shown as a list instead.
const MIN_COLUMN: usize = 16;

/// How wide text may be: as wide as the terminal, within reason.
pub(crate) fn width() -> usize {
    let out = std::io::stdout();
    let shown = out.is_terminal().then(terminal_size::terminal_size).flatten();
    let columns = || std::env::var("COLUMNS").ok()?.parse().ok();
    let width = shown.map(|(width, _)| usize::from(width.0)).or_else(columns);
    width.unwrap_or(USUAL_WIDTH).clamp(MIN_WIDTH, MAX_WIDTH)
}

/// The text of a page in lines of at most `width` columns. Only code and words that are longer stay as they are.
pub(crate) fn render(markdown: &str, width: usize) -> String {
    let mut writer = Writer { width, ..Writer::default() };
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        writer.event(event);
    }
    let lines = writer.out.trim_end().lines().map(str::trim_end);
    lines.fold(String::new(), |all, line| all + line + "\n")
}

#[derive(Default)]
struct Writer {
    width: usize,
    out: String,
    /// The text of the block that is being read.
    text: String,
    /// For each list that is open, the number of its next item; `None` for bullets.
    lists: Vec<Option<u64>>,
    /// Whether the next block is the first of an item.
    is_item: bool,
    /// Whether a code block is being read.
    is_code: bool,
    /// Where the link that is being read leads.
    link: Option<String>,
    /// The rows of the table that is being read; the first is its header.
    rows: Vec<Vec<String>>,
}

impl Writer {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.is_code => {
                for line in text.lines() {
                    let _ = writeln!(self.out, "    {line}");
                }
            }
            Event::Text(text) => self.text += &text,
            Event::Code(text) => {
                let _ = write!(self.text, "`{text}`");
            }
            Event::SoftBreak | Event::HardBreak => self.text += " ",
            Event::Rule => self.out += "\n",
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::CodeBlock(CodeBlockKind::Fenced(_) | CodeBlockKind::Indented) => {
                self.is_code = true;
            }
            Tag::List(first) => {
                self.block();
                self.lists.push(first);
            }
            Tag::Item => self.is_item = true,
            Tag::Link { dest_url, .. } => self.link = Some(dest_url.into_string()),
            Tag::TableHead | Tag::TableRow => self.rows.push(Vec::new()),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(level) => self.heading(level),
            TagEnd::Paragraph => {
                self.block();
                if self.lists.is_empty() {
                    self.out += "\n";
                }
            }
            TagEnd::CodeBlock => {
                self.is_code = false;
                self.out += "\n";
            }
            TagEnd::Item => self.block(),
            TagEnd::List(_) => {
                self.lists.pop();
                if self.lists.is_empty() {
                    self.out += "\n";
                }
            }
            TagEnd::Link => {
                if let Some(to) = self.link.take() {
                    let _ = write!(self.text, " ({})", shown(&to));
                }
            }
            TagEnd::TableCell => {
                let text = std::mem::take(&mut self.text);
                if let Some(row) = self.rows.last_mut() {
                    row.push(bare(text));
                }
            }
            TagEnd::Table => self.table(),
            _ => {}
        }
    }

    fn heading(&mut self, level: HeadingLevel) {
        let text = std::mem::take(&mut self.text);
        let line = if level == HeadingLevel::H1 { "=" } else { "-" };
        for part in textwrap::wrap(&text, options(self.width, "", "")) {
            let _ = writeln!(self.out, "{part}");
        }
        let columns = textwrap::core::display_width(&text).min(self.width);
        let _ = writeln!(self.out, "{}\n", line.repeat(columns));
    }

    /// Writes the text that was read as a paragraph, or as an item of a list.
    fn block(&mut self) {
        let text = std::mem::take(&mut self.text);
        if text.is_empty() {
            return;
        }
        let inner = "  ".repeat(self.lists.len().saturating_sub(1));
        let (first, other) = match self.lists.last_mut() {
            None => (String::new(), String::new()),
            Some(_) if !self.is_item => (format!("{inner}  "), format!("{inner}  ")),
            Some(None) => (format!("{inner}* "), format!("{inner}  ")),
            Some(Some(number)) => {
                let first = format!("{inner}{number}. ");
                *number += 1;
                let other = " ".repeat(first.len());
                (first, other)
            }
        };
        self.is_item = false;
        for line in textwrap::wrap(&text, options(self.width, &first, &other)) {
            let _ = writeln!(self.out, "{line}");
        }
    }

    fn table(&mut self) {
        let mut rows = std::mem::take(&mut self.rows).into_iter();
        let Some(header) = rows.next() else { return };
        if header.len() * MIN_COLUMN > self.width {
            self.table_as_list(&header, rows);
            return;
        }
        let mut table = Table::new();
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(u16::try_from(self.width).unwrap_or(u16::MAX));
        table.set_header(header).add_rows(rows);
        for column in table.column_iter_mut() {
            column.set_padding((0, GAP));
        }
        let columns = table.column_max_content_widths();
        let natural: usize = columns.iter().map(|&columns| usize::from(columns + GAP)).sum();
        let line = |letter| LineStyle::none().fill(letter).junction(letter);
        let mut style = TableStyle::new().header_separator(line('='));
        if natural > self.width {
            // Some rows take several lines.
            style = style.row_separator(line('-'));
        }
        table.load_style(style);
        let _ = writeln!(self.out, "{table}\n");
    }

    /// A table that is too wide for the terminal: each row is its first cell, and the others below it with their headers.
    fn table_as_list(&mut self, header: &[String], rows: impl Iterator<Item = Vec<String>>) {
        for row in rows {
            for (at, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
                let (cell, first, other) = match header.get(at) {
                    _ if at == 0 => (cell.clone(), "", "  "),
                    Some(name) if header.len() > 2 && !name.is_empty() => {
                        (format!("{name}: {cell}"), "  ", "    ")
                    }
                    _ => (cell.clone(), "  ", "  "),
                };
                for line in textwrap::wrap(&cell, options(self.width, first, other)) {
                    let _ = writeln!(self.out, "{line}");
                }
            }
            self.out += "\n";
        }
    }
}

fn options<'a>(width: usize, first: &'a str, other: &'a str) -> textwrap::Options<'a> {
    // Commands and paths can be copied as long as no word is broken.
    textwrap::Options::new(width)
        .initial_indent(first)
        .subsequent_indent(other)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
}

/// A cell that is nothing but one piece of code, without its marks.
fn bare(cell: String) -> String {
    match cell.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')) {
        Some(code) if !code.contains('`') => code.to_owned(),
        _ => cell,
    }
}

/// Where a link leads, in words for a terminal: another page, a file of the source, or an address.
fn shown(to: &str) -> String {
    let file = to.split('#').next().unwrap_or_default();
    match file.strip_suffix(".md").and_then(Page::named) {
        Some(page) => format!("leakhound guide {}", page.name),
        None => match to.strip_prefix("../../") {
            Some(file) => file.to_owned(),
            None => {
                to.strip_prefix("../").map_or_else(|| to.to_owned(), |file| format!("src/{file}"))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::guide::PAGES;

    /// How often each letter and digit is in a text.
    fn letters(text: &str) -> BTreeMap<char, usize> {
        let mut counts = BTreeMap::new();
        text.chars()
            .filter(|c| c.is_alphanumeric())
            .for_each(|c| *counts.entry(c).or_default() += 1);
        counts
    }

    #[test]
    fn a_page_is_shown_whole_at_any_width() {
        for page in PAGES {
            for width in [20, 40, 60, 80, 100] {
                let shown = render(page.text, width);
                // Words may be broken over lines and columns, so letters are counted.
                // A table that is shown as a list has no header.
                let (mut words, mut is_header) = (String::new(), false);
                for event in Parser::new_ext(page.text, Options::ENABLE_TABLES) {
                    match event {
                        Event::Start(Tag::TableHead) => is_header = true,
                        Event::End(TagEnd::TableHead) => is_header = false,
                        Event::Text(text) | Event::Code(text) if !is_header => words += &text,
                        _ => {}
                    }
                }
                let there = letters(&shown);
                for (letter, count) in letters(&words) {
                    let shown = there.get(&letter).copied().unwrap_or_default();
                    assert!(shown >= count, "{} at {width} lost {letter:?}", page.name);
                }
                let code = |line: &str| line.starts_with("    ");
                for line in shown.lines().filter(|line| !code(line) && line.contains(' ')) {
                    let columns = textwrap::core::display_width(line);
                    let longest = line.split(' ').map(textwrap::core::display_width).max().unwrap();
                    assert!(
                        columns <= width || longest + 6 >= width,
                        "{} at {width}: {line}",
                        page.name
                    );
                }
            }
        }
    }

    #[test]
    fn a_page_looks_like_this() {
        let text = "# A title\n\nA *long* line with `code` and a [link](verdicts.md) in it.\n\n* one\n* two, which is longer\n\n\
                    1. first\n2. second\n\n```console\n$ leakhound scan DUMP\n```\n\n| a | b |\n|---|---|\n| `x` | y z |\n";
        let told = render(text, 40);
        let expected = "A title\n=======\n\nA long line with `code` and a link\n(leakhound guide verdicts) in it.\n\n* one\n\
                        * two, which is longer\n\n1. first\n2. second\n\n    $ leakhound scan DUMP\n";
        assert!(told.starts_with(expected), "{told}");
        assert!(
            told.lines().any(|line| line.starts_with("x  ") && line.ends_with("y z")),
            "{told}"
        );
        let narrow = render(text, 24);
        assert!(narrow.contains("\nx\n  y z\n"), "{narrow}");
    }
}
