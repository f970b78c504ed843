//! `policies` and `require`: what a caller must be.

use std::collections::HashMap;
use std::sync::Arc;

use http::HeaderName;

use super::kept::Kept;
use super::terms::{claims, name_test};
use crate::authz::{NamedPolicy, Requirement};
use crate::config::node::{At, Entry, Named, Node, Value};
use crate::config::problem::{Position, Problems, closest};
use crate::upstream::Guard;

/// The policies of the file, each compiled when it is first named.
#[derive(Debug)]
pub(in crate::config) struct Policies {
    entries: Vec<Policy>,
    /// Where in `entries` the policy of a name is; of several, which are an error, the first.
    places: HashMap<String, usize>,
    /// Which of them are being compiled, each because the one before names it.
    compiling: Vec<usize>,
    /// The section could not be read, so that any name may have been meant.
    broken: bool,
    /// What the path of the route captures whose requirement is being read; none for policies, and where it is not known.
    captures: Option<Vec<String>>,
    /// What need not be compiled again.
    kept: Kept,
}

#[derive(Debug)]
struct Policy {
    name: At<String>,
    node: Option<Node>,
    state: State,
}

#[derive(Debug)]
enum State {
    New,
    Compiling,
    Done(Option<Arc<NamedPolicy>>),
}

impl Policies {
    pub(in crate::config) fn new(section: Option<At<Named<Node>>>) -> Self {
        let broken = section.as_ref().is_some_and(|section| section.value.broken);
        let entries = section.into_iter().flat_map(|section| section.value.entries);
        let entries: Vec<Policy> =
            entries.map(|(name, node)| Policy { name, node, state: State::New }).collect();
        let mut places = HashMap::with_capacity(entries.len());
        for (place, policy) in entries.iter().enumerate() {
            places.entry(policy.name.value.clone()).or_insert(place);
        }
        Self { broken, compiling: Vec::new(), captures: None, kept: Kept::default(), entries, places }
    }

    /// The same, with what is compiled already.
    pub(super) fn keeping(self, kept: Kept) -> Self {
        Self { kept, ..self }
    }

    /// Compiles every policy, also those that no route names.
    pub(super) fn compile_all(&mut self, problems: &mut Problems) {
        for index in 0..self.entries.len() {
            self.compile(index, problems);
        }
    }

    /// The requirement that a route's `require` states. Conditions in it may name what the route's path captures, where
    /// that is known.
    pub(super) fn of_route(
        &mut self,
        node: &Node,
        captures: Option<&[String]>,
        problems: &mut Problems,
    ) -> Option<Requirement> {
        self.captures = captures.map(<[String]>::to_vec);
        let requirement = self.requirement(node, problems);
        self.captures = None;
        for (name, policy) in requirement.iter().flat_map(Requirement::captures) {
            if let (Some(policy), Some(captures)) = (policy, captures)
                && !captures.iter().any(|known| known == name)
            {
                let wrong =
                    format!("the policy `{policy}` asks for `path.{name}`, which this path does not capture");
                problems.error(node.at, wrong, right_capture(name, captures));
            }
        }
        if let Some((one, other)) = requirement.as_ref().and_then(spelled_twice) {
            let wrong = format!(
                "the headers `{one}` and `{other}`, for both of which `when` asks here, are one to many servers"
            );
            problems.error(node.at, wrong, "ask for one of them: the other is then removed");
        }
        requirement
    }

    /// The requirement that a node of `require` (or of a policy) states.
    pub(in crate::config) fn requirement(
        &mut self,
        node: &Node,
        problems: &mut Problems,
    ) -> Option<Requirement> {
        let Value::List(items) = &node.value else {
            return self.one(node, "the name of a policy, a list of names", problems);
        };
        if items.is_empty() {
            problems.error(node.at, "the list is empty", "name at least one policy");
            return None;
        }
        let names: Vec<_> = items.iter().map(|item| self.policy_name(item, problems)).collect();
        Some(Requirement::Every(names.into_iter().collect::<Option<_>>()?))
    }

