//! The columns of `ACRCloud`'s scanner.

use super::*;
use crate::report::acrcloud;

#[test]
fn hostile_text_is_no_formula_and_no_line_break_in_the_columns_of_acrcloud() {
    let mut records = hostile();
    // Dismissed findings would be left out.
    records.iter_mut().flat_map(|record| &mut record.findings).for_each(|f| f.decision = None);
    let written = report(Format::Acrcloud, &records);
    // Items that are not audio have no row.
    assert_eq!(written.lines().count(), 1 + 3);
    assert!(!written.contains(['\u{202E}', '\u{1b}', '\0']));
    for row in &csv_rows(&written)[1..] {
        assert_eq!(row.len(), acrcloud::COLUMNS.len());
        let start = row.iter().find(|cell| cell.starts_with(['=', '+', '@', '\t', '\r']));
        assert_eq!(start, None);
        assert!(row[0].starts_with("'=cmd"), "{}", row[0]);
    }
}

#[test]
fn the_columns_of_acrcloud_have_a_row_for_each_span_but_none_of_permitted_or_dismissed_findings() {
    let mut records = sample();
    records[0].findings[0].verdict = Verdict::Permitted;
    let rows = csv_rows(&report(Format::Acrcloud, &records));
    let of = |row: &[String]| [0, 1, 2, 7, 18, 20].map(|at| row[at].clone()).join(" ");
    let told: Vec<_> = rows[1..].iter().map(|row| of(row)).collect();
    assert_eq!(
        told,
        [
            "/dump/a/01 mix.ogg 0 00:00:10 30 10000 30000",
            "/dump/a/01 mix.ogg 0 00:00:50 30 50000 64000",
            "/dump/a/02 clear.ogg 1001    ",
            "/dump/a/03 short.ogg 2004    ",
            "/dump/b/04 noisy.ogg 1001    ",
        ]
    );
}
