//! F36–F49: tokens and challenges.

use serde_json::{Value, json};

use super::secret::evil_url;
use super::{Entry, Group, choice, number, status, text, tricks};
use crate::fault::play::{Made, Mark, Play};
use crate::fault::{Scene, Step};

pub(super) const ALL: &[Entry] = &[
    Entry {
        id: "F36",
        name: "token-expires",
        group: Group::Auth,
        does: "finds the token of a request expired, from then on",
        robust: "gets another, and sends the request again with the same session",
        steps: &[
            Step::Post,
            Step::Mount,
            Step::Patch,
            Step::Put,
            Step::Manifest,
        ],
        times: Some(1),
        params: &[number(
            "at",
            "0",
            "after how many bytes of the body the answer comes",
        )],
        survivable: true,
        play: |scene, p| {
            if !scene.authorized {
                return Play::pass();
            }
            let mut play = Play::stripped().mark(Mark::RevokeToken);
            if p.number("at") > 0 {
                play.wire.early = Some(p.number("at"));
            }
            play
        },
    },
    Entry {
        id: "F37",
        name: "scope-changes",
        group: Group::Auth,
        does: "demands another scope than it said before",
        robust: "asks for both, and does not ask again if the same is demanded",
        steps: &[Step::Post, Step::Mount],
        times: Some(1),
        params: &[text(
            "scope",
            "repository:other/thing:pull",
            "the scope demanded besides",
        )],
        survivable: true,
        play: |scene, p| {
            let scope = format!("{} {}", tricks::scope(scene), p.text("scope"));
            let value = format!(
                "Bearer realm=\"{}/token\",service=\"{}\",scope=\"{}\",error=\"insufficient_scope\"",
                scene.origin,
                tricks::service(scene),
                scope.trim()
            );
            Play::instead(
                Made::error(401, "UNAUTHORIZED", "more is needed")
                    .header("www-authenticate", value),
            )
        },
    },
    Entry {
        id: "F38",
        name: "grant-shrinks",
        group: Group::Auth,
        does: "gives tokens that allow pulling only",
        robust: "says that there is no right to push",
        steps: &[Step::Post, Step::Mount, Step::Upload, Step::Manifest],
        times: None,
        params: &[status("403")],
        survivable: false,
        play: |_, p| {
            Play::instead(Made::error(
                p.status("status"),
                "DENIED",
                "requested access to the resource is denied",
            ))
        },
    },
    Entry {
        id: "F39",
        name: "challenge-forms",
        group: Group::Auth,
        does: "challenges in an unusual form",
        robust: "understands it",
        steps: &[Step::Any],
        times: None,
        params: &[choice(
            "form",
            &[
                "two-in-one",
                "two-headers",
                "basic-first",
                "no-realm",
                "empty",
                "none",
                "unquoted",
                "upper",
                "lower",
                "escaped",
                "comma-scope",
                "extra",
                "empty-scope",
                "star",
            ],
            "the form",
        )],
        survivable: true,
        play: |scene, p| {
            if scene.step == Step::Token {
                return Play::pass();
            }
            tricks::challenge(scene, &challenge_forms(p.text("form"), scene))
        },
    },
    Entry {
        id: "F40",
        name: "evil-realm",
        group: Group::Auth,
        does: "names a token endpoint that nobody should give a password to",
        robust: "gives it none, and says why",
        steps: &[Step::Probe, Step::Head, Step::Post, Step::Mount],
        times: None,
        params: &[choice(
            "to",
            &[
                "elsewhere",
                "metadata",
                "mapped",
                "loopback",
                "private",
                "userinfo",
                "file",
                "decimal",
                "octal",
                "redirect",
            ],
            "where to",
        )],
        survivable: false,
        play: |scene, p| {
            let realm = evil_url(p.text("to"), scene, "/token");
            let value = format!(
                "Bearer realm=\"{realm}\",service=\"{}\",scope=\"{}\"",
                tricks::service(scene),
                tricks::scope(scene)
            );
            tricks::challenge(scene, &[value])
        },
    },
    Entry {
        id: "F41",
        name: "token-answer-forms",
        group: Group::Auth,
        does: "gives tokens in an unusual form",
        robust: "takes what is clear; refuses a token that cannot stand in a header",
        steps: &[Step::Token],
        times: None,
        params: &[choice(
            "form",
            &[
                "access-token",
                "token",
                "different",
                "absent",
                "empty",
                "expires-zero",
                "expires-absent",
                "expires-negative",
                "expires-string",
                "expires-huge",
                "issued-past",
                "issued-future",
                "issued-garbage",
                "extra",
                "created",
                "newline",
            ],
            "the form",
        )],
        survivable: true,
        play: |_, p| {
            let form = p.text("form").to_owned();
            if form == "created" {
                return tricks::status(201);
            }
            tricks::token_answer(move |value| token_form(&form, value))
        },
    },
    Entry {
        id: "F42",
        name: "token-5xx",
        group: Group::Auth,
        does: "fails to give tokens",
        robust: "tries again later, once for all its workers",
        steps: &[Step::Token],
        times: Some(1),
        params: &[status("503")],
        survivable: true,
        play: |_, p| Play::instead(Made::status(p.status("status"))),
    },
    Entry {
        id: "F42",
        name: "token-429",
        group: Group::Auth,
        does: "gives no more tokens for a while",
        robust: "waits, once for all its workers",
        steps: &[Step::Token],
        times: Some(1),
        params: &[number("seconds", "1", "how long")],
        survivable: true,
        play: |_, p| Play::instead(Made::status(429).header("retry-after", p.text("seconds"))),
    },
    Entry {
        id: "F43",
        name: "post-token-404",
        group: Group::Auth,
        does: "does not know POST for tokens",
        robust: "asks by GET",
        steps: &[Step::Token],
        times: None,
        params: &[choice(
            "status",
            &["404", "400", "401", "405"],
            "the status",
        )],
        survivable: true,
        play: |scene, p| {
            if scene.target.contains('?') {
                Play::pass()
            } else {
                Play::instead(Made::status(p.status("status")))
            }
        },
    },
    Entry {
        id: "F44",
        name: "basic-after-bearer",
        group: Group::Auth,
        does: "challenges with Basic where it challenged with Bearer before",
        robust: "goes on with the challenge it remembers; tries Basic once at most",
        steps: &[Step::Post, Step::Patch],
        times: Some(1),
        params: &[],
        survivable: true,
        play: |_, _| {
            Play::instead(
                Made::error(401, "UNAUTHORIZED", "authentication required")
                    .header("www-authenticate", "Basic realm=\"registry\""),
            )
        },
    },
    Entry {
        id: "F45",
        name: "401-without-challenge",
        group: Group::Auth,
        does: "answers 401 without saying how to authenticate",
        robust: "does once more what it did before",
        steps: &[Step::Post, Step::Patch],
        times: Some(1),
        params: &[],
        survivable: true,
        play: |_, _| Play::instead(Made::error(401, "UNAUTHORIZED", "authentication required")),
    },
    Entry {
        id: "F46",
        name: "401-forever",
        group: Group::Auth,
        does: "refuses every token",
        robust: "stops after two, and says that it cannot authenticate",
        steps: &[Step::Post, Step::Mount, Step::Upload, Step::Manifest],
        times: None,
        params: &[],
        survivable: false,
        play: |_, _| Play::stripped(),
    },
    Entry {
        id: "F47",
        name: "403-transient",
        group: Group::Auth,
        does: "refuses because of a secondary rate limit, then not",
        robust: "tries again if it knows the text",
        steps: &[Step::Post],
        times: Some(1),
        params: &[],
        survivable: false,
        play: |_, _| {
            Play::instead(Made::error(
                403,
                "DENIED",
                "You have exceeded a secondary rate limit. Please wait a few minutes",
            ))
        },
    },
    Entry {
        id: "F48",
        name: "cookie-trap",
        group: Group::Auth,
        does: "sets a cookie, and refuses whoever brings it back",
        robust: "has no cookies",
        steps: &[Step::Any],
        times: None,
        params: &[],
        survivable: true,
        play: |scene, _| {
            if scene.cookie {
                return Play::instead(Made::error(403, "DENIED", "a cookie came back"));
            }
            Play::change(|_, response| {
                let cookie = http::HeaderValue::from_static("trap=canary-cookie; Path=/");
                response.headers_mut().append("set-cookie", cookie);
            })
        },
    },
    Entry {
        id: "F49",
        name: "auth-on-200",
        group: Group::Auth,
        does: "challenges on a success",
        robust: "may remember it, and goes on",
        steps: &[Step::Probe, Step::Head, Step::ManifestHead],
        times: None,
        params: &[],
        survivable: true,
        play: |scene, _| {
            let value = format!(
                "Bearer realm=\"{}/token\",service=\"{}\"",
                scene.origin,
                tricks::service(scene)
            );
            Play::change(move |_, response| {
                if response.status().is_success() {
                    tricks::put(response, "www-authenticate", &value);
                }
            })
        },
    },
];

