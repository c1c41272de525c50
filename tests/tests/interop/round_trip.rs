//! A whole system goes into a registry and comes out of it again, unchanged but for what is intended.

use longshore_tests::real::clients::{Endpoint, ch_image_pull, ch_image_push, skopeo_and_umoci};
use longshore_tests::real::docker_registry::{Auth, DockerRegistry};
use longshore_tests::real::intended;
use longshore_tests::real::longshore::{Login, Longshore, Push, Source};
use longshore_tests::real::scratch::scratch;
use longshore_tests::real::specimen::{Special, Specimen};
use longshore_tests::real::token_server::TokenServer;
use longshore_tests::real::tree::Tree;

use crate::harness::{Shared, Told};

/// Charliecloud's own push is the measure: what we expect of ours must hold for it.
pub(crate) fn of_ch_image(_: &Shared) -> Told {
    let registry = DockerRegistry::start(Auth::Htpasswd);
    let specimen = Specimen::create(Special::LeftOut);
    let folder = scratch();
    ch_image_push(&registry.endpoint(), &specimen.path(), IMAGE, folder.path());
    comes_back(&registry.endpoint(), specimen.tree());
    Told::Whole
}

pub(crate) fn with_password(shared: &Shared) -> Told {
    push_and_pull(
        shared,
        Auth::Htpasswd,
        Login::Stdin,
        &["--format", "docker", "--transport", "blocking"],
    )
}

pub(crate) fn with_token(shared: &Shared) -> Told {
    let auth = Auth::Token(TokenServer::start());
    push_and_pull(
        shared,
        auth,
        Login::Environment,
        &["--format", "oci", "--transport", "blocking"],
    )
}

pub(crate) fn with_password_and_a_runtime(shared: &Shared) -> Told {
    push_and_pull(
        shared,
        Auth::Htpasswd,
        Login::Stdin,
        &["--format", "docker", "--transport", "async"],
    )
}

pub(crate) fn with_token_and_a_runtime(shared: &Shared) -> Told {
    let auth = Auth::Token(TokenServer::start());
    push_and_pull(
        shared,
        auth,
        Login::Environment,
        &["--format", "oci", "--transport", "async"],
    )
}

/// Small changes are small pushes then; what is pulled is the same.
pub(crate) fn in_layers(shared: &Shared) -> Told {
    let registry = DockerRegistry::start(Auth::Htpasswd);
    let (specimen, endpoint) = (shared.specimen(), registry.endpoint());
    let directory = specimen.path();
    let options = &["--layers", "8"];
    let pushed = Longshore::new().push(&Push {
        options,
        ..Push::new(&directory, &endpoint, IMAGE)
    });
    let layers = pushed.layers().len();
    assert!((2..=8).contains(&layers), "{:#}", pushed.report);
    comes_back(&endpoint, specimen.tree());
    Told::Whole
}

pub(crate) fn without_a_file(shared: &Shared) -> Told {
    push_and_pull(shared, Auth::Htpasswd, Login::Stdin, &["--stream"])
}

pub(crate) fn uncompressed(shared: &Shared) -> Told {
    let options = &["--format", "oci", "--compression", "none"];
    push_and_pull(shared, Auth::Htpasswd, Login::Stdin, options)
}

/// The way of somebody who pulled an image, and pushes it elsewhere by its name.
pub(crate) fn from_storage(shared: &Shared) -> Told {
    let registry = DockerRegistry::start(Auth::Htpasswd);
    let endpoint = registry.endpoint();
    let user = Longshore::new();
    user.push(&Push::new(&shared.specimen().path(), &endpoint, IMAGE));

    let folder = scratch();
    let pulled = Tree::read(&ch_image_pull(&endpoint, IMAGE, folder.path()));
    let source = Source::Storage {
        storage: &folder.path().join("storage"),
        name: "pulled",
    };
    let again = "team/again:1";
    user.push(&Push {
        source,
        ..Push::new(folder.path(), &endpoint, again)
    });

    let folder = scratch();
    let unpacked = Tree::read(&skopeo_and_umoci(&endpoint, again, folder.path()));
    same("umoci", &intended::layer(&pulled, me()), &unpacked);
    Told::Whole
}

fn push_and_pull(shared: &Shared, auth: Auth, login: Login, options: &[&str]) -> Told {
    let registry = DockerRegistry::start(auth);
    let (specimen, endpoint) = (shared.specimen(), registry.endpoint());
    let directory = specimen.path();
    Longshore::new().push(&Push {
        login,
        options,
        ..Push::new(&directory, &endpoint, IMAGE)
    });
    comes_back(&endpoint, specimen.tree());
    Told::Whole
}

fn comes_back(endpoint: &Endpoint, image: &Tree) {
    let layer = intended::layer(image, me());

    let folder = scratch();
    let unpacked = Tree::read(&skopeo_and_umoci(endpoint, IMAGE, folder.path()));
    same("umoci", &layer, &unpacked);

    let folder = scratch();
    let pulled = Tree::read(&ch_image_pull(endpoint, IMAGE, folder.path()));
    same(
        "ch-image",
        &intended::ch_image_pull(&layer),
        &intended::pulled_by_ch_image(&pulled),
    );
}

fn me() -> (u32, u32) {
    (
        rustix::process::geteuid().as_raw(),
        rustix::process::getegid().as_raw(),
    )
}

#[track_caller]
fn same(client: &str, expected: &Tree, actual: &Tree) {
    let differences = expected.differences(actual);
    assert!(
        differences.is_empty(),
        "what {client} unpacked is not what was pushed: {differences}"
    );
}

const IMAGE: &str = "team/system:1";
