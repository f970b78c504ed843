//! The parts of a requirement: by the names of the file, and told apart by whether anybody is refused for them.

use serde_json::json;

use super::{decide, head, rules};
use crate::support::world::Setup;

const RULES: &str = "
routes:
  - name: open
    match: { path: /open }
    access: authenticated
    upstream: orders
";

#[tokio::test]
async fn a_verified_token_without_a_subject_is_no_lack_of_a_token() {
    let setup = Setup::new().await;
    let rules = rules(&setup.write(RULES));
    for (token, verified, subject) in [
        (setup.issuer.token().sign(), true, "subject: alice\n"),
        (
            setup.issuer.token().without("sub").sign(),
            true,
            "subject: none: the token is verified and has no `sub`\n",
        ),
        (setup.issuer.token().claim("exp", 1).sign(), false, "subject: none verified\n"),
    ] {
        let fields = [("authorization".to_owned(), format!("Bearer {token}"))];
        let explained = decide(&rules, &head("GET", "localhost", "/open", &fields)).await;
        assert!(explained.to_string().contains(subject), "{explained}");
        assert_eq!(serde_json::to_value(&explained).unwrap()["verified"], json!(verified), "{explained}");
    }
}
