//! Names of parameters, members and headers that say that their values are secret.

/// What the value of a field is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// No secret.
    Open,
    /// A secret, if it does not read like the next word of a sentence.
    Word,
    /// A secret, whatever it reads like: names that occur in no sentence.
    Secret,
    /// The credentials of `Authorization`: a scheme, and a secret.
    Scheme,
    /// Cookies: secrets, each with a name of its own.
    Pairs,
}

/// What a field of this name has as its value.
pub(super) fn value_of(name: &str) -> Value {
    let is_header = name.contains('-');
    let name = name.to_ascii_lowercase().replace(['-', '.'], "_");
    if NOT_SECRET.iter().any(|end| name.ends_with(end)) {
        return Value::Open;
    }
    if name.ends_with("authorization") {
        return Value::Scheme;
    }
    if name.ends_with("cookie") || name.ends_with("cookies") {
        return Value::Pairs;
    }
    let is_secret = WHOLE.contains(&name.as_str()) || PARTS.iter().any(|part| name.contains(part));
    match (is_secret, is_header) {
        (false, _) => Value::Open,
        (true, true) => Value::Secret,
        (true, false) => Value::Word,
    }
}

/// Whether the value of this parameter of a query is for people to read: those of the OCI
/// distribution specification, the token specification and of Amazon's signatures.
pub(super) fn is_harmless(name: &str) -> bool {
    HARMLESS
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name))
}

/// Names. `_state` is that of the distribution project's upload URLs, `sig` that of Azure's
/// shared access signatures.
const WHOLE: &[&str] = &[
    "_state",
    "auth",
    "assertion",
    "creds",
    "hmac",
    "jwt",
    "pass",
    "passphrase",
    "pwd",
    "sig",
    "x_registry_auth",
    "x_registry_config",
];

/// Parts of names: `X-Amz-Signature`, `X-Amz-Security-Token`, `GoogleAccessId` has none, and
/// `AWSAccessKeyId` names an account but belongs to a signature.
const PARTS: &[&str] = &[
    "access_key",
    "accesskey",
    "api_key",
    "apikey",
    "credential",
    "passw",
    "private_key",
    "secret",
    "signature",
    "token",
];

/// Ends of names that hold words about a secret, not the secret.
const NOT_SECRET: &[&str] = &[
    "offline_token",
    "_type",
    "_endpoint",
    "_url",
    "_uri",
    "_version",
    "_method",
    "_algorithm",
    "_expires",
    "_expires_in",
    "_expiry",
    "_server",
    "_service",
    "_scope",
];

const HARMLESS: &[&str] = &[
    "account",
    "client_id",
    "digest",
    "from",
    "last",
    "mount",
    "n",
    "scope",
    "service",
    "tag",
    "X-Amz-Algorithm",
    "X-Amz-Date",
    "X-Amz-SignedHeaders",
];
