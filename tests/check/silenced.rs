//! Findings that the file allows: `# jwtgate:allow CODE: reason`, and comments that do not say that.

use super::{Binary, Setup, place};

/// What `check` says, as line numbers and codes.
async fn found(setup: &Setup, yaml: &str) -> Vec<(usize, String)> {
    let file = setup.write(yaml);
    let file = file.to_str().unwrap();
    let run = Binary::finish(["check", file]).await;
    let lines = run.lines_starting(&format!("{file}:")).into_iter().filter(|line| !line.ends_with(": ok"));
    lines
        .map(|line| {
            let code = line.rsplit_once('[').map_or("error", |(_, code)| code.trim_end_matches(']'));
            (place(file, &line).0, code.to_owned())
        })
        .collect()
}

const ROUTES: &str = "routes: [{ name: a, match: { path: /a }, access: authenticated, upstream: orders }]\n";

/// The file starts with the two sections of the harness that are not given: 2 lines of `admin`, 4 of `issuers`.
fn file(listeners: &str) -> String {
    format!("upstreams: {{ orders: {{ endpoints: [$UPSTREAM] }} }}\n{ROUTES}{listeners}")
}

/// One with what a route requires.
fn conditional(require: &str) -> String {
    format!(
        "listeners: [{{ address: '127.0.0.1:0' }}]
upstreams: {{ orders: {{ endpoints: [$UPSTREAM] }} }}
routes:
  - name: a
    match: {{ path: /a }}
    upstream: orders
    access:
      require:
        {require}
"
    )
}

const FIRST: usize = 6 + 2 + 1;

#[tokio::test]
async fn a_finding_is_passed_over_where_the_file_says_why() {
    let setup = Setup::new().await;
    for right in [
        "listeners: [{ address: '0.0.0.0:18080' }] # jwtgate:allow plaintext-listener: the mesh encrypts\n",
        "listeners:\n  # jwtgate:allow plaintext-listener: the mesh encrypts\n  - address: 0.0.0.0:18080\n",
        "listeners:\n  #jwtgate:allow plaintext-listener: the mesh: it encrypts # more\n  # and a line on that\n  - address: 0.0.0.0:18080\n",
        "listeners:\n  - address: 0.0.0.0:18080 # jwtgate:allow   plaintext-listener : why\n",
    ] {
        let yaml = file(right);
        assert_eq!(found(&setup, &yaml).await, [], "{right}");
        let written = setup.write(&yaml);
        let run = Binary::finish(["check", "--strict", written.to_str().unwrap()]).await;
        assert_eq!(run.code(), Some(0), "{right}: {}", run.said());
        assert!(run.stdout.ends_with(": ok"), "{right}: {}", run.said());
    }
    // A text that stands below its key can hold no comment.
    for when in [
        "# jwtgate:allow unanchored-pattern: meant\n        when: |\n          claims.a == 1 ||\n          claims.a.matches('x')",
        "when: >-   # jwtgate:allow unanchored-pattern: meant\n\n          claims.a.matches('x')",
        "# jwtgate:allow unanchored-pattern: meant\n        when:\n          claims.a.matches('x')",
        "when:\n          # jwtgate:allow unanchored-pattern: meant\n          claims.a.matches('x') ||\n          claims.a",
        "all_of:\n          # jwtgate:allow unanchored-pattern: meant\n          - when: |2\n              claims.a.matches('x')",
    ] {
        assert_eq!(found(&setup, &conditional(when)).await, [], "{when}");
    }
    // What stands behind that text, or is the next key, is another matter.
    for (when, line) in [
        (
            "all_of:\n          - when: | # jwtgate:allow unanchored-pattern: meant\n              claims.a.matches('x')\n          - when: claims.a.matches('y')",
            4,
        ),
        (
            "# jwtgate:allow constant-condition: meant\n        all_of:\n          - when: claims.a.matches('y')\n          - when: 'true' # jwtgate:allow constant-condition: meant",
            3,
        ),
    ] {
        let found = found(&setup, &conditional(when)).await;
        assert!(found.contains(&(FIRST + 5 + line, "unanchored-pattern".to_owned())), "{when}: {found:?}");
    }
    // Two of them for one line.
    let yaml = file(
        "listeners: [{ address: '127.0.0.1:0' }]
issuers:
  # jwtgate:allow allow-http: the issuer is in this rack
  # jwtgate:allow unused-issuer: not what is found here
  a: { issuer: 'http://id.example', audiences: [a], keys: { allow_http: true } }
",
    );
    assert_eq!(found(&setup, &yaml).await, [(2 + 2 + 1 + 3, "allow-unused".to_owned())]);
}

