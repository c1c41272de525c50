//! What is remembered from earlier pushes, and what is remembered of this one.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use longshore_image::{Cache, CacheError, Key, Layer, Place, SpooledLayer};
use longshore_protocol::{Digest, Reference, Repository};

use crate::console::{Console, plain};
use crate::plan::Packing;

/// The cache, as a push uses it. It may be wrong or missing, and nothing here is a failure.
#[derive(Clone, Copy)]
pub(super) struct Memory<'a> {
    cache: Option<&'a Cache>,
    console: &'a Console,
}

impl<'a> Memory<'a> {
    /// Without a memory.
    pub(super) fn none(console: &'a Console) -> Self {
        let cache = None;
        Self { cache, console }
    }

    /// With what is remembered in `cache`, if that can be used; if not, a warning says why.
    pub(super) fn of(cache: Option<&'a Cache>, console: &'a Console) -> Self {
        let Err(error) = cache.map_or(Ok(()), Cache::check) else {
            return Self { cache, console };
        };
        let directory = cache.map(|cache| cache.directory().display().to_string());
        console.warn(format!(
            "the cache in {} is not used: {}",
            plain(&directory.unwrap_or_default()),
            plain(&error.to_string())
        ));
        Self::none(console)
    }

    /// Whether anything can be known of the tree in `directory`.
    pub(super) fn may_know(&self, directory: &Path) -> bool {
        self.cache.is_some_and(|cache| cache.may_know(directory))
    }

    /// The layer that a tree and options with this key made.
    pub(super) fn layer(&self, key: &Key) -> Option<Layer> {
        self.cache?.layer(key)
    }

    /// Remembers a layer of the tree in `directory`, which was looked at from `since` on.
    pub(super) fn keep_layer(
        &self,
        directory: &Path,
        packing: &Packing,
        spooled: &SpooledLayer,
        since: SystemTime,
    ) {
        let Some(cache) = self.cache else { return };
        let fingerprint = spooled.fingerprint();
        if !fingerprint.is_settled(nanoseconds(since)) {
            self.console
                .detail("the image was written to just now: its layer is not remembered");
            return;
        }
        let key = Key::new(fingerprint, &packing.options);
        let kept = cache.keep_layer(&key, spooled.layer());
        if let Err(error) = kept.and_then(|()| cache.keep_tree(directory)) {
            self.complain(&error);
        }
    }

    /// Forgets what turned out to be wrong.
    pub(super) fn forget_layer(&self, key: &Key) {
        if let Some(cache) = self.cache {
            cache.forget_layer(key);
        }
    }

    /// Another repository of the same registry that has the blob, as far as is known.
    pub(super) fn mount_from(&self, blob: &Digest, target: &Reference) -> Option<Repository> {
        let registry = target.registry().to_string();
        let places = self.cache?.places(blob).into_iter();
        places
            .filter(|place| place.registry == registry)
            .filter_map(|place| place.repository.parse().ok())
            .find(|repository| repository != target.repository())
    }

    /// Whether the blob was there when something was last pushed there.
    pub(super) fn is_at(&self, blob: &Digest, target: &Reference) -> bool {
        let here = place(target);
        let places = self.cache.map(|cache| cache.places(blob));
        places.is_some_and(|places| places.contains(&here))
    }

    /// Remembers where the blob is now.
    pub(super) fn keep_place(&self, blob: &Digest, target: &Reference) {
        let Some(cache) = self.cache else { return };
        if let Err(error) = cache.keep_place(blob, place(target)) {
            self.complain(&error);
        }
    }

    /// The largest part of a layer that the registry is thought to take in one request.
    pub(super) fn largest_chunk(&self, target: &Reference) -> Option<u64> {
        let registry = target.registry().to_string();
        self.cache?.largest_chunk(&registry)
    }

    /// Remembers which part of a layer the registry took after it had refused more.
    pub(super) fn keep_largest_chunk(&self, target: &Reference, bytes: u64) {
        let Some(cache) = self.cache else { return };
        let registry = target.registry().to_string();
        if let Err(error) = cache.keep_largest_chunk(&registry, bytes) {
            self.complain(&error);
        }
    }

    fn complain(&self, error: &CacheError) {
        self.console.detail(format!(
            "nothing is remembered of this push: {}",
            plain(&error.to_string())
        ));
    }
}

fn place(target: &Reference) -> Place {
    Place {
        registry: target.registry().to_string(),
        repository: target.repository().to_string(),
    }
}

/// A clock that is before 1970 makes everything look as if it had just been written.
fn nanoseconds(time: SystemTime) -> i128 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i128::try_from(since.as_nanos()).unwrap_or(0)
}
