//! The HTML page: harmless, valid, closed to the network, and bounded.

use super::*;
use crate::report::html;

#[test]
fn hostile_text_is_no_markup_in_html() {
    let mut summary = summary(&hostile());
    for text in [
        &mut summary.run_id,
        &mut summary.tool_version,
        &mut summary.mode,
        &mut summary.roots[0],
        &mut summary.decoders,
        &mut summary.catalogue_digest,
        &mut summary.fingerprint_digest,
    ] {
        HOSTILE.clone_into(text);
    }
    let page = report_of(Format::Html, &summary, &hostile());
    assert!(!page.contains(['\u{202E}', '\u{1b}', '\0', '\r']));
    assert!(page.contains("\\u{202E}gpj\\u{001B}[31m\\r\\n\\u{0000}"));
    assert!(page.contains("{{7*7}}"));
    assert!(page.contains("&#38;amp;"), "what looks escaped is escaped once more");
    let tags = html_tags(&page);
    assert_eq!(tags.iter().filter(|tag| *tag == "script").count(), 1, "one script runs");
    let mut unquoted = tags.iter().flat_map(|tag| tag.split('"').step_by(2));
    assert!(!unquoted.any(|part| part.starts_with("img") || part.contains("onerror")));
    let texts = data(&page).to_string();
    assert!(
        texts.contains("<script>alert(1)</script>"),
        "what the scripts show is the text itself"
    );
}

/// The JSON in the page for its scripts: all pieces in one list.
pub(super) fn data(page: &str) -> serde_json::Value {
    let pieces = page.split("<script type=\"application/json\"").skip(1).map(|rest| {
        let json = rest.split_once('>').unwrap().1.split_once("</script>").unwrap().0;
        serde_json::from_str::<serde_json::Value>(json).unwrap()
    });
    pieces.collect()
}

#[test]
fn a_title_of_five_thousand_characters_is_short_in_the_table_and_whole_in_the_data() {
    let long = "W".repeat(5000);
    let found = Finding { title: long.clone(), ..finding("rec-1") };
    let page = report(Format::Html, &[record(&format!("/dump/{long}.ogg"), vec![found])]);
    assert!(page.contains("<bdi>WWWW"));
    assert!(page.contains("W … 4,840 characters … W"));
    let data = data(&page);
    assert_eq!(data[0]["recordings"][0][1], long.as_str());
    assert_eq!(data[1][0]["path"], format!("/dump/{long}.ogg"));
    assert!(data[0]["rows"][0][2].as_str().unwrap().len() < 500, "a row is short");
}

#[test]
fn the_page_is_valid_with_and_without_findings() {
    for records in [sample(), hostile(), Vec::new()] {
        html_tags(&report(Format::Html, &records));
    }
}

#[test]
fn the_page_asks_for_nothing_from_outside() {
    let page = report(Format::Html, &sample());
    for reference in ["http:", "https:", " src=", "url(", "@import", "<link", "fetch(", "import("] {
        // The only URL is the name space of SVG, which is not requested.
        let asks =
            |line: &&str| line.contains(reference) && !line.contains("http://www.w3.org/2000/svg");
        assert_eq!(page.lines().find(asks), None, "{reference}");
    }
    let links = page.split(" href=\"").skip(1);
    assert_eq!(links.filter(|link| !link.starts_with('#')).count(), 0);
}

#[test]
fn only_the_style_and_the_script_that_the_policy_names_may_run() {
    use base64::Engine as _;
    use sha2::Digest as _;
    let page = report(Format::Html, &sample());
    let policy = page.split_once("Content-Security-Policy\" content=\"").unwrap().1;
    let policy = policy.split_once('"').unwrap().0;
    assert!(policy.starts_with("default-src 'none'; "), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    for (element, rule) in [("style", "style-src"), ("script", "script-src")] {
        let text = page.split_once(&format!("<{element}>")).unwrap().1;
        let text = text.split_once(&format!("</{element}>")).unwrap().0;
        let digest = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(text));
        assert!(policy.contains(&format!("{rule} 'sha256-{digest}'")), "{element}: {policy}");
    }
    let attributes = [" style=", " onclick=", " onload="];
    let tags = html_tags(&page);
    assert!(!tags.iter().any(|tag| attributes.iter().any(|name| tag.contains(name))));
}

#[test]
fn an_unfinished_run_says_so_at_the_top() {
    let run = RunSummary { complete: false, ..summary(&sample()) };
    let page = report_of(Format::Html, &run, &sample());
    assert!(page.find("<strong>Incomplete.</strong>").unwrap() < page.find("<main>").unwrap());
    assert!(!page.contains("<strong>Complete.</strong>"));
}

