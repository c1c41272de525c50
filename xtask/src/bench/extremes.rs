//! Trees of extreme shapes: very many small files, and one very large one.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use super::measure::{Measurement, run_measured};
use super::mock::{self, Mock};
use super::push::{build, scratch};
use super::table::{median, shown};
use crate::process::Failure;

/// What to make and to push.
#[derive(Args)]
pub(crate) struct Options {
    /// How many files of a kilobyte the first tree has; they take four times as much on most disks
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    files: u64,
    /// The size of the one file that the second tree has, in GiB; it takes no room, being a hole
    #[arg(long, value_name = "N", default_value_t = 20)]
    gib: u64,
    /// How often each is pushed
    #[arg(long, value_name = "N", default_value_t = 3)]
    runs: usize,
    /// Where the trees and the packed layers are kept meanwhile
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let scratch = scratch(options.scratch.as_deref())?;
    let (program, registry) = (build()?, mock::build()?);
    let registry = Mock::start(&registry, None)?;
    let mut text = String::from(
        "| tree | way | wall s | of tar's | CPU s | peak MB |\n|---|---|---|---|---|---|\n",
    );
    let failed = |error: io::Error| Failure::new(format!("cannot make a tree: {error}"));
    for shape in [Shape::Many(options.files), Shape::Large(options.gib)] {
        let name = shape.name();
        println!("== bench: making a tree of {name}");
        let tree = scratch.path().join("tree");
        shape.make(&tree).map_err(failed)?;
        let mut tries: Vec<Vec<Measurement>> = WAYS.iter().map(|_| Vec::new()).collect();
        for round in 1..=options.runs.max(1) {
            for ((way, script), tries) in WAYS.iter().zip(&mut tries) {
                let variables = [
                    ("TREE", tree.as_os_str()),
                    ("HOST", registry.host().as_ref()),
                    ("LONGSHORE", program.as_os_str()),
                ];
                let took = run_measured(way, script, scratch.path(), &variables)?;
                println!("== bench: round {round}, {name}, {way}: {took}");
                tries.push(took);
            }
        }
        fs::remove_dir_all(&tree).map_err(failed)?;
        add_rows(&mut text, &name, &tries);
    }
    println!("\n{text}Medians, and the most memory of one process.");
    Ok(())
}

/// What a tree consists of.
#[derive(Clone, Copy)]
enum Shape {
    /// So many files of a kilobyte.
    Many(u64),
    /// One file of so many GiB.
    Large(u64),
}

impl Shape {
    fn name(self) -> String {
        match self {
            Self::Many(number) => format!("{number} files of a kilobyte"),
            Self::Large(gib) => format!("one file of {gib} GiB"),
        }
    }

    fn make(self, tree: &Path) -> io::Result<()> {
        let folder = tree.join("usr/share");
        fs::create_dir_all(&folder)?;
        match self {
            Self::Many(number) => (0..number).try_for_each(|number| {
                let folder = folder.join((number / 1000).to_string());
                if number % 1000 == 0 {
                    fs::create_dir(&folder)?;
                }
                // Lines of numbers: they compress about as well as what is in small files.
                let mut text = String::with_capacity(1024);
                let mut state = number;
                while text.len() < 1000 {
                    state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
                    // Writing to a string cannot fail.
                    let _ = writeln!(text, "entry = {:#06x}", state >> 48);
                }
                text.truncate(1000);
                fs::write(folder.join(number.to_string()), text)
            }),
            Self::Large(gib) => File::create(folder.join("file"))?.set_len(gib << 30),
        }
    }
}

fn add_rows(text: &mut String, name: &str, tries: &[Vec<Measurement>]) {
    let seconds = |tries: &[Measurement]| median(tries.iter().map(|took| took.wall).collect());
    let tar = tries.last().and_then(|tries| seconds(tries));
    for ((way, _), tries) in WAYS.iter().zip(tries) {
        let wall = seconds(tries);
        let cpu = median(tries.iter().map(|took| took.cpu).collect());
        let memory = tries.iter().map(|took| took.memory).max();
        let cells = [
            shown(wall, 2),
            shown(wall.zip(tar).map(|(wall, tar)| wall / tar), 2),
            shown(cpu, 2),
            shown(memory.map(|bytes| bytes as f64 / 1e6), 0),
        ];
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| {name} | {way} | {} |", cells.join(" | "));
    }
}

/// The last one is what the others are compared with. Nothing is remembered: each push reads all.
const WAYS: [(&str, &str); 3] = [
    (
        "longshore push",
        r#""$LONGSHORE" push --quiet --no-cache --image "$TREE" "$HOST/bench:1""#,
    ),
    (
        "longshore push --stream",
        r#""$LONGSHORE" push --quiet --no-cache --stream --image "$TREE" "$HOST/bench:1""#,
    ),
    (
        "tar to wc",
        r#"tar --directory "$TREE" --create . | wc --bytes"#,
    ),
];
