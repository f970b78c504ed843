//! How long an answer says that it is fresh, and when it is therefore asked for again.
//!
//! Given the caching headers of an answer (RFC 9111), it hands on a delay that always lies within the configured
//! bounds: an issuer that says `max-age=0` is not stormed, one that says a year is still asked within the hour.
//! Delays carry jitter, so that gateways started together do not ask together.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use http::HeaderMap;
use http::header::{AGE, CACHE_CONTROL, DATE, EXPIRES, RETRY_AFTER};

/// The freshness lifetime of an answer (RFC 9111 §4.2.1), as a private cache sees it, less the time it has spent in
/// caches on the way; none where the answer does not say.
pub(super) fn lifetime(headers: &HeaderMap) -> Option<Duration> {
    let mut max_age = None;
    for directive in headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok()) {
        for directive in directive.split(',').map(str::trim) {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            if name.eq_ignore_ascii_case("no-store") || name.eq_ignore_ascii_case("no-cache") {
                return Some(Duration::ZERO);
            }
            if name.eq_ignore_ascii_case("max-age") && max_age.is_none() {
                max_age = Some(seconds(value.trim_matches('"')).unwrap_or(0));
            }
        }
    }
    if let Some(max_age) = max_age {
        let age = headers.get(AGE).and_then(|age| seconds(age.to_str().ok()?)).unwrap_or(0);
        return Some(Duration::from_secs(max_age.saturating_sub(age)));
    }
    // By the answer's own clock, so that ours may be wrong. `Expires: 0` and other non-dates are in the past (§5.3).
    let expires = headers.get(EXPIRES)?;
    let Some(expires) = expires.to_str().ok().and_then(|text| httpdate::parse_http_date(text).ok()) else {
        return Some(Duration::ZERO);
    };
    let date = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    Some(expires.duration_since(date).unwrap_or_default())
}

/// How long an issuer that cannot answer now wants to be left alone (RFC 9110 §10.2.3), where it says so: in seconds, or as a
/// time by its own clock.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Some(seconds) = seconds(text) {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    Some(httpdate::parse_http_date(text).ok()?.duration_since(date).unwrap_or_default())
}

/// A pause that somebody else has named, of `most` at the most; up to a tenth more or less, for many are told the same.
pub(super) fn later(pause: Duration, most: Duration) -> Duration {
    pause.min(LONGEST).mul_f64(between(1.0, 1.1)).min(most.mul_f64(between(0.9, 1.0)))
}

/// Delta-seconds (RFC 9111 §1.2.2): digits alone, and more of them than fit count as the most there is.
fn seconds(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

/// When an answer of this lifetime is asked for again: before it is old, within the bounds.
pub(super) fn refresh_delay(lifetime: Option<Duration>, min: Duration, max: Duration) -> Duration {
    let (min, max) = (min.min(LONGEST), max.min(LONGEST));
    let lifetime = lifetime.unwrap_or(UNSTATED).min(max);
    let early = lifetime.mul_f64(between(0.80, 0.95));
    // The jitter of the lower bound goes upwards, so that the bound holds.
    early.max(min.mul_f64(between(1.0, 1.1))).min(max.max(min))
}

/// The pause after the failure of this number, counted from one: doubling from `first` to at most `cap`, less a random
/// part of up to a half.
pub(super) fn backoff(failures: u32, first: Duration, cap: Duration) -> Duration {
    let doubled = first.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1).min(30)));
    doubled.min(cap).min(LONGEST).mul_f64(between(0.5, 1.0))
}

/// A random number of this range. Jitter is no secret: the randomness of the standard library's hash maps will do.
fn between(low: f64, high: f64) -> f64 {
    let random = u32::try_from(RandomState::new().build_hasher().finish() >> 32).unwrap_or(0);
    low + (high - low) * (f64::from(random) / f64::from(u32::MAX))
}

/// No delay is longer, whatever is configured: sums of times must not overflow.
const LONGEST: Duration = Duration::from_hours(30 * 24);

/// The lifetime of an answer that states none.
const UNSTATED: Duration = Duration::from_mins(5);

#[cfg(test)]
mod tests {
    use super::*;

    fn stated(headers: &[(&'static str, &'static str)]) -> Option<u64> {
        let mut map = HeaderMap::new();
        for &(name, value) in headers {
            map.append(name, value.parse().unwrap());
        }
        lifetime(&map).map(|lifetime| lifetime.as_secs())
    }