    /// A requirement within another one. There a list does not say whether any or all of it must hold.
    fn part(
        &mut self,
        node: &Node,
        wrong: &str,
        right: &str,
        problems: &mut Problems,
    ) -> Option<Requirement> {
        if matches!(node.value, Value::List(_)) {
            problems.error(node.at, wrong, right);
            return None;
        }
        self.one(node, "the name of a policy", problems)
    }

    /// The name of a policy, or a map; `names`: what else than a map may stand there.
    fn one(&mut self, node: &Node, names: &str, problems: &mut Problems) -> Option<Requirement> {
        match &node.value {
            Value::Text(name) => self.named(name, node.at, problems),
            Value::Map(entries) => self.entries(node, entries, problems),
            Value::Unknown => None,
            Value::List(_) | Value::Null | Value::Bool(_) | Value::Integer(_) | Value::Float(_) => {
                let expected = format!("{names}, or a map like `{{ scopes: {{ all: [orders:read] }} }}`");
                node.mismatch(&expected, problems);
                None
            }
        }
    }

    fn policy_name(&mut self, node: &Node, problems: &mut Problems) -> Option<Requirement> {
        let name = node.text("the name of a policy, as text", problems)?;
        self.named(name, node.at, problems)
    }

    fn named(&mut self, name: &str, at: Position, problems: &mut Problems) -> Option<Requirement> {
        let Some(&index) = self.places.get(name) else {
            if self.broken {
                return None;
            }
            let known = || self.entries.iter().map(|policy| policy.name.value.as_str());
            let right = match closest(name, known()) {
                None | Some(_) if ["public", "optional", "authenticated"].contains(&name) => {
                    format!("that is a value of `access` itself: write `access: {name}`, without `require`")
                }
                Some(near) => format!("did you mean `{near}`?"),
                None if self.entries.is_empty() => "there is no `policies` section with names".to_owned(),
                None => format!("known: {}", known().collect::<Vec<_>>().join(", ")),
            };
            problems.error(at, format_args!("no policy named `{name}`"), right);
            return None;
        };
        if matches!(self.entries.get(index)?.state, State::Compiling) {
            let inner = self.compiling.iter().skip_while(|&&compiling| compiling != index).skip(1);
            let through: Vec<&str> =
                inner.filter_map(|&index| Some(self.entries.get(index)?.name.value.as_str())).collect();
            let wrong = if through.is_empty() {
                format!("policy `{name}` requires itself")
            } else {
                format!("policy `{name}` requires itself, through `{}`", through.join("`, `"))
            };
            problems.error(at, wrong, "let one of them not name the next");
            return None;
        }
        self.compile(index, problems).map(Requirement::Policy)
    }

    fn compile(&mut self, index: usize, problems: &mut Problems) -> Option<Arc<NamedPolicy>> {
        let policy = self.entries.get_mut(index)?;
        if let State::Done(done) = &policy.state {
            return done.clone();
        }
        policy.state = State::Compiling;
        self.compiling.push(index);
        let policy = self.entries.get(index)?;
        let (name, node) = (policy.name.value.clone(), policy.node.clone());
        let requirement = node.and_then(|node| self.requirement(&node, problems));
        let compiled = requirement.map(|requirement| Requirement::policy(name, requirement));
        self.compiling.pop();
        self.entries.get_mut(index)?.state = State::Done(compiled.clone());
        compiled
    }

    fn entries(&mut self, node: &Node, entries: &[Entry], problems: &mut Problems) -> Option<Requirement> {
        if entries.is_empty() {
            problems.error(
                node.at,
                "the requirement is empty",
                "ask for `roles`, `scopes` or `claims`, or write `access: authenticated`",
            );
            return None;
        }
        let parts: Vec<Option<Requirement>> =
            entries.iter().map(|entry| self.entry(entry, problems)).collect();
        let mut parts = parts.into_iter().collect::<Option<Vec<_>>>()?;
        match parts.len() {
            1 => parts.pop(),
            _ => Some(Requirement::Every(parts)),
        }
    }

