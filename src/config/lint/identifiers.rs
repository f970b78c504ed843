//! Issuers, audiences and types as no token has them: they are compared byte for byte, and a section that names them so
//! refuses every token.

use super::code::Code;
use crate::authn::Tenants;
use crate::config::document::{Document, Issuer};
use crate::config::node::At;
use crate::config::problem::Problems;

pub(super) fn lint(document: &Document, problems: &mut Problems) {
    let issuers = document.issuers.iter().flat_map(|issuers| &issuers.value.entries);
    let mut seen: Vec<(&str, &At<String>)> = Vec::new();
    for (name, issuer) in issuers.filter_map(|(name, issuer)| Some((name, issuer.as_ref()?))) {
        if let Some(iss) = &issuer.issuer {
            issuer_of_nobody(iss, problems);
            alike(iss, &seen, problems);
            seen.push((name.value.as_str(), iss));
        }
        audiences(issuer, problems);
        token_types(issuer, problems);
    }
}

fn issuer_of_nobody(iss: &At<String>, problems: &mut Problems) {
    let text = iss.value.as_str();
    let document = METADATA.into_iter().find_map(|path| text.trim_end_matches('/').strip_suffix(path));
    let tenant = text.strip_prefix(MICROSOFT).and_then(|path| path.split('/').next());
    let (wrong, right) = if text.trim() != text {
        (
            "the blanks or line breaks at its ends are part of it, and no `iss` has any".to_owned(),
            "remove them".to_owned(),
        )
    } else if let Some(issuer) = document {
        (
            "this is where the issuer's metadata is, and its tokens do not have that as `iss`".to_owned(),
            format!("write what stands as `issuer` in that document, like {issuer}"),
        )
    } else if !Tenants::are_in(text) && text.to_ascii_lowercase().contains("{tenantid}") {
        (
            "`{tenantid}` stands for nothing here, and no `iss` has it".to_owned(),
            "write `{tenant}`, and which they are under `tenants`, or the id of the one tenant".to_owned(),
        )
    } else if let Some(alias) = tenant.filter(|tenant| ALIASES.contains(tenant)) {
        (
            format!("tokens have the id of a tenant in place of `{alias}`"),
            "write that id, or `{tenant}` and which they are under `tenants`".to_owned(),
        )
    } else {
        return;
    };
    problems.warning(Code::UnlikelyIssuer, iss.at, wrong, right);
}

fn alike(iss: &At<String>, earlier: &[(&str, &At<String>)], problems: &mut Problems) {
    let bare = |text: &str| text.strip_suffix('/').unwrap_or(text).to_owned();
    let other = earlier.iter().find(|(_, other)| bare(&other.value) == bare(&iss.value));
    if let Some((name, other)) = other {
        let wrong =
            format!("that of `{name}` on line {} differs by nothing but the slash at the end", other.at.line);
        let right = "remove the section whose `issuer` the tokens do not have as `iss`";
        problems.warning(Code::AlikeIssuers, iss.at, wrong, right);
    }
}

/// RFC 7519 §2: a value with a colon is a URI, in which a comma may stand and white space may not; any other is a name.
fn audiences(issuer: &Issuer, problems: &mut Problems) {
    for audience in issuer.audiences.iter().flat_map(|list| &list.value) {
        let text = audience.value.as_str();
        let is_uri = text.contains(':');
        let (wrong, right) = if text.trim() != text {
            ("the white space at its ends is part of it, and compared", "remove it")
        } else if is_uri && text.contains(char::is_whitespace) {
            (
                "it has a `:` and white space, which no URI has: it is one audience, and white space separates nothing",
                "write a list: [a, b]",
            )
        } else if text.contains(char::is_whitespace) {
            (
                "this is one audience with white space in it, which separates nothing here",
                "write a list: [a, b]",
            )
        } else if text.contains(',') && (!is_uri || text.split(',').all(|part| part.contains(':'))) {
            ("this is one audience with a comma in it, which separates nothing here", "write a list: [a, b]")
        } else {
            continue;
        };
        problems.warning(Code::UnlikelyAudience, audience.at, wrong, right);
    }
}

fn token_types(issuer: &Issuer, problems: &mut Problems) {
    // the asterisk has a lint of its own
    let names = issuer.token_types.iter().flat_map(|list| &list.value);
    for name in names.filter(|name| !name.value.contains('*')) {
        let text = name.value.as_str();
        let letters: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
        let meant = USUAL.into_iter().find(|(letters_of_it, usual)| {
            letters.eq_ignore_ascii_case(letters_of_it) && !text.eq_ignore_ascii_case(usual)
        });
        let (wrong, right) = if let Some((_, usual)) = meant {
            (format!("no token has the type `{text}`"), format!("write `{usual}`"))
        } else if ["none", "null"].into_iter().any(|none| text.eq_ignore_ascii_case(none)) {
            (
                format!("`{text}` is compared as a type, and no token has it"),
                "write `absent` for tokens without one".to_owned(),
            )
        } else if text.chars().all(is_of_media_type) {
            continue;
        } else {
            (
                format!("`{text}` is no media type, and so no `typ`"),
                "write it as tokens have it, like at+jwt".to_owned(),
            )
        };
        problems.warning(Code::UnlikelyTokenType, name.at, wrong, right);
    }
}

/// RFC 6838 §4.2, and the slash between type and subtype.
fn is_of_media_type(character: char) -> bool {
    character.is_ascii_alphanumeric() || "!#$&-^_.+/".contains(character)
}

/// Types by their letters alone.
const USUAL: [(&str, &str); 4] =
    [("atjwt", "at+jwt"), ("jwt", "JWT"), ("applicationatjwt", "application/at+jwt"), ("absent", "absent")];
const METADATA: [&str; 2] = ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"];
const MICROSOFT: &str = "https://login.microsoftonline.com/";
/// What stands in place of a tenant where tokens are asked for, and in none of them.
const ALIASES: [&str; 3] = ["common", "organizations", "consumers"];
