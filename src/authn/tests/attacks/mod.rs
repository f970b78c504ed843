//! The attack table: what is done to a token, and the first check that must stop it; beside it the controls, tokens
//! of every allowed shape, which must pass.
//!
//! Each line is run twice against one authenticator, after the controls have filled its cache and again afterwards: no
//! order and no memory may change an answer. The numbers in brackets are those of the advisories.

mod claims;
mod controls;
mod form;
mod header;
mod keys;
mod signatures;

use super::fixture::*;
use crate::authn::Error;

/// One line of the table.
struct Case {
    what: String,
    token: String,
    expected: Result<(), Error>,
}

fn refused(what: impl Into<String>, error: Error, token: impl Into<String>) -> Case {
    Case { what: what.into(), token: token.into(), expected: Err(error) }
}

fn passes(what: impl Into<String>, token: impl Into<String>) -> Case {
    Case { what: what.into(), token: token.into(), expected: Ok(()) }
}

fn missing(name: &'static str) -> Error {
    Error::ClaimMissing(name.into())
}

fn malformed(name: &'static str) -> Error {
    Error::ClaimMalformed(name.into())
}

fn attacks() -> Vec<Case> {
    [form::cases(), header::cases(), keys::cases(), signatures::cases(), claims::cases()]
        .into_iter()
        .flatten()
        .collect()
}

/// The lines whose outcome is not the expected one.
fn wrong(cases: &[Case], authenticator: &crate::authn::Authenticator) -> Vec<String> {
    let outcome = |case: &Case| verify(authenticator, &case.token).map(|_| ());
    let differing =
        cases.iter().map(|case| (case, outcome(case))).filter(|(case, outcome)| *outcome != case.expected);
    differing.map(|(case, outcome)| format!("{}: {outcome:?}, not {:?}", case.what, case.expected)).collect()
}

#[test]
fn every_attack_is_stopped_by_the_check_that_should_and_every_control_passes() {
    let (attacks, controls) = (attacks(), controls::cases());
    println!("{} attacks, {} controls", attacks.len(), controls.len());
    assert!(attacks.len() >= 300, "{} attacks", attacks.len());
    assert!(controls.len() >= 80, "{} controls", controls.len());
    let authenticator = authenticator();
    for cases in [&attacks, &controls, &attacks, &controls] {
        let wrong = wrong(cases, &authenticator);
        assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    }
}

#[test]
fn no_line_of_the_table_is_there_twice() {
    let mut tokens = std::collections::BTreeMap::new();
    for case in attacks().into_iter().chain(controls::cases()) {
        if let Some(other) = tokens.insert(case.token, case.what.clone()) {
            panic!("{other} and {} are one token", case.what);
        }
    }
}
