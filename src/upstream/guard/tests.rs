use proptest::prelude::*;

use super::*;

fn header(name: &str) -> HeaderName {
    HeaderName::from_bytes(name.as_bytes()).unwrap()
}

fn guard(names: &[&str]) -> Guard {
    let names: Vec<HeaderName> = names.iter().map(|name| header(name)).collect();
    Guard::new(names.iter())
}

fn patterns(texts: &[&str]) -> Vec<NamePattern> {
    texts.iter().map(|text| NamePattern::parse(text).unwrap()).collect()
}

#[test]
fn an_identity_header_goes_in_every_spelling() {
    let long = "x-".to_owned() + &"long-".repeat(2000);
    let guard = guard(&["X-User", "X-Tenant", "X-Roles_2", &long]);
    for name in [
        "x-user",
        "X_User",
        "x.user",
        "X~USER",
        "x'user",
        "X-TENANT",
        "x-roles-2",
        "X_Roles.2",
        &long,
        &long.replace('-', "_"),
    ] {
        assert!(guard.removes(&header(name)), "{name}");
    }
    let shorter = long.get(1..).unwrap();
    for name in [
        "x-users",
        "x-use",
        "xuser",
        "x--user",
        "user",
        "x-roles-3",
        "host",
        "accept",
        "authorization",
        shorter,
    ] {
        assert!(!guard.removes(&header(name)), "{name}");
    }
}

#[test]
fn a_guard_of_nothing_removes_nothing() {
    assert!(!guard(&[]).removes(&header("x-user")));
}

#[test]
fn overriding_headers_go_unless_allowed() {
    let strict = Removals::new(vec![], &[]);
    for name in [
        "X-Original-URL",
        "x_rewrite_url",
        "X-HTTP-Method-Override",
        "X_Method.Override",
        "X-HTTP-Method",
        "x_http_method",
    ] {
        assert!(strict.contains(&header(name)), "{name}");
    }
    for name in ["x-original", "x-http-methods", "x-user", "content-type"] {
        assert!(!strict.contains(&header(name)), "{name}");
    }
    let lax = Removals::new(vec![], &[Override::parse("x-http-method-override").unwrap()]);
    for name in ["X-HTTP-Method-Override", "x-http-method-override"] {
        assert!(!lax.contains(&header(name)), "{name}");
    }
    for name in ["x_http_method_override", "X-HTTP_Method-Override", "x.http.method.override"] {
        assert!(lax.contains(&header(name)), "{name}");
    }
    assert!(lax.contains(&header("X-HTTP-Method")));
    let both = Removals::new(patterns(&["X-HTTP-*"]), &[Override::HttpMethod]);
    assert!(both.contains(&header("X-HTTP-Method")));
}

#[test]
fn only_overriding_headers_can_be_allowed() {
    for known in Override::ALL {
        assert_eq!(Override::parse(&known.name().to_uppercase()), Ok(known));
    }
    let refusal = Override::parse("X-User").unwrap_err().to_string();
    assert!(refusal.starts_with("`X-User` cannot be allowed; only headers that override"), "{refusal}");
    for known in Override::ALL {
        assert!(refusal.contains(known.name()), "{known}");
    }
    assert!(Override::parse("").is_err());
}

#[test]
fn patterns_remove_names_and_prefixes_in_every_spelling() {
    let removals = Removals::new(patterns(&["X-Legacy-*", "Remote-User", "CF-*"]), &[]);
    for name in ["x-legacy-user", "X_Legacy_User", "x-legacy-", "remote-user", "REMOTE_USER", "cf-ray"] {
        assert!(removals.contains(&header(name)), "{name}");
    }
    for name in ["x-legacy", "x-legac-y", "remote-users", "remote", "cfray", "xx-legacy-user"] {
        assert!(!removals.contains(&header(name)), "{name}");
    }
}

#[test]
fn patterns_that_would_break_requests_are_refused() {
    let refusal = |text: &str| NamePattern::parse(text).unwrap_err();
    assert_eq!(refusal("*"), NamePatternError::Everything);
    for text in ["X-*-User", "*-User", "X-**", "X*y"] {
        assert!(matches!(refusal(text), NamePatternError::StarInside(_)), "{text}");
    }
    for text in ["", "X User", "X-Us\u{e9}r", "X-User:", "X-(a|b)"] {
        assert!(matches!(refusal(text), NamePatternError::Invalid(_)), "{text}");
    }
    for text in
        ["Host", "h*", "Content-*", "content_length", "Transfer-Encoding", "T*", "Connection", "Upgrade"]
    {
        assert!(matches!(refusal(text), NamePatternError::Needed { .. }), "{text}");
    }
    assert_eq!(
        refusal("Content-*").to_string(),
        "`Content-*` would remove `Content-Length`, without which requests cannot be passed on; narrow it"
    );
    for text in ["Content-Type", "X-*", "Cookie", "X-Forwarded-User"] {
        assert!(NamePattern::parse(text).is_ok(), "{text}");
    }
}

/// Folding as the contract has it, the slow way.
fn folded(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect()
}

fn names() -> impl Strategy<Value = String> {
    "[A-Za-z0-9!#$%&'*+.^_`|~-]{1,80}|[xX][-_.][abAB][-_.]?[abAB]?"
}

proptest! {
    #[test]
    fn every_respelling_goes(known in prop::collection::vec(names(), 1..20), at: prop::sample::Index, marks: Vec<u8>, upper: Vec<bool>) {
        let guard = guard(&known.iter().map(String::as_str).collect::<Vec<_>>());
        let name = at.get(&known);
        let respelled: String = name.chars().enumerate().map(|(at, c)| {
            let symbols = b"!#$%&'*+-.^_`|~";
            let mark = marks.get(at).map_or(b'_', |&mark| symbols[usize::from(mark) % symbols.len()]);
            match (c.is_ascii_alphanumeric(), upper.get(at)) {
                (false, _) => char::from(mark),
                (true, Some(true)) => c.to_ascii_uppercase(),
                (true, _) => c.to_ascii_lowercase(),
            }
        }).collect();
        prop_assert!(guard.removes(&header(&respelled)), "{} for {}", respelled, name);
    }

    #[test]
    fn a_name_goes_if_and_only_if_it_folds_to_a_known_one(known in prop::collection::vec(names(), 0..20), name in names()) {
        let guard = guard(&known.iter().map(String::as_str).collect::<Vec<_>>());
        prop_assert_eq!(guard.removes(&header(&name)), known.iter().any(|known| folded(known) == folded(&name)));
    }

    #[test]
    fn a_prefix_removes_what_folds_to_begin_with_it(prefix in "[xX][-_][ab]{1,2}[-_]?", name in "[xX][-_.]?[abAB]{0,3}[-_.]?[ab]?") {
        let removals = Removals::new(patterns(&[&format!("{prefix}*")]), &Override::ALL);
        prop_assert_eq!(removals.contains(&header(&name)), folded(&name).starts_with(&folded(&prefix)));
    }
}
