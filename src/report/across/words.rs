//! Sentences and cells of a report across dumps, shared by its writers.

use super::facts::{Dump, Place, Relations, Totals, Work};
use super::gather::Across;
use crate::base::thousands;
use crate::results::About;
use crate::wording::{claims, clock, counted, named, plural, share};

/// Hours of audio in the ranges of the template for public summaries (section 1.3).
fn range(hours: f64) -> &'static str {
    if hours < 10_000.0 {
        "less than 10 000 hours"
    } else if hours <= 1_000_000.0 {
        "10 000 to 1 million hours"
    } else {
        "more than 1 million hours"
    }
}

/// The share of the catalogue's recordings.
pub(in crate::report) fn share_out(recordings: u64, catalogue: u64) -> String {
    share(recordings as f64 / catalogue.max(1) as f64)
}

/// How many recordings are out, as sentences.
pub(in crate::report) fn what_is_out(across: &Across) -> String {
    let Totals { recordings, in_several, suspected, gone, catalogue_recordings, .. } =
        across.totals;
    let mut told = format!(
        "{} of {} ({} of the catalogue) {} found in {}.",
        thousands(recordings),
        counted(catalogue_recordings, "recording"),
        share_out(recordings, catalogue_recordings),
        if recordings == 1 { "is" } else { "are" },
        counted(across.dumps.len() as u64, "dump"),
    );
    if in_several > 0 {
        let are = plural(in_several, "recording is", "recordings are");
        told += &format!(" {are} in more than one.");
    }
    if suspected > 0 {
        let are =
            plural(suspected, "further recording is a suspect", "further recordings are suspects");
        told += &format!(" {are} only: a person has to listen.");
    }
    if gone > 0 {
        let were = plural(gone, "recording was", "recordings were");
        told += &format!(" {were} found by an earlier run and by no newest one.");
    }
    told
}

/// When it was looked, and what is left out, as sentences.
pub(in crate::report) fn what_was_looked_at(across: &Across) -> String {
    let runs = counted(across.runs.len() as u64, "run");
    let mut told = match (across.runs.first(), across.runs.last()) {
        (Some(first), Some(last)) => format!("{runs} from {} to {}.", first.day, last.day),
        _ => "No run.".to_owned(),
    };
    told += " Of each dump the newest run over the same paths says what is in it; earlier ones say since when.";
    if across.totals.stopped > 0 {
        let were = plural(across.totals.stopped, "run was", "runs were");
        told += &format!(" {were} stopped before the end and left out.");
    }
    if across.totals.pruned > 0 {
        let were = plural(across.totals.pruned, "run was", "runs were");
        told += &format!(" {were} pruned and left out, so a first day may be too late.");
    }
    if across.totals.catalogues > 1 {
        told += &format!(
            " The newest runs searched for {} states of the catalogue; shares are of the newest.",
            thousands(across.totals.catalogues)
        );
    }
    let dismissed: u64 = across.dumps.iter().map(|dump| dump.sums.dismissed).sum();
    if dismissed > 0 {
        let were = plural(dismissed, "finding was", "findings were");
        told += &format!(" {were} dismissed by people and left out.");
    }
    told
}

/// What could not be read, as a sentence.
pub(in crate::report) fn unread(dumps: &[Dump]) -> String {
    let sum = |of: fn(&Dump) -> u64| dumps.iter().map(of).sum::<u64>();
    let (failed, partial) = (sum(|dump| dump.sums.failed), sum(|dump| dump.sums.partial));
    let stopped = dumps.iter().filter(|dump| !dump.complete).count() as u64;
    let mut told = Vec::new();
    if failed > 0 {
        told.push(format!("{} could not be read.", counted(failed, "item")));
    }
    if partial > 0 {
        told.push(format!("{} read in part.", plural(partial, "item was", "items were")));
    }
    if stopped > 0 {
        told.push(format!("Of {} no run is complete.", counted(stopped, "dump")));
    }
    if told.is_empty() {
        return "Every audio item could be read.".to_owned();
    }
    told.push("What was not read may or may not contain a recording.".to_owned());
    told.join(" ")
}

/// Name of a work: artist, title and ISRC.
pub(in crate::report) fn work(work: &Work) -> String {
    let mut name = named(&work.artist, &work.title, &work.recording_id);
    if !work.isrc.is_empty() {
        name += &format!(" [{}]", work.isrc);
    }
    name
}

/// Label, releases, bar codes and ℗ line of a work, joined by ` · `.
pub(in crate::report) fn about_work(work: &Work) -> String {
    let parts = [&work.label, &work.releases, &work.upcs, &work.p_line];
    let parts: Vec<_> = parts.into_iter().filter(|text| !text.is_empty()).cloned().collect();
    parts.join(" · ")
}

/// Matches and suspects of a place: `3 matches, 1 suspect`, or `no longer found`.
pub(in crate::report) fn how_many(place: &Place) -> String {
    let told = [
        (place.matches > 0).then(|| plural(place.matches, "match", "matches")),
        (place.suspects > 0).then(|| counted(place.suspects, "suspect")),
    ];
    let told: Vec<_> = told.into_iter().flatten().collect();
    if told.is_empty() {
        format!("no longer found since {}", place.last_day)
    } else {
        told.join(", ")
    }
}

