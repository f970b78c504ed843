//! MATCH: which rule is this?
//!
//! Given the head of a request, this stage makes a [`Target`]: method, host and the one canonical path. A
//! [`RouteTable`] then finds the first route whose hosts and path match and lets its methods decide. It does not
//! know what a route leads to.
//!
//! Refused is every request target that two programs could read in two ways ([`Ambiguous`]), but for encoded slashes and
//! parameters where a route says that its upstream reads them in one way ([`PathData`]). Two things must stay
//! true: the path that was matched is the path that is sent, and no spelling of a path reaches a later route than
//! its plain spelling does.

mod authority;
mod canonical;
mod captures;
mod data;
mod host;
mod meant;
mod methods;
mod near;
mod origin;
mod pattern;
mod table;
mod target;
mod trie;

pub use authority::canonical_name as canonical_host;
pub use canonical::canonical as canonical_path;
pub use captures::Captures;
pub use data::PathData;
pub use host::{HostPattern, HostPatternError};
pub use methods::{Methods, MethodsError, is_for_all, near_standard};
pub use near::Miss;
pub use origin::Origin;
pub use pattern::{PathPattern, PathPatternError};
pub use table::{Found, Matcher, NotFound, RouteTable, Samples, Unreachable};
pub use target::{Ambiguous, Target};

/// What stands between segments. A function where a character would do: segments are short, and going through one takes
/// less than setting up a search.
fn is_slash(character: char) -> bool {
    character == '/'
}
