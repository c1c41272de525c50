//! Images that change while they are pushed.

use std::fs::{self, OpenOptions};

use crate::support::gate::{Gate, Side};
use crate::support::memory::{UNCHANGED, layers, remembering};
use crate::support::{Running, TestEnv, assert_holds, assert_untouched, at, image, open_registry};

#[test]
fn a_file_that_grows_while_it_is_sent_ends_the_push() {
    let (env, registry) = (large(), open_registry());
    let gate = Gate::new(&registry, "PATCH ", Side::Rest);
    let push = stream(&env, &gate.to("app"));
    gate.wait();
    let zeros = OpenOptions::new()
        .write(true)
        .open(env.path("image/etc/zeros"));
    zeros.unwrap().set_len(SIZE + 1).unwrap();
    gate.open();
    push.finish().assert_failed(3, &["etc/zeros", "longer"]);
    assert_untouched(&registry);
    env.push::<&str>(&[], &at(&registry, "app")).assert_done();
    assert_holds(&registry, "app", "latest");
}

#[test]
fn a_file_that_was_not_reached_yet_is_sent_as_it_is_then() {
    let (env, registry) = (large(), open_registry());
    let gate = Gate::new(&registry, "PATCH ", Side::Rest);
    let push = stream(&env, &gate.to("app"));
    gate.wait();
    // In place, so that its directory stays what it was.
    fs::write(env.path("image/etc/zzz"), "as it is then").unwrap();
    gate.open();
    let ran = push.finish();
    let digest = ran.assert_done().json()["layers"][0]["digest"].clone();
    let digest = digest.as_str().unwrap().parse().unwrap();
    let layer = registry.with(|core| core.blob("app", &digest).unwrap());
    let tail = layer.windows(13).rev().take(64 << 10);
    assert!(tail.into_iter().any(|bytes| bytes == b"as it is then"));
}

#[test]
fn an_image_that_changes_after_it_was_looked_at_is_packed_again() {
    let (env, _, _) = remembering();
    let registry = open_registry();
    // The layer is known, and the registry is being asked for it.
    let gate = Gate::new(&registry, "HEAD ", Side::Request);
    let to = gate.to("app");
    let push = env.start(&["push", "-v", "--json", "--image", "image", "app", &to]);
    gate.wait();
    fs::write(env.path("image/etc/os-release"), "ID=another\n").unwrap();
    gate.open();
    let ran = push.finish();
    assert!(ran.assert_done().stderr.contains(UNCHANGED), "{ran}");
    assert!(ran.stderr.contains("packing it again"), "{ran}");
    assert_holds(&registry, "app", "latest");
    assert_eq!(layers(&env).len(), 0, "what was remembered is of no use");
    let again = env.push(&["--json"], &at(&registry, "app"));
    assert_eq!(again.assert_done().json()["digest"], ran.json()["digest"]);
}

#[test]
fn layers_of_different_states_never_make_an_image() {
    let env = TestEnv::with_image();
    let libraries: Vec<String> = (0..40)
        .map(|number| format!("image/usr/lib/package-{number}/library"))
        .collect();
    for library in &libraries {
        env.write(library, &library.repeat(900));
    }
    let registry = open_registry();
    let gate = Gate::new(&registry, "PATCH ", Side::Request);
    let to = gate.to("app");
    let options = ["push", "--stream", "--layers", "8", "--image", "image"];
    let push = env.start(&[&options[..], &["app", &to]].concat());
    // The first layer is on its way.
    gate.wait();
    for library in &libraries {
        env.write(library, "changed");
    }
    gate.open();
    push.finish().assert_failed(3, &["changed"]);
    assert_eq!(registry.with(|core| core.manifest("app", "latest")), None);
    let ran = env.push(&["--layers", "8"], &at(&registry, "app"));
    ran.assert_done();
    assert_holds(&registry, "app", "latest");
}

/// An image with more than what fits between the packer and the registry, so that the packer waits.
fn large() -> TestEnv {
    let env = TestEnv::new();
    image::make_large(&env.path("image"), SIZE);
    env.write("image/etc/zzz", "as it was");
    env
}

fn stream<'a>(env: &'a TestEnv, to: &str) -> Running<'a> {
    let form = ["--compression", "none", "--format", "oci"];
    let start = ["push", "--json", "--stream", "--image", "image"];
    env.start(&[&start[..], &form, &["app", to]].concat())
}

const SIZE: u64 = 64 << 20;
