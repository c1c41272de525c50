//! What a fuzzer calls: each target takes any bytes, and panics where something does not hold.
//!
//! They are plain functions, so that a stable toolchain replays the corpora in `fuzz/corpus/` as
//! an ordinary test; `fuzz/` wraps them for libFuzzer, which makes the corpora grow. What a
//! registry controls goes in by the door it comes by: a header is parsed because the push machine
//! got it in an answer, and what is checked is what the machine then does.

mod answers;
mod bodies;
mod deflate;
mod exchanges;
mod headers;
mod registry;
mod session;
mod texts;

/// A target: its name, which is also its corpus's, and what it does with bytes.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 11] = [
    ("answers", answers::answers),
    ("bodies", bodies::bodies),
    ("challenge", headers::challenge),
    ("deflate", deflate::deflate),
    ("location", headers::location),
    ("metadata", texts::metadata),
    ("range", headers::range),
    ("reference", texts::reference),
    ("registry", registry::registry),
    ("retry-after", headers::retry_after),
    ("session", session::session),
];

/// Runs the target of that name.
///
/// # Panics
/// There is none, or something does not hold.
pub fn run(name: &str, bytes: &[u8]) {
    let mut targets = TARGETS.iter();
    let target = targets.find(|(known, _)| *known == name);
    let (_, body) = target.expect("the fuzzer's targets are these");
    body(bytes);
}
