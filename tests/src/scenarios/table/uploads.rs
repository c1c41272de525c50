//! From a blob to the registry: whole, in chunks, as a stream, and on after a break.

use std::time::Duration;

use longshore_protocol::{Phase, PushErrorKind, Replay};

use super::super::image::{Image, Yield};
use super::super::scenario::{End, Scenario};
use super::super::script::{Act, Canned, Step};

pub(super) fn scenarios() -> Vec<Scenario> {
    let mut found = whole();
    found.extend(resumed());
    found.extend(chunked());
    found.extend(streamed());
    found.extend(sources());
    found.extend(pauses());
    found
}

fn whole() -> Vec<Scenario> {
    vec![
        Scenario::new("three layers one after the other").image(Image::new(&[1000, 2000, 3000])),
        Scenario::new("eight layers, four at a time")
            .image(Image::new(&[1000, 1, 2, 3, 4, 5, 6, 7]))
            .set(|it| it.uploads = 4),
        Scenario::new("an empty layer").image(Image::new(&[0])),
        Scenario::new("a config of a layer that is new").image(Image::new(&[1000]).derived()),
        Scenario::new("a config of layers that are there, and is there").image(
            Image::new(&[1000, 2000])
                .all(|blob| blob.there = true)
                .derived(),
        ),
        Scenario::new("a config of layers that are there, and is not").image(
            Image::new(&[1000, 2000])
                .layers(|blob| blob.there = true)
                .derived(),
        ),
        Scenario::new("without preflight").set(|it| it.preflight = false),
        Scenario::new("a session without a place")
            .when(Step::Open, 1, Act::Without("location"))
            .fails(PushErrorKind::Unintelligible, Phase::Preflight),
        Scenario::new("a session that is elsewhere and speaks no TLS")
            .when(
                Step::Open,
                1,
                Act::With("location", "https://{host}/v2/team/app/blobs/uploads/x"),
            )
            .fails(PushErrorKind::Tls, Phase::Upload),
        Scenario::new("a session by a relative place")
            .profile("name = 'x'\n[location]\nform = 'relative'"),
        Scenario::new("a session whose place has a state")
            .profile("name = 'x'\n[location]\nstate = 'rotating'")
            .set(|it| it.chunk = Some(300)),
        Scenario::new("a blob that is committed and not there")
            .when(Step::Put, 1, Act::Answer(Canned::status(201)))
            .ends(End::Agreed),
        Scenario::new("a blob whose check is answered for another")
            .when(
                Step::Check,
                1,
                Act::Answer(Canned::status(200).header("docker-content-digest", OTHER)),
            )
            .ends(End::Agreed),
        Scenario::new("a blob that the registry takes for another")
            .when(Step::Put, 1, Act::With("docker-content-digest", OTHER))
            .ends(End::Agreed),
        Scenario::new("a blob that is refused as wrong, but is there").when(
            Step::Put,
            1,
            Act::DoneBut(Canned::error(400, "BLOB_UPLOAD_INVALID", "")),
        ),
        Scenario::new("a blob that is refused as wrong")
            .when_all(
                Step::Put,
                1,
                99,
                Act::Answer(Canned::error(400, "DIGEST_INVALID", "no match")),
            )
            .fails(PushErrorKind::Rejected, Phase::Upload),
        Scenario::new("a blob that is done with a 500").when(
            Step::Put,
            1,
            Act::DoneBut(Canned::status(500)),
        ),
        Scenario::new("a registry that fails at everything")
            .when_all(Step::Put, 1, 999, Act::Answer(Canned::status(502)))
            .ends(End::FailsAnywhere(PushErrorKind::Unreachable)),
        Scenario::new("an upload that is moved")
            .when(
                Step::Put,
                1,
                Act::Answer(Canned::status(307).header("location", "{origin}/nowhere")),
            )
            .ends(End::Agreed),
        Scenario::new("an upload that is moved for ever")
            .when_all(
                Step::Probe,
                1,
                99,
                Act::Answer(Canned::status(307).header("location", "{origin}/v2/")),
            )
            .ends(End::Agreed),
    ]
}

