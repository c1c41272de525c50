//! Blobs from other repositories.

use crate::APP;
use crate::client::{Client, with_query};
use longshore_mock_registry::{Config, Profile};
use longshore_protocol::Digest;

#[test]
fn p35_p36_a_blob_is_mounted() {
    let mut client = Client::of("oci");
    let digest = client.push_blob("other/app", b"layer");
    let post = format!("POST /v2/{APP}/blobs/uploads/?mount={digest}&from=other/app");
    let mounted = client.send(&post, &[], b"");
    assert_eq!(mounted.status(), 201);
    assert_eq!(
        mounted.header("docker-content-digest"),
        Some(digest.to_string().as_str())
    );
    assert!(mounted.location().contains(APP));
    assert_eq!(client.get(&mounted.location()).text(), "layer");
    assert!(client.core.open_sessions().is_empty());
}

#[test]
fn p37_what_cannot_be_mounted_begins_a_session() {
    let absent = Digest::sha256(b"absent");
    for from in ["other/app", "nobody/nothing", "Not%20a%20name"] {
        let mut client = Client::of("oci");
        client.push_blob("other/app", b"layer");
        let post = format!("POST /v2/{APP}/blobs/uploads/?mount={absent}&from={from}");
        let opened = client.send(&post, &[], b"");
        assert_eq!(opened.status(), 202, "{from}");
        let put = with_query(&opened.location(), &format!("digest={absent}"));
        assert_eq!(
            client.send(&format!("PUT {put}"), &[], b"absent").status(),
            201
        );
    }
    let text = "name = 'm'\nsummary = ''\n[mount]\nwith-from = false";
    let mut client = Client::new(Config::new(Profile::from_toml(text).unwrap()));
    let digest = client.push_blob("other/app", b"layer");
    let post = format!("POST /v2/{APP}/blobs/uploads/?mount={digest}&from=other/app");
    assert_eq!(client.send(&post, &[], b"").status(), 202, "it will not");
}

#[test]
fn p38_a_mount_needs_no_source() {
    let mut client = Client::of("oci");
    let digest = client.push_blob("other/app", b"layer");
    let post = format!("POST /v2/{APP}/blobs/uploads/?mount={digest}");
    assert_eq!(client.send(&post, &[], b"").status(), 201);
    let absent = Digest::sha256(b"absent");
    let post = format!("POST /v2/{APP}/blobs/uploads/?mount={absent}");
    assert_eq!(client.send(&post, &[], b"").status(), 202);
}

#[test]
fn p38_a_mount_without_source_shows_nobody_what_they_may_not_pull() {
    let profile = Profile::builtin("oci").unwrap();
    let mut config = Config::new(profile).user("alice", "secret");
    config.rights.closed.insert("closed/app".into());
    let mut client = Client::new(config);
    let digest = client.core.add_blob("closed/app", "layer".into()).unwrap();
    let scope = format!("repository:{APP}:pull,push");
    client.log_in("/token", "registry.test", "alice:secret", &[&scope]);
    let post = format!("POST /v2/{APP}/blobs/uploads/?mount={digest}");
    assert_eq!(client.send(&post, &[], b"").status(), 202);
}
