//! From when to when a certificate is valid (RFC 5280 §4.1.2.5).
//!
//! Given the PEM of a chain that TLS has taken already; what this reader does not understand is passed over, since it
//! decides nothing. It reads the outline of the DER alone: lengths, and two times.

use std::time::{Duration, SystemTime};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use time::{Date, Month, OffsetDateTime, Time};

/// How a certificate stands at a time; with the date that says so.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Good,
    Expired(Date),
    ExpiresSoon(Date),
    NotYetValid(Date),
}

/// How each certificate of a PEM file stands.
pub(super) fn standings(pem: &[u8], now: SystemTime) -> Vec<Standing> {
    let certificates = CertificateDer::pem_slice_iter(pem).filter_map(Result::ok);
    let validities = certificates.map(|certificate| validity(&certificate));
    validities
        .map(|validity| validity.map_or(Standing::Good, |(from, to)| standing(from, to, now.into())))
        .collect()
}

fn standing(from: OffsetDateTime, to: OffsetDateTime, now: OffsetDateTime) -> Standing {
    let left = to - now;
    if now < from {
        Standing::NotYetValid(from.date())
    } else if now > to {
        Standing::Expired(to.date())
    } else if left < SOON && left < (to - from) / 3 {
        Standing::ExpiresSoon(to.date())
    } else {
        Standing::Good
    }
}

/// What renews certificates does so with a third of their life left, or earlier; short-lived ones are always close to
/// their end.
const SOON: Duration = Duration::from_hours(14 * 24);

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// `notBefore` and `notAfter`.
fn validity(certificate: &[u8]) -> Option<(OffsetDateTime, OffsetDateTime)> {
    let (SEQUENCE, certificate, _) = element(certificate)? else { return None };
    let (SEQUENCE, signed, _) = element(certificate)? else { return None };
    let (tag, _, rest) = element(signed)?;
    // The version may be left out; then this was the serial number.
    let rest = if tag == VERSION { element(rest)?.2 } else { rest };
    let (_, _, rest) = element(rest)?;
    let (_, _, rest) = element(rest)?;
    let (SEQUENCE, validity, _) = element(rest)? else { return None };
    let (tag, from, rest) = element(validity)?;
    let from = moment(tag, from)?;
    let (tag, to, _) = element(rest)?;
    Some((from, moment(tag, to)?))
}

/// Tag, content and what follows the first element of DER.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], rest) = der.split_first_chunk::<2>()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = bytes
                .iter()
                .try_fold(0_usize, |length, &byte| length.checked_mul(256)?.checked_add(usize::from(byte)));
            (length?, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`.
fn moment(tag: u8, text: &[u8]) -> Option<OffsetDateTime> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (year, rest) = match tag {
        UTC_TIME => {
            let (year, rest) = text.split_at_checked(2)?;
            let year: i32 = year.parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        GENERALIZED_TIME => {
            let (year, rest) = text.split_at_checked(4)?;
            (year.parse().ok()?, rest)
        }
        _ => return None,
    };
    let two = |at: usize| rest.get(at..at + 2)?.parse::<u8>().ok();
    let date = Date::from_calendar_date(year, Month::try_from(two(0)?).ok()?, two(2)?).ok()?;
    let time = Time::from_hms(two(4)?, two(6)?, two(8)?).ok()?;
    Some(OffsetDateTime::new_utc(date, time))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    const DAY: time::Duration = time::Duration::DAY;

    fn on(moment: OffsetDateTime) -> Date {
        moment.date()
    }

    fn at(from: OffsetDateTime, to: OffsetDateTime, now: OffsetDateTime) -> Vec<Standing> {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_before = from;
        params.not_after = to;
        let key = KeyPair::generate().unwrap();
        standings(params.self_signed(&key).unwrap().pem().as_bytes(), now.into())
    }

    #[test]
    fn the_times_of_a_certificate_are_read() {
        let now = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        assert_eq!(at(now - DAY, now + 365 * DAY, now), [Standing::Good]);
        assert_eq!(at(now - 80 * DAY, now + 13 * DAY, now), [Standing::ExpiresSoon(on(now + 13 * DAY))]);
        assert_eq!(at(now - 80 * DAY, now + 15 * DAY, now), [Standing::Good]);
        // One of a few days is not close to its end before the last of them.
        assert_eq!(at(now - 2 * DAY, now + 4 * DAY, now), [Standing::Good]);
        assert_eq!(at(now - 2 * DAY, now - DAY, now), [Standing::Expired(on(now - DAY))]);
        assert_eq!(at(now + DAY, now + 2 * DAY, now), [Standing::NotYetValid(on(now + DAY))]);
        // Beyond 2049 times are written with four digits.
        assert_eq!(at(now - DAY, now + 30_000 * DAY, now), [Standing::Good]);
    }

    #[test]
    fn what_is_no_certificate_is_passed_over() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_hours(500_000);
        assert_eq!(standings(b"", now), []);
        let cut = b"-----BEGIN CERTIFICATE-----\nMIIBszCC\n-----END CERTIFICATE-----\n";
        assert_eq!(standings(cut, now), [Standing::Good]);
        assert_eq!(element(&[0x30, 0x85, 1, 1, 1, 1, 1]), None);
        assert_eq!(element(&[0x30, 0x82, 0xff, 0xff, 0]), None);
    }
}
