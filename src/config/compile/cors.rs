//! `cors` of a route: which pages of other origins may use it.

use http::{HeaderName, Method};

use crate::authn::{Credentials, Place};
use crate::config::document;
use crate::config::lint::Code;
use crate::config::node::At;
use crate::config::problem::{Position, Problems};
use crate::proxy::{Cors, Pages};
use crate::route::{Methods, Origin};

/// The rules of one route, whose own methods are those of `cors` where it names none. `credentials` is where its token
/// may be; none on a public route.
pub(super) fn compile(
    At { at, value }: At<document::Cors>,
    own: Option<Vec<String>>,
    credentials: Option<&Credentials>,
    problems: &mut Problems,
) -> Option<Cors> {
    let with_credentials = value.credentials.as_ref().is_some_and(|credentials| credentials.value);
    let pages = value.origins.and_then(|origins| pages(&origins.value, with_credentials, problems));
    let methods = match value.methods {
        Some(methods) => names(&methods.value, with_credentials, problems, |name| {
            Methods::parse(&[name.to_owned()]).map(drop).map_err(|error| error.to_string())
        }),
        None => own.or(Some(Vec::new())),
    };
    let header = |name: &str| {
        let wrong = || format!("`{name}` is not the name of a header; letters, digits and hyphens make one");
        HeaderName::from_bytes(name.as_bytes()).map(drop).map_err(|_| wrong())
    };
    let headers = match value.headers {
        Some(headers) => names(&headers.value, with_credentials, problems, header),
        None => Some(Vec::new()),
    };
    let exposed = match value.expose {
        Some(exposed) => names(&exposed.value, with_credentials, problems, header),
        None => Some(Vec::new()),
    };
    if let Some(age) = value.max_age.as_ref().filter(|age| age.value.subsec_nanos() != 0) {
        problems.error(
            age.at,
            "a part of a second, which no browser counts",
            "write whole seconds, like 10m",
        );
    }
    let (headers, max_age) = (headers?, value.max_age.map(|age| age.value));
    lint_token(at, credentials, &headers, with_credentials, problems);
    Some(Cors::new(pages?, &methods?, &headers, &exposed?, max_age))
}

/// The names of a list, or `*` alone.
fn names(
    given: &[At<String>],
    with_credentials: bool,
    problems: &mut Problems,
    parse: impl Fn(&str) -> Result<(), String>,
) -> Option<Vec<String>> {
    let mut complete = true;
    for At { at, value } in given {
        let wrong = match value.as_str() {
            "*" if with_credentials => Some(
                "`*` stands for itself in requests with credentials; name each, or remove `credentials`"
                    .to_owned(),
            ),
            "*" if given.len() > 1 => Some("`*` stands for all; name it alone".to_owned()),
            "*" => None,
            name => parse(name).err(),
        };
        if let Some(wrong) = wrong {
            problems.refuse(*at, wrong);
            complete = false;
        }
    }
    complete.then(|| given.iter().map(|name| name.value.clone()).collect())
}

fn pages(given: &[At<String>], with_credentials: bool, problems: &mut Problems) -> Option<Pages> {
    const RIGHT: &str =
        "write scheme, host and, unless it is the scheme's own, port, as in https://app.example.com";
    let mut origins = Vec::with_capacity(given.len());
    for At { at, value } in given {
        let (wrong, right) = match Origin::parse(value.as_bytes()) {
            _ if value == "*" && with_credentials => (
                "every page would act and read in the name of its visitors".to_owned(),
                "name the origins, or remove `credentials`",
            ),
            _ if value == "*" && given.len() > 1 => {
                ("`*` is every origin".to_owned(), "name it alone, or not at all")
            }
            _ if value == "*" => return Some(Pages::Any),
            _ if value == "null" => ("`null` is every page in a sandbox and every file".to_owned(), RIGHT),
            Some(_) if value.bytes().any(|byte| byte.is_ascii_uppercase()) => (
                format!("browsers send origins in lower case, and never `{value}`"),
                "write it in lower case",
            ),
            Some(origin) if origins.contains(&origin) => {
                (format!("`{value}` is there twice"), "name it once")
            }
            Some(origin) => {
                origins.push(origin);
                continue;
            }
            None => (format!("`{value}` is no origin"), RIGHT),
        };
        problems.error(*at, wrong, right);
    }
    // Fewer origins than given: each mistake is reported.
    (origins.len() == given.len()).then_some(Pages::Of { origins, credentials: with_credentials })
}

/// Warns of rules under which no page can send a token.
fn lint_token(
    at: Position,
    credentials: Option<&Credentials>,
    headers: &[String],
    with_credentials: bool,
    problems: &mut Problems,
) {
    let lists = |name: &str| headers.iter().any(|header| header.eq_ignore_ascii_case(name));
    let can_send = |place: &Place| match place {
        // The one name that `*` does not stand for.
        Place::Authorization => lists("authorization"),
        Place::Header(name) => lists(name.as_str()) || lists("*"),
        Place::Cookie(_) => with_credentials,
        Place::Query(_) => true,
    };
    if credentials.is_some_and(|credentials| !credentials.places().iter().any(can_send)) {
        let right = "list Authorization in `headers`, which `*` does not stand for, or the header of the token; \
                     cookies need `credentials: true`";
        problems.warning(
            Code::CorsWithoutToken,
            at,
            "no page of another origin can send a token here",
            right,
        );
    }
}

/// The methods of a route as its preflights list them.
pub(super) fn listed(methods: &Methods) -> Option<Vec<String>> {
    let listed: Vec<String> = methods.iter().map(Method::to_string).collect();
    (!listed.is_empty()).then_some(listed)
}
