//! What a push costs after a small change.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use super::measure::{Measurement, run_measured};
use super::push::{build, scratch};
use super::registry::Registry;
use super::table::{median, shown};
use super::tree;
use crate::process::{Failure, execute};

/// What to change and to push.
#[derive(Args)]
pub(crate) struct Options {
    /// The tree to push, which is copied first
    #[arg(long, value_name = "DIR", conflicts_with = "size")]
    tree: Option<PathBuf>,
    /// Makes a tree of this many megabytes instead: the same one each time
    #[arg(long, value_name = "MB", default_value_t = 500)]
    size: u64,
    /// How many files are changed, one for each push; they are spread over the tree
    #[arg(long, value_name = "N", default_value_t = 12)]
    files: usize,
    /// What the layers are, for --layers
    #[arg(long, value_name = "N", default_value = "auto")]
    layers: String,
    /// Where the tree and the registry are kept meanwhile
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    Registry::require()?;
    let scratch = scratch(options.scratch.as_deref())?;
    let program = build()?;
    let tree = scratch.path().join("tree");
    match &options.tree {
        Some(given) => execute(Command::new("cp").arg("-a").arg(given).arg(&tree))?,
        None => tree::make(&tree, options.size * 1_000_000)?,
    }
    let files = chosen(&tree, options.files)?;
    let registry = Registry::start(scratch.path(), None)?;
    let bench = Bench {
        tree: &tree,
        program: &program,
        place: scratch.path(),
        registry: &registry,
        layers: &options.layers,
    };
    tree::settle();
    let fresh = bench.push()?;
    println!("== bench: the first push: {fresh}");
    let mut rows = Vec::new();
    let mut numbers = (0..=u8::MAX).cycle();
    for how in [How::InPlace, How::Replaced] {
        let mut pushes = Vec::new();
        for (file, number) in files.iter().zip(&mut numbers) {
            how.change(file, number)?;
            let push = bench.push()?;
            let path = file.strip_prefix(&tree).unwrap_or(file);
            println!("== bench: {}, {}: {push}", path.display(), how.name());
            pushes.push(push);
        }
        rows.push((how, pushes));
    }
    println!("\n{}", tree::describe(&tree)?);
    print!("{}", summary(&fresh, &rows));
    Ok(())
}

struct Bench<'a> {
    tree: &'a Path,
    program: &'a Path,
    place: &'a Path,
    registry: &'a Registry,
    layers: &'a str,
}

/// What one push took, and what it brought into the registry.
struct Push {
    took: Measurement,
    bytes: u64,
}

impl Bench<'_> {
    fn push(&self) -> Result<Push, Failure> {
        let before = self.registry.stored()?;
        let variables = [
            ("TREE", self.tree.as_os_str()),
            ("HOST", self.registry.host().as_ref()),
            ("LONGSHORE", self.program.as_os_str()),
            ("LAYERS", self.layers.as_ref()),
        ];
        let took = run_measured("longshore", PUSH, self.place, &variables)?;
        let bytes = self.registry.stored()? - before;
        Ok(Push { took, bytes })
    }
}

impl std::fmt::Display for Push {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bytes = self.bytes as f64 / 1e6;
        write!(f, "{}, {bytes:.2} MB uploaded", self.took)
    }
}

/// How a file is changed.
#[derive(Clone, Copy)]
enum How {
    /// Its directory stays what it was.
    InPlace,
    /// Another file gets its name, as editors and package managers do it.
    Replaced,
}

impl How {
    fn name(self) -> &'static str {
        match self {
            Self::InPlace => "written in place",
            Self::Replaced => "replaced",
        }
    }

    fn change(self, file: &Path, number: u8) -> Result<(), Failure> {
        let content = vec![number; SIZE];
        let done = match self {
            Self::InPlace => fs::write(file, content),
            Self::Replaced => {
                let new = file.with_extension("new");
                fs::write(&new, content).and_then(|()| fs::rename(new, file))
            }
        };
        done.map_err(|error| Failure::new(format!("cannot change {}: {error}", file.display())))
    }
}

/// Files of about ten kilobytes, spread evenly over those that the tree has.
fn chosen(tree: &Path, number: usize) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    tree::files(tree, &mut |path, metadata| {
        if metadata.len().abs_diff(SIZE as u64) < SIZE as u64 / 10 {
            files.push(path.to_owned());
        }
    })?;
    files.sort();
    if files.is_empty() {
        return Err(Failure::new("the tree has no file of about 10 kB"));
    }
    let step = files.len().div_ceil(number.max(1));
    Ok(files.into_iter().step_by(step).collect())
}

fn summary(fresh: &Push, rows: &[(How, Vec<Push>)]) -> String {
    let mut text = String::from(
        "| change of 10 kB | wall s | of the first push | CPU s | MB | of the first push | at most |\n\
         |---|---|---|---|---|---|---|\n",
    );
    let line = |name: &str, pushes: &[Push]| {
        let middle = |value: &dyn Fn(&Push) -> f64| median(pushes.iter().map(value).collect());
        let part = |value: Option<f64>, of: f64| shown(value.map(|value| value / of), 3);
        let megabytes = |push: &Push| push.bytes as f64 / 1e6;
        let wall = middle(&|push| push.took.wall);
        let bytes = middle(&megabytes);
        let most = pushes.iter().map(megabytes).reduce(f64::max);
        let cells = [
            shown(wall, 2),
            part(wall, fresh.took.wall),
            shown(middle(&|push| push.took.cpu), 2),
            shown(bytes, 2),
            part(bytes, megabytes(fresh)),
            part(most, megabytes(fresh)),
        ];
        format!("| {name} | {} |\n", cells.join(" | "))
    };
    text += &line("none: the first push", std::slice::from_ref(fresh));
    for (how, pushes) in rows {
        text += &line(how.name(), pushes);
    }
    text + "Medians, of one push for each file.\n"
}

const PUSH: &str =
    r#""$LONGSHORE" push --quiet --layers "$LAYERS" --image "$TREE" "$HOST/bench:1""#;

const SIZE: usize = 10_000;
