//! Checks of the recordings' sound: each is searched for in all others, from its peaks in the index.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rayon::prelude::*;

use super::kit::{Kit, Shelf};
use super::still::{self, Still};
use super::{LintError, LintKind, Linted};
use crate::catalog::{Catalog, Passage, Recording, Snapshot, joined};
use crate::index::Index;
use crate::index::TrackId;
use crate::matching::verdict::VerdictConfig;
use crate::matching::{Alignment, LookupScratch, MatchConfig, Matcher};
use crate::record::{Span, is_as_released};
use crate::scan::{FrameMap, Mode, beyond, coverage};
use crate::signal::fingerprint::{Fingerprint, FingerprintConfig};
use crate::signal::peaks::{Peak, TIME_UNITS};
use crate::wording::{clock, named, share, warp};

/// Share of a recording from which an agreement is all of it: fades and silence at the ends never agree. As in `scan::limits`.
const WHOLE: f64 = 0.9;
/// Share of a recording from which an agreement makes it another version. A guess.
const MOST: f64 = 0.5;
/// Longest preview, in seconds; it is also at most half as long as the master. Shops have previews of 30 to 90 s.
const PREVIEW_SECONDS: f64 = 95.0;
/// Shortest shared passage, in seconds: twice the precision of its ends.
const SHORTEST_PASSAGE_SECONDS: f64 = 1.0;
/// Share of a recording beyond which silence and tones are most of it. A guess.
const STILL: f64 = 0.5;
/// Share of a recording's peaks from which neutral material is most of it. A guess.
const ONLY_KIT: f64 = 0.5;
/// Two recordings share a passage beside neutral material if it has this share of the peaks of either. Passages at the edges of a
/// loop have at most a third. A guess.
const HELD: f64 = 0.5;
/// Places and names that a line lists; the others are counted. A guess.
const TOLD: usize = 12;

/// Two recordings, the first with the lower track, and how they agree.
type Pairs = BTreeMap<(TrackId, TrackId), Agreement>;

/// How two recordings agree.
#[derive(Debug, Clone, Default)]
struct Agreement {
    /// Stretches that agree, in seconds of the first and of the second.
    spans: Vec<[(f64, f64); 2]>,
    /// Tempo, and pitch in octaves, of the first against the second; `None` if any of it agrees as released.
    warp: Option<(f64, f64)>,
}

impl Agreement {
    /// Adds the result of one search. `is_first` tells whether the first of the two was searched for.
    fn join(&mut self, other: Agreement, is_first: bool) {
        let turned = |[a, b]: [(f64, f64); 2]| if is_first { [a, b] } else { [b, a] };
        let warp = other.warp.map(|(t, p)| if is_first { (t, p) } else { (t.recip(), -p) });
        self.warp = if self.spans.is_empty() { warp } else { self.warp.and(warp).and(self.warp) };
        self.spans.extend(other.spans.into_iter().map(turned));
    }
}

/// What was found out about one recording.
#[derive(Debug, Default)]
struct Seen {
    /// The others that it agrees with.
    found: Vec<(TrackId, Agreement)>,
    still: Vec<(Still, f64, f64)>,
    kit: Kit,
}