    #[test]
    fn lifetime_follows_the_caching_headers() {
        assert_eq!(stated(&[]), None);
        assert_eq!(stated(&[("cache-control", "public, max-age=300")]), Some(300));
        assert_eq!(stated(&[("cache-control", "public"), ("cache-control", "MAX-AGE=\"60\"")]), Some(60));
        assert_eq!(stated(&[("cache-control", "max-age=300"), ("age", "100")]), Some(200));
        assert_eq!(stated(&[("cache-control", "max-age=300"), ("age", "400")]), Some(0));
        assert_eq!(stated(&[("cache-control", "max-age=300, no-cache")]), Some(0));
        assert_eq!(stated(&[("cache-control", "no-store")]), Some(0));
        assert_eq!(stated(&[("cache-control", "max-age=-1")]), Some(0));
        assert_eq!(stated(&[("cache-control", "max-age=99999999999999999999999")]), Some(u64::MAX));
        assert_eq!(stated(&[("cache-control", "public")]), None);
        let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(stated(&[("expires", "Sun, 06 Nov 1994 08:59:37 GMT"), date]), Some(600));
        assert_eq!(stated(&[("expires", "Sun, 06 Nov 1994 08:39:37 GMT"), date]), Some(0));
        assert_eq!(stated(&[("expires", "0"), date]), Some(0));
        assert_eq!(stated(&[("expires", "Sun, 06 Nov 1994 08:59:37 GMT")]), None);
        assert_eq!(
            stated(&[("cache-control", "max-age=5"), ("expires", "Sun, 06 Nov 1994 08:59:37 GMT"), date]),
            Some(5)
        );
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        let stated = |headers: &[(&'static str, &'static str)]| {
            let of = |&(name, value): &(&'static str, &'static str)| {
                (http::HeaderName::from_static(name), value.parse().unwrap())
            };
            retry_after(&headers.iter().map(of).collect()).map(|pause| pause.as_secs())
        };
        assert_eq!(stated(&[]), None);
        assert_eq!(stated(&[("retry-after", "120")]), Some(120));
        assert_eq!(stated(&[("retry-after", "99999999999999999999")]), Some(u64::MAX));
        assert_eq!(stated(&[("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT"), date]), Some(60));
        assert_eq!(stated(&[("retry-after", "Sun, 06 Nov 1994 08:40:37 GMT"), date]), Some(0));
        for nonsense in ["", "-1", "1.5", "soon", "Sun, 06 Nov 1994 08:50:37 GMT"] {
            assert_eq!(stated(&[("retry-after", nonsense)]), None, "{nonsense}");
        }
        let (minute, hour) = (Duration::from_mins(1), Duration::from_hours(1));
        assert!(later(minute, hour) >= minute && later(minute, hour) <= Duration::from_secs(66));
        assert!(later(Duration::MAX, hour) <= hour && later(hour, minute) >= Duration::from_secs(54));
    }

    #[test]
    fn a_refresh_is_early_and_within_the_bounds() {
        let (min, max) = (Duration::from_secs(30), Duration::from_hours(1));
        for _ in 0..1000 {
            for (stated, low, high) in
                [(None, 240, 285), (Some(0), 30, 33), (Some(600), 480, 570), (Some(u64::MAX), 2880, 3420)]
            {
                let delay = refresh_delay(stated.map(Duration::from_secs), min, max).as_secs_f64();
                assert!(delay >= f64::from(low) && delay <= f64::from(high), "{stated:?}: {delay}");
            }
        }
        assert_eq!(refresh_delay(None, min, min), min);
        assert_eq!(refresh_delay(None, Duration::MAX, Duration::MAX), LONGEST);
        let delays: std::collections::HashSet<_> = (0..8).map(|_| refresh_delay(None, min, max)).collect();
        assert!(delays.len() > 1, "no jitter");
    }

    #[test]
    fn backoff_doubles_up_to_its_cap() {
        let (first, cap) = (Duration::from_millis(250), Duration::from_secs(5));
        for (failures, most) in
            [(0, 250), (1, 250), (2, 500), (3, 1000), (5, 4000), (6, 5000), (u32::MAX, 5000)]
        {
            let delay = backoff(failures, first, cap).as_millis();
            assert!(delay >= most / 2 && delay <= most, "{failures}: {delay}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_header_gives_a_delay_within_the_bounds(control in "[ -~]{0,40}", age in "[ -~]{0,20}", expires in "[ -~]{0,40}") {
            let mut headers = HeaderMap::new();
            for (name, value) in [("cache-control", control), ("age", age), ("expires", expires)] {
                headers.insert(name, value.parse().unwrap());
            }
            let (min, max) = (Duration::from_secs(30), Duration::from_hours(1));
            let delay = refresh_delay(lifetime(&headers), min, max);
            proptest::prop_assert!(delay >= min && delay <= max);
        }
    }
}
