//! Directories that are no unpacked images, and others that are though they do not look it.

use snapbox::str;

use crate::support::{TestEnv, assert_holds, at, open_registry};

#[test]
fn a_tree_with_one_file_is_an_image() {
    for path in [
        "image/app/run",
        "image/nix/store/x",
        "image/data/x",
        "image/home/x",
        "image/x",
    ] {
        let (env, registry) = (TestEnv::new(), open_registry());
        env.write(path, "x");
        let ran = env.push(&["--strict", "--entrypoint=/x"], &at(&registry, "app"));
        assert!(!ran.assert_done().stderr.contains("warning"), "{ran}");
        assert_holds(&registry, "app", "latest");
    }
}

#[test]
fn what_looks_like_something_else_is_pushed_with_a_warning() {
    let (env, registry) = (TestEnv::new(), open_registry());
    for file in ["oci-layout", "index.json", "blobs/sha256/x"] {
        env.write(&format!("image/{file}"), "{}");
    }
    let ran = env.push(&["--user=1"], &at(&registry, "app"));
    ran.assert_done().assert_shows(str![[r#"
exit code: 0
--- stdout
127.0.0.1:[PORT]/app@sha256:[DIGEST]
--- stderr
pushing image:   app
image path:      image
destination:     127.0.0.1:[PORT]/app:latest
warning: image looks like an OCI image layout: its files are pushed, and not the image in it, which `skopeo copy oci:image docker://DEST_REF` pushes
asking the registry for permission
layer 1/1: preparing
preparing metadata
starting upload
layer 1/1: [SHORT]: checking if already in repository
layer 1/1: [SHORT]: not present, uploading
config: [SHORT]: not present, uploading
manifest: uploading
cleaning up
done

"#]]);
    assert_holds(&registry, "app", "latest");
}

#[test]
fn strictness_refuses_what_looks_like_something_else() {
    let cases = [
        ("image/.git/HEAD", "source checkout, as it has .git"),
        ("image/Cargo.toml", "source checkout, as it has Cargo.toml"),
        ("image/.ssh/id", "home directory, as it has .ssh"),
        ("image/system.tar.gz", "nothing but archives"),
    ];
    for (path, words) in cases {
        let (env, registry) = (TestEnv::new(), open_registry());
        env.write(path, "x");
        let ran = env.push(&["--strict"], &at(&registry, "app"));
        ran.assert_failed(3, &[words, "hint: "]);
        assert_eq!(registry.with(|core| core.requests().count()), 0);
        env.push::<&str>(&[], &at(&registry, "app")).assert_done();
    }
    let (env, registry) = (TestEnv::new(), open_registry());
    env.write("image/config.json", "{}");
    env.write("image/rootfs/bin/sh", "x");
    let ran = env.push(&["--strict"], &at(&registry, "app"));
    ran.assert_failed(3, &["--image image/rootfs pushes that alone"]);
    let env = TestEnv::new();
    std::fs::create_dir(env.path("image")).unwrap();
    env.write("image.tar", "x");
    let ran = env.push(&["--strict"], &at(&registry, "app"));
    ran.assert_failed(3, &["image is empty", "tar -xf", "image.tar -C image"]);
}

#[test]
fn a_path_instead_of_a_name_is_told_from_one() {
    let env = TestEnv::new();
    env.write("rootfs/app/run", "x");
    env.write("my image/x", "x");
    env.write("image.tar", "x");
    let ran = env.run(&["push", "./rootfs", "registry.example/x"]);
    ran.assert_shows(str![[r#"
exit code: 3
--- stdout
--- stderr
pushing image:   ./rootfs
error: can't push: no image ./rootfs in [ROOT]/storage
hint: ./rootfs is a directory here: longshore push --image ./rootfs registry.example/x

"#]]);
    let hints = [
        (
            ["push", "./rootfs"].as_slice(),
            2,
            "push --image ./rootfs [HOST[:PORT]/]NAME[:TAG]",
        ),
        (
            &["push", "rootfs", "h.example/x"],
            3,
            "push --image rootfs h.example/x",
        ),
        (
            &["push", "my image", "h.example/x"],
            2,
            "push --image 'my image' h.example/x",
        ),
        (&["push", "image.tar", "h.example/x"], 3, "with --image DIR"),
        (
            &["-s", "none", "push", "./rootfs", "h.example/x"],
            3,
            "push --image ./rootfs h.example/x",
        ),
    ];
    for (arguments, code, words) in hints {
        env.run(arguments).assert_failed(code, &[words]);
    }
}
