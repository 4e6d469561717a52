//! Deliveries as spreadsheets and other programs write them: read right, or refused with the reason.

use super::entries;
use crate::common::{Desk, parse, zip};

fn titles(desk: &Desk) -> Vec<String> {
    let all = parse(&entries(desk));
    all.iter().map(|entry| entry["title"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_quote_behind_a_blank_begins_a_quoted_cell() {
    let desk = Desk::new();
    desk.write(
        "x.csv",
        b"ISRC, TITLE, ARTIST\nGBAYE0000351, \"Four, or five\", \"D\"\nGBAYE0000352,  Six ,\"E\"\n",
    );
    desk.run(["catalog", "import", "x.csv"]).ends_with(0);
    let mut found = titles(&desk);
    found.sort();
    assert_eq!(found, ["Four, or five", "Six"]);
}

#[test]
fn an_encoding_that_is_guessed_is_told_and_a_given_one_is_not() {
    for (name, title) in [
        ("windows-1251", "\u{41d}\u{435}\u{434}\u{435}\u{43b}\u{44f} \u{43b}\u{435}\u{442}\u{43e}"),
        ("shift_jis", "\u{3055}\u{304f}\u{3089}\u{306e}\u{6b4c}"),
    ] {
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

/// A workbook with one sheet of these rows.
fn book(rows: &str) -> Vec<u8> {
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
    let relation = |id: &str, kind: &str, target: &str| {
        format!(
            "<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"{id}\" Type=\"{OFFICE}/{kind}\" \
             Target=\"{target}\"/></Relationships>"
        )
    };
    let types = format!(
        "<Types xmlns=\"{PACKAGE}/content-types\"><Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>"
    );
    let workbook = format!(
        "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\"><sheets><sheet name=\"Tracks\" sheetId=\"1\" r:id=\"rId1\"/>\
         </sheets></workbook>"
    );
    let sheet = format!("<worksheet xmlns=\"{MAIN}\"><sheetData>{rows}</sheetData></worksheet>");
    let parts = [
        ("[Content_Types].xml", types),
        ("_rels/.rels", relation("rId1", "officeDocument", "xl/workbook.xml")),
        ("xl/workbook.xml", workbook),
        ("xl/_rels/workbook.xml.rels", relation("rId1", "worksheet", "worksheets/sheet1.xml")),
        ("xl/worksheets/sheet1.xml", sheet),
    ];
    let parts: Vec<(&str, &[u8])> =
        parts.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    zip(&parts)
}

#[test]
fn formulas_without_a_value_and_errors_are_refused_row_by_row() {
    let desk = Desk::new();
    let text = |cell: &str, text: &str| {
        format!("<c r=\"{cell}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
    };
    let titles_of = [
        text("B1", "Title"),
        "<c r=\"B2\" t=\"str\"><f>A2</f><v>computed</v></c>".to_owned(),
        "<c r=\"B3\"><f>A3&amp;A2</f><v/></c>".to_owned(),
        "<c r=\"B4\" t=\"e\"><f>Z1</f><v>#REF!</v></c>".to_owned(),
        // A formula whose value is an empty text.
        "<c r=\"B5\" t=\"str\"><f>IF(FALSE,1,\"\")</f><v></v></c>".to_owned(),
    ];
    let rows: String = titles_of
        .iter()
        .enumerate()
        .map(|(at, title)| {
            let row = at + 1;
            let isrc = if at == 0 { "ISRC".to_owned() } else { format!("GBAYE000035{at}") };
            let note = if at == 0 { "Our notes" } else { "#N/A" };
            let (isrc, note) = (text(&format!("A{row}"), &isrc), text(&format!("C{row}"), note));
            format!("<row r=\"{row}\">{isrc}{title}{note}</row>")
        })
        .collect();
    desk.write("x.xlsx", &book(&rows));
    let done = desk.run(["catalog", "import", "x.xlsx"]).ends_with(3);
    let refused: Vec<_> = done.stderr.lines().filter(|line| line.starts_with("refused")).collect();
    assert_eq!(refused.len(), 2, "{done:#?}");
    assert!(
        refused[0].contains("row 3, Title: is a formula whose value is not stored"),
        "{done:#?}"
    );
    assert!(refused[1].contains("row 4, Title: \"#REF!\" is an error of a formula"), "{done:#?}");
    let mut found = titles(&desk);
    found.sort();
    assert_eq!(found, ["", "computed"]);
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
