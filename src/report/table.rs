//! Records as a table, for CSV, workbook and Parquet: one row for each finding, and one for each item without findings.
//!
//! | column | contains |
//! |---|---|
//! | `item_path` | path of the item |
//! | `size_bytes` | its size on disk |
//! | `sha256` | SHA-256 of its bytes |
//! | `codec` | codec of its first audio stream |
//! | `duration_seconds` | decoded length, three decimals |
//! | `stream` | audio stream of the finding, from 0 |
//! | `verdict` | of the finding: `match`, `suspect` or `permitted`; without a finding, of the item: `clear` or `failed` |
//! | `recording_id`, `title`, `artist`, `isrc`, `recording_path` | the recording found |
//! | `false_alarm_probability` | as `1.234e-12` |
//! | `score` | one decimal |
//! | `tempo` | tempo of the item divided by that of the recording, four decimals; 1.1000 is 10 % faster |
//! | `pitch_cents` | pitch of the item above the recording, one decimal |
//! | `spans` | `item start-item end > recording start-recording end`, joined by `; ` |
//! | `item_coverage`, `recording_coverage` | shares from 0 to 1, four decimals |
//! | `failure_stage`, `failure_kind`, `failure_message` | why an item was not compared |
//! | `notes` | joined by `; ` |
//! | `shares_passage_with` | ids of recordings with the same passage, joined by `; ` |
//! | `locator` | where the item is, for programs |
//! | `containers` | kinds of the containers around it, outermost first |
//! | `offset` | byte offset in the file on disk, if it is stored there uncompressed |
//! | `tiers` | kinds of evidence for the finding, joined by `; `: `T0` identifier, `T1` hash, `T3` sound, `T4` changed sound |
//! | `claimed_by` | places in the item that name the recording, joined by `; ` |
//! | `claims` | whether the identifiers and the sound of the item agree |
//! | `standing` | why the finding is no infringement, or may be none: a word, a colon and the reason |
//! | `torrent` | info-hash of the torrent that the item, or its container, is a file of |
//! | `torrent_file` | path of that file in the torrent |
//! | `torrent_integrity` | `verified`, `partial`, `unverified`, `damaged`, `unchecked` |
//! | `finding_id` | permanent id of the finding |
//! | `version`, `label` | of the recording |
//! | `release`, `upc`, `grid`, `catalogue_number` | of each release of it that has one, joined by `; ` |
//! | `p_line`, `c_line` | its ℗ and © lines |
//! | `registration`, `registration_date`, `first_published` | at the US Copyright Office, and when it first came out |
//! | `decision`, `decision_ground`, `decision_reason`, `decided_by`, `decided_at` | what a person decided: `accepted`, `dismissed`, `deferred`; `review batch` reads the first four back |
//! | `decision_basis` | what was decided about: this `item`, the same `bytes` elsewhere, or the same `sound` in other bytes |
//! | `relation` | what the finding claims: `copy`, `excerpt`, `contains`, `layered`, `stem`, `shared_material` |
//! | `recording_share`, `item_share` | at the alignment found, the share of the recording's spectral peaks that are in the item, and the share of the item's strong peaks that are in the recording; four decimals |
//! | `elsewhere_share`, `others_share` | the share of the recording's peaks at the best other alignment of the two, and of the best other recording that has something in common with the item there; 0 if none has |
//! | `notice`, `notice_basis`, `notice_state`, `notice_since`, `notice_to`, `notice_reference`, `notice_by`, `notice_due`, `notice_check` | the notices about the finding, joined by `; `: number; whether it is about this `item` or the same `bytes` elsewhere; how far it is, since when, to whom, the addressee's reference, who said so, what is due, and what the last look at a later copy said |

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::record::{
    Decision, Explained, Finding, ItemRecord, NoticeFacts, Relation, Span, Tier, TorrentFacts, Work,
};
use crate::wording::clock;

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text.
    Text,
    /// Whole numbers.
    Whole,
    /// Numbers with decimals.
    Decimal,
}

