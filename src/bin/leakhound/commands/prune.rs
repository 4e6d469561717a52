//! `leakhound prune`: deletes the records of old runs, after it has shown which.

use std::io::Write as _;

use leakhound::results::RunSize;
use leakhound::session::{Fate, Kept, PruneRow, PruneWish, Pruned};
use leakhound::wording::{counted, day, plural, thousands, visible};
use serde_json::json;

use crate::args::{Global, Prune};
use crate::exit::Exit;
use crate::out::Out;
use crate::setup;

pub(crate) fn run(global: &Global, command: &Prune) -> anyhow::Result<Exit> {
    let session = setup::session(global)?;
    setup::stop_on_signals(session.stop_flag())?;
    let wish = PruneWish {
        runs: command.runs.clone(),
        keep: usize::from(command.keep),
        older_than_days: command.older_than,
    };
    let rows = session.pruning(&wish)?;
    let mut out = Out::lock();
    let wanted = |row: &&PruneRow| wish.runs.is_empty() || wish.runs.contains(&row.run.run_id);
    for row in rows.iter().filter(wanted) {
        if command.json {
            writeln!(out, "{}", object(row))?;
        } else if !global.quiet {
            writeln!(out, "{}", line(row))?;
        }
    }
    let sum = rows.iter().fold(RunSize::default(), |sum, row| match row.fate {
        Fate::Prune { deleted, .. } => sum.and(deleted),
        Fate::Keep(_) => sum,
    });
    if !command.yes {
        if !command.json && !global.quiet {
            writeln!(out, "{}", promise(sum))?;
        }
        out.flush()?;
        return Ok(Exit::Clear);
    }
    out.flush()?;
    let pruned = session.prune(&rows)?;
    if pruned.stopped {
        eprintln!("stopped; the same command goes on");
        return Ok(Exit::Stopped);
    }
    if !global.quiet && !command.json {
        writeln!(out, "{}", told(&pruned))?;
    }
    out.flush()?;
    Ok(Exit::Clear)
}

fn size(size: RunSize) -> String {
    format!("{}, {} bytes", counted(size.items, "item"), thousands(size.bytes))
}

fn line(row: &PruneRow) -> String {
    let fate = match row.fate {
        Fate::Prune { deleted, left } if left.items > 0 => {
            let kept = plural_kept(left.items);
            format!("prune  {}; {kept}", size(deleted))
        }
        Fate::Prune { deleted, .. } => format!("prune  {}", size(deleted)),
        Fate::Keep(kept) => format!("keep   {}", why(row, kept)),
    };
    let roots = row.run.key.roots.join(", ");
    format!("{:>5}  {}  {fate}  {}", row.run.run_id, day(row.run.started), visible(&roots))
}

fn plural_kept(items: u64) -> String {
    plural(items, "item with decided findings stays", "items with decided findings stay")
}

fn why(row: &PruneRow, kept: Kept) -> String {
    match kept {
        Kept::Newest => "one of the newest of these paths".to_owned(),
        Kept::Young => "not old enough".to_owned(),
        Kept::Unfinished => "stopped; the same scan goes on with it".to_owned(),
        Kept::Base => "a scan that goes on needs it".to_owned(),
        Kept::Open(count) => format!(
            "{} that no newer run has; decide on them, or name the run: leakhound prune {}",
            counted(count, "open finding"),
            row.run.run_id
        ),
        Kept::Pruned => match row.run.pruned {
            Some(at) => format!("pruned on {}", day(at)),
            None => "nothing to delete".to_owned(),
        },
    }
}

fn promise(sum: RunSize) -> String {
    if sum == RunSize::default() {
        return "nothing to delete".to_owned();
    }
    format!(
        "{} would be deleted; with --yes they are. Catalogue, decisions, notices and manifests stay",
        size(sum)
    )
}

fn told(pruned: &Pruned) -> String {
    let Pruned { runs, deleted, file: (before, after), keeps_size, .. } = *pruned;
    let file = if keeps_size {
        "the file of the results keeps its size, and later runs fill it".to_owned()
    } else {
        format!("results.sqlite had {} bytes and has {}", thousands(before), thousands(after))
    };
    format!("deleted {} of {}; {file}", size(deleted), counted(runs, "run"))
}

fn object(row: &PruneRow) -> serde_json::Value {
    let (fate, why, deleted, left, open) = match row.fate {
        Fate::Prune { deleted, left } => ("prune", None, deleted, left, 0),
        Fate::Keep(kept) => {
            let open = if let Kept::Open(open) = kept { open } else { 0 };
            ("keep", Some(why(row, kept)), RunSize::default(), RunSize::default(), open)
        }
    };
    json!({
        "run_id": row.run.run_id, "roots": row.run.key.roots, "fate": fate, "why": why,
        "items": deleted.items, "bytes": deleted.bytes, "items_kept": left.items, "open_findings": open,
    })
}
