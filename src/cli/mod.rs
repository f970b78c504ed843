//! The commands: argv in, exit status out. One file a command.

mod check;
mod demo;
mod explain;
mod run;
mod schema;
mod test;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

/// A reverse proxy that lets only verified JSON Web Tokens through to an API.
#[derive(Debug, Parser)]
#[command(name = "jwtgate", version, about, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve, in the foreground, until SIGTERM or SIGINT, then drain.
    Run {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Compile configuration files exactly as `run` would, without fetching or listening, and look for what is hardly meant.
    Check(check::Arguments),
    /// Run policy tests: requests, and what is to become of them.
    Test {
        /// How the outcome is written.
        #[arg(long, value_enum, default_value_t = test::Format::Text)]
        format: test::Format,
        /// List what no test has seen both let pass and refuse: routes, whose tokens they take, policies, and each part of a requirement by itself.
        #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "list")]
        coverage: Option<test::Wanted>,
        /// The test files.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Print the JSON Schema of the configuration file, for editors that complete and check it.
    Schema {
        /// That of a file of policy tests instead.
        #[arg(long)]
        tests: bool,
    },
    /// Decide one request as `run` would, and show every step.
    ///
    /// Fetches keys as `run` does, listens nowhere, and never prints the token. The request is one to the first listener:
    /// of a client that uses https if that does TLS, and whatever scheme its Origin has if it does not. Exit status:
    /// 0 allowed, 1 denied, 2 could not decide, as where the keys could not be fetched.
    Explain(explain::Arguments),
    /// An issuer, a sample API and the gateway in front of it, with the curl lines to try.
    Demo,
}

/// Runs the command of this process' arguments.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // `run` and `demo` serve; the others have nothing to say but their answer.
    if matches!(arguments.command, Command::Run { .. } | Command::Demo) {
        log_to_stderr();
    }
    match arguments.command {
        Command::Run { config } => run::run(&config),
        Command::Check(arguments) => check::check(&arguments),
        Command::Test { format, coverage, files } => test::test(&files, format, coverage),
        Command::Schema { tests } => schema::schema(tests),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Demo => demo::demo(),
    }
}

/// The program's own log; standard output belongs to the access log. `JWTGATE_LOG` sets the level, `info` without it.
fn log_to_stderr() {
    let filter = EnvFilter::try_from_env("JWTGATE_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        // A reader that closed standard error would make the complaint about it panic, and end the gateway.
        .log_internal_errors(false)
        .with_target(false)
        .with_ansi(false)
        .init();
}

/// The command did what it is for.
const SUCCESS: ExitCode = ExitCode::SUCCESS;

/// The gateway could not run.
fn failure() -> ExitCode {
    ExitCode::from(1)
}

/// Bad usage, or a bad configuration.
fn refused() -> ExitCode {
    ExitCode::from(2)
}

/// Writes lines to standard error. Nobody is left to be told when that fails.
fn complain(lines: impl IntoIterator<Item = impl AsRef<str>>) {
    let mut stderr = io::stderr().lock();
    for line in lines {
        if writeln!(stderr, "{}", line.as_ref()).is_err() {
            return;
        }
    }
}
