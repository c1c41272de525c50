use super::*;

#[test]
fn this_machine_is_known_by_its_names_and_addresses() {
    for (host, expected) in [
        ("localhost", true),
        ("a.localhost", true),
        ("127.0.0.1", true),
        ("127.255.0.9", true),
        ("[::1]", true),
        ("localhost.example", false),
        ("10.0.0.1", false),
        ("[::2]", false),
        // Odd is not near.
        ("2130706433", false),
    ] {
        let origin = Origin::new(Scheme::Http, host, Some(5000));
        assert_eq!(origin.is_loopback(), expected, "{host}");
    }
}

#[test]
fn addresses_of_nobody_and_of_everybody_are_odd() {
    for host in [
        "0.0.0.0",
        "255.255.255.255",
        "224.0.0.1",
        "[::]",
        "[ff02::1]",
    ] {
        let origin = Origin::new(Scheme::Https, host, None);
        assert_eq!(origin.reach(), Reach::Odd, "{host}");
        assert_eq!(format!("{origin:?}"), format!("https://{host}"));
    }
}

#[test]
fn an_address_in_an_address_is_where_it_leads_to() {
    for (host, reach) in [
        ("[64:ff9b::10.0.0.1]", Reach::Private),
        ("[64:ff9b::192.0.2.1]", Reach::Public),
        ("[64:ff9b:1::169.254.169.254]", Reach::LinkLocal),
        ("[2002:7f00:1::1]", Reach::Loopback),
        ("[2001:0:5ef5:79fb::f5ff:fffe]", Reach::Private),
        ("[::ffff:10.0.0.1]", Reach::Private),
        ("[::10.0.0.1]", Reach::Private),
        ("[fec0::1]", Reach::Private),
    ] {
        let origin = Origin::new(Scheme::Https, host, None);
        assert_eq!(origin.reach(), reach, "{host}");
    }
}
