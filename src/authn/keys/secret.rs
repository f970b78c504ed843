//! What is no secret, though it is as long as one.
//!
//! Given the bytes of an HMAC secret; finds those that are a key of another kind, a certificate or a key set. A public key
//! that serves as a secret lets everybody sign who can read it, which is everybody (RFC 8725 §2.1); a private one was
//! meant for something else. Nothing of the secret is handed on.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::pem;

/// Whether these bytes are a key, a certificate or a key set: PEM, DER, base64 of DER, OpenSSH, or JSON.
pub(super) fn is_key(secret: &[u8]) -> bool {
    let text = str::from_utf8(secret).ok().map(|text| text.trim_start_matches('\u{feff}'));
    pem::is_key(secret) || text.is_some_and(|text| is_written_key(text) || is_jwk(text) || is_base64(text))
}

fn is_written_key(text: &str) -> bool {
    let begins = |line: &str| BEGINNINGS.iter().any(|beginning| line.trim_start().starts_with(beginning));
    text.lines().any(begins)
}

/// A key or a set of keys (RFC 7517 §4 and §5).
fn is_jwk(text: &str) -> bool {
    let Ok(Value::Object(members)) = serde_json::from_str(text) else { return false };
    ["kty", "keys"].iter().any(|name| members.contains_key(*name))
}

/// As consoles of identity providers show a public key.
fn is_base64(text: &str) -> bool {
    let text: String = text.split_whitespace().collect();
    STANDARD.decode(text).is_ok_and(|der| pem::is_key(&der))
}

const BEGINNINGS: [&str; 5] = ["-----BEGIN ", "---- BEGIN ", "ssh-rsa ", "ssh-ed25519 ", "ecdsa-sha2-"];

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::AsDer as _;
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};

    use super::*;

    #[test]
    fn keys_in_every_form_are_found() {
        let pair = Ed25519KeyPair::generate().unwrap();
        let der = pair.public_key().as_der().unwrap().as_ref().to_vec();
        let base64 = STANDARD.encode(&der);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(vec!["x".into()]).unwrap().self_signed(&key).unwrap();
        for text in [
            key.public_key_pem(),
            key.serialize_pem(),
            certificate.pem(),
            certificate.pem().replace('\n', "\r\n"),
            format!("\n  subject: x\n{}", certificate.pem()),
            key.public_key_pem().replace('\n', "\\n"),
            "-----BEGIN RSA PRIVATE KEY-----\n".into(),
            format!("\u{feff}{}", key.public_key_pem()),
            base64.clone(),
            format!("\n{base64}\n"),
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI me".into(),
            r#"{"keys":[]}"#.into(),
            r#" { "kty": "RSA" } "#.into(),
            r#"{"kty":"oct","k":"AAAA"}"#.into(),
            "\u{feff}{\"kty\":\"EC\"}".into(),
        ] {
            assert!(is_key(text.as_bytes()), "{text}");
        }
        assert!(is_key(&der));
        assert!(is_key(certificate.der()));
    }

    #[test]
    fn secrets_are_none() {
        for secret in [
            &[0x30; 64][..],
            &[0xff; 64],
            b"",
            b"{\"secret\":\"kty\"}",
            b"\"keys\"",
            b"a passphrase with BEGIN in it and more than thirty-two bytes",
            b"MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA=",
            b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        ] {
            assert!(!is_key(secret), "{secret:02x?}");
        }
    }
}
