//! `leakhound notice`: drafts notices about accepted findings, and keeps what becomes of them. Nothing is ever sent.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;

use anyhow::Context as _;
use leakhound::base::digest;
use leakhound::notice::{
    Act, Day, Drafted, LeftOut, NewNotice, Notices, Offer, Particulars, Search, Step, draft_run,
};
use leakhound::wording::{counted, plural, thousands, visible};

use super::log::line;
use super::notice_check;
use super::notice_life::{self, Wanted};
use crate::args::{Global, Notice, NoticeCommand, NoticeDraft};
use crate::exit::{Exit, UsageError};
use crate::out::Out;
use crate::{home, setup};

/// Longest file of particulars, in bytes. A guess: a name and an address take some hundred.
const MAX_PARTICULARS_BYTES: u64 = 64 << 10;

pub(crate) fn run(global: &Global, command: &Notice) -> anyhow::Result<Exit> {
    match (&command.command, &command.draft) {
        (None, Some(wanted)) => draft(global, wanted),
        // Clap asks for the options of a draft where no command is given.
        (None, None) => Err(UsageError("say what to do: leakhound notice --help".into()).into()),
        (Some(NoticeCommand::List { due, within, as_of, state, json }), _) => {
            let from = as_of.unwrap_or_else(|| Day::of(setup::now()));
            let due_until = due.then(|| from.plus(u64::from(*within)));
            notice_life::list(global, &Wanted { due_until, state: *state, json: *json })
        }
        (Some(NoticeCommand::Show { number, json }), _) => {
            notice_life::show(global, *number, *json)
        }
        (Some(NoticeCommand::Mark { number, state, on, to, reference, due, note, by }), _) => {
            let text = |value: &Option<String>| value.clone().unwrap_or_default().trim().to_owned();
            let step = Step {
                act: Act::Reached(*state),
                on: *on,
                at: setup::now(),
                by: notice_life::who(global, by.as_ref()),
                addressee: text(to),
                reference: text(reference),
                due: *due,
                note: text(note),
            };
            notice_life::record(global, *number, &step)
        }
        (Some(NoticeCommand::Done(remark)), _) => notice_life::remark(global, Act::Done, remark),
        (Some(NoticeCommand::Undo(remark)), _) => notice_life::remark(global, Act::Undone, remark),
        (Some(NoticeCommand::Check { number, dump, json, limits }), _) => {
            notice_check::run(global, *number, dump, *json, limits)
        }
    }
}

fn draft(global: &Global, command: &NoticeDraft) -> anyhow::Result<Exit> {
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
    let earlier = Notices::of_home(&home::home(global)?)?;
    let left = if command.new { &earlier } else { &Notices::default() };
    let drafted = draft_run(&queue, command.kind, &who, &offer, left)?;
    folder(&command.out)?;
    let session = setup::session(global)?;
    // Logged before any draft is written.
    let folder = command.out.display();
    let (findings, run) = (counted(drafted.findings, "finding"), queue.run());
    let detail = format!("{findings} of run {} drafted to {folder}", run.run_id);
    session.catalog()?.log(&line(global, "notice", detail))?;
    for draft in &drafted.drafts {
        for (ending, text) in [("md", &draft.markdown), ("html", &draft.html)] {
            let path = command.out.join(format!("{}.{ending}", draft.name));
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    let sealed = setup::of_run(global, &session.results()?, run)?;
    let settings = sealed.map_or_else(|| setup::settings(global), |(settings, _)| settings);
    let search = Search {
        mode: run.key.mode,
        match_below: settings.verdict.match_below,
        suspect_below: settings.verdict.suspect_below,
    };
    let notices: Vec<_> = drafted
        .drafts
        .iter()
        .map(|draft| NewNotice {
            kind: command.kind,
            recipient: offer.recipient.clone(),
            place: draft.place.clone(),
            run_id: run.run_id,
            roots: run.key.roots.clone(),
            search,
            draft: draft.name.clone(),
            draft_sha256: digest(draft.markdown.as_bytes()),
            materials: draft.findings.iter().map(|at| drafted.entries[*at].clone()).collect(),
        })
        .collect();
    let numbers = notice_life::store(global)?.add(&notices, &notice_life::recorder(global))?;
    if !global.quiet {
        tell(command, &drafted, &numbers, &earlier)?;
    }
    Ok(Exit::Clear)
}

/// Prints what was drafted, under which numbers, and what was left out.
fn tell(
    command: &NoticeDraft,
    drafted: &Drafted,
    numbers: &[i64],
    earlier: &Notices,
) -> anyhow::Result<()> {
    let mut out = Out::lock();
    for (draft, number) in drafted.drafts.iter().zip(numbers) {
        let name = command.out.join(&draft.name).display().to_string();
        let findings = counted(draft.findings.len() as u64, "finding");
        writeln!(out, "notice {number}: {}.md and .html: {findings}", visible(&name))?;
    }
    let placed = drafted.drafts.iter().flat_map(|draft| &draft.findings);
    let again = placed.filter(|at| {
        let entry = &drafted.entries[**at];
        !earlier.of(entry.item(), entry.finding()).is_empty()
    });
    let again = again.count() as u64;
    if again > 0 {
        let verb = plural(again, "finding is", "findings are");
        writeln!(out, "{verb} in an earlier notice, too; --new leaves out those")?;
    }
    writeln!(
        out,
        "these are drafts: a person has to read them, fill in every blank and sign; nothing was sent"
    )?;
    for (why, count) in &drafted.left_out {
        writeln!(out, "left out: {} {}", thousands(*count), told(*why))?;
    }
    Ok(out.flush()?)
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
        LeftOut::Noticed => "in an earlier notice",
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