pub(super) fn lint(
    catalog: &Catalog,
    mode: Mode,
    pool: &rayon::ThreadPool,
    stop: &AtomicBool,
    tell: &(dyn Fn(usize, usize) + Sync),
    linted: &mut Linted,
) -> Result<(), LintError> {
    // Two indexes, so that neither takes the other's place among the best candidates.
    let (snapshot, neutral) = catalog.snapshot_apart()?;
    linted.recordings = snapshot.len();
    linted.neutral = neutral.track_count();
    let seen = see(catalog, (&snapshot, &neutral), mode, pool, stop, tell);
    if let Some(damage) = snapshot.damage() {
        return Err(damage.into());
    }
    if let Some(damage) = neutral.damage() {
        return Err(damage.into());
    }
    linted.stopped = stop.load(Ordering::Relaxed);
    let mut pairs = Pairs::new();
    // The neutral stretches of each recording that has any.
    let mut of_kit: BTreeMap<TrackId, Vec<(f64, f64)>> = BTreeMap::new();
    for (item, Seen { found, still, kit }) in (0..).map(TrackId).zip(seen) {
        if !still.is_empty()
            && let Some(recording) = snapshot.recording(item)
        {
            without_music(&recording, &still, linted);
        }
        let masks = snapshot.masks(item);
        if (!kit.references.is_empty() || !masks.is_empty())
            && let Some(recording) = snapshot.recording(item)
        {
            with_kit(&recording, &kit, !masks.is_empty(), &snapshot, linted);
            of_kit.insert(item, kit.all(masks));
        }
        for (other, agreement) in found {
            let known = pairs.entry((item.min(other), item.max(other))).or_default();
            known.join(agreement, item < other);
        }
    }
    for ((first, second), agreement) in pairs {
        let (Some(a), Some(b)) = (snapshot.recording(first), snapshot.recording(second)) else {
            continue;
        };
        let of = |track| of_kit.get(&track).map_or(&[][..], Vec::as_slice);
        let (kit_of_a, kit_of_b) = (of(first), of(second));
        let left = if kit_of_a.is_empty() && kit_of_b.is_empty() {
            agreement.spans.clone()
        } else {
            let peaks = [first, second].map(|track| snapshot.index.peaks(track));
            without_kit(&agreement, [kit_of_a, kit_of_b], &peaks, catalog.config())
        };
        pair(&a, &b, &agreement, &left, linted);
    }
    linted.passages.sort_by(|a, b| {
        let order = a.recording_id.cmp(&b.recording_id);
        let order = order.then(a.start_seconds.total_cmp(&b.start_seconds));
        order.then_with(|| a.with_recording.cmp(&b.with_recording))
    });
    Ok(())
}

/// Checks each recording: searches for it in all others, and for the neutral references in it. By track.
fn see(
    catalog: &Catalog,
    (snapshot, neutral): (&Snapshot, &Index),
    mode: Mode,
    pool: &rayon::ThreadPool,
    stop: &AtomicBool,
    tell: &(dyn Fn(usize, usize) + Sync),
) -> Vec<Seen> {
    let config = catalog.config();
    let verdict = VerdictConfig::default();
    let matching = mode.matching(MatchConfig::default());
    let matcher = Matcher::new(&snapshot.index, config, matching, verdict);
    let rate = config.frames_per_second();
    let shelf = Shelf {
        index: neutral,
        matcher: Matcher::new(neutral, config, matching, verdict),
        frames_per_second: rate,
        sure_below: verdict.match_below,
    };
    let done = AtomicUsize::new(0);
    let search = |scratch: &mut LookupScratch, at: u32| {
        let track = TrackId(at);
        if !snapshot.index.is_alive(track) || stop.load(Ordering::Relaxed) {
            return Seen::default();
        }
        let peaks = snapshot.index.peaks(track);
        let frames = snapshot.index.frames(track);
        let still = still::passages(&peaks, frames, rate);
        // The index keeps one sub-fingerprint in six, too few for an item. For the same sound the peaks are enough.
        let item = Fingerprint {
            all_peaks: peaks.clone(),
            peaks,
            sub_fingerprints: Vec::new(),
            seconds: f64::from(frames) / rate,
        };
        let sure = |a: &Alignment| a.false_alarm_probability() < verdict.match_below;
        let alignments = matcher.without(track).search(&item, scratch);
        let others = alignments.iter().filter(|a| sure(a));
        let mut found: Vec<(TrackId, Agreement)> = Vec::new();
        for alignment in others {
            let agreement = agreement(alignment, rate);
            match found.iter_mut().find(|(other, _)| *other == alignment.track) {
                Some((_, known)) => known.join(agreement, true),
                None => found.push((alignment.track, agreement)),
            }
        }
        let kit = shelf.explain(&item, snapshot.masks(track), scratch);
        tell(done.fetch_add(1, Ordering::Relaxed) + 1, snapshot.len());
        Seen { found, still, kit }
    };
    let tracks = snapshot.index.track_bound() as u32;
    pool.install(|| (0..tracks).into_par_iter().map_init(LookupScratch::default, search).collect())
}

fn agreement(alignment: &Alignment, rate: f64) -> Agreement {
    let Alignment { tempo, pitch_octaves, spans, .. } = alignment;
    let is_warped = !is_as_released(*tempo, 1_200.0 * pitch_octaves);
    let seconds = |(from, to): (f64, f64)| (from / rate, to / rate);
    Agreement {
        spans: spans.iter().map(|span| [seconds(span.item), seconds(span.recording)]).collect(),
        warp: is_warped.then_some((*tempo, *pitch_octaves)),
    }
}

