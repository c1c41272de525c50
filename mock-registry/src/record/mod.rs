//! What arrived and what was answered, with labels where secrets stood.
//!
//! Every request to every listener becomes an [`Exchange`]. Secrets the registry gave out or knows
//! never get into one: in their place stands a label that says which secret it was, so that a
//! reader still sees `<password:alice>` where only `<token:3>` belonged. Where the secrets of others
//! stood (a stranger's password, a cookie, an `X-Api-Key`) there is `<unknown>`.

mod exchange;
mod files;
mod query;
mod recorder;
mod secrets;

pub use exchange::{AnswerRecord, BodyRecord, Exchange, Flaws, Listener, Peer, Sighting};
pub use files::{har, json_lines};
pub use query::{Exchanges, Filter};
pub use recorder::{Meter, RecordId, Recorder};
pub use secrets::SecretKind;
