//! Ten thousand generated requests, decided by the running program and by `explain`: the same status, the same reason, the
//! same route and the same identity headers.

mod configuration;
mod request;
mod tokens;

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use self::configuration::configuration;
use self::request::{Generated, SECRET, request};
use self::tokens::tokens;
use super::{assert_discreet, decide, head, rules};
use crate::support::world::Setup;
use crate::support::{Client, Dice, Issuer};

/// What a gateway made of a request.
#[derive(Debug, PartialEq)]
struct Outcome {
    status: u16,
    reason: String,
    decision: String,
    route: Option<String>,
    headers: BTreeMap<String, String>,
}

const IDENTITY: &[&str] = &["x-user", "x-tenant", "x-roles", "x-claims", "x-issuer", "x-id"];
const ROUNDS: u64 = 10;
const REQUESTS: usize = 1_000;

/// All rounds at once: most of the time one waits for another program, or for keys that do not come.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_requests_are_explained_as_they_are_decided() {
    let mut reasons: HashMap<String, usize> = HashMap::new();
    let mut rounds = tokio::task::JoinSet::new();
    for round in 1..=ROUNDS {
        rounds.spawn(compare(round.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
    }
    let mut steps: HashMap<&'static str, usize> = HashMap::new();
    while let Some(round) = rounds.join_next().await {
        let seen = round.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        for (reason, count) in seen.reasons {
            *reasons.entry(reason).or_default() += count;
        }
        for (step, count) in seen.steps {
            *steps.entry(step).or_default() += count;
        }
    }
    // The generator must reach what it is for.
    assert_eq!(reasons.values().sum::<usize>(), usize::try_from(ROUNDS).unwrap() * REQUESTS);
    for step in ["when pass", "preflight pass", "preflight fail"] {
        assert!(steps.contains_key(step), "no request came to {step}: {steps:?}");
    }
    let unmet = ["when fail", "when unanswered"].into_iter().any(|step| steps.contains_key(step));
    assert!(unmet, "no request came to a condition that is not true: {steps:?}");
    for reason in [
        "allowed",
        "public",
        "target_ambiguous",
        "route_not_found",
        "method_not_allowed",
        "credential_malformed",
        "credential_ambiguous",
        "token_missing",
        "token_too_large",
        "token_malformed",
        "critical_header_unsupported",
        "issuer_unknown",
        "algorithm_not_allowed",
        "token_type_not_allowed",
        "key_unknown",
        "keys_unavailable",
        "signature_invalid",
        "token_expired",
        "token_not_yet_valid",
        "audience_mismatch",
        "claim_missing",
        "claim_malformed",
        "binding_invalid",
        "policy_denied",
        "identity_unsendable",
        "cross_site",
        "anonymous",
    ] {
        assert!(reasons.contains_key(reason), "no request came to {reason}: {reasons:?}");
    }
}

/// What a round has come to, and how often.
#[derive(Default)]
struct Seen {
    reasons: HashMap<String, usize>,
    steps: HashMap<&'static str, usize>,
}

async fn compare(seed: u64) -> Seen {
    let mut dice = Dice(seed);
    let partner = Issuer::start().await;
    let setup = Setup::new().await.set("PARTNER", partner.url());
    let yaml = configuration(&mut dice);
    let mut binary = setup.run(&yaml).await;
    let rules = rules(&setup.scratch.path().join("jwtgate.yaml"));
    let tokens = tokens(&setup.issuer, &partner);
    let client = binary.client().await;
    let mut connection = client.connect().await.unwrap();
    let mut sent = Vec::with_capacity(REQUESTS);
    for number in 0..REQUESTS {
        let generated = request(&mut dice, &tokens);
        let id = format!("request-{number}");
        let client: Client = client.host(generated.host);
        let outgoing =
            client.request(generated.method.parse().unwrap(), &generated.target).header("x-request-id", &id);
        let outgoing =
            generated.fields.iter().fold(outgoing, |request, (name, value)| request.header(name, value));
        if connection.is_closed() {
            connection = client.connect().await.unwrap();
        }
        let reply =
            connection.send(outgoing).await.unwrap_or_else(|error| panic!("{yaml}\n{number}: {error}"));
        let explained =
            decide(&rules, &head(generated.method, generated.host, &generated.target, &generated.fields))
                .await;
        assert_discreet(&explained, &generated.token);
        assert_discreet(&explained, SECRET);
        sent.push((id, generated, reply.status, explained));
    }
    let lines = eventually!(
        {
            let lines = binary.stdout();
            (lines.len() >= REQUESTS).then_some(lines)
        },
        "not every request was logged"
    );
    let log: HashMap<String, Value> = lines
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|line| (line["request_id"].as_str().unwrap().to_owned(), line))
        .collect();
    let requests = setup.upstream.requests();
    let arrived: HashMap<&str, _> =
        requests.iter().map(|one| (one.header("x-request-id").unwrap(), one)).collect();
    let mut found = Seen::default();
    for (id, generated, status, explained) in &sent {
        let Generated { method, host, target, .. } = generated;
        let line = &log[id];
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let header = |name: &&&str| Some((name.to_string(), arrived.get(&**id)?.header(name)?.to_owned()));
        // On routes that set nothing of a name, nothing of it arrives: the client's own was removed.
        let decided = Outcome {
            status: *status,
            reason: text("auth.reason"),
            decision: text("auth.decision"),
            route: line["http.route"].as_str().map(str::to_owned),
            headers: IDENTITY.iter().filter_map(|name| header(&name)).collect(),
        };
        let told = serde_json::to_value(explained).unwrap();
        let told = Outcome {
            status: u16::try_from(told["status"].as_u64().unwrap()).unwrap(),
            reason: told["reason"].as_str().unwrap().to_owned(),
            decision: told["decision"].as_str().unwrap().to_owned(),
            route: told["route"].as_str().map(str::to_owned),
            headers: explained
                .headers
                .iter()
                .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
                .collect(),
        };
        assert_eq!(told, decided, "told, decided: {method} {host} {target} in\n{yaml}\n{explained}");
        assert_steps(explained, &mut found);
        *found.reasons.entry(decided.reason).or_default() += 1;
    }
    found
}

