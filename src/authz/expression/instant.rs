//! Timestamps and durations of the language: what `now`, `timestamp(…)` and `duration(…)` are.
//!
//! A timestamp is of the years 1 to 9999, a duration shorter than 10,000 years, both in nanoseconds, as the language
//! defines them. What leaves the range is an error.

use std::fmt;
use std::time::SystemTime;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::fault::Fault;

/// Nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Timestamp(i128);

/// Nanoseconds, negative ones too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span(i128);

const SECOND: i128 = 1_000_000_000;
const MINUTE: i128 = 60 * SECOND;
const HOUR: i128 = 60 * MINUTE;
/// 0001-01-01T00:00:00Z and the last nanosecond of 9999.
const FIRST: i128 = -62_135_596_800 * SECOND;
const LAST: i128 = 253_402_300_800 * SECOND - 1;
const LONGEST: i128 = 315_576_000_000 * SECOND;

impl Timestamp {
    fn new(nanoseconds: i128) -> Result<Self, Fault> {
        if (FIRST..=LAST).contains(&nanoseconds) { Ok(Self(nanoseconds)) } else { Err(Fault::Overflow) }
    }

    pub(super) fn from_seconds(seconds: i64) -> Result<Self, Fault> {
        Self::new(i128::from(seconds) * SECOND)
    }

    pub(super) fn from_system(time: SystemTime) -> Result<Self, Fault> {
        let nanoseconds = match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => i128::try_from(after.as_nanos()),
            Err(before) => i128::try_from(before.duration().as_nanos()).map(|before| -before),
        };
        Self::new(nanoseconds.map_err(|_| Fault::Overflow)?)
    }

    /// From RFC 3339: `2026-11-01T12:00:00Z`.
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        let parsed = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| Fault::Conversion)?;
        Self::new(parsed.unix_timestamp_nanos())
    }

    pub(super) fn seconds(self) -> i64 {
        i64::try_from(self.0.div_euclid(SECOND)).unwrap_or(i64::MAX)
    }

    pub(super) fn plus(self, span: Span) -> Result<Self, Fault> {
        Self::new(self.0 + span.0)
    }

    pub(super) fn minus(self, span: Span) -> Result<Self, Fault> {
        Self::new(self.0 - span.0)
    }

    pub(super) fn since(self, earlier: Self) -> Result<Span, Fault> {
        Span::new(self.0 - earlier.0)
    }

    /// One part of the date and time in UTC.
    pub(super) fn part(self, part: Part) -> Result<i64, Fault> {
        let time = OffsetDateTime::from_unix_timestamp_nanos(self.0).map_err(|_| Fault::Overflow)?;
        Ok(match part {
            Part::FullYear => time.year().into(),
            Part::Month => i64::from(u8::from(time.month())) - 1,
            Part::Date => time.day().into(),
            Part::DayOfMonth => i64::from(time.day()) - 1,
            Part::DayOfWeek => time.weekday().number_days_from_sunday().into(),
            Part::DayOfYear => i64::from(time.ordinal()) - 1,
            Part::Hours => time.hour().into(),
            Part::Minutes => time.minute().into(),
            Part::Seconds => time.second().into(),
            Part::Milliseconds => time.millisecond().into(),
        })
    }
}

impl Span {
    fn new(nanoseconds: i128) -> Result<Self, Fault> {
        if nanoseconds.abs() <= LONGEST { Ok(Self(nanoseconds)) } else { Err(Fault::Overflow) }
    }

    /// From numbers with units, in any order: `36h`, `1h30m`, `-1.5s`; units are `h`, `m`, `s`, `ms`, `us` and `ns`.
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        let (negative, mut rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        if rest == "0" {
            return Ok(Self(0));
        }
        let mut total: i128 = 0;
        let mut terms = 0;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or(Fault::Conversion)?;
            let (number, after) = rest.split_at_checked(digits).ok_or(Fault::Conversion)?;
            let unit = after.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(after.len());
            let (unit, after) = after.split_at_checked(unit).ok_or(Fault::Conversion)?;
            total += amount(number, unit)?;
            terms += 1;
            rest = after;
        }
        if terms == 0 {
            return Err(Fault::Conversion);
        }
        Self::new(if negative { -total } else { total })
    }

    pub(super) fn plus(self, other: Self) -> Result<Self, Fault> {
        Self::new(self.0 + other.0)
    }

    pub(super) fn minus(self, other: Self) -> Result<Self, Fault> {
        Self::new(self.0 - other.0)
    }

    pub(super) fn negated(self) -> Self {
        Self(-self.0)
    }

    /// The whole duration in hours, minutes or seconds.
    pub(super) fn part(self, part: Part) -> Result<i64, Fault> {
        let unit = match part {
            Part::Hours => HOUR,
            Part::Minutes => MINUTE,
            Part::Seconds => SECOND,
            Part::FullYear
            | Part::Month
            | Part::Date
            | Part::DayOfMonth
            | Part::DayOfWeek
            | Part::DayOfYear
            | Part::Milliseconds => return Err(Fault::NoSuchOverload),
        };
        i64::try_from(self.0 / unit).map_err(|_| Fault::Overflow)
    }
}

