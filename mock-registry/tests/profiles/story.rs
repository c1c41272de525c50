//! All that clients of a registry see, in requests of every kind: nothing is expected of it.

use std::time::Duration;

use http::Request;
use longshore_mock_registry::{Begun, Profile};
use longshore_protocol::Digest;
use sha2::Digest as _;

use crate::client::{OCI_MANIFEST, basic, manifest, with_query};
use crate::teller::{OCTETS, Teller};

/// Everything that is answered, by registries with users, without, and open to all readers.
pub(crate) fn story(profile: &Profile) -> String {
    let mut told = String::new();
    for (users, open) in [(false, false), (true, false), (true, true)] {
        for act in [
            Teller::log_in_often,
            Teller::upload,
            Teller::store,
            Teller::hurry,
        ] {
            let mut teller = Teller::of(profile.clone(), users, open);
            act(&mut teller);
            told.push_str(&teller.told);
        }
        if !users {
            let mut teller = Teller::of(profile.clone(), users, open);
            teller.large();
            told.push_str(&teller.told);
        }
    }
    told
}

impl Teller {
    fn log_in_often(&mut self) {
        for value in [
            "",
            "Bearer junk",
            "Basic junk",
            &basic("alice:wrong"),
            &basic("alice:secret"),
        ] {
            self.ask("GET /v2/", &[("authorization", value)], b"");
        }
        let (app, other) = (self.app.clone(), self.other.clone());
        let [closed, read_only] = ["closed", "read-only"].map(|last| other.replace("other", last));
        for scopes in [
            format!("&scope=repository:{app}:pull"),
            format!("&scope=repository:{app}:pull&scope=repository:{other}:pull"),
            format!("&scope=repository:{closed}:pull"),
            format!("&scope=repository:{read_only}:pull,push"),
            String::new(),
        ] {
            self.token(&scopes);
            self.login = None;
            self.tags();
            self.ask(
                &format!("GET {}?service=registry.test{scopes}", self.token_path),
                &[],
                b"",
            );
        }
        for form in [
            "grant_type=password&username=alice&password=secret&access_type=offline",
            "grant_type=refresh_token&refresh_token=identity",
        ] {
            let form =
                format!("{form}&client_id=x&service=registry.test&scope=repository:{app}:pull");
            let typed = [("content-type", "application/x-www-form-urlencoded")];
            self.ask(
                &format!("POST {}", self.token_path),
                &typed,
                form.as_bytes(),
            );
        }
        // A token as it grows old.
        self.token(&format!("&scope=repository:{app}:pull"));
        self.ask("GET /v2/", &[], b"");
        let rest = self.lifetime.saturating_sub(50);
        for seconds in [49, rest, 20, 200, 31, 5, 300, 300, 3_000, 40_000, 100_000] {
            self.tags();
            self.now += Duration::from_secs(seconds);
        }
        for password in ["alice:wrong", "alice:wrong", "alice:secret"] {
            let login = [("authorization", basic(password))];
            let login = login
                .each_ref()
                .map(|(name, value)| (*name, value.as_str()));
            self.ask(
                &format!("GET {}?service=registry.test", self.token_path),
                &login,
                b"",
            );
        }
    }

