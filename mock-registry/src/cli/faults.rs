//! Faults and records on the command line.

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use longshore_mock_registry::fault::{catalogue, read_faults, unplayed};
use longshore_mock_registry::judge::judge_session;
use longshore_mock_registry::{Builder, Fault, MockRegistry};

use super::{Outcome, about};

#[derive(Debug, Subcommand)]
pub(super) enum Faults {
    /// Explain a fault.
    Show {
        /// Its name.
        name: String,
    },
}

/// What goes wrong.
#[derive(Debug, Args)]
pub(super) struct Trouble {
    /// Let this go wrong: NAME or NAME:key=value,key=value, as in
    /// reset-at-byte:step=upload,at=1048576,times=1 (`faults` lists the names). Repeatable.
    #[arg(long = "fault", value_name = "FAULT")]
    faults: Vec<Fault>,
    /// Let everything in this TOML file go wrong: tables called fault, with a name and the same keys.
    #[arg(long = "faults", value_name = "FILE")]
    file: Option<PathBuf>,
    /// Let a handful of things go wrong that a robust client survives, the same for the same seed.
    #[arg(long, value_name = "SEED")]
    chaos: Option<u64>,
}

/// Where the record goes.
#[derive(Debug, Args)]
pub(super) struct Files {
    /// Write every exchange there as a line of JSON, with labels in place of secrets.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Write an HTTP archive there in the end, for browsers' developer tools.
    #[arg(long, value_name = "FILE")]
    har: Option<PathBuf>,
    /// Judge the clients: live at /_longshore/, and in the end on standard error.
    #[arg(long)]
    judge: bool,
}

impl Trouble {
    pub(super) fn apply(self, mut builder: Builder) -> Result<Builder, Box<dyn std::error::Error>> {
        let mut faults = self.faults;
        if let Some(path) = self.file {
            let text = fs::read_to_string(&path).map_err(|e| about(&path, &e))?;
            faults.extend(read_faults(&text).map_err(|e| about(&path, &e))?);
        }
        for fault in faults {
            builder = builder.fault(fault);
        }
        Ok(match self.chaos {
            Some(seed) => builder.chaos(seed),
            None => builder,
        })
    }
}

impl Files {
    pub(super) fn apply(&self, mut builder: Builder) -> Builder {
        if let Some(path) = &self.record {
            builder = builder.record_digests(true).record_to(path);
        }
        if self.judge {
            builder = builder.record_digests(true).live_verdict(true);
        }
        builder
    }

    pub(super) fn write(&self, registry: &MockRegistry) -> Outcome {
        if let Some(path) = &self.har {
            fs::write(path, registry.har()).map_err(|e| about(path, &e))?;
        }
        if self.judge {
            io::stderr().write_all(judge_session(registry).text().as_bytes())?;
        }
        Ok(())
    }
}

pub(super) fn run(command: Option<Faults>) -> Outcome {
    let mut out = io::stdout().lock();
    let Some(Faults::Show { name }) = command else {
        for entry in catalogue() {
            writeln!(out, "{:<5} {:<24} {}", entry.id, entry.name, entry.does)?;
        }
        writeln!(out, "\nNot played by a server:")?;
        for entry in unplayed() {
            writeln!(out, "{:<5} {:<24} {}", entry.id, entry.name, entry.why)?;
        }
        return Ok(());
    };
    let fault = Fault::new(&name)?;
    let entry = fault.entry();
    let steps: Vec<&str> = entry.steps.iter().map(|step| step.name()).collect();
    let times = entry
        .times
        .map_or("always".into(), |times| times.to_string());
    writeln!(
        out,
        "{} ({}, {})\n",
        entry.name,
        entry.id,
        entry.group.name()
    )?;
    writeln!(out, "The registry {}.", entry.does)?;
    writeln!(out, "A robust client {}.", entry.robust)?;
    let survives = if entry.survivable {
        "succeeds"
    } else {
        "fails, in good order"
    };
    writeln!(out, "With these settings its push {survives}.\n")?;
    writeln!(out, "step   {} unless told otherwise", steps.join(", "))?;
    writeln!(out, "nth    1: from which matching call on")?;
    writeln!(out, "times  {times}: how often, or `always`")?;
    writeln!(
        out,
        "from   0, until: a window of time since the start, in milliseconds"
    )?;
    for param in entry.params {
        write!(out, "{}  {}: {}", param.name, param.default, param.does)?;
        match param.choices() {
            [] => writeln!(out)?,
            words => writeln!(out, " (one of {})", words.join(", "))?,
        }
    }
    writeln!(out, "\nSource: {}", entry.source())?;
    Ok(())
}
