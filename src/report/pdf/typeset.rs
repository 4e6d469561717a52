//! Turns a line of text into glyphs: chooses fonts, orders and shapes the characters, and measures the line.
//!
//! A character is taken, with its combining marks, from the first font that has both. The order is that of the Unicode
//! Bidirectional Algorithm (UAX #9) with left-to-right base direction. `rustybuzz`, a port of `HarfBuzz`, shapes each run: it joins
//! Arabic letters and places the marks of Indic scripts and Thai. Lengths are in units of the font's size.

use krilla::text::{GlyphId, KrillaGlyph};
use rustybuzz::{Direction, UnicodeBuffer};
use unicode_bidi::{BidiInfo, Level};
use unicode_script::{Script, UnicodeScript as _};

use super::fonts::Fonts;
use crate::base::visible;

/// A run of glyphs of one font, one script and one direction.
#[derive(Debug)]
pub(super) struct Run<'t> {
    /// Index of the font.
    pub(super) font: usize,
    pub(super) text: &'t str,
    pub(super) glyphs: Vec<KrillaGlyph>,
    /// Offset from the begin of the line.
    pub(super) x: f32,
}

/// Untrusted text as the fonts can show it, and the number of characters that no font has, which become `‹U+65E5 U+672C›`.
pub(super) fn shown(fonts: &Fonts, text: &str) -> (String, u64) {
    let text = visible(text);
    let (mut shown, mut missing, mut is_open) = (String::with_capacity(text.len()), 0, false);
    for c in text.chars() {
        let lacks = !fonts.have(c) && (is_open || !is_silent(c));
        match (lacks, is_open) {
            (true, false) => shown.push('‹'),
            (true, true) => shown.push(' '),
            (false, true) => shown.push('›'),
            (false, false) => {}
        }
        is_open = lacks;
        if lacks {
            missing += 1;
            shown += &format!("U+{:04X}", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    if is_open {
        shown.push('›');
    }
    (shown, missing)
}

/// Whether a character has no glyph of its own but changes the shape of its neighbours: joiners and variation selectors.
fn is_silent(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}' | '\u{34F}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Splits text into clusters: a character with its combining marks and the characters joined to it. No line is broken inside.
pub(super) fn clusters(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        // The first character, and any character after a joiner, belongs to the cluster.
        let mut is_joined = true;
        let is_next = |c: char| {
            let is_part = is_joined || c.script() == Script::Inherited;
            is_joined = c == '\u{200D}';
            !is_part
        };
        let end = rest.find(is_next).unwrap_or(rest.len());
        let (cluster, others) = rest.split_at(end);
        rest = others;
        (!cluster.is_empty()).then_some(cluster)
    })
}

/// Width of a line.
pub(super) fn width(fonts: &Fonts, text: &str, bold: bool) -> f32 {
    // Latin, Greek and Cyrillic without marks, which is nearly all text: the advances are summed, without kerning, which would
    // make it slightly narrower.
    let first = fonts.get(fonts.order(bold).next().unwrap_or_default());
    let simple = |c| matches!(c, ' '..='\u{2FF}' | '\u{370}'..='\u{482}' | '–' | '…');
    let plain: Option<f32> =
        text.chars().map(|c| if simple(c) { first.advance(c) } else { None }).sum();
    if let Some(width) = plain {
        return width;
    }
    let last = runs(fonts, text, bold).pop();
    last.map_or(0.0, |run| run.x + run.glyphs.iter().map(|glyph| glyph.x_advance).sum::<f32>())
}

/// The runs of a line, from left to right.
pub(super) fn runs<'t>(fonts: &Fonts, text: &'t str, bold: bool) -> Vec<Run<'t>> {
    let (mut runs, mut x) = (Vec::new(), 0.0);
    let order = BidiInfo::new(text, Some(Level::ltr()));
    for paragraph in &order.paragraphs {
        let (levels, parts) = order.visual_runs(paragraph, paragraph.range.clone());
        for part in parts {
            let is_reversed = levels[part.start].is_rtl();
            let mut pieces = pieces(fonts, &text[part], bold);
            if is_reversed {
                pieces.reverse();
            }
            for (font, text) in pieces {
                let glyphs = shape(fonts, font, text, is_reversed);
                let width: f32 = glyphs.iter().map(|glyph| glyph.x_advance).sum();
                runs.push(Run { font, text, glyphs, x });
                x += width;
            }
        }
    }
    runs
}