fn challenge_forms(form: &str, scene: &Scene) -> Vec<String> {
    let realm = format!("{}/token", scene.origin);
    let service = tricks::service(scene);
    let scope = tricks::scope(scene);
    let bearer = format!("Bearer realm=\"{realm}\",service=\"{service}\",scope=\"{scope}\"");
    let basic = "Basic realm=\"registry\"".to_owned();
    let one = match form {
        "two-in-one" => format!("Negotiate, {bearer}, {basic}"),
        "two-headers" => return vec!["Negotiate".into(), bearer],
        "basic-first" => return vec![basic, bearer],
        "no-realm" => format!("Bearer service=\"{service}\""),
        "empty" => String::new(),
        "none" => return Vec::new(),
        "unquoted" => format!(
            "Bearer realm=\"{realm}\",service={service},error=invalid_token,scope=\"{scope}\""
        ),
        "upper" => bearer.replacen("Bearer realm", "BEARER REALM", 1),
        "lower" => bearer.replacen("Bearer", "bearer", 1),
        "escaped" => format!(
            "Bearer realm=\"{realm}\",service=\"{service}\",error_description=\"say \\\"please\\\", then\",scope=\"{scope}\""
        ),
        "comma-scope" => {
            format!("Bearer  realm=\"{realm}\" , service=\"{service}\" ,scope=\"{scope}\" ,")
        }
        "extra" => format!("{bearer},error=\"invalid_token\",charset=\"UTF-8\",x-new=yes"),
        "empty-scope" => format!("Bearer realm=\"{realm}\",service=\"{service}\",scope=\"\""),
        _ => format!(
            "Bearer realm=\"{realm}\",service=\"{service}\",scope=\"repository:{}:*\"",
            scene.repository
        ),
    };
    vec![one]
}

