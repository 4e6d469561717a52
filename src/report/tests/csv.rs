//! CSV for spreadsheets.

use super::*;

#[test]
fn csv_has_a_row_for_each_finding_and_for_each_item_without_one() {
    let rows = csv_rows(&report(Format::Csv, &sample()));
    assert_eq!(rows[0], table::COLUMNS.map(|(name, _)| name));
    let verdicts: Vec<_> = rows[1..].iter().map(|row| row[6].as_str()).collect();
    assert_eq!(verdicts, ["match", "suspect", "clear", "failed", "failed", "suspect"]);
    assert_eq!(
        rows[2][16],
        "0:00:10.0-0:00:20.0 > 0:00:30.0-0:00:38.5; 0:00:50.0-0:01:00.0 > 0:01:04.0-0:01:12.5"
    );
    assert_eq!(rows[2][15], "-281.4", "a negative number is not treated as a formula");
}

#[test]
fn hostile_text_is_no_formula_and_no_line_break_in_csv() {
    let written = report(Format::Csv, &hostile());
    assert_eq!(written.lines().count(), 1 + 4);
    assert!(!written.contains(['\u{202E}', '\u{1b}', '\0']));
    for row in &csv_rows(&written)[1..] {
        assert_eq!(row.len(), table::COLUMNS.len());
        let start = row.iter().find(|cell| cell.starts_with(['=', '+', '@', '\t', '\r']));
        assert_eq!(start, None);
        assert!(row[0].starts_with("'=cmd"), "{}", row[0]);
    }
}
