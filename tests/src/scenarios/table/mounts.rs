//! Blobs that another repository has.

use longshore_mock_registry::Auth;

use super::super::image::Image;
use super::super::scenario::{End, Scenario};
use super::super::script::{Act, Canned, Step};

pub(super) fn scenarios() -> Vec<Scenario> {
    let image = || Image::new(&[1000, 2000]).layers(|blob| blob.mountable = true);
    let vain = || Image::one().all(|blob| blob.mount_in_vain = true);
    let mut found = vec![
        Scenario::new("a mount").image(image()),
        Scenario::new("a mount of what is there already")
            .image(image().layers(|blob| blob.there = true)),
        Scenario::new("a mount of what is not there").image(vain()),
        Scenario::new("a mount with a token for both repositories")
            .auth(Auth::Bearer)
            .image(image()),
        Scenario::new("a mount with a password")
            .auth(Auth::Basic)
            .image(image()),
        Scenario::new("a mount in a registry that mounts nothing")
            .profile("name = 'x'\n[mount]\nwith-from = false")
            .image(image()),
        Scenario::new("a mount that names another blob")
            .image(image())
            .when(Step::Mount, 1, Act::With("docker-content-digest", NOBODYS))
            .ends(End::Agreed),
        Scenario::new("a mount whose answer does not name the blob")
            .image(image())
            .when(Step::Mount, 1, Act::Without("docker-content-digest")),
        Scenario::new("a mount that opens a session without saying where")
            .image(vain())
            .when(Step::Mount, 1, Act::Without("location"))
            .ends(End::Agreed),
        Scenario::new("a mount whose answer is lost")
            .image(image())
            .when(Step::Mount, 1, Act::Lose),
        Scenario::new("a mount that is said and not done")
            .image(vain())
            .when(Step::Mount, 1, Act::Answer(Canned::status(201)))
            .ends(End::Agreed),
    ];
    for status in [201, 202, 400, 401, 403, 404, 405, 429, 500, 503] {
        let canned = match status {
            401 => Canned::status(401).header("www-authenticate", "Basic realm=\"x\""),
            202 => Canned::status(202).header("location", "/v2/team/app/blobs/uploads/x"),
            _ => Canned::error(status, "DENIED", "no"),
        };
        found.push(
            Scenario::new(format!(
                "a mount that is answered {status}, with a session or not"
            ))
            .image(vain())
            .when(Step::Mount, 1, Act::Answer(canned))
            .ends(End::Agreed),
        );
    }
    found
}

const NOBODYS: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";