/// The steps say what the decision says: one that failed, where one did, and nothing looked at after it.
fn assert_steps(explained: &jwtgate::explain::Explanation, seen: &mut Seen) {
    use jwtgate::explain::{Check, Outcome as Step};
    let steps = explained.steps.iter().filter(|step| !matches!(step.check, Check::Term(_)));
    let steps: Vec<_> = steps.collect();
    let failed: Vec<usize> = (0..steps.len()).filter(|&at| steps[at].outcome == Step::Fail).collect();
    let passes = ["allowed", "public", "anonymous"].contains(&explained.reason);
    assert_eq!(failed.len(), usize::from(!passes), "{explained}");
    if let [at] = failed.as_slice() {
        assert!(steps[at + 1..].iter().all(|step| step.outcome == Step::Skip), "{explained}");
        assert!(steps[*at].expected.is_some() && steps[*at].found.is_some(), "{explained}");
    }
    for step in &explained.steps {
        let is_when = step.check.name().rsplit('.').next() == Some("when");
        let found = step.found.as_deref().unwrap_or_default();
        let kind = match (&step.check, step.outcome) {
            (Check::Preflight, Step::Pass) => "preflight pass",
            (Check::Preflight, Step::Fail) => "preflight fail",
            (_, Step::Pass) if is_when && found == "true" => "when pass",
            (_, Step::Fail) if is_when && found == "false" => "when fail",
            (_, Step::Skip) if is_when && found == "false" && step.note.is_some() => "when spared",
            (_, Step::Fail) if is_when && found.starts_with("the condition has no answer: ") => {
                "when unanswered"
            }
            _ if is_when => panic!("{explained}"),
            _ => continue,
        };
        *seen.steps.entry(kind).or_default() += 1;
    }
}
