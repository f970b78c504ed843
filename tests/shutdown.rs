//! The life of the process: how it starts, drains and ends, and what its exit status says.

use std::time::{Duration, Instant};

use crate::support::client::Client;
use crate::support::world::{AUTHENTICATED, Setup};
use crate::support::{Binary, Script};

fn with_shutdown(delay: &str, timeout: &str) -> String {
    format!("shutdown: {{ delay: {delay}, timeout: {timeout} }}\n{AUTHENTICATED}")
}

async fn unready(admin: &Client) {
    eventually!(
        admin.get("/readyz").try_send().await.is_ok_and(|reply| reply.status == 503),
        "readiness did not fail first"
    );
}

#[tokio::test]
async fn sigterm_drains_without_losing_a_request() {
    for signal in ["TERM", "INT"] {
        let setup = Setup::new().await;
        let mut binary = setup.run(&with_shutdown("1s", "10s")).await;
        let (client, admin) = (binary.client().await, Client::new(binary.admin().await));
        let token = setup.issuer.token().sign();
        let mut idle = client.connect().await.unwrap();
        assert_eq!(idle.send(client.get("/").bearer(&token)).await.unwrap().status, 200);
        let slow = Script::Slow(Duration::from_millis(2500), Box::new(Script::ok()));
        setup.upstream.answer_once(slow.clone());
        let in_flight = tokio::spawn(client.get("/slow").bearer(&token).send());
        eventually!(setup.upstream.requests().len() == 2);
        setup.upstream.answer_once(slow);
        let over_http2 = tokio::spawn(client.http2().get("/slow").bearer(&token).send());
        eventually!(setup.upstream.requests().len() == 3);

        let signalled = Instant::now();
        binary.signal(signal);
        unready(&admin).await;
        assert_eq!(admin.get("/livez").send().await.status, 200, "alive while it drains");
        if signalled.elapsed() < Duration::from_millis(700) {
            client.get("/late").bearer(&token).send().await.assert_passed();
        }
        eventually!(idle.is_closed(), "the idle connection was not closed");
        assert!(binary.exited().is_none(), "ended with requests in flight");
        in_flight.await.unwrap().assert_passed();
        over_http2.await.unwrap().assert_passed();
        assert_eq!(binary.wait().await.code(), Some(0), "{signal}: {:#?}", binary.stderr());
        assert!(signalled.elapsed() >= Duration::from_millis(900), "the delay was not kept");
        assert!(signalled.elapsed() < Duration::from_secs(8), "it waited for more than what was in flight");
        assert!(client.get("/").try_send().await.is_err(), "still listening");
    }
}

#[tokio::test]
async fn with_nothing_in_flight_it_ends_after_the_delay() {
    let setup = Setup::new().await;
    let mut binary = setup.run(&with_shutdown("0s", "30s")).await;
    let _idle = binary.client().await.connect().await.unwrap();
    let signalled = Instant::now();
    binary.signal("TERM");
    assert_eq!(binary.wait().await.code(), Some(0));
    assert!(signalled.elapsed() < Duration::from_secs(5), "{:?} for nothing", signalled.elapsed());
}

#[tokio::test]
async fn what_outlives_the_timeout_is_ended() {
    let setup = Setup::new().await;
    let mut binary = setup.run(&with_shutdown("0s", "500ms")).await;
    let client = binary.client().await;
    setup.upstream.answer(Script::Silence);
    let stuck = tokio::spawn(client.get("/").bearer(&setup.issuer.token().sign()).try_send());
    eventually!(setup.upstream.requests().len() == 1);
    let signalled = Instant::now();
    binary.signal("TERM");
    binary.wait().await;
    assert!(signalled.elapsed() < Duration::from_secs(5), "{:?}", signalled.elapsed());
    let reply = stuck.await.unwrap();
    assert!(reply.as_ref().map_or(true, |reply| reply.status >= 500), "{reply:?}");
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let setup = Setup::new().await;
    let mut binary = setup.run(&with_shutdown("30s", "60s")).await;
    let (client, admin) = (binary.client().await, Client::new(binary.admin().await));
    setup.upstream.answer(Script::Silence);
    let _stuck = tokio::spawn(client.get("/").bearer(&setup.issuer.token().sign()).try_send());
    eventually!(setup.upstream.requests().len() == 1);
    binary.signal("TERM");
    unready(&admin).await;
    let again = Instant::now();
    binary.signal("TERM");
    binary.wait().await;
    assert!(again.elapsed() < Duration::from_secs(3), "{:?}", again.elapsed());
}

