//! Ctrl-C and SIGTERM: the first one asks everything to stop and clean up, the second one does not
//! wait for that. A file that has become larger than the user's limit (`ulimit -f`) is an error of
//! the write, not the end of the program.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM, SIGXFSZ};

use crate::exit::Exit;
use crate::failure::Failure;

/// Whether somebody wants the program to stop.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Takes over these signals for the rest of the process.
    ///
    /// # Errors
    /// The system refuses.
    pub fn install() -> Result<Self, Failure> {
        let interrupt = Self::default();
        interrupt.listen().map_err(|error| {
            Failure::new(Exit::Unexpected, "starting", "cannot watch for signals").because(&error)
        })?;
        Ok(interrupt)
    }

    /// Whether the first signal has come.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// True from the first signal on, for those who look at it themselves.
    #[must_use]
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }

    fn listen(&self) -> std::io::Result<()> {
        for signal in [SIGINT, SIGTERM] {
            // In this order: the first signal finds the flag down and raises it, the second one
            // finds it up and ends the process, whatever the rest of the program is stuck in.
            let code = i32::from(Exit::Cancelled.code());
            signal_hook::flag::register_conditional_shutdown(signal, code, self.flag())?;
            signal_hook::flag::register(signal, self.flag())?;
        }
        // Whoever does not handle it is killed by it. The write fails with EFBIG all the same, which
        // is handled where a full disk is.
        let unread = Arc::default();
        signal_hook::flag::register(SIGXFSZ, unread)?;
        Ok(())
    }
}