/// Reports silence and tones, and marks the tones.
fn without_music(recording: &Recording, still: &[(Still, f64, f64)], linted: &mut Linted) {
    let id = &recording.recording_id;
    let length = |(_, from, to): &(Still, f64, f64)| to - from;
    let all: f64 = still.iter().map(length).sum();
    if all > STILL * recording.duration_seconds {
        let part = share(all / recording.duration_seconds);
        let detail = format!("{}: {part} of it is silence or steady tones", name(recording));
        linted.add(LintKind::NoMusic, [id], detail);
    }
    for (what, kind) in [(Still::Silence, LintKind::Silence), (Still::Tone, LintKind::Tone)] {
        let these: Vec<_> = still.iter().filter(|(still, ..)| *still == what).collect();
        if these.is_empty() {
            continue;
        }
        let places =
            these.iter().map(|(_, from, to)| format!("{} to {}", clock(*from), clock(*to)));
        let detail = format!("{} {}", name(recording), places.collect::<Vec<_>>().join(", "));
        linted.add(kind, [id], detail);
        if what == Still::Tone {
            let passages =
                these.iter().map(|(_, from, to)| marked(recording, *from, *to, recording));
            linted.passages.extend(passages);
        }
    }
}

/// Reports what neutral references explain, and marks the stretches where hardly anything else sounds.
fn with_kit(
    recording: &Recording,
    kit: &Kit,
    is_masked: bool,
    snapshot: &Snapshot,
    linted: &mut Linted,
) {
    let id = &recording.recording_id;
    let neutral = |track: &TrackId| snapshot.recording(*track);
    if kit.share >= ONLY_KIT {
        let references = kit.references.iter().filter_map(neutral);
        let names = references.map(|reference| name(&reference));
        let names = told(names.chain(is_masked.then(|| "masks".to_owned())).collect());
        let part = share(kit.share);
        let detail = format!("{}: {part} of it is neutral ({names})", name(recording));
        linted.add(LintKind::OnlyKit, [id], detail);
    }
    for (track, stretches) in &kit.stretches {
        let Some(reference) = neutral(track) else { continue };
        let stretches = stretches.iter().filter(|(from, to)| to - from >= SHORTEST_PASSAGE_SECONDS);
        let stretches: Vec<(f64, f64)> = stretches.copied().collect();
        if stretches.is_empty() {
            continue;
        }
        let detail = format!(
            "{} {} = {}, which is neutral",
            name(recording),
            places(&stretches),
            name(&reference)
        );
        linted.add(LintKind::SharedPassage, [id, &reference.recording_id], detail);
        let marked = stretches.iter().map(|(from, to)| marked(recording, *from, *to, &reference));
        linted.passages.extend(marked);
    }
}

/// The first [`TOLD`] of some names or places, and the number of the others.
fn told(mut texts: Vec<String>) -> String {
    let more = texts.len().saturating_sub(TOLD);
    texts.truncate(TOLD);
    if more > 0 {
        texts.push(format!("and {more} more"));
    }
    texts.join(", ")
}

fn places(stretches: &[(f64, f64)]) -> String {
    let place = |(from, to): &(f64, f64)| format!("{} to {}", clock(*from), clock(*to));
    told(stretches.iter().map(place).collect())
}

/// A passage to be marked, to the millisecond.
fn marked(ours: &Recording, from: f64, to: f64, theirs: &Recording) -> Passage {
    let round = |seconds: f64| (seconds * 1_000.0).round() / 1_000.0;
    Passage {
        recording_id: ours.recording_id.clone(),
        start_seconds: round(from),
        end_seconds: round(to),
        with_recording: theirs.recording_id.clone(),
    }
}

