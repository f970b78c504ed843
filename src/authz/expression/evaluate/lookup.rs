//! What maps hold: claims, headers, captures, and maps that a condition writes out.

use std::sync::Arc;

use http::HeaderName;

use crate::authz::expression::compare::equal;
use crate::authz::expression::fault::Fault;
use crate::authz::expression::fuel::{COPIED, DECODED, Fuel, LOOK_UP, SPELLED};
use crate::authz::expression::value::{Dict, List, Value};
use crate::authz::facts::RequestFacts;

/// The value under a key of any type; other maps than those written out have text keys only.
pub(in crate::authz::expression) fn find<'a>(
    dict: &Dict<'a>,
    key: &Value<'_>,
    fuel: &mut Fuel,
) -> Result<Option<Value<'a>>, Fault> {
    match (dict, key.as_str()) {
        (_, Some(name)) => field(dict, name, fuel),
        // Asking for what can be no key is a mistake, and not a no.
        _ if !matches!(key, Value::Bool(_) | Value::Int(_) | Value::Double(_)) => Err(Fault::NoSuchOverload),
        (Dict::Made(entries), None) => {
            for (known, value) in entries.iter() {
                if equal(known, key, fuel)? {
                    return Ok(Some(value.clone()));
                }
            }
            Ok(None)
        }
        (Dict::Claim(_) | Dict::Headers(_) | Dict::Captures(_), None) => Ok(None),
    }
}

/// The value under a name.
pub(in crate::authz::expression) fn field<'a>(
    dict: &Dict<'a>,
    name: &str,
    fuel: &mut Fuel,
) -> Result<Option<Value<'a>>, Fault> {
    fuel.pay(LOOK_UP + name.len() / COPIED)?;
    match dict {
        Dict::Claim(members) => members.get(name).map(Value::of).transpose(),
        Dict::Headers(facts) => headers(facts, name, fuel),
        Dict::Captures(facts) => Ok(capture(facts, name, fuel)?.map(Value::borrowed)),
        Dict::Made(entries) => {
            // Each key is compared as a whole where it is as long.
            fuel.pay(entries.len() * (1 + name.len() / COPIED))?;
            let found = entries.iter().find(|(key, _)| key.as_str() == Some(name));
            Ok(found.map(|(_, value)| value.clone()))
        }
    }
}

/// Whether there is a value under a name, whatever it is.
pub(in crate::authz::expression) fn has(dict: &Dict<'_>, name: &str, fuel: &mut Fuel) -> Result<bool, Fault> {
    if let Dict::Claim(members) = dict {
        fuel.pay(LOOK_UP + name.len() / COPIED)?;
        return Ok(members.contains_key(name));
    }
    field(dict, name, fuel).map(|found| found.is_some())
}

/// How many keys there are.
pub(in crate::authz::expression) fn size(dict: &Dict<'_>, fuel: &mut Fuel) -> Result<usize, Fault> {
    Ok(match dict {
        Dict::Claim(members) => members.len(),
        Dict::Headers(_) | Dict::Captures(_) => keys(dict, fuel)?.len(),
        Dict::Made(entries) => entries.len(),
    })
}

/// All keys.
pub(in crate::authz::expression) fn keys<'a>(
    dict: &Dict<'a>,
    fuel: &mut Fuel,
) -> Result<Arc<[Value<'a>]>, Fault> {
    let keys: Arc<[Value<'a>]> = match dict {
        Dict::Claim(members) => {
            fuel.pay(members.len())?;
            members.keys().map(Value::borrowed).collect()
        }
        Dict::Headers(facts) => {
            let mut shown = Vec::new();
            for name in facts.headers.keys() {
                pay_for_header(name.as_str(), fuel)?;
                if !(facts.hidden)(name) {
                    // Whatever the condition makes of this name, the upstream may read another.
                    if !is_plain(name) {
                        return Err(Fault::HeaderRespelled);
                    }
                    shown.push(Value::borrowed(name.as_str()));
                }
            }
            shown.into()
        }
        Dict::Captures(facts) => {
            pay_for_captures(facts, fuel)?;
            facts.captures.iter().map(|(name, _)| Value::borrowed(name)).collect()
        }
        Dict::Made(entries) => {
            fuel.pay(entries.len())?;
            entries.iter().map(|(key, _)| key.clone()).collect()
        }
    };
    Ok(keys)
}

/// The segment that a placeholder stands for.
pub(in crate::authz::expression) fn capture<'a>(
    facts: &RequestFacts<'a>,
    name: &str,
    fuel: &mut Fuel,
) -> Result<Option<&'a str>, Fault> {
    pay_for_captures(facts, fuel)?;
    Ok(facts.captures.value(name))
}

/// They lie one behind the other and are looked through, and a client may send a long path.
fn pay_for_captures(facts: &RequestFacts<'_>, fuel: &mut Fuel) -> Result<(), Fault> {
    fuel.pay(1 + facts.captures.bytes() / COPIED)
}

/// A name is also held against the many that are hidden.
fn pay_for_header(name: &str, fuel: &mut Fuel) -> Result<(), Fault> {
    fuel.pay(2 * LOOK_UP + name.len() / SPELLED)
}

/// The values of a header, in the order in which they came. One that is no text makes all of them an error: what it
/// says to the upstream is not known.
fn headers<'a>(facts: &'a RequestFacts<'a>, name: &str, fuel: &mut Fuel) -> Result<Option<Value<'a>>, Fault> {
    pay_for_header(name, fuel)?;
    // Names have one spelling here, the one that a listing of them shows.
    let Ok(name) = HeaderName::from_lowercase(name.as_bytes()) else { return Ok(None) };
    respelled(facts, &name, fuel)?;
    if !facts.headers.contains_key(&name) || (facts.hidden)(&name) {
        return Ok(None);
    }
    let mut values = Vec::new();
    for value in facts.headers.get_all(&name) {
        fuel.pay(1 + value.len() / DECODED)?;
        let text = str::from_utf8(value.as_bytes()).map_err(|_| Fault::HeaderNotText)?;
        values.push(Value::borrowed(text));
    }
    Ok(Some(Value::List(List::Made(values.into()))))
}

/// Whether it is spelled as all servers understand it: in letters, digits and hyphens.
fn is_plain(name: &HeaderName) -> bool {
    name.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// A name that comes from elsewhere than a literal of the condition is not known before, so that its other spellings are
/// not taken away: what the upstream reads may then be another header than this one.
fn respelled(facts: &RequestFacts<'_>, name: &HeaderName, fuel: &mut Fuel) -> Result<(), Fault> {
    let name = name.as_str().as_bytes();
    fuel.pay(facts.headers.keys_len() / SPELLED)?;
    for other in facts.headers.keys() {
        let spelled = other.as_str().as_bytes();
        if spelled.len() == name.len() && spelled != name {
            fuel.pay(1 + name.len() / SPELLED)?;
            // Both are in lower case. A byte that is no letter and no digit stands for any other.
            let same = |(one, other): (&u8, &u8)| {
                one == other || !(one.is_ascii_alphanumeric() || other.is_ascii_alphanumeric())
            };
            if spelled.iter().zip(name).all(same) && !(facts.hidden)(other) {
                return Err(Fault::HeaderRespelled);
            }
        }
    }
    Ok(())
}