#[test]
fn findings_beyond_the_table_without_scripts_are_counted() {
    let page = report(Format::Html, &many(203));
    assert_eq!(page.matches("<span class=\"badge match\">").count(), 200);
    assert!(page.contains("The first 200 findings, sorted by path; 3 more"));
    assert_eq!(data(&page)[0]["rows"].as_array().unwrap().len(), 203);
    assert!(page.contains("; 3 more are shown if scripts may run"));
    assert!(report(Format::Html, &many(201)).contains("; 1 more is shown if scripts may run"));
}

#[test]
fn findings_beyond_the_limit_of_a_page_are_counted() {
    let (records, mut out) = (many(603), Vec::new());
    let mut writer = html::HtmlWriter::holding(&mut out, 600);
    writer.begin(&summary(&records)).unwrap();
    for record in &records {
        writer.item(record).unwrap();
    }
    writer.end().unwrap();
    let page = String::from_utf8(out).unwrap();
    let data = data(&page);
    let rows = |piece: &serde_json::Value| piece["rows"].as_array().map_or(0, Vec::len);
    assert_eq!(data.as_array().unwrap().iter().map(rows).sum::<usize>(), 600);
    assert!(page.contains("This page has the first 600 of 603 findings"));
}

#[test]
fn the_summary_says_what_changed_since_an_earlier_run() {
    let change = Change { since_run: "run-0".to_owned(), new: 1_200, gone: 3, standing: 7 };
    let run = RunSummary { change: Some(change), ..summary(&sample()) };
    let page = report_of(Format::Html, &run, &sample());
    assert!(page.contains("Since run <bdi>run-0</bdi>"));
    assert!(page.contains("<b>1,200</b> new findings, <b>3</b> gone, <b>7</b> still there."));
    assert!(!report(Format::Html, &sample()).contains("Since run"));
}

#[test]
fn one_of_a_thing_is_told_in_the_singular() {
    let mut run = summary(&sample());
    let counts = &mut run.counts;
    (counts.items, counts.matched, counts.suspect, counts.permitted, counts.failed) =
        (2, 1, 1, 1, 1);
    (counts.recordings_found, run.catalogue_recordings) = (1, 1);
    run.change = Some(Change { since_run: "1".to_owned(), new: 1, gone: 0, standing: 0 });
    // The page before its findings; the counts no longer are those of the records.
    let mut out = Vec::new();
    html::HtmlWriter::new(&mut out).begin(&run).unwrap();
    let page = String::from_utf8(out).unwrap();
    for words in [
        "<p>2 items, 0.2 hours of audio, compared with the 1 recording of the catalogue",
        "1 of 1 recording (100 % of the catalogue) was found in 1 item. 1 further item is a suspect",
        " 1 item contains only recordings whose use is licensed",
        "<p>1 item: 1 too short. It may or may not contain a recording.",
        "<b>1</b> new finding, ",
    ] {
        assert!(page.contains(words), "{words}\n{page}");
    }
}

/// The content of every start tag. Panics if tags do not nest, an id repeats or text has an unescaped `<`. It reads only the
/// HTML of this page.
fn html_tags(page: &str) -> Vec<String> {
    const VOID: [&str; 7] = ["meta", "br", "input", "rect", "line", "polyline", "circle"];
    let (mut open, mut tags, mut ids) = (Vec::new(), Vec::new(), Vec::new());
    let mut rest = page.strip_prefix("<!doctype html>").unwrap();
    while let Some((_, after)) = rest.split_once('<') {
        let (tag, after) = after.split_once('>').unwrap();
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "after {:?}", tags.last());
            continue;
        }
        let name = tag.split([' ', '/', '\n']).next().unwrap().to_owned();
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric()) && !name.is_empty(), "{tag}");
        assert!(tag.matches('"').count().is_multiple_of(2), "{tag}");
        if let Some((_, id)) = tag.split_once(" id=\"") {
            let id = id.split('"').next().unwrap().to_owned();
            assert!(!ids.contains(&id), "the id {id} repeats");
            ids.push(id);
        }
        if name == "script" || name == "style" {
            rest = rest.split_once(&format!("</{name}>")).unwrap().1;
        } else if !VOID.contains(&name.as_str()) {
            open.push(name);
        }
        tags.push(tag.to_owned());
    }
    assert!(open.is_empty(), "{open:?} are not closed");
    tags
}
