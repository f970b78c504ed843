//! Rules: which requests, and what is asked of them.

use std::time::Duration;

use super::Identity;
use crate::config::node::{At, FromNode, Node, Value};
use crate::config::problem::Problems;
use crate::config::schema::{Requirement, words};
use crate::config::section::{Fields, section};

section! {
    /// One rule.
    Route {
        /// The name in metrics and logs; each route has its own.
        /// Example: `orders`.
        name: required String,
        /// Which requests the route is for.
        r#match: required Match,
        /// Who may pass: `public`, `optional`, `authenticated`, or a map with what is asked beyond a valid token.
        /// There is no default.
        access: required Access,
        /// Where the requests go: a name under `upstreams`.
        upstream: required String,
        /// Where a token may be, in place of the list for all routes; not on a public route.
        credentials: optional Vec<At<Credential>>,
        /// What the upstream takes for characters of a segment of its paths, and other servers do not.
        path: optional PathRules,
        /// Which pages of other origins may use the route (CORS, Fetch standard). Preflights are answered by the gateway.
        cors: optional Cors,
        /// The verified identity as headers, in place of the section of that name for all routes, with all of its keys.
        identity: optional Identity,
    }
}

section! {
    /// Which requests a rule is for.
    Match {
        /// Hosts, without case, port and final dot; `*.` is one or more labels. Without it any.
        /// Example: `["api.example.com", "*.api.example.com"]`.
        hosts: optional Vec<At<String>>,
        /// Methods; GET includes HEAD. Without it any.
        /// Example: `["GET"]`.
        methods: optional Vec<At<String>> as Vec<words::Method>,
        /// The path: `{id}` is one segment, never empty; `/a/**` is `/a`, `/a/` and all below.
        /// Example: `/orders/{id}`.
        /// Example: `/admin/**`.
        path: required String as words::PathPattern,
    }
}

section! {
    /// Which pages of other origins may use a rule.
    Cors {
        /// Scheme, host and port as browsers send them, or `*` alone for every page.
        /// Example: `["https://app.example.com"]`.
        origins: required Vec<At<String>>,
        /// Methods that pages may use, or `*` alone for all. Without it the route's own; without those GET, HEAD and POST.
        /// Example: `["GET", "PUT"]`.
        methods: optional Vec<At<String>> as Vec<words::MethodOrAll>,
        /// Headers that pages may set beyond the harmless ones, or `*` alone for all but Authorization. Without it none.
        /// Example: `["Authorization", "Content-Type"]`.
        headers: optional Vec<At<String>>,
        /// Headers of the answer that pages may read, beyond the usual and X-Request-Id, WWW-Authenticate, Retry-After.
        /// Example: `["ETag"]`.
        expose: optional Vec<At<String>>,
        /// How long browsers may remember the answer to a preflight; a duration. Without it as long as they like, 5 s.
        /// Example: `10m`.
        max_age: optional Duration,
        /// Whether requests may carry cookies, for origins named one by one; a cookie may then also change something.
        /// Default: `false`.
        credentials: optional bool,
    }
}

section! {
    /// What the paths of a rule may hold.
    PathRules {
        /// To captures and `**` they are characters of one segment, and they are sent as they came; a literal never equals them.
        /// Example: `["encoded_slash"]`.
        allow: required Vec<At<String>> as Vec<words::PathData>,
    }
}

section! {
    /// What a rule asks of the caller beyond a valid token.
    Conditions {
        /// Whose tokens pass: names under `issuers`. Without it all of them.
        issuers: optional Vec<At<String>>,
        /// Narrows the issuers' own: the token's `aud` must hold one of these too.
        audiences: optional Vec<At<String>>,
        /// What the caller must be: a policy, a list of policies (all of them), or a requirement.
        /// Example: `{"scopes": {"all": ["orders:read"]}}`.
        require: optional Node as Requirement,
        /// A second requirement, evaluated, counted and logged beside the first; it decides nothing.
        /// Example: `{"roles": {"any": ["admin", "clerk"]}}`.
        candidate: optional Node as Requirement,
        /// `observe` lets every request pass, and records what would have been decided.
        /// Default: `enforce`.
        enforcement: optional Enforcement,
    }
}

/// Whether a rule keeps out whom it refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) enum Enforcement {
    Enforce,
    Observe,
}

impl FromNode for Enforcement {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        node.parse_text("`enforce` or `observe`", problems, |text| match text {
            "enforce" => Ok(Self::Enforce),
            "observe" => Ok(Self::Observe),
            other => Err(format!("`{other}` is no kind of enforcement")),
        })
    }
}

/// A place for a token.
#[derive(Debug, Clone)]
pub(in crate::config) enum Credential {
    Authorization,
    Cookie(At<String>),
    Header(At<String>),
    Query(At<String>),
}

impl FromNode for Credential {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        const EXPECTED: &str = "`authorization`, or `cookie`, `header` or `query` with a name";
        if !matches!(node.value, Value::Map(_)) {
            return node.parse_text(EXPECTED, problems, |text| match text {
                "authorization" => Ok(Self::Authorization),
                other => Err(format!("`{other}` is no place for a token")),
            });
        }
        let fields = Fields::of(node, &["cookie", "header", "query"], &[], &[], problems)?;
        match (fields.node("cookie"), fields.node("header"), fields.node("query")) {
            (Some(cookie), None, None) => At::from_node(cookie, problems).map(Self::Cookie),
            (None, Some(header), None) => At::from_node(header, problems).map(Self::Header),
            (None, None, Some(query)) => At::from_node(query, problems).map(Self::Query),
            _ if fields.faulty => None,
            _ => {
                problems.error(
                    node.at,
                    "a place for a token is one place",
                    "write each as an item of its own",
                );
                None
            }
        }
    }
}

/// What `access` may be.
#[derive(Debug, Clone)]
pub(in crate::config) enum Access {
    Public,
    Optional,
    Authenticated,
    Conditions(Box<Conditions>),
}

impl FromNode for Access {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        const EXPECTED: &str =
            "`public`, `optional`, `authenticated`, or a map with `require`, `issuers` or `audiences`";
        if matches!(node.value, Value::Map(_)) {
            return Conditions::from_node(node, problems).map(Box::new).map(Self::Conditions);
        }
        node.parse_text(EXPECTED, problems, |text| match text {
            "public" => Ok(Self::Public),
            "optional" => Ok(Self::Optional),
            "authenticated" => Ok(Self::Authenticated),
            other => Err(format!("`{other}` is no kind of access")),
        })
    }
}
