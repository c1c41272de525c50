//! The program as a person runs it: arguments and environment in; standard output, standard error,
//! exit code and what is left lying about out.

mod credentials;
mod demo;
mod mistakes;
mod network;
mod output;
mod prompt;
mod push;
mod signals;
mod support;
