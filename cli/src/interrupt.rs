//! Ctrl-C, SIGTERM and SIGHUP: the first one asks everything to stop and clean up, and gives that a
//! limited time; the second one does not wait for it. A file that has become larger than the user's
//! limit (`ulimit -f`) is an error of the write, not the end of the program.

use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;

use crate::exit::Exit;
use crate::failure::Failure;

/// Whether the program is to stop.
#[derive(Clone, Debug, Default)]
pub struct Interrupt {
    raised: Arc<AtomicBool>,
    terminal: Arc<Terminal>,
}

/// The terminal as it was before its echo was switched off, while it may be off.
#[derive(Debug, Default)]
struct Terminal(Mutex<Option<Termios>>);

/// Restores the terminal when dropped.
#[derive(Debug)]
pub(crate) struct Echo(Arc<Terminal>);

impl Interrupt {
    /// Takes over these signals for the rest of the process. SIGHUP stays ignored where it is
    /// (nohup(1)), and so does SIGQUIT.
    ///
    /// # Errors
    /// The system refuses, or has no thread left.
    pub fn install() -> Result<Self, Failure> {
        let interrupt = Self::default();
        interrupt.listen()?;
        Ok(interrupt)
    }

    /// Whether the first signal has come.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        self.raised.load(Ordering::SeqCst)
    }

    /// True from the first signal on, for those who look at it themselves.
    #[must_use]
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.raised)
    }

    /// Remembers how the terminal is, before its echo is switched off. The terminal is put back when
    /// the answer is dropped, and before a signal ends the program.
    pub(crate) fn keep_echo(&self) -> Echo {
        self.terminal.set(tcgetattr(io::stdin()).ok());
        Echo(Arc::clone(&self.terminal))
    }

    fn listen(&self) -> Result<(), Failure> {
        let refused = |error: io::Error| {
            Failure::new(Exit::Unexpected, "starting", "cannot watch for signals").because(&error)
        };
        // What does not handle it is killed by it. The write fails with EFBIG all the same, which is
        // handled where a full disk is.
        signal_hook::flag::register(SIGXFSZ, Arc::default()).map_err(refused)?;
        let ignored = ignored();
        let taken = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]
            .into_iter()
            .filter(|signal| !matches!(*signal, SIGHUP | SIGQUIT) || !ignored.contains(signal));
        let mut signals = Signals::new(taken).map_err(refused)?;
        let (raised, terminal) = (self.flag(), Arc::clone(&self.terminal));
        let watching = thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                for signal in &mut signals {
                    if signal == SIGQUIT {
                        terminal.restore();
                        let _ = signal_hook::low_level::emulate_default_handler(SIGQUIT);
                    } else if raised.swap(true, Ordering::SeqCst) {
                        end(&terminal, "");
                    } else {
                        end_in_time(&terminal);
                    }
                }
            });
        watching.map(drop).map_err(|error| no_thread(&error))
    }
}

impl Terminal {
    fn set(&self, terminal: Option<Termios>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = terminal;
    }

    /// Puts the terminal back, if its echo may be off.
    fn restore(&self) {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(terminal) = kept {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &terminal);
        }
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.0.restore();
    }
}

/// No thread can be started.
pub(crate) fn no_thread(error: &io::Error) -> Failure {
    let failure = Failure::new(Exit::Unexpected, "starting", "cannot start a thread");
    failure
        .because(error)
        .hinting("a limit on processes (ulimit -u) or memory (ulimit -v) may be too low")
}

/// Ends the program some time from now, whatever the rest of it is stuck in: a file system, a
/// credential helper, a lock. Without a thread to wait on, a second signal has to do it.
fn end_in_time(terminal: &Arc<Terminal>) {
    let terminal = Arc::clone(terminal);
    let _ = thread::Builder::new()
        .name("end".to_owned())
        .spawn(move || {
            thread::sleep(PATIENCE);
            end(&terminal, STUCK);
        });
}

/// Ends the program at once.
fn end(terminal: &Terminal, why: &str) -> ! {
    terminal.restore();
    // Not by way of the console, which may be what hangs.
    let _ = io::stderr().write_all(why.as_bytes());
    signal_hook::low_level::exit(i32::from(Exit::Cancelled.code()))
}

/// The signals that were ignored when the program began (proc_pid_status(5), `SigIgn`).
fn ignored() -> Vec<i32> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or_default();
    (1..=31)
        .filter(|signal| mask & (1 << (signal - 1)) != 0)
        .collect()
}

/// How long stopping and cleaning up may take. Deleting upload sessions has two seconds of it.
const PATIENCE: Duration = Duration::from_secs(5);

const STUCK: &str = "error: cancelled, but something did not stop within 5 seconds\n";