fn resumed() -> Vec<Scenario> {
    let mut found = Vec::new();
    for after in [0, 1, 500, 999, 9999] {
        found.push(Scenario::new(format!("a break after {after} bytes")).when(
            Step::Put,
            1,
            Act::CutAfter(after),
        ));
    }
    for (name, body) in [
        ("keep", "keep"),
        ("roll back", "rollback"),
        ("end", "destroy"),
    ] {
        found.push(
            Scenario::new(format!("a break at which sessions {name}"))
                .profile(format!("name = 'x'\n[session]\nshort-body = '{body}'"))
                .when(Step::Put, 1, Act::CutAfter(500)),
        );
    }
    found.extend([
        Scenario::new("three breaks")
            .when_all(Step::Put, 1, 1, Act::CutAfter(300))
            .when_all(Step::Put, 2, 1, Act::CutAfter(300))
            .when_all(Step::Put, 3, 1, Act::CutAfter(300))
            .ends(End::Agreed),
        Scenario::new("a blob whose answer is lost").when(Step::Put, 1, Act::Lose),
        Scenario::new("a break, and the session says nothing of what it has")
            .when(Step::Put, 1, Act::CutAfter(500))
            .when(Step::Status, 1, Act::Without("range")),
        Scenario::new("a break, and the session says that it has more than was sent")
            .when(Step::Put, 1, Act::CutAfter(500))
            .when(Step::Status, 1, Act::With("range", "0-99999")),
        Scenario::new("a break, and the session says something odd")
            .when(Step::Put, 1, Act::CutAfter(500))
            .when(Step::Status, 1, Act::With("range", "bytes=x")),
        Scenario::new("a break, and the session is gone")
            .when(Step::Put, 1, Act::CutAfter(500))
            .when_all(
                Step::Status,
                1,
                9,
                Act::Answer(Canned::error(404, "BLOB_UPLOAD_UNKNOWN", "")),
            ),
        Scenario::new("a break of a source that starts at its beginning")
            .image(Image::one().all(|blob| blob.replay = Replay::FromStart))
            .when(Step::Put, 1, Act::CutAfter(500)),
        Scenario::new("a break of a source that is read once")
            .image(Image::one().all(|blob| blob.replay = Replay::Never))
            .when(Step::Put, 1, Act::CutAfter(500))
            .fails(PushErrorKind::Source, Phase::Upload),
    ]);
    found
}

fn chunked() -> Vec<Scenario> {
    let limited = "name = 'x'\n[chunk]\nmax-length = 400";
    vec![
        Scenario::new("chunks").set(|it| it.chunk = Some(300)),
        Scenario::new("a last chunk that is full").set(|it| it.chunk = Some(500)),
        Scenario::new("chunks after a whole was too large")
            .when(Step::Put, 1, Act::Answer(Canned::status(413)))
            .ends(End::Agreed),
        Scenario::new("chunks that a registry limits")
            .profile(limited)
            .ends(End::Agreed),
        Scenario::new("chunks that a registry wants smaller")
            .profile(limited)
            .set(|it| it.chunk = Some(900))
            .ends(End::Agreed),
        Scenario::new("a chunk that is cut")
            .set(|it| it.chunk = Some(300))
            .when(Step::Chunk, 2, Act::CutAfter(100)),
        Scenario::new("a chunk whose answer is lost")
            .set(|it| it.chunk = Some(300))
            .when(Step::Chunk, 2, Act::Lose),
        Scenario::new("a chunk that does not follow")
            .set(|it| it.chunk = Some(300))
            .when(
                Step::Chunk,
                2,
                Act::Answer(Canned::error(416, "RANGE_INVALID", "")),
            ),
        Scenario::new("a registry that takes no chunks")
            .set(|it| it.chunk = Some(300))
            .when_all(Step::Chunk, 1, 9, Act::Answer(Canned::status(405))),
        Scenario::new("a chunk of a session that is gone")
            .set(|it| it.chunk = Some(300))
            .when(Step::Chunk, 2, Act::Answer(Canned::status(404))),
        Scenario::new("a chunk that moves its session")
            .profile("name = 'x'\n[location]\nstate = 'rotating'")
            .set(|it| it.chunk = Some(300))
            .when(Step::Chunk, 2, Act::Lose),
    ]
}