#[tokio::test]
async fn a_port_in_use_is_named_and_exit_1() {
    let setup = Setup::new().await;
    let taken = setup.upstream.address();
    for section in [format!("listeners:\n  - address: {taken}\n"), format!("admin:\n  address: {taken}\n")] {
        let config = setup.write(&format!("{section}{AUTHENTICATED}"));
        let run = Binary::finish(["run", "--config", config.to_str().unwrap()]).await;
        assert_eq!(run.code(), Some(1), "{}", run.said());
        assert!(run.stderr.contains(&taken.to_string()), "the address is not named: {}", run.stderr);
    }
}

#[tokio::test]
async fn a_bad_configuration_is_exit_2_and_nothing_listens() {
    let setup = Setup::new().await;
    let config = setup.write(&format!("{AUTHENTICATED}unknown: 1\n"));
    let run = Binary::finish(["run", "--config", config.to_str().unwrap()]).await;
    assert_eq!(run.code(), Some(2), "{}", run.said());
    let expected = format!("{}:", config.display());
    assert!(run.said().contains(&expected), "no {expected}LINE:COLUMN in {}", run.said());
    assert!(!run.stderr.contains("listening"), "{}", run.stderr);
    assert_eq!(setup.issuer.discoveries(), 0, "it fetched keys for a configuration that it refused");
}

#[tokio::test]
async fn bad_usage_is_exit_2() {
    for arguments in [
        vec![],
        vec!["run"],
        vec!["run", "--config"],
        vec!["nonsense"],
        vec!["check"],
        vec!["run", "--nonsense"],
    ] {
        let run = Binary::finish(&arguments).await;
        assert_eq!(run.code(), Some(2), "{arguments:?}: {}", run.said());
        assert!(!run.stderr.is_empty() && !run.stderr.contains("panicked"), "{arguments:?}: {}", run.said());
    }
    for arguments in [["--help"], ["--version"]] {
        let run = Binary::finish(arguments).await;
        assert_eq!(run.code(), Some(0), "{arguments:?}: {}", run.said());
        assert!(run.stdout.contains("jwtgate"), "{arguments:?}: {}", run.said());
    }
}

#[tokio::test]
async fn a_certificate_of_another_key_and_an_unreadable_secret_are_named() {
    let setup = Setup::new().await;
    let pki = crate::support::Pki::new();
    pki.install(&setup.scratch);
    setup.scratch.write("tls.key", pki.server(&["localhost"]).key);
    let tls = "listeners:\n  - address: 127.0.0.1:0\n    tls: { certificate: tls.crt, key: tls.key }\n";
    let secret = "issuers:\n  corporate:\n    issuer: $ISSUER\n    audiences: [a]\n    keys: { secret: { file: nowhere/hs256 } }\n";
    for (section, needle) in [(tls, "tls."), (secret, "nowhere/hs256")] {
        let config = setup.write(&format!("{section}{AUTHENTICATED}"));
        let run = Binary::finish(["run", "--config", config.to_str().unwrap()]).await;
        assert!([Some(1), Some(2)].contains(&run.code()), "{}", run.said());
        assert!(run.stderr.contains(needle), "{needle} is not named: {}", run.stderr);
        assert!(!run.said().contains("PRIVATE KEY"), "{}", run.said());
    }
}

#[tokio::test]
async fn a_closed_standard_error_ends_nothing() {
    let setup = Setup::new().await;
    let config = setup.write(AUTHENTICATED);
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_jwtgate"));
    command.args(["run", "--config"]).arg(config).stdout(std::process::Stdio::null());
    let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    let log = std::io::BufReader::new(child.stderr.take().unwrap());
    let first = std::io::BufRead::lines(log).next().unwrap().unwrap();
    // The reader is gone; every further line of the log has nowhere to go.
    assert!(first.contains("Starting"), "{first}");
    tokio::time::sleep(Duration::from_millis(500)).await;
    let ended = child.try_wait().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(ended, None);
}
