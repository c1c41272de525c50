//! Every fault, with every choice it has, beside the same requests without it.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use longshore_mock_registry::fault::{Fault, Wire, catalogue};
use longshore_mock_registry::record::{Listener, Peer};
use longshore_mock_registry::{Config, Profile};
use longshore_protocol::Digest;

use crate::harness::{
    Answer, Client, LAYER, MANIFEST, PASSWORD, POST, TYPE, basic, manifest, with_digest,
};

#[test]
fn each_fault_makes_a_difference() {
    let calm = story(None);
    assert_eq!(
        calm,
        story(None),
        "without faults the story is always the same"
    );
    let idle: Vec<String> = faults()
        .filter(|fault| story(Some(fault)) == calm)
        .map(|fault| fault.to_string())
        .collect();
    assert!(idle.is_empty(), "nobody would notice {}", idle.join(", "));
}

/// Every fault as it is by itself, and with each choice among its settings.
fn faults() -> impl Iterator<Item = Fault> {
    catalogue().flat_map(|entry| {
        let plain = Fault::new(entry.name).unwrap();
        let choices = entry.params.iter().flat_map(move |param| {
            let values = param.choices().iter();
            let with = |value: &&str| Fault::new(entry.name).unwrap().set(param.name, value);
            values.map(with).map(Result::unwrap).collect::<Vec<_>>()
        });
        std::iter::once(plain).chain(choices)
    })
}

/// All that a client sees and that happens to its bytes, in a push with every kind of request.
fn story(fault: Option<&Fault>) -> Vec<String> {
    let config = Config::new(Profile::builtin("oci").unwrap()).user("alice", PASSWORD);
    let config = config.origin("https://registry.test");
    let mut teller = Teller {
        client: Client::new(config, ""),
        told: Vec::new(),
    };
    teller.client.secure = true;
    if let Some(fault) = fault {
        teller.client.registry.arm(fault.clone());
    }
    teller.push();
    teller.told
}

struct Teller {
    client: Client,
    told: Vec<String>,
}

impl Teller {
    fn push(&mut self) {
        let wire = self.client.registry.connect(Duration::ZERO);
        self.told.push(format!("{wire:?}"));
        self.ask("GET /v2/", &[], b"");
        self.ask(&head_of(LAYER), &[], b"");
        let scope = "service=registry.test&scope=repository:demo/app:pull,push,delete\
                     &scope=repository:demo/other:pull,push";
        let form =
            format!("grant_type=password&username=alice&password={PASSWORD}&{scope}&client_id=x");
        let typed = [("content-type", "application/x-www-form-urlencoded")];
        self.ask("POST /token", &typed, form.as_bytes());
        let token = format!("GET /token?{scope}");
        let answer = self.ask(&token, &[("authorization", &basic())], b"");
        let body = answer.map(|answer| answer.json()).unwrap_or_default();
        let token = body["token"].as_str().unwrap_or("none");
        // What a server could not put into a header no client can send back.
        let token = token.replace(|c: char| c.is_control(), "");
        self.client.token = Some(format!("Bearer {token}"));
        self.blob(LAYER);
        // Another one, for what plays on the second call only.
        self.blob(b"the bytes of a second layer");
        let location = self.open();
        self.ask(&format!("PATCH {location}"), &[], &vec![0; (1 << 20) + 1]);
        self.mount();
        self.overlap();
        self.manifests();
    }

