//! The findings for the page's scripts: JSON in elements `<script type="application/json">`, in pieces.
//!
//! A piece has two elements: `rows`, which is read when the page opens, and `details`, which is read when one of its findings
//! is opened:
//!
//! ```text
//! rows     {"texts":[text, …],"recordings":[[id, title, artist, isrc, file, release, label, [[name, text], …]], …],"rows":[row, …]}
//! row      [verdict, folder, name, container, recording, tempo, pitch, of item, of recording,
//!           probability, score, tiers, standing, claims, how, chance, decision, relation, notice]
//! details  [{…}, …]
//! ```
//!
//! Folder, container, standing, claims, how, chance, decision, relation, notice (the state of the last one), release and label are
//! indices into `texts`, recording is one into `recordings`; both lists continue from piece to piece. Hidden characters in texts are made visible, and `<`, `>`
//! and `&` are escaped.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::base::{shorten, thousands, visible};
use crate::record::{Evidence, Finding, ItemRecord, Relation, Tier, TorrentFacts, Work};
use crate::report::tally::{container, verdict_place};
use crate::wording::{agreement, chance, claim, clock, covered, share, warp};

/// Findings in a piece: opening a finding parses the details of all of them. A guess.
pub(super) const PIECE_FINDINGS: usize = 250;
/// Most characters of a name in a row; the details have all of it. A guess.
const MAX_ROW_CHARS: usize = 400;
/// Most spans of a finding in the page. A guess.
const MAX_SPANS: usize = 200;
/// Most bytes of pictures in a page, enough for some 100,000 findings. A guess: browsers still open the page.
const MAX_PICTURE_BYTES: usize = 96 << 20;

/// One finding as a piece of its own, for a page that shows one at a time: an object with `texts`, `recordings`, `rows` (one) and
/// `details` (one) as described above. The texts are untrusted: show them as text, never as markup.
pub fn sheet(record: &ItemRecord, finding: &Finding) -> Value {
    let mut data = Data::default();
    let row = data.row(record, finding);
    let detail = data.detail(record, finding);
    json!({
        "texts": data.texts.new,
        "recordings": data.recordings,
        "rows": [row],
        "details": [detail],
    })
}

/// Collects findings and returns them in pieces.
#[derive(Debug, Default)]
pub(super) struct Data {
    texts: Texts,
    known: HashMap<String, usize>,
    recordings: Vec<Value>,
    rows: Vec<Value>,
    details: Vec<Value>,
    picture_bytes: usize,
}

/// Texts that occur in many rows, each stored once.
#[derive(Debug, Default)]
struct Texts {
    known: HashMap<String, usize>,
    new: Vec<String>,
}

impl Texts {
    fn place(&mut self, raw: &str) -> usize {
        if let Some(&place) = self.known.get(raw) {
            return place;
        }
        let place = self.known.len();
        self.known.insert(raw.to_owned(), place);
        self.new.push(visible(raw).into_owned());
        place
    }
}

impl Data {
    /// Adds a finding. Returns the piece if it is full now.
    pub(super) fn push(&mut self, record: &ItemRecord, finding: &Finding) -> Option<String> {
        let row = self.row(record, finding);
        self.rows.push(row);
        let detail = self.detail(record, finding);
        self.details.push(detail);
        (self.rows.len() == PIECE_FINDINGS).then(|| self.piece())
    }

    /// The last piece; `""` if it would be empty.
    pub(super) fn rest(&mut self) -> String {
        if self.rows.is_empty() { String::new() } else { self.piece() }
    }

    fn piece(&mut self) -> String {
        let rows = json!({
            "texts": std::mem::take(&mut self.texts.new),
            "recordings": std::mem::take(&mut self.recordings),
            "rows": std::mem::take(&mut self.rows),
        });
        let details = Value::Array(std::mem::take(&mut self.details));
        element("rows", &rows) + &element("details", &details)
    }

    fn recording(&mut self, finding: &Finding) -> usize {
        if let Some(&place) = self.known.get(&finding.recording_id) {
            return place;
        }
        let place = self.known.len();
        self.known.insert(finding.recording_id.clone(), place);
        let shown = |text: &str| visible(text).into_owned();
        let work = finding.work.as_ref();
        self.recordings.push(json!([
            shown(&finding.recording_id),
            shown(&finding.title),
            shown(&finding.artist),
            shown(&finding.isrc),
            shown(&finding.recording_path),
            self.texts.place(
                &work.map_or_else(String::new, |work| work.of_releases(|release| &release.title))
            ),
            self.texts.place(work.map_or("", |work| &work.label)),
            work.map_or_else(Vec::new, delivered),
        ]));
        place
    }

