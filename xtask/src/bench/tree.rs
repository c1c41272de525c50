//! Trees to push.

#[cfg(test)]
mod tests;

use std::fs::{self, Metadata};
use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::process::Failure;

/// Makes a tree of `bytes` bytes in files of many sizes: text, tables and noise in parts that
/// compress to about half, as systems do. The same one each time.
pub(super) fn make(root: &Path, bytes: u64) -> Result<(), Failure> {
    let mut random = Random(0x4c6f_6e67_7368_6f72);
    let mut written = METADATA.len() as u64;
    let mut number = 0;
    let make = |folder: &Path| fs::create_dir_all(folder);
    let failed = |error: io::Error| Failure::new(format!("cannot make a tree: {error}"));
    make(&root.join("ch")).map_err(failed)?;
    fs::write(root.join("ch/metadata.json"), METADATA).map_err(failed)?;
    while written < bytes {
        let folder = root.join(format!("usr/lib/{}/{}", number / 1000, number / 50 % 20));
        if number % 50 == 0 {
            make(&folder).map_err(failed)?;
        }
        // Most files are small, and most bytes are in large ones.
        let size = (1 << random.below(18)) + random.below(4096);
        let size = if number % 200 == 199 { size << 5 } else { size };
        let size = size.min(bytes - written);
        let content = content(&mut random, usize::try_from(size).unwrap_or(usize::MAX));
        fs::write(folder.join(format!("file-{number}")), content).map_err(failed)?;
        written += size;
        number += 1;
    }
    Ok(())
}

/// Whether the metadata of a tree say what made a layer, without which ch-image pushes nothing.
pub(super) fn has_history(root: &Path) -> bool {
    let history = &metadata(root)["history"];
    let steps = history.as_array().into_iter().flatten();
    steps.into_iter().any(|step| step["empty_layer"] != true)
}

/// Adds that.
pub(super) fn add_history(root: &Path) -> Result<(), Failure> {
    let mut metadata = metadata(root);
    let ours: Value = serde_json::from_str(METADATA).expect("it is valid JSON");
    match (metadata.as_object_mut(), &ours) {
        (Some(theirs), Value::Object(ours)) if !theirs.is_empty() => {
            theirs.insert("history".to_owned(), ours["history"].clone());
        }
        _ => metadata = ours,
    }
    let folder = root.join("ch");
    fs::create_dir_all(&folder)
        .and_then(|()| fs::write(folder.join("metadata.json"), metadata.to_string()))
        .map_err(|error| Failure::new(format!("cannot write metadata: {error}")))
}

/// What there is; nothing, if that cannot be used.
fn metadata(root: &Path) -> Value {
    let text = fs::read(root.join("ch/metadata.json")).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// Waits a little longer than what has just been written is not trusted to be remembered.
pub(super) fn settle() {
    thread::sleep(Duration::from_millis(2500));
}

/// What is in a tree, in words.
pub(super) fn describe(root: &Path) -> Result<String, Failure> {
    let mut files = 0_u64;
    let mut bytes = 0;
    visit(root, &mut |_, metadata| {
        files += 1;
        if metadata.is_file() {
            bytes += metadata.len();
        }
    })
    .map_err(|error| Failure::new(format!("cannot read {}: {error}", root.display())))?;
    Ok(format!(
        "tree of {:.1} MB in {files} files and directories",
        bytes as f64 / 1e6
    ))
}

/// Bytes in all files at and below `path`.
pub(super) fn size(path: &Path) -> Result<u64, Failure> {
    let mut bytes = 0;
    files(path, &mut |_, metadata| bytes += metadata.len())?;
    Ok(bytes)
}

/// Sees every regular file at and below `path`.
pub(super) fn files(path: &Path, see: &mut dyn FnMut(&Path, &Metadata)) -> Result<(), Failure> {
    visit(path, &mut |path, metadata| {
        if metadata.is_file() {
            see(path, metadata);
        }
    })
    .map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))
}

fn visit(path: &Path, see: &mut dyn FnMut(&Path, &Metadata)) -> io::Result<()> {
    let metadata = path.symlink_metadata()?;
    see(path, &metadata);
    if metadata.is_dir() {
        for entry in path.read_dir()? {
            visit(&entry?.path(), see)?;
        }
    }
    Ok(())
}

fn content(random: &mut Random, size: usize) -> Vec<u8> {
    let mut content = Vec::with_capacity(size + 16);
    let is_text = random.below(3) > 0;
    while content.len() < size {
        if is_text {
            let word = WORDS[usize::try_from(random.below(WORDS.len() as u64)).unwrap_or(0)];
            content.extend_from_slice(word.as_bytes());
            content.push(b' ');
        } else {
            // Machine code and tables repeat themselves, with small numbers between.
            content.extend_from_slice(&random.next().to_le_bytes()[..5]);
            content.extend_from_slice(&[0x48, 0x8b, 0]);
        }
    }
    content.truncate(size);
    content
}

/// Xorshift: no library's next version may change the tree.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// ch-image cannot push an image in whose history nothing made a layer.
const METADATA: &str = r#"{
  "arch": "amd64", "arg": {}, "cwd": "/", "env": {}, "labels": {}, "shell": ["/bin/sh", "-c"],
  "volumes": [], "history": [{"created": "2026-01-01T00:00:00Z", "created_by": "COPY . /"}]
}
"#;

const WORDS: &[&str] = &[
    "anchor",
    "ballast",
    "berth",
    "cargo",
    "crane",
    "dock",
    "draught",
    "fender",
    "gangway",
    "harbour",
    "hawser",
    "hold",
    "jetty",
    "keel",
    "lading",
    "manifest",
    "mooring",
    "pier",
    "pilot",
    "quay",
    "rigging",
    "stevedore",
    "tide",
    "tonnage",
    "wharf",
    "0x7f",
    "{",
    "}",
    "return",
    "->",
    "\n",
    "//",
];
