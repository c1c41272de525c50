//! The registry from outside: through `Core::handle`, over sockets, and as a program.

mod client;
mod oci;
mod vectors;
