//! One line of the access log: a JSON object under construction.
//!
//! Given names of ours and values that a client may have written; hands on one line of JSON, whatever they hold. Written
//! once a request, so by hand and into one buffer: plain text is copied as it is, and only what needs escapes is taken
//! the long way. What is the same in many lines (the second, an address) is kept as text.

use std::cell::Cell;
use std::io::Write;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use http::HeaderValue;

/// The name of a field as it stands in a line.
macro_rules! name {
    ($name:literal) => {
        concat!(",\"", $name, "\":")
    };
}
pub(super) use name;

/// One JSON object under construction. Names are made with `name!`.
pub(super) struct Line(Vec<u8>);

impl Line {
    /// A line that begins with its time, in this buffer, whose contents go.
    pub(super) fn at(time: SystemTime, mut buffer: Vec<u8>) -> Self {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let (mut second, mut text) = SECOND.get();
        if second != since.as_secs() || second == 0 {
            (second, text) = (since.as_secs(), to_the_second(time));
            SECOND.set((second, text));
        }
        buffer.clear();
        buffer.extend_from_slice(&text);
        let mut line = Self(buffer);
        line.micros(since.subsec_micros());
        line.0.extend_from_slice(b"Z\"");
        line
    }

    /// The whole line.
    pub(super) fn end(mut self) -> Vec<u8> {
        self.0.extend_from_slice(b"}\n");
        self.0
    }

    #[inline]
    pub(super) fn text(&mut self, name: &'static str, value: Option<&str>) {
        self.name(name);
        match value {
            None => self.0.extend_from_slice(b"null"),
            Some(text) if are_plain(text.as_bytes()) => self.quoted(text.as_bytes()),
            Some(text) => self.escaped(text),
        }
    }

    /// Text of which is known that nothing in it needs escapes: our own words, and what has been checked for more.
    #[inline]
    pub(super) fn word(&mut self, name: &'static str, word: impl AsRef<[u8]>) {
        let word = word.as_ref();
        debug_assert!(are_plain(word), "{word:?} needs escapes");
        self.name(name);
        self.quoted(word);
    }

    /// Here and not in a function of its own, because the compiler then knows how long it is.
    #[inline]
    fn name(&mut self, name: &'static str) {
        self.0.extend_from_slice(name.as_bytes());
    }

    fn quoted(&mut self, plain: &[u8]) {
        self.0.reserve(plain.len() + 2);
        self.0.push(b'"');
        self.0.extend_from_slice(plain);
        self.0.push(b'"');
    }

    #[cold]
    fn escaped(&mut self, text: &str) {
        // Writing to memory cannot fail.
        if serde_json::to_writer(&mut self.0, text).is_err() {
            self.0.extend_from_slice(b"null");
        }
    }

    /// A host without its port, as `server.address` has it.
    pub(super) fn host(&mut self, name: &'static str, value: Option<&HeaderValue>) {
        let host = value.map(|value| {
            let bytes = value.as_bytes();
            let digits = bytes.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
            let (host, _) = bytes.split_at_checked(bytes.len() - digits).unwrap_or((bytes, &[]));
            host.strip_suffix(b":").unwrap_or(bytes)
        });
        self.lossy(name, host);
    }

    /// Bytes that a client sent, of which those that are no text are replaced.
    pub(super) fn lossy(&mut self, name: &'static str, bytes: Option<&[u8]>) {
        match bytes {
            Some(plain) if plain.len() <= LONGEST && are_plain(plain) => self.word(name, plain),
            bytes => self.text(name, bytes.map(String::from_utf8_lossy).as_deref().map(short)),
        }
    }

    pub(super) fn address(&mut self, name: &'static str, address: IpAddr) {
        self.name(name);
        let mut last = ADDRESS.get();
        if last.address != Some(address) {
            last = AddressText::of(address);
            ADDRESS.set(last);
        }
        self.0.extend_from_slice(last.text());
    }

    #[inline]
    pub(super) fn number(&mut self, name: &'static str, value: u64) {
        self.name(name);
        self.decimal(value);
    }

