//! Mappings whose keys are known: unknown, missing and later keys are found here.
//!
//! `section!` declares a mapping with its keys once: the struct, the reader, the list of known keys and the schema come from
//! that declaration.

use super::node::{At, Entry, FromNode, Node, Value};
use super::problem::{Position, Problems, closest};

/// The entries of one mapping whose keys are known.
pub(super) struct Fields<'a> {
    at: Position,
    entries: &'a [Entry],
    /// Keys that a mistyped one was taken for: not reported as missing too.
    meant: Vec<String>,
    /// Something is wrong with the keys, and reported.
    pub(super) faulty: bool,
}

impl<'a> Fields<'a> {
    /// The entries of `node`; unknown keys are recorded, and so are keys that belong to a later version.
    ///
    /// One mistake is one line: beside an unknown key, a single `required` one that is not there counts as what was meant.
    pub(super) fn of(
        node: &'a Node,
        known: &[&str],
        required: &[&str],
        later: &[&str],
        problems: &mut Problems,
    ) -> Option<Self> {
        let known = known.iter().map(|key| key.trim_start_matches("r#"));
        let Value::Map(entries) = &node.value else {
            let keys: Vec<String> = known.map(|key| format!("`{key}`")).collect();
            let expected = if keys.is_empty() {
                "an empty map, {}".to_owned()
            } else {
                format!("a map with {}", keys.join(", "))
            };
            node.mismatch(&expected, problems);
            return None;
        };
        let mut missing: Vec<String> = required
            .iter()
            .map(|key| key.trim_start_matches("r#"))
            .filter(|key| !entries.iter().any(|entry| entry.key == *key))
            .map(str::to_owned)
            .collect();
        let mut meant = Vec::new();
        let (mut faulty, mut unknown) = (false, 0_usize);
        if entries.is_empty() && known.clone().next().is_some() {
            let right = if missing.is_empty() {
                "give it a key, or leave it out".to_owned()
            } else {
                format!("it needs `{}`", missing.join("`, `"))
            };
            problems.error(node.at, "the map is empty", right);
            faulty = true;
            meant.append(&mut missing);
        }
        for Entry { key, at, .. } in entries {
            if later.contains(&key.as_str()) {
                problems.error(
                    *at,
                    format_args!("`{key}` is not yet supported"),
                    "leave it out until a version that has it",
                );
                faulty = true;
            } else if !known.clone().any(|name| name == key) {
                faulty = true;
                unknown += 1;
                let right = match closest(key, known.clone()) {
                    Some(name) => {
                        meant.push(name.to_owned());
                        format!("did you mean `{name}`?")
                    }
                    None if known.clone().next().is_none() => "no keys belong here".to_owned(),
                    None => inside(key, &known).unwrap_or_else(|| {
                        format!("known here: {}", known.clone().collect::<Vec<_>>().join(", "))
                    }),
                };
                problems.error(*at, format_args!("unknown key `{key}`"), right);
            }
        }
        missing.retain(|key| !meant.contains(key));
        if let [single] = missing.as_slice()
            && unknown > meant.len()
        {
            meant.push(single.clone());
        }
        Some(Self { at: node.at, entries, meant, faulty })
    }

    pub(super) fn node(&self, key: &str) -> Option<&'a Node> {
        let key = key.trim_start_matches("r#");
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    pub(super) fn optional<T: FromNode>(&self, key: &str, problems: &mut Problems) -> Option<At<T>> {
        At::from_node(self.node(key)?, problems)
    }

    pub(super) fn required<T: FromNode>(&self, key: &str, problems: &mut Problems) -> Option<At<T>> {
        let key = key.trim_start_matches("r#");
        if self.node(key).is_none() && !self.meant.iter().any(|meant| meant == key) {
            problems.error(self.at, format_args!("`{key}` is missing"), format_args!("add `{key}: …` here"));
        }
        self.optional(key, problems)
    }
}

