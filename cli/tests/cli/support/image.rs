//! Images to push.

use std::fs;
use std::path::Path;

use super::mode;

/// A few files, one with a set-user-ID bit, and metadata.
pub(crate) fn make(image: &Path) {
    for directory in ["bin", "ch", "etc"] {
        fs::create_dir_all(image.join(directory)).unwrap();
        mode(&image.join(directory), 0o755);
    }
    fs::write(image.join("bin/hello"), "#!/bin/sh\necho hello\n").unwrap();
    fs::write(image.join("bin/su"), "#!/bin/sh\n").unwrap();
    mode(&image.join("bin/su"), 0o4755);
    fs::write(image.join("etc/os-release"), "ID=test\n").unwrap();
    fs::write(
        image.join("ch/metadata.json"),
        r#"{"arch": "amd64", "history": [{"created_by": "test"}]}"#,
    )
    .unwrap();
    mode(image, 0o755);
}

/// The same with a file of that many zeros, which take no room on the disk.
pub(crate) fn make_large(image: &Path, size: u64) {
    make(image);
    fs::File::create(image.join("etc/zeros"))
        .unwrap()
        .set_len(size)
        .unwrap();
}