    /// To the microsecond.
    #[inline]
    pub(super) fn seconds(&mut self, name: &'static str, duration: Duration) {
        self.name(name);
        self.decimal(duration.as_secs());
        self.0.push(b'.');
        self.micros(duration.subsec_micros());
    }

    fn micros(&mut self, micros: u32) {
        let pairs = [micros / 10_000, micros / 100, micros].map(pair);
        self.0.extend_from_slice(pairs.as_flattened());
    }

    fn decimal(&mut self, mut value: u64) {
        let mut digits = [0; LONGEST_NUMBER];
        let mut left = LONGEST_NUMBER;
        for place in digits.iter_mut().rev() {
            let [digit, ..] = (value % 10).to_le_bytes();
            *place = b'0' + digit;
            value /= 10;
            left -= 1;
            if value == 0 {
                break;
            }
        }
        self.0.extend_from_slice(digits.get(left..).unwrap_or_default());
    }
}

/// The last two digits of a number.
fn pair(number: u32) -> [u8; 2] {
    let number = number % 100;
    let [tens, ..] = (number / 10).to_le_bytes();
    let [ones, ..] = (number % 10).to_le_bytes();
    [b'0' + tens, b'0' + ones]
}

/// Whether all of it stands in a JSON string as it is.
fn are_plain(bytes: &[u8]) -> bool {
    // No early exit: the compiler then looks at many bytes at once.
    bytes.iter().fold(true, |all, &byte| all & is_plain(byte))
}

thread_local! {
    /// The second of the last line, since the epoch, and how its line began: the next one is likely of the same.
    static SECOND: Cell<(u64, Beginning)> = const { Cell::new((0, [0; BEGINNING.len()])) };
    /// The address that was written last: a line has mostly one twice, and clients send more than one request.
    static ADDRESS: Cell<AddressText> = const { Cell::new(AddressText::NONE) };
}

/// An address as it stands in a line.
#[derive(Clone, Copy)]
struct AddressText {
    address: Option<IpAddr>,
    text: [u8; LONGEST_ADDRESS],
    length: usize,
}

impl AddressText {
    const NONE: Self = Self { address: None, text: [0; LONGEST_ADDRESS], length: 0 };

    fn of(address: IpAddr) -> Self {
        let mut text = [0; LONGEST_ADDRESS];
        let mut left = &mut text[..];
        // There is room for the longest.
        let written = write!(left, "\"{address}\"");
        let length = if written.is_ok() { LONGEST_ADDRESS - left.len() } else { 0 };
        Self { address: Some(address), text, length }
    }

    fn text(&self) -> &[u8] {
        self.text.get(..self.length).unwrap_or_default()
    }
}

type Beginning = [u8; BEGINNING.len()];

/// How a line begins, up to the fraction of its second.
const BEGINNING: &[u8] = b"{\"timestamp\":\"0000-00-00T00:00:00.";

fn to_the_second(time: SystemTime) -> Beginning {
    let time = time::OffsetDateTime::from(time);
    let (year, month, day) = time.to_calendar_date();
    let (hour, minute, second) = time.to_hms();
    let mut text = Line(Vec::with_capacity(BEGINNING.len()));
    text.0.extend_from_slice(b"{\"timestamp\":\"");
    let year = year.unsigned_abs();
    text.0.extend_from_slice(&pair(year / 100));
    text.0.extend_from_slice(&pair(year));
    for (before, part) in [(b'-', u8::from(month)), (b'-', day), (b'T', hour), (b':', minute), (b':', second)]
    {
        text.0.push(before);
        text.0.extend_from_slice(&pair(part.into()));
    }
    text.0.push(b'.');
    text.0.try_into().unwrap_or([b' '; BEGINNING.len()])
}

/// As much of a client's text as a line holds: what is longer is an attack, or shows at its start what it is.
pub(super) fn short(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LONGEST)).unwrap_or(text)
}

