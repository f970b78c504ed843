//! Methods that no client sends, and methods of pages that the route does not take.

use super::code::Code;
use crate::config::document::{Document, Route};
use crate::config::node::At;
use crate::config::problem::Problems;
use crate::route::{is_for_all, near_standard};

pub(super) fn lint(document: &Document, problems: &mut Problems) {
    for route in document.routes.iter().flat_map(|routes| &routes.value) {
        let own = route.r#match.as_ref().and_then(|section| section.value.methods.as_ref());
        let own = own.map(|methods| methods.value.as_slice());
        for At { at, value } in own.unwrap_or_default().iter().filter(|method| is_for_all(&method.value)) {
            let wrong =
                format!("`{value}` is the name of a method here, which no client sends, and not all methods");
            problems.warning(
                Code::CatchAllMethod,
                *at,
                wrong,
                "leave `methods` out for all of them, or name each",
            );
        }
        for At { at, value } in own.unwrap_or_default() {
            if let Some(near) = near_standard(value) {
                let wrong = format!("`{value}` is no usual method, and hardly differs from one");
                problems.warning(Code::UnlikelyMethod, *at, wrong, format_args!("did you mean {near}?"));
            }
        }
        if let Some(own) = own {
            cors(route, own, problems);
        }
    }
}

/// The preflight of another method asks about another route, or about none.
fn cors(route: &Route, own: &[At<String>], problems: &mut Problems) {
    let Some(methods) = route.cors.as_ref().and_then(|cors| cors.value.methods.as_ref()) else { return };
    let lists = |name: &str| own.iter().any(|own| own.value == name);
    let takes = |name: &str| lists(name) || (name == "HEAD" && lists("GET"));
    for At { at, value } in methods.value.iter().filter(|method| method.value != "*" && !takes(&method.value))
    {
        let names: Vec<&str> = own.iter().map(|method| method.value.as_str()).collect();
        let wrong = format!("pages may send `{value}`, and this route takes only {}", names.join(", "));
        problems.warning(
            Code::CorsMethod,
            *at,
            wrong,
            format_args!("leave it out, or add {value} to `match.methods`; a route of its own for it needs its own `cors`"),
        );
    }
}
