//! What the recordings' sound tells: each is searched for in all others by what the index keeps of it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rayon::prelude::*;

use super::{Kind, LintError, Linted};
use crate::catalog::{Catalog, Passage, Recording, Snapshot};
use crate::fingerprint::Fingerprint;
use crate::matching::{LookupScratch, MatchConfig, Matcher};
use crate::scan::{Mode, coverage};
use crate::text::{clock, share};
use crate::units::TrackId;
use crate::verdict::VerdictConfig;

/// A share of a recording beyond which it is all of it: fades and silence at the ends agree with nothing.
const WHOLE: f64 = 0.9;
/// … and beyond which it is another version.
const MOST: f64 = 0.5;
/// A preview is no longer than this, in seconds, and than half of the master.
const PREVIEW_SECONDS: f64 = 95.0;
/// A shared passage is no shorter than this, in seconds; what is shorter may end anywhere.
const SHORTEST_PASSAGE_SECONDS: f64 = 1.0;

/// Two recordings, the first with the lower track, and where they agree, in seconds of the first and of the second.
type Pairs = BTreeMap<(TrackId, TrackId), Vec<[(f64, f64); 2]>>;

pub(super) fn lint(
    catalog: &Catalog,
    pool: &rayon::ThreadPool,
    stop: &AtomicBool,
    tell: &(dyn Fn(usize, usize) + Sync),
    linted: &mut Linted,
) -> Result<(), LintError> {
    let snapshot = catalog.snapshot()?;
    linted.recordings = snapshot.len();
    let pairs = pairs(catalog, &snapshot, pool, stop, tell);
    if let Some(damage) = snapshot.damage() {
        return Err(damage.into());
    }
    linted.stopped = stop.load(Ordering::Relaxed);
    for ((first, second), spans) in pairs {
        let (Some(a), Some(b)) = (snapshot.recording(first), snapshot.recording(second)) else {
            continue;
        };
        pair(&a, &b, &spans, linted);
    }
    linted.passages.sort_by(|a, b| {
        let order = a.recording_id.cmp(&b.recording_id);
        let order = order.then(a.start_seconds.total_cmp(&b.start_seconds));
        order.then_with(|| a.with_recording.cmp(&b.with_recording))
    });
    Ok(())
}

/// Searches for each recording in all others, as released.
fn pairs(
    catalog: &Catalog,
    snapshot: &Snapshot,
    pool: &rayon::ThreadPool,
    stop: &AtomicBool,
    tell: &(dyn Fn(usize, usize) + Sync),
) -> Pairs {
    let config = catalog.config();
    let verdict = VerdictConfig::default();
    let matching = Mode::Identity.matching(MatchConfig::default());
    let matcher = Matcher::new(&snapshot.index, config, matching, verdict);
    let rate = config.frames_per_second();
    let done = AtomicUsize::new(0);
    let search = |scratch: &mut LookupScratch, at: u32| {
        let track = TrackId(at);
        if snapshot.recording(track).is_none() || stop.load(Ordering::Relaxed) {
            return Vec::new();
        }
        let peaks = snapshot.index.peaks(track);
        // Of the prints only one in six is kept, too few for an item: the peaks are enough for what is the same.
        let item = Fingerprint {
            all_peaks: peaks.clone(),
            peaks,
            prints: Vec::new(),
            seconds: f64::from(snapshot.index.frames(track)) / rate,
        };
        let mut found = Vec::new();
        for alignment in matcher.search(&item, scratch) {
            let sure = alignment.false_alarm_probability() < verdict.match_below;
            if alignment.track == track || !sure {
                continue;
            }
            let seconds = |(from, to): (f64, f64)| (from / rate, to / rate);
            let spans =
                alignment.spans.iter().map(|span| [seconds(span.item), seconds(span.recording)]);
            found.push((track, alignment.track, spans.collect::<Vec<_>>()));
        }
        tell(done.fetch_add(1, Ordering::Relaxed) + 1, snapshot.len());
        found
    };
    let tracks = snapshot.index.track_bound() as u32;
    let found: Vec<_> = pool
        .install(|| (0..tracks).into_par_iter().map_init(LookupScratch::default, search).collect());
    let mut pairs = Pairs::new();
    for (item, other, spans) in found.into_iter().flatten() {
        let turned = |[a, b]: [(f64, f64); 2]| if item < other { [a, b] } else { [b, a] };
        let known = pairs.entry((item.min(other), item.max(other))).or_default();
        known.extend(spans.into_iter().map(turned));
    }
    pairs
}