/// In which dumps a work is, by their numbers: `1: 3 matches; 4: 1 suspect`.
pub(in crate::report) fn places(work: &Work) -> String {
    let told = work.places.iter().map(|place| format!("{}: {}", place.dump, how_many(place)));
    told.collect::<Vec<_>>().join("; ")
}

/// How the findings of a place are changed, and how the strongest of them plays.
pub(in crate::report) fn how(place: &Place) -> String {
    let Relations(relations) = place.relations;
    let mut told: Vec<String> = Vec::new();
    let by_claim = claims(&relations);
    if !by_claim.is_empty() {
        told.push(by_claim);
    }
    match (place.as_released, place.changed) {
        (0, 0) => {}
        (_, 0) => told.push("as released".to_owned()),
        (0, _) => told.push(format!("changed: {}", place.how)),
        (released, changed) => told.push(format!(
            "{} as released, {} changed",
            thousands(released),
            thousands(changed)
        )),
    }
    told.join("; ")
}

/// The same over all places of a work.
pub(in crate::report) fn how_all(work: &Work) -> String {
    let mut sum: Option<Place> = None;
    for place in &work.places {
        match &mut sum {
            None => sum = Some(place.clone()),
            Some(sum) => {
                for (of, more) in sum.relations.0.iter_mut().zip(place.relations.0) {
                    *of += more;
                }
                sum.as_released += place.as_released;
                if sum.changed == 0 {
                    sum.how.clone_from(&place.how);
                }
                sum.changed += place.changed;
            }
        }
    }
    sum.map_or_else(String::new, |place| how(&place))
}

/// The notices of a place, by number and state: `1 sent, 3 material gone`.
pub(in crate::report) fn notices<'a>(places: impl IntoIterator<Item = &'a Place>) -> String {
    let mut all: Vec<_> = places.into_iter().flat_map(|place| &place.notices).collect();
    all.sort_by_key(|notice| notice.number);
    all.dedup_by_key(|notice| notice.number);
    let told = all.iter().map(|notice| format!("{} {}", notice.number, notice.state.describe()));
    told.collect::<Vec<_>>().join(", ")
}

/// Names and values for a page about a data set, under the headings of a public summary; empty values are left out.
pub(in crate::report) fn summary_facts(dump: &Dump) -> Vec<(&'static str, String)> {
    let about = dump.about.clone().unwrap_or_default();
    let hours = dump.sums.audio_seconds / 3_600.0;
    let size = format!(
        "{} of audio ({}), {}, {} bytes",
        clock(dump.sums.audio_seconds),
        range(hours),
        counted(dump.sums.items, "item"),
        thousands(dump.sums.bytes)
    );
    let About { name, version, revision, licence, source, publisher, category, .. } = about;
    let facts = [
        ("Name or identifier", name),
        ("Version", version),
        ("Revision", revision),
        ("Link or source", source),
        ("Publisher", publisher),
        ("Section of the summary", category.describe().to_owned()),
        ("Modality", "audio".to_owned()),
        ("Size, as read here", size),
        ("Period of collection", about.collected),
        ("Licence, as stated", licence),
        ("Obtained", about.obtained),
        ("Summaries that name it", about.summaries.join("; ")),
        ("Scanned", dump.roots.join("; ")),
    ];
    facts.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

/// What was found in a dump, as names and values.
pub(in crate::report) fn found_facts(across: &Across, dump: &Dump) -> Vec<(&'static str, String)> {
    let out = format!(
        "{} of {} that were searched for ({})",
        thousands(dump.recordings),
        thousands(dump.catalogue_recordings),
        share_out(dump.recordings, dump.catalogue_recordings)
    );
    let runs: Vec<_> = across
        .runs
        .iter()
        .filter(|run| run.dump == dump.number && run.newest)
        .map(|run| {
            let told = format!("run {} of {}, {} mode", run.run_id, run.day, run.mode);
            match run.manifest_digest.as_str() {
                _ if !run.complete => format!("{told}, stopped before its end"),
                "" => format!("{told}, without a manifest"),
                digest => format!("{told}, manifest SHA-256 {digest}"),
            }
        })
        .collect();
    let earlier = dump.runs.len().saturating_sub(runs.len()) as u64;
    let earlier = if earlier == 0 {
        String::new()
    } else {
        format!("{} since {}", counted(earlier, "earlier run"), dump.first_day)
    };
    let some = |count: u64| if count == 0 { String::new() } else { thousands(count) };
    let facts = [
        ("Recordings found", out),
        ("Suspects only", some(dump.suspected)),
        ("No longer found", some(dump.gone)),
        ("Items with a match", thousands(dump.sums.matched)),
        ("Permitted only", some(dump.sums.permitted)),
        ("Not read", unread(std::slice::from_ref(dump))),
        ("Told by", runs.join("; ")),
        ("History", earlier),
    ];
    facts.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}
