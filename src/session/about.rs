//! What the dump of a run is, as a person says.

use super::{Session, SessionError};
use crate::results::{About, Run};

impl Session {
    /// Keeps what the dump of a run is, and says so in the log. Nothing is kept if the same was said before.
    ///
    /// # Errors
    ///
    /// If log or results cannot be written.
    pub fn say_about(&self, run: &Run, about: &About) -> Result<(), SessionError> {
        let store = self.results()?;
        if store.said_about(run.run_id)?.as_ref() == Some(about) {
            return Ok(());
        }
        let detail = format!("run {} is of {}", run.run_id, about.describe());
        // Logged first, so that nothing goes unlogged.
        self.catalog()?.log(&self.log_line("about", detail))?;
        let settings = self.settings();
        store.say_about(run.run_id, about, &settings.operator, (settings.clock)())?;
        Ok(())
    }
}
