//! Generated requests: most of them nearly right.

use crate::support::Dice;

const TARGETS: &[&str] = &[
    "/orders",
    "/orders/",
    "/orders/42",
    "/orders/42?x=1",
    "/Orders/42",
    "/orders/42/lines",
    "/acme/items/7",
    "/acme/items/",
    "/public/a",
    "/public",
    "/Admin",
    "/admin",
    "/a/b/c",
    "/a/b",
    "/",
    "/else/where",
    "/orders//42",
    "/orders/%2e%2e/x",
    "/orders/a%2Fb",
    "/orders/a;b",
    "/orders/%41",
    "/orders/a%20b",
    "/orders/%zz",
];
const REQUEST_METHODS: &[&str] = &["GET", "GET", "GET", "HEAD", "POST", "DELETE", "PUT", "BREW", "delete"];
const REQUEST_HOSTS: &[&str] = &[
    "api.example.com",
    "API.example.com.:80",
    "a.b.example.com",
    "other.example.net",
    "localhost",
    "b_d!host",
];

/// A text that no explanation may hold, whatever it is a part of.
pub(super) const SECRET: &str = "s3cret-of-another-cookie";
const ORIGINS: &[&str] = &[
    "https://app.example.com",
    "http://other.example.net",
    "https://api.example.com",
    "http://localhost",
    "https://evil.example",
    "null",
];

#[derive(Debug)]
pub(super) struct Generated {
    pub(super) method: &'static str,
    pub(super) host: &'static str,
    pub(super) target: String,
    pub(super) fields: Vec<(String, String)>,
    pub(super) token: String,
}

pub(super) fn request(dice: &mut Dice, tokens: &[String]) -> Generated {
    let token = dice.one(tokens).clone();
    let mut target = (*dice.one(TARGETS)).to_owned();
    let field = |name: &str, value: String| (name.to_owned(), value);
    let authorization = |value: String| field("authorization", value);
    let join = |target: &str, query: String| {
        format!("{target}{}{query}", if target.contains('?') { '&' } else { '?' })
    };
    let mut fields = match dice.below(30) {
        0 | 1 => vec![],
        2 => vec![authorization(format!("Basic {token}"))],
        3 => vec![authorization(format!("Bearer Bearer {token}"))],
        4 => vec![authorization(format!("Bearer {token}")), authorization(format!("Bearer {token}"))],
        5 => vec![authorization("Bearer".to_owned())],
        6 => vec![authorization(format!("bEARER   {token}"))],
        7..12 => vec![field("cookie", format!("a=1; access={token}; b={SECRET}"))],
        12 => vec![field("cookie", format!("access=Bearer {SECRET}"))],
        13..16 => vec![field("x-api-token", token.clone())],
        16..18 => {
            target = join(&target, format!("access_token={token}"));
            vec![]
        }
        18 => {
            target = join(&target, format!("access_token={SECRET}"));
            vec![authorization(format!("Bearer {token}"))]
        }
        19 => vec![field("x-api-token", SECRET.to_owned()), field("cookie", format!("access={token}"))],
        _ => vec![authorization(format!("Bearer {token}"))],
    };
    if dice.below(4) == 0 {
        fields
            .push(field(dice.one::<&str>(&["x-user", "x_user", "x-tenant", "x-seen"]), "forged".to_owned()));
    }
    let mut method = *dice.one::<&'static str>(REQUEST_METHODS);
    if dice.below(4) == 0 {
        fields.push(field("origin", (*dice.one::<&str>(ORIGINS)).to_owned()));
        if dice.below(2) == 0 {
            method = "OPTIONS";
            fields.push(field("access-control-request-method", (*dice.one(REQUEST_METHODS)).to_owned()));
        }
    }
    if dice.below(6) == 0 {
        fields.push(field("sec-fetch-site", (*dice.one(&["same-origin", "cross-site"])).to_owned()));
    }
    Generated { method, host: dice.one::<&'static str>(REQUEST_HOSTS), target, fields, token }
}
