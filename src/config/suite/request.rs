//! The request of a test, as the head that a client would send.

use http::header::{HOST, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Method, Request, Uri};

use super::document;
use crate::config::node::At;
use crate::config::problem::Problems;

/// The head, without a token.
pub(super) fn head(
    document::Request { method, host, path, headers }: document::Request,
    problems: &mut Problems,
) -> Option<Parts> {
    let method = method.map_or(Some(Method::GET), |method| self::method(&method, problems));
    let host = host.map_or(Some(HeaderValue::from_static(HOST_OF_NONE)), |host| {
        let value = HeaderValue::from_str(&host.value).ok();
        reported(
            value,
            &host,
            "host that a request could have",
            "write a name like api.example.com",
            problems,
        )
    });
    let uri = path.and_then(|path| {
        let uri = Uri::try_from(path.value.as_str())
            .ok()
            .filter(|_| path.value.starts_with('/') || path.value == "*");
        reported(
            uri,
            &path,
            "path that a request could have",
            "write it like /orders/42, percent-encoded",
            problems,
        )
    });
    let mut fields = Vec::new();
    let mut complete = true;
    for (name, values) in headers.into_iter().flat_map(|headers| headers.value.entries) {
        let field = field_name(&name, problems);
        complete &= field.is_some() && values.is_some();
        for value in values.into_iter().flat_map(|values| values.0) {
            let read = HeaderValue::from_str(&value.value).ok();
            let read =
                reported(read, &value, "value that a header could have", "write it on one line", problems);
            complete &= read.is_some();
            fields.extend(field.clone().zip(read));
        }
    }
    let (mut head, ()) = Request::new(()).into_parts();
    head.method = method?;
    head.uri = uri?;
    head.headers.insert(HOST, host?);
    for (name, value) in fields {
        head.headers.append(name, value);
    }
    complete.then_some(head)
}

fn method(method: &At<String>, problems: &mut Problems) -> Option<Method> {
    let read = Method::from_bytes(method.value.as_bytes()).ok();
    reported(read, method, "method", "write a name like GET", problems)
}

fn field_name(name: &At<String>, problems: &mut Problems) -> Option<HeaderName> {
    let read = HeaderName::from_bytes(name.value.as_bytes()).ok();
    if read == Some(HOST) {
        problems.error(name.at, "`Host` among the headers", "write it as `host` of the request");
        return None;
    }
    reported(read, name, "name of a header", "write it like X-Request-Id", problems)
}

fn reported<T>(
    read: Option<T>,
    At { at, value }: &At<String>,
    what: &str,
    right: &str,
    problems: &mut Problems,
) -> Option<T> {
    if read.is_none() {
        problems.error(*at, format_args!("`{value}` is no {what}"), right);
    }
    read
}

/// The host of a request that does not say which.
const HOST_OF_NONE: &str = "localhost";
