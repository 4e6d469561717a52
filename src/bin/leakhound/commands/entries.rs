//! Prints entries: `catalog list --entries` and `catalog show`.

use std::io::Write as _;

use leakhound::catalog::{Catalog, Entry};
use leakhound::import::{Field, cells};
use leakhound::wording::{clock, plural, thousands, visible};

use crate::exit::Exit;
use crate::out::Out;

/// Prints all entries, one line each.
pub(crate) fn list(catalog: &Catalog, json: bool) -> anyhow::Result<Exit> {
    let mut out = Out::lock();
    catalog.for_each_entry(|entry| {
        if json {
            writeln!(out, "{}", serde_json::to_string(&entry)?)?;
        } else {
            writeln!(out, "{}", line(&entry))?;
        }
        anyhow::Ok(())
    })?;
    if !json {
        let (entries, heard) = catalog.count_entries()?;
        let silent = thousands(entries - heard);
        writeln!(out, "{}, {silent} of them without audio", plural(entries, "entry", "entries"))?;
    }
    out.flush()?;
    Ok(Exit::Clear)
}

fn line(entry: &Entry) -> String {
    let length = entry.duration_seconds.map_or_else(|| "?".into(), clock);
    let name = entry.name();
    let isrcs = entry.isrcs.join(", ");
    format!("{:<18}  {length:>9}  {} [{isrcs}]", visible(&entry.entry_id), visible(&name))
}

/// Prints entries with all of their fields.
pub(crate) fn print(entries: &[Entry], json: bool) -> anyhow::Result<()> {
    let mut out = Out::lock();
    for entry in entries {
        if json {
            writeln!(out, "{}", serde_json::to_string(entry)?)?;
            continue;
        }
        for (at, row) in cells(entry).iter().enumerate() {
            for (field, values) in row {
                let repeated = at > 0 && *field == Field::EntryId;
                if !values.is_empty() && !repeated {
                    writeln!(out, "{:<24}{}", field.name(), visible(&values.join("; ")))?;
                }
            }
        }
        writeln!(out)?;
    }
    out.flush()?;
    Ok(())
}
