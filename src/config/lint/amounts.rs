//! Times and sizes that are hardly meant: a unit too small or too large.

use std::time::Duration;

use super::code::Code;
use crate::config::document::{Document, Issuer};
use crate::config::node::{At, Size};
use crate::config::problem::Problems;

pub(super) fn lint(document: &Document, problems: &mut Problems) {
    let issuers = document.issuers.iter().flat_map(|issuers| &issuers.value.entries);
    for issuer in issuers.filter_map(|(_, issuer)| issuer.as_ref()) {
        of_issuer(issuer, problems);
    }
    let upstreams = document.upstreams.iter().flat_map(|upstreams| &upstreams.value.entries);
    let timeouts = upstreams.filter_map(|(_, upstream)| upstream.as_ref()?.timeouts.as_ref());
    for timeouts in timeouts.map(|timeouts| &timeouts.value) {
        short(timeouts.connect.as_ref(), LEAST_CONNECT, "to connect takes longer over a network", problems);
        short(timeouts.response.as_ref(), LEAST_RESPONSE, "many answers take longer", problems);
    }
    let timeout = document.shutdown.as_ref().and_then(|shutdown| shutdown.value.timeout.as_ref());
    short(timeout, LEAST_SHUTDOWN, "what is in flight is cut off", problems);
}

fn of_issuer(issuer: &Issuer, problems: &mut Problems) {
    short(issuer.max_age.as_ref(), LEAST_AGE, "tokens of a minute are refused already", problems);
    if let Some(At { at, value }) = issuer.max_age.as_ref().filter(|age| age.value > MOST_AGE) {
        let days = value.as_secs() / DAY;
        let wrong = format!("tokens pass that were issued {days} days ago");
        problems.warning(
            Code::LargeMaxAge,
            *at,
            wrong,
            "give 30d at most, or leave it out where `exp` is enough",
        );
    }
    let keys = issuer.keys.as_ref().and_then(|keys| keys.value.0.as_ref());
    let stale = keys.and_then(|keys| keys.max_stale.as_ref());
    short(stale, LEAST_STALE, "a short failure of the issuer has every token answered with 503", problems);
    let cache = issuer.token_cache.as_ref().and_then(|cache| cache.value.max_size.as_ref());
    if let Some(At { at, value: Size(bytes) }) = cache.filter(|size| size.value.0 < LEAST_CACHE) {
        let tokens = bytes / TOKEN;
        let wrong = format!(
            "{bytes} bytes hold {tokens} tokens of a usual size, and all others are verified anew each time"
        );
        problems.warning(Code::SmallTokenCache, *at, wrong, "give 1MiB or more; the default is 32MiB");
    }
}

fn short(given: Option<&At<Duration>>, least: Duration, why: &str, problems: &mut Problems) {
    if let Some(At { at, value }) = given.filter(|given| given.value < least) {
        let wrong = format!("{value:?} is hardly meant: {why}");
        problems.warning(Code::ShortTime, *at, wrong, format_args!("give {least:?} or more"));
    }
}

const DAY: u64 = 86_400;
const MOST_AGE: Duration = Duration::from_secs(30 * DAY);
const LEAST_AGE: Duration = Duration::from_mins(1);
const LEAST_STALE: Duration = Duration::from_mins(1);
const LEAST_CONNECT: Duration = Duration::from_millis(10);
const LEAST_RESPONSE: Duration = Duration::from_millis(100);
const LEAST_SHUTDOWN: Duration = Duration::from_secs(1);
const LEAST_CACHE: u64 = 256 << 10;
/// What a verified token of 1 KiB takes.
const TOKEN: u64 = 3_584;
