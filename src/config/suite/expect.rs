//! What is to become of a request, as a test says it. What contradicts itself could never be seen, and is refused.

use super::configuration::Known;
use super::document::{Expect, Status};
use super::reasons;
use crate::config::node::At;
use crate::config::problem::{Problems, closest};
use crate::telemetry::Decision;

/// What a test says of the outcome; what it leaves out may be anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// Whether the request passes.
    pub decision: Option<Decision>,
    /// The status of the gateway's own answer; 200 where the request passes.
    pub status: Option<u16>,
    /// The reason code.
    pub reason: Option<String>,
    /// The route; within, none for no route at all.
    pub route: Option<Option<String>>,
    /// The verified subject; within, none for nobody.
    pub subject: Option<Option<String>>,
    /// Identity headers, by their names in any case; none for one that is absent.
    pub headers: Vec<(String, Option<String>)>,
}

/// What `expect` says; none where what is wrong has been recorded.
pub(super) fn expectation(expect: Expect, known: &Known, problems: &mut Problems) -> Option<Expectation> {
    let Expect { decision, status, reason, route, subject, headers } = expect;
    let mut complete = true;
    if let Some(At { at, value: Status(number) }) = status
        && !reasons::has_status(number)
    {
        problems.error(
            at,
            format_args!("the gateway itself never answers with {number}"),
            "write 200 for a request that passes, or the status of a reason code",
        );
        complete = false;
    }
    if let Some(At { at, value }) = &reason
        && reasons::status(value).is_none()
    {
        let right = closest(value, reasons::known()).map_or_else(
            || "the README lists the reason codes".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        problems.error(*at, format_args!("`{value}` is no reason for a decision"), right);
        complete = false;
    }
    if let Some(At { at, value }) = &route
        && let Some(name) = &value.0
    {
        complete &= known.route(&At { at: *at, value: name.clone() }, problems);
    }
    let mut fields = Vec::new();
    for (name, value) in headers.into_iter().flat_map(|headers| headers.value.entries) {
        complete &= known.header(&name, problems) && value.is_some();
        fields.extend(value.map(|value| (name.value, value.0)));
    }
    if complete {
        complete = agree(decision.as_ref(), status.as_ref(), reason.as_ref(), problems);
    }
    let expectation = Expectation {
        decision: decision.map(|decision| decision.value),
        status: status.map(|status| status.value.0),
        reason: reason.map(|reason| reason.value),
        route: route.map(|route| route.value.0),
        subject: subject.map(|subject| subject.value.0),
        headers: fields,
    };
    complete.then_some(expectation)
}

/// Whether one outcome can be all of these. Where a route only observes, a request passes for whatever reason.
fn agree(
    decision: Option<&At<Decision>>,
    status: Option<&At<Status>>,
    reason: Option<&At<String>>,
    problems: &mut Problems,
) -> bool {
    let passes = |status: u16| if status == PASSED { Decision::Allow } else { Decision::Deny };
    let status_of = reason.and_then(|reason| reasons::status(&reason.value));
    match (decision, status) {
        (Some(decision), Some(At { at, value: Status(status) })) if passes(*status) != decision.value => {
            let right = match decision.value {
                Decision::Allow => "write 200, or leave it out",
                Decision::Deny => "write the status of the refusal, or leave it out",
            };
            problems.error(*at, format_args!("status {status} is no answer of this decision"), right);
            return false;
        }
        _ => {}
    }
    let denies = decision.is_some_and(|decision| decision.value == Decision::Deny);
    let refused = status.map(|status| status.value.0).filter(|status| *status != PASSED);
    if let Some(reason) = reason
        && let Some(of_reason) = status_of
        && (refused.is_some_and(|status| status != of_reason) || denies && of_reason == PASSED)
    {
        let right = if of_reason == PASSED {
            "give the reason of the refusal".to_owned()
        } else {
            format!("its status is {of_reason}")
        };
        problems.error(reason.at, format_args!("`{}` is no reason of this answer", reason.value), right);
        return false;
    }
    true
}

const PASSED: u16 = 200;
