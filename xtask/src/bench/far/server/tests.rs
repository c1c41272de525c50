use super::*;

#[test]
fn counts_are_read() {
    let said = "warning\nlook-ups 14411, listings 2838, opens 9545, reads 12025\n";
    let expected = Calls {
        look_ups: 14_411,
        listings: 2838,
        opens: 9545,
        reads: 12_025,
    };
    assert_eq!(Calls::parse(said), Some(expected));
    assert_eq!(Calls::parse("look-ups 1, listings 2"), None);
}
