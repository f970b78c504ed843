//! A token, put into a request where its route looks for one: for whoever makes requests up, to explain or to test.

use http::request::Parts;

use super::Snapshot;
use crate::authn::Place;
use crate::route::Target;

impl Snapshot {
    /// Puts `token` into the first place of the request's route; into Authorization where it has none.
    ///
    /// # Errors
    /// The token holds what the place cannot carry.
    pub fn present(&self, head: &mut Parts, token: &str) -> Result<(), http::Error> {
        let target = Target::parse(head).ok();
        let found = target.as_ref().and_then(|target| self.routes.find(target).ok());
        let place = found.and_then(|found| found.route.forward.credentials().places().first());
        place.unwrap_or(&Place::Authorization).present(head, token)
    }
}
