//! Listeners come, change and go without closing the others.

use std::net::{SocketAddr, TcpListener};

use super::{edit, free_address, reload, reloads};
use crate::support::client::Client;
use crate::support::world::{AUTHENTICATED, EVERY_ACCESS, Setup, World};
use crate::support::{Binary, Pki, Script};

const FIRST: &str = "listeners:\n  - address: 127.0.0.1:0\n";

fn and(second: SocketAddr) -> String {
    format!("{FIRST}  - address: {second}\n")
}

async fn open(world: &World, address: SocketAddr) -> f64 {
    world.gateway.metrics().await.sum("jwtgate_connections", &[("listener", &address.to_string())])
}

async fn bound(world: &World) -> String {
    world.gateway.admin().get("/readyz?verbose").send().await.text()
}

#[tokio::test]
async fn one_is_added_and_removed_and_the_other_notices_nothing() {
    let world = World::start(EVERY_ACCESS).await;
    let mut before = world.client.connect().await.unwrap();
    before.send(world.client.get("/public/a")).await.unwrap().assert_passed();
    let second = free_address();
    edit(&world, FIRST, &and(second));
    reload(&world).await;
    assert!(bound(&world).await.contains("2 bound"), "{}", bound(&world).await);
    let client = Client::new(second);
    let mut idle = client.connect().await.unwrap();
    idle.send(client.get("/public/a")).await.unwrap().assert_passed();
    let (script, chunks) = Script::stream();
    world.upstream.answer_once(script);
    let (mut busy, mut over_http2) =
        (client.connect().await.unwrap(), client.http2().connect().await.unwrap());
    chunks.send(b"first ".to_vec()).await.unwrap();
    let answer = busy.start(client.get("/public/stream")).await.unwrap();
    over_http2.send(client.http2().get("/public/a")).await.unwrap().assert_passed();
    assert_eq!(open(&world, second).await, 3.0);

    edit(&world, &and(second), FIRST);
    reload(&world).await;
    eventually!(idle.is_closed() && over_http2.is_closed(), "idle connections were not closed");
    assert!(client.get("/public/a").try_send().await.is_err(), "still listening");
    assert!(bound(&world).await.contains("1 bound"), "{}", bound(&world).await);
    assert_eq!(open(&world, second).await, 1.0);
    chunks.send(b"last".to_vec()).await.unwrap();
    drop(chunks);
    let answer = crate::support::client::collect(answer).await.unwrap();
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (200, "first last"),
        "what was in flight ends in peace"
    );
    eventually!(open(&world, second).await == 0.0, "the connection was not closed behind its last answer");
    before.send(world.client.get("/public/a")).await.unwrap().assert_passed();

    // The address can be had again at once.
    edit(&world, FIRST, &and(second));
    reload(&world).await;
    client.get("/public/a").send().await.assert_passed();
    before.send(world.client.get("/public/a")).await.unwrap().assert_passed();
}

#[tokio::test]
async fn one_changes_its_certificate_and_its_proxies_in_place() {
    let (old, new) = (Pki::new(), Pki::new());
    let setup = Setup::new().await;
    old.install(&setup.scratch);
    let server = new.server(&["localhost"]);
    setup.scratch.write("new.crt", &server.certificate);
    setup.scratch.write("new.key", &server.key);
    let tls = "    tls: { certificate: tls.crt, key: tls.key }\n";
    let world = setup.start(&format!("{FIRST}{tls}{AUTHENTICATED}")).await;
    let token = world.issuer.token().sign();
    let through_old = world.client.tls(&old.client_config(None));
    let mut open = through_old.connect().await.unwrap();
    let get = |client: &Client, path: &str| {
        client.get(path).bearer(&token).header("x-forwarded-for", "198.51.100.7")
    };
    open.send(get(&through_old, "/1")).await.unwrap().assert_passed();

    let changed = "    tls: { certificate: new.crt, key: new.key }\n    trusted_proxies: [127.0.0.0/8]\n";
    edit(&world, tls, changed);
    reload(&world).await;
    open.send(get(&through_old, "/2")).await.unwrap().assert_passed();
    let through_new = world.client.tls(&new.client_config(None));
    get(&through_new, "/3").send().await.assert_passed();
    assert!(get(&through_old, "/4").try_send().await.is_err(), "the old certificate is still served");
    let seen = world.upstream.requests();
    let client_of = |path: &str| {
        let request = seen.iter().find(|request| request.target() == path).unwrap();
        request.header("x-forwarded-for").unwrap().to_owned()
    };
    assert_eq!(client_of("/2"), "127.0.0.1", "a connection keeps the terms that it was accepted on");
    assert_eq!(client_of("/3"), "198.51.100.7, 127.0.0.1");

    // From TLS to plaintext, on the same socket.
    edit(&world, changed, "");
    reload(&world).await;
    get(&world.client, "/5").send().await.assert_passed();
    open.send(get(&through_old, "/6")).await.unwrap().assert_passed();
}

