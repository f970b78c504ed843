//! `jwtgate schema`: what editors need to complete and check a configuration.

use std::io::{self, Write};
use std::process::ExitCode;

use super::{SUCCESS, failure};
use crate::config;

pub(super) fn schema() -> ExitCode {
    let written = io::stdout().lock().write_all(config::schema().as_bytes());
    if written.is_err() { failure() } else { SUCCESS }
}
