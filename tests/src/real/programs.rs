//! The programs under test, built once per run as this test itself was.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

/// Where cargo put the executables.
#[derive(Debug)]
pub struct Programs {
    /// The program itself.
    pub longshore: PathBuf,
    /// The mock registry, with its token server.
    pub mock_registry: PathBuf,
}

/// Builds them when first asked. A dependency on the packages would give their libraries only.
pub fn programs() -> &'static Programs {
    static PROGRAMS: OnceLock<Programs> = OnceLock::new();
    PROGRAMS.get_or_init(build)
}

fn build() -> Programs {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args([
            "build",
            "--message-format=json",
            "-p",
            "longshore",
            "-p",
            "longshore-mock-registry",
            "--features",
            "longshore-mock-registry/aws-lc-rs",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?} failed: {}",
        output.status
    );
    let messages: Vec<Value> = serde_json::Deserializer::from_slice(&output.stdout)
        .into_iter()
        .map(|message| message.expect("cargo prints JSON when asked to"))
        .collect();
    let executable = |name: &str| {
        let artifact = messages
            .iter()
            .find(|message| message["target"]["name"] == name && message["executable"].is_string());
        let path = artifact.and_then(|artifact| artifact["executable"].as_str());
        PathBuf::from(path.unwrap_or_else(|| panic!("{command:?} built no program {name}")))
    };
    Programs {
        longshore: executable("longshore"),
        mock_registry: executable("mock-registry"),
    }
}
