//! What became of notices, through the session.

use super::{Session, SessionError};
use crate::notice::{NoticeStore, Notices};

impl Session {
    /// All notices, by the findings that they are about.
    ///
    /// # Errors
    ///
    /// If they cannot be read, or a newer version of the program wrote them.
    pub fn notices(&self) -> Result<Notices, SessionError> {
        Ok(Notices::of_home(&self.home)?)
    }

    /// The notices, and what people record of them.
    ///
    /// # Errors
    ///
    /// If they cannot be opened, or a newer version of the program wrote them.
    pub fn notice_store(&self) -> Result<NoticeStore, SessionError> {
        Ok(NoticeStore::open(&self.home)?)
    }
}
