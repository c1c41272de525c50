//! What no server can play, and where it is looked at instead.

/// A fault of the list that is not played here.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Unplayed {
    /// Its number.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Why a server cannot play it.
    pub why: &'static str,
}

/// The faults that a server cannot play, with the reason.
#[must_use]
pub fn unplayed() -> &'static [Unplayed] {
    &ALL
}

const ALL: [Unplayed; 4] = [
    Unplayed {
        id: "F8",
        name: "dns-fail",
        why: "names are resolved by the client's machine before a server hears of anything; \
              connect-refused plays the part that a server can",
    },
    Unplayed {
        id: "F40",
        name: "evil-realm by name",
        why: "a DNS name that resolves to a private address needs a resolver of ours on the \
              client's machine; the literal addresses are played by evil-realm",
    },
    Unplayed {
        id: "F97",
        name: "canary-credentials",
        why: "nothing goes wrong in it: the recorder looks for the secrets it gave out in \
              everything that arrives, in every run",
    },
    Unplayed {
        id: "F98",
        name: "log-scrub",
        why: "the secrets would be in the client's own output: the judge reads that (check C43)",
    },
];
