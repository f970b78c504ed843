//! One line of the access log: a JSON object under construction.
//!
//! Given names of ours and values that a client may have written; hands on one line of JSON, whatever they hold. Written
//! once a request, so by hand and into one buffer: plain text is copied as it is, and only what needs escapes is taken
//! the long way.

use std::io::Write;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use http::HeaderValue;

/// One JSON object under construction.
pub(super) struct Line(Vec<u8>);

impl Line {
    /// A line that begins with its time, in this buffer, whose contents go.
    pub(super) fn at(time: SystemTime, mut buffer: Vec<u8>) -> Self {
        buffer.clear();
        let mut line = Self(buffer);
        let time = time::OffsetDateTime::from(time);
        let (year, month, day) = time.to_calendar_date();
        let (hour, minute, second, micro) = time.to_hms_micro();
        line.0.extend_from_slice(b"{\"timestamp\":\"");
        line.padded(year.unsigned_abs(), 4);
        for (before, part) in
            [(b'-', u8::from(month)), (b'-', day), (b'T', hour), (b':', minute), (b':', second)]
        {
            line.0.push(before);
            line.padded(part.into(), 2);
        }
        line.0.push(b'.');
        line.padded(micro, 6);
        line.0.extend_from_slice(b"Z\"");
        line
    }

    /// The whole line.
    pub(super) fn end(mut self) -> Vec<u8> {
        self.0.extend_from_slice(b"}\n");
        self.0
    }

    pub(super) fn text(&mut self, name: &str, value: Option<&str>) {
        self.name(name);
        match value {
            None => self.0.extend_from_slice(b"null"),
            Some(text) if text.bytes().all(is_plain) => {
                self.0.push(b'"');
                self.0.extend_from_slice(text.as_bytes());
                self.0.push(b'"');
            }
            // Writing to memory cannot fail.
            Some(text) => {
                if serde_json::to_writer(&mut self.0, text).is_err() {
                    self.0.extend_from_slice(b"null");
                }
            }
        }
    }

    /// A host without its port, as `server.address` has it.
    pub(super) fn host(&mut self, name: &str, value: Option<&HeaderValue>) {
        let text = value.map(|value| String::from_utf8_lossy(value.as_bytes()));
        let host = text.as_deref().map(|text| match text.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => text,
        });
        self.text(name, host.map(short));
    }

    pub(super) fn lossy(&mut self, name: &str, value: Option<&HeaderValue>) {
        let bytes = value.map(HeaderValue::as_bytes);
        let value = bytes.map(|bytes| String::from_utf8_lossy(bytes.get(..LONGEST).unwrap_or(bytes)));
        self.text(name, value.as_deref());
    }

    pub(super) fn address(&mut self, name: &str, address: IpAddr) {
        self.name(name);
        self.0.push(b'"');
        match address {
            IpAddr::V4(address) => {
                for (index, octet) in address.octets().into_iter().enumerate() {
                    if index > 0 {
                        self.0.push(b'.');
                    }
                    self.padded(octet.into(), 1);
                }
            }
            // Writing to memory cannot fail.
            IpAddr::V6(address) => drop(write!(self.0, "{address}")),
        }
        self.0.push(b'"');
    }

    pub(super) fn number(&mut self, name: &str, value: u64) {
        self.name(name);
        self.decimal(value, 1);
    }

    /// To the microsecond.
    pub(super) fn seconds(&mut self, name: &str, duration: Duration) {
        self.name(name);
        self.decimal(duration.as_secs(), 1);
        self.0.push(b'.');
        self.padded(duration.subsec_micros(), 6);
    }

    fn name(&mut self, name: &str) {
        self.0.extend_from_slice(b",\"");
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    fn padded(&mut self, value: u32, width: usize) {
        self.decimal(value.into(), width);
    }

    /// With zeros before it up to this width.
    fn decimal(&mut self, mut value: u64, width: usize) {
        let start = self.0.len();
        loop {
            let [digit, ..] = (value % 10).to_le_bytes();
            self.0.push(b'0' + digit);
            value /= 10;
            if value == 0 && self.0.len() - start >= width {
                break;
            }
        }
        if let Some(digits) = self.0.get_mut(start..) {
            digits.reverse();
        }
    }
}

/// As much of a client's text as a line holds: what is longer is an attack, or shows at its start what it is.
pub(super) fn short(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LONGEST)).unwrap_or(text)
}

/// Stands in a JSON string as it is.
const fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'
}

/// Bytes of one field that a client wrote.
const LONGEST: usize = 2048;
