//! What is remembered, for how long, and for whom.

use std::sync::Arc;

use serde_json::json;

use super::fixture::*;
use crate::authn::cache::{Refusal, Stage, Turn};
use crate::authn::digest::Digest;
use crate::authn::keys::{KeySet, Keys};
use crate::authn::validity::Timestamp;
use crate::authn::{
    Admission, Algorithm, Algorithms, Authenticator, CredentialError, Error, Issuer, IssuerSpec, Principal,
    SentToken, TokenLimits, Unauthenticated,
};

fn corp_issuer(authenticator: &Authenticator) -> &Issuer {
    &authenticator.issuers()[0]
}

fn counts(issuer: &Issuer) -> (u64, u64) {
    (issuer.metrics().cache_hits.get(), issuer.metrics().cache_misses.get())
}

#[test]
fn a_token_is_verified_once() {
    let authenticator = authenticator();
    let token = corp(json!({}));
    for _ in 0..5 {
        assert_eq!(verify(&authenticator, &token).unwrap().subject(), Some("42"));
    }
    assert_eq!(counts(corp_issuer(&authenticator)), (4, 1));
}

#[test]
fn a_remembered_token_expires_and_is_not_valid_before_its_time() {
    let authenticator = authenticator();
    let token = corp(json!({"nbf": NOW - 5, "iat": null}));
    verify(&authenticator, &token).unwrap();
    let admission = Admission::default();
    let on =
        |now| verify_on(&authenticator, &token, &admission, now).map(|_| ()).map_err(|failure| failure.error);
    assert_eq!(on(NOW + 329), Ok(()));
    assert_eq!(on(NOW + 330), Err(Error::TokenExpired));
    assert_eq!(on(NOW - 36), Err(Error::TokenNotYetValid));
    assert_eq!(counts(corp_issuer(&authenticator)), (3, 1), "all of these were hits");
}

#[test]
fn a_remembered_token_grows_too_old() {
    let authenticator = authenticator();
    let payload = json!({"iss": STRICT, "sub": "1", "aud": "orders", "exp": NOW + 9999, "iat": NOW, "tenant": {"id": 1}});
    let token = token(json!({"alg": "EdDSA", "typ": "at+jwt"}), payload, &SIGNERS.strict);
    let admission = Admission::default();
    let on =
        |now| verify_on(&authenticator, &token, &admission, now).map(|_| ()).map_err(|failure| failure.error);
    assert_eq!((on(NOW), on(NOW + 3600), on(NOW + 3601)), (Ok(()), Ok(()), Err(Error::TokenTooOld)));
}

#[test]
fn each_route_decides_anew_about_a_remembered_token() {
    let authenticator = authenticator();
    let token = corp(json!({"aud": ["orders", "elsewhere"]}));
    let on = |admission: Admission| verify_on(&authenticator, &token, &admission, NOW).map(|_| ());
    let audiences = |names: &[&str]| Admission {
        audiences: Some(names.iter().map(|&name| name.to_owned()).collect()),
        ..Admission::default()
    };
    let issuers = |names: &[&str]| Admission {
        issuers: Some(names.iter().map(|&name| Arc::from(name)).collect()),
        ..Admission::default()
    };
    for round in 0..2 {
        let refused = |outcome: Result<(), crate::authn::Failure>| {
            let failure = outcome.unwrap_err();
            assert_eq!(failure.issuer.as_deref(), Some("corp"), "round {round}");
            failure.error
        };
        assert_eq!(refused(on(audiences(&["billing"]))), Error::AudienceMismatch);
        assert_eq!(refused(on(audiences(&[]))), Error::AudienceMismatch);
        assert_eq!(refused(on(issuers(&["strict"]))), Error::IssuerNotAllowed);
        assert_eq!(refused(on(issuers(&[]))), Error::IssuerNotAllowed);
        // Beside one of the issuer's own, the token has the one that this route asks for.
        on(audiences(&["elsewhere"])).unwrap();
        on(audiences(&["orders"])).unwrap();
        on(issuers(&["strict", "corp"])).unwrap();
        on(Admission::default()).unwrap();
    }
    assert_eq!(counts(corp_issuer(&authenticator)).1, 1);
}