    fn blob(&mut self, bytes: &[u8]) {
        let head = head_of(bytes);
        self.ask(&head, &[("accept", TYPE)], b"");
        self.ask("GET /v2/", &[("cookie", "trap=1")], b"");
        let single = format!("{POST}?digest={}", Digest::sha256(b"single"));
        self.ask(&single, &[], b"single");
        let location = self.open();
        self.ask(&format!("DELETE {location}"), &[], b"");
        let mut location = self.open();
        let (first, second) = bytes.split_at(bytes.len() / 2);
        for (at, piece) in [(0, first), (first.len(), second)] {
            let range = format!("{at}-{}", at + piece.len() - 1);
            let expecting = [
                ("content-range", range.as_str()),
                ("expect", "100-continue"),
            ];
            let answer = self.ask(&format!("PATCH {location}"), &expecting, piece);
            location = next(answer.as_ref(), &location);
            let answer = self.ask(&format!("GET {location}"), &[], b"");
            location = next(answer.as_ref(), &location);
        }
        self.ask(&format!("PUT {}", with_digest(&location, bytes)), &[], b"");
        let location = self.open();
        let put = format!("PUT {}", with_digest(&location, second));
        self.ask(&put, &[("transfer-encoding", "chunked")], second);
        self.ask(&head, &[], b"");
        self.ask(&head.replace("HEAD", "GET"), &[], b"");
    }

    fn mount(&mut self) {
        let digest = Digest::sha256(LAYER);
        let what = format!("POST /v2/demo/other/blobs/uploads/?mount={digest}&from=demo/app");
        self.ask(&what, &[], b"");
    }

    /// A request while another one is under way.
    fn overlap(&mut self) {
        let location = self.open();
        let (parts, ()) = Request::patch(path_of(&location))
            .body(())
            .unwrap()
            .into_parts();
        let registry = &mut self.client.registry;
        let peer = Peer {
            secure: true,
            ..Peer::default()
        };
        let turn = registry.begin(self.client.now, peer, &parts);
        let location = self.open();
        self.ask(
            &format!("PUT {}", with_digest(&location, b"more")),
            &[],
            b"more",
        );
        self.client.registry.drop_turn(self.client.now, turn);
    }

    fn manifests(&mut self) {
        let typed = [("content-type", TYPE)];
        let tags: Vec<String> = (0..10)
            .map(|n| format!("tag={}{n}", "x".repeat(60)))
            .collect();
        let many = format!("{MANIFEST}?{}", tags.join("&"));
        for what in [MANIFEST, &many, MANIFEST] {
            self.ask(what, &typed, manifest().as_bytes());
            for method in ["HEAD", "GET"] {
                self.ask(&MANIFEST.replace("PUT", method), &[("accept", TYPE)], b"");
            }
        }
        self.ask("GET /v2/demo/app/tags/list", &[], b"");
        self.ask(&MANIFEST.replace("PUT", "DELETE"), &[], b"");
    }

    fn open(&mut self) -> String {
        let answer = self.ask(POST, &[], b"");
        next(answer.as_ref(), "/v2/demo/app/blobs/uploads/lost")
    }

    fn ask(&mut self, what: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Answer> {
        self.client.now += Duration::from_millis(100);
        let (_, target) = what.split_once(' ')?;
        let listener = if target.starts_with("http://elsewhere.test") {
            Listener::Elsewhere
        } else {
            Listener::Registry
        };
        let (answer, wire) = self.client.send_to(listener, what, headers, body);
        let shown = answer.as_ref().map(|answer| {
            let body = Bytes::clone(answer.0.body());
            let digest = Digest::sha256(&body);
            format!("{} {:?} {digest}", answer.status(), answer.0.headers())
        });
        let wire = Some(wire).filter(|wire| *wire != Wire::default());
        self.told.push(format!("{what} {shown:?} {wire:?}"));
        answer
    }
}

fn head_of(bytes: &[u8]) -> String {
    format!("HEAD /v2/demo/app/blobs/{}", Digest::sha256(bytes))
}

/// Where an upload goes on.
fn next(answer: Option<&Answer>, last: &str) -> String {
    let location = answer.and_then(|answer| answer.header("location"));
    let location = location.filter(|location| Request::get(path_of(location)).body(()).is_ok());
    location.unwrap_or(last).to_owned()
}

fn path_of(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, rest)| {
        rest.find('/').map_or("/", |at| &rest[at..])
    })
}
