//! Each embedded profile: an image goes in, and what it is known for shows.

use std::time::Duration;

use longshore_mock_registry::{Auth, Config, Profile};
use longshore_protocol::Digest;

use crate::client::{Answer, Client, OCI_MANIFEST, basic, with_query};

/// A repository that every profile takes the name of.
const NAME: &str = "team/project/app";
const CONFIG: &[u8] = br#"{"architecture":"amd64","os":"linux","history":[{"created_by":"x"}],"rootfs":{"type":"layers","diff_ids":["sha256:4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce"]}}"#;

#[test]
fn each_profile_takes_an_image_from_a_client_that_does_it_right() {
    for name in Profile::names() {
        let mut client = dressed(name);
        let repository = if two_parts(&client) { "team/app" } else { NAME };
        client.core.create_repository(repository).unwrap();
        if client.core.profile().auth.scheme == Auth::Bearer {
            sign_in(&mut client, repository);
        } else {
            let basic = basic("alice:secret");
            client.headers = vec![("authorization".into(), basic)];
        }
        for blob in [CONFIG, b"layer"] {
            client.push_blob(repository, blob);
        }
        let body = crate::client::manifest(CONFIG, &[b"layer"]);
        let put = format!("PUT /v2/{repository}/manifests/v1");
        let answer = client.send(&put, &[("content-type", OCI_MANIFEST)], body.as_bytes());
        assert_eq!(answer.status(), 201, "{name}: {}", answer.text());
        let (_, bytes, _) = client.core.manifest(repository, "v1").unwrap();
        assert_eq!(bytes, body.as_bytes(), "{name}");
        assert!(client.core.open_sessions().is_empty(), "{name}");
    }
}

