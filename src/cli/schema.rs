//! `jwtgate schema`: what editors need to complete and check a configuration.

use std::io::{self, Write};
use std::process::ExitCode;

use super::{SUCCESS, failure};
use crate::config;

pub(super) fn schema(tests: bool) -> ExitCode {
    let schema = if tests { config::schema_of_tests() } else { config::schema() };
    let written = io::stdout().lock().write_all(schema.as_bytes());
    if written.is_err() { failure() } else { SUCCESS }
}
