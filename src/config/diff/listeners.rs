//! Listeners that were added, removed or changed. They are known by their addresses.

use super::danger::is_reached_by_others;
use super::section::of_entry;
use super::{Change, Difference};
use crate::config::node::Node;

pub(super) fn compare(old: &Node, new: &Node) -> Vec<Difference> {
    let (old, new) = (addressed(old), addressed(new));
    let mut found = Vec::new();
    for (address, listener) in &new {
        if let Some((_, before)) = old.iter().find(|(known, _)| known == address) {
            found.extend(of_entry("listener", address, Some(before), Some(listener), "listeners"));
            continue;
        }
        let asked = Asked::of(listener);
        // It lets nobody in, if another one asked for no more.
        let is_no_news = old.iter().any(|(_, before)| asked.is_no_less_than(Asked::of(before)));
        let change = if is_no_news { Change::Changed } else { Change::Looser };
        found.push(Difference::new(change, "listener", address, format!("added, {}", asked.in_words())));
    }
    for (address, _) in old.iter().filter(|(address, _)| !new.iter().any(|(known, _)| known == address)) {
        found.push(Difference::new(Change::Changed, "listener", address, "removed"));
    }
    found
}

fn addressed(file: &Node) -> Vec<(String, &Node)> {
    let listeners = file.get("listeners").into_iter().flat_map(Node::children);
    listeners.filter_map(|listener| Some((listener.get("address")?.plain(), listener))).collect()
}

/// What clients need for a connection.
#[derive(Debug, Clone, Copy)]
struct Asked {
    /// To be on this machine.
    here: bool,
    tls: bool,
    certificate: bool,
}

impl Asked {
    fn of(listener: &Node) -> Self {
        let address = listener.get("address").and_then(|address| address.plain().parse().ok());
        let tls = listener.get("tls");
        Self {
            // An address that is not known here may be any.
            here: address.is_some_and(|address| !is_reached_by_others(address)),
            tls: tls.is_some(),
            certificate: tls.is_some_and(|tls| tls.get("client_ca").is_some()),
        }
    }

    fn is_no_less_than(self, other: Self) -> bool {
        (self.here || !other.here) && (self.tls || !other.tls) && (self.certificate || !other.certificate)
    }

    fn in_words(self) -> &'static str {
        match (self.tls, self.certificate) {
            (false, _) => "in plain text",
            (true, false) => "with TLS",
            (true, true) => "with TLS and client certificates",
        }
    }
}
