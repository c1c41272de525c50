//! The OCI distribution specification, rule by rule, as a registry can break it.
//!
//! The rules are numbered: `p27_…` tests P27. The numbers are this project's own; each test quotes
//! or names what the specification says. Rules that only a client can break (P6, P9, P11, P19, P23,
//! P39, P40, P42, P47, P51, P54 to P56) have no test here. The program that the specification's
//! authors wrote to check registries covers most of these; these run without it.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

#[path = "../registry/client.rs"]
#[allow(dead_code, reason = "shared with another test program")]
mod client;

mod chunks;
mod errors;
mod existence;
mod lists;
mod manifests;
mod mounts;
mod names;
mod tags;
mod uploads;

const APP: &str = "demo/app";
