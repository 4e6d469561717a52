//! `leakhound notice`: drafts notices about accepted findings. Nothing is ever sent.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;

use anyhow::Context as _;
use leakhound::catalog::Catalog;
use leakhound::notice::{LeftOut, Offer, Particulars, drafts, may_be_noticed};
use leakhound::signal::fingerprint::FingerprintConfig;
use leakhound::wording::{counted, thousands, visible};

use super::log::line;
use crate::args::{Global, Notice};
use crate::exit::{Exit, UsageError};
use crate::out::Out;
use crate::review_queue::{Entry, ReviewQueue};

/// Longest file of particulars, in bytes. A guess: a name and an address take some hundred.
const MAX_PARTICULARS_BYTES: u64 = 64 << 10;

pub(crate) fn run(global: &Global, command: &Notice) -> anyhow::Result<Exit> {
    let who = command.particulars.as_deref().map(particulars).transpose()?.unwrap_or_default();
    let queue = ReviewQueue::open(global, command.run)?;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let offer = Offer {
        recipient: text(&command.recipient),
        url: text(&command.url),
        repository: text(&command.repository),
        revision: text(&command.revision),
        roots: queue.run.key.roots.clone(),
    };
    let mut left: BTreeMap<LeftOut, u64> = BTreeMap::new();
    let mut entries = Vec::new();
    queue.each(|record, finding| {
        match may_be_noticed(finding) {
            Ok(()) => entries.push(Entry::new(record, finding)),
            Err(why) => *left.entry(why).or_default() += 1,
        }
        Ok(())
    })?;
    let findings = entries.iter().map(|entry| (entry.item(), entry.finding()));
    let drafts = drafts(command.kind, &who, &offer, findings);
    let mut out = Out::lock();
    let usable = entries.len() as u64;
    let noticed: u64 = drafts.iter().map(|draft| draft.findings as u64).sum();
    if drafts.is_empty() {
        let why = if usable > 0 {
            format!(
                "none is in a torrent whose .torrent file was found beside it, of {} of run {}",
                counted(usable, "accepted finding"),
                queue.run.run_id
            )
        } else {
            format!(
                "run {} has no accepted finding to draft a notice about; accept one first: leakhound review accept FINDING --reason TEXT",
                queue.run.run_id
            )
        };
        return Err(UsageError(why).into());
    }
    folder(&command.out)?;
    let catalog = Catalog::open(&queue.home, FingerprintConfig::default())?;
    // Logged before any draft is written.
    let folder = command.out.display();
    let detail =
        format!("{} of run {} drafted to {folder}", counted(noticed, "finding"), queue.run.run_id);
    catalog.log(&line(global, "notice", detail))?;
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
        let mut tell = |count: u64, what: &str| -> std::io::Result<()> {
            if count > 0 { writeln!(out, "left out: {} {what}", thousands(count)) } else { Ok(()) }
        };
        let of = |why| left.get(&why).copied().unwrap_or(0);
        tell(of(LeftOut::NotAccepted), "that nobody accepted")?;
        tell(
            of(LeftOut::AcceptedElsewhere),
            "accepted at another place only; review them at their place in this run",
        )?;
        tell(of(LeftOut::Permitted), "accepted, but permitted by rights or a licence")?;
        tell(
            usable - noticed,
            "accepted, but in no torrent whose .torrent file was found beside them",
        )?;
    }
    out.flush()?;
    Ok(Exit::Clear)
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
