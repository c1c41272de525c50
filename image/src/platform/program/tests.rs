use std::fs;
use std::os::unix::fs::symlink;

use rustix::fs::{CWD, mkfifoat};
use tempfile::TempDir;

use super::*;

#[test]
fn a_program_says_what_it_runs_on() {
    for (class, data, machine, expected) in [
        (2, 1, 62, Some("amd64")),
        (2, 1, 183, Some("arm64/v8")),
        (1, 1, 40, Some("arm")),
        (1, 1, 3, Some("386")),
        (2, 1, 21, Some("ppc64le")),
        (2, 2, 21, Some("ppc64")),
        (2, 2, 22, Some("s390x")),
        (2, 1, 243, Some("riscv64")),
        (2, 1, 258, Some("loong64")),
        (1, 1, 8, Some("mipsle")),
        (2, 1, 9999, None),
        (2, 3, 62, None),
        (2, 2, 62, None),
    ] {
        let found = of_header(&elf(class, data, machine));
        let shown = found.map(|platform| platform.to_string());
        assert_eq!(shown.as_deref(), expected, "{class} {data} {machine}");
    }
}

#[test]
fn what_is_no_program_says_nothing() {
    let whole = elf(2, 1, 62);
    for short in 0..whole.len() {
        assert_eq!(of_header(&whole[..short]), None, "{short}");
    }
    assert_eq!(of_header(b"#!/bin/sh\necho hello world"), None);
}

#[test]
fn links_are_followed_as_if_the_image_were_all_there_is() {
    for (bin, sh, file) in [
        ("usr/bin", "dash", "usr/bin/dash"),
        ("/usr/bin", "/usr/bin/dash", "usr/bin/dash"),
        ("./usr//bin/", "../../bin/dash", "usr/bin/dash"),
        (
            "../../usr/bin",
            "../../../../../usr/./bin/dash",
            "usr/bin/dash",
        ),
        ("usr/bin", "/lib/arm/dash", "lib/arm/dash"),
    ] {
        let image = tree();
        write(&image, file, &elf(2, 1, 183));
        symlink(bin, image.path().join("bin")).unwrap();
        symlink(sh, image.path().join("usr/bin/sh")).unwrap();
        assert_eq!(found(&image), Some("arm64/v8".to_owned()), "{bin} {sh}");
    }
}

#[test]
fn nothing_outside_of_the_image_counts() {
    let outside = tempfile::tempdir().unwrap();
    write(&outside, "sh", &elf(2, 1, 183));
    let image = tree();
    fs::create_dir(image.path().join("bin")).unwrap();
    let absolute = outside.path().join("sh");
    let mut relative = "../".repeat(20);
    relative.push_str(absolute.to_str().unwrap().trim_start_matches('/'));
    symlink(&absolute, image.path().join("bin/sh")).unwrap();
    symlink(relative, image.path().join("bin/bash")).unwrap();
    symlink("/proc/self/exe", image.path().join("bin/busybox")).unwrap();
    assert_eq!(found(&image), None);
}

#[test]
fn loops_and_special_files_hold_nothing_up() {
    let image = tree();
    fs::create_dir(image.path().join("bin")).unwrap();
    symlink("sh", image.path().join("bin/sh")).unwrap();
    mkfifoat(CWD, image.path().join("bin/bash"), Mode::RWXU).unwrap();
    fs::create_dir(image.path().join("bin/busybox")).unwrap();
    symlink("..", image.path().join("usr/bin/env")).unwrap();
    assert_eq!(found(&image), None);
    write(&image, "bin/ls", &elf(2, 1, 62));
    assert_eq!(found(&image), Some("amd64".to_owned()));
}

#[test]
fn the_first_that_is_a_program_counts() {
    let image = tree();
    write(&image, "bin/sh", b"#!/bin/other");
    write(&image, "app/main", &elf(2, 1, 183));
    assert_eq!(found(&image), None);
    let with = Platform::of_programs(image.path(), &["/app/main"]);
    assert_eq!(with, Platform::parse("aarch64").ok());
    write(&image, "bin/bash", &elf(2, 1, 22));
    assert_eq!(found(&image), None, "s390x is not little-endian");
    write(&image, "bin/bash", &elf(2, 2, 22));
    assert_eq!(found(&image), Some("s390x".to_owned()));
}

fn found(image: &TempDir) -> Option<String> {
    Platform::of_programs(image.path(), &[]).map(|platform| platform.to_string())
}

fn tree() -> TempDir {
    let image = tempfile::tempdir().unwrap();
    fs::create_dir_all(image.path().join("usr/bin")).unwrap();
    image
}

fn write(image: &TempDir, path: &str, bytes: &[u8]) {
    let path = image.path().join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn elf(class: u8, data: u8, machine: u16) -> Vec<u8> {
    let mut header = vec![0; 20];
    header[..6].copy_from_slice(&[0x7f, b'E', b'L', b'F', class, data]);
    let machine = if data == 2 {
        machine.to_be_bytes()
    } else {
        machine.to_le_bytes()
    };
    header[18..].copy_from_slice(&machine);
    header
}
