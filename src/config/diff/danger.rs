//! Whether a changed key lets more callers in, or fewer: what is looser comes before what is merely different.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

use super::Change;
use super::value::amount;
use crate::authn::Algorithm;

/// What makes a key looser.
#[derive(Debug, Clone, Copy)]
enum Rule {
    /// A longer list: who or what may pass.
    More,
    /// A shorter list: what is asked for, or kept out.
    Fewer,
    /// A longer time; none at all is the longest.
    Longer,
    /// To be true.
    On,
    /// To be there at all.
    There,
    /// To be gone.
    Gone,
    /// More networks, or larger ones.
    Networks,
    /// An address that other machines reach.
    Exposed,
    /// Another value: others may be believed then.
    Other,
}

const RULES: &[(&str, Rule)] = &[
    ("admin.address", Rule::Exposed),
    ("credentials", Rule::More),
    ("identity.allow", Rule::More),
    ("identity.forward_token", Rule::On),
    ("identity.remove", Rule::Fewer),
    ("issuers.algorithms", Rule::More),
    ("issuers.audiences", Rule::More),
    ("issuers.clock_skew", Rule::Longer),
    ("issuers.issuer", Rule::Other),
    ("issuers.keys.allow_http", Rule::On),
    ("issuers.keys.ca", Rule::Other),
    ("issuers.keys.jwks_file", Rule::Other),
    ("issuers.keys.jwks_uri", Rule::Other),
    ("issuers.keys.max_stale", Rule::Longer),
    ("issuers.keys.pem_file", Rule::Other),
    ("issuers.keys.secret.env", Rule::Other),
    ("issuers.keys.secret.file", Rule::Other),
    ("issuers.keys.state_dir", Rule::Other),
    ("issuers.max_age", Rule::Longer),
    ("issuers.required_claims", Rule::Fewer),
    ("issuers.roles", Rule::Other),
    ("issuers.scopes", Rule::Other),
    ("issuers.tenants", Rule::More),
    ("issuers.token_types", Rule::More),
    ("limits.token", Rule::Longer),
    ("limits.token_header", Rule::Longer),
    ("listeners.tls", Rule::Gone),
    ("listeners.tls.client_ca", Rule::Gone),
    ("listeners.trusted_proxies", Rule::Networks),
    ("route.cors", Rule::There),
    ("route.cors.credentials", Rule::On),
    ("route.cors.expose", Rule::More),
    ("route.cors.headers", Rule::More),
    ("route.cors.methods", Rule::More),
    ("route.cors.origins", Rule::More),
    ("route.credentials", Rule::More),
    ("route.identity.allow", Rule::More),
    ("route.identity.forward_token", Rule::On),
    ("route.identity.remove", Rule::Fewer),
    ("route.path.allow", Rule::More),
];

/// Maps that come and go as a whole: what they hold says nothing without them.
pub(super) fn is_whole(path: &str) -> bool {
    matches!(rule(path), Some(Rule::There | Rule::Gone))
}

/// What it does that a key is `new` and no longer `old`, both in canonical form, defaults filled in; none: absent.
pub(super) fn direction(path: &str, old: Option<&Canonical>, new: Option<&Canonical>) -> Change {
    let Some(rule) = rule(path) else { return Change::Changed };
    let (looser, stricter) = match rule {
        Rule::More if path == "issuers.algorithms" && gains_hmac(old, new) => (true, false),
        Rule::More => (!is_within(new, old), !is_within(old, new)),
        Rule::Fewer => (!is_within(old, new), !is_within(new, old)),
        Rule::Longer => {
            let length =
                |value: Option<&Canonical>| value.map_or(Some(u64::MAX), |value| amount(&value.text));
            let (old, new) = (length(old), length(new));
            (old < new, new < old)
        }
        Rule::On => {
            let is_on = |value: Option<&Canonical>| value.is_some_and(|value| value.text == "true");
            (is_on(new), is_on(old))
        }
        Rule::There => (old.is_none(), new.is_none()),
        // Another one in its place lets others in.
        Rule::Gone => (old.is_some(), old.is_none()),
        Rule::Networks => (!are_within(new, old), !are_within(old, new)),
        Rule::Exposed => {
            let is_exposed = |value: Option<&Canonical>| {
                value.is_some_and(|value| value.text.parse().is_ok_and(is_reached_by_others))
            };
            (is_exposed(new) && !is_exposed(old), is_exposed(old) && !is_exposed(new))
        }
        Rule::Other => (true, false),
    };
    // Whoever is let in counts for more than who is kept out.
    match (looser, stricter) {
        (true, _) => Change::Looser,
        (false, true) => Change::Stricter,
        (false, false) => Change::Changed,
    }
}

/// Whether other machines reach what listens there.
pub(super) fn is_reached_by_others(address: SocketAddr) -> bool {
    !address.ip().to_canonical().is_loopback()
}

/// A value in canonical form, and its items where it is a list.
pub(super) struct Canonical {
    pub(super) text: String,
    pub(super) items: BTreeSet<String>,
}

fn rule(path: &str) -> Option<Rule> {
    RULES.iter().find(|(key, _)| *key == path).map(|(_, rule)| *rule)
}

fn gains_hmac(old: Option<&Canonical>, new: Option<&Canonical>) -> bool {
    let has = |value: Option<&Canonical>| {
        let mut names = value.into_iter().flat_map(|value| &value.items);
        names.any(|name| Algorithm::parse(name).is_some_and(Algorithm::is_hmac))
    };
    has(new) && !has(old)
}

/// Whether every item of a list is one of the other. `*` and `any` stand for all there are; an absent list is empty.
fn is_within(inner: Option<&Canonical>, outer: Option<&Canonical>) -> bool {
    let is_all = |value: &Canonical| value.text == "any" || value.items.contains("*");
    match (inner, outer) {
        (_, Some(outer)) if is_all(outer) => true,
        (None, _) => true,
        (Some(inner), _) if is_all(inner) => false,
        (Some(inner), Some(outer)) => inner.items.is_subset(&outer.items),
        (Some(inner), None) => inner.items.is_empty(),
    }
}

/// Whether every network lies within one of the others.
fn are_within(inner: Option<&Canonical>, outer: Option<&Canonical>) -> bool {
    let networks = |value: Option<&Canonical>| -> Vec<IpNet> {
        let network =
            |text: &String| text.parse().ok().or_else(|| Some(IpNet::from(text.parse::<IpAddr>().ok()?)));
        value.into_iter().flat_map(|value| &value.items).filter_map(network).collect()
    };
    let outer = networks(outer);
    networks(inner).iter().all(|inner| outer.iter().any(|outer| outer.contains(inner)))
}
