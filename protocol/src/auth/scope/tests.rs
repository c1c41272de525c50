use super::*;

fn repository(name: &str) -> Repository {
    name.parse().expect("it has the form")
}

#[test]
fn scopes_are_merged_by_resource_and_keep_their_order() {
    let mut scopes = Scopes::default();
    assert!(scopes.add(Scope::push(&repository("a/b"))));
    assert!(scopes.add(Scope::pull(&repository("c"))));
    assert!(!scopes.add(Scope::pull(&repository("a/b"))));
    for scope in Scope::list("repository:c:push,pull repository:host:5000/d:pull junk") {
        assert!(scopes.add(scope));
    }
    let texts: Vec<_> = scopes.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "repository:a/b:pull,push",
            "repository:c:pull,push",
            "repository:host:5000/d:pull"
        ]
    );
    assert!(scopes.keep_first());
    assert!(!scopes.keep_first());
}

#[test]
fn a_registry_cannot_make_the_list_grow_for_ever() {
    let mut scopes = Scopes::default();
    for n in 0..100 {
        for scope in Scope::list(&format!("repository:x{n}:pull")) {
            scopes.add(scope);
        }
    }
    assert_eq!(scopes.iter().count(), MAX_SCOPES);
}

#[test]
fn a_scope_has_three_parts_that_can_stand_in_a_url() {
    for text in [
        ":a:pull",
        "repository::pull",
        "repository:a:",
        "rep\u{f6}sitory:a:pull",
        "repository:\u{e4}:pull",
        "repository:a:p\u{fc}ll",
    ] {
        assert_eq!(Scope::list(text), [], "{text}");
    }
}

#[test]
fn a_scope_that_is_too_long_is_left_out() {
    let (start, end) = ("repository:", ":pull");
    let name = "a".repeat(MAX_SCOPE - start.len() - end.len());
    assert_eq!(Scope::list(&format!("{start}{name}{end}")).len(), 1);
    assert!(Scope::list(&format!("{start}{name}a{end}")).is_empty());
}
