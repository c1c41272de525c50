//! Every fault, by what a client sees of it.
#![cfg(test)]

mod auth;
mod chaos;
mod each;
mod harness;
mod http_shape;
mod integrity;
mod network;
mod rate;
mod record;
mod session;
mod wire;
