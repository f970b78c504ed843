//! `--open-routes`: what requests without a token pass through.

use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::{Value, json};

use super::super::{SUCCESS, failure};
use crate::config::{Checked, OpenRoute};

pub(super) fn print(files: &[Checked], as_json: bool) -> ExitCode {
    let mut routes: Vec<(String, OpenRoute)> = Vec::new();
    for checked in files {
        let file = checked.problems.file().display().to_string();
        routes.extend(checked.open_routes().into_iter().map(|route| (file.clone(), route)));
    }
    let printed = if as_json {
        super::print(&Value::Array(routes.iter().map(|(file, route)| object(file, route)).collect()))
    } else {
        lines(&routes)
    };
    if printed.is_ok() { SUCCESS } else { failure() }
}

/// `FILE:LINE: NAME: METHODS HOSTS PATH; why`, one a line.
fn lines(routes: &[(String, OpenRoute)]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    for (file, OpenRoute { name, line, methods, hosts, path, access, why }) in routes {
        let methods = if methods.is_empty() { "any method".to_owned() } else { methods.join(",") };
        let hosts = if hosts.is_empty() { "any host".to_owned() } else { hosts.join(",") };
        writeln!(stdout, "{file}:{line}: {name}: {methods}, {hosts}, {path}; {access}: {why}")?;
    }
    stdout.flush()
}

fn object(file: &str, OpenRoute { name, line, methods, hosts, path, access, why }: &OpenRoute) -> Value {
    json!({
        "file": file,
        "line": line,
        "route": name,
        "methods": methods,
        "hosts": hosts,
        "path": path,
        "access": access,
        "why": why,
    })
}
