//! Standard output whose reader may have had enough.

use std::io::{ErrorKind, Result, StdoutLock, Write};

/// Standard output. Once nobody reads it any more, what is written goes nowhere, and the command
/// still does what it was asked to and says so with its exit code.
pub(crate) struct Out(Option<StdoutLock<'static>>);

impl Out {
    pub(crate) fn lock() -> Self {
        Self(Some(std::io::stdout().lock()))
    }

    fn while_read<T>(
        &mut self,
        nobody: T,
        act: impl FnOnce(&mut StdoutLock<'static>) -> Result<T>,
    ) -> Result<T> {
        let Some(out) = &mut self.0 else { return Ok(nobody) };
        match act(out) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.0 = None;
                Ok(nobody)
            }
            result => result,
        }
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.while_read(bytes.len(), |out| out.write(bytes))
    }

    fn flush(&mut self) -> Result<()> {
        self.while_read((), Write::flush)
    }
}
