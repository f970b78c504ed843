//! `listeners`, `admin` and `shutdown`.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::files::Base;
use crate::config::document;
use crate::config::node::At;
use crate::config::problem::{Position, Problems};
use crate::config::settings::Shutdown;
use crate::listener::{ListenerSpec, ServerTls, TlsError, overlap};

pub(super) fn compile(
    section: Option<At<Vec<document::Listener>>>,
    admin: Option<At<document::Admin>>,
    base: Base<'_>,
    previous: &[ListenerSpec],
    problems: &mut Problems,
) -> (Vec<ListenerSpec>, SocketAddr) {
    let mut taken: Vec<(SocketAddr, Position)> = Vec::new();
    let mut specs = Vec::new();
    for listener in section.into_iter().flat_map(|section| section.value) {
        if let Some(address) = &listener.address {
            claim(&mut taken, address.value.socket, address.at, problems);
        }
        specs.extend(compile_one(listener, base, previous, problems));
    }
    let address = admin.and_then(|admin| admin.value.address);
    let (socket, at) = address.map_or((ADMIN, Position::START), |address| (address.value.socket, address.at));
    claim(&mut taken, socket, at, problems);
    (specs, socket)
}

/// Records a second use of one address; port 0 is a free port each time.
fn claim(taken: &mut Vec<(SocketAddr, Position)>, socket: SocketAddr, at: Position, problems: &mut Problems) {
    let port = socket.port();
    if let Some((other, first)) = taken.iter().find(|(other, _)| port != 0 && overlap(*other, socket)) {
        // The default admin address has no place of its own.
        let at = if at == Position::START { *first } else { at };
        let wrong = if *other == socket {
            format!("{socket} is used twice")
        } else {
            format!(
                "{socket} and {other} are one address: one of them stands for every address of this machine"
            )
        };
        problems.error(at, wrong, "give each listener and `admin` an address of its own");
    }
    taken.push((socket, at));
}

fn compile_one(
    document::Listener { address, tls, trusted_proxies }: document::Listener,
    base: Base<'_>,
    previous: &[ListenerSpec],
    problems: &mut Problems,
) -> Option<ListenerSpec> {
    // Who tests a configuration listens nowhere.
    let tls =
        tls.filter(|_| base.stand_ins().is_none()).map(|tls| compile_tls(tls, base, previous, problems));
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
    previous: &[ListenerSpec],
    problems: &mut Problems,
) -> Option<ServerTls> {
    const RIGHT: &str = "give a PEM certificate chain and the private key that belongs to it";
    let key_at = key.as_ref().map_or(at, |key| key.at);
    let certificate_at = certificate.as_ref().map_or(at, |certificate| certificate.at);
    let certificate = certificate.and_then(|certificate| base.file(&certificate, problems));
    let key = key.and_then(|key| base.file(&key, problems));
    let client_ca = client_ca.map(|ca| (base.file(&ca, problems), ca.at));
    if let (Some(certificate), Some(key), None | Some((Some(_), _))) = (&certificate, &key, &client_ca) {
        let client_ca = client_ca.as_ref().and_then(|(path, _)| path.as_deref());
        let mut known = previous.iter().filter_map(|listener| listener.tls.as_ref());
        if let Some(unchanged) = known.find_map(|tls| tls.unchanged(certificate, key, client_ca)) {
            return Some(unchanged);
        }
    }
    // The authorities by themselves, so that neither they nor the pair hide what is wrong with the other.
    let client_ca = client_ca.map(|(path, at)| {
        let path = path?;
        let checked = ServerTls::check_client_ca(&path);
        checked.map_err(|error| problems.refuse(at, super::complete(&error, AUTHORITIES))).ok()?;
        Some(path)
    });
    let (certificate, key) = (certificate?, key?);
    match ServerTls::load(&certificate, &key, client_ca.as_ref().and_then(Option::as_deref)) {
        Ok(tls) => client_ca.is_none_or(|ca| ca.is_some()).then_some(tls),
        Err(error) => {
            let place = match &error {
                TlsError::Mismatch { .. } => key_at,
                TlsError::Read { path, .. }
                | TlsError::Content { path, .. }
                | TlsError::Refused { path, .. } => {
                    if *path == certificate {
                        certificate_at
                    } else if *path == key {
                        key_at
                    } else {
                        at
                    }
                }
            };
            problems.refuse(place, super::complete(&error, RIGHT));
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

const AUTHORITIES: &str = "give the PEM of the authorities that sign the certificates of clients";
const ADMIN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9901);