#[tokio::test]
async fn a_comment_that_silences_nothing_is_found_itself() {
    let setup = Setup::new().await;
    let plain = || (FIRST, "plaintext-listener".to_owned());
    let at = |line: usize, code: &str| (line, code.to_owned());
    for (wrong, expected) in [
        // The text of a scalar is no comment.
        (
            "policies: { a: { roles: ' # jwtgate:allow plaintext-listener: x' } }\n",
            vec![plain(), at(FIRST + 1, "unused-policy")],
        ),
        (
            "policies: { a: { roles: \" # jwtgate:allow unused-policy: x\" } }\n",
            vec![plain(), at(FIRST + 1, "unused-policy")],
        ),
        (
            "policies:\n  a:\n    roles: |\n      # jwtgate:allow unused-policy: x\n      admin\n",
            vec![plain(), at(FIRST + 2, "unused-policy")],
        ),
        (
            "policies:\n  a:\n    roles: >-\n\n      admin\n      # jwtgate:allow x\n",
            vec![plain(), at(FIRST + 2, "unused-policy")],
        ),
        (
            "policies:\n  a:\n    roles: 'x\n      # jwtgate:allow y: z\n      '\n",
            vec![plain(), at(FIRST + 2, "unused-policy")],
        ),
        // Behind a scalar there is one.
        (
            "policies:\n  a: # jwtgate:allow unused-policy: soon\n    roles: |\n      admin\n    # jwtgate:allow unused-policy: later\n",
            vec![plain(), at(FIRST + 5, "allow-unused")],
        ),
        (
            "# jwtgate:allow plaintext-listener: below, and not above\n",
            vec![plain(), at(FIRST + 1, "allow-unused")],
        ),
        ("# jwtgate:allow plaintext-listner: x\n", vec![plain(), at(FIRST + 1, "allow-unknown")]),
        ("# jwtgate:allow allow-unused: x\n", vec![plain(), at(FIRST + 1, "allow-unknown")]),
        ("# jwtgate:allow plaintext-listener, observe: x\n", vec![plain(), at(FIRST + 1, "allow-unknown")]),
        ("# jwtgate:allow\n", vec![plain(), at(FIRST + 1, "allow-unknown")]),
        ("# jwtgate:ignore unused-policy: x\n", vec![plain(), at(FIRST + 1, "allow-unknown")]),
        (
            "policies: { a: { roles: a } } # jwtgate:allow unused-policy\n",
            vec![plain(), at(FIRST + 1, "unused-policy"), at(FIRST + 1, "allow-without-reason")],
        ),
        (
            "policies: { a: { roles: a } } # jwtgate:allow unused-policy:   \n",
            vec![plain(), at(FIRST + 1, "unused-policy"), at(FIRST + 1, "allow-without-reason")],
        ),
        // Nearly the form: whoever wrote that believes in it.
        ("# jwtgate:alow plaintext-listener: x\n", vec![plain(), at(FIRST + 1, "allow-unknown")]),
        ("# jwtgate: allow plaintext-listener: x\n", vec![plain(), at(FIRST + 1, "allow-unknown")]),
        ("# jwtgate allow plaintext-listner: x\n", vec![plain(), at(FIRST + 1, "allow-unknown")]),
        ("# jwtgate-ignore plaintext-listener\n", vec![plain(), at(FIRST + 1, "allow-unknown")]),
        ("# JWTGATE:allow plaintext-listener: x\n", vec![plain(), at(FIRST + 1, "allow-unknown")]),
        ("## jwtgat:allow plaintext-listener: x\n", vec![plain(), at(FIRST + 1, "allow-unknown")]),
        ("# jwtgate allows what the wiki says\n", vec![plain()]),
        ("# allow plaintext-listener: x\n", vec![plain()]),
        // What comes and goes may be allowed ahead of its time.
        ("# jwtgate:allow certificate-expires-soon: renewed by hand\n", vec![plain()]),
        // This one speaks to people.
        ("# jwtgate: see the wiki\n", vec![plain()]),
    ] {
        let yaml = file(&format!("listeners: [{{ address: '0.0.0.0:18080' }}]\n{wrong}"));
        assert_eq!(found(&setup, &yaml).await, expected, "{wrong}");
    }
}