#[test]
fn each_profile_shows_what_it_is_known_for() {
    let mut wrong = Vec::new();
    for (name, look, expected) in SIGNS {
        let seen = look(&mut dressed(name));
        if seen != *expected {
            wrong.push(format!("{name}: {seen:?} for {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for name in Profile::names() {
        let there = SIGNS.iter().any(|(known, ..)| *known == name);
        assert!(there, "{name} is known for nothing");
    }
}

type Sign = (&'static str, fn(&mut Client) -> String, &'static str);

#[rustfmt::skip] // One sign a line.
const SIGNS: &[Sign] = &[
    ("oci", |c| chunks(c, "team/app"), "- 202 0-2 202 0-5 0-5"),
    ("distribution-2.8", |c| chunks(c, "team/app"), "0-0 202 0-2 202 0-5 0-5"),
    ("distribution-2.8", |c| gap(c), "202 -"),
    ("distribution-2.8", |c| { c.core.create_repository("a/b").unwrap(); free(c).get("/v2/a/b/referrers/x").text() }, "404 page not found\n"),
    ("distribution-3", |c| gap(c), "416 RANGE_INVALID"),
    ("distribution-3", |c| { let mut c = free(c); let at = c.open("a/b"); patch(&mut c, &at, "abc"); verdict(&patch(&mut c, &at, "def")) }, "416 RANGE_INVALID"),
    ("quay", |c| chunks(c, "team/app"), "bytes=0--1 202 0-2 202 0-5 bytes=0-6"),
    ("quay-3.3", |c| { let mut c = free(c); let d = c.push_blob("a/b", b"x"); c.send(&format!("POST /v2/a/b/blobs/uploads/?mount={d}"), &[], b"").status().to_string() }, "400"),
    ("docker-hub", |c| verdict(&free(c).send("POST /v2/user/a/b/blobs/uploads/", &[], b"")), "403 DENIED"),
    ("docker-hub", |c| { for _ in 0..3000 { c.get("/v2/"); } let a = c.get("/v2/"); format!("{} {} {}", a.status(), a.text(), a.header("retry-after").unwrap()) }, "429 Too Many Requests (HAP429) 60"),
    ("ghcr", |c| challenge(&c.get("/v2/")), "Bearer realm=\"http://registry.test/token\",service=\"registry.test\",scope=\"repository:user/image:pull\""),
    ("ghcr", |c| { let mut c = free(c); let at = c.open("a/b"); let long = vec![b'x'; (4 << 20) + 1]; let a = c.send(&format!("PATCH {at}"), &[("content-range", "0-4194304")], &long); let b = c.send(&format!("PATCH {at}"), &[], &long); format!("{} {}", verdict(&a), b.status()) }, "416 REQUESTED_RANGE_NOT_SATISFIABLE 202"),
    ("ghcr", |c| { c.core.create_repository("x/y").unwrap(); verdict(&c.log_in("/token", "registry.test", "alice:secret", &["repository:closed/app:pull,push"])) }, "403 DENIED"),
    ("ecr", |c| { c.core.create_repository("team/app").unwrap(); chunks(c, "team/app") }, "0-0 201 0-2 400 - 0-2"),
    ("ecr", |c| { let a = c.get("/v2/"); format!("{} {}", a.text(), challenge(&a)) }, "Not Authorized Basic realm=\"http://registry.test/\",service=\"ecr.amazonaws.com\""),
    ("ecr", |c| { let a = free(c).send("POST /v2/a/b/blobs/uploads/", &[], b""); a.0.extensions().get::<longshore_mock_registry::HangUp>().is_some().to_string() }, "true"),
    ("gar", |c| { let mut c = free(c); c.core.create_repository(NAME).unwrap(); let at = c.open(NAME); let first = patch(&mut c, &at, "abc").status(); format!("{} {} {first} {}", &at[20..71], at.len() > 2048, patch(&mut c, &at, "def").status()) }, "/artifacts-uploads/namespaces/team/repositories/pro true 202 400"),
    ("gar", |c| { let a = c.send("GET /v2/", &[("authorization", "Bearer x")], b""); format!("{} {}", a.status(), challenge(&a)) }, "401 -"),
    ("acr", |c| { let a = c.log_in("/oauth2/token", "registry.test", "alice:secret", &[]); let body = a.json(); let keys: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect(); keys.join(" ") }, "access_token"),
    ("acr", |c| free(c).open("a/b").contains("?_nouploadcache=false&_state=").to_string(), "true"),
    ("harbor", |c| { let a = c.send("GET /v2/", &[("authorization", "Bearer x")], b""); challenge(&a) }, "Basic realm=\"harbor\""),
    ("harbor", |c| { let mut c = free(c); let a = c.send("POST /v2/no/app/blobs/uploads/", &[], b""); format!("{} {:?}", a.status(), a.header("www-authenticate")) }, "401 Some(\"\")"),
    ("gitlab", |c| verdict(&free(c).send("POST /v2/no/project/blobs/uploads/", &[], b"")), "403 DENIED"),
    ("gitlab", |c| challenge(&c.get("/v2/")), "Bearer realm=\"http://registry.test/jwt/auth\",service=\"registry.test\""),
    ("artifactory", |c| { let mut c = free(c); c.core.create_repository("a/b").unwrap(); c.send("HEAD /v2/a/b/manifests/v1", &[], b"").status().to_string() }, "403"),
    ("nexus", |c| { let mut c = free(c); let d = c.push_blob("a/b", b"x"); verdict(&c.send(&format!("POST /v2/a/b/blobs/uploads/?digest={d}"), &[], b"x")) }, "400 BLOB_UPLOAD_INVALID"),
    ("zot", |c| { let mut c = free(c); let docker = "application/vnd.docker.distribution.manifest.v2+json"; verdict(&c.send("PUT /v2/a/b/manifests/v1", &[("content-type", docker)], b"{}")) }, "415 MANIFEST_INVALID"),
    ("zot", |c| { let config = Config::new(c.core.profile().clone()).user("a", "b").anonymous_pull(true); let a = Client::new(config).get("/v2/"); format!("{} {}", a.status(), challenge(&a)) }, "200 bearer realm=http://registry.test/token,service=\"registry.test\""),
    ("gitea", |c| { let mut c = free(c); c.core.create_repository("a/b").unwrap(); let at = c.open("a/b"); patch(&mut c, &at, "abc"); verdict(&patch(&mut c, &at, "def")) }, "400 BLOB_UPLOAD_INVALID"),
    ("gitea", |c| challenge(&c.get("/v2/")), "Bearer realm=\"http://registry.test/v2/token\",service=\"registry.test\",scope=\"*\" | Basic"),
    ("cloudflare", |c| { let mut c = free(c); let a = c.send("POST /v2/a/b/blobs/uploads/", &[], b""); format!("{} {} {}", a.header("oci-chunk-min-length").unwrap(), a.header("oci-chunk-max-length").unwrap(), c.get(&a.location()).header("range").unwrap()) }, "5242880 100000000 0--1"),
    ("cloudflare", |c| challenge(&c.get("/v2/a/b/tags/list?n=1")), "Basic realm=\"http://registry.test/v2/a/b/tags/list?n=1\""),
    ("aliyun", |c| { c.core.create_repository("team/x").unwrap(); chunks(c, "team/app") }, "0-0 202 0-2 202 0-2 0-5"),
];

fn dressed(name: &str) -> Client {
    let mut config = Config::new(Profile::builtin(name).unwrap()).user("alice", "secret");
    config.rights.closed.insert("closed/app".into());
    let mut client = Client::new(config);
    client.now = Duration::from_secs(60);
    client
}

/// The same profile without users.
fn free(client: &Client) -> Client {
    Client::new(Config::new(client.core.profile().clone()))
}

fn two_parts(client: &Client) -> bool {
    client.core.profile().repository.depth_max == 2
}

fn sign_in(client: &mut Client, repository: &str) {
    let path = client.core.profile().auth.token_path.clone();
    let scope = format!("repository:{repository}:pull,push");
    let answer = client.log_in(&path, "registry.test", "alice:secret", &[&scope]);
    assert_eq!(answer.status(), 200, "{}", client.core.profile().name);
}

fn patch(client: &mut Client, at: &str, bytes: &str) -> Answer {
    client.send(&format!("PATCH {at}"), &[], bytes.as_bytes())
}

/// The `Range` of a new session, of two chunks and of the status, with the chunks' statuses.
fn chunks(client: &mut Client, name: &str) -> String {
    let repositories = client.core.repositories();
    let mut client = free(client);
    for repository in repositories {
        client.core.create_repository(&repository).unwrap();
    }
    let range = |answer: &Answer| answer.header("range").unwrap_or("-").to_owned();
    let opened = client.send(&format!("POST /v2/{name}/blobs/uploads/"), &[], b"");
    let first = client.send(
        &format!("PATCH {}", opened.location()),
        &[("content-range", "0-2")],
        b"abc",
    );
    let at = first.location();
    let second = client.send(&format!("PATCH {at}"), &[("content-range", "3-5")], b"def");
    let at = second.header("location").unwrap_or(&at).to_owned();
    let status = client.get(&at);
    format!(
        "{} {} {} {} {} {}",
        range(&opened),
        first.status(),
        range(&first),
        second.status(),
        range(&second),
        range(&status),
    )
}

fn gap(client: &mut Client) -> String {
    let mut client = free(client);
    let at = client.open("team/app");
    verdict(&client.send(&format!("PATCH {at}"), &[("content-range", "5-7")], b"abc"))
}

fn verdict(answer: &Answer) -> String {
    let code = answer.code().unwrap_or_else(|| "-".to_owned());
    format!("{} {code}", answer.status())
}

fn challenge(answer: &Answer) -> String {
    let values = answer.0.headers().get_all("www-authenticate").iter();
    let values: Vec<&str> = values.map(|value| value.to_str().unwrap()).collect();
    if values.is_empty() {
        "-".to_owned()
    } else {
        values.join(" | ")
    }
}

/// A blob that was pushed in good time is still in the manifest of a registry that collects early.
#[test]
fn gar_forgets_blobs_that_wait_too_long() {
    let mut client = free(&dressed("gar"));
    client.core.create_repository(NAME).unwrap();
    client.push_blob(NAME, CONFIG);
    client.push_blob(NAME, b"layer");
    client.now += Duration::from_secs(3600);
    let layer = Digest::sha256(b"layer");
    let head = client.send(&format!("HEAD /v2/{NAME}/blobs/{layer}"), &[], b"");
    assert_eq!(head.status(), 200);
    let body = crate::client::manifest(CONFIG, &[b"layer"]);
    let put = format!("PUT /v2/{NAME}/manifests/v1");
    let headers = [("content-type", OCI_MANIFEST)];
    let refused = client.send(&put, &headers, body.as_bytes());
    assert_eq!(verdict(&refused), "400 BLOB_UNKNOWN");
    for blob in [CONFIG, b"layer"] {
        let at = with_query(
            &client.open(NAME),
            &format!("digest={}", Digest::sha256(blob)),
        );
        assert_eq!(client.send(&format!("PUT {at}"), &[], blob).status(), 201);
    }
    assert_eq!(client.send(&put, &headers, body.as_bytes()).status(), 201);
}
