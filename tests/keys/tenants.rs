//! Issuers with many tenants: one section, one key set, and an `iss` that differs.

use serde_json::json;

use crate::support::world::{Setup, World};
use crate::support::{Gateway, TokenBuilder};

/// An issuer with these tenants, and these routes.
fn yaml(tenants: &str, routes: &str) -> String {
    format!(
        "
issuers:
  login:
    issuer: $ISSUER/{{tenant}}/v2.0
    tenants: {tenants}
    audiences: [orders-api]
    keys: {{ jwks_uri: $ISSUER/jwks.json }}
policies:
  customers: {{ issuer_tenant: {{ any: [acme, bolt] }} }}
identity:
  headers: {{ X-Tenant: issuer_tenant, X-User: claims.sub }}
routes:
{routes}"
    )
}

/// A route of this path with this access.
fn route(path: &str, access: &str) -> String {
    let name = path.trim_matches(['/', '*']).replace('/', "-");
    format!("  - {{ name: r{name}, match: {{ path: {path} }}, access: {access}, upstream: orders }}\n")
}

fn token(world: &World, tenant: &str) -> TokenBuilder {
    world.issuer.token().claim("iss", format!("{}/{tenant}/v2.0", world.issuer.url()))
}

async fn errors_of(yaml: &str) -> String {
    let setup = Setup::new().await;
    Gateway::try_start(&setup.write(yaml)).await.expect_err("a configuration that is refused")
}

#[tokio::test]
async fn listed_tenants_pass_and_no_others() {
    let world = World::start(&yaml("[acme, bolt]", &route("/**", "authenticated"))).await;
    for tenant in ["acme", "bolt"] {
        // A claim of that name is nobody's word but the token's.
        let token = token(&world, tenant).claim("issuer_tenant", "other").sign();
        for _ in 0..2 {
            world.client.get("/").bearer(&token).send().await.assert_passed();
        }
        for request in world.upstream.take_requests() {
            assert_eq!(request.header("x-tenant"), Some(tenant));
        }
    }
    world.upstream.must_not_be_reached();
    for tenant in ["evil", "acme/bolt", "", "Acme", "acme%2f", "..", "{tenant}"] {
        let token = token(&world, tenant).sign();
        world.assert_reason(world.client.get("/").bearer(&token), "issuer_unknown").await;
    }
    let bare = world.issuer.token().sign();
    world.assert_reason(world.client.get("/").bearer(&bare), "issuer_unknown").await;
}

#[tokio::test]
async fn a_route_says_whose_tenants_it_means() {
    let routes = [
        route("/acme/**", "{ require: { issuer_tenant: acme } }"),
        route("/both/**", "{ require: customers }"),
        route("/open", "public"),
    ];
    let world = World::start(&yaml("any", &routes.concat())).await;
    for (tenant, path, status) in [
        ("acme", "/acme/a", 200),
        ("acme", "/both/a", 200),
        ("bolt", "/acme/a", 403),
        ("bolt", "/both/a", 200),
        ("evil", "/acme/a", 403),
        ("evil", "/both/a", 403),
    ] {
        // Twice: remembered tokens keep their tenant.
        for _ in 0..2 {
            let reply = world.client.get(path).bearer(&token(&world, tenant).sign()).send().await;
            assert_eq!(reply.status, status, "{tenant} at {path}");
        }
    }
}

#[tokio::test]
async fn any_tenant_is_for_routes_that_say_which() {
    for open in [
        "authenticated",
        "optional",
        "{ audiences: [orders-api] }",
        "{ require: { roles: admin } }",
        "{ require: { issuer_tenant: { none: [evil] } } }",
        "{ require: { not: customers } }",
        "{ require: { any_of: [customers, { roles: admin }] } }",
    ] {
        let errors = errors_of(&yaml("any", &route("/**", open))).await;
        assert!(errors.contains("`tenants: any`"), "{open}: {errors}");
    }
    for said in [
        "{ require: [customers] }",
        "{ require: { all_of: [customers, { roles: admin }] } }",
        "{ require: { any_of: [customers, { issuer_tenant: third, roles: admin }] } }",
    ] {
        World::start(&yaml("any", &route("/**", said))).await;
    }
}

#[tokio::test]
async fn a_key_of_one_tenant_signs_for_no_other() {
    let setup = Setup::new().await;
    let mut own = setup.issuer.key().jwk();
    own["issuer"] = json!(format!("{}/acme/v2.0", setup.issuer.url()));
    let shared = setup.issuer.rotate();
    let mut of_all = shared.jwk();
    of_all["issuer"] = json!(format!("{}/{{tenantid}}/v2.0", setup.issuer.url()));
    setup.issuer.publish_only(vec![own.clone(), of_all]);
    let old = own["kid"].as_str().unwrap().to_owned();
    let world = setup.start(&yaml("[acme, bolt]", &route("/**", "authenticated"))).await;
    for tenant in ["acme", "bolt"] {
        world.client.get("/").bearer(&token(&world, tenant).sign()).send().await.assert_passed();
    }
    // The key is looked at before the signature is: that of another would do as little.
    let foreign = token(&world, "bolt").header("kid", old.as_str()).sign();
    world.assert_reason(world.client.get("/").bearer(&foreign), "key_unsuitable").await;
    let forged = token(&world, "acme").header("kid", old.as_str()).sign();
    world.assert_reason(world.client.get("/").bearer(&forged), "signature_invalid").await;
}

#[tokio::test]
async fn what_is_ambiguous_is_refused() {
    let one = |issuer: &str, rest: &str| {
        format!(
            "issuer: $ISSUER/{issuer}, audiences: [orders-api], keys: {{ jwks_uri: $ISSUER/jwks.json }}{rest}"
        )
    };
    for (first, second, expected) in [
        (one("{tenant}", ", tenants: [a]"), one("a", ""), "of this one too"),
        (one("a", ""), one("{tenant}", ", tenants: [a]"), "of this one too"),
        (one("{tenant}/x", ", tenants: [a, b]"), one("b/{tenant}", ", tenants: [x]"), "of this one too"),
        (one("{tenant}", ""), one("x", ""), "no `tenants`"),
        (one("a", ", tenants: [a]"), one("x", ""), "no place for them"),
        (one("a{tenant}", ", tenants: [a]"), one("x", ""), "whole segment"),
        (one("{tenant}", ", tenants: [a/b]"), one("x", ""), "no tenant"),
        (one("{tenant}", ", tenants: all"), one("x", ""), "neither `any` nor a list"),
        (one("{tenant}", ", tenants: []"), one("x", ""), "empty"),
        ("issuer: $ISSUER/{tenant}, audiences: [a], tenants: [a]".to_owned(), one("x", ""), "jwks_uri"),
    ] {
        let quoted =
            |text: String| text.replace("issuer: ", "issuer: '").replacen(", audiences", "', audiences", 1);
        let issuers = format!("issuers:\n  a: {{ {} }}\n  b: {{ {} }}\n", quoted(first), quoted(second));
        let errors = errors_of(&format!("{issuers}routes:\n{}", route("/**", "authenticated"))).await;
        assert!(errors.contains(expected), "{expected}: {errors}\n{issuers}");
    }
}
