//! One line of the access log: a JSON object under construction.
//!
//! Given names of ours and values that a client may have written; hands on one line of JSON, whatever they hold. Written
//! once a request, so by hand and into one buffer: plain text is copied as it is, and only what needs escapes is taken
//! the long way.

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
        line.decimal(since.subsec_micros().into(), 6);
        line.0.extend_from_slice(b"Z\"");
        line
    }

    /// The whole line.
    pub(super) fn end(mut self) -> Vec<u8> {
        self.0.extend_from_slice(b"}\n");
        self.0
    }

    pub(super) fn text(&mut self, name: &'static str, value: Option<&str>) {
        self.0.extend_from_slice(name.as_bytes());
        match value {
            None => self.0.extend_from_slice(b"null"),
            // No early exit: the compiler then looks at many bytes at once.
            Some(text) if text.bytes().fold(true, |all, byte| all & is_plain(byte)) => {
                self.quoted(text.as_bytes());
            }
            // Writing to memory cannot fail.
            Some(text) => {
                if serde_json::to_writer(&mut self.0, text).is_err() {
                    self.0.extend_from_slice(b"null");
                }
            }
        }
    }

    /// Text of which is known that nothing in it needs escapes: our own words, and what has been checked for more.
    pub(super) fn word(&mut self, name: &'static str, word: impl AsRef<[u8]>) {
        let word = word.as_ref();
        debug_assert!(word.iter().copied().all(is_plain), "{word:?} needs escapes");
        self.0.extend_from_slice(name.as_bytes());
        self.quoted(word);
    }

    fn quoted(&mut self, plain: &[u8]) {
        self.0.push(b'"');
        self.0.extend_from_slice(plain);
        self.0.push(b'"');
    }

    /// A host without its port, as `server.address` has it.
    pub(super) fn host(&mut self, name: &'static str, value: Option<&HeaderValue>) {
        let text = value.map(|value| String::from_utf8_lossy(value.as_bytes()));
        let host = text.as_deref().map(|text| match text.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => text,
        });
        self.text(name, host.map(short));
    }

    pub(super) fn lossy(&mut self, name: &'static str, value: Option<&HeaderValue>) {
        let bytes = value.map(HeaderValue::as_bytes);
        let value = bytes.map(|bytes| String::from_utf8_lossy(bytes.get(..LONGEST).unwrap_or(bytes)));
        self.text(name, value.as_deref());
    }

    pub(super) fn address(&mut self, name: &'static str, address: IpAddr) {
        self.0.extend_from_slice(name.as_bytes());
        self.0.push(b'"');
        match address {
            IpAddr::V4(address) => {
                for (index, octet) in address.octets().into_iter().enumerate() {
                    if index > 0 {
                        self.0.push(b'.');
                    }
                    self.decimal(octet.into(), 1);
                }
            }
            // Writing to memory cannot fail.
            IpAddr::V6(address) => drop(write!(self.0, "{address}")),
        }
        self.0.push(b'"');
    }

    pub(super) fn number(&mut self, name: &'static str, value: u64) {
        self.0.extend_from_slice(name.as_bytes());
        self.decimal(value, 1);
    }

    /// To the microsecond.
    pub(super) fn seconds(&mut self, name: &'static str, duration: Duration) {
        self.0.extend_from_slice(name.as_bytes());
        self.decimal(duration.as_secs(), 1);
        self.0.push(b'.');
        self.decimal(duration.subsec_micros().into(), 6);
    }

    /// With zeros before it up to this width.
    fn decimal(&mut self, mut value: u64, width: usize) {
        let mut digits = [b'0'; LONGEST_NUMBER];
        let mut left = LONGEST_NUMBER;
        for place in digits.iter_mut().rev() {
            let [digit, ..] = (value % 10).to_le_bytes();
            *place += digit;
            value /= 10;
            left -= 1;
            if value == 0 && LONGEST_NUMBER - left >= width {
                break;
            }
        }
        self.0.extend_from_slice(digits.get(left..).unwrap_or_default());
    }
}

thread_local! {
    /// The second of the last line, since the epoch, and how its line began: the next one is likely of the same.
    static SECOND: Cell<(u64, Beginning)> = const { Cell::new((0, [0; BEGINNING.len()])) };
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
    text.decimal(year.unsigned_abs().into(), 4);
    for (before, part) in [(b'-', u8::from(month)), (b'-', day), (b'T', hour), (b':', minute), (b':', second)]
    {
        text.0.push(before);
        text.decimal(part.into(), 2);
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
/// Digits of the largest number.
const LONGEST_NUMBER: usize = 20;
