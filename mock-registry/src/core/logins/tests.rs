use crate::core::{Config, Core};
use crate::profile::Profile;

#[test]
fn every_token_is_another() {
    let profile = Profile::builtin("oci").expect("it is embedded");
    let mut core = Core::new(Config::new(profile)).expect("memory has nothing to recall");
    let (one, two) = (core.refresh_token("alice"), core.refresh_token("alice"));
    assert_ne!(one, two);
    assert_eq!((one.len(), two.len()), (32, 32), "two digits for each byte");
}
