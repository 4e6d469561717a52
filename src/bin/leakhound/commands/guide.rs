//! `leakhound guide`: shows a page of the guide, or lists the pages.

use std::io::Write as _;

use crate::args;
use crate::exit::Exit;
use crate::guide::{PAGES, render, width};
use crate::out::Out;

pub(crate) fn run(command: &args::Guide) -> anyhow::Result<Exit> {
    let mut out = Out::lock();
    match command.page {
        Some(page) => write!(out, "{}", render(page.text, width()))?,
        None if command.json => {
            for page in PAGES {
                let line = serde_json::json!({"page": page.name, "title": page.title()});
                writeln!(out, "{line}")?;
            }
        }
        None => {
            for page in PAGES {
                writeln!(out, "{:<16}  {}", page.name, page.title())?;
            }
            writeln!(out, "\nleakhound guide PAGE shows a page.")?;
        }
    }
    out.flush()?;
    Ok(Exit::Clear)
}