    fn upload(&mut self) {
        self.log_in();
        for name in [
            self.nowhere.clone(),
            "single".into(),
            "a/b/c/d".into(),
            "No/Name".into(),
        ] {
            self.open(&name);
            self.ask(&format!("GET /v2/{name}/tags/list"), &[], b"");
        }
        let new = self.app.replace("app", "new");
        self.token(&format!("&scope=repository:{new}:pull,push"));
        self.ask(&format!("GET /v2/{new}/tags/list"), &[], b"");
        self.open(&self.app.replace("team", "elsewhere"));
        self.log_in();
        let app = self.app.clone();
        let single = format!(
            "POST /v2/{app}/blobs/uploads/?digest={}",
            Digest::sha256(b"single")
        );
        for headers in [
            &[("no-length", "")][..],
            &[("content-type", "text/plain")],
            &[OCTETS],
        ] {
            self.ask(&single, headers, b"single");
        }
        // Chunks that fit, that do not, and of every odd form.
        for range in [
            None,
            Some("5-7"),
            Some("7-9"),
            Some("0-2"),
            Some("bytes=5-7"),
        ] {
            let mut at = self.open(&app);
            at = self.follow(
                &format!("PATCH {at}"),
                &[OCTETS, ("content-range", "0-4")],
                b"hello",
                &at,
            );
            self.ask(&format!("GET {at}"), &[], b"");
            let headers = range.map(|range| [OCTETS, ("content-range", range)]);
            let headers = headers
                .as_ref()
                .map_or(&[OCTETS][..], |headers| &headers[..]);
            at = self.follow(&format!("PATCH {at}"), headers, b"abc", &at);
            self.put(&at, b"helloabcd", b"d");
            self.put(&at, b"helloabcd", b"d");
        }
        for headers in [
            &[("no-length", ""), OCTETS][..],
            &[("content-type", "text/plain")],
        ] {
            let at = self.open(&app);
            let at = self.follow(&format!("PATCH {at}"), headers, b"x", &at);
            self.follow(&format!("PATCH {at}"), &[OCTETS], b"longer", &at);
        }
        // URLs that are old, mangled, or come back after a time.
        let at = self.open(&app);
        let newer = self.follow(&format!("PATCH {at}"), &[OCTETS], b"hello", &at);
        let bare = newer.split('?').next().unwrap_or_default().to_owned();
        let mangled = newer.replacen('?', "?x=y&", 1);
        let invented = format!("{bare}?_state=AAAA&_stateHash=AAAA&state=AAAA");
        for url in [&at, &bare, &invented, &mangled] {
            self.ask(&format!("GET {url}"), &[], b"");
            self.ask(&format!("PATCH {url}"), &[OCTETS], b"more!");
        }
        self.put(&newer, b"hello", b"");
        self.put(&newer, b"wrong", b"");
        let at = self.open(&app);
        self.ask(&format!("PATCH {at}"), &[OCTETS], b"");
        for wait in [601, 3_601, 86_401, 200_000, 604_801, 5_000_000] {
            let at = self.open(&app);
            self.now += Duration::from_secs(wait);
            self.log_in();
            self.ask(&format!("GET {at}"), &[], b"");
        }
        let at = self.open(&app);
        self.ask(&format!("PUT {at}"), &[OCTETS], b"no digest");
        let at = self.open(&app);
        self.ask(&format!("DELETE {at}"), &[], b"");
        let unknown = format!("/v2/{app}/blobs/uploads/3f1c2e9a-0000-4000-8000-000000000000");
        self.put(&unknown, b"x", b"x");
        self.ask(&format!("PUT {unknown}?digest=nonsense"), &[OCTETS], b"x");
        // The client vanishes in the middle.
        let at = self.open(&app);
        let (parts, ()) = Request::patch(at.as_str()).body(()).unwrap().into_parts();
        if let Begun::Receive(mut call) = self.core.begin(self.now, &parts) {
            call.body(b"hel");
            self.core.drop_call(self.now, call);
        }
        self.ask(&format!("GET {at}"), &[], b"");
    }

