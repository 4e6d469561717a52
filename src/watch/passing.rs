//! Which failures pass by themselves.

use std::error::Error;
use std::io::ErrorKind;

use rusqlite::ErrorCode;

/// Whether a failure passes without a change of what was asked for: a disk that is full, busy or away for a moment.
pub fn is_passing(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let code =
            error.downcast_ref::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error_code);
        let of_database = code.is_some_and(|code| {
            matches!(
                code,
                ErrorCode::DiskFull
                    | ErrorCode::SystemIoFailure
                    | ErrorCode::DatabaseBusy
                    | ErrorCode::DatabaseLocked
            )
        });
        let of_system = error.downcast_ref::<std::io::Error>().is_some_and(|error| {
            matches!(
                error.kind(),
                ErrorKind::StorageFull
                    | ErrorKind::QuotaExceeded
                    | ErrorKind::FileTooLarge
                    | ErrorKind::StaleNetworkFileHandle
                    | ErrorKind::TimedOut
                    | ErrorKind::HostUnreachable
                    | ErrorKind::NetworkUnreachable
                    | ErrorKind::NetworkDown
            )
        });
        if of_database || of_system {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::ResultsError;

    #[test]
    fn a_full_disk_passes_and_a_missing_permission_does_not() {
        let of = |kind: ErrorKind| ResultsError::Lock { path: "/home".into(), source: kind.into() };
        assert!(is_passing(&of(ErrorKind::StorageFull)));
        assert!(!is_passing(&of(ErrorKind::PermissionDenied)));
        let of = |code| {
            let source = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
            ResultsError::Database { path: "/home".into(), source }
        };
        assert!(is_passing(&of(rusqlite::ffi::SQLITE_FULL)));
        assert!(!is_passing(&of(rusqlite::ffi::SQLITE_CORRUPT)));
    }
}