#[test]
fn the_reason_of_a_refused_token_does_not_depend_on_who_asked_first() {
    let authenticator = authenticator();
    let token = corp(json!({"cnf": {"jkt": "x"}}));
    let narrow = Admission { audiences: Some(vec!["billing".into()]), ..Admission::default() };
    for _ in 0..2 {
        let on = |admission: &Admission| verify_on(&authenticator, &token, admission, NOW).unwrap_err().error;
        assert_eq!(on(&Admission::default()), Error::BindingInvalid);
        assert_eq!(on(&narrow), Error::AudienceMismatch);
    }
}

#[test]
fn a_withdrawn_key_takes_its_tokens_along() {
    let authenticator = authenticator();
    let token = corp(json!({}));
    verify(&authenticator, &token).unwrap();
    corp_issuer(&authenticator).keys().withdraw();
    let outcome = verify(&authenticator, &token);
    let (hits, misses) = counts(corp_issuer(&authenticator));
    // whether the keys that stand in for the withdrawn ones verify it is theirs to say; the cache does not
    assert_eq!((hits, misses), (0, if outcome.is_ok() { 2 } else { 1 }));
}

#[test]
fn refused_tokens_leave_no_trace() {
    let authenticator = authenticator();
    let good = corp(json!({}));
    verify(&authenticator, &good).unwrap();
    for round in 0..500 {
        let forged = token(
            json!({"alg": "ES256", "kid": "p256"}),
            with(claims(), json!({"n": round})),
            &SIGNERS.foreign_p256,
        );
        assert_eq!(verify(&authenticator, &forged).unwrap_err(), Error::SignatureInvalid);
        assert_eq!(
            verify(&authenticator, &corp(json!({"exp": 1, "n": round}))).unwrap_err(),
            Error::TokenExpired
        );
    }
    let expired = corp(json!({"exp": NOW - 60}));
    for _ in 0..2 {
        assert_eq!(verify(&authenticator, &expired).unwrap_err(), Error::TokenExpired);
    }
    let (hits, misses) = counts(corp_issuer(&authenticator));
    assert_eq!((hits, misses), (0, 1003), "every refused token was verified anew");
    assert_eq!(corp_issuer(&authenticator).remembered(), 1);
    verify(&authenticator, &good).unwrap();
    assert_eq!(counts(corp_issuer(&authenticator)).0, 1);
}

/// A cache that is full of valid tokens, and a flood of a hundred times as many invalid ones of every kind.
#[test]
fn a_flood_of_invalid_tokens_pushes_no_valid_one_out() {
    let Signer::Secret(secret) = &SIGNERS.secret else { panic!() };
    let hmac = Algorithms::new(vec![Algorithm::Hs256]).unwrap();
    let issuer = Arc::new(Issuer::new(
        IssuerSpec { algorithms: hmac.clone(), token_cache_bytes: 256 * 1024, ..spec("secret", SECRET) },
        Keys::fixed(KeySet::from_secret(secret, &hmac).unwrap()),
        metrics(),
    ));
    let authenticator = Authenticator::new(vec![issuer], TokenLimits::default());
    let of = |changes, signer| {
        token(json!({"alg": "HS256"}), with(with(claims(), json!({"iss": SECRET})), changes), signer)
    };
    let valid: Vec<_> = (0..400).map(|n| of(json!({"n": n}), &SIGNERS.secret)).collect();
    for token in &valid {
        verify(&authenticator, token).unwrap();
    }
    let issuer = corp_issuer(&authenticator);
    let remembered = || -> Vec<bool> {
        valid
            .iter()
            .map(|token| {
                issuer.recall(&Digest::of(token.as_bytes()).unwrap(), Timestamp::of(at(NOW))).is_some()
            })
            .collect()
    };
    let full = issuer.remembered();
    assert!((50..400).contains(&full), "{full} of 400 fit: the cache is full");
    let before = remembered();
    let forger = Signer::Secret(vec![9; 64]);
    for n in 0..10_000 {
        for forged in [
            of(json!({"n": n}), &forger),
            of(json!({"n": n, "exp": 1}), &SIGNERS.secret),
            of(json!({"n": n, "aud": "shop"}), &SIGNERS.secret),
            of(json!({"n": n, "cnf": {}}), &SIGNERS.secret),
        ] {
            verify(&authenticator, &forged).unwrap_err();
        }
    }
    assert_eq!(issuer.remembered(), full);
    assert_eq!(remembered(), before, "the same tokens as before");
}

