//! The workbook and Parquet.

use std::io;

use super::*;

#[test]
fn hostile_text_is_text_and_nothing_else_in_a_workbook() {
    let records = hostile();
    let book = bytes_of(Format::Xlsx, &summary(&records), &records);
    let mut zip = ::zip::ZipArchive::new(io::Cursor::new(book.clone())).unwrap();
    for at in 0..zip.len() {
        let mut part = zip.by_index(at).unwrap();
        let mut xml = String::new();
        io::Read::read_to_string(&mut part, &mut xml).unwrap();
        assert!(!xml.contains("<f>") && !xml.contains("<hyperlink"), "{:?}: {xml}", part.name());
        assert!(!xml.contains(['\u{202E}', '\u{1b}', '\0']), "{:?}", part.name());
    }
    let text = text_of_workbook(book);
    assert!(text.contains("=cmd|' /C calc'!A0</td></script>"), "{text}");
}

#[test]
fn a_text_that_is_longer_than_a_cell_loses_its_middle_in_a_workbook_and_nothing_in_parquet() {
    let long = format!("A{}Z", "é".repeat(40_000));
    let records = [record("/dump/x.ogg", vec![Finding { title: long.clone(), ..finding("r") }])];
    let book = report(Format::Xlsx, &records);
    assert!(book.contains("24,002 characters …"), "{}", book.len());
    assert!(report(Format::Parquet, &records).contains(&long));
}

#[test]
fn hostile_text_stays_what_it_is_in_parquet() {
    let rows = report(Format::Parquet, &hostile());
    assert!(rows.contains(HOSTILE), "{rows}");
}
