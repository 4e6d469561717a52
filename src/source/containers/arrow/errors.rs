//! The errors of Arrow tables. Their kinds decide which failure a table has.

use std::io;

use polars_arrow_format::ipc::planus;

/// A table that contradicts itself.
pub(super) fn damaged(what: impl Into<String>) -> io::Error {
    io::Error::other(what.into())
}

/// A table whose end is missing.
pub(super) fn truncated(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, what)
}

/// A table that is intact but not read here. The text completes a sentence that begins with the path, and names the remedy.
pub(super) fn unsupported(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, what)
}

/// A flatbuffer that cannot be read, in words.
pub(super) fn plain(error: planus::Error) -> io::Error {
    damaged(format!("the header of a message cannot be read ({})", error.error_kind))
}