/// Where a key belongs that stands one level too high, or has that name elsewhere.
fn inside<'k>(key: &str, known: &(impl Iterator<Item = &'k str> + Clone)) -> Option<String> {
    let place = |outer: &str, inner: &str| format!("it belongs into `{outer}: {{ {inner}: … }}`");
    let is_known = |outer: &str| known.clone().any(|known| known == outer);
    let exact = INSIDE.iter().find(|(outer, inner)| inner.contains(&key) && is_known(outer));
    if let Some((outer, _)) = exact {
        return Some(place(outer, key));
    }
    let (outer, near) = INSIDE.iter().find_map(|(outer, inner)| {
        let near = if is_known(outer) { closest(key, inner.iter().copied()) } else { None };
        Some((outer, near?))
    })?;
    Some(format!("did you mean `{near}`? {}", place(outer, near)))
}

/// Keys, by the key that they stand below.
const INSIDE: &[(&str, &[&str])] = &[
    (
        "keys",
        &["discovery", "jwks_uri", "jwks_file", "pem_file", "secret", "on_start", "max_stale", "refresh"],
    ),
    ("match", &["path", "hosts", "methods"]),
    ("require", &["roles", "scopes", "claims", "issuer_tenant", "any_of", "all_of", "not", "when"]),
    ("access", &["require", "issuers", "audiences", "candidate", "enforcement"]),
    ("tls", &["certificate", "client_ca", "server_name"]),
    ("timeouts", &["connect", "response"]),
];

/// Declares a mapping of the file: a struct whose fields are what could be read, and its reader.
///
/// Every field is an `Option`: `None` means absent, or already reported. `later` names keys that `check` refuses as not
/// yet supported.
///
/// Each key says in its documentation what it is for: editors show that, so that without it nothing compiles. A line of its
/// own for the default and for each example (``Default: `30s`.``, ``Example: `[a]`.``) makes them known to the schema. `as TYPE`
/// names what describes its values, where the type that reads them says too little (`String`, `Node`).
macro_rules! section {
    (
        $(#[$meta:meta])*
        $name:ident { $( $(#[doc = $doc:literal])+ $key:ident: $presence:ident $type:ty $(as $described:ty)?, )* }
        $( later { $( $later:literal ),* } )?
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone)]
        pub(in crate::config) struct $name {
            $( $(#[doc = $doc])+ pub(in crate::config) $key: Option<$crate::config::node::At<$type>>, )*
        }

        impl $crate::config::node::FromNode for $name {
            fn from_node(
                node: &$crate::config::node::Node,
                problems: &mut $crate::config::problem::Problems,
            ) -> Option<Self> {
                let known = [$( stringify!($key) ),*];
                let required: Vec<&str> = [$( (stringify!($key), stringify!($presence)) ),*]
                    .into_iter()
                    .filter_map(|(key, presence)| (presence == "required").then_some(key))
                    .collect();
                let later: &[&str] = &[$( $( $later ),* )?];
                let fields = $crate::config::section::Fields::of(node, &known, &required, later, problems)?;
                Some(Self { $( $key: fields.$presence(stringify!($key), problems), )* })
            }
        }

        impl $crate::config::schema::Describe for $name {
            fn describe() -> serde_json::Value {
                $crate::config::schema::section(&[$( $crate::config::schema::Property {
                    key: stringify!($key),
                    is_required: stringify!($presence) == "required",
                    documentation: concat!($( $doc, "\n" ),+),
                    describe: $crate::config::section::described!($type $(, $described)?),
                } ),*])
            }
        }
    };
}

/// What describes the values of a key: the second type, or the first alone.
macro_rules! described {
    ($type:ty) => {
        <$type as $crate::config::schema::Describe>::describe
    };
    ($type:ty, $described:ty) => {
        <$described as $crate::config::schema::Describe>::describe
    };
}
pub(super) use described;
pub(super) use section;
