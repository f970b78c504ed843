//! What a condition that does not hold names, and what that was: the two sides of a comparison say why.
//!
//! Read from the text of the condition; what is in quotes may be taken for a name, which shows a value more.

use super::shown;
use crate::authn::{ClaimPath, Principal};
use crate::route::Captures;

/// `claims.sub is "8", path.user is "7"`; none where it names neither claims nor captures.
pub(super) fn values(condition: &str, principal: &Principal, captures: &Captures) -> Option<String> {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '.';
    let mut said: Vec<String> = Vec::new();
    for name in condition.split(|letter: char| !is_name(letter)) {
        let value = match name.split_once('.') {
            Some(("claims", path)) => claim(path, principal),
            Some(("path", name)) => {
                let value = captures.value(name.split('.').next().unwrap_or_default());
                value.map(|value| {
                    format!("{} is {}", shown::text(&format!("path.{name}")), shown::quoted(value))
                })
            }
            _ => None,
        };
        said.extend(value.filter(|value| !said.contains(value)));
    }
    (!said.is_empty()).then(|| shown::row(&said))
}

/// The longest part of the path that is there: what stands behind it may be a function.
fn claim(path: &str, principal: &Principal) -> Option<String> {
    let steps: Vec<&str> = path.split('.').filter(|step| !step.is_empty()).collect();
    let first = steps.first()?;
    let found = (1..=steps.len()).rev().find_map(|count| {
        let steps = steps.get(..count)?;
        let name = steps.join(".");
        Some((name, ClaimPath::from_steps(steps).ok()?.find(principal.claims())?))
    });
    Some(match found {
        Some((name, value)) => format!("claims.{name} is {}", shown::value(&value.to_value())),
        None => format!("claims.{first} is absent"),
    })
}