    fn row(&mut self, record: &ItemRecord, finding: &Finding) -> Value {
        let item = &record.item;
        let cut = item.path.rfind(['/', '\\']).map_or(0, |separator| separator + 1);
        let (folder, name) = item.path.split_at(cut);
        let heard = finding.is_heard();
        let how =
            if heard { warp(finding.tempo, finding.pitch_cents) } else { "not heard".to_owned() };
        let chance =
            if heard { chance(finding.false_alarm_probability) } else { NOT_HEARD.to_owned() };
        let standing = finding.standing.as_ref().map_or("", |standing| standing.kind.as_str());
        json!([
            verdict_place(finding.verdict),
            self.texts.place(&shorten(folder, MAX_ROW_CHARS)),
            visible(&shorten(name, MAX_ROW_CHARS)),
            self.texts.place(&shorten(&container(record), MAX_ROW_CHARS)),
            self.recording(finding),
            finding.tempo,
            finding.pitch_cents,
            finding.item_coverage,
            finding.recording_coverage,
            if heard { finding.false_alarm_probability } else { 1.0 },
            finding.score,
            tiers(finding),
            self.texts.place(&standing.replace('_', " ")),
            self.texts.place(&record.claims.as_str().replace('_', " ")),
            self.texts.place(&how),
            self.texts.place(&chance),
            self.texts.place(finding.decision.as_ref().map_or("", |d| d.state.as_str())),
            self.texts.place(&finding.relation.map_or("", Relation::as_str).replace('_', " ")),
            self.texts.place(finding.notices.last().map_or("", |notice| notice.state.describe())),
        ])
    }

    fn detail(&mut self, record: &ItemRecord, finding: &Finding) -> Value {
        let item = &record.item;
        let shown = |text: &str| visible(text).into_owned();
        let all = |texts: &[String]| texts.iter().map(|text| shown(text)).collect::<Vec<_>>();
        let span = |s: &crate::record::Span| {
            [
                s.item_start_seconds,
                s.item_end_seconds,
                s.recording_start_seconds,
                s.recording_end_seconds,
            ]
        };
        let spans: Vec<_> = finding.spans.iter().take(MAX_SPANS).map(span).collect();
        json!({
            "id": shown(&finding.finding_id),
            "path": shown(&item.path),
            "locator": shown(&item.locator),
            "within": shown(&item.containers),
            "offset": item.offset,
            "sha256": shown(&item.sha256),
            "bytes": thousands(item.size_bytes),
            "codec": shown(&item.codec),
            "seconds": item.duration_seconds,
            "length": clock(item.duration_seconds),
            "stream": if item.streams > 1 { format!("{} of {}", finding.stream + 1, item.streams) } else { String::new() },
            "torrent": item.torrent.as_ref().map(torrent),
            "spans": spans,
            "unlisted": finding.spans.len().saturating_sub(MAX_SPANS),
            "claim": claim(finding).unwrap_or_default(),
            "means": finding.relation.map_or("", Relation::describe),
            "agrees": finding.explained.as_ref().map(agreement).unwrap_or_default(),
            "ofItem": share(finding.item_coverage),
            "ofRecording": share(finding.recording_coverage),
            "recordingSeconds": recording_seconds(finding),
            "probability": format!("{:.2e}", finding.false_alarm_probability),
            "claimed": all(&finding.claimed_by),
            "standing": finding.standing.as_ref().map_or_else(String::new, |s| shown(&s.reason)),
            "decision": finding.decision.as_ref().map_or_else(String::new, |d| shown(&d.describe())),
            "notices": finding.notices.iter().map(|n| shown(&n.describe())).collect::<Vec<_>>(),
            "shared": all(&finding.shares_passage_with),
            "notes": all(&record.notes),
            "evidence": finding.evidence.as_ref().map(|evidence| self.evidence(evidence)),
        })
    }

    fn evidence(&mut self, evidence: &Evidence) -> Value {
        let window = evidence.window.as_ref();
        self.picture_bytes +=
            evidence.dots.len() + window.map_or(0, |w| w.item.len() + w.recording.len());
        let room = self.picture_bytes <= MAX_PICTURE_BYTES;
        json!({
            "peaks": evidence.peaks,
            "met": evidence.peaks_met,
            "dots": room.then(|| visible(&evidence.dots)),
            "moved": visible(&evidence.met_when_moved),
            "window": window.filter(|_| room).map(|window| json!({
                "item": visible(&window.item),
                "recording": visible(&window.recording),
                "at": [window.span.item_start_seconds, window.span.item_end_seconds,
                    window.span.recording_start_seconds, window.span.recording_end_seconds],
            })),
            "runnerUp": evidence.runner_up.as_ref().map(|next| json!({
                "id": visible(&next.recording_id),
                "title": visible(&next.title),
                "artist": visible(&next.artist),
                "chance": chance(next.false_alarm_probability),
                "probability": format!("{:.2e}", next.false_alarm_probability),
            })),
        })
    }
}

/// Stands in place of a chance for a claim whose sound was not found.
pub(super) const NOT_HEARD: &str = "the item names the recording, but its sound was not found";

