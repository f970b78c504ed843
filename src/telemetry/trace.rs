//! W3C Trace Context: the `traceparent` that a request brings, and the one that it goes on with.

use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

use crate::field::{Field, only};

/// The name of the field (W3C Trace Context §3.2).
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The trace that a request belongs to, and the gateway's own span in it.
///
/// A well-formed `traceparent` is continued; without one a trace begins here, marked as sampled, because a mark against
/// sampling would switch off the tracing of every service behind the gateway.
#[derive(Debug, Clone)]
pub struct TraceContext {
    text: [u8; LENGTH],
}

impl TraceContext {
    /// The trace of a request with these headers, with a new span.
    pub fn of(headers: &HeaderMap) -> Self {
        let parent = match only(headers, &TRACEPARENT) {
            Field::One(value) => Parent::parse(value.as_bytes()),
            Field::Absent | Field::Several => None,
        };
        let mut text = *b"00-00000000000000000000000000000000-0000000000000000-01";
        let mut hex = Uuid::encode_buffer();
        match &parent {
            Some(Parent { trace_id, flags }) => {
                copy(&mut text, TRACE_ID, trace_id);
                copy(&mut text, FLAGS, flags);
            }
            None => copy(&mut text, TRACE_ID, Uuid::new_v4().simple().encode_lower(&mut hex).as_bytes()),
        }
        let span = Uuid::new_v4().simple().encode_lower(&mut hex).as_bytes();
        // The last half of a random UUID: its first half has the version's fixed digit.
        copy(&mut text, SPAN_ID, span.get(16..).unwrap_or_default());
        Self { text }
    }

    /// The field for the upstream.
    pub fn header(&self) -> HeaderValue {
        HeaderValue::from_bytes(&self.text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }

    /// The trace's id, 32 hexadecimal digits.
    pub fn trace_id(&self) -> &[u8] {
        self.part(TRACE_ID)
    }

    /// The id of the gateway's span, 16 hexadecimal digits.
    pub fn span_id(&self) -> &[u8] {
        self.part(SPAN_ID)
    }

    fn part(&self, (start, end): (usize, usize)) -> &[u8] {
        self.text.get(start..end).unwrap_or_default()
    }
}

const LENGTH: usize = 55;
const TRACE_ID: (usize, usize) = (3, 35);
const SPAN_ID: (usize, usize) = (36, 52);
const FLAGS: (usize, usize) = (53, 55);

struct Parent {
    trace_id: [u8; 32],
    flags: [u8; 2],
}

impl Parent {
    /// W3C Trace Context §3.2.2; a later version may have more behind a further dash.
    fn parse(text: &[u8]) -> Option<Self> {
        let version = text.get(..2)?;
        let known = text.get(..LENGTH)?;
        let exact = text.len() == LENGTH;
        let longer = version != b"00" && text.get(LENGTH) == Some(&b'-');
        let lower_hex = |part: &[u8]| part.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let part = |(start, end): (usize, usize)| known.get(start..end).filter(|part| lower_hex(part));
        let trace_id = part(TRACE_ID).filter(|id| id.iter().any(|&digit| digit != b'0'))?;
        part(SPAN_ID).filter(|id| id.iter().any(|&digit| digit != b'0'))?;
        let dashes = [2, 35, 52].iter().all(|&at| known.get(at) == Some(&b'-'));
        let valid = (exact || longer) && dashes && lower_hex(version) && version != b"ff";
        let sampled = part(FLAGS)?.last()?;
        // Only the sampled bit is ours to hand on (§3.2.2.5.1).
        let odd = matches!(sampled, b'1' | b'3' | b'5' | b'7' | b'9' | b'b' | b'd' | b'f');
        valid
            .then_some(Self { trace_id: trace_id.try_into().ok()?, flags: if odd { *b"01" } else { *b"00" } })
    }
}

fn copy(text: &mut [u8; LENGTH], (start, end): (usize, usize), part: &[u8]) {
    if let Some(place) = text.get_mut(start..end)
        && place.len() == part.len()
    {
        place.copy_from_slice(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn context(values: &[&str]) -> TraceContext {
        TraceContext::of(
            &values.iter().map(|value| (TRACEPARENT, HeaderValue::from_str(value).unwrap())).collect(),
        )
    }

    #[test]
    fn a_trace_is_continued_with_a_span_of_our_own() {
        let context = context(&[SENT]);
        assert_eq!(context.trace_id(), b"4bf92f3577b34da6a3ce929d0e0e4736");
        assert_ne!(context.span_id(), b"00f067aa0ba902b7");
        assert_eq!(context.span_id().len(), 16);
        let header = context.header();
        assert_eq!(
            header.to_str().unwrap(),
            format!("00-4bf92f3577b34da6a3ce929d0e0e4736-{}-01", str::from_utf8(context.span_id()).unwrap())
        );
    }

    #[test]
    fn what_is_malformed_begins_a_new_trace() {
        for sent in [
            SENT.to_uppercase().as_str(),
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "",
        ] {
            let context = context(&[sent]);
            assert_ne!(context.trace_id(), b"4bf92f3577b34da6a3ce929d0e0e4736", "{sent}");
            assert!(Parent::parse(context.header().as_bytes()).is_some(), "{sent}");
        }
        assert_ne!(context(&[SENT, SENT]).trace_id(), b"4bf92f3577b34da6a3ce929d0e0e4736");
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known() {
        let context =
            context(&["cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-what-the-future-brings"]);
        assert_eq!(context.trace_id(), b"4bf92f3577b34da6a3ce929d0e0e4736");
        assert!(context.header().to_str().unwrap().ends_with("-00"));
    }
}
