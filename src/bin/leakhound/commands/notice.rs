//! `leakhound notice`: drafts about accepted findings. Nothing is ever sent.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;

use anyhow::Context as _;
use leakhound::catalog::Catalog;
use leakhound::notice::{LeftOut, Offer, Particulars, drafts, may_be_noticed};
use leakhound::signal::fingerprint::FingerprintConfig;
use leakhound::wording::{thousands, visible};

use super::log::line;
use crate::args::{Global, Notice};
use crate::exit::{Exit, UsageError};
use crate::out::Out;
use crate::review_queue::{Entry, ReviewQueue};

/// Longest file of particulars, in bytes.
const MAX_PARTICULARS_BYTES: u64 = 64 << 10;

pub(crate) fn run(global: &Global, command: &Notice) -> anyhow::Result<Exit> {
    let who = command.particulars.as_deref().map(particulars).transpose()?.unwrap_or_default();
    let docket = ReviewQueue::open(global, command.run)?;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let offer = Offer {
        recipient: text(&command.recipient),
        url: text(&command.url),
        repository: text(&command.repository),
        revision: text(&command.revision),
        roots: docket.run.key.roots.clone(),
    };
    let mut left: BTreeMap<LeftOut, u64> = BTreeMap::new();
    let mut entries = Vec::new();
    docket.each(|record, finding| {
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
                "of {usable} accepted findings of run {} none is in a torrent that was found beside it",
                docket.run.run_id
            )
        } else {
            format!(
                "run {} has no accepted finding to draft a notice about; leakhound review accept FINDING makes one",
                docket.run.run_id
            )
        };
        return Err(UsageError(why).into());
    }
    folder(&command.out)?;
    let catalog = Catalog::open(&docket.home, FingerprintConfig::default())?;
    // What leaves is logged before it does.
    let folder = command.out.display();
    let detail = format!("{noticed} findings of run {} drafted to {folder}", docket.run.run_id);
    catalog.log(&line(global, "notice", detail))?;
    for draft in &drafts {
        for (ending, text) in [("md", &draft.markdown), ("html", &draft.html)] {
            let path = command.out.join(format!("{}.{ending}", draft.name));
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
        if !global.quiet {
            let name = command.out.join(&draft.name).display().to_string();
            writeln!(out, "{}.md and .html: {} findings", visible(&name), draft.findings)?;
        }
    }
    if !global.quiet {
        writeln!(
            out,
            "drafts: a person has to read them, fill in each blank, and sign; nothing was sent"
        )?;
        let mut tell = |count: u64, what: &str| -> std::io::Result<()> {
            if count > 0 { writeln!(out, "left out: {} {what}", thousands(count)) } else { Ok(()) }
        };
        let of = |why| left.get(&why).copied().unwrap_or(0);
        tell(of(LeftOut::NotAccepted), "that nobody accepted")?;
        tell(
            of(LeftOut::AcceptedElsewhere),
            "accepted elsewhere, whose place here nobody has looked at; review them here",
        )?;
        tell(of(LeftOut::Permitted), "accepted, and permitted by rights or a licence")?;
        tell(usable - noticed, "accepted, and in no torrent that was found beside them")?;
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
        return Err(usage(format!("it has more than {MAX_PARTICULARS_BYTES} bytes")));
    }
    serde_json::from_str(&text).map_err(|error| {
        usage(format!("{error}; write {{\"name\": …, \"organisation\": …, \"acts_for\": …, \"address\": …, \"phone\": …, \"email\": …}}"))
    })
}

/// Makes the folder, which holds nothing: no draft that somebody has filled in is written over.
fn folder(path: &Path) -> anyhow::Result<()> {
    let cannot = || format!("cannot write to {}", path.display());
    fs::create_dir_all(path).with_context(cannot)?;
    if fs::read_dir(path).with_context(cannot)?.next().is_some() {
        let why = format!("--out {} is not empty; name a new folder", path.display());
        return Err(UsageError(why).into());
    }
    Ok(())
}
