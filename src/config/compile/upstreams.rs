//! `upstreams`: where requests go.

use std::sync::Arc;
use std::time::Duration;

use super::files::Base;
use super::names::Names;
use crate::config::document;
use crate::config::node::{At, Named};
use crate::config::problem::Problems;
use crate::proxy::Snapshot;
use crate::telemetry::metrics::Metrics;
use crate::upstream::{Endpoint, Upstream, UpstreamSpec};

pub(super) fn compile(
    section: Option<At<Named<document::Upstream>>>,
    base: Base<'_>,
    metrics: &Metrics,
    previous: Option<&Snapshot>,
    problems: &mut Problems,
) -> Names<Upstream> {
    let broken = section.as_ref().is_none_or(|section| section.value.broken);
    let mut names = Names::new("upstream", "upstreams", broken);
    for (name, upstream) in section.into_iter().flat_map(|section| section.value.entries) {
        let compiled =
            upstream.and_then(|upstream| compile_one(&name, upstream, base, metrics, previous, problems));
        names.add(&name.value, compiled);
    }
    names
}

fn compile_one(
    name: &At<String>,
    document::Upstream { endpoints, timeouts, tls }: document::Upstream,
    base: Base<'_>,
    metrics: &Metrics,
    previous: Option<&Snapshot>,
    problems: &mut Problems,
) -> Option<Arc<Upstream>> {
    let given = endpoints?.value;
    let count = given.len();
    let mut endpoints: Vec<Endpoint> = Vec::with_capacity(count);
    for text in given {
        match Endpoint::parse(&text.value) {
            Ok(endpoint) if endpoints.contains(&endpoint) => {
                problems.error(
                    text.at,
                    format_args!("endpoint `{}` is given twice", text.value),
                    "name it once",
                );
            }
            Ok(endpoint) => endpoints.push(endpoint),
            Err(error) => problems
                .refuse(text.at, super::complete(&error, "write http://HOST:PORT or https://HOST:PORT")),
        }
    }
    let timeouts = timeouts.map(|timeouts| timeouts.value);
    let (connect, response) = timeouts.map_or((None, None), |timeouts| (timeouts.connect, timeouts.response));
    let connect_timeout = positive(connect.as_ref(), CONNECT_TIMEOUT, problems);
    let response_timeout = positive(response.as_ref(), RESPONSE_TIMEOUT, problems);
    if let Some(At { at, .. }) = &tls
        && !endpoints.is_empty()
        && !endpoints.iter().any(Endpoint::is_https)
    {
        problems.error(
            *at,
            "`tls` without an https endpoint",
            "write the endpoints as https://…, or leave `tls` out",
        );
    }
    let (ca, server_name) = tls.map_or((None, None), |tls| (tls.value.ca, tls.value.server_name));
    let ca_given = ca.is_some();
    let ca_path = ca.as_ref().and_then(|ca| base.file(ca, problems));
    if endpoints.len() < count || endpoints.is_empty() || (ca_given && ca_path.is_none()) {
        return None;
    }
    let place = ca.as_ref().map(|ca| ca.at).or(server_name.as_ref().map(|name| name.at)).unwrap_or(name.at);
    let spec = UpstreamSpec {
        name: name.value.as_str().into(),
        endpoints,
        connect_timeout: connect_timeout?,
        response_timeout: response_timeout?,
        ca: ca_path,
        server_name: server_name.map(|name| name.value),
    };
    // A file of authorities may hold something else by now, so that such an upstream is made anew.
    let unchanged = |old: &&Arc<Upstream>| *old.spec() == spec && spec.ca.is_none();
    if let Some(old) = previous.and_then(|previous| previous.upstreams().find(unchanged)) {
        return Some(Arc::clone(old));
    }
    match Upstream::new(spec, metrics.upstream_duration(&name.value)) {
        Ok(upstream) => Some(Arc::new(upstream)),
        Err(error) => {
            problems.refuse(
                place,
                super::complete(&error, "give a PEM file of certificate authorities and a DNS name"),
            );
            None
        }
    }
}

/// A duration that must not be zero.
pub(super) fn positive(
    given: Option<&At<Duration>>,
    default: Duration,
    problems: &mut Problems,
) -> Option<Duration> {
    match given {
        None => Some(default),
        Some(At { at, value: Duration::ZERO }) => {
            problems.error(*at, "a timeout of zero would refuse everything", "give a duration above zero");
            None
        }
        Some(At { value, .. }) => Some(*value),
    }
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);
