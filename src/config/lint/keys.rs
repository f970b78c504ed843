//! Key files: without a usable key, none of whose keys is for the issuer's algorithms, some of whose keys are left out or
//! never tried, or that hold private ones. Directories of kept keys: that others may write to.

use std::path::Path;

use super::code::Code;
use crate::authn::keys::{
    KeyDefect, KeySet, KeySetError, Note, Origin, Selection, SkippedKey, VerificationKey, exposure, printable,
};
use crate::authn::{Algorithm, Algorithms};
use crate::config::document::{Document, Issuer};
use crate::config::node::{At, Given};
use crate::config::problem::{Position, Problems};

pub(super) fn lint(document: &Document, directory: &Path, problems: &mut Problems) {
    let issuers = document.issuers.iter().flat_map(|issuers| &issuers.value.entries);
    for issuer in issuers.filter_map(|(_, issuer)| issuer.as_ref()) {
        kept(issuer, directory, problems);
        look(issuer, directory, problems);
    }
}

fn look(issuer: &Issuer, directory: &Path, problems: &mut Problems) -> Option<()> {
    let keys = issuer.keys.as_ref()?.value.0.as_ref()?;
    // What cannot be read is reported where that matters.
    let read = |file: &At<Given<String>>| std::fs::read(directory.join(file.value.0.as_ref()?)).ok();
    let (file, set) = match (&keys.jwks_file, &keys.pem_file) {
        (Some(file), _) => {
            let iss = issuer.issuer.as_ref().map_or("", |iss| &iss.value);
            match KeySet::from_jwks_of(iss, &read(file)?, Origin::File) {
                Ok(set) => (file, set),
                Err(ref error @ KeySetError::Unusable { ref skipped }) if skipped.is_empty() => {
                    let right = "every token is refused; give the issuer's keys unless they are withdrawn";
                    problems.warning(Code::NoUsableKey, file.at, format_args!("the key set {error}"), right);
                    return None;
                }
                Err(_) => return None,
            }
        }
        (None, Some(file)) => (file, KeySet::from_pem(&read(file)?).ok()?),
        (None, None) => return None,
    };
    let algorithms: Vec<Algorithm> = match &issuer.algorithms {
        Some(names) => names.value.iter().filter_map(|name| Algorithm::parse(&name.value)).collect(),
        None => Algorithms::asymmetric().iter().collect(),
    };
    let fits = |&algorithm: &Algorithm| matches!(set.select(None, algorithm), Selection::Keys(_));
    if !algorithms.iter().any(fits) {
        let names: Vec<&str> = algorithms.iter().map(|algorithm| algorithm.name()).collect();
        let fitting: Vec<&str> = Algorithm::ALL
            .iter()
            .filter(|algorithm| fits(algorithm) && !algorithm.is_hmac())
            .map(|algorithm| algorithm.name())
            .collect();
        let wrong = format!("none of the keys in it is for {}", names.join(", "));
        let right = if fitting.is_empty() && !secrets(&set).is_empty() {
            SECRETS.to_owned()
        } else if fitting.is_empty() {
            "give the issuer's own keys".to_owned()
        } else {
            format!(
                "its keys are for {}: name these under `algorithms`, or give other keys",
                fitting.join(", ")
            )
        };
        problems.warning(Code::NoFittingKey, file.at, wrong, right);
    } else if !secrets(&set).is_empty() {
        let wrong =
            format!("no token is verified with a shared secret from here: {}", secrets(&set).join(", "));
        problems.warning(Code::LeftOutKey, file.at, wrong, SECRETS);
    }
    left_out(&set, file.at, problems);
    odd(&set, file.at, problems);
    Some(())
}

/// Keys that the gateway does without. Those for encryption are there by right, as long as there are others.
fn left_out(set: &KeySet, at: Position, problems: &mut Problems) {
    let is_mistake = |key: &SkippedKey| key.why != KeyDefect::OtherUse;
    let (skipped, count) = (set.skipped(), set.skipped().len());
    if skipped.iter().any(is_mistake) || count > set.keys().len() {
        let mut listed: Vec<String> = skipped.iter().take(LISTED).map(ToString::to_string).collect();
        if count > LISTED {
            listed.push(format!("and {} more", count - LISTED));
        }
        let wrong =
            format!("{count} of its {} keys are left out: {}", count + set.keys().len(), listed.join(", "));
        let right = "tokens of these keys are refused; mend or remove them";
        problems.warning(Code::LeftOutKey, at, wrong, right);
    }
}

/// The keys that are shared secrets, which nothing in a key set is verified with.
fn secrets(set: &KeySet) -> Vec<String> {
    let is_secret = |key: &VerificationKey| {
        Algorithm::ALL.into_iter().all(|algorithm| !key.suits(algorithm) || algorithm.is_hmac())
    };
    let secrets = set.keys().iter().filter(|key| is_secret(key));
    secrets.map(|key| key.kid().map_or_else(|| "one without kid".to_owned(), printable)).collect()
}

fn kept(issuer: &Issuer, directory: &Path, problems: &mut Problems) -> Option<()> {
    let state_dir = issuer.keys.as_ref()?.value.0.as_ref()?.state_dir.as_ref()?;
    let exposure = exposure(&directory.join(&state_dir.value))?;
    // On another machine than the gateway's, who owns it says nothing.
    if problems.is_offline() && !exposure.is_for_everybody() {
        return None;
    }
    let right = exposure.right_for_its_user();
    problems.warning(Code::ExposedStateDir, state_dir.at, exposure.wrong(), right);
    Some(())
}

fn odd(set: &KeySet, at: Position, problems: &mut Problems) {
    for (note, code, right) in [
        (
            Note::Untried,
            Code::UntriedKey,
            "remove keys that are not used any more, or give each a `kid` in a JWK set",
        ),
        (Note::PrivateParts, Code::PrivateKey, "leave only the public members in the file"),
    ] {
        let mut odd = set.notes().iter().filter(|key| key.note == note);
        if let Some(first) = odd.next() {
            let others = match odd.count() {
                0 => String::new(),
                others => format!(", and {others} more"),
            };
            problems.warning(code, at, format_args!("key {} in it {note}{others}", first.index + 1), right);
        }
    }
}

const SECRETS: &str = "shared secrets belong into `keys: { secret: { file: … } }`";
const LISTED: usize = 8;
