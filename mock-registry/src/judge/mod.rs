//! What a client did, held against what it should do.

mod store;

pub use store::missing;
