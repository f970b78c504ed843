//! Names of claims, as operators write them.
//!
//! Given a path from the configuration; finds its claim in a token. A path that could never name one is refused when
//! the configuration is read.

use std::borrow::Cow;
use std::fmt;

use serde_json::{Map, Value};

use super::error::Error;
use super::json::{Document, Json, MemberName, Object, Stored, Word};

/// The path of a claim: the top-level claim of exactly that name if there is one, else the steps between the dots.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClaimPath {
    /// With its dots, where it has some and may be a name by itself.
    whole: Option<MemberName>,
    steps: Vec<MemberName>,
}

impl ClaimPath {
    /// From the dotted form: `tenant`, `realm_access.roles`, `https://example.com/roles`.
    pub fn parse(text: &str) -> Result<Self, ClaimPathError> {
        let steps: Vec<&str> = text.split('.').collect();
        // A path of one step is the whole, and need not be looked for twice.
        let whole = text.contains('.').then(|| text.into());
        Ok(Self { whole, ..Self::from_steps(&steps)? })
    }

    /// From steps given one by one, which may hold dots.
    pub fn from_steps(steps: &[impl AsRef<str>]) -> Result<Self, ClaimPathError> {
        let steps: Vec<&str> = steps.iter().map(AsRef::as_ref).collect();
        if steps.iter().all(|step| step.is_empty()) {
            return Err(ClaimPathError::Empty);
        }
        if steps.iter().any(|step| step.is_empty()) {
            return Err(ClaimPathError::EmptyStep);
        }
        Ok(Self { whole: None, steps: steps.into_iter().map(MemberName::from).collect() })
    }

    /// The top-level claim of this name.
    pub(super) fn named(name: &str) -> Self {
        Self { whole: None, steps: vec![name.into()] }
    }

    /// The claim at this path; `null` counts as absent.
    pub fn find<'a>(&self, claims: Object<'a>) -> Option<Json<'a>> {
        self.stored(claims).map(Stored::read)
    }

    /// The same, not yet read.
    pub fn stored<'a>(&self, claims: Object<'a>) -> Option<Stored<'a>> {
        self.written(claims).filter(|value| !value.is_null())
    }

    /// The claim at this path as it is written, which may be `null`: to be told, and never to be decided upon.
    pub fn find_written<'a>(&self, claims: Object<'a>) -> Option<Json<'a>> {
        self.written(claims).map(Stored::read)
    }

    fn written<'a>(&self, claims: Object<'a>) -> Option<Stored<'a>> {
        self.whole.as_ref().and_then(|name| claims.stored(name)).or_else(|| {
            let (first, rest) = self.steps.split_first()?;
            rest.iter().try_fold(claims.stored(first)?, |value, step| value.as_object()?.stored(step))
        })
    }

    /// Puts a value where this path finds it; false where something else is in the way.
    pub fn put(&self, claims: &mut Map<String, Value>, value: Value) -> bool {
        let Some((last, outer)) = self.steps.split_last() else { return false };
        let mut members = claims;
        for step in outer {
            let inner = members.entry(step.as_str()).or_insert_with(|| Value::Object(Map::new()));
            let Some(inner) = inner.as_object_mut() else { return false };
            members = inner;
        }
        members.insert(last.as_str().to_owned(), value).is_none()
    }

    /// Adds the strings at this path: none if the claim is absent, one if it is a string. Fails for any
    /// other type than a string or an array of strings.
    pub(super) fn names(&self, claims: &Document, into: &mut Vec<Word>) -> Result<(), Error> {
        match self.find(claims.members()) {
            None => Ok(()),
            Some(Json::Array(names)) => {
                names.iter().try_for_each(|name| self.name(claims, name.as_str(), into))
            }
            Some(name) => self.name(claims, name.as_str(), into),
        }
    }

    /// Adds one name that this claim holds.
    pub(super) fn name<'a>(
        &self,
        claims: &'a Document,
        name: impl Into<Option<&'a str>>,
        into: &mut Vec<Word>,
    ) -> Result<(), Error> {
        let word = name.into().and_then(|name| claims.word(name));
        into.push(word.ok_or_else(|| Error::ClaimMalformed(Cow::Owned(self.to_string())))?);
        Ok(())
    }
}

impl fmt::Display for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.steps.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { "." })?;
            f.write_str(step.as_str())?;
        }
        Ok(())
    }
}

/// Why a path can name no claim; to be read by operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClaimPathError {
    /// Nothing is named.
    #[error("the name of a claim is empty")]
    Empty,
    /// Two dots in a row, a dot at an end, or an empty string in a list.
    #[error("a step of the claim's path is empty; give a claim with such a name as a list of its steps")]
    EmptyStep,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(value: &Value) -> Document {
        Document::of(value.as_object().unwrap()).unwrap()
    }

    #[test]
    fn the_claim_of_the_whole_name_comes_before_the_steps() {
        let claims = claims(&json!({
            "a.b": "whole", "a": {"b": "steps", "c": {"d": 1}, "n": null},
            "https://example.com/roles": ["x"],
        }));
        let find = |path: &str| ClaimPath::parse(path).unwrap().find(claims.members()).map(Json::to_value);
        assert_eq!(find("a.b"), Some(json!("whole")));
        assert_eq!(find("a.c.d"), Some(json!(1)));
        assert_eq!(find("https://example.com/roles"), Some(json!(["x"])));
        assert_eq!(find("a.n"), None);
        assert_eq!(find("a.b.c"), None);
        let steps = |steps: &[&str]| ClaimPath::from_steps(steps);
        assert_eq!(steps(&["a", "b"]).unwrap().find(claims.members()), Some(Json::String("steps")));
        assert_eq!(steps(&["a.b"]).unwrap().find(claims.members()), Some(Json::String("whole")));
        let null = ClaimPath::parse("a.n").unwrap();
        assert_eq!(null.find_written(claims.members()), Some(Json::Null));
        assert_eq!(ClaimPath::parse("a.x").unwrap().find_written(claims.members()), None);
    }

    #[test]
    fn a_path_that_names_nothing_is_refused() {
        for text in [".", "a.", ".a", "a..b"] {
            let expected = if text == "." { ClaimPathError::Empty } else { ClaimPathError::EmptyStep };
            assert_eq!(ClaimPath::parse(text), Err(expected), "{text}");
        }
        assert_eq!(ClaimPath::parse(""), Err(ClaimPathError::Empty));
        assert_eq!(ClaimPath::from_steps(&[""; 0]), Err(ClaimPathError::Empty));
    }

    #[test]
    fn names_are_strings_or_nothing() {
        let names = |value: Value| {
            let (claims, mut words) = (claims(&json!({"realm": {"roles": value}})), Vec::new());
            ClaimPath::parse("realm.roles").unwrap().names(&claims, &mut words)?;
            Ok(words.into_iter().map(|word| claims.text(word.place()).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(names(json!("one two")), Ok(vec!["one two".to_owned()]));
        assert_eq!(names(json!(["a", "b"])), Ok(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(names(json!(null)), Ok(vec![]));
        for wrong in [json!(1), json!(true), json!({}), json!(["a", 1]), json!([["a"]]), json!([null])] {
            assert_eq!(names(wrong), Err(Error::ClaimMalformed("realm.roles".into())));
        }
    }
}
