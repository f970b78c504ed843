//! PEM files of public keys (RFC 7468): `PUBLIC KEY`, `RSA PUBLIC KEY`, `CERTIFICATE`.
//!
//! Given the text of a file with one or several blocks; hands on the key material of each. Text between blocks is
//! allowed, as tools write it there. Refuses private keys by name, so that none comes to lie where a public one would
//! do, and every other kind of block: what an operator put into the file is used, or named in the error.

use aws_lc_rs::signature::{self, ParsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::CertificateDer;
use rustls::server::ParsedCertificate;

use super::key::KeyDefect;
use super::material::{Curve, Material};
use super::set::KeySetError;

/// The material of each block, at most `limit`.
pub(super) fn decode(text: &[u8], limit: usize) -> Result<Vec<Result<Material, KeyDefect>>, KeySetError> {
    let blocks = blocks(text, limit)?;
    if blocks.is_empty() {
        return Err(KeySetError::Pem(PemError::NoBlock));
    }
    blocks.iter().map(|(label, der)| Ok(material(*label, der))).collect()
}

/// Why a PEM file cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PemError {
    /// It is not text.
    #[error("it is not text")]
    NotText,
    /// Nothing between `-----BEGIN …-----` and `-----END …-----`.
    #[error("it holds no PEM block")]
    NoBlock,
    /// A private key has no place in a file of verification keys.
    #[error("it holds a private key; give the public key alone")]
    PrivateKey,
    /// Something else.
    #[error("it holds a block that is neither PUBLIC KEY, RSA PUBLIC KEY nor CERTIFICATE")]
    OtherBlock,
    /// A block without its end, or with the end of another.
    #[error("a PEM block has no end")]
    Unfinished,
    /// Not base64 inside.
    #[error("a PEM block is not base64")]
    Base64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Label {
    PublicKey,
    RsaPublicKey,
    Certificate,
}

fn blocks(text: &[u8], limit: usize) -> Result<Vec<(Label, Vec<u8>)>, KeySetError> {
    let text = str::from_utf8(text).map_err(|_| KeySetError::Pem(PemError::NotText))?;
    let mut blocks = Vec::new();
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.next() {
        let Some(name) = line.strip_prefix("-----BEGIN ").and_then(|rest| rest.strip_suffix("-----")) else {
            continue;
        };
        let label = label(name).map_err(KeySetError::Pem)?;
        let mut base64 = String::new();
        loop {
            match lines.next() {
                None => return Err(KeySetError::Pem(PemError::Unfinished)),
                Some(line) if line.starts_with("-----") => {
                    let end = line.strip_prefix("-----END ").and_then(|rest| rest.strip_suffix("-----"));
                    if end == Some(name) {
                        break;
                    }
                    return Err(KeySetError::Pem(PemError::Unfinished));
                }
                Some(line) => base64.push_str(line),
            }
        }
        if blocks.len() == limit {
            return Err(KeySetError::TooManyKeys);
        }
        blocks.push((label, STANDARD.decode(base64).map_err(|_| KeySetError::Pem(PemError::Base64))?));
    }
    Ok(blocks)
}

fn label(name: &str) -> Result<Label, PemError> {
    match name {
        "PUBLIC KEY" => Ok(Label::PublicKey),
        "RSA PUBLIC KEY" => Ok(Label::RsaPublicKey),
        "CERTIFICATE" => Ok(Label::Certificate),
        private if private.ends_with("PRIVATE KEY") => Err(PemError::PrivateKey),
        _ => Err(PemError::OtherBlock),
    }
}

/// Whether these bytes are what a block of one of the labels holds.
pub(super) fn is_key(der: &[u8]) -> bool {
    let labels = [Label::PublicKey, Label::RsaPublicKey, Label::Certificate];
    labels.into_iter().any(|label| material(label, der).is_ok())
}

fn material(label: Label, der: &[u8]) -> Result<Material, KeyDefect> {
    match label {
        Label::RsaPublicKey => rsa(der),
        Label::PublicKey => public_key(der),
        Label::Certificate => {
            let certificate = CertificateDer::from(der);
            let parsed =
                ParsedCertificate::try_from(&certificate).map_err(|_| KeyDefect::Malformed("certificate"))?;
            public_key(parsed.subject_public_key_info().as_ref())
        }
    }
}

/// A `SubjectPublicKeyInfo` (RFC 5280 §4.1.2.7): whichever key it can be read as.
fn public_key(der: &[u8]) -> Result<Material, KeyDefect> {
    // the parsers below would also take bare points and bare 32 bytes of anything
    let (info, rest) = element(der, 0x30).ok_or(KeyDefect::Malformed("public key"))?;
    if !rest.is_empty() || element(info, 0x30).and_then(|(_, key)| element(key, 0x03)).is_none() {
        return Err(KeyDefect::Malformed("public key"));
    }
    if let Ok(key) = aws_lc_rs::rsa::PublicKey::from_der(der) {
        return rsa(key.as_ref());
    }
    for curve in Curve::ALL {
        if ParsedPublicKey::new(curve.verification(), der).is_ok() {
            return Ok(Material::Ec { curve, encoded: der.to_vec() });
        }
    }
    if ParsedPublicKey::new(&signature::ED25519, der).is_ok() {
        return Ok(Material::Ed25519 { encoded: der.to_vec() });
    }
    Err(KeyDefect::UnknownType)
}

/// An `RSAPublicKey` (RFC 8017 §A.1.1): a sequence of modulus and exponent.
fn rsa(der: &[u8]) -> Result<Material, KeyDefect> {
    let numbers = || {
        let (sequence, rest) = element(der, 0x30)?;
        let (n, exponent) = element(sequence, 0x02)?;
        let (e, end) = element(exponent, 0x02)?;
        (rest.is_empty() && end.is_empty()).then_some((n, e))
    };
    let unsigned = |number: &[u8]| number.iter().copied().skip_while(|&byte| byte == 0).collect();
    let (n, e) = numbers().ok_or(KeyDefect::Malformed("RSA public key"))?;
    Ok(Material::Rsa { n: unsigned(n), e: unsigned(e) })
}

/// The content of the DER element of this tag that the input starts with, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = der.split_first()?;
    let (&length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81 | 0x82 => {
            let (octets, rest) = rest.split_at_checked(usize::from(length - 0x80))?;
            (octets.iter().fold(0, |length, &octet| length * 256 + usize::from(octet)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    (first == tag).then_some((content, rest))
}
