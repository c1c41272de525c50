//! Files that are whole or not there.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use longshore_protocol::Digest;
use rustix::fs::{Timespec, Timestamps, UTIME_NOW};

/// The text of a file, unless there is none or it is damaged.
pub(super) fn read(path: &Path) -> Option<String> {
    let length = path.metadata().ok()?.len();
    // Whatever lies there under this name, it is none of ours.
    if length > LARGEST {
        return None;
    }
    let text = fs::read_to_string(path).ok()?;
    let (sum, text) = text.split_once('\n')?;
    (sum == Digest::sha256(text.as_bytes()).to_string()).then(|| text.to_owned())
}

/// Writes a file under another name, and then gives it its own.
///
/// It is not synced: after a crash of the machine it may be damaged, and the checksum tells.
pub(super) fn write(folder: &Path, name: &str, text: &str) -> io::Result<()> {
    // What somebody packs and where it goes is nobody else's business.
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let mut file = tempfile::Builder::new()
        .prefix(".new-")
        .tempfile_in(folder)?;
    writeln!(file, "{}", Digest::sha256(text.as_bytes()))?;
    file.write_all(text.as_bytes())?;
    file.persist(folder.join(name))
        .map_err(|error| error.error)?;
    Ok(())
}

/// Notes that a file was used.
pub(super) fn touch(path: &Path) {
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: UTIME_NOW,
    };
    let times = Timestamps {
        last_access: now,
        last_modification: now,
    };
    if let Ok(file) = File::open(path) {
        // Somebody else's cache can be used, but not told so.
        let _ = rustix::fs::futimens(file, &times);
    }
}

const LARGEST: u64 = 64 << 10;
