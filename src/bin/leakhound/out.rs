//! Standard output that survives a closed pipe.

use std::io::{ErrorKind, Result, StdoutLock, Write};

/// Standard output. Once its reader has closed it, as `head` does, output is discarded; the command still does its work and
/// ends with the right exit code.
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
