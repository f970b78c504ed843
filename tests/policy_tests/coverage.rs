//! `--coverage` lists what no test has seen both allow and deny, at its place in the configuration.

use super::{run, said};
use crate::support::{Binary, Scratch};

/// Tests that cover everything, with what is not covered where one is left out.
const COVERING: &[(&str, &[&str])] = &[(
    "{ path: /health }, expect: { decision: allow }",
    &["37:11: route `health`: no test has seen it taken"],
)];
