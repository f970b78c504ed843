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
use crate::upstream::{Endpoint, Upstream, UpstreamError, UpstreamSpec};

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
        let compiled = compiled.or_else(|| base.stand_ins().and_then(|_| stand_in(&name.value, metrics)));
        names.add(&name.value, compiled);
    }
    names
}

/// Where requests of policy tests would go if they went anywhere: where an upstream is does not matter to its policies.
fn stand_in(name: &str, metrics: &Metrics) -> Option<Arc<Upstream>> {
    let spec = UpstreamSpec {
        name: name.into(),
        endpoints: vec![Endpoint::parse("http://127.0.0.1:9").ok()?],
        connect_timeout: CONNECT_TIMEOUT,
        response_timeout: RESPONSE_TIMEOUT,
        ca: None,
        server_name: None,
    };
    Upstream::new(spec, metrics.upstream_duration(name)).ok().map(Arc::new)
}

fn compile_one(
    name: &At<String>,
    document::Upstream { endpoints, timeouts, tls }: document::Upstream,
    base: Base<'_>,
    metrics: &Metrics,
    previous: Option<&Snapshot>,
    problems: &mut Problems,
) -> Option<Arc<Upstream>> {
    let given = endpoints.map(|endpoints| endpoints.value).unwrap_or_default();
    let count = given.len();
    let mut endpoints: Vec<Endpoint> = Vec::with_capacity(count);
    for text in given {
        match Endpoint::parse(&text.value) {
            Ok(endpoint) if endpoints.iter().any(|other| other.is_same(&endpoint)) => {
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
    let all_read = count > 0 && endpoints.len() == count;
    let is_unused = all_read && tls.is_some() && !endpoints.iter().any(Endpoint::is_https);
    if let Some(At { at, .. }) = &tls
        && is_unused
    {
        let right = "write the endpoints as https://…, or leave `tls` out";
        problems.error(*at, "`tls` without an https endpoint", right);
    }
    let (ca, server_name) = tls.map_or((None, None), |tls| (tls.value.ca, tls.value.server_name));
    let ca = ca.filter(|_| base.stand_ins().is_none());
    let ca_path = ca.as_ref().map(|ca| base.file(ca, problems));
    let name_text = server_name.as_ref().map(|name| name.value.as_str());
    let place_of = |error: &UpstreamError| match error {
        UpstreamError::ServerName => server_name.as_ref().map_or(name.at, |name| name.at),
        UpstreamError::NoEndpoint
        | UpstreamError::TlsUnused
        | UpstreamError::CaUnreadable { .. }
        | UpstreamError::CaUnusable { .. }
        | UpstreamError::Tls(_) => ca.as_ref().map_or(name.at, |ca| ca.at),
    };
    let errors = Upstream::tls_errors(ca_path.as_ref().and_then(Option::as_deref), name_text);
    for error in &errors {
        problems.refuse(place_of(error), super::complete(error, TLS));
    }
    if !all_read || is_unused || !errors.is_empty() {
        return None;
    }
    let ca_path = match ca_path {
        None => None,
        Some(path) => Some(path?),
    };
    let spec = UpstreamSpec {
        name: name.value.as_str().into(),
        endpoints,
        connect_timeout: connect_timeout?,
        response_timeout: response_timeout?,
        ca: ca_path,
        server_name: name_text.map(str::to_owned),
    };
    if let Some(old) = previous.and_then(|previous| previous.upstreams().find(|old| old.is_made_from(&spec)))
    {
        return Some(Arc::clone(old));
    }
    match Upstream::new(spec, metrics.upstream_duration(&name.value)) {
        Ok(upstream) => Some(Arc::new(upstream)),
        Err(error) => {
            problems.refuse(place_of(&error), super::complete(&error, TLS));
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

const TLS: &str = "give a PEM file of certificate authorities and a DNS name";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);