/// Seconds since 1970, with as many digits as it takes.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, rest) = (self.0.div_euclid(SECOND), self.0.rem_euclid(SECOND));
        if rest == 0 { write!(f, "{seconds}") } else { write!(f, "{seconds}.{rest:09}") }
    }
}

/// In the largest unit in which it is whole.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(i128, &str); 4] = [(HOUR, "h"), (MINUTE, "m"), (SECOND, "s"), (1, "ns")];
        let unit = UNITS.iter().find(|(unit, _)| self.0 % unit == 0);
        unit.map_or(Ok(()), |(unit, name)| write!(f, "{}{name}", self.0 / unit))
    }
}

/// What can be asked of a timestamp, and some of it of a duration. Months and days of the year, month and week count
/// from 0, as the language has it; only `Date` counts from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    FullYear,
    Month,
    Date,
    DayOfMonth,
    DayOfWeek,
    DayOfYear,
    Hours,
    Minutes,
    Seconds,
    Milliseconds,
}

/// `1.5` of a unit in nanoseconds.
fn amount(number: &str, unit: &str) -> Result<i128, Fault> {
    let unit = match unit {
        "h" => HOUR,
        "m" => MINUTE,
        "s" => SECOND,
        "ms" => 1_000_000,
        "us" => 1_000,
        "ns" => 1,
        _ => return Err(Fault::Conversion),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    // Twelve digits of the finest unit are more than the longest duration has; the rest of a fraction is below it.
    if whole.len() + fraction.len() == 0 || whole.len() > 21 || fraction.len() > 12 {
        return Err(Fault::Conversion);
    }
    let digits = |text: &str| {
        if text.is_empty() { Ok(0) } else { text.parse::<i128>().map_err(|_| Fault::Conversion) }
    };
    let scale = 10_i128.pow(u32::try_from(fraction.len()).map_err(|_| Fault::Conversion)?);
    Ok(digits(whole)? * unit + digits(fraction)? * unit / scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_with_units() {
        for (text, nanoseconds) in [
            ("0", 0),
            ("36h", 36 * HOUR),
            ("1h30m", HOUR + 30 * MINUTE),
            ("-1.5s", -1_500_000_000),
            ("+2ms3us4ns", 2_003_004),
            (".5m", 30 * SECOND),
        ] {
            assert_eq!(Span::parse(text), Ok(Span(nanoseconds)), "{text}");
        }
        for text in [
            "",
            "-",
            "1",
            "h",
            "1x",
            "1 h",
            "1.2.3s",
            "1h ",
            "..s",
            "-+1s",
            "1d",
            "9999999999999999999999s",
            "١h",
        ] {
            assert_eq!(Span::parse(text), Err(Fault::Conversion), "{text}");
        }
        assert_eq!(Span::parse("99999999999h"), Err(Fault::Overflow));
        assert_eq!(Span::parse("999999999999999999999h999999999999999999999h"), Err(Fault::Overflow));
    }

    #[test]
    fn timestamps_have_parts_in_utc() {
        let at = Timestamp::parse("2026-11-01T23:30:59.125+01:00").unwrap();
        let part = |part| at.part(part).unwrap();
        assert_eq!((part(Part::FullYear), part(Part::Month), part(Part::Date)), (2026, 10, 1));
        assert_eq!((part(Part::DayOfMonth), part(Part::DayOfWeek), part(Part::DayOfYear)), (0, 0, 304));
        assert_eq!((part(Part::Hours), part(Part::Minutes), part(Part::Seconds)), (22, 30, 59));
        assert_eq!(part(Part::Milliseconds), 125);
        assert_eq!(at.seconds(), 1_793_572_259);
        for text in ["", "2026-11-01", "2026-13-01T00:00:00Z", "2026-11-01T23:30:59", "now"] {
            assert_eq!(Timestamp::parse(text), Err(Fault::Conversion), "{text}");
        }
        assert_eq!(Timestamp::from_seconds(i64::MAX), Err(Fault::Overflow));
        assert_eq!(Timestamp::from_seconds(i64::MIN), Err(Fault::Overflow));
        assert_eq!(at.plus(Span(LONGEST)), Err(Fault::Overflow));
    }
}
