//! The diagrams of `docs/protocol.md` as SVG, for whatever shows no mermaid.
//!
//! A test of `longshore-protocol` holds the page against what the states do, and a test here holds
//! the pictures against the page.

mod sequence;
mod states;
mod svg;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use crate::process::{Failure, root};

/// Draws every picture.
pub(crate) fn run() -> Result<(), Failure> {
    for picture in current()? {
        std::fs::write(&picture.path, &picture.svg)
            .map_err(|error| Failure::new(format!("{}: {error}", picture.path.display())))?;
        println!("  {}", picture.path.display());
    }
    Ok(())
}

struct Picture {
    path: PathBuf,
    svg: String,
}

/// The pictures as they should be.
fn current() -> Result<Vec<Picture>, Failure> {
    let page = root().join(PAGE);
    let page = std::fs::read_to_string(&page)
        .map_err(|error| Failure::new(format!("{}: {error}", page.display())))?;
    let find = |kind: &str| {
        diagrams(&page)
            .find_map(|diagram| diagram.strip_prefix(kind))
            .ok_or_else(|| Failure::new(format!("{PAGE} has no {kind}")))
    };
    let picture = |name: &str, svg| Picture {
        path: root().join("docs").join(name),
        svg,
    };
    Ok(vec![
        picture("push.svg", sequence::draw(find("sequenceDiagram")?)?),
        picture("blob.svg", states::draw(find("stateDiagram-v2")?)?),
    ])
}

/// What is in the page's blocks of mermaid.
fn diagrams(page: &str) -> impl Iterator<Item = &str> {
    page.split("```mermaid\n")
        .skip(1)
        .filter_map(|rest| rest.split("\n```").next())
}

/// The lines of a diagram that say something.
fn lines(diagram: &str) -> impl Iterator<Item = &str> {
    diagram
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
}

fn unknown(line: &str) -> Failure {
    Failure::new(format!(
        "{PAGE}: nobody has said how to draw {line:?}: see xtask/src/pictures/"
    ))
}

const PAGE: &str = "docs/protocol.md";