#[test]
fn what_is_remembered_stays_within_its_bytes() {
    let small = IssuerSpec { token_cache_bytes: 64 * 1024, ..spec("corp", CORP) };
    let issuer = issuer(small, &json!({"keys": [SIGNERS.ed.jwk("ed")]}));
    let authenticator = Authenticator::new(vec![issuer], TokenLimits::default());
    for number in 0..500 {
        let token = token(
            json!({"alg": "EdDSA"}),
            with(claims(), json!({"n": number, "pad": "x".repeat(500)})),
            &SIGNERS.ed,
        );
        verify(&authenticator, &token).unwrap();
    }
    let remembered = corp_issuer(&authenticator).remembered();
    assert!((5..=64).contains(&remembered), "{remembered} entries of about 2 KiB in 64 KiB");
}

/// A gate whose tokens take about 1 KiB each, so that some hundred fit into the first level of 128 KiB and all into the
/// second.
#[test]
fn a_token_that_comes_back_is_kept_and_one_that_does_not_makes_room() {
    let authenticator = Authenticator::new(
        vec![issuer(
            IssuerSpec { token_cache_bytes: 1 << 20, ..spec("corp", CORP) },
            &json!({"keys": [SIGNERS.ed.jwk("ed")]}),
        )],
        TokenLimits::default(),
    );
    let tokens: Vec<_> = (0..400)
        .map(|number| token(json!({"alg": "EdDSA"}), with(claims(), json!({"n": number})), &SIGNERS.ed))
        .collect();
    let (often, once) = tokens.split_at(20);
    let bring = |tokens: &[String]| {
        for token in tokens {
            verify(&authenticator, token).unwrap();
        }
    };
    let corp = corp_issuer(&authenticator);
    let found = |tokens: &[String]| {
        let found = |token: &&String| {
            corp.recall(&Digest::of(token.as_bytes()).unwrap(), Timestamp::of(at(NOW))).is_some()
        };
        tokens.iter().filter(found).count()
    };
    bring(often);
    bring(often);
    assert_eq!(counts(corp), (20, 20));
    bring(once);
    assert_eq!(found(often), 20, "what came twice has its place");
    let left = corp.remembered();
    assert!((40..250).contains(&left), "{left} left: what came once has made room");
    assert_eq!(found(&once[..20]), 0);
    // Its trace is left, unless another token has left the same: then it takes one time more.
    bring(&once[..20]);
    bring(&once[100..]);
    assert!(found(&once[..20]) >= 15, "what comes back is kept");
}

#[test]
fn without_room_nothing_is_remembered_and_all_is_verified() {
    let none = IssuerSpec { token_cache_bytes: 0, ..spec("corp", CORP) };
    let authenticator = Authenticator::new(
        vec![issuer(none, &json!({"keys": [SIGNERS.ed.jwk("ed")]}))],
        TokenLimits::default(),
    );
    let token = token(json!({"alg": "EdDSA"}), claims(), &SIGNERS.ed);
    for _ in 0..3 {
        verify(&authenticator, &token).unwrap();
    }
    assert_eq!(corp_issuer(&authenticator).remembered(), 0);
}

