//! A token taken apart: compact JWS (RFC 7515 §7.1) of a JSON header and JSON claims.
//!
//! Given the text of a token; hands on its parts, of which nothing is verified yet. Sizes are looked at before anything
//! is allocated. Refuses every form that two readers could take apart differently: other than three segments (JWE has
//! five), base64url with padding or with bits that no byte holds, JSON that [`json`] does not take, an empty or
//! detached payload, header parameters of a wrong type, a JWT within the token (`cty`). Keys that the header brings along (`jwk`, `jku`, `x5c`, `x5u`)
//! are not read at all.

use std::cell::RefCell;
use std::sync::Arc;

use base64_simd::URL_SAFE_NO_PAD;

use super::algorithm::Algorithm;
use super::error::Error;
use super::json::{self, Document, Json, Object};
use super::token_type;

/// A token, taken apart and not verified.
pub(super) struct Jws<'t> {
    /// What is signed: the first two segments and the dot between them.
    pub(super) signing_input: &'t [u8],
    pub(super) signature: Vec<u8>,
    pub(super) header: Arc<Header>,
    pub(super) claims: Document,
}

/// What the header says, as far as it matters here.
pub(super) struct Header {
    /// None for `none` and for everything else that is not known.
    pub(super) algorithm: Option<Algorithm>,
    pub(super) kid: Option<String>,
    pub(super) typ: Option<String>,
    /// Whether `crit` is there, in whatever shape.
    pub(super) critical: bool,
}

/// How large a token may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenLimits {
    /// Bytes of the token, as it is sent.
    pub token: usize,
    /// Bytes of its header, decoded.
    pub header: usize,
}

impl Default for TokenLimits {
    fn default() -> Self {
        Self { token: 16 * 1024, header: 4 * 1024 }
    }
}

impl<'t> Jws<'t> {
    pub(super) fn parse(token: &'t str, limits: TokenLimits) -> Result<Self, Error> {
        let (signed, signature) = token.rsplit_once('.').ok_or(Error::TokenMalformed)?;
        let (header, payload) = signed.split_once('.').ok_or(Error::TokenMalformed)?;
        if decoded_length(header) > limits.header {
            return Err(Error::TokenTooLarge);
        }
        Ok(Self {
            signing_input: signed.as_bytes(),
            signature: decode(signature)?,
            header: Header::of(header)?,
            claims: object(payload)?,
        })
    }
}

impl Header {
    /// The header in this segment. Tokens of one issuer have the same, so the last one of each thread is kept.
    fn of(segment: &str) -> Result<Arc<Self>, Error> {
        LAST_HEADER.with_borrow_mut(|last| {
            if let Some((text, header)) = last
                && text == segment
            {
                return Ok(Arc::clone(header));
            }
            let header = Arc::new(Self::parse(object(segment)?.members())?);
            *last = Some((segment.to_owned(), Arc::clone(&header)));
            Ok(header)
        })
    }

    fn parse(parameters: Object<'_>) -> Result<Self, Error> {
        let critical = parameters.contains_key("crit");
        // RFC 7797 §6 makes `b64` critical; one that is not changes nothing as long as it says what holds anyway
        if !critical && parameters.get("b64").is_some_and(|encoded| encoded != Json::Bool(true)) {
            return Err(Error::TokenMalformed);
        }
        if text(parameters, "cty")?.is_some_and(token_type::is_jwt) {
            return Err(Error::TokenMalformed);
        }
        let name = text(parameters, "alg")?.ok_or(Error::TokenMalformed)?;
        Ok(Self {
            algorithm: Algorithm::parse(name),
            kid: text(parameters, "kid")?.map(str::to_owned),
            typ: text(parameters, "typ")?.map(str::to_owned),
            critical,
        })
    }
}

/// A parameter that must be a string where it is there; in a header `null` is a value of a wrong type.
fn text<'h>(parameters: Object<'h>, name: &str) -> Result<Option<&'h str>, Error> {
    parameters.get(name).map(|value| value.as_str().ok_or(Error::TokenMalformed)).transpose()
}

fn object(segment: &str) -> Result<Document, Error> {
    DECODED.with_borrow_mut(|decoded| {
        decoded.clear();
        URL_SAFE_NO_PAD.decode_append(segment, decoded).map_err(|_| Error::TokenMalformed)?;
        json::object(decoded).map_err(|_| Error::TokenMalformed)
    })
}

thread_local! {
    /// The header that was read last, and the segment that it was read from.
    static LAST_HEADER: RefCell<Option<(String, Arc<Header>)>> = const { RefCell::new(None) };
    /// The segment that is being read; as long as the longest so far, which `limits` bound.
    static DECODED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// How many bytes a segment holds, without decoding it.
fn decoded_length(segment: &str) -> usize {
    segment.len() / 4 * 3 + segment.len() % 4 * 3 / 4
}

/// Canonical only: neither padding nor stray bits are taken, so no two texts are one token.
fn decode(segment: &str) -> Result<Vec<u8>, Error> {
    URL_SAFE_NO_PAD.decode_to_vec(segment).map_err(|_| Error::TokenMalformed)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as PEER;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Another decoder, of another author, without vector instructions.
        #[test]
        fn decodes_as_a_peer_does(
            bytes in proptest::collection::vec(any::<u8>(), 0..300),
            change in any::<Option<(prop::sample::Index, u8)>>(),
            tail in "[A-Za-z0-9_=+/ -]{0,3}",
        ) {
            let mut text = (PEER.encode(&bytes) + &tail).into_bytes();
            if let Some((place, byte)) = change && !text.is_empty() {
                let place = place.index(text.len());
                text[place] = byte & 0x7f;
            }
            let text = String::from_utf8(text).unwrap();
            prop_assert_eq!(decode(&text).ok(), PEER.decode(&text).ok(), "{}", text);
        }
    }

    #[test]
    fn no_two_texts_are_the_same_bytes() {
        // every text of one to three characters after whole groups of every length that vector instructions tell apart
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        for groups in 0..20 {
            let whole = "QUJD".repeat(groups);
            for last in alphabet {
                for before in ["", "A", "AA"] {
                    let text = format!("{whole}{before}{}", char::from(*last));
                    assert_eq!(decode(&text).ok(), PEER.decode(&text).ok(), "{text}");
                    if let Ok(bytes) = decode(&text) {
                        assert_eq!(PEER.encode(bytes), text);
                    }
                }
            }
        }
    }
}
