//! Faults as data, and the layer that plays them around a [`Core`](crate::Core).
//!
//! A [`Fault`] says what goes wrong, where and how often. It is written as a flag, in a file or in
//! Rust, always with the same words:
//!
//! ```
//! use longshore_mock_registry::fault::Fault;
//!
//! let fault: Fault = "reset-at-byte:step=upload,at=1048576,times=1".parse()?;
//! assert_eq!(fault.name(), "reset-at-byte");
//! assert!("reset-at-bite".parse::<Fault>().unwrap_err().to_string().contains("reset-at-byte"));
//! # Ok::<(), longshore_mock_registry::fault::FaultError>(())
//! ```
//!
//! [`catalogue()`] lists all there are, with what they do and what a robust client does about it.
//! [`Faulty`] decides for each request what happens; what concerns bytes rather than messages it
//! hands to the shell as a [`Wire`].

mod catalogue;
mod chaos;
mod faulty;
mod memory;
mod parse;
mod play;
mod spec;
mod step;
mod turn;

pub use catalogue::{Entry, Group, Param, Unplayed, catalogue, unplayed};
pub(crate) use catalogue::{gzip, path_of};
pub use chaos::chaos;
pub use faulty::Faulty;
pub use parse::{FaultError, read_faults};
pub use play::{Cut, Delivery, Edit, H2Fault, TlsFault, Wire};
pub use spec::Fault;
pub(crate) use step::pair;
pub use step::{Scene, Step};
pub use turn::{Hunger, Reply, Turn};
