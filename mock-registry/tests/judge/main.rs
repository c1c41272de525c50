//! The judge: every check by what it says of good and of bad clients, and the program around it.
#![cfg(test)]

mod checks;
mod client;
mod endings;
mod library;
mod mounts;
mod program;
mod scenarios;
mod wire;