/// The columns, in order. New columns are added at the end; none is renamed or removed.
pub const COLUMNS: [(&str, ColumnKind); 66] = [
    ("item_path", ColumnKind::Text),
    ("size_bytes", ColumnKind::Whole),
    ("sha256", ColumnKind::Text),
    ("codec", ColumnKind::Text),
    ("duration_seconds", ColumnKind::Decimal),
    ("stream", ColumnKind::Whole),
    ("verdict", ColumnKind::Text),
    ("recording_id", ColumnKind::Text),
    ("title", ColumnKind::Text),
    ("artist", ColumnKind::Text),
    ("isrc", ColumnKind::Text),
    ("recording_path", ColumnKind::Text),
    ("false_alarm_probability", ColumnKind::Decimal),
    ("score", ColumnKind::Decimal),
    ("tempo", ColumnKind::Decimal),
    ("pitch_cents", ColumnKind::Decimal),
    ("spans", ColumnKind::Text),
    ("item_coverage", ColumnKind::Decimal),
    ("recording_coverage", ColumnKind::Decimal),
    ("failure_stage", ColumnKind::Text),
    ("failure_kind", ColumnKind::Text),
    ("failure_message", ColumnKind::Text),
    ("notes", ColumnKind::Text),
    ("shares_passage_with", ColumnKind::Text),
    ("locator", ColumnKind::Text),
    ("containers", ColumnKind::Text),
    ("offset", ColumnKind::Whole),
    ("tiers", ColumnKind::Text),
    ("claimed_by", ColumnKind::Text),
    ("claims", ColumnKind::Text),
    ("standing", ColumnKind::Text),
    ("torrent", ColumnKind::Text),
    ("torrent_file", ColumnKind::Text),
    ("torrent_integrity", ColumnKind::Text),
    ("finding_id", ColumnKind::Text),
    ("version", ColumnKind::Text),
    ("label", ColumnKind::Text),
    ("release", ColumnKind::Text),
    ("upc", ColumnKind::Text),
    ("grid", ColumnKind::Text),
    ("catalogue_number", ColumnKind::Text),
    ("p_line", ColumnKind::Text),
    ("c_line", ColumnKind::Text),
    ("registration", ColumnKind::Text),
    ("registration_date", ColumnKind::Text),
    ("first_published", ColumnKind::Text),
    ("decision", ColumnKind::Text),
    ("decision_ground", ColumnKind::Text),
    ("decision_reason", ColumnKind::Text),
    ("decided_by", ColumnKind::Text),
    ("decided_at", ColumnKind::Text),
    ("decision_basis", ColumnKind::Text),
    ("relation", ColumnKind::Text),
    ("recording_share", ColumnKind::Decimal),
    ("item_share", ColumnKind::Decimal),
    ("elsewhere_share", ColumnKind::Decimal),
    ("others_share", ColumnKind::Decimal),
    ("notice", ColumnKind::Text),
    ("notice_basis", ColumnKind::Text),
    ("notice_state", ColumnKind::Text),
    ("notice_since", ColumnKind::Text),
    ("notice_to", ColumnKind::Text),
    ("notice_reference", ColumnKind::Text),
    ("notice_by", ColumnKind::Text),
    ("notice_due", ColumnKind::Text),
    ("notice_check", ColumnKind::Text),
];

/// A cell by its meaning. Each format makes untrusted text harmless in its own way.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell<'a> {
    /// An empty cell.
    None,
    /// Untrusted text.
    Text(Cow<'a, str>),
    /// A count.
    Whole(u64),
    /// A number, and how many of its decimals are significant.
    Decimal(f64, usize),
    /// A number that may be very small, to be written with an exponent.
    Small(f64),
}

/// The findings that have a row; `None` alone for an item without findings.
pub(super) fn rows(record: &ItemRecord) -> impl Iterator<Item = Option<&Finding>> {
    let alone = record.findings.is_empty().then_some(None);
    alone.into_iter().chain(record.findings.iter().map(Some))
}

/// Text of the record, as a cell.
fn text(text: &str) -> Cell<'_> {
    if text.is_empty() { Cell::None } else { Cell::Text(Cow::Borrowed(text)) }
}

/// Text that was composed here, as a cell.
pub(super) fn own<'a>(text: String) -> Cell<'a> {
    if text.is_empty() { Cell::None } else { Cell::Text(Cow::Owned(text)) }
}

