use super::*;

#[test]
fn signatures_survive_the_way_to_der_and_back() {
    let mut small = [0; 64];
    small[31] = 1;
    small[63] = 0x80;
    let mut large = [0xff; 64];
    large[32] = 0x7f;
    for fixed in [small, large, [0; 64], [0x80; 64]] {
        let der = der_from_fixed(&fixed).unwrap();
        assert_eq!(fixed_from_der(&der), Some(fixed));
    }
}

#[test]
fn broken_der_is_refused() {
    for der in [
        &[][..],
        &[0x30],
        &[0x30, 3, 2, 1, 1],
        &[0x30, 4, 2, 9, 1, 1],
        &[0x30, 1, 2, 1],
    ] {
        assert_eq!(fixed_from_der(der), None, "{der:?}");
    }
    assert_eq!(der_from_fixed(&[1; 63]), None);
}
