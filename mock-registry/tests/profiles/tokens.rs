//! The token server's less usual habits, from login to push.

use longshore_mock_registry::{Config, Profile};

use crate::APP;
use crate::client::Client;

fn client(knobs: &str) -> Client {
    let text = format!("name = 't'\nsummary = ''\n{knobs}");
    let config = Config::new(Profile::from_toml(&text).unwrap()).user("alice", "secret");
    Client::new(config)
}

fn post(client: &mut Client) -> u16 {
    client
        .send(&format!("POST /v2/{APP}/blobs/uploads/"), &[], b"")
        .status()
}

#[test]
fn a_password_can_be_good_once_and_its_token_lasts() {
    let mut client = client("[auth]\npassword-uses = 1");
    let scope = format!("repository:{APP}:pull,push");
    let log_in = |client: &mut Client| {
        client
            .log_in("/token", "registry.test", "alice:secret", &[&scope])
            .status()
    };
    assert_eq!(log_in(&mut client), 200);
    let kept = client.headers.clone();
    assert_eq!(log_in(&mut client), 401);
    client.headers = kept;
    assert_eq!(post(&mut client), 202);
}

#[test]
fn a_refresh_token_outlives_the_password() {
    let mut client = client("[auth]\nrefresh-tokens = true\npassword-uses = 1");
    let basic = crate::client::basic("alice:secret");
    let target = "GET /token?service=registry.test&offline_token=true";
    let first = client
        .send(target, &[("authorization", &basic)], b"")
        .json();
    let mut refresh = first["refresh_token"].as_str().unwrap().to_owned();
    for _ in 0..2 {
        let form = format!(
            "grant_type=refresh_token&refresh_token={refresh}&service=registry.test\
             &scope=repository:{APP}:pull,push"
        );
        let next = client.send("POST /token", &[], form.as_bytes()).json();
        let token = next["access_token"].as_str().unwrap();
        client.headers = vec![("authorization".into(), format!("Bearer {token}"))];
        assert_eq!(post(&mut client), 202);
        client.headers.clear();
        refresh = next["refresh_token"].as_str().unwrap().to_owned();
    }
    let form = b"grant_type=refresh_token&refresh_token=made-up&service=registry.test";
    assert_eq!(client.send("POST /token", &[], form).status(), 401);
    let plain = client.send(
        "GET /token?service=registry.test",
        &[("authorization", &basic)],
        b"",
    );
    assert_eq!(plain.status(), 401, "the password was used");
}

#[test]
fn an_opaque_token_expires_and_cannot_be_made_up() {
    let mut client = client("[auth]\ntoken-format = 'opaque'\nlifetime = 60");
    let scope = format!("repository:{APP}:pull,push");
    client.log_in("/token", "registry.test", "alice:secret", &[&scope]);
    assert_eq!(post(&mut client), 202);
    client.now += std::time::Duration::from_secs(60);
    assert_eq!(post(&mut client), 401);
    client.headers = vec![("authorization".into(), format!("Bearer {}", "0".repeat(32)))];
    assert_eq!(post(&mut client), 401);
}

#[test]
fn opaque_tokens_do_not_fill_the_memory() {
    let mut client = client("[auth]\ntoken-format = 'opaque'");
    for _ in 0..5000 {
        client.log_in("/token", "registry.test", "alice:secret", &[]);
    }
    assert_eq!(client.get("/v2/").status(), 200, "the newest is good");
}
