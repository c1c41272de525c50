//! Profiles: every knob, every embedded profile, and files of one's own.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

#[path = "../registry/client.rs"]
#[allow(dead_code, reason = "shared with another test program")]
mod client;

mod costumes;
mod files;
mod knobs;
mod story;
mod teller;
mod tokens;

const APP: &str = "demo/app";
