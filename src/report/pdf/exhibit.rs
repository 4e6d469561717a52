//! An exhibit: one page with the evidence of one finding.

use super::layout::{BLUE, GREY, LINE, Layout, MARGIN, Mark, RULE, Rgb, SHADE};
use super::picture;
use super::structure::Role;
use crate::base::{shorten, thousands};
use crate::record::{Evidence, Finding, ItemRecord, RunnerUp, Span, Tier, Verdict};
use crate::wording::{agreement, called, chance, claim, clock, named, share, warp};

/// Most spans listed in the table; the picture has all. A guess.
const MAX_LISTED_SPANS: usize = 10;
/// Most notices told on the page; the table of the CSV has all. A guess.
const MAX_NOTICES: usize = 3;
/// Most characters of a text: some four lines. A guess.
const MAX_CHARS: usize = 360;
const BAND: Rgb = [0xD9, 0xE3, 0xF2];
/// Columns of the table of spans: offset from the margin and width, in points.
const SPANS: [(f32, f32); 4] = [(0.0, 60.0), (60.0, 140.0), (200.0, 140.0), (340.0, 147.0)];

/// Adds the page of a finding with this number.
pub(super) fn draw(layout: &mut Layout, number: usize, record: &ItemRecord, finding: &Finding) {
    layout.page();
    let verdict = if finding.verdict == Verdict::Match { "match" } else { "suspect" };
    let name = called(finding);
    layout.bookmark(&format!("Exhibit {number}: {}", shorten(&name, 80)));
    layout.heading(&format!("Exhibit {number}: {verdict}"), 14.0);
    layout.name(&shorten(&name, MAX_CHARS));
    let at = (MARGIN, layout.y);
    let repeat = format!(
        "finding {0}; leakhound recheck {0} --dump PATH repeats it from the original bytes",
        finding.finding_id
    );
    layout.part(Role::Paragraph, |layout| layout.text_at(at, (8.0, false, GREY), &repeat));
    layout.y += 8.0;
    work(layout, finding);
    place(layout, record);
    layout.subheading("How it agrees");
    layout.fact("Claim", &claim(finding).unwrap_or_default());
    layout.fact("What agrees", &finding.explained.as_ref().map(agreement).unwrap_or_default());
    let tiers = finding.tiers.iter().map(|&tier| tier_words(tier)).collect::<Vec<_>>();
    layout.fact("Evidence", &tiers.join(", "));
    if finding.is_heard() {
        layout.fact("Played", &warp(finding.tempo, finding.pitch_cents));
        layout.fact(
            "Covered",
            &format!(
                "{} of the item, {} of the recording",
                share(finding.item_coverage),
                share(finding.recording_coverage)
            ),
        );
        layout.fact("Chance", &chance(finding.false_alarm_probability));
        if let Some(evidence) = &finding.evidence {
            layout.fact("Next best recording", &short(&next_best(evidence)));
        }
    } else {
        layout.fact("Sound", "not found: the item only names the recording");
    }
    layout.fact("Named by", &short(&finding.claimed_by.join("; ")));
    if let Some(standing) = &finding.standing {
        let kind = standing.kind.as_str().replace('_', " ");
        layout.fact("Standing", &short(&format!("{kind}: {}", standing.reason)));
    }
    if let Some(decision) = &finding.decision {
        layout.fact("Decided", &short(&decision.describe()));
    }
    for notice in finding.notices.iter().take(MAX_NOTICES) {
        layout.fact("Notice", &short(&notice.describe()));
    }
    layout.fact("Same passage in", &short(&finding.shares_passage_with.join(", ")));
    layout.fact("Notes", &short(&record.notes.join("; ")));
    if finding.is_heard() && !finding.spans.is_empty() {
        time_line(layout, record.item.duration_seconds, finding);
        if let Some(evidence) = &finding.evidence {
            picture::draw(layout, evidence, record.item.duration_seconds);
        }
    }
}

fn short(text: &str) -> String {
    shorten(text, MAX_CHARS).into_owned()
}

/// The second-best recording and its chance of coincidence, in words.
fn next_best(evidence: &Evidence) -> String {
    let Some(next) = &evidence.runner_up else {
        return "none: no other recording agrees there".to_owned();
    };
    let RunnerUp { recording_id, title, artist, false_alarm_probability } = next;
    let name = named(artist, title, recording_id);
    format!("{name}: {}", chance(*false_alarm_probability))
}

/// A tier with its meaning, such as `T0 (an identifier)`.
fn tier_words(tier: Tier) -> String {
    let words = match tier {
        Tier::Identifier => "an identifier",
        Tier::FileHash => "the hash of the file",
        Tier::Sound => "the sound, as released",
        Tier::ChangedSound => "the sound, at another speed, tempo or pitch",
    };
    format!("{} ({words})", tier.as_str())
}

