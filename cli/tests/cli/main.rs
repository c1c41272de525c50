//! The program as a person runs it: arguments and environment in; standard output, standard error,
//! exit code and what is left lying about out.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "what a test cannot go on without may panic, and what it skips it says"
)]

mod cache;
mod changing;
mod config;
mod credentials;
mod demo;
mod digest_file;
mod disk;
mod kept;
mod killed;
mod lookalike;
mod mistakes;
mod network;
mod output;
mod prompt;
mod push;
mod secrets;
mod sending;
mod signals;
mod sizes;
mod support;
