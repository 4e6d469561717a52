//! `leakhound notice check`: scans a later copy of the dump and says whether what a notice is about is still there.

use std::collections::HashSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use leakhound::matching::verdict::VerdictConfig;
use leakhound::notice::{Day, Look, Sought, sums};
use leakhound::record::{Checked, Presence};
use leakhound::scan::Mode;
use leakhound::session::{ScanEnd, Settings};
use leakhound::source::ScanLimits;
use leakhound::wording::{called, counted, visible};
use serde_json::json;

use super::notice_life;
use crate::args::{Global, Limits};
use crate::exit::Exit;
use crate::out::Out;
use crate::progress::Meter;
use crate::setup;

/// Findings that the terminal lists; `notice show` has all. A guess: some screens.
const LISTED: usize = 200;

pub(super) fn run(
    global: &Global,
    number: i64,
    path: &Path,
    as_json: bool,
    limits: &Limits,
) -> anyhow::Result<Exit> {
    let notices = notice_life::store(global)?;
    let notice = notices.notice(number)?;
    let mut sought = Vec::new();
    notices.each_material(number, |item, finding| sought.push(Sought { item, finding }))?;
    // A look that searched less than the run of the notice could miss what that found.
    let search = notice.search;
    let is_less = |mode: &Mode| Mode::ALL.iter().position(|other| other == mode);
    let settings = Settings {
        limits: ScanLimits::from(limits),
        mode: if is_less(&search.mode) > is_less(&Mode::Full) { search.mode } else { Mode::Full },
        verdict: VerdictConfig {
            match_below: search.match_below,
            suspect_below: search.suspect_below,
        },
        ..setup::settings(global)
    };
    let session = setup::session_with(global, settings)?;
    setup::stop_on_signals(session.stop_flag())?;
    let mut meter = Meter::new(global.quiet);
    let paths: [PathBuf; 1] = [path.to_path_buf()];
    let ScanEnd { run, stopped, .. } = session.scan(&paths, &mut meter)?;
    meter.finish();
    if stopped {
        eprintln!("stopped; the same command goes on with run {}", run.run_id);
        return Ok(Exit::Stopped);
    }
    let recorder = notice_life::recorder(global);
    let day = Day::of(recorder.at).to_string();
    let results = session.results()?;
    let run = results.run(Some(run.run_id))?;
    let look = Look::new(&sought, &notice.roots, &run, &day).read(&results)?;
    let items = look.items();
    let catalog = session.catalog()?;
    let mut unknown = HashSet::new();
    for Sought { finding, .. } in &sought {
        if !catalog.searches_for(&finding.recording_id)? {
            unknown.insert(finding.recording_id.as_str());
        }
    }
    let looked = look.answers(&|id| !unknown.contains(id));
    notices.record_check(number, &run.key.roots.join(", "), &looked, &recorder)?;
    tell(global, number, (&sought, &looked), as_json)?;
    if !as_json && !global.quiet {
        let mut out = Out::lock();
        writeln!(
            out,
            "notice {number}, {} in {} (run {}): {}",
            counted(items, "item"),
            visible(&run.key.roots.join(", ")),
            run.run_id,
            sums(&looked)
        )?;
        if looked.iter().all(|checked| checked.presence == Presence::Gone) {
            writeln!(
                out,
                "if it is gone where it was offered, too: leakhound notice mark {number} gone --on {day}"
            )?;
        }
        out.flush()?;
    }
    let any = |wanted: fn(Presence) -> bool| looked.iter().any(|c| wanted(c.presence));
    Ok(if any(|presence| presence < Presence::NotRead) {
        Exit::Found
    } else if any(|presence| presence == Presence::NotRead) {
        Exit::Incomplete
    } else {
        Exit::Clear
    })
}

/// Prints the answer about each finding.
fn tell(
    global: &Global,
    number: i64,
    (sought, looked): (&[Sought], &[Checked]),
    as_json: bool,
) -> anyhow::Result<()> {
    let mut out = Out::lock();
    if as_json {
        for (Sought { item, finding }, checked) in sought.iter().zip(looked) {
            let told = json!({
                "number": number, "finding_id": finding.finding_id, "recording_id": finding.recording_id,
                "recording": called(finding), "path": item.path, "locator": item.locator, "check": checked,
            });
            writeln!(out, "{told}")?;
        }
    } else if !global.quiet {
        for (Sought { item, finding }, checked) in sought.iter().zip(looked).take(LISTED) {
            let Checked { presence, place, why, .. } = checked;
            writeln!(out, "{}  {}", finding.finding_id, presence.describe())?;
            writeln!(out, "          {} in {}", visible(&called(finding)), visible(&item.path))?;
            for told in [place, why].into_iter().filter(|told| !told.is_empty()) {
                writeln!(out, "          {}", visible(told))?;
            }
        }
        let more = sought.len().saturating_sub(LISTED) as u64;
        if more > 0 {
            writeln!(
                out,
                "… and {}: leakhound notice show {number}",
                counted(more, "more finding")
            )?;
        }
    }
    Ok(out.flush()?)
}
