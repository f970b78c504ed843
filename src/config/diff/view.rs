//! A route as far as it is compared, with what it takes from the rest of its file.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::policies::Requirements;
use super::proof::Names;
use super::requirement::is_never_met;
use super::value::{canonical, node};
use super::{Change, File};
use crate::config::compile::routes::matcher;
use crate::config::document::Match;
use crate::config::node::{At, Entry, Node, Value};
use crate::config::open::openness;
use crate::config::problem::{Position, Problems};
use crate::proxy::Cors;
use crate::route::Matcher;

/// A route, as far as it is compared.
pub(super) struct View<'f> {
    pub(super) name: String,
    pub(super) matcher: Matcher,
    pub(super) hosts: Vec<String>,
    pub(super) methods: Vec<String>,
    pub(super) path: String,
    /// In a word: public, optional, observe, authenticated.
    pub(super) access: &'static str,
    /// What conditions do not see of the headers of a request: the credentials and identity of all routes.
    pub(super) concealed: Rc<BTreeSet<String>>,
    /// The claims in which the issuers of its file have roles and scopes.
    pub(super) names: Rc<Names>,
    pub(super) node: &'f Node,
    root: &'f Node,
}

pub(super) fn views(file: File<'_>) -> Vec<View<'_>> {
    let nodes = file.0.get("routes").into_iter().flat_map(Node::children);
    let routes = file.1.routes.iter().flat_map(|routes| &routes.value);
    let mut said = Problems::new(std::path::Path::new(""), true);
    let concealed = Rc::new(concealed(file.0));
    let names = Rc::new(Names::of(file.0));
    let views = nodes.zip(routes).filter_map(|(node, route)| {
        let section = route.r#match.as_ref()?.value.clone();
        Some(View {
            name: route.name.as_ref()?.value.clone(),
            hosts: hosts(&section),
            methods: methods(&section),
            path: section.path.as_ref()?.value.clone(),
            matcher: matcher(section, &mut said)?,
            access: openness(node.get("access")?).map_or("authenticated", |(access, _)| access),
            concealed: Rc::clone(&concealed),
            names: Rc::clone(&names),
            node,
            root: file.0,
        })
    });
    views.collect()
}

fn concealed(root: &Node) -> BTreeSet<String> {
    let routes = root.get("routes").into_iter().flat_map(Node::children);
    let places = routes.chain([root]).flat_map(|place| [place.get("credentials"), place.get("identity")]);
    places.flatten().map(|section| canonical(section, "")).collect()
}

/// Without case and final dot, as they compare.
fn hosts(section: &Match) -> Vec<String> {
    texts(section.hosts.as_ref(), |host| host.to_ascii_lowercase().trim_end_matches('.').to_owned())
}

fn methods(section: &Match) -> Vec<String> {
    let methods = texts(section.methods.as_ref(), str::to_owned);
    // HEAD is taken wherever GET is.
    let has_get = methods.iter().any(|method| method == "GET");
    methods.into_iter().filter(|method| !(has_get && method == "HEAD")).collect()
}

fn texts(list: Option<&At<Vec<At<String>>>>, form: impl Fn(&str) -> String) -> Vec<String> {
    let items = list.into_iter().flat_map(|list| &list.value);
    let sorted: BTreeSet<String> = items.map(|item| form(&item.value)).collect();
    sorted.into_iter().collect()
}

impl View<'_> {
    pub(super) fn is_open(&self) -> bool {
        self.access != "authenticated"
    }

    /// Its `access` as it is written, where a variable that is not set here says what it is.
    pub(super) fn unknown_access(&self) -> Option<String> {
        let access = self.node.get("access")?;
        let is_unknown = |node: &&Node| matches!(node.value, Value::Unknown);
        let said = Some(access).filter(is_unknown).or_else(|| access.get("enforcement").filter(is_unknown));
        said.map(Node::plain)
    }

    /// Whether it looks at what a caller is, be it only to record it.
    pub(super) fn has_requirement(&self) -> bool {
        ["authenticated", "observe"].contains(&self.access)
    }

    /// Whether it is for the very same requests, by the same names.
    pub(super) fn is_for_the_same_as(&self, other: &Self) -> bool {
        (&self.hosts, &self.methods, self.matcher.path())
            == (&other.hosts, &other.methods, other.matcher.path())
    }

    /// What it means that the new route stands where this one stood; none if nothing.
    pub(super) fn towards(&self, new: &Self) -> Option<Change> {
        // An `optional` route refuses tokens that are not valid.
        let lets_all_in = |route: &Self| ["public", "observe"].contains(&route.access);
        match (self.is_open(), new.is_open()) {
            (false, true) => Some(Change::Opened),
            (true, false) => Some(Change::Closed),
            (true, true) | (false, false) => match (lets_all_in(self), lets_all_in(new)) {
                (false, true) => Some(Change::Looser),
                (true, false) => Some(Change::Stricter),
                (true, true) | (false, false) => None,
            },
        }
    }

    /// What it means that it takes requests that no route took.
    pub(super) fn gaining(&self, asked: &mut Requirements) -> Change {
        if self.is_open() {
            Change::Opened
        } else if self.is_never_met(asked) {
            Change::Changed
        } else {
            Change::Looser
        }
    }

    /// What it means that no route takes requests that it took.
    pub(super) fn losing(&self, asked: &mut Requirements) -> Change {
        if self.is_open() {
            Change::Closed
        } else if self.is_never_met(asked) {
            Change::Changed
        } else {
            Change::Stricter
        }
    }

    /// Whether it asks for more than a valid token.
    fn asks(&self) -> bool {
        !self.is_open() && self.access_key("require").is_some()
    }

    /// Whether it refuses everybody.
    fn is_never_met(&self, asked: &mut Requirements) -> bool {
        self.asks() && asked.compiled(self.access_key("require")).is_some_and(|asked| is_never_met(&asked))
    }

    /// What it asks for, in a few words.
    pub(super) fn guard(&self, asked: &mut Requirements) -> String {
        let what = if self.is_never_met(asked) {
            ", with a requirement that nobody can meet"
        } else if self.asks() {
            ", with a requirement"
        } else {
            ""
        };
        format!("{}{what}", self.access)
    }

    pub(super) fn summary(&self) -> String {
        let or_any =
            |texts: &[String], any: &str| if texts.is_empty() { any.to_owned() } else { texts.join(",") };
        format!("{} {}{}", or_any(&self.methods, "any method"), or_any(&self.hosts, ""), self.path)
    }

    pub(super) fn access_key(&self, key: &str) -> Option<&Node> {
        self.node.get("access").and_then(|access| access.get(key))
    }

    /// Whose tokens it takes: those it lists, else those of every issuer of its file.
    pub(super) fn issuers(&self) -> BTreeSet<String> {
        if let Some(listed) = self.access_key("issuers") {
            return listed.children().iter().map(Node::plain).collect();
        }
        let Some(Value::Map(entries)) = self.root.get("issuers").map(|issuers| &issuers.value) else {
            return BTreeSet::new();
        };
        entries.iter().map(|entry| entry.key.clone()).collect()
    }

    /// What a key means on this route: its own, or that of the file which it replaces, with what depends on other keys.
    pub(super) fn meant(&self, key: &str) -> Option<Node> {
        let own = self.node.get(key);
        match key {
            "credentials" | "identity" => own.or_else(|| self.root.get(key)).cloned(),
            "cors" => own.map(|cors| self.with_methods(cors)),
            _ => own.cloned(),
        }
    }

    /// A page may use the methods of the route, where `cors` lists none.
    fn with_methods(&self, cors: &Node) -> Node {
        let mut cors = cors.clone();
        if let Value::Map(entries) = &mut cors.value
            && !entries.iter().any(|entry| entry.key == "methods")
        {
            let usual = || Cors::USUAL.map(|method| method.to_string()).to_vec();
            let methods = if self.methods.is_empty() { usual() } else { self.methods.clone() };
            let methods = methods.into_iter().map(|method| node(Value::Text(method))).collect();
            let key = "methods".to_owned();
            entries.push(Entry { key, at: Position::START, node: node(Value::List(methods)), steps: None });
        }
        cors
    }
}

pub(super) fn listed(names: &[String], none: &str) -> String {
    if names.is_empty() { none.to_owned() } else { format!("[{}]", names.join(", ")) }
}
