//! A server process: its output line by line, and its end with the test.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Runs until it is dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    log: Log,
}

impl Server {
    /// Starts the command and follows both its outputs.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let log = Log::default();
        log.follow(child.stdout.take().expect("stdout was piped above"));
        log.follow(child.stderr.take().expect("stderr was piped above"));
        Self { child, log }
    }

    /// What the server has printed and will print.
    pub fn log(&self) -> &Log {
        &self.log
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Either fails only if the server has ended by itself, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The lines a server printed, on stdout and stderr alike.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Shared>);

impl Log {
    /// All lines until now.
    pub fn lines(&self) -> Vec<String> {
        self.lock().lines.clone()
    }

    /// Waits until `find` finds something in the lines. Panics with the whole log when the server
    /// ends or takes too long: no test hangs on a server.
    pub fn wait_for<T>(&self, what: &str, mut find: impl FnMut(&[String]) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.lock();
        loop {
            if let Some(found) = find(&state.lines) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let why = match (state.open_pipes, left.is_zero()) {
                (0, _) => "the server ended",
                (_, true) => "the server took too long",
                _ => {
                    let waited = self.0.changed.wait_timeout(state, left);
                    state = waited.unwrap_or_else(PoisonError::into_inner).0;
                    continue;
                }
            };
            panic!(
                "waited for {what}, but {why}; it printed:\n{}",
                state.lines.join("\n")
            );
        }
    }

    fn follow(&self, pipe: impl Read + Send + 'static) {
        self.lock().open_pipes += 1;
        let log = self.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
                log.lock()
                    .lines
                    .push(String::from_utf8_lossy(&line).into_owned());
                log.0.changed.notify_all();
            }
            log.lock().open_pipes -= 1;
            log.0.changed.notify_all();
        });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic in `find` leaves the lines as they were.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lines: Vec<String>,
    open_pipes: usize,
}

/// Generous: a machine with two cores may be compiling something else.
const PATIENCE: Duration = Duration::from_secs(60);
