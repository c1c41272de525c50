//! What of a request can be judged only before an HTTP library has read it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use longshore_mock_registry::MockRegistry;
use longshore_mock_registry::judge::{Verdict, judge_session};

#[test]
fn heads_are_judged_as_they_came() {
    let verdict = |fields: &str, body: &str| {
        let registry = MockRegistry::builder().start().unwrap();
        let mut stream = TcpStream::connect(registry.address()).unwrap();
        let head = "POST /v2/demo/app/blobs/uploads/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
        stream
            .write_all(format!("{head}{fields}\r\n{body}").as_bytes())
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        // A request with two lengths is refused (RFC 9112, section 6.3), and judged.
        let status = if body.is_empty() { "202" } else { "400" };
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
        let report = judge_session(&registry);
        let check = report
            .checks
            .into_iter()
            .find(|check| check.id == "C14")
            .unwrap();
        let why = check.instances[0].finding.why.clone();
        (check.verdict, why)
    };
    let flaw = |fields: &str, body: &str| {
        let (verdict, why) = verdict(fields, body);
        assert_eq!(verdict, Verdict::Fail, "{fields}");
        why
    };
    assert_eq!(verdict("Content-Length: 0\r\n", "").0, Verdict::Pass);
    assert_eq!(
        flaw("Content-Length: 0\r\nContent-Length: 0\r\n", ""),
        "more than one Content-Length"
    );
    assert_eq!(
        flaw(
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            "0\r\n\r\n"
        ),
        "both Content-Length and Transfer-Encoding"
    );
    assert_eq!(
        flaw("Content-Length: 0\nX: y\r\n", ""),
        "a line that ends by LF alone"
    );
}
