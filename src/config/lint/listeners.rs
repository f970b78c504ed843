//! Listeners: plaintext where others can reach it, and certificates that clients refuse, now or soon.

use std::path::Path;
use std::time::SystemTime;

use super::certificates::{self, Standing};
use super::code::Code;
use crate::config::document::{Document, Listener};
use crate::config::problem::Problems;

pub(super) fn lint(document: &Document, directory: &Path, problems: &mut Problems) {
    #[expect(clippy::disallowed_methods, reason = "the time of a configuration, not of a request")]
    let now = SystemTime::now();
    for listener in document.listeners.iter().flat_map(|listeners| &listeners.value) {
        plaintext(listener, problems);
        certificate(listener, directory, now, problems);
    }
}

fn plaintext(Listener { address, tls, .. }: &Listener, problems: &mut Problems) {
    if let (Some(address), None) = (address, tls)
        && !address.value.socket.ip().to_canonical().is_loopback()
    {
        let wrong = format!("{} takes tokens in plain text from other machines", address.value.text);
        let right = "give it `tls`, or bind it to 127.0.0.1";
        problems.warning(Code::PlaintextListener, address.at, wrong, right);
    }
}

fn certificate(listener: &Listener, directory: &Path, now: SystemTime, problems: &mut Problems) {
    let Some(file) = listener.tls.as_ref().and_then(|tls| tls.value.certificate.as_ref()) else { return };
    // What cannot be read is reported where that matters.
    let Ok(chain) = std::fs::read(directory.join(&file.value)) else { return };
    for (index, standing) in certificates::standings(&chain, now).into_iter().enumerate() {
        let whose = match index {
            0 => "the certificate".to_owned(),
            // The server's own comes first.
            _ => format!("certificate {} of the chain", index + 1),
        };
        let (code, wrong, right) = match standing {
            Standing::Good => continue,
            Standing::Expired(date) => {
                (Code::CertificateExpired, format!("{whose} expired on {date}"), "renew it")
            }
            Standing::ExpiresSoon(date) => {
                (Code::CertificateExpiresSoon, format!("{whose} expires on {date}"), "renew it before that")
            }
            Standing::NotYetValid(date) => (
                Code::CertificateNotYetValid,
                format!("{whose} is not valid before {date}"),
                "use it from then on, or mend this machine's clock",
            ),
        };
        problems.warning(code, file.at, wrong, right);
    }
}
