//! The home folder: where catalogue and results are.

use std::path::PathBuf;

use anyhow::Context as _;

use crate::args::Global;
use crate::exit::UsageError;

/// The path of the home folder, whether it exists or not.
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

/// The path of the home folder, which is made if it does not exist.
pub(crate) fn home(global: &Global) -> anyhow::Result<PathBuf> {
    let home = place(global)?;
    std::fs::create_dir_all(&home).with_context(|| {
        format!(
            "cannot make the home folder {}; name one that you may write to with --home DIR",
            home.display()
        )
    })?;
    Ok(home)
}