/// The row of a finding, or of an item without one, in the order of [`COLUMNS`].
#[allow(clippy::too_many_lines, reason = "a line or two for each column, in their order")]
pub(super) fn cells<'a>(
    record: &'a ItemRecord,
    finding: Option<&'a Finding>,
) -> [Cell<'a>; COLUMNS.len()] {
    let item = &record.item;
    let failure = record.failure.as_ref();
    let name = |of: fn(&Finding) -> &str| finding.map_or(Cell::None, |finding| text(of(finding)));
    let list =
        |of: fn(&Finding) -> &Vec<String>| own(finding.map_or(String::new(), |f| of(f).join("; ")));
    let number = |decimals: usize, of: fn(&Finding) -> f64| {
        finding.map_or(Cell::None, |finding| Cell::Decimal(of(finding), decimals))
    };
    let torrent =
        |of: fn(&TorrentFacts) -> &str| item.torrent.as_ref().map_or(Cell::None, |t| text(of(t)));
    let decided = |of: fn(&Decision) -> &str| {
        finding.and_then(|f| f.decision.as_ref()).map_or(Cell::None, |decision| text(of(decision)))
    };
    let agrees = |of: fn(&Explained) -> f64| {
        let explained = finding.and_then(|finding| finding.explained.as_ref());
        explained.map_or(Cell::None, |explained| Cell::Decimal(of(explained), 4))
    };
    // Of several notices the places of each are kept, also where one has nothing to say.
    let noticed = |of: fn(&NoticeFacts) -> String| {
        let notices = finding.map_or(&[][..], |finding| &finding.notices);
        own(notices.iter().map(of).collect::<Vec<_>>().join("; "))
    };
    let work = |of: fn(&Work) -> String| {
        own(finding.and_then(|finding| finding.work.as_ref()).map_or(String::new(), of))
    };
    [
        text(&item.path),
        Cell::Whole(item.size_bytes),
        text(&item.sha256),
        text(&item.codec),
        Cell::Decimal(item.duration_seconds, 3),
        finding.map_or(Cell::None, |f| Cell::Whole(f.stream.into())),
        text(finding.map_or(record.verdict, |f| f.verdict).as_str()),
        name(|f| &f.recording_id),
        name(|f| &f.title),
        name(|f| &f.artist),
        name(|f| &f.isrc),
        name(|f| &f.recording_path),
        finding.map_or(Cell::None, |f| Cell::Small(f.false_alarm_probability)),
        number(1, |f| f.score),
        number(4, |f| f.tempo),
        number(1, |f| f.pitch_cents),
        own(finding.map_or(String::new(), |f| spans(&f.spans))),
        number(4, |f| f.item_coverage),
        number(4, |f| f.recording_coverage),
        text(failure.map_or("", |failure| failure.stage.as_str())),
        text(failure.map_or("", |failure| failure.kind.as_str())),
        text(failure.map_or("", |failure| &failure.message)),
        own(record.notes.join("; ")),
        list(|f| &f.shares_passage_with),
        text(&item.locator),
        text(&item.containers),
        item.offset.map_or(Cell::None, Cell::Whole),
        own(finding.map_or(String::new(), |f| Tier::join(&f.tiers, "; "))),
        list(|f| &f.claimed_by),
        text(record.claims.as_str()),
        own(finding.and_then(|f| f.standing.as_ref()).map_or(String::new(), |standing| {
            format!("{}: {}", standing.kind.as_str(), standing.reason)
        })),
        torrent(|torrent| match torrent.info_hash.as_str() {
            "" => &torrent.info_hash_v2,
            hash => hash,
        }),
        torrent(|torrent| &torrent.file),
        torrent(|torrent| torrent.integrity.as_str()),
        name(|f| &f.finding_id),
        work(|work| work.version.clone()),
        work(|work| work.label.clone()),
        work(|work| work.of_releases(|release| &release.title)),
        work(|work| work.of_releases(|release| &release.upc)),
        work(|work| work.of_releases(|release| &release.grid)),
        work(|work| work.of_releases(|release| &release.catalogue_number)),
        work(|work| work.p_line.clone()),
        work(|work| work.c_line.clone()),
        work(|work| work.registration.clone()),
        work(|work| work.registration_date.clone()),
        work(|work| work.first_published.clone()),
        decided(|d| d.state.as_str()),
        decided(|d| d.ground.map_or("", |ground| ground.as_str())),
        decided(|d| &d.reason),
        decided(|d| &d.by),
        decided(|d| &d.at),
        decided(|d| d.basis.as_str()),
        text(finding.and_then(|f| f.relation).map_or("", Relation::as_str)),
        agrees(|explained| explained.recording_share),
        agrees(|explained| explained.item_share),
        agrees(|explained| explained.elsewhere_share),
        agrees(|explained| explained.others_share),
        noticed(|notice| notice.number.to_string()),
        noticed(|notice| notice.basis.as_str().to_owned()),
        noticed(|notice| notice.state.as_str().to_owned()),
        noticed(|notice| notice.since.clone()),
        noticed(|notice| notice.addressee.clone()),
        noticed(|notice| notice.reference.clone()),
        noticed(|notice| notice.by.clone()),
        noticed(|notice| {
            let due = notice.due.iter().map(|due| format!("{} {}", due.kind.as_str(), due.day));
            due.collect::<Vec<_>>().join(", ")
        }),
        noticed(|notice| {
            let check = notice.check.as_ref();
            check.map_or_else(String::new, |c| format!("{} {}", c.presence.as_str(), c.day))
        }),
    ]
}

/// `item start-item end > recording start-recording end; …`
fn spans(spans: &[Span]) -> String {
    let mut written = String::new();
    for span in spans {
        let between = if written.is_empty() { "" } else { "; " };
        // Writing into a String does not fail.
        let _ = write!(
            written,
            "{between}{}-{} > {}-{}",
            clock(span.item_start_seconds),
            clock(span.item_end_seconds),
            clock(span.recording_start_seconds),
            clock(span.recording_end_seconds)
        );
    }
    written
}
