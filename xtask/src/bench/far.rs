//! A tree on a file system that is far away, where every call takes a while.

mod server;

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::measure::{Measurement, run_measured};
use super::mock::{self, Mock};
use super::push::{build, scratch};
use super::table::{median, shown};
use super::tree;
use crate::process::Failure;
use server::{Calls, Server};

/// What to push, and how far away it is.
#[derive(Args)]
pub(crate) struct Options {
    /// A program that serves a directory slowly: `PROGRAM SOURCE MOUNTPOINT MICROSECONDS`, through
    /// FUSE, until it is unmounted; then it says on standard error how many `look-ups N, listings
    /// N, opens N, reads N` there were
    #[arg(long, value_name = "PROGRAM")]
    slowfs: PathBuf,
    /// How long each look-up, listing, opening and read takes
    #[arg(long, value_name = "MICROSECONDS", default_value_t = 1000)]
    delay: u64,
    /// The tree; one is made if none is given
    #[arg(long, value_name = "DIR")]
    tree: Option<PathBuf>,
    /// The size of the tree that is made, in megabytes
    #[arg(long, value_name = "N", default_value_t = 176)]
    size: u64,
    /// Another build of the program, to put beside this one
    #[arg(long, value_name = "PROGRAM")]
    baseline: Option<PathBuf>,
    /// How often each way is gone
    #[arg(long, value_name = "N", default_value_t = 3)]
    runs: usize,
    /// Where the tree and the packed layers are kept meanwhile
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let scratch = scratch(options.scratch.as_deref())?;
    let mut programs = vec![("this", build()?)];
    if let Some(baseline) = &options.baseline {
        programs.push(("the baseline", baseline.clone()));
    }
    let registry = Mock::start(&mock::build()?, None)?;
    let tree = match &options.tree {
        Some(given) => given.clone(),
        None => {
            let tree = scratch.path().join("tree");
            tree::make(&tree, options.size * 1_000_000)?;
            tree
        }
    };
    tree::settle();
    let bench = Bench {
        options,
        tree: &tree,
        place: scratch.path(),
        host: registry.host(),
    };
    let mut rows = vec![Row::new("tar to wc".to_owned())];
    for (name, _) in &programs {
        rows.extend(
            WAYS.iter()
                .map(|(way, _)| Row::new(format!("{name}: {way}"))),
        );
    }
    for round in 1..=options.runs.max(1) {
        let mut scripts = vec![(TAR, None, "tar")];
        for (name, program) in &programs {
            scripts.extend(
                WAYS.iter()
                    .map(|(_, script)| (*script, Some(program), *name)),
            );
        }
        for (row, (script, program, cache)) in rows.iter_mut().zip(scripts) {
            let (took, calls) = bench.go(&row.name, script, program, cache)?;
            println!("== bench: round {round}, {}: {took}, {calls}", row.name);
            row.tries.push((took, calls));
        }
    }
    println!("\n{}", tree::describe(&tree)?);
    let mut files = 0;
    tree::files(&tree, &mut |_, _| files += 1)?;
    print!("{}", summary(&rows, files));
    Ok(())
}

struct Bench<'a> {
    options: &'a Options,
    tree: &'a Path,
    place: &'a Path,
    host: &'a str,
}

impl Bench<'_> {
    /// Goes one way, with nothing of the tree in the system's memory before.
    fn go(
        &self,
        name: &str,
        script: &str,
        program: Option<&PathBuf>,
        cache: &str,
    ) -> Result<(Measurement, Calls), Failure> {
        let mount = self.place.join("mount");
        // A cache for each program, whatever the two may think of each other's.
        let cache = self.place.join(format!("cache {cache}"));
        let server = Server::start(&self.options.slowfs, self.tree, &mount, self.options.delay)?;
        let variables = [
            ("TREE", mount.as_os_str()),
            ("HOST", self.host.as_ref()),
            ("CACHE", cache.as_os_str()),
            (
                "LONGSHORE",
                program.map_or(OsStr::new(""), |program| program.as_os_str()),
            ),
        ];
        let took = run_measured(name, script, self.place, &variables);
        let calls = server.end()?;
        Ok((took?, calls))
    }
}

/// One way, and what it took each time.
struct Row {
    name: String,
    tries: Vec<(Measurement, Calls)>,
}

impl Row {
    fn new(name: String) -> Self {
        let tries = Vec::new();
        Self { name, tries }
    }

    fn median(&self, of: impl Fn(&(Measurement, Calls)) -> f64) -> Option<f64> {
        median(self.tries.iter().map(of).collect())
    }
}

fn summary(rows: &[Row], files: u64) -> String {
    let mut text = String::from(
        "| way | wall s | of tar's | CPU s | peak MB | look-ups | listings | opens | reads |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    let tar = rows
        .first()
        .and_then(|row| row.median(|(took, _)| took.wall));
    for row in rows {
        let wall = row.median(|(took, _)| took.wall);
        let memory = row.tries.iter().map(|(took, _)| took.memory).max();
        let a_file = |of: fn(&Calls) -> u64| {
            let calls = row.median(|(_, calls)| of(calls) as f64);
            shown(calls.map(|calls| calls / files.max(1) as f64), 2)
        };
        let cells = [
            shown(wall, 2),
            shown(wall.zip(tar).map(|(wall, tar)| wall / tar), 3),
            shown(row.median(|(took, _)| took.cpu), 2),
            shown(memory.map(|bytes| bytes as f64 / 1e6), 0),
            a_file(|calls| calls.look_ups),
            a_file(|calls| calls.listings),
            a_file(|calls| calls.opens),
            a_file(|calls| calls.reads),
        ];
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| {} | {} |", row.name, cells.join(" | "));
    }
    text + "Medians, the most memory of one process, and calls for each file.\n"
}

const TAR: &str = r#"tar --directory "$TREE" --create . | wc --bytes"#;

/// In this order: the second one has something to remember.
const WAYS: [(&str, &str); 3] = [
    (
        "fresh",
        r#"rm -rf "$CACHE"; "$LONGSHORE" push --quiet --cache-dir "$CACHE" --image "$TREE" "$HOST/bench:1""#,
    ),
    (
        "unchanged",
        r#""$LONGSHORE" push --quiet --cache-dir "$CACHE" --image "$TREE" "$HOST/bench:1""#,
    ),
    (
        "fresh, `--layers auto`",
        r#""$LONGSHORE" push --quiet --no-cache --layers auto --image "$TREE" "$HOST/bench:1""#,
    ),
];
