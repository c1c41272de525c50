//! Who is pushing.

use longshore_mock_registry::Auth;
use longshore_protocol::{Phase, PushErrorKind};

use super::super::image::Image;
use super::super::scenario::{Login, Scenario};
use super::super::script::{Act, Canned, Step};

pub(super) fn scenarios() -> Vec<Scenario> {
    let mut found = vec![
        Scenario::new("nobody is asked who they are"),
        Scenario::new("Basic, with a password").auth(Auth::Basic),
        Scenario::new("Basic, with a wrong password")
            .auth(Auth::Basic)
            .login(Login::WrongPassword)
            .fails(PushErrorKind::Unauthenticated, Phase::Authentication),
        Scenario::new("Basic, with a better password when asked again")
            .auth(Auth::Basic)
            .login(Login::SecondPassword),
        Scenario::new("Basic, without credentials")
            .auth(Auth::Basic)
            .login(Login::Nothing)
            .fails(PushErrorKind::Unauthenticated, Phase::Authentication),
        Scenario::new("a token for a password").auth(Auth::Bearer),
        Scenario::new("no token for a wrong password")
            .auth(Auth::Bearer)
            .login(Login::WrongPassword)
            .fails(PushErrorKind::Unauthenticated, Phase::Authentication),
        Scenario::new("a token for a better password when asked again")
            .auth(Auth::Bearer)
            .login(Login::SecondPassword),
        Scenario::new("no token without credentials")
            .auth(Auth::Bearer)
            .login(Login::Nothing)
            .fails(PushErrorKind::Unauthenticated, Phase::Authentication),
        Scenario::new("an anonymous token that may only pull")
            .auth(Auth::Bearer)
            .login(Login::Nothing)
            .profile("name = 'x'\n[auth]\nanonymous-token = 'subset'")
            .set(|it| it.anonymous_pull = true)
            .fails(PushErrorKind::Unauthenticated, Phase::Authentication),
        Scenario::new("a token that dies before the blob is sent")
            .auth(Auth::Bearer)
            .when(Step::Put, 1, Act::Later(3600)),
        Scenario::new("a token that dies before the manifest is sent")
            .auth(Auth::Bearer)
            .when(Step::Manifest, 1, Act::Later(3600)),
        Scenario::new("a token that dies in a stream")
            .auth(Auth::Bearer)
            .image(streamed())
            .when(Step::Stream, 1, Act::Later(3600)),
        Scenario::new("a token that dies between two chunks")
            .auth(Auth::Bearer)
            .set(|it| it.chunk = Some(300))
            .when(Step::Chunk, 2, Act::Later(3600)),
        Scenario::new("a refresh token, by form")
            .login(Login::IdentityToken)
            .when(Step::Probe, 1, Act::Answer(bearer("{origin}/token")))
            .when(Step::Token, 1, Act::Answer(token())),
        Scenario::new("a token of the caller's own")
            .login(Login::RegistryToken)
            .when(Step::Probe, 1, Act::Answer(bearer("{origin}/token"))),
        Scenario::new("a token server without a form")
            .login(Login::IdentityToken)
            .when(Step::Probe, 1, Act::Answer(bearer("{origin}/token")))
            .when_all(Step::Token, 1, 9, Act::Answer(Canned::status(405)))
            .fails(PushErrorKind::Denied, Phase::Authentication),
        Scenario::new("a token server that answers without a token")
            .auth(Auth::Bearer)
            .when_all(Step::Token, 1, 9, answer(200, "{}"))
            .fails(PushErrorKind::Unintelligible, Phase::Authentication),
        Scenario::new("a token server that answers with a web page")
            .auth(Auth::Bearer)
            .when_all(Step::Token, 1, 9, answer(200, "<html>welcome</html>"))
            .fails(PushErrorKind::Unintelligible, Phase::Authentication),
        Scenario::new("a token server whose name nobody knows")
            .when(Step::Probe, 1, Act::Answer(bearer(&nowhere())))
            .set(|it| it.attempts = 2)
            .fails(PushErrorKind::Unreachable, Phase::Authentication),
        Scenario::new("a token server where nobody listens")
            .when(
                Step::Probe,
                1,
                Act::Answer(bearer("http://127.0.0.1:1/token")),
            )
            .set(|it| it.attempts = 2)
            .fails(PushErrorKind::Unreachable, Phase::Authentication),
        Scenario::new("a token server that does not speak TLS")
            .when(
                Step::Probe,
                1,
                Act::Answer(bearer("https://{host}/token")),
            )
            .fails(PushErrorKind::Tls, Phase::Authentication),
        Scenario::new("a challenge that nobody can answer")
            .when_all(
                Step::Probe,
                1,
                9,
                Act::Answer(Canned::status(401).header("www-authenticate", "Negotiate")),
            )
            .ends(super::super::scenario::End::Agreed),
        Scenario::new("several challenges, of which one will do")
            .when(
                Step::Probe,
                1,
                Act::Answer(Canned::status(401).header(
                    "www-authenticate",
                    "Negotiate, Basic realm=\"a, b\", Bearer realm=\"{origin}/token\",service=\"x\"",
                )),
            )
            .when(Step::Token, 1, Act::Answer(token())),
        Scenario::new("a registry that nobody is at")
            .set(|it| {
                it.nobody = true;
                it.attempts = 2;
            })
            .fails(PushErrorKind::Unreachable, Phase::Probe),
    ];
    let late = [
        (Step::Check, Image::one()),
        (Step::Put, Image::one()),
        (Step::Commit, streamed()),
        (Step::Manifest, Image::one()),
    ];
    for (step, image) in late {
        found.push(
            Scenario::new(format!("a token that is refused once, at {step:?}"))
                .auth(Auth::Bearer)
                .image(image)
                .when(
                    step,
                    1,
                    Act::Answer(bearer("{origin}/token").header("x-why", "expired")),
                )
                .ends(super::super::scenario::End::Agreed),
        );
    }
    found
}

fn streamed() -> Image {
    Image::one().all(|blob| {
        blob.known = false;
        blob.replay = longshore_protocol::Replay::FromStart;
    })
}

fn bearer(realm: &str) -> Canned {
    let challenge = format!("Bearer realm=\"{realm}\",service=\"{{host}}\"");
    Canned::status(401).header("www-authenticate", challenge)
}

fn token() -> Canned {
    Canned {
        status: 200,
        headers: vec![("content-type", "application/json".to_owned())],
        body: r#"{"access_token":"x","expires_in":300}"#.to_owned(),
    }
}

fn answer(status: u16, body: &str) -> Act {
    Act::Answer(Canned {
        status,
        headers: Vec::new(),
        body: body.to_owned(),
    })
}

/// A name that is longer than names may be: no name server is asked for it.
fn nowhere() -> String {
    format!("http://{}.invalid/token", "x".repeat(64))
}