/// Stands in a JSON string as it is.
const fn is_plain(byte: u8) -> bool {
    matches!(byte, b' ' | b'!' | b'#'..=b'[' | b']'..=b'~')
}

/// Bytes of one field that a client wrote.
const LONGEST: usize = 2048;
/// Bytes of the longest address (six groups of IPv6 and four numbers of IPv4), with quotes.
const LONGEST_ADDRESS: usize = 47;
/// Digits of the largest number.
const LONGEST_NUMBER: usize = 20;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// The fields that this writes, and those of the same line that it wrote before.
    fn written(write: impl Fn(&mut Line)) -> Value {
        let mut line = Line::at(SystemTime::UNIX_EPOCH, Vec::new());
        write(&mut line);
        let mut value: Value = serde_json::from_slice(&line.end()).unwrap();
        assert_eq!(value["timestamp"], "1970-01-01T00:00:00.000000Z");
        value.as_object_mut().unwrap().remove("timestamp");
        value
    }

    #[test]
    fn addresses_are_written_as_the_library_does_whichever_came_before() {
        let longest = "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255";
        for text in
            ["10.0.0.7", "255.255.255.255", "::1", "::ffff:1.2.3.4", longest, "2001:db8::1", "10.0.0.7"]
        {
            let address: IpAddr = text.parse().unwrap();
            let found = written(|line| {
                line.address(name!("a"), address);
                line.address(name!("b"), address);
            });
            assert_eq!(found, json!({"a": address.to_string(), "b": address.to_string()}));
        }
        assert_eq!(longest.len() + 2, LONGEST_ADDRESS);
    }

    #[test]
    fn a_host_is_written_without_its_port() {
        let (long, cut, rest) = ("h".repeat(LONGEST + 1), "h".repeat(LONGEST), "h".repeat(LONGEST - 1));
        for (sent, host) in [
            ("api.example.com", "api.example.com"),
            ("api.example.com:8443", "api.example.com"),
            ("api.example.com:", "api.example.com"),
            ("[::1]:80", "[::1]"),
            ("[::1]", "[::1]"),
            ("10.0.0.7", "10.0.0.7"),
            ("a:b", "a:b"),
            ("8080", "8080"),
            (":1", ""),
            ("", ""),
            ("a\"b:1", "a\"b"),
            (&long, &cut),
            ("b\u{fc}cher.example:1", "b\u{fc}cher.example"),
            (&format!("{rest}\u{e9}"), &rest),
        ] {
            let sent = HeaderValue::from_bytes(sent.as_bytes()).unwrap();
            assert_eq!(written(|line| line.host(name!("a"), Some(&sent))), json!({"a": host}), "{sent:?}");
        }
        assert_eq!(written(|line| line.host(name!("a"), None)), json!({"a": null}));
    }

    proptest! {
        #[test]
        fn what_a_client_sends_is_read_back(bytes: Vec<u8>, text in "\\PC{0,40}", times in 1_usize..40) {
            let bytes = bytes.repeat(times);
            let found = written(|line| {
                line.text(name!("a"), Some(&text));
                line.lossy(name!("b"), Some(&bytes));
            });
            prop_assert_eq!(found, json!({"a": text, "b": short(&String::from_utf8_lossy(&bytes))}));
        }

        #[test]
        fn numbers_and_durations_are_read_back(number: u64, seconds in 0_u64..100_000, micros in 0_u32..1_000_000) {
            let duration = Duration::new(seconds, micros * 1000 + 999);
            let mut line = Line::at(SystemTime::UNIX_EPOCH + duration, Vec::new());
            line.number(name!("a"), number);
            line.seconds(name!("b"), duration);
            let text = String::from_utf8(line.end()).unwrap();
            let (time, rest) = text.split_at(BEGINNING.len());
            let expected = format!("{micros:06}Z\",\"a\":{number},\"b\":{seconds}.{micros:06}}}\n");
            prop_assert!(time.ends_with('.'));
            prop_assert_eq!(rest, expected);
        }
    }
}
