//! Policy tests: a test file and the configuration beside it in, requests with what is to become of them out.
//!
//! The configuration is compiled as `run` would, but for what lies outside it: no other file is opened, nothing is
//! fetched, and the issuers have generated keys. Their tokens are signed here, so that a test is a request head like any
//! other. A file with a mistake, in it or in its configuration, has no tests: every mistake is reported at once.

mod configuration;
mod describe;
mod document;
mod expect;
mod outline;
mod parts;
mod reasons;
mod request;
mod signer;
mod stand_in;
mod token;
mod value;

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use http::request::Parts;

use self::configuration::{Configuration, Known};
pub(super) use self::document::Document;
pub use self::expect::Expectation;
pub use self::outline::{Limit, Outline, PolicyOutline, RouteOutline};
pub use self::parts::{Part, Role};
pub(super) use self::stand_in::StandIns;
use self::token::Minter;
use super::node::{At, FromNode};
use super::problem::{Position, Problems, closest};
use super::source;
use crate::proxy::Snapshot;
use crate::telemetry::metrics::Metrics;

/// The tests of one file.
#[derive(Debug)]
pub struct Suite {
    /// The configuration that they test.
    pub config: PathBuf,
    /// What decides its requests.
    pub snapshot: Snapshot,
    /// The scheme of clients of its first listener, as far as that is known.
    pub scheme: Option<&'static str>,
    /// What it has that tests should cover.
    pub outline: Outline,
    /// In the order of the file; at least one.
    pub tests: Vec<Test>,
}

/// One request, and what is to become of it.
#[derive(Debug)]
pub struct Test {
    /// Its name, which no other test of the file has.
    pub name: String,
    /// Where it stands.
    pub at: Position,
    /// The head of the request, with its token.
    pub head: Parts,
    /// What is to become of it.
    pub expect: Expectation,
}

/// Reads the tests in `path`, whose tokens are those of the time `now`.
///
/// # Errors
/// The problems of the file, and those of its configuration.
pub fn load(path: &Path, metrics: &Metrics, now: SystemTime) -> Result<Suite, Vec<Problems>> {
    let mut problems = Problems::new(path, false);
    let Some(document) = read(path, &mut problems) else { return Err(vec![problems]) };
    let environment: Vec<_> =
        document.environment.into_iter().flat_map(|section| section.value.entries).collect();
    let variables: HashMap<String, String> =
        environment.iter().filter_map(|(name, value)| Some((name.value.clone(), value.clone()?))).collect();
    let configuration = document.config.and_then(|config| {
        let directory = path.parent().unwrap_or(Path::new(""));
        Configuration::load(&config, directory, &variables, metrics, &mut problems)
    });
    if let Some(named) = configuration.as_ref().and_then(|loaded| loaded.variables.as_ref()) {
        for (name, _) in environment.iter().filter(|(name, _)| !named.contains(&name.value)) {
            check_variable(name, named, &mut problems);
        }
    }
    let known = configuration.as_ref().map_or_else(Known::default, |loaded| loaded.known.clone());
    let minter = configuration
        .as_ref()
        .and_then(|loaded| Some(Minter::new(loaded.snapshot.as_ref()?, &loaded.stand_ins, seconds(now))));
    let mut names = HashMap::new();
    let tests = document.tests.into_iter().flat_map(|section| section.value);
    let tests: Vec<Test> = tests
        .filter_map(|test| {
            check_name(test.value.name.as_ref(), &mut names, &mut problems);
            read_test(test, &known, minter.as_ref(), &mut problems)
        })
        .collect();
    match configuration {
        Some(Configuration { path, snapshot: Some(snapshot), scheme, outline, problems: found, .. })
            if !problems.has_errors() && !found.has_errors() =>
        {
            Ok(Suite { config: path, snapshot, scheme, outline, tests })
        }
        Some(Configuration { problems: found, .. }) if found.has_errors() => Err(vec![found, problems]),
        _ => Err(vec![problems]),
    }
}

fn read(path: &Path, problems: &mut Problems) -> Option<Document> {
    let text = source::read(path, problems)?;
    if text.lines().all(|line| line.trim_start().is_empty() || line.trim_start().starts_with('#')) {
        problems.error(Position::START, "the file holds no tests", "start with `config:` and `tests:`");
        return None;
    }
    let (node, _) = source::parse(&text, &|name| std::env::var(name).ok(), problems)?;
    Document::from_node(&node, problems)
}

fn read_test(
    At { at, value: document::Test { name, request, token, expect } }: At<document::Test>,
    known: &Known,
    minter: Option<&Minter<'_>>,
    problems: &mut Problems,
) -> Option<Test> {
    // Each part is read before any is missed, so that every mistake is found.
    let head = request.and_then(|request| request::head(request.value, problems));
    let has_token = token.is_some();
    let text = token.and_then(|token| match (token.value, minter) {
        (document::Token::Written(text), _) => token::written(At { at: token.at, value: text }, problems),
        (document::Token::Signed(signed), minter) => {
            let is_known = signed.issuer.as_ref().is_none_or(|name| known.issuer(name, problems));
            minter.filter(|_| is_known).and_then(|minter| minter.mint(*signed, token.at, problems))
        }
    });
    let expect = expect.and_then(|expect| expect::expectation(expect.value, known, problems));
    let mut head = head?;
    if has_token {
        minter?.present(&mut head, &text?, problems)?;
    }
    Some(Test { name: name?.value, at, head, expect: expect? })
}

fn check_name(name: Option<&At<String>>, seen: &mut HashMap<String, u64>, problems: &mut Problems) {
    let Some(At { at, value }) = name else { return };
    if value.chars().any(char::is_control) {
        problems.error(*at, "a name that cannot be printed", "write it on one line");
    }
    if let Some(line) = seen.get(value) {
        let wrong = format!("a test named `{value}` is already on line {line}");
        problems.error(*at, wrong, "give each test a name of its own");
    } else {
        seen.insert(value.clone(), at.line);
    }
}

/// One that sets nothing would leave its author to believe that it does.
fn check_variable(name: &At<String>, named: &BTreeSet<String>, problems: &mut Problems) {
    let right = match closest(&name.value, named.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None if named.is_empty() => "it names no variable at all; remove `environment`".to_owned(),
        None => format!("it names {}", named.iter().map(String::as_str).collect::<Vec<_>>().join(", ")),
    };
    problems.error(
        name.at,
        format_args!("the configuration does not name the variable `{}`", name.value),
        right,
    );
}

fn seconds(now: SystemTime) -> i64 {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
