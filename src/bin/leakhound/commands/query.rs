//! `leakhound query`: looks up single files, and shows decisions about the same audio. Nothing is stored.

use std::io::Write as _;
use std::ops::ControlFlow;

use leakhound::record::ItemRecord;

use crate::args::{Global, Query};
use crate::exit::Exit;
use crate::out::Out;
use crate::{setup, show};

pub(crate) fn run(global: &Global, command: &Query) -> anyhow::Result<Exit> {
    let settings = command.search.put_into(setup::settings(global));
    let session = setup::session_with(global, settings)?;
    let mut out = Out::lock();
    let (mut found, mut failed, mut error) = (false, false, None);
    session.query_each(&command.files, &mut |record| {
        // A dismissed finding does not count, as in a scan.
        found |= record.alarms();
        failed |= record.is_unknown();
        match write(&mut out, global, command, &record) {
            Ok(()) => ControlFlow::Continue(()),
            Err(told) => {
                error = Some(told);
                ControlFlow::Break(())
            }
        }
    })?;
    match error {
        Some(error) => Err(error),
        None if found => Ok(Exit::Found),
        None if failed => Ok(Exit::Incomplete),
        None => Ok(Exit::Clear),
    }
}

fn write(
    out: &mut Out,
    global: &Global,
    command: &Query,
    record: &ItemRecord,
) -> anyhow::Result<()> {
    if command.json {
        writeln!(out, "{}", serde_json::to_string(record)?)?;
    } else if !global.quiet {
        write!(out, "{}", show::item(record))?;
    }
    Ok(out.flush()?)
}
