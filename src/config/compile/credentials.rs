//! `credentials`: where a token may be, for all routes or for one.

use std::sync::Arc;

use http::HeaderName;

use crate::authn::{CookieName, Credentials, ParameterName, Place};
use crate::config::document::Credential;
use crate::config::lint::Code;
use crate::config::node::At;
use crate::config::problem::{Position, Problems};
use crate::upstream::{Guard, IdentityName};

/// Every place of the file, to be kept from upstreams, and where each stands.
#[derive(Default)]
pub(super) struct Places {
    headers: Vec<At<HeaderName>>,
    all: Vec<Arc<Credentials>>,
}

impl Places {
    /// The places of one section; all that are mistaken are reported.
    pub(super) fn compile(
        &mut self,
        section: At<Vec<At<Credential>>>,
        problems: &mut Problems,
    ) -> Option<Arc<Credentials>> {
        let count = section.value.len();
        let mut places: Vec<(Place, Position)> = Vec::with_capacity(count);
        for At { at, value } in section.value {
            let Some(place) = place(value, problems) else { continue };
            if let Some((_, first)) = places.iter().find(|(known, _)| is_like(known, &place)) {
                let wrong = format!("this place is already on line {}, column {}", first.line, first.column);
                problems.error(at, wrong, "name each place once, in one spelling");
            }
            if let Place::Header(name) = &place {
                self.headers.push(At { at, value: name.clone() });
            }
            places.push((place, at));
        }
        let complete = places.len() == count && count > 0;
        let credentials = Arc::new(Credentials::new(places.into_iter().map(|(place, _)| place).collect()));
        self.all.push(Arc::clone(&credentials));
        complete.then_some(credentials)
    }

    /// A header cannot both hold the client's credential and be removed from what clients send.
    pub(super) fn check_identity(&self, names: &[IdentityName], problems: &mut Problems) {
        for At { at, value } in &self.headers {
            if let Some(name) = names.iter().find(|name| Guard::is_one(name.header(), value)) {
                let wrong = format!("`{name}` is an identity header, which no client may send");
                problems.error(*at, wrong, "choose another header for the token");
            }
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Credentials> {
        self.all.iter().map(|credentials| &**credentials)
    }
}

fn place(given: Credential, problems: &mut Problems) -> Option<Place> {
    match given {
        Credential::Authorization => Some(Place::Authorization),
        Credential::Cookie(At { at, value }) => {
            let name = CookieName::parse(&value).map(Place::Cookie);
            report(
                name,
                at,
                &format!("`{value}` is not the name of a cookie"),
                "write a name like __Host-access",
                problems,
            )
        }
        Credential::Query(At { at, value }) => {
            let name = ParameterName::parse(&value).map(Place::Query);
            if name.is_some() {
                problems.warning(
                    Code::QueryCredential,
                    at,
                    "a token in the query ends up in the logs and histories of everything that sees the address",
                    "prefer `authorization`, or a cookie",
                );
            }
            let wrong = format!("`{value}` is not a plain name of a parameter");
            report(name, at, &wrong, "use letters, digits, `_`, `-` and `.`, as in access_token", problems)
        }
        Credential::Header(At { at, value }) => {
            let name = HeaderName::from_bytes(value.as_bytes()).ok();
            let wrong = format!("`{value}` is not the name of a header");
            let name = report(name, at, &wrong, "letters, digits and hyphens make one", problems)?;
            if let Some(why) = Guard::reserved(&name) {
                let right = match name.as_str() {
                    "authorization" => "write `authorization` without `header:`",
                    "cookie" => "write `cookie: NAME`",
                    _ => "choose another header, like X-Api-Token",
                };
                problems.error(at, format_args!("`{value}` cannot hold a token: it {why}"), right);
                return None;
            }
            Some(Place::Header(name))
        }
    }
}

fn report<T>(name: Option<T>, at: Position, wrong: &str, right: &str, problems: &mut Problems) -> Option<T> {
    if name.is_none() {
        problems.error(at, wrong, right);
    }
    name
}

/// Whether an upstream may take both for one place.
fn is_like(one: &Place, other: &Place) -> bool {
    match (one, other) {
        (Place::Authorization, Place::Authorization) => true,
        (Place::Cookie(one), Place::Cookie(other)) => one.is_like(other),
        (Place::Query(one), Place::Query(other)) => one.is_like(other),
        (Place::Header(one), Place::Header(other)) => Guard::is_one(one, other),
        (Place::Authorization | Place::Cookie(_) | Place::Query(_) | Place::Header(_), _) => false,
    }
}
