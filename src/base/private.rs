//! Permissions of files that tell of unreleased music.

use std::path::Path;

/// Makes a file or folder its owner's alone. Does nothing where there are no Unix permissions.
///
/// # Errors
///
/// If the permissions cannot be set.
pub(crate) fn owner_only(path: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = if path.is_dir() { 0o700 } else { 0o600 };
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}
