//! Bodies that clients choke on.

use bytes::Bytes;

use crate::fault::play::Made;

/// A page as a proxy makes it, with a script that must not reach a terminal or a log as it is.
pub(super) fn html(status: u16) -> Made {
    let page = format!(
        "<html>\r\n<head><title>{status} from a proxy</title></head>\r\n<body>\r\n\
         <center><h1>{status} from a proxy</h1></center>\r\n<hr><center>nginx/1.27\x1b[31m</center>\r\n\
         <script>alert(1)</script>\r\n</body>\r\n</html>\r\n"
    );
    Made::status(status).body("text/html", page)
}

/// An error body of one of the forms in [`FORMS`].
pub(super) fn odd(status: u16, form: &str) -> Made {
    let made = Made::status(status);
    match form {
        "html" => html(status),
        "object" => made.body("application/json", "{}"),
        "null" => made.body("application/json", r#"{"errors":null}"#),
        "detail" => made.body(
            "application/json",
            r#"{"errors":[{"code":"DENIED","message":"no","detail":["a",{"b":2}]},{"code":7,"detail":3}]}"#,
        ),
        "string" => made.body("application/json", r#""no""#),
        "binary" => made.body("application/octet-stream", &b"\x00\xff\xfe\x1b]0;title\x07"[..]),
        _ => made,
    }
}

/// Zeros, compressed: a thousand times as large once read.
pub(super) fn bomb(megabytes: u64) -> Bytes {
    // Deflate in stored form would not be small: this is one literal zero and the longest matches.
    let mut bits = Bits::default();
    bits.put(1, 1);
    bits.put(1, 2);
    bits.put_code(0x30, 8);
    let matches = (megabytes << 20) / 258;
    for _ in 0..matches {
        // Length 258 is code 285: 0b1100_0101; distance 1 is code 0.
        bits.put_code(0b1100_0101, 8);
        bits.put_code(0, 5);
    }
    bits.put_code(0, 7);
    let length = 1 + matches * 258;
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    out.extend(bits.finish());
    out.extend(crc_of_zeros(length).to_le_bytes());
    out.extend((length as u32).to_le_bytes());
    out.into()
}

/// Bytes as a gzip stream that stores them as they are.
pub(crate) fn gzip(bytes: &[u8]) -> Bytes {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut pieces = bytes.chunks(0xffff).peekable();
    if pieces.peek().is_none() {
        out.extend([1, 0, 0, 0xff, 0xff]);
    }
    while let Some(piece) = pieces.next() {
        let length = piece.len() as u16;
        out.push(u8::from(pieces.peek().is_none()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(piece);
    }
    let crc = bytes.iter().fold(!0, |crc, byte| crc_step(crc, *byte));
    out.extend((!crc).to_le_bytes());
    out.extend((bytes.len() as u32).to_le_bytes());
    out.into()
}

/// The forms that [`odd`] knows.
pub(super) const FORMS: &[&str] = &[
    "empty", "object", "null", "detail", "string", "binary", "html",
];

#[derive(Default)]
struct Bits {
    out: Vec<u8>,
    hold: u32,
    count: u32,
}

impl Bits {
    fn put(&mut self, value: u32, count: u32) {
        self.hold |= value << self.count;
        self.count += count;
        while self.count >= 8 {
            self.out.push(self.hold as u8);
            self.hold >>= 8;
            self.count -= 8;
        }
    }

    /// Huffman codes go in from their highest bit.
    fn put_code(&mut self, code: u32, count: u32) {
        self.put(code.reverse_bits() >> (32 - count), count);
    }

    fn finish(mut self) -> Vec<u8> {
        if self.count > 0 {
            self.out.push(self.hold as u8);
        }
        self.out
    }
}

fn crc_of_zeros(length: u64) -> u32 {
    let mut crc = !0;
    for _ in 0..length {
        crc = crc_step(crc, 0);
    }
    !crc
}

fn crc_step(crc: u32, byte: u8) -> u32 {
    let low = (crc ^ u32::from(byte)) & 0xff;
    (crc >> 8) ^ CRC[low as usize]
}

/// What each byte does to a CRC-32 (RFC 1952 §8).
const CRC: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            let low = crc & 1;
            crc >>= 1;
            if low == 1 {
                crc ^= 0xedb8_8320;
            }
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_gzip() {
        assert_eq!(crc_step(!0, b'a') ^ !0, 0xe8b7_be43);
        let packed = gzip(b"a");
        assert_eq!(
            packed[10..],
            [
                1, 1, 0, 0xfe, 0xff, b'a', 0x43, 0xbe, 0xb7, 0xe8, 1, 0, 0, 0
            ]
        );
    }

    #[test]
    fn a_bomb_is_small() {
        let bomb = bomb(1);
        assert!(bomb.len() < 8192, "{}", bomb.len());
        assert_eq!(bomb[..3], [0x1f, 0x8b, 8]);
    }
}
