use std::path::PathBuf;

use longshore_image::Operation;

use super::*;

fn hint(source: io::Error) -> String {
    let failure = Failure::pack(&PackError::Unreadable {
        path: PathBuf::from("/img/file"),
        operation: Operation::Open,
        source,
    });
    failure.0.hint.unwrap_or_default()
}

#[test]
fn advice_follows_what_the_system_said() {
    for (errno, part) in [
        (Errno::ACCESS, "mode and owner"),
        (Errno::PERM, "mode and owner"),
        (Errno::MFILE, "ulimit -n"),
        (Errno::NFILE, "on this machine"),
        (Errno::IO, "damaged"),
        (Errno::STALE, "no longer knows"),
        (Errno::NOTCONN, "does not answer"),
    ] {
        let hint = hint(errno.into());
        assert!(hint.contains(part), "{errno:?}: {hint}");
        let is_rights = matches!(errno, Errno::ACCESS | Errno::PERM);
        assert_eq!(hint.contains("mode"), is_rights, "{errno:?}: {hint}");
    }
    assert_eq!(hint(Errno::NOMEM.into()), "");
    assert_eq!(hint(io::Error::other("said by nothing")), "");
}