/// What two recordings are to each other; `left` is where they agree beyond what is kit.
fn pair(
    a: &Recording,
    b: &Recording,
    agreement: &Agreement,
    left: &[[(f64, f64); 2]],
    linted: &mut Linted,
) {
    let Agreement { spans, warp: warped } = agreement;
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
    // Whole recordings that agree are the same, whatever they are made of. Versions are told without neutral material: two beats
    // of one loop are no versions of each other.
    let of_left = |side: usize| left.iter().map(|span| span[side]).collect::<Vec<_>>();
    let of_left =
        [coverage(of_left(0), a.duration_seconds), coverage(of_left(1), b.duration_seconds)];
    let (least, most) = (in_a.min(in_b), of_left[0].max(of_left[1]));
    let detail = format!("{names}: {} and {} agree", share(in_a), share(in_b));
    if let (Some((tempo, pitch)), true) = (warped, most >= MOST) {
        let how = warp(*tempo, 1_200.0 * pitch);
        let names = format!("{} is {} {how}", name(a), name(b));
        let detail = format!("{names}: {} and {} agree", share(in_a), share(in_b));
        linted.add(LintKind::OtherSpeed, both, detail);
    } else if least >= WHOLE {
        // The sound does not tell another mastering from another encoding, but the title does.
        let kind = if same_words(a, b) { LintKind::SameAudio } else { LintKind::Version };
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
        linted.add(LintKind::Preview, [&shorter.recording_id, &longer.recording_id], detail);
    } else if most >= MOST {
        linted.add(LintKind::Version, both, detail);
    } else {
        passage(a, b, left, linted);
    }
}

/// The stretches where two recordings agree beyond the neutral material of each: a hundred pieces over one loop say nothing about
/// any two of them.
fn without_kit(
    agreement: &Agreement,
    [kit_of_a, kit_of_b]: [&[(f64, f64)]; 2],
    [a, b]: &[Vec<Peak>; 2],
    config: FingerprintConfig,
) -> Vec<[(f64, f64); 2]> {
    let mut left = Vec::new();
    for [of_a, of_b] in &agreement.spans {
        let whole = Span {
            item_start_seconds: of_a.0,
            item_end_seconds: of_a.1,
            recording_start_seconds: of_b.0,
            recording_end_seconds: of_b.1,
        };
        let rate = config.frames_per_second();
        let map = FrameMap {
            item: of_a.0 * rate,
            track: of_b.0 * rate,
            tempo: (of_b.1 - of_b.0) / (of_a.1 - of_a.0),
            pitch_octaves: agreement.warp.map_or(0.0, |(_, pitch)| pitch),
        };
        let parts = beyond(&[whole], kit_of_a, kit_of_b);
        let is_whole = parts == [whole];
        for part in parts {
            let of_a = (part.item_start_seconds, part.item_end_seconds);
            let of_b = (part.recording_start_seconds, part.recording_end_seconds);
            let in_frames = |(from, to): (f64, f64)| (from * rate, to * rate);
            let ours = held(a, in_frames(of_a), map, b);
            let theirs = held(b, in_frames(of_b), map.inverse(), a);
            if is_whole || ours.max(theirs) >= HELD {
                left.push([of_a, of_b]);
            }
        }
    }
    left
}

/// The share of the peaks in a stretch, in frames, that another track has too.
fn held(peaks: &[Peak], (from, to): (f64, f64), map: FrameMap, track: &[Peak]) -> f64 {
    let frame = |peak: &Peak| f64::from(peak.time) / f64::from(TIME_UNITS);
    let first = peaks.partition_point(|peak| frame(peak) < from);
    let within = peaks[first..].iter().take_while(|peak| frame(peak) < to);
    let (all, matched) = within.fold((0_usize, 0_usize), |(all, matched), peak| {
        (all + 1, matched + usize::from(map.matches(*peak, track)))
    });
    matched as f64 / all.max(1) as f64
}

/// Reports and marks a passage that two recordings share.
fn passage(a: &Recording, b: &Recording, spans: &[[(f64, f64); 2]], linted: &mut Linted) {
    if spans.is_empty() {
        return;
    }
    let mut told = Vec::new();
    for (side, ours, theirs) in [(0, a, b), (1, b, a)] {
        let mut joined = joined(spans.iter().map(|span| span[side]).collect(), 0.0);
        joined.retain(|(from, to)| to - from >= SHORTEST_PASSAGE_SECONDS);
        told.push(format!("{} {}", name(ours), places(&joined)));
        linted.passages.extend(joined.iter().map(|(from, to)| marked(ours, *from, *to, theirs)));
    }
    linted.add(LintKind::SharedPassage, [&a.recording_id, &b.recording_id], told.join(" = "));
}

/// Whether neither title nor ISRC tells two recordings apart.
fn same_words(a: &Recording, b: &Recording) -> bool {
    let same =
        |a: &str, b: &str| a.is_empty() || b.is_empty() || a.to_lowercase() == b.to_lowercase();
    same(&a.title, &b.title) && same(&a.isrc, &b.isrc)
}

fn name(recording: &Recording) -> String {
    let Recording { recording_id, artist, title, .. } = recording;
    named(artist, title, recording_id)
}
