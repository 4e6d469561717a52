//! Deliveries as spreadsheets and other programs write them: read right, or refused with the reason.

use rust_xlsxwriter::{Formula, Workbook};

use super::entries;
use crate::common::{Desk, parse};

fn titles(desk: &Desk) -> Vec<String> {
    let all = parse(&entries(desk));
    all.iter().map(|entry| entry["title"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_quote_behind_a_blank_begins_a_quoted_cell() {
    let desk = Desk::new();
    desk.write("x.csv", b"ISRC, TITLE, ARTIST\nGBAYE0000351, \"Four, or five\", \"D\"\nGBAYE0000352,  Six ,\"E\"\n");
    desk.run(["catalog", "import", "x.csv"]).ends_with(0);
    assert_eq!(titles(&desk), ["Four, or five", "Six"]);
}

#[test]
fn an_encoding_that_is_guessed_is_told_and_a_given_one_is_not() {
    for (name, title) in [("windows-1251", "\u{41d}\u{435}\u{434}\u{435}\u{43b}\u{44f} \u{43b}\u{435}\u{442}\u{43e}"), ("shift_jis", "\u{3055}\u{304f}\u{3089}\u{306e}\u{6b4c}")] {
        let desk = Desk::new();
        let encoding = leakhound::import::encoding(name).unwrap();
        let text = format!("ISRC;Title\nGBAYE0000351;{title}\n");
        desk.write("x.csv", &encoding.encode(&text).0);
        let done = desk.run(["catalog", "import", "x.csv"]).ends_with(0);
        let told = format!("it is read as {}", encoding.name());
        assert!(done.stderr.contains(&told) && done.stderr.contains("--encoding"), "{done:#?}");
        assert_eq!(titles(&desk), [title]);
        let done = desk.run(["catalog", "import", "--encoding", name, "x.csv"]).ends_with(0);
        assert!(done.stderr.is_empty(), "{done:#?}");
    }
}

#[test]
fn formulas_without_a_value_and_errors_are_refused_row_by_row() {
    let desk = Desk::new();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_row(0, 0, ["ISRC", "Title", "Notes of ours"]).unwrap();
    for (row, isrc) in ["GBAYE0000351", "GBAYE0000352", "GBAYE0000353", "GBAYE0000354"].iter().enumerate() {
        let row = row as u32 + 1;
        sheet.write(row, 0, *isrc).unwrap();
        match row {
            1 => sheet.write_formula(row, 1, Formula::new("=\"a\"&\"b\"").set_result("ab")).unwrap(),
            2 => sheet.write_formula(row, 1, Formula::new("=\"c\"&\"d\"").set_result("")).unwrap(),
            3 => sheet.write(row, 1, "#REF!").unwrap(),
            _ => sheet.write(row, 1, "plain").unwrap(),
        };
        sheet.write(row, 2, "#N/A").unwrap();
    }
    let mut bytes = book.save_to_buffer().unwrap();
    desk.write("x.xlsx", &bytes);
    let done = desk.run(["catalog", "import", "x.xlsx"]).ends_with(3);
    assert!(done.stderr.contains("row 4, Title: \"#REF!\" is an error of a formula"), "{done:#?}");
    bytes.clear();
    let refused = done.stderr.lines().filter(|line| line.starts_with("refused")).count();
    let uncomputed = done.stderr.contains("row 3, Title: is a formula whose value is not stored");
    assert_eq!((refused, uncomputed), (2, true), "{done:#?}");
    assert_eq!(titles(&desk), ["ab", "plain"]);
}

#[test]
fn a_page_called_a_workbook_and_a_delivery_without_rows_do_not_end_well() {
    let desk = Desk::new();
    desk.write("x.xls", b"<html><body><table><tr><td>ISRC</td></tr></table></body></html>");
    let done = desk.run(["catalog", "import", "x.xls"]).ends_with(3);
    assert!(done.stderr.contains("is an HTML page"), "{done:#?}");
    desk.write("y.csv", b"ISRC,Title\n");
    desk.run(["catalog", "import", "y.csv"]).ends_with(3);
    desk.write("z.xml", b"<?xml version=\"1.0\"?><Acknowledgement><A/></Acknowledgement>");
    desk.run(["catalog", "import", "z.xml"]).ends_with(3);
}
