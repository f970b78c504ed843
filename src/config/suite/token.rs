//! Tokens as the issuers of the configuration would sign them.
//!
//! What every token needs is filled in: `iss`, `aud`, `iat`, `exp`, and a header that the issuer's section accepts. What
//! the test says stands in its place, and `null` takes it away, so that a test can ask what becomes of a bad token.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use http::request::Parts;
use serde_json::{Map, Value, json};

use super::document::{Header, Signature, Signed};
use super::signer::Signer;
use super::stand_in::{StandIn, StandIns};
use super::value::OrAbsent;
use crate::authn::{Algorithm, IssuerSpec};
use crate::config::node::At;
use crate::config::problem::{Position, Problems};
use crate::proxy::Snapshot;

/// Signs tokens for the issuers of a configuration.
pub(super) struct Minter<'a> {
    snapshot: &'a Snapshot,
    stand_ins: &'a StandIns,
    /// Seconds since 1970.
    now: i64,
}

impl<'a> Minter<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, stand_ins: &'a StandIns, now: i64) -> Self {
        Self { snapshot, stand_ins, now }
    }

    /// Puts the token where the request's route looks for one; none where what is wrong has been recorded.
    pub(super) fn present(
        &self,
        head: &mut Parts,
        At { at, value }: &At<String>,
        problems: &mut Problems,
    ) -> Option<()> {
        let presented = self.snapshot.present(head, value);
        presented.map_err(|error| problems.error(*at, TOO_ODD, format_args!("{error}"))).ok()
    }

    /// The token; none where what is wrong has been recorded.
    pub(super) fn mint(&self, signed: Signed, at: Position, problems: &mut Problems) -> Option<At<String>> {
        let Signed { issuer, tenant, claims, header, signature } = signed;
        let name = issuer?.value;
        let mut issuers = self.snapshot.authenticator().issuers().iter().map(|issuer| issuer.spec());
        // Without a compiled issuer the configuration is refused, so that nothing is missed.
        let spec = issuers.find(|spec| *spec.name == *name)?;
        let stand_in = self.stand_ins.of(&spec.name)?;
        let given = claims.map(|claims| claims.value.entries).unwrap_or_default();
        let has_iss = given.iter().any(|(name, _)| name.value == "iss");
        let mut claims = Map::new();
        let iss = iss(spec, tenant, has_iss, at, problems);
        claims.insert("iss".to_owned(), iss.clone().into());
        claims.insert("aud".to_owned(), audience(spec));
        claims.insert("iat".to_owned(), self.now.into());
        claims.insert("exp".to_owned(), self.now.saturating_add(LIFETIME).into());
        let mut complete = iss.is_some();
        for (name, claim) in given {
            match claim.and_then(|claim| claim.at(&name.value, self.now, problems)) {
                None => complete = false,
                Some(Value::Null) => drop(claims.remove(&name.value)),
                Some(value) => drop(claims.insert(name.value, value)),
            }
        }
        if !complete {
            return None;
        }
        let (header, algorithm) = self::header(header.map(|header| header.value), spec, stand_in);
        let encode = |value: Map<String, Value>| URL_SAFE_NO_PAD.encode(Value::from(value).to_string());
        let input = format!("{}.{}", encode(header), encode(claims));
        let made =
            Signer::of(algorithm.own).and_then(|signer| signer.sign(algorithm.named, input.as_bytes()));
        let Ok(mut made) = made else {
            problems.error(at, "no token could be signed", "try again");
            return None;
        };
        if signature.is_some_and(|signature| signature.value == Signature::Invalid)
            && let Some(byte) = made.first_mut()
        {
            *byte ^= 1;
        }
        let text = format!("{input}.{}", URL_SAFE_NO_PAD.encode(made));
        written(At { at, value: text }, problems)
    }
}

/// This token, whatever it is, if a client could send it.
pub(super) fn written(token: At<String>, problems: &mut Problems) -> Option<At<String>> {
    if HeaderValue::from_str(&token.value).is_err() {
        problems.error(token.at, TOO_ODD, "write it on one line");
        return None;
    }
    Some(token)
}

const TOO_ODD: &str = "a token that no header could hold";

/// The `iss` of a token of this issuer; empty where the test gives its own.
fn iss(
    spec: &IssuerSpec,
    tenant: Option<At<String>>,
    is_given: bool,
    at: Position,
    problems: &mut Problems,
) -> Option<String> {
    match (&spec.tenants, tenant) {
        (None, None) => Some(spec.issuer.clone()),
        (None, Some(tenant)) => {
            let wrong = format!("the issuer `{}` has no tenants", spec.name);
            problems.error(tenant.at, wrong, "leave `tenant` out");
            None
        }
        (Some(_), None) if is_given => Some(String::new()),
        (Some(_), None) => {
            let wrong = format!("the issuer `{}` has tenants", spec.name);
            problems.error(at, wrong, "say whose token it is: add `tenant: …`");
            None
        }
        (Some(tenants), Some(tenant)) => {
            let iss = tenants.iss(&tenant.value);
            if iss.is_none() {
                let wrong = format!("`{}` is no tenant of the issuer `{}`", tenant.value, spec.name);
                problems.error(
                    tenant.at,
                    wrong,
                    "name one that the configuration takes; for another, give `iss` itself",
                );
            }
            iss
        }
    }
}

/// Every audience of the issuer, so that a route that narrows them takes the token too.
fn audience(spec: &IssuerSpec) -> Value {
    match spec.audiences.as_slice() {
        [one] => one.as_str().into(),
        several => several.into(),
    }
}

/// How a token is signed: what the key is of, and what the header says.
struct Algorithms {
    own: Algorithm,
    named: Algorithm,
}

fn header(
    given: Option<Header>,
    spec: &IssuerSpec,
    StandIn { algorithm: own, has_kid }: StandIn,
) -> (Map<String, Value>, Algorithms) {
    let (alg, kid, typ) = given.map_or((None, None, None), |Header { alg, kid, typ }| (alg, kid, typ));
    let named = alg.as_ref().and_then(|alg| Algorithm::parse(alg.value.0.as_deref()?)).unwrap_or(own);
    let mut header = Map::new();
    let mut set = |name: &str, given: Option<At<OrAbsent>>, usual: Option<&str>| {
        let value = given.map_or_else(|| usual.map(str::to_owned), |given| given.value.0);
        if let Some(value) = value {
            header.insert(name.to_owned(), json!(value));
        }
    };
    set("alg", alg, Some(own.name()));
    set("kid", kid, has_kid.then_some(&*spec.name));
    set("typ", typ, spec.token_types.usual());
    (header, Algorithms { own, named })
}

/// How long a token is good for, in seconds.
const LIFETIME: i64 = 300;