/// Splits text into pieces of one font and one script, in the order of the text.
fn pieces<'t>(fonts: &Fonts, text: &'t str, bold: bool) -> Vec<(usize, &'t str)> {
    let mut pieces = Vec::new();
    let (mut begin, mut at) = (0, 0);
    let mut current: Option<(usize, Option<Script>)> = None;
    for cluster in clusters(text) {
        let font = font_of(fonts, cluster, bold);
        let script = cluster.chars().map(|c| c.script()).find(|script| !is_any(*script));
        match &mut current {
            Some((of, written))
                if *of == font && (script.is_none() || written.is_none() || *written == script) =>
            {
                *written = written.or(script);
            }
            Some((of, _)) => {
                pieces.push((*of, &text[begin..at]));
                begin = at;
                current = Some((font, script));
            }
            None => current = Some((font, script)),
        }
        at += cluster.len();
    }
    if let Some((font, _)) = current {
        pieces.push((font, &text[begin..]));
    }
    pieces
}

/// Whether characters of this script value occur in text of any script.
fn is_any(script: Script) -> bool {
    matches!(script, Script::Common | Script::Inherited | Script::Unknown)
}

/// The first font that has a character with its marks, or else the first that has the character.
fn font_of(fonts: &Fonts, cluster: &str, bold: bool) -> usize {
    let whole = |number: &usize| cluster.chars().all(|c| is_silent(c) || fonts.get(*number).has(c));
    let base = |number: &usize| cluster.chars().next().is_some_and(|c| fonts.get(*number).has(c));
    let found = fonts.order(bold).find(whole).or_else(|| fonts.order(bold).find(base));
    found.or_else(|| fonts.order(bold).next()).unwrap_or_default()
}

/// Shapes a piece of text in one font.
fn shape(fonts: &Fonts, font: usize, text: &str, is_reversed: bool) -> Vec<KrillaGlyph> {
    let one = fonts.get(font);
    let mut buffer = UnicodeBuffer::new();
    buffer.push_str(text);
    buffer.guess_segment_properties();
    buffer.set_direction(if is_reversed { Direction::RightToLeft } else { Direction::LeftToRight });
    let shaped = rustybuzz::shape(&one.face, &[], buffer);
    let begins = |info: &rustybuzz::GlyphInfo| info.cluster as usize;
    let mut starts: Vec<usize> = shaped.glyph_infos().iter().map(begins).collect();
    starts.sort_unstable();
    let glyphs = shaped.glyph_infos().iter().zip(shaped.glyph_positions());
    let glyphs = glyphs.map(|(info, position)| {
        let start = info.cluster as usize;
        let end = starts.get(starts.partition_point(|other| *other <= start));
        let share = |units: i32| units as f32 / one.em();
        KrillaGlyph::new(
            GlyphId::new(info.glyph_id),
            share(position.x_advance),
            share(position.x_offset),
            share(position.y_offset),
            share(position.y_advance),
            start..end.copied().unwrap_or(text.len()),
            None,
        )
    });
    glyphs.collect()
}

#[cfg(test)]
mod tests {
    use super::super::fonts::FontFile;
    use super::*;
    use crate::report::tests::covering;

    /// A font with only a few letters of Japanese, Hebrew and Arabic.
    fn named() -> [FontFile; 1] {
        let groups = [(0x5D0, 0x5EA, 40), (0x627, 0x64A, 80), (0x65E5, 0x672C, 130)];
        [FontFile::new("x.ttf", covering(&groups), 0).unwrap()]
    }

