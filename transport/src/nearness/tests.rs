use http::Request;
use longshore_protocol::{FailureKind, NamedBy};

use super::*;

fn place(host: &str, registry: Option<&str>) -> Place {
    let mut request = Request::new(());
    *request.uri_mut() = format!("https://{host}/").parse().unwrap();
    if let Some(registry) = registry {
        let registry = registry.into();
        request.extensions_mut().insert(NamedBy { registry });
    }
    Place::of_request(&request.into_parts().0).unwrap()
}

fn at(address: &str) -> SocketAddr {
    SocketAddr::new(address.parse().unwrap(), 443)
}

#[test]
fn a_name_that_stands_for_an_address_inside_is_refused() {
    let nearness = Nearness::default();
    let away = place("storage.example", Some("registry.example"));
    for inside in [
        "127.0.0.1",
        "10.0.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "::1",
        "fe80::1",
        "fd00::1",
        "fec0::1",
        "::ffff:10.0.0.1",
        "::10.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::127.0.0.1",
        "2002:0a00:0001::1",
        "2001:0:5ef5:79fb:0:0:f5ff:fffe",
    ] {
        let refused = nearness.permitted(&away, vec![at(inside)]).unwrap_err();
        assert_eq!(refused.kind, FailureKind::Refused, "{inside}");
        assert!(refused.detail.contains("storage.example"), "{refused:?}");
        // The registry's own may be anywhere.
        let own = place("registry.example", None);
        assert_eq!(
            nearness.permitted(&own, vec![at(inside)]),
            Ok(vec![at(inside)])
        );
        // One public address is enough.
        let both = vec![at(inside), at("192.0.2.1")];
        assert_eq!(nearness.permitted(&away, both), Ok(vec![at("192.0.2.1")]));
    }
    for outside in [
        "192.0.2.1",
        "2001:db8::1",
        "64:ff9b::192.0.2.1",
        "2002:c000:0201::1",
    ] {
        let addresses = vec![at(outside)];
        assert_eq!(nearness.permitted(&away, addresses.clone()), Ok(addresses));
    }
    assert_eq!(nearness.permitted(&away, Vec::new()), Ok(Vec::new()));
}

#[test]
fn a_registry_that_is_inside_may_send_us_inside() {
    let nearness = Nearness::default();
    let away = place("storage.example", Some("Registry.example"));
    nearness.note(&place("registry.example", None), at("10.0.0.5"));
    assert!(nearness.permitted(&away, vec![at("10.0.0.9")]).is_ok());
    assert!(nearness.permitted(&away, vec![at("127.0.0.1")]).is_err());
    assert!(
        nearness
            .permitted(&away, vec![at("169.254.169.254")])
            .is_err()
    );
    nearness.note(&place("registry.example", None), at("127.0.0.1"));
    assert!(nearness.permitted(&away, vec![at("127.0.0.1")]).is_ok());
}

#[test]
fn a_connection_that_is_kept_is_no_way_inside() {
    let nearness = Nearness::default();
    nearness.note(&place("storage.example", None), at("10.0.0.9"));
    nearness.note(&place("registry.example", None), at("192.0.2.1"));
    let away = place("storage.example", Some("registry.example"));
    assert!(nearness.check(&away).is_err());
    assert!(nearness.check(&place("storage.example", None)).is_ok());
    nearness.note(&place("registry.example", None), at("10.0.0.5"));
    assert!(nearness.check(&away).is_ok());
}
