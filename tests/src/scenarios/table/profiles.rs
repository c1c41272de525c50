//! Every registry that the mock plays.

use longshore_mock_registry::{Auth, Profile};

use super::super::image::Image;
use super::super::scenario::{End, Scenario};

pub(super) fn scenarios() -> Vec<Scenario> {
    let mut found = Vec::new();
    for name in Profile::names() {
        for auth in [Auth::None, Auth::Basic, Auth::Bearer] {
            for docker in [false, true] {
                let image = if docker {
                    Image::docker(&[1000, 2000])
                } else {
                    Image::new(&[1000, 2000])
                };
                let format = if docker { "docker" } else { "OCI" };
                let end = if SURE.contains(&name) {
                    End::Pushed
                } else {
                    // Some refuse what others want: that all drivers say the same is what counts.
                    End::Agreed
                };
                found.push(
                    Scenario::new(format!("profile {name}, {auth:?}, {format} format"))
                        .profile(name)
                        .auth(auth)
                        .image(image)
                        .ends(end),
                );
            }
        }
    }
    found
}

/// Registries that must take any sound image.
const SURE: [&str; 2] = ["oci", "quay"];
