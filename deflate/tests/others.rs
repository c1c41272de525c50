//! Decoders in other languages read what was written, where they are installed.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may panic, and says what it skips"
)]

use std::io::Write;
use std::process::{Command, Stdio};

use longshore_deflate::{Encoder, Ending, Level, WINDOW};

/// What a program prints that is given `input`; nothing if there is no such program.
fn output(program: &str, arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let spawned = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut child) = spawned else {
        eprintln!("SKIPPED: there is no {program}");
        return None;
    };
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input));
        child.wait_with_output().unwrap()
    });
    assert!(output.status.success(), "{program} refuses it");
    Some(output.stdout)
}

fn text() -> Vec<u8> {
    let line = |number: u32| format!("{number}: {:x}\n", number.wrapping_mul(0x9e37_79b9));
    (0..60_000).map(line).collect::<String>().into_bytes()
}

fn deflate(level: Level, text: &[u8]) -> Vec<u8> {
    let mut encoder = Encoder::new(level);
    let mut stream = Vec::new();
    for start in (0..text.len()).step_by(300_000) {
        let end = text.len().min(start + 300_000);
        let window = start.saturating_sub(WINDOW);
        let ending = if end == text.len() {
            Ending::Last
        } else {
            Ending::More
        };
        let mut part = vec![0; Encoder::bound(end - start)];
        let length = encoder.encode(&text[window..end], start - window, ending, &mut part);
        stream.extend_from_slice(&part[..length]);
    }
    stream
}

const LEVELS: [Level; 3] = [Level::Fast, Level::Default, Level::Best];

#[test]
fn python_reads_it() {
    let text = text();
    let script = "import sys, zlib\n\
        inflate = zlib.decompressobj(-15)\n\
        sys.stdout.buffer.write(inflate.decompress(sys.stdin.buffer.read()))\n\
        assert inflate.eof and not inflate.unused_data";
    for level in LEVELS {
        if let Some(read) = output("python3", &["-c", script], &deflate(level, &text)) {
            assert!(read == text, "{level:?}");
        }
    }
}

#[test]
fn gzip_reads_it() {
    let text = text();
    let mut sum = libdeflater::Crc::new();
    sum.update(&text);
    for level in LEVELS {
        let mut member = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
        member.extend(deflate(level, &text));
        member.extend(sum.sum().to_le_bytes());
        member.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
        if let Some(read) = output("gzip", &["-dc"], &member) {
            assert!(read == text, "{level:?}");
        }
    }
}
