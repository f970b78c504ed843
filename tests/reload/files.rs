//! Files that the configuration names, and the configuration in a mounted volume.

use std::os::unix::fs::symlink;
use std::path::Path;

use super::{reload, reloads};
use crate::support::client::Client;
use crate::support::upstream::Upstream;
use crate::support::world::{EVERY_ACCESS, Setup};
use crate::support::{Gateway, Pki};

const SECURE: &str = "
upstreams:
  orders: { endpoints: [$SECURE], tls: { ca: upstream-ca.pem } }
";

#[tokio::test]
async fn the_authorities_of_an_upstream_are_read_again_when_they_change() {
    let (pki, other) = (Pki::new(), Pki::new());
    let secure = Upstream::start_tls(pki.server_config(&["127.0.0.1"])).await;
    let setup = Setup::new().await.set("SECURE", format!("https://{}", secure.address()));
    setup.scratch.write("upstream-ca.pem", other.ca_pem());
    let world = setup.start(&format!("{SECURE}{EVERY_ACCESS}")).await;
    assert_eq!(world.client.get("/public/a").send().await.status, 502);
    world.scratch.replace("upstream-ca.pem", pki.ca_pem());
    eventually!(
        world.client.get("/public/a").send().await.status == 200,
        "the authorities were never read again"
    );
    // The same content is the same upstream, with its connections.
    let before = secure.connections();
    reload(&world).await;
    world.scratch.replace("upstream-ca.pem", pki.ca_pem());
    reload(&world).await;
    world.client.get("/public/a").send().await.assert_passed();
    assert_eq!(secure.connections(), before, "a reload that changes nothing costs no connection");
    // A file that is broken costs nothing, and is counted once.
    let successes = reloads(&world, "success").await;
    world.scratch.replace("upstream-ca.pem", "nothing");
    eventually!(reloads(&world, "failure").await == 1.0, "the broken file was never noticed");
    world.client.get("/public/a").send().await.assert_passed();
    world.scratch.replace("upstream-ca.pem", pki.ca_pem() + "\n");
    eventually!(reloads(&world, "success").await > successes, "the mended file was never noticed");
    world.client.get("/public/a").send().await.assert_passed();
}

/// A restart would refuse the file; until then the keys that were good are as good as they were.
#[tokio::test]
async fn a_key_file_that_breaks_is_reported_and_its_keys_serve_on() {
    let setup = Setup::new().await;
    let pem = setup.issuer.key().public_pem();
    setup.scratch.write("keys.pem", &pem);
    let issuers = "issuers:\n  corporate: { issuer: $ISSUER, audiences: [orders-api], algorithms: [ES256], keys: { pem_file: keys.pem } }\n";
    let mut binary = setup.run(&format!("{issuers}{EVERY_ACCESS}")).await;
    let (client, admin) = (binary.client().await, Client::new(binary.admin().await));
    let token = setup.issuer.token().without_header("kid").sign();
    let metric = async |name: &str, result: &str| {
        let text = admin.get("/metrics").send().await.text();
        crate::support::metrics::Metrics::parse(&text).sum(name, &[("result", result)])
    };
    client.get("/authenticated/a").bearer(&token).send().await.assert_passed();
    setup.scratch.replace("keys.pem", "nothing");
    eventually!(
        metric("jwtgate_jwks_fetches_total", "failure").await == 1.0,
        "the file was never found broken"
    );
    let said = |binary: &mut crate::support::Binary, words: &[&str]| {
        binary.stderr().into_iter().any(|line| words.iter().all(|word| line.contains(word)))
    };
    // What is written comes by a pipe, and may be later than the count.
    let warning = ["WARN", "The key file is broken", "keys.pem"];
    eventually!(said(&mut binary, &warning), "{:#?}", binary.stderr());
    binary.signal("HUP");
    eventually!(metric("jwtgate_config_reloads_total", "success").await == 1.0, "never reloaded");
    let warning = ["WARN", "jwtgate.yaml:", "its last good keys serve on", "[broken-key-file]"];
    eventually!(said(&mut binary, &warning), "{:#?}", binary.stderr());
    client.get("/authenticated/b").bearer(&token).send().await.assert_passed();
    setup.scratch.replace("keys.pem", pem + "\n");
    eventually!(
        metric("jwtgate_jwks_fetches_total", "success").await == 1.0,
        "the file was never found mended"
    );
    client.get("/authenticated/c").bearer(&token).send().await.assert_passed();
}

/// Makes `..data` lead to this directory in one step, as the kubelet does.
fn swap(volume: &Path, version: &str) {
    let new = volume.join("..data_tmp");
    symlink(version, &new).unwrap();
    std::fs::rename(new, volume.join("..data")).unwrap();
}

#[tokio::test]
async fn a_mounted_volume_that_is_swapped_is_a_change() {
    let (pki, other) = (Pki::new(), Pki::new());
    let secure = Upstream::start_tls(pki.server_config(&["127.0.0.1"])).await;
    let setup = Setup::new().await.set("SECURE", format!("https://{}", secure.address()));
    let yaml = setup.render(&format!("{SECURE}{EVERY_ACCESS}"));
    setup.scratch.write("mount/..v1/jwtgate.yaml", &yaml);
    setup.scratch.write("mount/..v1/upstream-ca.pem", other.ca_pem());
    setup.scratch.write("mount/..v2/jwtgate.yaml", &yaml);
    setup.scratch.write("mount/..v2/upstream-ca.pem", pki.ca_pem());
    setup.scratch.write("mount/..v3/jwtgate.yaml", yaml.replace("access: public", "access: authenticated"));
    setup.scratch.write("mount/..v3/upstream-ca.pem", pki.ca_pem());
    let volume = setup.scratch.path().join("mount");
    swap(&volume, "..v1");
    for name in ["jwtgate.yaml", "upstream-ca.pem"] {
        symlink(Path::new("..data").join(name), volume.join(name)).unwrap();
    }
    let gateway = Gateway::start(&volume.join("jwtgate.yaml")).await;
    let client = Client::new(gateway.listener(0));
    assert_eq!(client.get("/public/a").send().await.status, 502);
    for (version, status) in [("..v2", 200), ("..v3", 401)] {
        swap(&volume, version);
        eventually!(client.get("/public/a").send().await.status == status, "{version} never took effect");
    }
}
