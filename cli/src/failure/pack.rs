//! Why an image could not be packed.

use std::io;

use longshore_image::{Lost, PackError};
use rustix::io::Errno;

use super::{Exit, Failure, PACKING, causes, plain};

impl Failure {
    /// An image that could not be packed.
    pub fn pack(error: &PackError) -> Self {
        let (exit, hint) = match error {
            PackError::Cancelled => return Self::cancelled(PACKING),
            PackError::Sink(_) | PackError::Spool { .. } => (
                Exit::Unexpected,
                Some("--spool DIR puts the packed layer somewhere else"),
            ),
            PackError::Thread(_) => (Exit::Unexpected, None),
            PackError::Special { .. } => (
                Exit::Image,
                Some("without --strict it is left out, with a warning"),
            ),
            PackError::Lost { what, .. } => (
                Exit::Image,
                match what {
                    Lost::Setuid | Lost::Setgid => {
                        Some("--preserve setuid keeps it; without --strict it is stripped")
                    }
                    Lost::Owner { .. } => Some(
                        "--preserve owner keeps it; without --strict all files are root's, with a warning",
                    ),
                    _ => Some(
                        "--preserve xattrs keeps it; without --strict it is left out, with a warning",
                    ),
                },
            ),
            PackError::MountPoint { .. } => (
                Exit::Image,
                Some(
                    "--cross-mounts packs that as well; without --strict an empty directory is \
                     packed, with a warning",
                ),
            ),
            PackError::Mounted { .. } => (
                Exit::Image,
                Some("unmount what is not the image's; without --cross-mounts it is left out"),
            ),
            PackError::WrongSize { .. } => (
                Exit::Image,
                Some(
                    "its content is made when it is read, as in /proc and /sys: that cannot be \
                     packed; unmount or remove it",
                ),
            ),
            PackError::Unreadable { source, .. } => (Exit::Image, unreadable(source)),
            _ => (Exit::Image, None),
        };
        let mut failure = Self::new(
            exit,
            PACKING,
            format!("cannot pack the image: {}", plain(&error.to_string())),
        );
        failure.0.causes = causes(error);
        failure.0.hint = hint.map(str::to_owned);
        failure
    }
}

/// What to do about a file that could not be read.
fn unreadable(error: &io::Error) -> Option<&'static str> {
    match Errno::from_io_error(error)? {
        Errno::ACCESS | Errno::PERM => Some(
            "every file of an image must be readable by who pushes it: check its mode and owner",
        ),
        Errno::MFILE => Some("too many files are open: ulimit -n raises the limit"),
        Errno::NFILE => Some("too many files are open on this machine"),
        Errno::IO | Errno::UCLEAN | Errno::BADMSG | Errno::MEDIUMTYPE | Errno::NODATA => Some(
            "the disk or its file system is damaged, or a file server is: the system's log says more",
        ),
        Errno::STALE => Some("the file server no longer knows the file: try again, or mount anew"),
        Errno::NOTCONN
        | Errno::HOSTDOWN
        | Errno::TIMEDOUT
        | Errno::HOSTUNREACH
        | Errno::REMOTEIO => {
            Some("the file server, or the program behind the file system, does not answer")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
