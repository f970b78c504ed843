//! The places of credentials, which clients may use and upstreams do not see.
//!
//! Given every place that the configuration names anywhere, takes them out of what is sent, on every route: headers in
//! every spelling, the cookies and the parameters of the query, and nothing else of either. A route that forwards the
//! token keeps its own places, spelled as they are configured.

use http::HeaderName;
use http::uri::PathAndQuery;

use super::folded::FoldedNames;
use crate::authn::{CookieName, Credentials, ParameterName, Place};

/// Every place of a credential but the Authorization field, which is always one.
#[derive(Debug, Default)]
pub(in crate::upstream) struct Concealed {
    headers: FoldedNames,
    cookies: Box<[CookieName]>,
    parameters: Box<[ParameterName]>,
}

impl Concealed {
    pub(super) fn new<'a>(credentials: impl Iterator<Item = &'a Credentials>) -> Self {
        let (mut headers, mut cookies, mut parameters) = (Vec::new(), Vec::new(), Vec::new());
        for place in credentials.flat_map(Credentials::places) {
            match place {
                Place::Authorization => {}
                Place::Header(name) => headers.push(name),
                Place::Cookie(name) => cookies.push(name.clone()),
                Place::Query(name) => parameters.push(name.clone()),
            }
        }
        let headers = FoldedNames::new(headers.into_iter().map(|name| name.as_str().as_bytes()));
        Self { headers, cookies: cookies.into(), parameters: parameters.into() }
    }

    pub(super) fn removes(&self, name: &HeaderName) -> bool {
        self.headers.contains(name)
    }

    /// A field `Cookie` as it is sent; `None` if nothing in it changes.
    pub(in crate::upstream) fn cookies(&self, field: &[u8], kept: Option<&Credentials>) -> Option<Vec<u8>> {
        if self.cookies.is_empty() {
            return None;
        }
        CookieName::remove(field, &self.cookies, |name| {
            keeps(kept, |place| matches!(place, Place::Cookie(kept) if kept == name))
        })
    }

    /// A target as it is sent; `None` if nothing in it changes.
    pub(in crate::upstream) fn query(
        &self,
        target: &PathAndQuery,
        kept: Option<&Credentials>,
    ) -> Option<PathAndQuery> {
        if self.parameters.is_empty() {
            return None;
        }
        let rest = ParameterName::remove(target.query()?, &self.parameters, |name| {
            keeps(kept, |place| matches!(place, Place::Query(kept) if kept == name))
        })?;
        let path = target.path();
        let text = if rest.is_empty() { path.to_owned() } else { format!("{path}?{rest}") };
        // A part of what was a target is one; if ever not, the path alone holds no credential.
        PathAndQuery::try_from(text).or_else(|_| PathAndQuery::try_from(path)).ok()
    }
}

/// Whether a header is one of the places that are kept, as it is spelled there.
pub(in crate::upstream) fn keeps_header(kept: Option<&Credentials>, name: &HeaderName) -> bool {
    keeps(kept, |place| matches!(place, Place::Header(kept) if kept == name))
}

/// Whether the Authorization field is kept.
pub(in crate::upstream) fn keeps_authorization(kept: Option<&Credentials>) -> bool {
    keeps(kept, |place| matches!(place, Place::Authorization))
}

fn keeps(kept: Option<&Credentials>, is_it: impl Fn(&Place) -> bool) -> bool {
    kept.is_some_and(|kept| kept.places().iter().any(is_it))
}