/// The label's own data about a recording, as pairs of a name and a text. Empty fields are left out.
fn delivered(work: &Work) -> Vec<[String; 2]> {
    let territories = [
        work.territories.join(", "),
        if work.territories_excluded.is_empty() {
            String::new()
        } else {
            format!("not {}", work.territories_excluded.join(", "))
        },
    ];
    let said = [
        ("Version", work.version.clone()),
        ("UPC", work.of_releases(|release| &release.upc)),
        ("GRid", work.of_releases(|release| &release.grid)),
        ("Catalogue number", work.of_releases(|release| &release.catalogue_number)),
        ("Released", work.of_releases(|release| &release.date)),
        ("℗ line", work.p_line.clone()),
        ("© line", work.c_line.clone()),
        (
            "US registration",
            [work.registration.as_str(), &work.registration_date].join(" ").trim().to_owned(),
        ),
        ("First published", work.first_published.clone()),
        ("Territories", territories.join(" ").trim().to_owned()),
        ("Share", work.share_percent.map_or_else(String::new, |share| format!("{share} %"))),
    ];
    let pair = |(name, text): (&str, String)| [name.to_owned(), visible(&text).into_owned()];
    said.into_iter().filter(|(_, text)| !text.is_empty()).map(pair).collect()
}

fn torrent(facts: &TorrentFacts) -> Value {
    json!({
        "name": visible(&facts.name),
        "file": visible(&facts.file),
        "hash": visible(&facts.info_hash),
        "hash2": visible(&facts.info_hash_v2),
        "integrity": facts.integrity.as_str(),
        "verified": thousands(facts.verified_bytes),
    })
}

/// One bit each for T0, T1, T3 and T4, from the lowest. A record without tiers is of an old version, which found only sound.
fn tiers(finding: &Finding) -> u8 {
    let bit = |(place, tier): (usize, &Tier)| u8::from(finding.tiers.contains(tier)) << place;
    let bits = Tier::ALL.iter().enumerate().map(bit).sum();
    if bits == 0 { 4 } else { bits }
}

/// The recording's length in seconds. An old record does not tell it: then it follows from the seconds that the spans cover, and
/// the share of the recording that they are.
pub(super) fn recording_seconds(finding: &Finding) -> f64 {
    if let Some(evidence) = &finding.evidence {
        return evidence.recording_seconds;
    }
    let spans =
        finding.spans.iter().map(|span| (span.recording_start_seconds, span.recording_end_seconds));
    let end = spans.clone().map(|(_, end)| end).filter(|end| end.is_finite());
    let (covered, end) = (covered(spans), end.fold(0.0_f64, f64::max));
    let share = finding.recording_coverage;
    if share > 0.0 && share <= 1.0 { (covered / share).max(end) } else { end }
}

/// JSON in an element that no browser runs. No text in it can end the element or begin another.
fn element(class: &str, value: &Value) -> String {
    let json = value.to_string();
    let mut safe = String::with_capacity(json.len() + json.len() / 64 + 80);
    safe.push_str("<script type=\"application/json\" class=\"");
    safe.push_str(class);
    safe.push_str("\">");
    for character in json.chars() {
        match character {
            '<' => safe.push_str("\\u003c"),
            '>' => safe.push_str("\\u003e"),
            '&' => safe.push_str("\\u0026"),
            '\u{2028}' => safe.push_str("\\u2028"),
            '\u{2029}' => safe.push_str("\\u2029"),
            other => safe.push(other),
        }
    }
    safe.push_str("</script>\n");
    safe
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{finding, record};
    use super::*;
    use crate::record::Span;

    fn span(recording: (f64, f64)) -> Span {
        Span {
            item_start_seconds: 0.0,
            item_end_seconds: 1.0,
            recording_start_seconds: recording.0,
            recording_end_seconds: recording.1,
        }
    }

    #[test]
    fn no_text_can_end_the_element_that_contains_it() {
        let safe = element("rows", &json!(["</script><!--<script>&amp;\u{2028}"]));
        assert_eq!(safe.matches('<').count(), 2);
        assert!(!safe.contains(['&', '\u{2028}']));
        let inside = safe.split_once('>').unwrap().1.split_once("</").unwrap().0;
        assert_eq!(
            serde_json::from_str::<Value>(inside).unwrap(),
            json!(["</script><!--<script>&amp;\u{2028}"])
        );
    }

    #[test]
    fn a_recording_and_a_folder_are_stored_once() {
        let mut data = Data::default();
        for number in 0..PIECE_FINDINGS - 1 {
            let item = record(&format!("/dump/{number}.ogg"), Vec::new());
            assert_eq!(data.push(&item, &finding("r1")), None);
        }
        let last = data.push(&record("/dump/last.ogg", Vec::new()), &finding("r1")).unwrap();
        assert_eq!(last.matches("Night Train").count(), 1);
        assert_eq!(last.matches("\"/dump/\"").count(), 1);
        assert_eq!(data.rest(), "");
    }

    #[test]
    fn a_recording_that_an_item_repeats_is_not_longer() {
        let found = Finding {
            spans: vec![
                span((0.0, 60.0)),
                span((30.0, 90.0)),
                span((f64::NAN, 1.0)),
                span((5.0, 1.0)),
            ],
            recording_coverage: 0.5,
            ..finding("r1")
        };
        assert!((recording_seconds(&found) - 180.0).abs() < 1e-9);
    }
}
