//! A push that is killed, at any moment: no handler runs, nothing is put away.

use std::fs;

use longshore_mock_registry::MockRegistry;
use rustix::process::Signal;

use crate::support::gate::{Gate, Side};
use crate::support::memory::{UNCHANGED, layers, remember};
use crate::support::{TestEnv, assert_whole_or_none, at, image, open_registry};

#[test]
fn after_each_of_its_words() {
    for options in [&[][..], &["--layers", "4"]] {
        let env = TestEnv::with_image();
        let killed = Killed::new(&env, options);
        killed.after_each_line();
    }
}

#[test]
fn after_each_of_its_words_while_packing_and_uploading_at_once() {
    let env = large();
    Killed::new(&env, &[]).after_each_line();
}

#[test]
fn before_a_request_is_made_and_before_its_answer_is_heard() {
    let small = TestEnv::with_image();
    let killed = Killed::new(&small, &[]);
    for request in [
        "POST ",
        "HEAD ",
        "PUT /v2/app/blobs/",
        "PUT /v2/app/manifests/",
    ] {
        for side in [Side::Request, Side::Answer] {
            killed.at_request(request, side);
        }
    }
    let large = large();
    let killed = Killed::new(&large, &[]);
    for side in [Side::Request, Side::Answer] {
        killed.at_request("PATCH ", side);
    }
}

#[test]
fn after_its_layer_was_remembered() {
    let env = TestEnv::with_image();
    let killed = Killed::new(&env, &[]);
    let registry = open_registry();
    // The layer is sent when it is packed and remembered.
    killed.at("PUT /v2/app/blobs/", Side::Request, &registry);
    assert_eq!(layers(&env).len(), 1);
    let ran = env.push(&["-v"], &at(&registry, "app"));
    assert!(ran.assert_done().stderr.contains(UNCHANGED), "{ran}");
    assert!(assert_whole_or_none(&registry, "app", &killed.digest));
}

#[test]
fn what_it_had_not_finished_writing_is_overlooked_and_pruned() {
    let env = TestEnv::with_image();
    let killed = Killed::new(&env, &[]);
    let whole = layers(&env).pop().unwrap();
    let half = fs::read(&whole).unwrap();
    let unfinished = whole.with_file_name(".new-unfinished");
    fs::write(&unfinished, &half[..half.len() / 2]).unwrap();
    let registry = open_registry();
    killed.again(&registry);
    assert_eq!(fs::read(&whole).unwrap(), half);
    assert!(unfinished.exists(), "another push may be writing it");
    let pruned = env.run(&["cache", "prune", "--json"]).assert_done().json();
    // The layer, its tree, where it is, and this.
    assert_eq!(pruned["files"], 4, "{pruned}");
    assert!(!unfinished.exists());
}

/// Pushes of one image that are killed.
struct Killed<'a> {
    env: &'a TestEnv,
    options: Vec<&'a str>,
    /// The image's digest.
    digest: String,
}

impl<'a> Killed<'a> {
    /// An image that has been left alone for so long that it is remembered.
    fn new(env: &'a TestEnv, options: &[&'a str]) -> Self {
        let (_, json) = remember(env, options);
        Self {
            env,
            options: options.to_vec(),
            digest: json["digest"].as_str().unwrap().to_owned(),
        }
    }

    fn after_each_line(&self) {
        for lines in 1.. {
            let registry = open_registry();
            self.forget();
            let mut push = self.env.start(&self.arguments(&at(&registry, "app")));
            if !push.wait_for_lines(lines) {
                push.finish().assert_done();
                assert!(lines > 8, "it said next to nothing");
                return;
            }
            push.signal(Signal::KILL);
            push.finish();
            self.recovers(&registry);
        }
    }

    fn at_request(&self, request: &'static str, side: Side) {
        let registry = open_registry();
        self.at(request, side, &registry);
        self.recovers(&registry);
    }

    /// Kills a push into `registry` when it makes that request.
    fn at(&self, request: &'static str, side: Side, registry: &MockRegistry) {
        self.forget();
        let gate = Gate::new(registry, request, side);
        let push = self.env.start(&self.arguments(&gate.to("app")));
        gate.wait();
        push.signal(Signal::KILL);
        assert_eq!(push.finish().code, None, "it ended before");
    }

    /// Whatever was done and not done, the next push does the rest.
    fn recovers(&self, registry: &MockRegistry) {
        assert_whole_or_none(registry, "app", &self.digest);
        self.again(registry);
        let told = |task| {
            self.env
                .run(&["cache", task, "--json"])
                .assert_done()
                .json()
        };
        // Layers, where they are, and one file that was being written.
        let most = 2 * 4 + 1;
        assert!(told("info")["files"].as_u64().unwrap() <= most);
        told("prune");
        assert_eq!(told("info")["files"], 0);
    }

    fn again(&self, registry: &MockRegistry) {
        let to = at(registry, "app");
        self.env.run(&self.arguments(&to)).assert_done();
        assert!(assert_whole_or_none(registry, "app", &self.digest));
    }

    fn arguments<'b>(&'b self, to: &'b str) -> Vec<&'b str> {
        let start = ["push", "-v", "--image", "image"];
        [&start, &self.options[..], &["app", to]].concat()
    }

    fn forget(&self) {
        self.env.run(&["cache", "prune"]).assert_done();
    }
}

/// An image that is sent while it is packed.
fn large() -> TestEnv {
    let mut env = TestEnv::new();
    env.unset("SOURCE_DATE_EPOCH");
    image::make_large(&env.path("image"), 17 << 20);
    env
}