#[test]
fn requests_at_the_same_time_get_their_own_callers() {
    let authenticator = Arc::new(authenticator());
    let tokens: Arc<Vec<(String, String)>> = Arc::new(
        (0..40)
            .map(|number| (format!("user-{number}"), corp(json!({"sub": format!("user-{number}")}))))
            .collect(),
    );
    let threads: Vec<_> = (0..8)
        .map(|thread| {
            let (authenticator, tokens) = (Arc::clone(&authenticator), Arc::clone(&tokens));
            std::thread::spawn(move || {
                for turn in 0..400 {
                    let (subject, token) = &tokens[(turn * 7 + thread) % tokens.len()];
                    let caller: Principal = verify(&authenticator, token).unwrap();
                    assert_eq!(caller.subject(), Some(subject.as_str()));
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let (hits, misses) = counts(corp_issuer(&authenticator));
    assert_eq!((hits + misses, misses), (3200, 40), "one verification per token, however many asked");
}

#[tokio::test]
async fn what_is_no_token_is_told_so_however_long_it_is() {
    let authenticator = authenticator();
    let (known, everywhere) = (corp(json!({})), Admission::default());
    let outcome = authenticator.authenticate(SentToken::new(known.as_bytes()), &everywhere, at(NOW)).await;
    outcome.unwrap();
    let long = "a".repeat(TokenLimits::default().token + 1);
    for sent in [
        "",
        "=",
        "a b",
        &format!("{known},"),
        &format!("{known} "),
        &format!("{known}\u{e9}"),
        &format!("{long},"),
    ] {
        let sent = SentToken::new(sent.as_bytes());
        let outcome = authenticator.authenticate(sent, &everywhere, at(NOW)).await;
        let malformed = Unauthenticated::Credential(CredentialError::Malformed);
        assert_eq!(outcome.unwrap_err(), malformed, "{sent:?}");
    }
    let sent = SentToken::new(long.as_bytes());
    let outcome = authenticator.authenticate(sent, &everywhere, at(NOW)).await;
    assert_eq!(error(outcome), Error::TokenTooLarge);
    assert_eq!(counts(corp_issuer(&authenticator)), (0, 1), "they have not come so far");
}

#[test]
fn verification_can_move_between_threads() {
    fn is_send(_: &impl Send) {}
    let (authenticator, token) = (authenticator(), corp(json!({})));
    let token = SentToken::new(token.as_bytes());
    is_send(&authenticator.authenticate(token, &Admission::default(), at(NOW)));
}

#[test]
fn issuers_are_told_apart_on_hits_too() {
    let authenticator = authenticator();
    let of_corp = corp(json!({}));
    let of_secret = token(json!({"alg": "HS256"}), with(claims(), json!({"iss": SECRET})), &SIGNERS.secret);
    for _ in 0..3 {
        assert_eq!(&**verify(&authenticator, &of_corp).unwrap().issuer(), "corp");
        assert_eq!(&**verify(&authenticator, &of_secret).unwrap().issuer(), "secret");
    }
    assert_eq!(counts(&authenticator.issuers()[2]), (2, 1));
}

/// What 60 requests are answered that bring a token while another one has this outcome for it.
async fn waiting(
    authenticator: &Arc<Authenticator>,
    token: &str,
    admission: &Arc<Admission>,
    outcome: Refusal,
) -> Vec<Error> {
    let corp = corp_issuer(authenticator);
    let digest = Digest::of(token.as_bytes()).unwrap();
    let turn = corp.cache().turn(&digest, corp.keys().generation(), Timestamp::of(at(NOW))).await;
    let Turn::Verify(lead) = turn else { panic!("nobody verifies it yet") };
    let ask = |(authenticator, token, admission): (Arc<Authenticator>, String, Arc<Admission>)| async move {
        let token = SentToken::new(token.as_bytes());
        authenticator.authenticate(token, &admission, at(NOW)).await.map(drop)
    };
    let asked = || (Arc::clone(authenticator), token.to_owned(), Arc::clone(admission));
    let tasks: Vec<_> = (0..60).map(|_| tokio::spawn(ask(asked()))).collect();
    while lead.followers() < tasks.len() {
        tokio::task::yield_now().await;
    }
    // while they wait, the thread has time for others
    let other = corp_token_of(tasks.len());
    ask((Arc::clone(authenticator), other, Arc::new(Admission::default()))).await.unwrap();
    lead.refused(|| outcome);
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(error(task.await.unwrap()));
    }
    answers
}

/// Why the token was refused.
fn error<T>(outcome: Result<T, Unauthenticated>) -> Error {
    match outcome {
        Err(Unauthenticated::Token(failure)) => failure.error,
        Err(Unauthenticated::Credential(_)) => panic!("it is a token"),
        Ok(_) => panic!("it was not refused"),
    }
}

fn corp_token_of(number: usize) -> String {
    corp(json!({"n": number, "at": "the same time"}))
}

#[tokio::test]
async fn forged_tokens_sent_at_once_cost_one_check_and_the_next_is_checked_anew() {
    let authenticator = Arc::new(authenticator());
    let forged = token(json!({"alg": "ES256", "kid": "p256"}), claims(), &SIGNERS.foreign_p256);
    let everywhere = Arc::new(Admission::default());
    let refusal = Refusal { error: Error::SignatureInvalid, at: Stage::Signature };
    let answers = waiting(&authenticator, &forged, &everywhere, refusal).await;
    assert_eq!(answers, vec![Error::SignatureInvalid; 60]);
    let (hits, misses) = counts(corp_issuer(&authenticator));
    assert_eq!((hits, misses), (60, 1), "the one that was verified is the other token");
    let again = SentToken::new(forged.as_bytes());
    let refused = authenticator.authenticate(again, &everywhere, at(NOW)).await;
    assert_eq!(error(refused), Error::SignatureInvalid);
    assert_eq!(counts(corp_issuer(&authenticator)), (60, 2), "nothing was kept");
}

#[tokio::test]
async fn a_shared_refusal_is_each_routes_own() {
    let authenticator = Arc::new(authenticator());
    let bound = corp(json!({"cnf": {"jkt": "x"}}));
    let refusal = || Refusal { error: Error::BindingInvalid, at: Stage::AfterAudience };
    let narrow = Admission { audiences: Some(vec!["billing".into()]), ..Admission::default() };
    for (admission, expected) in
        [(Admission::default(), Error::BindingInvalid), (narrow, Error::AudienceMismatch)]
    {
        let answers = waiting(&authenticator, &bound, &Arc::new(admission), refusal()).await;
        assert_eq!(answers, vec![expected; 60]);
    }
}

/// What a verification hands to others is what they would have found.
#[test]
fn as_many_as_ask_at_once_are_refused_alike() {
    let authenticator = Arc::new(authenticator());
    for (forged, expected) in [
        (
            token(json!({"alg": "RS256", "kid": "rsa"}), claims(), &SIGNERS.foreign_rsa),
            Error::SignatureInvalid,
        ),
        (corp(json!({"exp": NOW - 60})), Error::TokenExpired),
        (corp(json!({"cnf": {}})), Error::BindingInvalid),
    ] {
        let start = Arc::new(std::sync::Barrier::new(16));
        let threads: Vec<_> = (0..16)
            .map(|_| {
                let (authenticator, start, forged) =
                    (Arc::clone(&authenticator), Arc::clone(&start), forged.clone());
                std::thread::spawn(move || {
                    start.wait();
                    (0..20).map(|_| verify(&authenticator, &forged).unwrap_err()).collect::<Vec<_>>()
                })
            })
            .collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), vec![expected.clone(); 20]);
        }
    }
}