    fn drawn<'t>(runs: &[Run<'t>]) -> Vec<(usize, &'t str)> {
        runs.iter().map(|run| (run.font, run.text)).collect()
    }

    #[test]
    fn characters_that_no_font_has_are_written_as_numbers_and_counted() {
        let fonts = Fonts::new(&[]).unwrap();
        assert_eq!(shown(&fonts, "Łódź / Ночь / Νύχτα"), ("Łódź / Ночь / Νύχτα".to_owned(), 0));
        assert_eq!(shown(&fonts, "日本 – 🌊."), ("‹U+65E5 U+672C› – ‹U+1F30A›.".to_owned(), 3));
        assert_eq!(shown(&fonts, "☠\u{FE0F}").0, "‹U+2620 U+FE0F›");
        assert_eq!(shown(&fonts, "a\u{202E}b\n").0, "a\\u{202E}b\\n");
        let named = named();
        let fonts = Fonts::new(&named).unwrap();
        assert_eq!(shown(&fonts, "日本 – 🌊."), ("日本 – ‹U+1F30A›.".to_owned(), 1));
    }

    #[test]
    fn each_character_is_taken_from_the_first_font_that_has_it() {
        let named = named();
        let fonts = Fonts::new(&named).unwrap();
        let line = runs(&fonts, "A 日本 B", false);
        assert_eq!(drawn(&line), [(0, "A "), (2, "日本"), (0, " B")]);
        assert!(line.windows(2).all(|pair| pair[0].x < pair[1].x));
        assert_eq!(drawn(&runs(&fonts, "A 日", true)), [(1, "A "), (2, "日")]);
        let end = line[2].x + line[2].glyphs.iter().map(|glyph| glyph.x_advance).sum::<f32>();
        assert!((width(&fonts, "A 日本 B", false) - end).abs() < 1e-4);
    }

    #[test]
    fn right_to_left_text_is_ordered_within_a_left_to_right_line() {
        let named = named();
        let fonts = Fonts::new(&named).unwrap();
        let line = runs(&fonts, "by אבג דה 1999, live", false);
        assert_eq!(
            drawn(&line),
            [(0, "by "), (0, "1999"), (0, " "), (2, "דה"), (0, " "), (2, "אבג"), (0, ", live")]
        );
        let starts: Vec<_> = line[5].glyphs.iter().map(|glyph| glyph.text_range.start).collect();
        assert_eq!(starts, [4, 2, 0], "the last letter is leftmost");
    }

    #[test]
    fn marks_stay_with_their_letter_and_joined_characters_stay_together() {
        let text = "e\u{301}x👩\u{200D}👩\u{FE0F}y";
        assert_eq!(
            clusters(text).collect::<Vec<_>>(),
            ["e\u{301}", "x", "👩\u{200D}👩\u{FE0F}", "y"]
        );
        assert_eq!(clusters("").count(), 0);
        let fonts = Fonts::new(&[]).unwrap();
        let line = runs(&fonts, "e\u{301}x", false);
        assert_eq!(drawn(&line), [(0, "e\u{301}x")]);
        assert_eq!(line[0].glyphs[0].text_range, 0..3);
    }

    #[test]
    fn the_width_of_plain_text_is_that_of_its_glyphs_without_kerning() {
        let fonts = Fonts::new(&[]).unwrap();
        for text in ["Recordings of the catalogue", "0123456789abcdef", "Ночь – Νύχτα – Łódź"]
        {
            let line = runs(&fonts, text, false);
            let whole: f32 =
                line.iter().flat_map(|run| &run.glyphs).map(|glyph| glyph.x_advance).sum();
            assert!((width(&fonts, text, false) / whole - 1.0).abs() < 0.02, "{text}");
        }
    }
}
