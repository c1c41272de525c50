//! A driver of one's own, written against the protocol alone: one socket, one request at a time.
//! `custom_driver FILE HOST/NAME:TAG` pushes FILE as the only layer of an image.
//!
//! This is all that a driver has to do. The transports do it with many connections at once, TLS,
//! proxies, limits on pauses, and an ear for answers that come early.
#![allow(clippy::print_stdout, reason = "a program to be run and read")]

use std::collections::hash_map::RandomState;
use std::error::Error;
use std::hash::{BuildHasher, Hasher};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use bytes::Bytes;
use longshore_protocol::*;

type Answer = (http::Response<Bytes>, Receipt);

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    match (args.next(), args.next()) {
        (Some(file), Some(reference)) => push_file(&file, &reference),
        _ => Err("usage: custom_driver FILE HOST/NAME:TAG".into()),
    }
}

pub(crate) fn push_file(file: &str, reference: &str) -> Result<(), Box<dyn Error>> {
    let image = r#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#;
    // By the number of the blob, in the order in which they are added.
    let sources = [Bytes::from(std::fs::read(file)?), Bytes::from(image)];
    let layer = Descriptor::new(MediaType::OCI_LAYER_GZIP, Content::of(&sources[0]));
    let config = Descriptor::new(MediaType::OCI_CONFIG, Content::of(&sources[1]));
    let manifest = serde_json::json!({
        "schemaVersion": 2, "mediaType": MediaType::OCI_MANIFEST, "config": config, "layers": [layer],
    });

    let mut settings = Config::new(reference.parse()?);
    settings.scheme = Scheme::Http;
    // Pushes that were started together should not try again together.
    settings.seed = Some(RandomState::new().build_hasher().finish());
    let epoch = Instant::now();
    let now = || Timestamp::since_epoch(epoch.elapsed());
    let mut push = Push::new(settings, now());
    push.add_blob(BlobSpec::known(layer))?;
    push.add_blob(BlobSpec::known(config))?;
    push.set_manifest(ManifestSpec::new(
        MediaType::OCI_MANIFEST,
        manifest.to_string(),
    ))?;

    loop {
        match push.poll(now()) {
            Output::Send(Exchange {
                ticket, request, ..
            }) => match exchange(request, &sources) {
                Ok((answer, receipt)) => push.handle_response(now(), ticket, answer, receipt),
                Err(error) => {
                    let failure = Failure::new(FailureKind::Interrupted, error.to_string());
                    push.handle_failure(now(), ticket, failure);
                }
            },
            Output::Ask(request) => push.handle_credentials(now(), request.ticket, None),
            Output::Event(event) => println!("{event:?}"),
            // Nothing is in the air between two requests, so there is only the time to wait for.
            Output::Wait(until) => {
                let until =
                    until.ok_or("with every request answered, there is a time to wait for")?;
                std::thread::sleep(until.saturating_since(now()));
            }
            Output::Abort(_) | Output::CutShort(_) => {}
            Output::Done => break,
        }
    }
    println!("pushed {}", push.finish()?.manifest.digest);
    Ok(())
}

/// Sends a request and reads the answer, on a connection of its own.
fn exchange(request: http::Request<Payload>, sources: &[Bytes]) -> Result<Answer, Box<dyn Error>> {
    let (head, payload) = request.into_parts();
    let mut receipt = Receipt::default();
    let body = match payload {
        Payload::Empty => Bytes::new(),
        Payload::Bytes(bytes) => bytes,
        Payload::Blob(BlobSlice {
            blob,
            offset,
            extent,
        }) => {
            let source = sources.get(blob.index()).ok_or("nobody added that blob")?;
            let rest = source.slice(usize::try_from(offset)?..);
            let body = match extent {
                Extent::Exact(length) => rest.slice(..usize::try_from(length)?),
                Extent::ToEnd => rest,
            };
            receipt.sent = body.len() as u64;
            receipt.end = (body.len() == source.len()).then(|| Content::of(&body));
            body
        }
    };

    let place = head.uri.authority().ok_or("a request without a host")?;
    let mut stream = TcpStream::connect(place.as_str())?;
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    write!(
        stream,
        "{} {path} HTTP/1.1\r\nhost: {place}\r\nconnection: close\r\n",
        head.method
    )?;
    for (name, value) in &head.headers {
        stream.write_all(&[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat())?;
    }
    write!(stream, "content-length: {}\r\n\r\n", body.len())?;
    stream.write_all(&body)?;

    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let status = line.split(' ').nth(1).ok_or("an answer without a status")?;
    let mut answer = http::Response::builder().status(status);
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        answer = answer.header(name, value.trim());
    }
    let mut body = Vec::new();
    reader.take(64 << 10).read_to_end(&mut body)?; // the server closes at the end, as it was asked
    Ok((answer.body(Bytes::from(body))?, receipt))
}
