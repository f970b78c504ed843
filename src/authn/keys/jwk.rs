//! Single keys of a JWK set (RFC 7517, RFC 7518 §6, RFC 8037 §2).
//!
//! Given the JSON of a set; hands on each key as parsed members and, one by one, as material, so that a broken one
//! costs only itself. Private parts are not read. A set that has not the form of JSON, or whose `keys` is there twice, is
//! refused.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::key::{KeyDefect, VerificationKey};
use super::material::{Curve, Material};
use super::set::{KeySetError, Origin};
use crate::authn::algorithm::Algorithm;
use crate::authn::json::{self, Defect, Found, Json, Object};

/// One element of `keys`.
pub(super) type Document = Result<json::Document, KeyDefect>;

/// A key and whether its private parts were there too.
pub(super) type Decoded = Result<(VerificationKey, bool), KeyDefect>;

/// The elements of the set's `keys`, at most `limit`.
pub(super) fn documents(json: &[u8], limit: usize) -> Result<Vec<Document>, KeySetError> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let found = Found::default();
    let keys = deserializer
        .deserialize_any(SetVisitor { limit, found: &found })
        .and_then(|keys| deserializer.end().map(|()| keys))
        .map_err(
            |error| if error.is_data() { KeySetError::NotAKeySet } else { KeySetError::Json(Defect::Syntax) },
        )?;
    match (found.take(), keys) {
        (Some(defect), _) => Err(KeySetError::Json(defect)),
        (None, Keys::Read(documents)) => Ok(documents),
        (None, Keys::Absent) => Err(KeySetError::NotAKeySet),
        (None, Keys::TooMany) => Err(KeySetError::TooManyKeys),
    }
}

/// The key of one element, with its kid as far as it can be read.
pub(super) fn decode(document: &Document, origin: Origin) -> (Option<Box<str>>, Decoded) {
    let members = match document {
        Ok(document) => document.members(),
        Err(defect) => return (None, Err(*defect)),
    };
    let kid = match optional_text(members, "kid") {
        Ok(Some(kid)) if kid.len() > MAX_KID => return (None, Err(KeyDefect::Malformed("kid"))),
        Ok(kid) => kid.map(Box::from),
        Err(defect) => return (None, Err(defect)),
    };
    let decoded = key(members, kid.clone(), origin);
    (kid, decoded)
}

fn key(members: Object<'_>, kid: Option<Box<str>>, origin: Origin) -> Decoded {
    if optional_text(members, "use")?.is_some_and(|purpose| purpose != "sig") {
        return Err(KeyDefect::OtherUse);
    }
    match members.get("key_ops").filter(|operations| !operations.is_null()) {
        None => {}
        Some(Json::Array(operations))
            if operations.iter().any(|operation| operation == Json::String("verify")) => {}
        Some(Json::Array(_)) => return Err(KeyDefect::OtherUse),
        Some(_) => return Err(KeyDefect::Malformed("key_ops")),
    }
    let algorithm = match optional_text(members, "alg")? {
        Some(name) => Some(Algorithm::parse(name).ok_or(KeyDefect::UnknownAlgorithm)?),
        None => None,
    };
    let material = material(members, origin)?;
    let private = !matches!(material, Material::Secret(_)) && members.contains_key("d");
    let key = VerificationKey::new(&material, kid, algorithm)?.of_issuer(optional_text(members, "issuer")?);
    Ok((key, private))
}

