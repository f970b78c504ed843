//! What `check` does not repeat, and what it takes as given on another machine.

use super::{Binary, check, command};
use crate::support::world::{AUTHENTICATED, Setup};

const VALUE: &str = "h4nter2-Value";

/// What came from the environment is shown as the file has it, wherever the mistake comes to light.
#[tokio::test]
async fn values_of_variables_are_never_repeated() {
    let setup = Setup::new().await;
    let name = "${JWTGATE_TEST_VALUE}";
    let yaml = format!(
        "issuers:
  {{I}}: {{ issuer: 'https://a', audiences: [a], algorithms: ['{name}'], keys: {{ secret: {{ file: '{name}' }} }} }}
  two: {{ issuer: 'https://b', audiences: [a], keys: {{ secret: {{ env: '{name}' }} }} }}
  three: {{ issuer: 'https://c', audiences: [a], keys: {{ jwks_uri: '{name}' }} }}
  four: {{ issuer: '{name}', audiences: [a] }}
  five: {{ issuer: 'https://d', audiences: [a], keys: {{ pem_file: 'x/{name}/y' }} }}
  six: {{ issuer: 'https://e', audiences: [a], keys: {{ ca: '{name}', on_start: '{name}', proxy: '{name}' }} }}
upstreams:
  orders: {{ endpoints: ['ftp://{name}', 'https://x'], tls: {{ ca: '{name}', server_name: '-- {name} --' }} }}
policies:
  p: '{name}'
identity: {{ headers: {{ X-User: '{name}' }}, remove: ['{name} {name}'] }}
routes:
  - {{ name: '{name}', match: {{ path: '{name}', hosts: ['https://{name}'], methods: ['{name}'] }}, access: '{name}', upstream: '{name}' }}
  - {{ name: '{name}', match: {{ path: /a }}, access: {{ require: '{name}', issuers: ['{name}'] }}, upstream: '{name}' }}
",
    )
    .replace("{I}", "one");
    let file = setup.write(&yaml);
    for arguments in [vec!["check"], vec!["check", "--offline"], vec!["run", "--config"]] {
        let mut command = command([&arguments[..], &[file.to_str().unwrap()]].concat());
        command.env("JWTGATE_TEST_VALUE", VALUE);
        let run = Binary::finish_command(command).await;
        assert_eq!(run.code(), Some(2), "{}", run.said());
        let lines = run.lines_starting(file.to_str().unwrap());
        assert!(lines.len() >= 18, "{} lines: {}", lines.len(), run.said());
        let said = run.said().to_lowercase();
        assert!(!said.contains(&VALUE.to_lowercase()), "{}", run.said());
        assert!(lines.iter().filter(|line| line.contains(name)).count() >= 14, "{}", run.said());
    }
}

#[tokio::test]
async fn what_may_be_a_secret_is_never_repeated() {
    let setup = Setup::new().await;
    let yaml = format!(
        "issuers:
  one: {{ issuer: 'https://a', audiences: [a], keys: {{ secret: mysecretvalue }} }}
  two: {{ issuer: 'https://b', audiences: [a], keys: {{ proxy: 'socks5://u:mysecretvalue@p' }} }}
  three: {{ issuer: 'https://c', audiences: [a], keys: {{ proxy: 123456789 }} }}
{AUTHENTICATED}"
    );
    let file = setup.write(&yaml);
    let run = check(file.to_str().unwrap()).await;
    assert_eq!(run.lines_starting(file.to_str().unwrap()).len(), 3, "{}", run.said());
    assert!(!run.said().contains("mysecretvalue") && !run.said().contains("123456789"), "{}", run.said());
}

/// A secret that is elsewhere is a secret all the same: nothing but its absence is said, and that is a warning.
#[tokio::test]
async fn offline_a_secret_that_is_not_here_is_one_warning() {
    let setup = Setup::new().await;
    for secret in [
        "{ file: missing }",
        "{ env: JWTGATE_TEST_UNSET }",
        "{ file: '${JWTGATE_TEST_UNSET}/k' }",
        "{ env: '${JWTGATE_TEST_UNSET}' }",
    ] {
        for algorithms in ["", "algorithms: [HS256],"] {
            let yaml = format!(
                "issuers:\n  corporate: {{ issuer: $ISSUER, audiences: [a], {algorithms} keys: {{ secret: {secret} }} }}\n{AUTHENTICATED}"
            );
            let file = setup.write(&yaml);
            let run = Binary::finish(["check", "--offline", file.to_str().unwrap()]).await;
            assert_eq!(run.code(), Some(0), "{secret}: {}", run.said());
            assert_eq!(run.lines_starting(file.to_str().unwrap()).len(), 1, "{secret}: {}", run.said());
        }
    }
}
