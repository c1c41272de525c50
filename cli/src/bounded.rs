//! Files that a person or a variable names and that are read whole: credentials, certificates,
//! configurations.
//!
//! Any of them may be a FIFO (`<(…)` of a shell, or one that a password manager serves), a device, or
//! endless. Reading ends all the same.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::io::Errno;

/// All that is in the file at `path`, if that is no more than `most` bytes.
///
/// # Errors
///
/// The file cannot be opened or read, is larger, or is a FIFO or a terminal that is not at its end
/// after a minute.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    read_within(path, most, PATIENCE)
}

fn read_within(path: &Path, most: u64, patience: Duration) -> io::Result<Vec<u8>> {
    let deadline = Instant::now() + patience;
    // A FIFO is open at once, whether a program writes into it or not (open(2)).
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() && metadata.len() > most {
        return Err(too_large());
    }
    let is_fifo = metadata.file_type().is_fifo();
    let mut bytes = Vec::new();
    let mut has_begun = !is_fifo;
    loop {
        let left = (most + 1).saturating_sub(bytes.len() as u64);
        match (&file).take(left).read_to_end(&mut bytes) {
            // A FIFO into which no program writes yet looks like one at its end.
            Ok(0) if !has_begun && bytes.is_empty() => {}
            Ok(_) if bytes.len() as u64 > most => return Err(too_large()),
            Ok(_) => return Ok(bytes),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        wait(&file, deadline, patience)?;
        has_begun = true;
    }
}

/// Waits until there is something to read, or the end.
fn wait(file: &File, deadline: Instant, patience: Duration) -> io::Result<()> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).map_err(io::Error::other)?;
        match poll(&mut [PollFd::new(file, PollFlags::IN)], Some(&left)) {
            Ok(0) => {
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!(
                        "waited {} s for the program that writes into it",
                        patience.as_secs()
                    ),
                ));
            }
            Ok(_) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn too_large() -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, "it is too large")
}

/// A person may have to unlock a password manager that writes into the FIFO.
const PATIENCE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests;
