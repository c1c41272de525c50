//! In which order, and how soon after another, the addresses of a host are tried: Happy Eyeballs
//! (RFC 8305).

use std::net::SocketAddr;
use std::time::Duration;

/// How long one address is tried alone before the next is tried beside it (RFC 8305, section 5).
/// One that fails earlier is followed at once.
pub const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// The addresses in the resolver's order, but with the two kinds in turns (RFC 8305, section 4), so
/// that a network on which one kind is lost costs one delay and not one for each of its addresses.
#[must_use]
pub fn in_turns(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let Some(first) = addresses.first().map(SocketAddr::is_ipv4) else {
        return addresses;
    };
    let (one, other): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .partition(|address| address.is_ipv4() == first);
    let mut turns = Vec::with_capacity(one.len() + other.len());
    let (mut one, mut other) = (one.into_iter(), other.into_iter());
    loop {
        let before = turns.len();
        turns.extend(one.next());
        turns.extend(other.next());
        if turns.len() == before {
            return turns;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::in_turns;

    #[test]
    fn the_two_kinds_of_addresses_take_turns() {
        let parse = |list: &str| list.split(' ').map(|a| a.parse().unwrap()).collect();
        let sorted = in_turns(parse("[::1]:1 [::2]:1 [::3]:1 10.0.0.1:1 10.0.0.2:1"));
        let expected: Vec<_> = parse("[::1]:1 10.0.0.1:1 [::2]:1 10.0.0.2:1 [::3]:1");
        assert_eq!(sorted, expected);
        assert!(in_turns(Vec::new()).is_empty());
    }
}
