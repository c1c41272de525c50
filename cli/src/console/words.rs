//! The words of `ch-image push`, so that who reads its output, man or script, can read ours.

use longshore_protocol::Digest;

/// Which image is pushed.
#[must_use]
pub fn pushing(name: &str) -> String {
    format!("pushing image:   {name}")
}

/// Where the image is.
#[must_use]
pub fn path(path: &str) -> String {
    format!("image path:      {path}")
}

/// Where the image goes.
#[must_use]
pub fn destination(reference: &str) -> String {
    format!("destination:     {reference}")
}

/// The destination names no registry.
pub const ASSUMED_HUB: &str = "no registry given: assuming Docker Hub, docker.io";

/// What stands before everything about layer `number` of `count`.
#[must_use]
pub fn layer(number: usize, count: usize) -> String {
    format!("layer {number}/{count}")
}

/// What stands before everything about the config.
pub const CONFIG: &str = "config";

/// The registry is asked before anything is packed. `ch-image` does not ask.
pub const PERMISSION: &str = "asking the registry for permission";

/// The layer is being made.
#[must_use]
pub fn preparing(blob: &str) -> String {
    format!("{blob}: preparing")
}

/// The config and the manifest are being made.
pub const PREPARING_METADATA: &str = "preparing metadata";

/// The first request about content is about to be sent.
pub const STARTING: &str = "starting upload";

/// The registry is asked for a blob.
#[must_use]
pub fn checking(blob: &str, digest: Option<&Digest>) -> String {
    format!(
        "{blob}: {}: checking if already in repository",
        short(digest)
    )
}

/// The registry has it.
#[must_use]
pub fn present(blob: &str, digest: Option<&Digest>) -> String {
    format!("{blob}: {}: already present", short(digest))
}

/// The registry took it from another repository. `ch-image` has no word for it.
#[must_use]
pub fn mounted(blob: &str, digest: Option<&Digest>, repository: &str) -> String {
    format!("{blob}: {}: mounted from {repository}", short(digest))
}

/// The registry does not have it.
#[must_use]
pub fn uploading(blob: &str, digest: Option<&Digest>) -> String {
    format!("{blob}: {}: not present, uploading", short(digest))
}

/// It is sent while it is packed, so nobody knows its digest. `ch-image` does not do this.
#[must_use]
pub fn streaming(blob: &str) -> String {
    format!("{blob}: uploading while it is packed")
}

/// The upload goes on after an interruption. `ch-image` does not do this.
#[must_use]
pub fn resuming(blob: &str, digest: Option<&Digest>, offset: u64) -> String {
    format!(
        "{blob}: {}: uploading again from byte {offset}",
        short(digest)
    )
}

/// The registry has it now, however that came about.
#[must_use]
pub fn held(blob: &str, digest: Option<&Digest>) -> String {
    format!("{blob}: {}: in the registry", short(digest))
}

/// The registry has the manifest under that name. `ch-image` sends it again.
pub const MANIFEST_EXISTS: &str = "manifest: already present";

/// The manifest is being sent.
pub const MANIFEST: &str = "manifest: uploading";

/// Temporary files go away.
pub const CLEANING_UP: &str = "cleaning up";

/// Everything worked.
pub const DONE: &str = "done";

/// How large something is.
#[must_use]
pub fn size(bytes: u64) -> String {
    let (name, unit) = match bytes {
        0..0x400 => return format!("{bytes} bytes"),
        0x400..0x10_0000 => ("KiB", 1_u128 << 10),
        0x10_0000..0x4000_0000 => ("MiB", 1 << 20),
        0x4000_0000.. => ("GiB", 1 << 30),
    };
    let tenths = u128::from(bytes) * 10 / unit;
    format!("{}.{} {name}", tenths / 10, tenths % 10)
}

/// How far something is.
#[must_use]
pub fn mebibytes(position: u64, total: Option<u64>) -> String {
    let (whole, tenth) = tenths(position);
    let Some(total) = total.filter(|total| *total > 0) else {
        return format!("{whole}.{tenth} MiB");
    };
    let percent = u128::from(position.min(total)) * 100 / u128::from(total);
    let (total, total_tenth) = tenths(total);
    format!("{whole}.{tenth}/{total}.{total_tenth} MiB ({percent}%)")
}

fn short(digest: Option<&Digest>) -> String {
    digest.map_or_else(
        || "not packed yet".to_owned(),
        |digest| digest.short().to_string(),
    )
}

fn tenths(bytes: u64) -> (u64, u64) {
    let tenths = u128::from(bytes) * 10 / (1 << 20);
    let tenths = u64::try_from(tenths).unwrap_or(u64::MAX);
    (tenths / 10, tenths % 10)
}