fn material(members: Object<'_>, origin: Origin) -> Result<Material, KeyDefect> {
    match text(members, "kty")? {
        "RSA" => Ok(Material::Rsa { n: number(members, "n")?, e: number(members, "e")? }),
        "EC" => {
            let name = text(members, "crv")?;
            let curve =
                Curve::ALL.into_iter().find(|curve| curve.name() == name).ok_or(KeyDefect::UnknownCurve)?;
            let mut encoded = vec![0x04]; // SEC 1 §2.3.3: uncompressed
            for coordinate in ["x", "y"] {
                let bytes = bytes(members, coordinate)?;
                if bytes.len() != curve.coordinate() {
                    return Err(KeyDefect::Malformed(coordinate));
                }
                encoded.extend_from_slice(&bytes);
            }
            Ok(Material::Ec { curve, encoded })
        }
        "OKP" if text(members, "crv")? == "Ed25519" => {
            let encoded = bytes(members, "x")?;
            if encoded.len() == 32 {
                Ok(Material::Ed25519 { encoded })
            } else {
                Err(KeyDefect::Malformed("x"))
            }
        }
        "OKP" => Err(KeyDefect::UnknownCurve),
        "oct" if origin == Origin::Remote => Err(KeyDefect::PublishedSecret),
        "oct" => Ok(Material::Secret(Zeroizing::new(bytes(members, "k")?))),
        _ => Err(KeyDefect::UnknownType),
    }
}

/// A `Base64urlUInt` (RFC 7518 §2). Some libraries write a sign byte that should not be there (§6.3.1.1): it is dropped.
fn number(members: Object<'_>, name: &'static str) -> Result<Vec<u8>, KeyDefect> {
    let bytes = bytes(members, name)?;
    Ok(bytes.into_iter().skip_while(|&byte| byte == 0).collect())
}

fn bytes(members: Object<'_>, name: &'static str) -> Result<Vec<u8>, KeyDefect> {
    URL_SAFE_NO_PAD.decode(text(members, name)?).map_err(|_| KeyDefect::Malformed(name))
}

fn text<'m>(members: Object<'m>, name: &'static str) -> Result<&'m str, KeyDefect> {
    optional_text(members, name)?.ok_or(KeyDefect::Missing(name))
}

/// A string member; `null` counts as absent, as some issuers write it.
fn optional_text<'m>(members: Object<'m>, name: &'static str) -> Result<Option<&'m str>, KeyDefect> {
    match members.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(_) => Err(KeyDefect::Malformed(name)),
    }
}

/// Longer key ids than this are nobody's.
const MAX_KID: usize = 1024;

enum Keys {
    Absent,
    TooMany,
    Read(Vec<Document>),
}

/// Reads the set: the array `keys`, whatever else is there aside.
struct SetVisitor<'f> {
    limit: usize,
    found: &'f Found,
}

impl<'de> Visitor<'de> for SetVisitor<'_> {
    type Value = Keys;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JWK set")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Keys, A::Error> {
        let mut keys = Keys::Absent;
        while let Some(name) = members.next_key_seed(Name(self.found))? {
            if name != "keys" {
                members.next_value::<IgnoredAny>()?;
            } else if matches!(keys, Keys::Absent) {
                keys = members.next_value_seed(KeysVisitor { limit: self.limit })?;
            } else {
                self.found.note(Defect::DuplicateMember);
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(keys)
    }
}

/// Reads the array, each key on its own.
struct KeysVisitor {
    limit: usize,
}

impl<'de> DeserializeSeed<'de> for KeysVisitor {
    type Value = Keys;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Keys, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for KeysVisitor {
    type Value = Keys;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of keys")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Keys, A::Error> {
        let mut documents = Vec::new();
        // As text first: a reader of the whole would stop at a number or an escape that it cannot read, like `1e400`, and
        // the other keys are none the worse for it.
        while let Some(element) = elements.next_element::<&RawValue>()? {
            if documents.len() == self.limit {
                while elements.next_element::<IgnoredAny>()?.is_some() {}
                return Ok(Keys::TooMany);
            }
            documents.push(json::object(element.get().as_bytes()).map_err(|defect| {
                // Its form is that of JSON, so it is what stands in it.
                if defect == Defect::Syntax { KeyDefect::Unreadable } else { KeyDefect::Json(defect) }
            }));
        }
        Ok(Keys::Read(documents))
    }
}

/// Reads the name of a member of the set.
struct Name<'f>(&'f Found);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_str<E>(self, name: &str) -> Result<String, E> {
        self.0.look_at(name);
        Ok(name.to_owned())
    }
}
