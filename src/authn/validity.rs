//! When a token may be used (RFC 7519 §4.1.4 to §4.1.6).
//!
//! Given the claims `exp`, `nbf` and `iat` and the time of the request; decides whether the token may pass now. What is
//! decided on first sight is decided again, by the same code, whenever the token comes back from the cache. Times are
//! integers of microseconds between the years -6060 and 9999, and sums of them saturate: no negative, huge or fractional
//! number wraps around.

use std::borrow::Cow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::error::Error;
use super::json::{Json, Object};

/// The times of a token.
#[derive(Debug, Clone, Copy)]
pub(super) struct Validity {
    expires: Timestamp,
    not_before: Option<Timestamp>,
    issued_at: Option<Timestamp>,
}

impl Validity {
    /// From the claims, checked one after the other, so that the first that fails is the reason.
    pub(super) fn read(claims: Object<'_>, rules: &TimeRules, now: Timestamp) -> Result<Self, Error> {
        let missing = || Error::ClaimMissing(Cow::Borrowed("exp"));
        let expires = Timestamp::claim(claims, "exp")?.ok_or_else(missing)?;
        rules.check_expiry(expires, now)?;
        let not_before = Timestamp::claim(claims, "nbf")?;
        rules.check_begin(not_before, now)?;
        let issued_at = Timestamp::claim(claims, "iat")?;
        rules.check_begin(issued_at, now)?;
        rules.check_age(issued_at, now)?;
        Ok(Self { expires, not_before, issued_at })
    }

    /// Whether the token may be used now.
    pub(super) fn check(&self, rules: &TimeRules, now: Timestamp) -> Result<(), Error> {
        rules.check_expiry(self.expires, now)?;
        rules.check_begin(self.not_before, now)?;
        rules.check_begin(self.issued_at, now)?;
        rules.check_age(self.issued_at, now)
    }

    /// How long the token can still be used.
    pub(super) fn remaining(&self, rules: &TimeRules, now: Timestamp) -> Duration {
        let micros = self.expires.plus(rules.clock_skew).0.saturating_sub(now.0);
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }

    /// Times of a token that is valid for ever, for the tests of later stages.
    #[cfg(test)]
    pub(super) fn endless() -> Self {
        Self { expires: Timestamp(i64::MAX), not_before: None, issued_at: None }
    }
}

/// How an issuer's section wants times to be checked.
#[derive(Debug, Clone, Copy)]
pub(super) struct TimeRules {
    /// How far the clocks may be apart. RFC 7519 §4.1.4 and §4.1.5 grant it to `exp` and `nbf`; `iat` that is ahead gets
    /// it too, being ahead for the same reason. `max_age` does not: it is our limit and measured by our clock.
    pub(super) clock_skew: Duration,
    pub(super) max_age: Option<Duration>,
}

impl TimeRules {
    /// The current time must be *before* `exp`.
    fn check_expiry(&self, expires: Timestamp, now: Timestamp) -> Result<(), Error> {
        if now < expires.plus(self.clock_skew) { Ok(()) } else { Err(Error::TokenExpired) }
    }

    fn check_begin(&self, begin: Option<Timestamp>, now: Timestamp) -> Result<(), Error> {
        let reached = begin.is_none_or(|begin| begin <= now.plus(self.clock_skew));
        if reached { Ok(()) } else { Err(Error::TokenNotYetValid) }
    }

    fn check_age(&self, issued_at: Option<Timestamp>, now: Timestamp) -> Result<(), Error> {
        let Some(max_age) = self.max_age else { return Ok(()) };
        let issued_at = issued_at.ok_or(Error::ClaimMissing(Cow::Borrowed("iat")))?;
        if now <= issued_at.plus(max_age) { Ok(()) } else { Err(Error::TokenTooOld) }
    }
}

/// A point in time, in microseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Timestamp(i64);

impl Timestamp {
    /// The time of the clock; one before 1970 is as good as 1970.
    pub(super) fn of(time: SystemTime) -> Self {
        Self(micros(time.duration_since(UNIX_EPOCH).unwrap_or_default()))
    }

    /// A `NumericDate` (RFC 7519 §2): a JSON number of seconds, fractions included, between the years -6060 and 9999.
    /// `null` is no such number: a bound that cannot be read must not pass for one that is not there.
    fn claim(claims: Object<'_>, name: &'static str) -> Result<Option<Self>, Error> {
        let seconds = match claims.get(name) {
            None => return Ok(None),
            Some(Json::Number(number)) => Some(number.as_f64()),
            Some(_) => None,
        };
        let in_range = seconds.filter(|seconds| seconds.abs() < END_OF_YEAR_9999);
        let time = in_range
            .and_then(|seconds| Some((Duration::try_from_secs_f64(seconds.abs()).ok()?, seconds < 0.0)));
        let (size, negative) = time.ok_or(Error::ClaimMalformed(Cow::Borrowed(name)))?;
        Ok(Some(Self(if negative { -micros(size) } else { micros(size) })))
    }

