//! Where catalogue and results live.

use std::path::PathBuf;

use anyhow::Context as _;

use crate::args::Global;
use crate::exit::UsageError;

/// Where the home folder is, be it there or not.
pub(crate) fn place(global: &Global) -> anyhow::Result<PathBuf> {
    match &global.home {
        Some(home) => Ok(home.clone()),
        None => directories::ProjectDirs::from("", "", "leakhound")
            .map(|dirs| dirs.data_dir().to_path_buf())
            .ok_or_else(|| {
                UsageError("this account has no data folder; name one with --home DIR".into())
                    .into()
            }),
    }
}

/// The home folder, made if it is not there.
pub(crate) fn home(global: &Global) -> anyhow::Result<PathBuf> {
    let home = place(global)?;
    std::fs::create_dir_all(&home)
        .with_context(|| format!("cannot make the home folder {}", home.display()))?;
    Ok(home)
}
