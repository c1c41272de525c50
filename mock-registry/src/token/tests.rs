use super::*;

fn claims() -> Claims {
    Claims {
        iss: "issuer".into(),
        sub: "alice".into(),
        aud: Some("service".into()),
        exp: 200,
        nbf: 100,
        iat: 100,
        jti: "1".into(),
        access: vec![Access {
            kind: "repository".into(),
            name: "a/b".into(),
            actions: vec!["pull".into()],
        }],
    }
}

fn signers() -> Vec<Box<dyn Signer>> {
    vec![
        Box::new(HmacSigner::new(b"k")),
        Box::new(HmacSigner::new(&[7; 100])),
        Box::new(Es256Signer::generate("test").unwrap()),
    ]
}

#[test]
fn a_token_says_what_was_signed() {
    for signer in signers() {
        let token = signer.sign(&claims()).unwrap();
        assert_eq!(signer.verify(&token), Ok(claims()));
    }
}

#[test]
fn a_changed_token_is_refused() {
    for signer in signers() {
        let token = signer.sign(&claims()).unwrap();
        let mut parts: Vec<&str> = token.split('.').collect();
        let mut greedy = claims();
        greedy.access[0].actions = vec!["push".into()];
        let payload = encode(&serde_json::to_vec(&greedy).unwrap());
        parts[1] = &payload;
        assert_eq!(signer.verify(&parts.join(".")), Err(TokenError::Signature));
    }
}

#[test]
fn a_token_of_another_is_refused() {
    let token = HmacSigner::new(b"other").sign(&claims()).unwrap();
    for signer in signers() {
        assert_eq!(signer.verify(&token), Err(TokenError::Signature));
    }
}

#[test]
fn what_is_no_token_is_refused() {
    for signer in signers() {
        for text in ["", ".", "..", "a.b.c", "a.e30.c", "ä.ö.ü"] {
            assert_eq!(signer.verify(text), Err(TokenError::Format), "{text}");
        }
    }
}

#[test]
fn claims_hold_for_a_while() {
    let at = |seconds| claims().hold_at(Duration::from_secs(seconds), 0);
    assert_eq!([99, 100, 199, 200].map(at), [false, true, true, false]);
    let grace = |seconds| claims().hold_at(Duration::from_secs(seconds), 30);
    assert_eq!([69, 70, 229, 230].map(grace), [false, true, true, false]);
}

#[test]
fn claims_allow_what_they_name() {
    let mut claims = claims();
    assert!(claims.allow("a/b", "pull"));
    assert!(!claims.allow("a/b", "push"));
    assert!(!claims.allow("a", "pull"));
    claims.access[0].actions = vec!["*".into()];
    assert!(claims.allow("a/b", "push"));
    claims.access[0].kind = "registry".into();
    assert!(!claims.allow("a/b", "push"));
}