    /// How long it is after that; nothing, if it is before.
    pub(super) fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros(duration)))
    }
}

/// Milliseconds where seconds are meant are beyond it, and so a mistake that is seen.
const END_OF_YEAR_9999: f64 = 253_402_300_800.0;

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::authn::json::Document;

    const NOW: u64 = 1_800_000_000;

    fn read(claims: &Value, max_age: Option<u64>) -> Result<(), Error> {
        let rules =
            TimeRules { clock_skew: Duration::from_secs(30), max_age: max_age.map(Duration::from_secs) };
        let now = Timestamp::of(UNIX_EPOCH + Duration::from_secs(NOW));
        let claims = Document::of(claims.as_object().unwrap()).unwrap();
        let validity = Validity::read(claims.members(), &rules, now)?;
        validity.check(&rules, now)
    }

    #[test]
    fn leeway_ends_where_it_should() {
        for (claims, expected) in [
            (json!({"exp": NOW - 29}), Ok(())),
            (json!({"exp": NOW - 30}), Err(Error::TokenExpired)),
            (json!({"exp": 1_799_999_970.000_01}), Ok(())),
            (json!({"exp": 1_799_999_969.999_99}), Err(Error::TokenExpired)),
            (json!({"exp": NOW + 9, "nbf": NOW + 30}), Ok(())),
            (json!({"exp": NOW + 9, "nbf": NOW + 31}), Err(Error::TokenNotYetValid)),
            (json!({"exp": NOW + 9, "nbf": 1_800_000_030.5}), Err(Error::TokenNotYetValid)),
            (json!({"exp": NOW + 9, "iat": NOW + 30}), Ok(())),
            (json!({"exp": NOW + 9, "iat": NOW + 31}), Err(Error::TokenNotYetValid)),
        ] {
            assert_eq!(read(&claims, None), expected, "{claims}");
        }
    }

    #[test]
    fn max_age_is_measured_from_iat_without_leeway() {
        for (iat, expected) in [
            (json!(NOW - 60), Ok(())),
            (json!(NOW - 61), Err(Error::TokenTooOld)),
            (json!(NOW + 30), Ok(())),
            (json!(-1), Err(Error::TokenTooOld)),
            (json!(null), Err(Error::ClaimMalformed("iat".into()))),
        ] {
            assert_eq!(read(&json!({"exp": NOW + 9, "iat": iat}), Some(60)), expected, "{iat}");
        }
        assert_eq!(read(&json!({"exp": NOW + 9, "iat": NOW}), Some(u64::MAX)), Ok(()));
    }

    #[test]
    fn a_time_that_is_no_number_in_range_is_malformed() {
        for wrong in [
            json!("1800000100"),
            json!([1_800_000_100]),
            json!({}),
            json!(null),
            json!(true),
            json!(1e30),
            json!(1e300),
            json!(-1e30),
            json!(u64::MAX),
            json!(i64::MAX),
            json!(i64::MIN),
            json!(1e19),
            json!(253_402_300_800_u64),
            json!(NOW * 1000),
        ] {
            for name in ["exp", "nbf", "iat"] {
                let mut claims = json!({"exp": NOW + 9});
                claims[name] = wrong.clone();
                assert_eq!(read(&claims, None), Err(Error::ClaimMalformed(name.into())), "{name}: {wrong}");
            }
        }
        assert_eq!(read(&json!({"exp": 253_402_300_799.9_f64}), None), Ok(()));
        assert_eq!(read(&json!({"exp": -1}), None), Err(Error::TokenExpired));
        assert_eq!(read(&json!({"exp": -0.5, "nbf": "x"}), None), Err(Error::TokenExpired));
        assert_eq!(read(&json!({}), None), Err(Error::ClaimMissing("exp".into())));
    }

    #[test]
    fn no_clock_and_no_skew_overflows() {
        let rules = TimeRules { clock_skew: Duration::MAX, max_age: Some(Duration::MAX) };
        let claims = json!({"exp": -253_402_300_799_i64, "iat": 253_402_300_799_i64});
        let claims = Document::of(claims.as_object().unwrap()).unwrap();
        for now in
            [UNIX_EPOCH, UNIX_EPOCH - Duration::from_secs(1), UNIX_EPOCH + Duration::from_secs(1 << 62)]
        {
            let now = Timestamp::of(now);
            let validity = Validity::read(claims.members(), &rules, now);
            // at the end of time even an endless leeway has passed
            assert_eq!(validity.is_ok(), now.0 < i64::MAX - 253_402_300_800_000_000);
        }
    }
}
