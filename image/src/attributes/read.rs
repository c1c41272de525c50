//! Asking the file system for the extended attributes of an open file.

use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::io::{Errno, Result};

use super::{Attribute, Attributes, sort};

/// The attributes of an open file or directory: one call where there are none, which is the case
/// for nearly every file.
pub(crate) fn read(file: impl AsFd) -> Result<Attributes> {
    let file = file.as_fd();
    let mut space = [0; FEW];
    let long;
    let names = match rustix::fs::flistxattr(file, &mut space[..]) {
        Ok(length) => &space[..length],
        Err(Errno::RANGE) => {
            long = names(file)?;
            &long
        }
        // The file system has none. FUSE hands out whatever a server thinks that this is called.
        Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::NODATA | Errno::INVAL | Errno::NOTTY) => &[],
        Err(errno) => return Err(errno),
    };
    let mut attributes = Vec::new();
    let mut rest = names;
    while let Ok(name) = CStr::from_bytes_until_nul(rest) {
        rest = &rest[name.count_bytes() + 1..];
        if sort(name.to_bytes()).is_none() {
            continue;
        }
        // One that went away meanwhile has changed the file, which is noticed when it was read.
        let Some(value) = value(file, name)? else {
            continue;
        };
        attributes.extend(Attribute::new(name.to_bytes(), value));
    }
    Ok(Attributes::new(attributes))
}

fn names(file: BorrowedFd<'_>) -> Result<Vec<u8>> {
    let mut names = vec![0; LONGEST];
    let length = rustix::fs::flistxattr(file, &mut names[..])?;
    names.truncate(length);
    Ok(names)
}

fn value(file: BorrowedFd<'_>, name: &CStr) -> Result<Option<Vec<u8>>> {
    let mut length = FEW;
    loop {
        let mut value = vec![0; length];
        match rustix::fs::fgetxattr(file, name, &mut value[..]) {
            Ok(length) => {
                value.truncate(length);
                return Ok(Some(value));
            }
            Err(Errno::RANGE) if length < LONGEST => length = LONGEST,
            Err(Errno::NODATA | Errno::OPNOTSUPP) => return Ok(None),
            Err(errno) => return Err(errno),
        }
    }
}

/// Enough for the names, and for a value, of most files.
const FEW: usize = 1024;
/// Neither all names together nor one value can be longer (xattr(7), `XATTR_LIST_MAX` and
/// `XATTR_SIZE_MAX`).
const LONGEST: usize = 64 << 10;
