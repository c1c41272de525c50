//! `longshore demo`: what a new user sees first.

use snapbox::str;

use crate::support::TestEnv;

#[test]
fn shows_every_phase_of_a_push() {
    TestEnv::new().run(&["demo"]).assert_shows(str![[r#"
exit code: 0
--- stdout
127.0.0.1:[PORT]/demo/hello@sha256:[DIGEST]
--- stderr
registry:        http://127.0.0.1:[PORT], inside this program, like quay
pushing image:   hello
image path:      [ROOT]/tmp/longshore-demo-[RANDOM]
destination:     127.0.0.1:[PORT]/demo/hello:1.0
asking the registry for permission
credentials: from this program, whose registry it is
authentication: bearer token
the registry allows this push
layer 1/1: preparing
stripping unsafe setuid bit: ./usr/bin/captain
12 members, 475 bytes of content, 607 bytes packed
preparing metadata
created 2026-01-01T00:00:00Z, for amd64
starting upload
layer 1/1: [SHORT]: checking if already in repository
layer 1/1: [SHORT]: not present, uploading
layer 1/1: [SHORT]: in the registry
config: [SHORT]: not present, uploading
config: [SHORT]: in the registry
manifest: uploading
manifest: sha256:[DIGEST] is in the registry
cleaning up
8 requests, 0 retries, [SECONDS] s
done

The registry now holds:
  demo/hello:1.0
    manifest sha256:[DIGEST], 423 bytes
             application/vnd.docker.distribution.manifest.v2+json
    config   sha256:[DIGEST], 486 bytes
    layer    sha256:[DIGEST], 607 bytes
  unfinished uploads: 0

registry:        gone, with everything in it

Next: longshore push --embedded --image DIR NAME pushes an image of yours there,
and longshore push --image DIR HOST/NAME:TAG pushes it into a real registry.

"#]]);
}

#[test]
fn has_the_same_digest_each_time() {
    let digest = || TestEnv::new().run(&["demo", "--json"]).json()["digest"].clone();
    assert_eq!(digest(), digest());
}

#[test]
fn imitates_other_registries() {
    let ran = TestEnv::new().run(&["demo", "--profile", "oci"]);
    assert!(ran.assert_done().stderr.contains("like oci"), "{ran}");
}

#[test]
fn knows_which_registries_there_are() {
    TestEnv::new()
        .run(&["demo", "--profile", "nay"])
        .assert_shows(str![[r#"
exit code: 2
--- stdout
--- stderr
error: cannot imitate "nay"
caused by: no profile is called "nay"; there are oci, distribution-2.8, distribution-3, quay, quay-3.3, docker-hub, ghcr, ecr, gar, acr, harbor, gitlab, artifactory, nexus, zot, gitea, cloudflare, aliyun
hint: the profile is a name from that list, or a file

"#]]);
}