fn token_form(form: &str, value: &mut Value) {
    let Some(answer) = value.as_object_mut() else {
        return;
    };
    let token = answer.get("token").or_else(|| answer.get("access_token"));
    let token = token.cloned().unwrap_or_default();
    let mut set = |key: &str, new: Value| {
        answer.insert(key.to_owned(), new);
    };
    match form {
        "access-token" => {
            set("access_token", token);
            answer.remove("token");
        }
        "token" => {
            set("token", token);
            answer.remove("access_token");
        }
        "different" => set("access_token", json!("another-token")),
        "absent" => {
            answer.remove("token");
            answer.remove("access_token");
        }
        "empty" => {
            set("token", json!(""));
            answer.remove("access_token");
        }
        "expires-zero" => set("expires_in", json!(0)),
        "expires-absent" => {
            answer.remove("expires_in");
        }
        "expires-negative" => set("expires_in", json!(-300)),
        "expires-string" => set("expires_in", json!("300")),
        "expires-huge" => set("expires_in", json!(1e30)),
        "issued-past" => set("issued_at", json!("2001-01-01T00:00:00Z")),
        "issued-future" => set("issued_at", json!("2099-01-01T00:00:00Z")),
        "issued-garbage" => set("issued_at", json!("yesterday")),
        "newline" => {
            let text = token.as_str().unwrap_or_default();
            set("token", json!(format!("{text}\r\nX-Injected: yes")));
            answer.remove("access_token");
        }
        _ => set("extra", json!({ "deep": [1, 2, 3] })),
    }
}