    fn store(&mut self) {
        self.log_in();
        let (app, other, fixed) = (self.app.clone(), self.other.clone(), self.fixed.clone());
        let config = config();
        let blobs: [&[u8]; 3] = [config.as_bytes(), OTHER_CONFIG, b"layer"];
        for blob in blobs {
            let at = self.open(&app);
            self.put(&at, blob, blob);
            let at = self.open(&app);
            self.put(&at, blob, blob);
        }
        let layer = Digest::sha256(b"layer");
        let sha512: String = sha2::Sha512::digest(b"layer")
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        let at = self.open(&app);
        let put = with_query(&at, &format!("digest=sha512:{sha512}"));
        self.ask(&format!("PUT {put}"), &[OCTETS], b"layer");
        self.look(&app, &layer.to_string());
        self.look(&other, &layer.to_string());
        self.look(&app, EMPTY_LAYER);
        for query in [
            format!("mount={layer}&from={app}"),
            format!("mount={layer}"),
            format!("mount={layer}&from={}", self.nowhere),
            format!("mount={layer}&from={}", app.replace("app", "closed")),
        ] {
            let into = app.replace("app", "fixed");
            self.ask(&format!("POST /v2/{into}/blobs/uploads/?{query}"), &[], b"");
        }
        let text = manifest(config.as_bytes(), &[b"layer"]);
        let missing = manifest(config.as_bytes(), &[b"nowhere"]);
        let subject = text.replacen(
            '{',
            &format!(
                r#"{{"subject":{{"mediaType":"{OCI_MANIFEST}","digest":"{layer}","size":5}},"#
            ),
            1,
        );
        let digest = Digest::sha256(text.as_bytes());
        let tags = |count: u32| (0..count).map(|n| format!("tag=t{n}&")).collect::<String>();
        let login = self.login.take();
        let target = format!("PUT /v2/{app}/manifests/v1");
        self.ask(&target, &[("content-type", "text/plain")], text.as_bytes());
        self.login = login;
        for (what, kind, body) in [
            ("v1", OCI_MANIFEST, &text),
            ("v1", "text/plain", &text),
            (
                "v1",
                "application/vnd.docker.distribution.manifest.v2+json",
                &text,
            ),
            ("v2", OCI_MANIFEST, &missing),
            ("v3", OCI_MANIFEST, &subject),
            ("v4?tag=a&tag=b", OCI_MANIFEST, &text),
            (&format!("{digest}?tag=a&tag=b"), OCI_MANIFEST, &text),
            (&format!("{digest}?{}", tags(50)), OCI_MANIFEST, &text),
            (&format!("{digest}?{}", tags(70)), OCI_MANIFEST, &text),
            ("v7", OCI_MANIFEST, &manifest(b"layer", &[b"layer"])),
        ] {
            let target = format!("PUT /v2/{app}/manifests/{what}");
            self.ask(&target, &[("content-type", kind)], body.as_bytes());
            self.ask(&target, &[], body.as_bytes());
            let unmeasured = [("content-type", kind), ("no-length", "")];
            self.ask(&target, &unmeasured, body.as_bytes());
        }
        // A tag that does not move is one that names another manifest.
        for text in [&text, &manifest(OTHER_CONFIG, &[b"layer"])] {
            for blob in blobs {
                let at = self.open(&fixed);
                self.put(&at, blob, blob);
            }
            let target = format!("PUT /v2/{fixed}/manifests/v1");
            self.ask(&target, &[("content-type", OCI_MANIFEST)], text.as_bytes());
        }
        for reference in ["v1", "a", "t1", "absent"] {
            for method in ["HEAD", "GET"] {
                let target = format!("{method} /v2/{app}/manifests/{reference}");
                self.ask(&target, &[("accept", OCI_MANIFEST)], b"");
            }
        }
        self.ask(&format!("GET /v2/{app}/referrers/{layer}"), &[], b"");
        self.look(&app, &layer.to_string());
        self.look(&other, &layer.to_string());
        for query in [
            format!("mount={layer}"),
            format!("mount={layer}&from={app}"),
        ] {
            self.ask(
                &format!("POST /v2/{other}/blobs/uploads/?{query}"),
                &[],
                b"",
            );
        }
        let at = self.open(&app);
        self.put(&at, b"forgotten", b"forgotten");
        self.now += Duration::from_secs(2_000_000);
        self.log_in();
        let late = manifest(config.as_bytes(), &[b"forgotten"]);
        self.ask(
            &format!("PUT /v2/{app}/manifests/late"),
            &[("content-type", OCI_MANIFEST)],
            late.as_bytes(),
        );
        self.ask(&format!("DELETE /v2/{app}/manifests/v1"), &[], b"");
        self.ask(&format!("DELETE /v2/{app}/blobs/{layer}"), &[], b"");
        self.ask("GET /v2/no/such/path/at/all/here", &[], b"");
        self.ask(&format!("BREW /v2/{app}/tags/list"), &[], b"");
    }