    fn entry(&mut self, Entry { key, at, node, .. }: &Entry, problems: &mut Problems) -> Option<Requirement> {
        match key.as_str() {
            "roles" => name_test(node, "roles", problems).map(Requirement::Roles),
            "scopes" => name_test(node, "scopes", problems).map(Requirement::Scopes),
            "issuer_tenant" => name_test(node, "tenants", problems).map(Requirement::IssuerTenant),
            "claims" => claims(node, &mut self.kept, problems),
            "any_of" => self.several(node, problems).map(Requirement::AnyOf),
            "all_of" => self.several(node, problems).map(Requirement::AllOf),
            "not" => {
                let inner = self.part(node, LIST_BELOW_NOT, RIGHT_BELOW_NOT, problems);
                inner.map(|inner| Requirement::Not(Box::new(inner)))
            }
            "when" => self.when(node, problems),
            other => {
                let right = closest(other, KEYS).map_or_else(
                    || format!("known here: {}", KEYS.join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                problems.error(*at, format_args!("unknown key `{other}`"), right);
                None
            }
        }
    }

    /// A condition, with all that is wrong with it, at its place.
    fn when(&mut self, node: &Node, problems: &mut Problems) -> Option<Requirement> {
        let text = node.text("an expression as text", problems)?;
        let expression = match self.kept.condition(text) {
            Ok(expression) => expression,
            Err(mistakes) => {
                for mistake in mistakes.iter() {
                    let near =
                        mistake.unknown_name().and_then(|(name, known)| closest(name, known.iter().copied()));
                    let right = near
                        .map_or_else(|| mistake.right().to_owned(), |near| format!("did you mean `{near}`?"));
                    problems.error(node.place(mistake.offset()), mistake.wrong(), right);
                }
                let place = |name: &str| node.place(mistakes.place_of_capture(name));
                self.check_captures(mistakes.captures(), place, problems);
                return None;
            }
        };
        let place = |name: &str| node.place(expression.place_of_capture(name));
        self.check_captures(expression.captures(), place, problems);
        Some(Requirement::When(expression))
    }

    /// What a condition of a route asks of its path, and the path does not capture.
    fn check_captures(&self, asked: &[String], place: impl Fn(&str) -> Position, problems: &mut Problems) {
        let Some(captures) = &self.captures else { return };
        for name in asked.iter().filter(|name| !captures.contains(name)) {
            let wrong = format!("`when` asks for `path.{name}`, which this path does not capture");
            problems.error(place(name), wrong, right_capture(name, captures));
        }
    }

    fn several(&mut self, node: &Node, problems: &mut Problems) -> Option<Vec<Requirement>> {
        let items = node.items("a list of requirements or policy names, with at least one", problems)?;
        let parts: Vec<_> =
            items.iter().map(|item| self.part(item, LIST_IN_LIST, RIGHT_IN_LIST, problems)).collect();
        parts.into_iter().collect()
    }
}

const LIST_BELOW_NOT: &str = "a list below `not` could mean none of them, or not all of them";
const RIGHT_BELOW_NOT: &str = "write `not: { any_of: […] }` where none of them may hold, `not: { all_of: […] }` where not all of them may";
const LIST_IN_LIST: &str = "a list in a list of requirements could mean any or all of them";
const RIGHT_IN_LIST: &str = "write `{ any_of: […] }` or `{ all_of: […] }`";

/// What a requirement may hold.
pub(in crate::config) const KEYS: [&str; 8] =
    ["roles", "scopes", "issuer_tenant", "claims", "when", "any_of", "all_of", "not"];

/// Two spellings of one header.
fn spelled_twice(requirement: &Requirement) -> Option<(HeaderName, HeaderName)> {
    let named: Vec<HeaderName> =
        requirement.headers().iter().filter_map(|(name, _)| name.parse().ok()).collect();
    let mut pairs = named
        .iter()
        .enumerate()
        .flat_map(|(index, one)| named.iter().skip(index + 1).map(move |other| (one, other)));
    let (one, other) = pairs.find(|(one, other)| one != other && Guard::is_one(one, other))?;
    Some((one.clone(), other.clone()))
}

fn right_capture(name: &str, captures: &[String]) -> String {
    match closest(name, captures.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `path.{near}`?"),
        None if captures.is_empty() => format!("write a path with {{{name}}}"),
        None => format!("captured are {}", captures.join(", ")),
    }
}
