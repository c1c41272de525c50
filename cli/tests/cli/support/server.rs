//! Servers that no registry is: byte by byte.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

/// A server on a loopback port, until the test ends.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    requests: Receiver<String>,
}

/// A request as it came.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// Method, target and version.
    pub(crate) line: String,
    /// Its headers, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// Its body, as far as that has a length.
    pub(crate) body: Vec<u8>,
}

impl Heard {
    /// The value of the first header of that name, empty if there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }
}

/// What a server does about a request.
pub(crate) enum Reply {
    /// This answer, and the connection ends.
    Bytes(String),
    /// Nothing, for ever.
    Silence,
}

impl Server {
    /// Answers each request, told by its method and path, as `reply` says.
    pub(crate) fn start(reply: impl Fn(&str) -> Reply + Send + Clone + 'static) -> Self {
        Self::hearing(move |heard| reply(&heard.line))
    }

    /// Answers each request as `reply` says. Bodies without a length are read to no end.
    pub(crate) fn hearing(reply: impl Fn(&Heard) -> Reply + Send + Clone + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, requests) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (reply, sender) = (reply.clone(), sender.clone());
                thread::spawn(move || converse(stream.unwrap(), &reply, &sender));
            }
        });
        Self { address, requests }
    }

    /// A registry without authentication that takes no byte of a blob: whoever uploads waits.
    pub(crate) fn stalling(delete: impl Fn() -> Reply + Send + Clone + 'static) -> Self {
        Self::start(move |request| match request.split(' ').next() {
            Some("GET") => answer("200 OK", &[], "{}"),
            Some("HEAD") => answer("404 Not Found", &[], ""),
            Some("POST") => answer("202 Accepted", &["Location: /v2/app/blobs/uploads/1"], ""),
            Some("DELETE") => delete(),
            _ => Reply::Silence,
        })
    }

    /// Waits for a request that begins like that.
    #[track_caller]
    pub(crate) fn wait_for(&self, start: &str) {
        let mut seen = Vec::new();
        while let Ok(request) = self.requests.recv_timeout(LONGEST_WAIT) {
            if request.starts_with(start) {
                return;
            }
            seen.push(request);
        }
        panic!("no {start:?}, but {seen:?}");
    }
}

/// An answer with a body.
pub(crate) fn answer(status: &str, headers: &[&str], body: &str) -> Reply {
    let mut text = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n", body.len());
    for header in headers {
        text.push_str(&format!("{header}\r\n"));
    }
    text.push_str(&format!("Connection: close\r\n\r\n{body}"));
    Reply::Bytes(text)
}

fn converse(stream: TcpStream, reply: &impl Fn(&Heard) -> Reply, requests: &Sender<String>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut heard = Heard::default();
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|count| count > 2) {
        if heard.line.is_empty() {
            heard.line = line.trim_end().to_owned();
        } else if let Some((name, value)) = line.split_once(':') {
            let header = (name.to_ascii_lowercase(), value.trim().to_owned());
            heard.headers.push(header);
        }
        line.clear();
    }
    if heard.line.is_empty() {
        return;
    }
    if let Ok(length @ 1..=MOST_BODY) = heard.header("content-length").parse::<u64>() {
        let _ = reader.by_ref().take(length).read_to_end(&mut heard.body);
    }
    let what = reply(&heard);
    // The test may have seen enough.
    let _ = requests.send(heard.line);
    match what {
        Reply::Bytes(text) => {
            let _ = (&stream).write_all(text.as_bytes());
        }
        Reply::Silence => {
            let _ = reader.read_to_end(&mut Vec::new());
        }
    }
}

/// Longer bodies are blobs, which are for each test to take or to leave.
const MOST_BODY: u64 = 4096;
/// Longer than anything takes that works.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
