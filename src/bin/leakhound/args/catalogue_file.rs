//! A packed catalogue instead of the one in the home: an argument of every command that only searches.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use leakhound::session::Settings;

#[derive(Debug, ClapArgs)]
pub(crate) struct CatalogueFile {
    /// Search for the recordings of a packed catalogue (see `catalog pack`), not of the one in the home
    #[arg(long, value_name = "FILE", env = "LEAKHOUND_CATALOGUE")]
    pub(crate) catalogue: Option<PathBuf>,
}

impl CatalogueFile {
    /// Puts itself into the settings of a session.
    pub(crate) fn put_into(&self, settings: Settings) -> Settings {
        Settings { packed_catalogue: self.catalogue.clone(), ..settings }
    }
}
