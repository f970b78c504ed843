//! The request target: `METHOD TARGET HOST…`, the parts between blanks, the target as it stands in a request line.

#![no_main]

use http::header::HOST;
use http::{HeaderValue, Request, Uri};
use jwtgate::route::Target;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut parts = input.split(|&byte| byte == b' ');
    let (method, target) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let Ok(uri) = Uri::try_from(target) else { return };
    let mut request = Request::builder().method(method).uri(uri);
    for host in parts {
        request = request.header(HOST, host);
    }
    let Ok(request) = request.body(()) else { return };
    let Ok(target) = Target::parse(&request.into_parts().0) else { return };

    // what is matched is what is sent, and means one thing
    let path = target.path();
    assert_eq!(target.path_and_query().path(), path);
    assert_eq!(target.path_and_query().query(), target.query());
    if path == "*" {
        return;
    }
    assert!(path.starts_with('/'), "{path}");
    let folded = path.to_ascii_lowercase();
    // what only some routes allow is told, and no other server finds a dot segment in it
    assert_eq!(path.contains("%2F"), target.data().encoded_slash, "{path}");
    assert_eq!(path.contains(';'), target.data().parameters, "{path}");
    let parts = path.split('/').flat_map(|segment| segment.split("%2F"));
    let cut = parts.map(|part| part.split(';').next().unwrap_or_default());
    assert!(cut.clone().all(|part| part != "." && part != ".."), "{path}");
    let folded = folded.replace("%2f", "x").replace(';', "x");
    for never in ["//", "/./", "/../", "%2f", "%5c", "%2e", "%00", "%3b", "\\", "#", "?"] {
        assert!(!folded.contains(never), "{never} in {path}");
    }
    assert!(!folded.ends_with("/.") && !folded.ends_with("/.."), "{path}");
    let host = target.host().unwrap_or("a.example");
    assert!(!host.ends_with('.') && host == host.to_ascii_lowercase(), "{host}");

    // its own form is its canonical form
    let again = Request::builder()
        .method(target.method())
        .uri(target.path_and_query().as_str())
        .header(HOST, HeaderValue::from_str(host).expect("a host"))
        .body(())
        .expect("a request");
    let again = Target::parse(&again.into_parts().0).expect("what is canonical is unambiguous");
    // As text: the type tells an empty path from `/`, which no request line does.
    assert_eq!(again.path_and_query().as_str(), target.path_and_query().as_str());
    assert_eq!(again.host().unwrap_or("a.example"), host);
});