#[tokio::test]
async fn an_error_cannot_be_silenced() {
    let setup = Setup::new().await;
    for wrong in [
        "# jwtgate:allow invalid-configuration: x\nshutdwn: {}\n",
        "shutdwn: {} # jwtgate:allow unused-policy: x\n",
    ] {
        let written = setup.write(&file(&format!("listeners: [{{ address: '127.0.0.1:0' }}]\n{wrong}")));
        let run = Binary::finish(["check", written.to_str().unwrap()]).await;
        assert_eq!(run.code(), Some(2), "{}", run.said());
        assert!(run.said().contains("unknown key `shutdwn`"), "{}", run.said());
    }
}

/// What such a comment has nearly said is named.
#[tokio::test]
async fn a_misspelt_comment_is_told_what_would_be_right() {
    let setup = Setup::new().await;
    for (comment, expected) in [
        (
            "jwtgate:alow plaintext-listener: x",
            "`jwtgate:alow` silences nothing; did you mean `jwtgate:allow`?",
        ),
        (
            "jwtgate:allow plaintext-listner: x",
            "no lint is called `plaintext-listner`; did you mean `plaintext-listener`?",
        ),
        (
            "jwtgate:allow plaintext-listener",
            "`plaintext-listener` is allowed without a reason; write `# jwtgate:allow plaintext-listener: reason`",
        ),
        (
            "jwtgate: allow plaintext-listener: x",
            "a comment that silences nothing; write `# jwtgate:allow CODE: reason`",
        ),
    ] {
        let file = setup.write(&file(&format!("listeners: [{{ address: '0.0.0.0:18080' }}] # {comment}\n")));
        let run = Binary::finish(["check", file.to_str().unwrap()]).await;
        assert!(run.said().contains(expected), "{comment}: {}", run.said());
    }
}

/// Beside an error, too, and whichever command says it.
#[tokio::test]
async fn silenced_is_silenced_everywhere() {
    let setup = Setup::new().await;
    let issuers = "issuers:
  rack: { issuer: 'http://id.example', audiences: [a], keys: { allow_http: true } } # jwtgate:allow allow-http: this rack
";
    let config = setup
        .write(&format!("{}{issuers}shutdwn: {{}}\n", file("listeners: [{ address: '127.0.0.1:0' }]\n")));
    let config = config.to_str().unwrap();
    let tests =
        "config: jwtgate.yaml\ntests: [{ name: a, request: { path: /a }, expect: { status: 401 } }]\n";
    let tests = setup.scratch.write("a.test.yaml", tests);
    for arguments in [
        &["check", config][..],
        &["run", "--config", config],
        &["explain", "--config", config, "--method", "GET", "--path", "/a"],
        &["test", tests.to_str().unwrap()],
    ] {
        let run = Binary::finish(arguments).await;
        assert_eq!(run.code(), Some(2), "{arguments:?}: {}", run.said());
        assert!(run.said().contains("unknown key `shutdwn`"), "{arguments:?}: {}", run.said());
        assert!(!run.said().contains("allow-http"), "{arguments:?}: {}", run.said());
    }
}
