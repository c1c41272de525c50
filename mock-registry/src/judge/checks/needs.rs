//! What it takes to see the checks that not every push shows.

/// What it takes to see a check, or what of it cannot be seen; empty where any push shows it.
pub(super) fn needs(id: &str) -> &'static str {
    let found = NEEDS.iter().find(|(known, _)| *known == id);
    found.map_or("", |(_, needs)| needs)
}

const NEEDS: &[(&str, &str)] = &[
    (
        "C12",
        "A client that uploads in chunks, or does so where whole blobs are refused.",
    ),
    (
        "C13",
        "A client that uploads in chunks, or does so where whole blobs are refused.",
    ),
    (
        "C21",
        "A client that remembers where it pushed before, or is told so: the scenarios push \
         the same image to another repository of the same registry first.",
    ),
    ("C22", "A client that tries to mount."),
    ("C23", "A client that tries to mount."),
    (
        "C24",
        "A client that names a blob to mount without its source; few do.",
    ),
    (
        "C29",
        "A client that uploads in chunks, or does so where whole blobs are refused.",
    ),
    (
        "C33",
        "Nobody can listen at a link-local address: there only what the client prints tells \
         whether it tried.",
    ),
    (
        "C34",
        "Nobody can listen at a link-local address: there only what the client prints tells \
         whether it tried. That a registry on this machine names a token server on this \
         machine is no evil.",
    ),
    (
        "C40",
        "A client that needs two scopes at once, as for a mount.",
    ),
    (
        "C41",
        "A client that asks for tokens by POST, or reads the file of credentials that \
         $REGISTRY_AUTH_FILE and $DOCKER_CONFIG name in some scenarios. A name and a password \
         on the command line hide that file: leave them out where there is a $MOCK_AUTH_FILE.",
    ),
    (
        "C65",
        "A client that copies an OCI layout: only there an image can say which other one it \
         is about. One made from a directory or an archive says nothing.",
    ),
    ("C66", "A client that keeps a fallback tag at all."),
    (
        "C67",
        "A client that sets several tags in one go. A command line that is run once for each \
         tag cannot show it.",
    ),
    (
        "C69",
        "A client that copies an OCI layout whose layers are named by sha512, and that takes \
         such.",
    ),
    (
        "C72",
        "A client that sends blobs by a single POST; most never do.",
    ),
    (
        "C73",
        "A client that would put what a registry answers into its next request.",
    ),
];
