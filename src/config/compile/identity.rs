//! `identity`: the verified identity as headers.

use crate::config::document::{self, IdentityHeader, Path};
use crate::config::lint::Code;
use crate::config::node::At;
use crate::config::problem::Problems;
use crate::upstream::{Format, Identity, IdentityName, IdentityValue, NamePattern, Override};

/// The rules of one `identity` section. `captures` are those of the paths of the routes that it is for, where they are known.
pub(super) fn compile(
    section: At<document::Identity>,
    captures: Option<&[String]>,
    problems: &mut Problems,
) -> Option<Identity> {
    let document::Identity { headers, forward_token, remove, allow } = section.value;
    let given = headers.map(|headers| headers.value.entries).unwrap_or_default();
    let count = given.len();
    let mut headers: Vec<(IdentityName, IdentityValue, Format)> = Vec::with_capacity(count);
    let mut places = Vec::with_capacity(count);
    for (name, header) in given {
        if let Some(compiled) = compile_header(&name, header, captures, problems) {
            headers.push(compiled);
            places.push(name.at);
        }
    }
    let names: Vec<IdentityName> = headers.iter().map(|(name, ..)| name.clone()).collect();
    for (later, first) in IdentityName::clashes(&names) {
        if let (Some(later), Some(first), Some(&at)) = (names.get(later), names.get(first), places.get(later))
        {
            let wrong = format!("`{later}` and `{first}` are one header to many servers");
            problems.error(at, wrong, "choose names that differ in more than case, `-` and `_`");
        }
    }
    let remove = read_all(remove, problems, NamePattern::parse);
    let allow = read_all(allow, problems, Override::parse);
    let complete = headers.len() == count;
    let (remove, allow): (Vec<NamePattern>, Vec<Override>) = (remove?, allow?);
    let forward_token = forward_token.is_some_and(|forward| forward.value);
    complete.then(|| Identity::new(headers, forward_token, remove, &allow))
}

fn compile_header(
    name: &At<String>,
    header: Option<IdentityHeader>,
    captures: Option<&[String]>,
    problems: &mut Problems,
) -> Option<(IdentityName, IdentityValue, Format)> {
    let header_name = IdentityName::parse(&name.value)
        .map_err(|error| problems.refuse(name.at, super::complete(&error, "choose another header")))
        .ok();
    let IdentityHeader { from, format } = header?;
    let from = from?;
    let value = match &from.value {
        Path::Dotted(text) => IdentityValue::parse(text),
        Path::Steps(steps) => IdentityValue::from_steps(steps),
    };
    let value = value
        .map_err(|error| {
            problems.refuse(
                from.at,
                super::complete(
                    &error,
                    "write claims.NAME, roles, scopes, issuer, issuer_tenant or path.NAME",
                ),
            );
        })
        .ok();
    if let (Some(IdentityValue::Capture(capture)), Some(captures)) = (&value, captures)
        && !captures.iter().any(|known| *known == **capture)
    {
        let right = if captures.is_empty() {
            "give a path a capture like {id}".to_owned()
        } else {
            format!("captured are {}", captures.join(", "))
        };
        problems.error(from.at, format_args!("no path that this is for captures `{capture}`"), right);
    }
    let format = match format {
        None => Some(Format::Text),
        Some(At { at, value }) => {
            let format = Format::parse(&value);
            if format.is_none() {
                problems.error(
                    at,
                    format_args!("`{value}` is no format"),
                    "write text, csv, json or base64url",
                );
            }
            format
        }
    };
    if matches!((&value, format), (Some(IdentityValue::Roles | IdentityValue::Scopes), Some(Format::Text))) {
        let wrong = "a list cannot be sent as text, so that whoever has one is refused";
        problems.warning(
            Code::ListAsText,
            from.at,
            wrong,
            "write `{ from: …, format: csv }`, or json or base64url",
        );
    }
    Some((header_name?, value?, format?))
}

fn read_all<T, E: std::error::Error>(
    given: Option<At<Vec<At<String>>>>,
    problems: &mut Problems,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Option<Vec<T>> {
    let texts = given.map(|given| given.value).unwrap_or_default();
    let read: Vec<Option<T>> = texts
        .iter()
        .map(|text| {
            parse(&text.value)
                .map_err(|error| {
                    problems
                        .refuse(text.at, super::complete(&error, "write a header name, or a prefix and `*`"));
                })
                .ok()
        })
        .collect();
    read.into_iter().collect()
}
