use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::{read, read_within};

#[test]
fn a_file_is_read_to_its_end_unless_it_is_too_large() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, b"12345").unwrap();
    assert_eq!(read(&path, 5).unwrap(), b"12345");
    assert_eq!(kind(&path, 4), ErrorKind::FileTooLarge);
    assert_eq!(kind(&folder.path().join("none"), 4), ErrorKind::NotFound);
    assert_eq!(kind(folder.path(), 4), ErrorKind::IsADirectory);
}

#[test]
fn a_device_ends() {
    assert_eq!(read(Path::new("/dev/null"), 4).unwrap(), b"");
    assert_eq!(
        kind(Path::new("/dev/zero"), 1 << 16),
        ErrorKind::FileTooLarge
    );
}

#[test]
fn a_fifo_is_read_when_a_program_writes_into_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = fifo(folder.path());
    let reading = {
        let path = path.clone();
        thread::spawn(move || read(&path, 1 << 20))
    };
    // Opens once the other thread has opened it, too.
    let mut writing = OpenOptions::new().write(true).open(&path).unwrap();
    let half = vec![b'x'; 100_000];
    writing.write_all(&half).unwrap();
    writing.write_all(&half).unwrap();
    drop(writing);
    assert_eq!(reading.join().unwrap().unwrap().len(), 200_000);
}

#[test]
fn a_pipe_whose_writer_has_gone_is_read_at_once() {
    // What `<(cat auth.json)` is by the time that it is read.
    let (reading, mut writing) = std::io::pipe().unwrap();
    writing.write_all(b"12345").unwrap();
    drop(writing);
    let path = format!("/dev/fd/{}", reading.as_raw_fd());
    let bytes = read_within(Path::new(&path), 5, Duration::ZERO).unwrap();
    assert_eq!(bytes, b"12345");
}

#[test]
fn a_fifo_that_no_program_writes_into_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = fifo(folder.path());
    let error = read_within(&path, 4, Duration::ZERO).expect_err("nothing comes");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    // And one whose writer stops in the middle.
    let _both = OpenOptions::new()
        .read(true)
        .write(true)
        .open(&path)
        .map(|mut both| {
            both.write_all(b"12").unwrap();
            both
        })
        .unwrap();
    let error = read_within(&path, 4, Duration::ZERO).expect_err("no more comes");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
}

fn kind(path: &Path, most: u64) -> ErrorKind {
    read(path, most).expect_err("it cannot be read").kind()
}

fn fifo(folder: &Path) -> PathBuf {
    let path = folder.join("fifo");
    mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    path
}
