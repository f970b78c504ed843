//! The claims of a token.
use serde_json::{Map, Value};

/// The path of a claim: the top-level claim of exactly that name if there is one, else the steps between the dots.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClaimPath {
    whole: Option<String>,
    steps: Vec<String>,
}

impl ClaimPath {
    /// From the dotted form: `tenant`, `realm_access.roles`, `https://example.com/roles`. None if a step is empty.
    pub fn parse(text: &str) -> Option<Self> {
        let steps: Vec<String> = text.split('.').map(str::to_owned).collect();
        (!text.is_empty()).then(|| Self { whole: Some(text.to_owned()), steps })
    }
    /// From steps given one by one, which may hold dots. None if there are none.
    pub fn from_steps(steps: Vec<String>) -> Option<Self> {
        (!steps.is_empty()).then_some(Self { whole: None, steps })
    }
    /// The claim at this path; `null` counts as absent.
    pub fn find<'a>(&self, claims: &'a Map<String, Value>) -> Option<&'a Value> {
        let found = match self.whole.as_ref().and_then(|name| claims.get(name)) {
            Some(value) => Some(value),
            None => {
                let (first, rest) = self.steps.split_first()?;
                rest.iter().try_fold(claims.get(first)?, |value, step| value.as_object()?.get(step))
            }
        };
        found.filter(|value| !value.is_null())
    }
}
