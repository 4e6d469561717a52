//! Where catalogue and results live.

use std::path::PathBuf;

use anyhow::Context as _;

use crate::args::Global;
use crate::exit::UsageError;

/// The home folder, made if it is not there.
pub(crate) fn home(global: &Global) -> anyhow::Result<PathBuf> {
    let home = match &global.home {
        Some(home) => home.clone(),
        None => directories::ProjectDirs::from("", "", "leakhound")
            .map(|dirs| dirs.data_dir().to_path_buf())
            .ok_or_else(|| {
                UsageError("this account has no data folder; name one with --home DIR".into())
            })?,
    };
    std::fs::create_dir_all(&home)
        .with_context(|| format!("cannot make the home folder {}", home.display()))?;
    Ok(home)
}
