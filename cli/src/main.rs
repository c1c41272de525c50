//! The program.

use std::process::ExitCode;

fn main() -> ExitCode {
    longshore::main(std::env::args_os()).into()
}
