//! Values of a request as they may be shown: escaped, short, and times beside how long ago they are.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::authn::json::Json;

/// A text that a stranger wrote: escaped, and no longer than anyone reads.
pub(super) fn text(text: &str) -> String {
    cut(text, LONGEST)
}

/// A cause, in which the end of a chain is what counts: escaped, and as long as causes are.
pub(super) fn cause(text: &str) -> String {
    cut(text, LONGEST_CAUSE)
}

fn cut(text: &str, longest: usize) -> String {
    let mut shown = String::new();
    for character in text.chars().take(longest) {
        if matches!(character, '"' | '\'') {
            shown.push(character);
        } else {
            shown.extend(character.escape_debug());
        }
    }
    if text.chars().nth(longest).is_some() {
        shown.push('…');
    }
    shown
}

/// A text between quotes, which tell `"1"` from 1 and show blanks, and that there is nothing at all.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", self::text(text).replace('"', "\\\""))
}

/// A claim, as JSON has it, `null` too: it is not nothing, and may be what is wrong.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::String(string) => quoted(string),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            text(&value.to_string())
        }
    }
}

/// A claim that may not be there.
pub(super) fn claim(found: Option<Json<'_>>) -> String {
    found.map_or_else(|| "absent".to_owned(), |found| value(&found.to_value()))
}

/// Texts that a token may hold in a row, the first few of them.
pub(super) fn quotes<T: ToString>(texts: impl IntoIterator<Item = T>) -> String {
    row(&texts.into_iter().map(|text| quoted(&text.to_string())).collect::<Vec<_>>())
}

/// Names in a row, the first few of them.
pub(super) fn list<T: ToString>(names: impl IntoIterator<Item = T>) -> String {
    row(&names.into_iter().map(|name| text(&name.to_string())).collect::<Vec<_>>())
}

/// What may be shown already, the first few of it.
pub(super) fn row(names: &[String]) -> String {
    match names.get(..NAMES) {
        Some(first) if names.len() > NAMES => format!("{}, … ({} in all)", first.join(", "), names.len()),
        Some(_) | None if names.is_empty() => "none".to_owned(),
        Some(_) | None => names.join(", "),
    }
}

/// A `NumericDate` and how far it is from now; any other value as it is.
pub(super) fn date(found: Option<Json<'_>>, now: SystemTime) -> String {
    match found.and_then(seconds) {
        Some(seconds) => format!("{} ({})", moment(seconds), distance(seconds, now)),
        None => claim(found),
    }
}

/// Seconds since the epoch, where the value is a date that a clock can show.
pub(super) fn seconds(value: Json<'_>) -> Option<f64> {
    value.as_f64().filter(|seconds| (0.0..END_OF_YEAR_9999).contains(seconds))
}

/// The clock.
pub(super) fn clock(now: SystemTime) -> String {
    moment(now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64())
}

/// How far a date is ahead of now, in seconds; negative for the past.
pub(super) fn ahead(seconds: f64, now: SystemTime) -> f64 {
    seconds - now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// A length of time in words.
pub(super) fn length(seconds: f64) -> String {
    let seconds = seconds.abs();
    let round = |seconds: f64| Duration::try_from_secs_f64(seconds.round()).unwrap_or_default().as_secs();
    match seconds {
        ..120.0 => format!("{} s", round(seconds)),
        ..7_200.0 => format!("{} min", round(seconds / 60.0)),
        ..172_800.0 => format!("{} h", round(seconds / 3_600.0)),
        _ => format!("{} days", round(seconds / 86_400.0)),
    }
}

fn distance(seconds: f64, now: SystemTime) -> String {
    let ahead = ahead(seconds, now);
    let length = length(ahead);
    if ahead < 0.0 { format!("{length} ago") } else { format!("in {length}") }
}

fn moment(seconds: f64) -> String {
    let since = Duration::try_from_secs_f64(seconds).unwrap_or_default();
    let Some(at) = UNIX_EPOCH.checked_add(since) else { return "a date beyond all clocks".to_owned() };
    let at = time::OffsetDateTime::from(at);
    let (year, month, day) = at.to_calendar_date();
    let (hour, minute, second) = at.to_hms();
    let month = u8::from(month);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

const LONGEST: usize = 160;
const LONGEST_CAUSE: usize = 4096;
const NAMES: usize = 8;
const END_OF_YEAR_9999: f64 = 253_402_300_800.0;
