use super::*;

#[test]
fn the_mac_is_the_one_of_rfc_4231() {
    let hex = |bytes: [u8; 32]| bytes.map(|byte| format!("{byte:02x}")).concat();
    assert_eq!(
        hex(HmacSigner::new(b"Jefe").mac(b"what do ya want for nothing?")),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
    assert_eq!(
        hex(HmacSigner::new(&[0xaa; 131])
            .mac(b"Test Using Larger Than Block-Size Key - Hash Key First")),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    );
}
