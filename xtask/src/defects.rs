//! Mistakes made on purpose: each is put into a copy of the tree, and some test has to notice.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use serde::Deserialize;

use crate::process::{Failure, cargo, root};

/// Which of them.
#[derive(Args)]
pub(crate) struct Options {
    /// Only those whose name contains this
    #[arg(default_value = "")]
    name: String,
}

/// `tests/defects.toml`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Defects {
    defect: Vec<Defect>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Defect {
    name: String,
    file: String,
    /// Occurs once in the file.
    find: String,
    replace: String,
    /// What to run: arguments of `cargo test`.
    caught_by: Vec<String>,
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let list = read(&root().join(LIST))?;
    let list: Defects =
        toml::from_str(&list).map_err(|error| Failure::new(format!("{LIST}: {error}")))?;
    let copy = Copy::new()?;
    let mut missed = Vec::new();
    let mut count = 0;
    for defect in list
        .defect
        .iter()
        .filter(|defect| defect.name.contains(&options.name))
    {
        count += 1;
        let said = copy.try_out(defect)?;
        match said {
            Some(test) => println!("caught  {}: {test}", defect.name),
            None => {
                println!("MISSED  {}", defect.name);
                missed.push(defect.name.as_str());
            }
        }
    }
    println!("== defects: {count} made, {} caught", count - missed.len());
    if missed.is_empty() && count > 0 {
        Ok(())
    } else {
        Err(Failure::new(format!(
            "no test notices: {}",
            missed.join(", ")
        )))
    }
}

/// A copy of what is committed, with a target folder that outlives it.
struct Copy {
    tree: PathBuf,
    target: PathBuf,
}

impl Copy {
    fn new() -> Result<Self, Failure> {
        let target = root().join("target").join("defects");
        let tree = target.join("tree");
        let copy = Self { tree, target };
        copy.remove();
        let tree = copy.tree.to_string_lossy().into_owned();
        git(&["worktree", "add", "--detach", "--force", &tree, "HEAD"])?;
        Ok(copy)
    }

    /// Makes the mistake, runs what should notice, and takes it back. Returns a test that failed.
    fn try_out(&self, defect: &Defect) -> Result<Option<String>, Failure> {
        let path = self.tree.join(&defect.file);
        let sound = read(&path)?;
        if sound.matches(&defect.find).count() != 1 {
            let why = format!("{}: its text is not once in {}", defect.name, defect.file);
            return Err(Failure::new(why));
        }
        write(&path, &sound.replace(&defect.find, &defect.replace))?;
        let mut command = cargo(&["test", "--quiet"]);
        let output = command
            .args(&defect.caught_by)
            .current_dir(&self.tree)
            .env("CARGO_TARGET_DIR", &self.target)
            .output();
        write(&path, &sound)?;
        let output = output.map_err(|error| Failure::new(format!("cannot run cargo: {error}")))?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        if errors.contains("could not compile") {
            return Err(Failure::new(format!(
                "{} does not compile:\n{errors}",
                defect.name
            )));
        }
        let failed = said
            .lines()
            .find_map(|line| line.strip_suffix("--- FAILED"));
        Ok(match (output.status.success(), failed) {
            (true, _) => None,
            (false, Some(test)) => Some(test.trim().to_owned()),
            (false, None) => Some("the run failed".to_owned()),
        })
    }

    fn remove(&self) {
        let tree = self.tree.to_string_lossy().into_owned();
        // It may not be there, which is just as well.
        let _ = git(&["worktree", "remove", "--force", &tree]);
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        self.remove();
    }
}

fn git(arguments: &[&str]) -> Result<(), Failure> {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(root())
        .output();
    match output {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(Failure::new(String::from_utf8_lossy(&output.stderr).trim())),
        Err(error) => Err(Failure::new(format!("cannot run git: {error}"))),
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text)
        .map_err(|error| Failure::new(format!("cannot write {}: {error}", path.display())))
}

const LIST: &str = "tests/defects.toml";
