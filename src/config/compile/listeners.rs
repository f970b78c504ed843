//! `listeners`, `admin` and `shutdown`: what a restart changes.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::files::Base;
use crate::config::document;
use crate::config::node::At;
use crate::config::problem::{Position, Problems};
use crate::config::settings::Shutdown;
use crate::listener::{ListenerSpec, ServerTls};

pub(super) fn compile(
    section: Option<At<Vec<document::Listener>>>,
    admin: Option<At<document::Admin>>,
    base: Base<'_>,
    problems: &mut Problems,
) -> (Vec<ListenerSpec>, SocketAddr) {
    let mut taken: Vec<(SocketAddr, Position)> = Vec::new();
    let mut specs = Vec::new();
    for listener in section.into_iter().flat_map(|section| section.value) {
        if let Some(address) = &listener.address {
            claim(&mut taken, address.value.socket, address.at, problems);
        }
        specs.extend(compile_one(listener, base, problems));
    }
    let address = admin.and_then(|admin| admin.value.address);
    let (socket, at) = address.map_or((ADMIN, Position::START), |address| (address.value.socket, address.at));
    claim(&mut taken, socket, at, problems);
    (specs, socket)
}

/// Records a second use of one address; port 0 is a free port each time.
fn claim(taken: &mut Vec<(SocketAddr, Position)>, socket: SocketAddr, at: Position, problems: &mut Problems) {
    if let Some((_, first)) = taken.iter().find(|(other, _)| *other == socket && socket.port() != 0) {
        // The default admin address has no place of its own.
        let at = if at == Position::START { *first } else { at };
        problems.error(
            at,
            format_args!("{socket} is used twice"),
            "give each listener and `admin` an address of its own",
        );
    }
    taken.push((socket, at));
}

fn compile_one(
    document::Listener { address, tls, trusted_proxies }: document::Listener,
    base: Base<'_>,
    problems: &mut Problems,
) -> Option<ListenerSpec> {
    let tls = tls.map(|tls| compile_tls(tls, base, problems));
    let trusted_proxies = trusted_proxies.map(|networks| networks.value).unwrap_or_default();
    let address = address?.value;
    Some(ListenerSpec {
        name: address.text.into(),
        address: address.socket,
        tls: match tls {
            None => None,
            Some(tls) => Some(tls?),
        },
        trusted_proxies: trusted_proxies.into_iter().map(|network| network.value.0).collect(),
    })
}

fn compile_tls(
    At { at, value: document::ListenerTls { certificate, key, client_ca } }: At<document::ListenerTls>,
    base: Base<'_>,
    problems: &mut Problems,
) -> Option<ServerTls> {
    let certificate = certificate.and_then(|certificate| base.file(&certificate, problems));
    let key = key.and_then(|key| base.file(&key, problems));
    let client_ca = match client_ca {
        None => None,
        Some(client_ca) => Some(base.file(&client_ca, problems)?),
    };
    match ServerTls::load(&certificate?, &key?, client_ca.as_deref()) {
        Ok(tls) => Some(tls),
        Err(error) => {
            problems.refuse(
                at,
                super::complete(
                    &error,
                    "give a PEM certificate chain and the private key that belongs to it",
                ),
            );
            None
        }
    }
}

pub(super) fn shutdown(section: Option<At<document::Shutdown>>) -> Shutdown {
    let (delay, timeout) =
        section.map_or((None, None), |section| (section.value.delay, section.value.timeout));
    let or = |given: Option<At<Duration>>, default| {
        given.map_or(Duration::from_secs(default), |given| given.value)
    };
    Shutdown { delay: or(delay, 5), timeout: or(timeout, 30) }
}

const ADMIN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9901);
