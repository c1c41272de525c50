//! How fast a push is, beside everything else that is installed.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use tempfile::TempDir;

use super::measure::{self, Measurement, run_measured};
use super::registry::{Certificate, Registry};
use super::table::Table;
use super::tree;
use super::ways::{WAYS, Way};
use crate::process::{Failure, cargo, execute, root};

/// What to push.
#[derive(Args)]
pub(crate) struct Options {
    /// The tree to push
    #[arg(long, value_name = "DIR", conflicts_with = "size")]
    tree: Option<PathBuf>,
    /// Makes a tree of this many megabytes instead: the same one each time
    #[arg(long, value_name = "MB", default_value_t = 100)]
    size: u64,
    /// How often each way is tried
    #[arg(long, value_name = "N", default_value_t = 3)]
    runs: usize,
    /// Only the ways whose names begin with one of these
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    only: Vec<String>,
    /// Another build of this program, to be tried beside
    #[arg(long, value_name = "PROGRAM")]
    baseline: Option<PathBuf>,
    /// Where layers and registries are kept meanwhile: a few times as large as the tree
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    Registry::require()?;
    let scratch = scratch(options.scratch.as_deref())?;
    let program = build()?;
    let ways = chosen(options);
    let tree = scratch.path().join("tree");
    let tree = match &options.tree {
        Some(given) if ways.iter().any(|way| way.history) && !tree::has_history(given) => {
            println!("== bench: copying the tree, to give it a history");
            execute(Command::new("cp").arg("-a").arg(given).arg(&tree))?;
            tree::add_history(&tree)?;
            tree
        }
        Some(given) => given
            .canonicalize()
            .map_err(|error| Failure::new(format!("cannot find {}: {error}", given.display())))?,
        None => {
            println!("== bench: making a tree of {} MB", options.size);
            tree::make(&tree, options.size * 1_000_000)?;
            tree
        }
    };
    tree::settle();
    let certificate = Certificate::create(scratch.path())?;
    let mut table = Table::new(ways.iter().map(|way| way.name).collect());
    for round in 1..=options.runs.max(1) {
        for (row, way) in ways.iter().enumerate() {
            let baseline = options.baseline.as_deref().filter(|_| way.baseline);
            let trial = Trial {
                way,
                tree: &tree,
                program: baseline.unwrap_or(&program),
                certificate: &certificate,
            };
            let place = self::scratch(Some(scratch.path()))?;
            // A peer that does not work on this machine must not cost the others their numbers.
            let outcome = trial.run(place.path());
            match &outcome {
                Ok(outcome) => println!("== bench: round {round}, {}: {outcome}", way.name),
                Err(failure) => println!("== bench: round {round}, FAILED: {failure}"),
            }
            table.add(row, outcome.ok());
        }
    }
    println!("\n{}", tree::describe(&tree)?);
    println!("{table}");
    Ok(())
}

/// What one try of one way came to.
pub(super) struct Outcome {
    /// The first push, into an empty registry.
    pub(super) fresh: Measurement,
    /// The same push again.
    pub(super) again: Option<Measurement>,
    /// What the registry holds afterwards, or the layer where nothing was pushed.
    pub(super) bytes: u64,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stored = self.bytes as f64 / 1e6;
        write!(f, "{}, {stored:.1} MB stored", self.fresh)?;
        match self.again {
            Some(again) => write!(f, "; again {:.3} s", again.wall),
            None => Ok(()),
        }
    }
}

struct Trial<'a> {
    way: &'a Way,
    tree: &'a Path,
    program: &'a Path,
    certificate: &'a Certificate,
}

impl Trial<'_> {
    /// Tries it in `place`, which nobody else uses.
    fn run(&self, place: &Path) -> Result<Outcome, Failure> {
        let certificate = self.way.tls.then_some(self.certificate);
        let registry = Registry::start(place, certificate)?;
        let fresh = self.measure(self.way.push, place, &registry)?;
        let again = match self.way.again {
            Some(script) => Some(self.measure(script, place, &registry)?),
            None => None,
        };
        let bytes = match self.way.layer {
            Some(layer) => tree::size(&place.join(layer))?,
            None => registry.stored()?,
        };
        Ok(Outcome {
            fresh,
            again,
            bytes,
        })
    }

    fn measure(
        &self,
        script: &str,
        place: &Path,
        registry: &Registry,
    ) -> Result<Measurement, Failure> {
        let variables = [
            ("TREE", self.tree.as_os_str()),
            ("WORK", place.as_os_str()),
            ("HOST", registry.host().as_ref()),
            ("LONGSHORE", self.program.as_os_str()),
        ];
        run_measured(self.way.name, script, place, &variables)
    }
}

fn chosen(options: &Options) -> Vec<&'static Way> {
    let is_wanted = |way: &&Way| {
        let is_named = |name: &String| way.name.starts_with(name);
        (options.only.is_empty() || options.only.iter().any(is_named))
            && (!way.baseline || options.baseline.is_some())
    };
    let (here, missing): (Vec<_>, Vec<_>) = WAYS
        .iter()
        .filter(is_wanted)
        .partition(|way| way.tools.iter().all(|tool| measure::is_there(tool)));
    for way in missing {
        println!(
            "== bench: SKIPPED {}: needs {}",
            way.name,
            way.tools.join(", ")
        );
    }
    here
}

/// Builds the program as it is shipped, and says where it is.
pub(super) fn build() -> Result<PathBuf, Failure> {
    execute(&mut cargo(&[
        "build",
        "--release",
        "--package",
        "longshore",
    ]))?;
    let folder =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(folder.join("release/longshore"))
}

pub(super) fn scratch(parent: Option<&Path>) -> Result<TempDir, Failure> {
    let parent = parent.map_or_else(std::env::temp_dir, Path::to_path_buf);
    let folder = tempfile::Builder::new()
        .prefix("longshore-bench-")
        .tempdir_in(&parent);
    folder.map_err(|error| {
        Failure::new(format!(
            "cannot make a folder in {}: {error}",
            parent.display()
        ))
    })
}