#[tokio::test]
async fn an_address_that_is_taken_leaves_everything_as_it_was() {
    let world = World::start(EVERY_ACCESS).await;
    let (free, taken) = (free_address(), TcpListener::bind("127.0.0.1:0").unwrap());
    let address = taken.local_addr().unwrap();
    edit(&world, FIRST, &format!("{}  - address: {address}\n", and(free)));
    edit(&world, "access: public", "access: authenticated");
    world.gateway.reload();
    eventually!(reloads(&world, "failure").await == 1.0, "the failure was not counted");
    assert_eq!(reloads(&world, "success").await, 0.0);
    world.client.get("/public/a").send().await.assert_passed();
    assert!(Client::new(free).get("/public/a").try_send().await.is_err(), "half of the change was made");
    assert!(bound(&world).await.contains("1 bound"), "{}", bound(&world).await);
    drop(taken);
    eventually!(reloads(&world, "success").await == 1.0, "not tried again");
    assert_eq!(reloads(&world, "failure").await, 1.0, "the same failure is counted once");
    for address in [free, address] {
        assert_eq!(Client::new(address).get("/public/a").send().await.status, 401);
    }
}

/// What is served goes once its place is taken, so that the process is in its own way.
#[tokio::test]
async fn an_address_that_the_process_itself_has_is_told_and_takes_two_reloads() {
    let setup = Setup::new().await;
    let (first, admin, other) = (free_address(), free_address(), free_address());
    let yaml = |listener: SocketAddr, admin: SocketAddr| {
        format!("listeners:\n  - address: {listener}\nadmin:\n  address: {admin}\n{EVERY_ACCESS}")
    };
    let mut binary = setup.run(&yaml(first, admin)).await;
    let refused = async |binary: &mut Binary, listener, admin| {
        let before = binary.stderr().len();
        setup.write(&yaml(listener, admin));
        binary.signal("HUP");
        let refused = |line: &String| line.contains("is refused");
        let since = |binary: &mut Binary| binary.stderr().split_off(before).into_iter().find(refused);
        eventually!(since(binary), "never tried")
    };
    let everywhere: SocketAddr = ([0, 0, 0, 0], first.port()).into();
    for (listener, new_admin, wanted, held) in
        [(everywhere, admin, everywhere, first), (admin, first, admin, admin), (other, first, first, first)]
    {
        let line = refused(&mut binary, listener, new_admin).await;
        let said = format!("cannot listen on {wanted}, because this process itself listens on {held} ");
        assert!(line.contains(&said) && line.contains("it takes two reloads"), "{line}");
        Client::new(first).get("/public/a").send().await.assert_passed();
    }
    // As it says.
    for (listener, gone) in [(other, first), (everywhere, other)] {
        setup.write(&yaml(listener, admin));
        binary.signal("HUP");
        let at: SocketAddr = ([127, 0, 0, 1], listener.port()).into();
        let answers = async |address| Client::new(address).get("/public/a").try_send().await.is_ok();
        eventually!(answers(at).await && !answers(gone).await, "{listener} never took effect");
    }
    // Of a stranger nothing of the kind is said.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let line = refused(&mut binary, taken.local_addr().unwrap(), admin).await;
    assert!(line.contains("Address already in use") && !line.contains("two reloads"), "{line}");
}

#[tokio::test]
async fn the_admin_address_moves() {
    let world = World::start(EVERY_ACCESS).await;
    let (admin, before) = (free_address(), world.gateway.admin());
    edit(&world, "admin:\n  address: 127.0.0.1:0", &format!("admin:\n  address: {admin}"));
    world.gateway.reload();
    let moved = Client::new(admin).host("localhost");
    eventually!(
        moved.get("/readyz").try_send().await.is_ok_and(|reply| reply.status == 200),
        "nobody answers at the new address"
    );
    assert!(moved.get("/metrics").send().await.text().contains("reloads_total{result=\"success\"} 1"));
    eventually!(before.get("/livez").try_send().await.is_err(), "the old address still answers");
    world.client.get("/public/a").send().await.assert_passed();
}

#[tokio::test]
async fn the_newest_configuration_says_how_long_a_drain_takes() {
    let setup = Setup::new().await;
    let yaml = |timeout: &str| format!("shutdown: {{ delay: 0s, timeout: {timeout} }}\n{EVERY_ACCESS}");
    let mut binary = setup.run(&yaml("1000s")).await;
    let (client, admin) = (binary.client().await, Client::new(binary.admin().await));
    setup.upstream.answer_once(Script::Silence);
    let stuck = tokio::spawn(client.get("/public/a").try_send());
    eventually!(setup.upstream.requests().len() == 1);
    setup.write(&yaml("100ms"));
    binary.signal("HUP");
    eventually!(admin.get("/metrics").send().await.text().contains("reloads_total{result=\"success\"} 1"));
    binary.signal("TERM");
    assert_eq!(binary.wait().await.code(), Some(0), "{:#?}", binary.stderr());
    assert!(stuck.await.unwrap().is_err());
}
