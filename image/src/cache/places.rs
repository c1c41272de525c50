//! Where a blob is.

use longshore_protocol::Digest;
use serde::{Deserialize, Serialize};

/// A repository that a blob was pushed to.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "a repository is these two")]
pub struct Place {
    /// The registry's host and port.
    pub registry: String,
    /// The repository's name there.
    pub repository: String,
}

/// `place` and those known before, the latest first.
pub(super) fn text(blob: &Digest, place: Place, known: Vec<Place>) -> String {
    let mut places = vec![place];
    for place in known {
        if !places.contains(&place) && places.len() < MOST {
            places.push(place);
        }
    }
    let record = Record {
        blob: blob.to_string(),
        places,
    };
    serde_json::to_string(&record).expect("strings")
}

pub(super) fn parse(text: &str, blob: &Digest) -> Option<Vec<Place>> {
    let record: Record = serde_json::from_str(text).ok()?;
    (record.blob == blob.to_string()).then_some(record.places)
}

#[derive(Deserialize, Serialize)]
struct Record {
    blob: String,
    places: Vec<Place>,
}

/// Enough for a layer that is pushed to several registries, and less than one file may hold.
const MOST: usize = 32;
