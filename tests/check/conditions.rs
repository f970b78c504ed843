//! Mistakes of conditions stand where they stand: at the character, in whatever style the text is written.

use super::{check, place};
use crate::support::world::Setup;

/// Entries of a `require`, with `¶` before the character of the mistake.
const AT_THE_CHARACTER: &[(&str, &str)] = &[
    ("plain", "require: { when: claims.a == ¶claim.b }"),
    ("plain with an odd claim", "require: { when: roles.size() > ¶claim.b }"),
    ("plain over lines", "require:\n        when: claims.a ==\n          1 &&\n\n          ¶claim.b"),
    ("single quotes", "require: { when: 'claims.a == \"x\" && ¶claim.b' }"),
    ("a quote in single quotes", "require: { when: 'claims.a == ''x'' && ¶claim.b' }"),
    ("double quotes", r#"require: { when: "claims.a == 'x' && ¶claim.b" }"#),
    ("escapes in double quotes", r#"require: { when: "claims.a == \"\\\\\" && ¶claim.b" }"#),
    ("double quotes over lines", "require: { when: \"claims.a == 'x'\n          && ¶claim.b\" }"),
    ("a literal block", "require:\n        when: |\n          claims.a == 'x'\n            && ¶claim.b"),
    (
        "a literal block, stripped",
        "require:\n        when: |-\n          claims.a == 'x' &&\n\n          ¶claim.b",
    ),
    ("a folded block", "require:\n        when: >\n          claims.a == 'x'\n          && ¶claim.b"),
    (
        "a folded block with gaps",
        "require:\n        when: >-\n          claims.a == 'x'\n\n            && claims.b\n          && ¶claim.b",
    ),
    ("a comment in a block", "require:\n        when: | # why\n          // what for\n          ¶claim.b"),
    ("a given indentation", "require:\n        when: |2-\n          claims.a ||\n            ¶claim.b"),
    ("an operator", "require: { when: claims.a && roles ¶== 'x' }"),
    ("a method", "require: { when: claims.a.¶startswith('x') }"),
    ("a function", "require: { when: claims.a && ¶length(claims.b) }"),
    ("a field", "require: { when: claims.a && request.¶metod == 'x' }"),
    ("a capture", "require: { when: claims.a == path.¶id }"),
    ("a word for an operator", "require: { when: claims.a ¶and claims.b }"),
    ("one sign for two", "require: { when: claims.a ¶= 1 }"),
    ("a bracket", "require: { when: 'claims.a && ¶(claims.b || claims.c' }"),
    ("an end", "require: { when: 'claims.a ¶&& ' }"),
];

/// Where that cannot be told for certain, the text as a whole is meant.
const AT_THE_START: &[(&str, &str)] = &[
    ("a letter of several bytes", "require: { when: ¶'claims.a == \"é\" && claim.b' }"),
    ("another escape", r#"require: { when: ¶"claims.a == '\x41' && claim.b" }"#),
    ("a variable", "require: { when: ¶'claims.a == \"${NOT_SET:-x}\" && claim.b' }"),
    ("no place", "require: { when: ¶claims.a.size() }"),
];

/// What `check` says of the condition, and where.
async fn fault(setup: &Setup, (name, marked): &(&str, &str)) -> Option<String> {
    let yaml = |entry: &str| {
        format!(
            "routes:\n  - name: a\n    match: {{ path: /a }}\n    upstream: orders\n    access:\n      {entry}\n"
        )
    };
    let text = setup.render(&yaml(marked));
    let before = text.split('¶').next().unwrap();
    let expected = (before.lines().count(), before.rsplit('\n').next().unwrap().chars().count() + 1);
    let file = setup.write(&yaml(&marked.replace('¶', "")));
    let file = file.to_str().unwrap();
    let run = check(file).await;
    match run.lines_starting(file).as_slice() {
        [line] if place(file, line) == expected => None,
        lines => Some(format!("{name}: expected {expected:?}, found {lines:#?}")),
    }
}

#[tokio::test]
async fn a_mistake_of_a_condition_is_told_at_its_character() {
    let setup = Setup::new().await;
    let mut faults = Vec::new();
    for case in AT_THE_CHARACTER.iter().chain(AT_THE_START) {
        faults.extend(fault(&setup, case).await);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// One mistake hides no other: what a condition that does not compile asks of its path is told too.
#[tokio::test]
async fn captures_that_are_not_there_are_told_beside_a_mistake() {
    let setup = Setup::new().await;
    let file = setup.write(
        "routes:
  - { name: a, match: { path: '/a/{it}' }, upstream: orders, access: { require: { when: path.id == claim.b && claims.exp > now } } }
",
    );
    let run = check(file.to_str().unwrap()).await;
    assert_eq!(run.lines_starting(file.to_str().unwrap()).len(), 3, "{}", run.said());
    for part in [
        "`when` asks for `path.id`, which this path does not capture; did you mean `path.it`?",
        "`when` has no variable `claim`; did you mean `claims`?",
        "`>` is between a number and a timestamp; write `timestamp(claims.exp)` for a number of seconds since 1970",
    ] {
        assert!(run.said().contains(part), "{part}: {}", run.said());
    }
}

/// The place of an alias is not that of what it stands for.
#[tokio::test]
async fn a_condition_behind_an_alias_is_told_where_it_is_used() {
    let setup = Setup::new().await;
    let route = |name: &str, when: &str| {
        format!(
            "  - {{ name: {name}, match: {{ path: /{name} }}, upstream: orders, access: {{ require: {{ when: {when} }} }} }}\n"
        )
    };
    let yaml = format!("routes:\n{}{}", route("a", "&it 'claims.a == claim.b'"), route("b", "*it"));
    let text = setup.render(&yaml);
    let column = |line: &str, of: &str| line.find(of).unwrap() + 1;
    let lines: Vec<&str> = text.lines().collect();
    let first = lines.iter().position(|line| line.contains("&it")).unwrap();
    let file = setup.write(&yaml);
    let file = file.to_str().unwrap();
    let run = check(file).await;
    let mut places: Vec<_> = run.lines_starting(file).iter().map(|line| place(file, line)).collect();
    places.sort_unstable();
    let expected =
        [(first + 1, column(lines[first], "claim.b")), (first + 2, column(lines[first + 1], "*it"))];
    assert_eq!(places, expected, "{}", run.said());
}