/// The section about the recording: the label's data.
fn work(layout: &mut Layout, finding: &Finding) {
    layout.subheading("The recording");
    let work = finding.work.clone().unwrap_or_default();
    layout.fact("Recording", &finding.recording_id);
    layout.fact("Label", &short(&work.label));
    for release in work.releases.iter().take(3) {
        let parts = [
            (release.title.as_str(), ""),
            (&release.upc, "UPC "),
            (&release.grid, "GRid "),
            (&release.catalogue_number, "cat. "),
            (&release.date, ""),
        ];
        let parts = parts.iter().filter(|(text, _)| !text.is_empty());
        let parts: Vec<_> = parts.map(|(text, name)| format!("{name}{text}")).collect();
        layout.fact("Release", &short(&parts.join(" · ")));
    }
    let more = work.releases.len().saturating_sub(3);
    if more > 0 {
        layout.fact("", &format!("and {} more releases", thousands(more as u64)));
    }
    layout.fact("℗", &short(&work.p_line));
    layout.fact("©", &short(&work.c_line));
    let registered = match (work.registration.as_str(), work.registration_date.as_str()) {
        (number, "") => number.to_owned(),
        ("", date) => date.to_owned(),
        (number, date) => format!("{number} of {date}"),
    };
    layout.fact("US registration", &short(&registered));
    layout.fact("First published", &work.first_published);
}

/// The section about the item: where it is and what it is.
fn place(layout: &mut Layout, record: &ItemRecord) {
    let item = &record.item;
    layout.subheading("The item");
    layout.fact("Path", &short(&item.path));
    layout.fact("Locator", &short(&item.locator));
    layout.fact("SHA-256", &item.sha256);
    let size = format!("{} bytes", thousands(item.size_bytes));
    let length = clock(item.duration_seconds);
    let parts = [size.as_str(), &item.codec, &length, &item.containers];
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    layout.fact("Format", &short(&parts.join(" · ")));
    if let Some(torrent) = &item.torrent {
        layout.fact("Torrent", &short(&torrent.describe()));
    }
}

/// The picture of the spans: the item as a bar above, the recording below, and bands between the spans that agree.
fn time_line(layout: &mut Layout, item_seconds: f64, finding: &Finding) {
    let spans = &finding.spans;
    layout.need(190.0);
    layout.subheading("Where it agrees");
    let end = |of: fn(&Span) -> f64| spans.iter().map(of).fold(1.0_f64, f64::max);
    let item_end = item_seconds.max(end(|span| span.item_end_seconds));
    // Old records do not tell the length of the recording.
    let heard_end = end(|span| span.recording_end_seconds);
    let known = finding.evidence.as_ref().map(|evidence| evidence.recording_seconds);
    let recording_end = known.map_or(heard_end, |whole| whole.max(heard_end));
    let (top, height, gap) = (layout.y + 12.0, 14.0, 34.0);
    let below = top + height + gap;
    let at = |seconds: f64, whole: f64| MARGIN + LINE * (seconds / whole).clamp(0.0, 1.0) as f32;
    let small = (7.5, false, GREY);
    let words = "The spans of item and recording that agree, which the table below lists.";
    layout.structure.begin(Role::Picture(words.to_owned()));
    layout.text_at((MARGIN, top - 4.0), small, &format!("item, 0:00:00.0 to {}", clock(item_end)));
    layout.area((MARGIN, top), (LINE, height), SHADE);
    layout.area((MARGIN, below), (LINE, height), SHADE);
    for span in spans {
        let item = (at(span.item_start_seconds, item_end), at(span.item_end_seconds, item_end));
        let ours = (
            at(span.recording_start_seconds, recording_end),
            at(span.recording_end_seconds, recording_end),
        );
        let corners =
            [(item.0, top + height), (item.1, top + height), (ours.1, below), (ours.0, below)];
        layout.mark(Mark::Area { corners, color: BAND });
        let wide = |(from, to): (f32, f32)| (to - from).max(1.0);
        layout.area((item.0, top), (wide(item), height), BLUE);
        layout.area((ours.0, below), (wide(ours), height), BLUE);
    }
    let extent = if known.is_some() { "" } else { " (end of the last span)" };
    let heard = format!("recording, 0:00:00.0 to {}{extent}", clock(recording_end));
    layout.text_at((MARGIN, below + height + 10.0), small, &heard);
    layout.structure.end();
    layout.area((MARGIN, below + height + 16.0), (LINE, 0.4), RULE);
    layout.y = below + height + 34.0;
    let head = ["Span", "In the item", "In the recording", "Length in the item"];
    let row = |(span, number): (&Span, usize)| {
        let length = span.item_end_seconds - span.item_start_seconds;
        vec![
            format!("{number}"),
            format!("{} to {}", clock(span.item_start_seconds), clock(span.item_end_seconds)),
            format!(
                "{} to {}",
                clock(span.recording_start_seconds),
                clock(span.recording_end_seconds)
            ),
            format!("{length:.1} s"),
        ]
    };
    layout.table(&SPANS, &head, spans.iter().take(MAX_LISTED_SPANS).zip(1..).map(row));
    let more = spans.len().saturating_sub(MAX_LISTED_SPANS);
    if more > 0 {
        layout.paragraph(&format!("and {} more, drawn above", thousands(more as u64)), GREY);
    }
}
