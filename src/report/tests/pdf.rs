//! The PDF: harmless, accessible, in the fonts that it is given.

use super::*;
use crate::report::pdf;

/// Noto Sans, with its glyphs assigned to other characters: for each group the first and last character, and the glyph of the
/// first.
pub(in crate::report) fn covering(groups: &[(u32, u32, u32)]) -> Vec<u8> {
    let mut bytes = notosans::REGULAR_TTF.to_vec();
    let entry = bytes.windows(4).position(|tag| tag == b"cmap").unwrap();
    // Format 12, for Unicode.
    let mut cmap = vec![0, 0, 0, 1, 0, 3, 0, 10, 0, 0, 0, 12, 0, 12, 0, 0];
    for number in [16 + 12 * groups.len() as u32, 0, groups.len() as u32] {
        cmap.extend(number.to_be_bytes());
    }
    for (first, last, glyph) in groups {
        cmap.extend([first, last, glyph].into_iter().flat_map(|number| number.to_be_bytes()));
    }
    let (offset, length) = (bytes.len() as u32, cmap.len() as u32);
    bytes[entry + 8..entry + 12].copy_from_slice(&offset.to_be_bytes());
    bytes[entry + 12..entry + 16].copy_from_slice(&length.to_be_bytes());
    bytes.extend(cmap);
    bytes
}

#[test]
fn hostile_text_is_drawn_escaped_in_a_pdf_which_holds_no_script_link_or_date() {
    let records = hostile();
    let run = RunSummary { roots: vec![HOSTILE.to_owned()], ..summary(&records) };
    let pdf = bytes_of(Format::Pdf, &run, &records);
    assert!(pdf.starts_with(b"%PDF-1."));
    let has = |name: &str| pdf.windows(name.len()).any(|at| at == name.as_bytes());
    for name in ["/JavaScript", "/URI", "/Launch", "/AcroForm", "/OpenAction", "/CreationDate"] {
        assert!(!has(name), "{name}");
    }
    let drawn = text_of_pages(&run, &records);
    assert!(!drawn.contains(['\u{202E}', '\u{1b}', '\0', '\r']));
    assert!(drawn.contains("\\u{202E}"), "{drawn}");
}

#[test]
fn a_pdf_tells_the_numbers_of_characters_that_its_fonts_lack_and_shows_the_others() {
    let titled = |title: &str| Finding { title: title.to_owned(), ..finding("r") };
    let records = [record("/dump/x.ogg", vec![titled("夜に / Ночь / Νύχτα / Łódź")])];
    let drawn = report(Format::Pdf, &records);
    assert!(drawn.contains("‹U+591C U+306B› / Ночь / Νύχτα / Łódź"), "{drawn}");
    assert!(drawn.contains("4 characters of names and paths are in none of this document's fonts"));
}

#[test]
fn a_pdf_takes_what_its_font_lacks_from_the_fonts_that_are_named() {
    let named = covering(&[(0x3042, 0x3093, 50), (0x591C, 0x591C, 120)]);
    let font = pdf::FontFile::new("named.ttf", named, 0).unwrap();
    let records =
        [record("/dump/x.ogg", vec![Finding { title: "夜に駆".to_owned(), ..finding("r") }])];
    let written = |fonts: Vec<pdf::FontFile>| {
        let mut out = Vec::new();
        let mut writer = pdf::PdfWriter::new(&mut out, 9).with_fonts(fonts);
        writer.begin(&summary(&records)).unwrap();
        writer.item(&records[0]).unwrap();
        writer.end().unwrap();
        let missing = writer.missing();
        drop(writer);
        (out, missing)
    };
    let (with, missing) = written(vec![font.clone()]);
    // The character is on the works list and on the exhibit's page.
    assert_eq!(missing, 2, "one of the three is in no font");
    assert!(written(vec![font]).0 == with, "equal fonts give equal bytes");
    let (without, missing) = written(Vec::new());
    assert_eq!(missing, 6);
    let fonts = |pdf: &[u8]| pdf.windows(9).filter(|at| at == b"/FontFile").count();
    assert_eq!(fonts(&with), fonts(&without) + 1);
}

#[test]
fn a_font_whose_outlines_are_damaged_is_named_in_the_error() {
    let mut bytes = covering(&[(0x591C, 0x591C, 120)]);
    let entry = bytes.windows(4).position(|tag| tag == b"loca").unwrap();
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let (offset, length) = (number(entry + 8), number(entry + 12));
    bytes[offset..offset + length].fill(0xFF);
    let font = pdf::FontFile::new("night.ttf", bytes, 0).unwrap();
    let found = Finding { title: "夜".to_owned(), ..finding("r") };
    let records = [record("/dump/x.ogg", vec![found])];
    let mut writer = pdf::PdfWriter::new(Vec::new(), 9).with_fonts(vec![font]);
    writer.begin(&summary(&records)).unwrap();
    writer.item(&records[0]).unwrap();
    let error = writer.end().unwrap_err().to_string();
    assert!(error.starts_with("the font night.ttf cannot be embedded ("), "{error}");
}

#[test]
fn a_pdf_has_headings_tables_bookmarks_and_words_for_its_pictures() {
    let pdf = bytes_of(Format::Pdf, &summary(&sample()), &sample());
    let count = |name: &str| pdf.windows(name.len()).filter(|at| *at == name.as_bytes()).count();
    for name in ["/StructTreeRoot", "/S/H1", "/S/Table", "/S/TH", "/S/TD", "/Outlines", "/Alt"] {
        assert!(count(name) > 0, "{name}");
    }
}

#[test]
fn a_pdf_has_a_page_for_so_many_findings_as_were_asked_for_matches_first() {
    let suspect = Finding { verdict: Verdict::Suspect, ..finding("rec-2") };
    let mut records = vec![record("/dump/0.ogg", vec![suspect])];
    records.extend((1..9).map(|n| record(&format!("/dump/{n}.ogg"), vec![finding("rec-1")])));
    let mut writer = pdf::PdfWriter::new(Vec::new(), 5);
    writer.begin(&summary(&records)).unwrap();
    for record in &records {
        writer.item(record).unwrap();
    }
    let drawn = writer.drawn().unwrap();
    assert!(drawn.contains("Exhibit 5: match") && !drawn.contains("Exhibit 6"), "{drawn}");
    assert!(drawn.contains("5 of 9 findings have a page"), "{drawn}");
}
