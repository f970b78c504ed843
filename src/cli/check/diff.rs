//! `--diff`: what is different between two configurations, the most dangerous first.

use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::{Value, json};

use super::super::{SUCCESS, failure, refused};
use crate::config::{Change, Difference};

pub(super) fn print(differences: &[Difference], as_json: bool, strict: bool) -> ExitCode {
    let printed = if as_json {
        super::print(&Value::Array(differences.iter().map(object).collect()))
    } else {
        lines(differences)
    };
    let lets_in = differences.iter().any(|difference| difference.change <= Change::Looser);
    match printed {
        Err(_) => failure(),
        Ok(()) if strict && lets_in => refused(),
        Ok(()) => SUCCESS,
    }
}

fn lines(differences: &[Difference]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    for Difference { change, subject, name, message } in differences {
        let change = match change {
            // Not to be read over.
            Change::Opened => change.name().to_uppercase(),
            Change::Looser | Change::Changed | Change::Stricter | Change::Closed => change.name().to_owned(),
        };
        match name {
            Some(name) => writeln!(stdout, "{change}: {subject} `{name}`: {message}")?,
            None => writeln!(stdout, "{change}: {message}")?,
        }
    }
    if differences.is_empty() {
        writeln!(stdout, "no difference")?;
    }
    stdout.flush()
}

fn object(Difference { change, subject, name, message }: &Difference) -> Value {
    json!({ "change": change.name(), "subject": subject, "name": name, "message": message })
}
