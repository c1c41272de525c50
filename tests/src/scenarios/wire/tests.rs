use bytes::Bytes;
use http::{Request, Response};

use super::{Entry, Tape, Wire};

#[test]
fn ports_sessions_and_tokens_do_not_count() {
    let one = wire("127.0.0.1:40001", "aaa", &["POST", "PATCH", "PUT"], "t1");
    let other = wire("127.0.0.1:40002", "bbb", &["POST", "PATCH", "PUT"], "t2");
    assert_eq!(one, other);
}

#[test]
fn order_methods_headers_and_bodies_do() {
    let model = wire(HOST, "aaa", &["POST", "PATCH", "PUT"], "t");
    for methods in [
        &["POST", "PUT", "PATCH"][..],
        &["POST", "PUT"],
        &["POST", "PATCH", "PATCH", "PUT"],
    ] {
        assert_ne!(wire(HOST, "aaa", methods, "t"), model);
    }
    for (name, value) in [("content-range", "0-1"), ("authorization", "Basic t")] {
        let mut tape = Tape::default();
        push(&mut tape, HOST, "aaa", "POST", (name, value));
        assert_ne!(tape.wire(), wire(HOST, "aaa", &["POST"], "t"));
    }
}

#[test]
fn what_broke_off_does_not_count() {
    let mut tape = Tape::default();
    tape.add(entry(HOST, "aaa", "PUT", ("authorization", "Bearer t")));
    assert_eq!(tape.wire(), Tape::default().wire());
}

fn wire(host: &str, session: &str, methods: &[&str], token: &str) -> Wire {
    let mut tape = Tape::default();
    for method in methods {
        let authorization = format!("Bearer {token}");
        push(
            &mut tape,
            host,
            session,
            method,
            ("authorization", &authorization),
        );
    }
    tape.wire()
}

fn push(tape: &mut Tape, host: &str, session: &str, method: &str, header: (&str, &str)) {
    let at = tape.add(entry(host, session, method, header));
    tape.body(at, &Bytes::from_static(b"bytes"), host);
    let location = format!("http://{host}/v2/team/app/blobs/uploads/{session}?_state=x");
    let answer = Response::builder().header("location", location);
    tape.note(at, &answer.body(Bytes::new()).unwrap());
}

fn entry(host: &str, session: &str, method: &str, (name, value): (&str, &str)) -> Entry {
    let path = match method {
        "POST" => "/v2/team/app/blobs/uploads/".to_owned(),
        "PUT" => format!("/v2/team/app/blobs/uploads/{session}?_state=x&digest=sha256:abc"),
        _ => format!("/v2/team/app/blobs/uploads/{session}?_state=x"),
    };
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", host)
        .header(name, value);
    Entry::new(&request.body(()).unwrap().into_parts().0, host)
}

const HOST: &str = "127.0.0.1:40001";
