//! The ways to get a tree into a registry.

/// One of them. The scripts find `$TREE`, an empty folder `$WORK`, the registry `$HOST`, the program
/// `$LONGSHORE`.
pub(super) struct Way {
    pub(super) name: &'static str,
    /// Programs without which it cannot be tried.
    pub(super) tools: &'static [&'static str],
    /// From the tree to the registry.
    pub(super) push: &'static str,
    /// The same once more: what somebody would do who does not know whether anything changed.
    pub(super) again: Option<&'static str>,
    /// Where the layer is, relative to `$WORK`, for a way that pushes nothing.
    pub(super) layer: Option<&'static str>,
    /// Whether the registry has to speak TLS.
    pub(super) tls: bool,
    /// Whether it pushes only what has a history.
    pub(super) history: bool,
    /// Whether `$LONGSHORE` is the other build of it that was named.
    pub(super) baseline: bool,
}

impl Way {
    const fn new(
        name: &'static str,
        tools: &'static [&'static str],
        push: &'static str,
        again: &'static str,
    ) -> Self {
        Self {
            name,
            tools,
            push,
            again: Some(again),
            layer: None,
            tls: false,
            history: false,
            baseline: false,
        }
    }

    const fn of_baseline(name: &'static str, push: &'static str) -> Self {
        Self {
            baseline: true,
            ..Self::new(name, &[], push, push)
        }
    }
}

/// Ours first: the others are compared with the first row.
pub(super) const WAYS: &[Way] = &[
    Way::new("longshore", &[], DEFAULT, DEFAULT),
    Way::new("longshore fast", &[], FAST, FAST),
    Way::new("longshore best", &[], BEST, BEST),
    Way::new("longshore zstd", &[], ZSTD, ZSTD),
    Way::of_baseline("baseline", DEFAULT),
    Way::of_baseline("baseline fast", FAST),
    Way::of_baseline("baseline best", BEST),
    Way::of_baseline("baseline zstd", ZSTD),
    Way {
        tls: true,
        history: true,
        ..Way::new("ch-image", &["ch-image", "openssl"], CH_IMAGE, CH_IMAGE)
    },
    Way::new("buildah bud, push", &["buildah"], BUILDAH, BUILDAH_PUSH),
    Way::new("tar, skopeo", &["tar", "skopeo"], SKOPEO, SKOPEO),
    Way::new("tar, crane append", &["tar", "crane"], CRANE, CRANE),
    Way {
        again: None,
        layer: Some("layer.tar.gz"),
        ..Way::new("tar to gzip, no push", &["tar", "gzip"], TAR, "")
    },
];

const DEFAULT: &str = r#""$LONGSHORE" push --quiet --image "$TREE" "$HOST/bench:1""#;
const FAST: &str =
    r#""$LONGSHORE" push --quiet --compression-level fast --image "$TREE" "$HOST/bench:1""#;
const BEST: &str =
    r#""$LONGSHORE" push --quiet --compression-level best --image "$TREE" "$HOST/bench:1""#;
const ZSTD: &str = r#"
"$LONGSHORE" push --quiet --format oci --compression zstd --image "$TREE" "$HOST/bench:1"
"#;

const CH_IMAGE: &str = r#"
ch-image --storage "$WORK/storage" --no-cache --tls-no-verify push --image "$TREE" bench "$HOST/bench:1"
"#;

const BUILDAH: &str = r#"
store="--root $WORK/containers --runroot $WORK/run --storage-driver vfs"
printf 'FROM scratch\nADD . /\n' > "$WORK/Containerfile"
buildah $store bud --isolation chroot --tag bench --file "$WORK/Containerfile" "$TREE"
buildah $store push --tls-verify=false bench "docker://$HOST/bench:1"
"#;

const BUILDAH_PUSH: &str = r#"
store="--root $WORK/containers --runroot $WORK/run --storage-driver vfs"
buildah $store push --tls-verify=false bench "docker://$HOST/bench:1"
"#;

const SKOPEO: &str = r#"
tar --directory "$TREE" --create --file "$WORK/layer.tar" .
skopeo copy --insecure-policy --dest-tls-verify=false \
    "tarball:$WORK/layer.tar" "docker://$HOST/bench:1"
"#;

const CRANE: &str = r#"
tar --directory "$TREE" --create --file "$WORK/layer.tar" .
crane append --insecure --new_layer "$WORK/layer.tar" --new_tag "$HOST/bench:1"
"#;

const TAR: &str = r#"tar --directory "$TREE" --create . | gzip > "$WORK/layer.tar.gz""#;