fn streamed() -> Vec<Scenario> {
    let image = |replay: Replay| {
        Image::one().all(|blob| {
            blob.known = false;
            blob.replay = replay;
        })
    };
    let from_start = || Scenario::new("").image(image(Replay::FromStart));
    let named = |scenario: Scenario, name: &str| scenario.set(|it| it.name = name.to_owned());
    vec![
        named(from_start(), "a stream"),
        named(
            from_start().set(|it| it.image = image(Replay::Never)),
            "a stream that is read once",
        ),
        named(
            from_start().set(|it| it.image = image(Replay::Anywhere)),
            "a stream that can be read from anywhere",
        ),
        named(
            from_start().when(Step::Stream, 1, Act::CutAfter(500)),
            "a stream that is cut",
        ),
        named(
            from_start().when(Step::Stream, 1, Act::Lose),
            "a stream whose answer is lost",
        ),
        named(
            from_start().when(Step::Commit, 1, Act::Lose),
            "a stream whose commit is lost",
        ),
        named(
            from_start().when(Step::Commit, 1, Act::Drop),
            "a stream whose commit never arrives",
        ),
        named(
            from_start()
                .set(|it| it.image = image(Replay::Never))
                .when(Step::Stream, 1, Act::CutAfter(500))
                .fails(PushErrorKind::Source, Phase::Upload),
            "a stream that is read once and cut",
        ),
        named(
            from_start().when(Step::Stream, 1, Act::Early(Canned::status(503))),
            "a stream that is refused before it is read",
        ),
        named(
            from_start().set(|it| it.image = image(Replay::Never)).when(
                Step::Stream,
                1,
                Act::Early(Canned::status(503)),
            ),
            "a stream that is read once and refused before",
        ),
        named(
            from_start()
                .when(
                    Step::Stream,
                    1,
                    Act::Early(Canned::error(403, "DENIED", "no push rights")),
                )
                .fails(PushErrorKind::Denied, Phase::Upload),
            "a stream that is denied before it is read",
        ),
        named(
            from_start().when(
                Step::Stream,
                1,
                Act::Early(Canned::status(401).header("www-authenticate", "Basic realm=\"x\"")),
            ),
            "a stream for which a password is wanted",
        ),
    ]
}

fn sources() -> Vec<Scenario> {
    let stream = |yields: Yield| {
        Image::one().all(|blob| {
            blob.known = false;
            blob.replay = Replay::FromStart;
            blob.source = yields;
        })
    };
    let known = |yields: Yield| Image::one().all(|blob| blob.source = yields);
    vec![
        Scenario::new("a source that fails at once")
            .image(stream(Yield::Error(0)))
            .fails(PushErrorKind::Source, Phase::Upload),
        Scenario::new("a source that fails after a while")
            .image(stream(Yield::Error(700)))
            .fails(PushErrorKind::Source, Phase::Upload),
        Scenario::new("a source that is shorter than it was said to be")
            .image(known(Yield::Less))
            .fails(PushErrorKind::Source, Phase::Upload),
        Scenario::new("a source that is another than it was said to be")
            .image(known(Yield::Other))
            .fails(PushErrorKind::Source, Phase::Upload),
    ]
}

fn pauses() -> Vec<Scenario> {
    let busy = |after: &str| Act::Answer(Canned::status(429).header("retry-after", after));
    vec![
        Scenario::new("a registry that is busy for no time")
            .when(Step::Put, 1, busy("0"))
            .when(Step::Check, 1, busy("0")),
        Scenario::new("a registry that is busy for an hour")
            .when(Step::Check, 1, busy("3600"))
            .ends(End::FailsAnywhere(PushErrorKind::Unreachable)),
        Scenario::new("a registry that is busy until some day").when(Step::Check, 1, busy("soon")),
        Scenario::new("a registry that stops answering at a blob")
            .set(|it| it.idle = Duration::from_millis(500))
            .when(Step::Put, 1, Act::Hang),
        Scenario::new("a registry that never answers")
            .set(|it| {
                it.idle = Duration::from_millis(500);
                it.attempts = 2;
            })
            .when_all(Step::Probe, 1, 99, Act::Hang)
            .fails(PushErrorKind::Unreachable, Phase::Probe),
    ]
}

const OTHER: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";
