//! Progress: a bar on a terminal, now and then a line elsewhere.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::words::mebibytes;
use super::{Console, Verbosity, lock};

/// Shows how far something is, until it is dropped.
pub struct Meter<'a> {
    console: &'a Console,
    label: String,
    total: Option<u64>,
    pace: Pace,
    started: Instant,
    bar: Option<ProgressBar>,
}

impl<'a> Meter<'a> {
    pub(super) fn new(console: &'a Console, label: String, total: Option<u64>) -> Self {
        let wanted = console.output.bars && console.is_heard(Verbosity::Normal);
        let bar = wanted.then(|| bar(&label, total));
        if let Some(bar) = &bar {
            *lock(&console.bar) = Some(bar.clone());
        }
        Self {
            console,
            label,
            total,
            pace: Pace::default(),
            started: Instant::now(),
            bar,
        }
    }

    /// It is this far.
    pub fn set(&mut self, position: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(position);
        } else if self
            .pace
            .is_due(self.started.elapsed(), position, self.total)
        {
            self.console.say(format!(
                "{}: {}",
                self.label,
                mebibytes(position, self.total)
            ));
        }
    }
}

impl Drop for Meter<'_> {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
            *lock(&self.console.bar) = None;
        }
    }
}

/// When to write a line: at every further tenth, but not so often that a log fills up, and not for
/// what takes no time.
#[derive(Default)]
struct Pace {
    tenths: u64,
    last: Duration,
}

impl Pace {
    fn is_due(&mut self, now: Duration, position: u64, total: Option<u64>) -> bool {
        let pause = now.saturating_sub(self.last);
        let is_due = match total.filter(|total| *total > 0) {
            Some(total) => {
                let tenths = position.min(total).saturating_mul(10) / total;
                // Going back is news, too: an upload that had to start again.
                let is_step = tenths != self.tenths && pause >= SHORTEST_PAUSE;
                if is_step {
                    self.tenths = tenths;
                }
                is_step
            }
            None => pause >= PAUSE_WITHOUT_TOTAL,
        };
        if is_due {
            self.last = now;
        }
        is_due
    }
}

fn bar(label: &str, total: Option<u64>) -> ProgressBar {
    let template = match total {
        Some(_) => {
            "{msg} [{bar:24}] {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} {eta} left"
        }
        None => "{msg} {spinner} {binary_bytes} {binary_bytes_per_sec}",
    };
    let style = ProgressStyle::with_template(template)
        .expect("the templates above are well formed")
        .progress_chars("=> ");
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
    bar.with_style(style).with_message(label.to_owned())
}

const SHORTEST_PAUSE: Duration = Duration::from_secs(3);
const PAUSE_WITHOUT_TOTAL: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;