/// What two recordings are to each other.
fn pair(a: &Recording, b: &Recording, spans: &[[(f64, f64); 2]], linted: &mut Linted) {
    let of = |side: usize| spans.iter().map(|span| span[side]).collect::<Vec<_>>();
    let in_a = coverage(of(0), a.duration_seconds);
    let in_b = coverage(of(1), b.duration_seconds);
    let names = format!(
        "{} ({}) and {} ({})",
        name(a),
        clock(a.duration_seconds),
        name(b),
        clock(b.duration_seconds)
    );
    let both = [&a.recording_id, &b.recording_id];
    let (shorter, longer) = if a.duration_seconds <= b.duration_seconds { (a, b) } else { (b, a) };
    let of_shorter = if std::ptr::eq(shorter, a) { in_a } else { in_b };
    let (least, most) = (in_a.min(in_b), in_a.max(in_b));
    let detail = format!("{names}: {} and {} agree", share(in_a), share(in_b));
    if least >= WHOLE {
        // Another mastering cannot be told from another encoding; another title can.
        let kind = if same_words(a, b) { Kind::SameAudio } else { Kind::Version };
        linted.add(kind, both, detail);
    } else if of_shorter >= WHOLE
        && shorter.duration_seconds <= PREVIEW_SECONDS
        && shorter.duration_seconds <= longer.duration_seconds / 2.0
    {
        let detail = format!(
            "{} ({}) is a stretch of {} ({})",
            name(shorter),
            clock(shorter.duration_seconds),
            name(longer),
            clock(longer.duration_seconds)
        );
        linted.add(Kind::Preview, [&shorter.recording_id, &longer.recording_id], detail);
    } else if most >= MOST {
        linted.add(Kind::Version, both, detail);
    } else {
        passage(a, b, spans, linted);
    }
}

/// Marks what two recordings share.
fn passage(a: &Recording, b: &Recording, spans: &[[(f64, f64); 2]], linted: &mut Linted) {
    let mut told = Vec::new();
    for (side, ours, theirs) in [(0, a, b), (1, b, a)] {
        let mut stretches: Vec<(f64, f64)> = spans.iter().map(|span| span[side]).collect();
        stretches.sort_by(|x, y| x.0.total_cmp(&y.0));
        let mut joined: Vec<(f64, f64)> = Vec::new();
        for (from, to) in stretches {
            match joined.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => joined.push((from, to)),
            }
        }
        joined.retain(|(from, to)| to - from >= SHORTEST_PASSAGE_SECONDS);
        let places = joined.iter().map(|(from, to)| format!("{} to {}", clock(*from), clock(*to)));
        told.push(format!("{} {}", name(ours), places.collect::<Vec<_>>().join(", ")));
        let round = |seconds: f64| (seconds * 1_000.0).round() / 1_000.0;
        linted.passages.extend(joined.iter().map(|(from, to)| Passage {
            recording_id: ours.recording_id.clone(),
            start_seconds: round(*from),
            end_seconds: round(*to),
            with_recording: theirs.recording_id.clone(),
        }));
    }
    linted.add(Kind::SharedPassage, [&a.recording_id, &b.recording_id], told.join(" = "));
}

/// Whether nothing in their records tells two recordings apart.
fn same_words(a: &Recording, b: &Recording) -> bool {
    let same =
        |a: &str, b: &str| a.is_empty() || b.is_empty() || a.to_lowercase() == b.to_lowercase();
    same(&a.title, &b.title) && same(&a.isrc, &b.isrc)
}

fn name(recording: &Recording) -> String {
    let Recording { recording_id, artist, title, .. } = recording;
    match (artist.as_str(), title.as_str()) {
        ("", "") => recording_id.clone(),
        (artist, title) => format!("{artist} – {title}"),
    }
}
