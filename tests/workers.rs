//! Worker threads follow what the process may use, not what the host has.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use futures_util::future::join_all;

use crate::support::client::Client;
use crate::support::world::{AUTHENTICATED, Setup};
use crate::support::{Binary, Script, impossible_here};

/// The program, when a shell runs it behind these words, and the number of workers that it says it starts with.
async fn started(setup: &Setup, yaml: &str, shell: &str) -> (Binary, String) {
    let config = setup.write(yaml);
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{shell} \"$0\" run --config \"$1\"")]);
    command.arg(env!("CARGO_BIN_EXE_jwtgate")).arg(config);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let binary = Binary::spawn_command(command);
    let said =
        || binary.stderr().into_iter().find_map(|line| Some(line.split_once("workers=")?.1.to_owned()));
    eventually!(said().is_some(), "{:?}", binary.stderr());
    let workers = said().unwrap().split(' ').next().unwrap().to_owned();
    (binary, workers)
}

const ONE_PROCESSOR: &str = "exec taskset -c 0";

#[tokio::test]
async fn one_worker_on_one_processor() {
    let setup = Setup::new().await;
    assert_eq!(started(&setup, AUTHENTICATED, ONE_PROCESSOR).await.1, "1");
}

/// One worker has another scheduler than several: everything that waits for something else has to work there too.
#[tokio::test]
async fn one_worker_serves_reloads_and_drains() {
    let setup = Setup::new().await;
    let yaml = format!("shutdown: {{ delay: 0s, timeout: 10s }}\n{AUTHENTICATED}");
    let (mut binary, _) = started(&setup, &yaml, ONE_PROCESSOR).await;
    let (client, admin) = (binary.client().await, Client::new(binary.admin().await));
    let many = async |client: &Client| {
        let send = |number: u32| {
            let token = setup.issuer.token().claim("jti", number.to_string()).sign();
            client.get("/").bearer(&token).send()
        };
        for reply in join_all((0..60).map(send)).await {
            reply.assert_passed();
        }
    };
    many(&client).await;
    many(&client.http2()).await;
    binary.signal("HUP");
    setup.issuer.rotate();
    many(&client).await;
    let reloaded = async || {
        let metrics = admin.get("/metrics").send().await.text();
        metrics.contains("jwtgate_config_reloads_total{result=\"success\"} 1\n")
    };
    eventually!(reloaded().await, "no reload: {:#?}", binary.stderr());

    let received = setup.upstream.requests().len();
    setup.upstream.answer_once(Script::Slow(Duration::from_millis(500), Box::new(Script::ok())));
    let in_flight = tokio::spawn(client.get("/slow").bearer(&setup.issuer.token().sign()).send());
    eventually!(setup.upstream.requests().len() > received);
    binary.signal("TERM");
    in_flight.await.unwrap().assert_passed();
    assert_eq!(binary.wait().await.code(), Some(0), "{:#?}", binary.stderr());
}

/// Their answers are written together, whatever is slow among them, and each is of its own request.
#[tokio::test]
async fn streams_of_one_connection_are_served_together() {
    let setup = Setup::new().await;
    for command in [ONE_PROCESSOR, "exec"] {
        let (mut binary, _) = started(&setup, AUTHENTICATED, command).await;
        let client = binary.client().await.http2();
        let connection = client.connect().await.unwrap();
        let token = setup.issuer.token().sign();
        setup.upstream.answer(Script::Echo);
        for round in 0..5 {
            let send = |number: u32| {
                let (mut connection, body) = (connection.again(), format!("{round} {number}").repeat(100));
                let request = client.post("/", body.clone()).bearer(&token);
                async move { (connection.send(request).await.unwrap(), body) }
            };
            for (reply, body) in join_all((0..60).map(send)).await {
                reply.assert_passed();
                assert_eq!(reply.text(), body);
            }
        }
        assert!(!connection.is_closed());
    }
}

/// A cgroup with the quota of one processor, of whichever version the kernel has; removed when dropped.
struct Cgroup(PathBuf);

impl Cgroup {
    fn one_processor() -> Option<Self> {
        let name = format!("jwtgate-test-{}", std::process::id());
        for (controller, quota, value) in [
            ("/sys/fs/cgroup", "cpu.max", "100000 100000"),
            ("/sys/fs/cgroup/cpu", "cpu.cfs_quota_us", "100000"),
        ] {
            let cgroup = Self(Path::new(controller).join(&name));
            // The file is there when the folder is a cgroup; in any other folder nothing may be made.
            let quota = cgroup.0.join(quota);
            let made =
                fs::create_dir(&cgroup.0).and_then(|()| fs::OpenOptions::new().write(true).open(quota));
            if made.is_ok_and(|mut quota| quota.write_all(value.as_bytes()).is_ok()) {
                return Some(cgroup);
            }
        }
        None
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        // The process in it is gone a moment after it was killed.
        for _ in 0..100 {
            if fs::remove_dir(&self.0).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

#[tokio::test]
async fn one_worker_under_the_quota_of_one_processor() {
    let Some(cgroup) = Cgroup::one_processor() else {
        return impossible_here("the CPU quota of a cgroup", "the right to make a cgroup");
    };
    let setup = Setup::new().await;
    let enter = format!("echo $$ > {}/cgroup.procs && exec", cgroup.0.display());
    assert_eq!(started(&setup, AUTHENTICATED, &enter).await.1, "1");
}