    /// Bodies beyond what some registries take, or below what they want.
    fn large(&mut self) {
        let app = self.app.clone();
        let text = |size: usize| format!("{{\"x\":\"{}\"}}", "x".repeat(size));
        let target = format!("PUT /v2/{app}/manifests/large");
        for size in [2 << 20, 5 << 20] {
            self.ask(
                &target,
                &[("content-type", OCI_MANIFEST)],
                text(size).as_bytes(),
            );
        }
        let piece = text(5 << 20).into_bytes();
        let at = self.open(&app);
        self.put(&at, &piece, &piece);
        let at = self.open(&app);
        let range = format!("0-{}", piece.len() - 1);
        let headers = [OCTETS, ("content-range", range.as_str())];
        let at = self.follow(&format!("PATCH {at}"), &headers, &piece, &at);
        let put = with_query(&at, &format!("digest={}", Digest::sha256(&piece)));
        let range = format!("{0}-{0}", piece.len());
        self.ask(
            &format!("PUT {put}"),
            &[OCTETS, ("content-range", &range)],
            b"!",
        );
        // As long as the first, then not; and what comes with the end.
        for second in [&piece[..], &piece[1..]] {
            let mut at = self.open(&app);
            for (from, chunk) in [
                (0, &piece[..]),
                (piece.len(), second),
                (piece.len() + second.len(), b"end"),
            ] {
                let range = format!("{from}-{}", from + chunk.len() - 1);
                let headers = [OCTETS, ("content-range", range.as_str())];
                at = self.follow(&format!("PATCH {at}"), &headers, chunk, &at);
            }
            let whole = [&piece, second, b"end"].concat();
            let put = with_query(&at, &format!("digest={}", Digest::sha256(&whole)));
            let range = format!("{0}-{0}", whole.len());
            self.ask(
                &format!("PUT {put}"),
                &[OCTETS, ("content-range", &range)],
                b"!",
            );
        }
        // The answer to some is known before the body has come.
        for length in ["25000000", "600000000"] {
            let at = self.open(&app);
            let claim = [OCTETS, ("no-length", ""), ("content-length", length)];
            let put = with_query(&at, &format!("digest={}", Digest::sha256(b"")));
            self.ask(&format!("PUT {put}"), &claim, b"");
        }
    }

    /// More than some registries allow in a while.
    fn hurry(&mut self) {
        self.log_in();
        self.pace = Duration::ZERO;
        let target = format!("PUT /v2/{}/manifests/v1", self.app);
        for wait in [0, 2, 70] {
            self.now += Duration::from_secs(wait);
            for _ in 0..30 {
                self.ask(&target, &[("content-type", OCI_MANIFEST)], b"{}");
            }
        }
        let name = self.app.clone();
        for n in 0..3 {
            self.open(&name.replace("app", &format!("new{n}")));
        }
    }
}

/// What an image of one layer says of itself.
fn config() -> String {
    let layer = Digest::sha256(b"layer");
    format!(
        r#"{{"architecture":"amd64","os":"linux","created":"2026-01-01T00:00:00Z","config":{{}},"rootfs":{{"type":"layers","diff_ids":["{layer}"]}},"history":[{{"created":"2026-01-01T00:00:00Z"}}]}}"#
    )
}

const OTHER_CONFIG: &[u8] =
    br#"{"architecture":"arm64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#;
/// The layer that docker makes of nothing, as gzip packs it.
const EMPTY_LAYER: &str = "sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4";
