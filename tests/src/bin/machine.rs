//! What the push machine costs by itself: pushes without a network, answered from memory.
//! `machine [--requests N]`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program whose output is what it is for"
)]

use std::process::ExitCode;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use longshore_protocol::{
    BlobSpec, Config, Content, Credentials, Descriptor, Exchange, Extent, ManifestSpec, MediaType,
    Output, Payload, Push, Receipt, Timestamp,
};
use longshore_tests::bench::layout::Outcome;
use rustix::time::{ClockId, clock_gettime};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let requests = match words[..] {
        [] => Some(100_000),
        ["--requests", number] => number.parse().ok(),
        _ => None,
    };
    let Some(requests) = requests else {
        eprintln!("usage: machine [--requests N]");
        return ExitCode::FAILURE;
    };
    match measure(requests) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("machine: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(requests: u64) -> Outcome<()> {
    println!("CPU of the machine and of the answers from memory that it gets\n");
    println!("| blobs in a push | requests | polls a request | µs a request |");
    println!("|---|---|---|---|");
    for blobs in [1, 10, 100, 1000] {
        let image = image(blobs)?;
        let mut total = Tally::default();
        let start = cpu();
        while total.requests < requests {
            let tally = push(&image)?;
            total.requests += tally.requests;
            total.polls += tally.polls;
        }
        let spent = cpu().saturating_sub(start).as_secs_f64() * 1e6;
        let count = total.requests as f64;
        println!(
            "| {blobs} | {} | {:.1} | {:.1} |",
            total.requests,
            total.polls as f64 / count,
            spent / count
        );
    }
    Ok(())
}

#[derive(Default)]
struct Tally {
    requests: u64,
    polls: u64,
}

struct Image {
    blobs: Vec<Descriptor>,
    manifest: ManifestSpec,
    config: Config,
}

fn image(blobs: usize) -> Outcome<Image> {
    let blobs: Vec<Descriptor> = (0..blobs)
        .map(|index| {
            let mut content = Content::of(index.to_string().as_bytes());
            content.size = 64 << 10;
            Descriptor::new(MediaType::OCI_LAYER_GZIP, content)
        })
        .collect();
    let manifest = serde_json::json!({
        "schemaVersion": 2, "mediaType": MediaType::OCI_MANIFEST,
        "config": blobs[0], "layers": blobs,
    });
    Ok(Image {
        blobs,
        manifest: ManifestSpec::new(MediaType::OCI_MANIFEST, manifest.to_string()),
        config: Config::new("registry.example/team/app:1".parse()?),
    })
}

/// One push with a token, in which every blob is looked for and then uploaded.
fn push(image: &Image) -> Outcome<Tally> {
    let mut tally = Tally::default();
    let mut push = Push::new(image.config.clone(), Timestamp::ZERO);
    for blob in &image.blobs {
        push.add_blob(BlobSpec::known(blob.clone()))?;
    }
    push.set_manifest(image.manifest.clone())?;
    let mut flying = std::collections::VecDeque::new();
    let (mut now, mut elapsed) = (Timestamp::ZERO, Duration::ZERO);
    loop {
        tally.polls += 1;
        match push.poll(now) {
            Output::Send(exchange) => flying.push_back(exchange),
            Output::Ask(request) => {
                let credentials = Credentials::password("alice", "secret");
                push.handle_credentials(now, request.ticket, Some(credentials));
            }
            Output::Event(_) | Output::Abort(_) | Output::CutShort(_) => {}
            Output::Done => break,
            Output::Wait(_) => {
                // As many are in the air as the machine likes; the first answer comes first.
                let Exchange {
                    ticket, request, ..
                } = flying.pop_front().ok_or("it waits for nothing")?;
                elapsed += Duration::from_millis(1);
                now = Timestamp::since_epoch(elapsed);
                tally.requests += 1;
                let (answer, receipt) = answer(&request, &image.blobs, tally.requests)?;
                push.handle_response(now, ticket, answer, receipt);
            }
        }
    }
    push.finish()?;
    Ok(tally)
}

fn answer(
    request: &Request<Payload>,
    blobs: &[Descriptor],
    number: u64,
) -> Outcome<(Response<Bytes>, Receipt)> {
    let path = request.uri().path();
    let answer = Response::builder();
    let mut receipt = Receipt::default();
    let is_authorized = request.headers().contains_key("authorization");
    let answer = match *request.method() {
        Method::GET if path == "/token" => answer.status(200).body(Bytes::from_static(
            br#"{"token":"opaque","expires_in":3600}"#,
        )),
        Method::GET if !is_authorized => {
            let challenge = r#"Bearer realm="https://registry.example/token",service="registry""#;
            answer
                .status(401)
                .header("www-authenticate", challenge)
                .body(Bytes::new())
        }
        Method::HEAD => answer.status(404).body(Bytes::new()),
        Method::POST => answer
            .status(202)
            .header("location", format!("/v2/team/app/blobs/uploads/{number}"))
            .header("range", "0-0")
            .body(Bytes::new()),
        Method::PUT => {
            if let Payload::Blob(slice) = request.body() {
                let blob = &blobs[slice.blob.index()];
                if let Extent::Exact(length) = slice.extent {
                    receipt.sent = length;
                }
                receipt.end = Some(Content {
                    digest: blob.digest.clone(),
                    size: blob.size,
                });
            }
            let manifest = match request.body() {
                Payload::Bytes(manifest) => Some(Content::of(manifest).digest.to_string()),
                _ => None,
            };
            let answer = answer.status(201);
            match manifest {
                Some(digest) => answer.header("docker-content-digest", digest),
                None => answer,
            }
            .body(Bytes::new())
        }
        _ => answer.status(200).body(Bytes::new()),
    };
    Ok((answer?, receipt))
}

/// Processor time of this process so far.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}
