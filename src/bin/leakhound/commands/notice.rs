//! `leakhound notice`: drafts notices about accepted findings. Nothing is ever sent.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;

use anyhow::Context as _;
use leakhound::notice::{Drafted, LeftOut, Offer, Particulars, draft_run};
use leakhound::wording::{counted, thousands, visible};

use super::log::line;
use crate::args::{Global, Notice};
use crate::exit::{Exit, UsageError};
use crate::out::Out;
use crate::setup;

/// Longest file of particulars, in bytes. A guess: a name and an address take some hundred.
const MAX_PARTICULARS_BYTES: u64 = 64 << 10;

pub(crate) fn run(global: &Global, command: &Notice) -> anyhow::Result<Exit> {
    let who = command.particulars.as_deref().map(particulars).transpose()?.unwrap_or_default();
    let queue = super::review::queue(global, command.run)?;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let offer = Offer {
        recipient: text(&command.recipient),
        url: text(&command.url),
        repository: text(&command.repository),
        revision: text(&command.revision),
        roots: queue.run().key.roots.clone(),
    };
    let Drafted { drafts, findings, left_out } = draft_run(&queue, command.kind, &who, &offer)?;
    folder(&command.out)?;
    let catalog = setup::session(global)?.catalog()?;
    // Logged before any draft is written.
    let folder = command.out.display();
    let (findings, run_id) = (counted(findings, "finding"), queue.run().run_id);
    let detail = format!("{findings} of run {run_id} drafted to {folder}");
    catalog.log(&line(global, "notice", detail))?;
    let mut out = Out::lock();
    for draft in &drafts {
        for (ending, text) in [("md", &draft.markdown), ("html", &draft.html)] {
            let path = command.out.join(format!("{}.{ending}", draft.name));
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
        if !global.quiet {
            let name = command.out.join(&draft.name).display().to_string();
            let findings = counted(draft.findings as u64, "finding");
            writeln!(out, "{}.md and .html: {findings}", visible(&name))?;
        }
    }
    if !global.quiet {
        writeln!(
            out,
            "these are drafts: a person has to read them, fill in every blank and sign; nothing was sent"
        )?;
        for (why, count) in left_out {
            writeln!(out, "left out: {} {}", thousands(count), told(why))?;
        }
    }
    out.flush()?;
    Ok(Exit::Clear)
}

/// What findings are that are left out.
fn told(why: LeftOut) -> &'static str {
    match why {
        LeftOut::NotAccepted => "that nobody accepted",
        LeftOut::AcceptedElsewhere => {
            "accepted at another place only; review them at their place in this run"
        }
        LeftOut::Permitted => "accepted, but permitted by rights or a licence",
        LeftOut::NoTorrent => {
            "accepted, but in no torrent whose .torrent file was found beside them"
        }
    }
}

fn particulars(path: &Path) -> anyhow::Result<Particulars> {
    let usage = |why: String| anyhow::Error::from(UsageError(format!("{}: {why}", path.display())));
    let mut text = String::new();
    let file = fs::File::open(path).map_err(|error| usage(format!("{error}; check the path")))?;
    let read = file.take(MAX_PARTICULARS_BYTES + 1).read_to_string(&mut text);
    read.map_err(|error| usage(error.to_string()))?;
    if text.len() as u64 > MAX_PARTICULARS_BYTES {
        return Err(usage(format!(
            "it has more than {MAX_PARTICULARS_BYTES} bytes; it should hold six short fields"
        )));
    }
    serde_json::from_str(&text).map_err(|error| {
        usage(format!("{error}; write {{\"name\": …, \"organisation\": …, \"acts_for\": …, \"address\": …, \"phone\": …, \"email\": …}}"))
    })
}

/// Makes the folder. One that is not empty is refused, so that no draft that somebody has completed is overwritten.
fn folder(path: &Path) -> anyhow::Result<()> {
    let cannot = || format!("cannot write to {}", path.display());
    fs::create_dir_all(path).with_context(cannot)?;
    if fs::read_dir(path).with_context(cannot)?.next().is_some() {
        let why = format!("--out {} is not empty; name a new folder", path.display());
        return Err(UsageError(why).into());
    }
    Ok(())
}
