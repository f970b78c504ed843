//! `jwtgate test`: runs policy tests, with the engine that `run` decides with.

mod coverage;
mod decide;
mod gaps;
mod junit;
mod text;
mod verdict;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Instant, SystemTime};

use clap::ValueEnum;
use tokio::runtime::{Builder, Runtime};

use self::coverage::Coverage;
use self::verdict::{Verdict, mismatches};
use super::{SUCCESS, complain, failure, refused};
use crate::config::Problems;
use crate::config::suite::{self, Suite};
use crate::telemetry::metrics::Metrics;

/// How verdicts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Failures and a sum.
    Text,
    /// JUnit XML.
    Junit,
}

/// What becomes of what no test covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Wanted {
    /// It is listed.
    List,
    /// It is listed, and the exit status is 1.
    Require,
}

pub(super) fn test(files: &[PathBuf], format: Format, coverage: Option<Wanted>) -> ExitCode {
    let Ok(runtime) = Builder::new_current_thread().enable_all().build() else { return failure() };
    // One time for all, so that no test depends on how long the others take.
    #[expect(clippy::disallowed_methods, reason = "the command stands where a request would read the clock")]
    let now = SystemTime::now();
    let mut report = Report { format, lines: Vec::new(), document: junit::Document::default() };
    let (mut covered, mut counts, mut unreadable) = (Coverage::default(), Counts::default(), false);
    for file in files {
        // Metrics of its own for each file: nothing is counted, and names may repeat.
        let Ok(metrics) = Metrics::new() else { return failure() };
        match suite::load(file, &metrics, now) {
            Ok(suite) => {
                let verdicts = run(&suite, &runtime, now, &mut covered);
                counts.add(&verdicts);
                report.add(file, &verdicts);
            }
            Err(problems) => {
                unreadable = true;
                let lines: Vec<String> = problems.iter().flat_map(Problems::lines).collect();
                report.document.add_unreadable(file, &lines);
                complain(&lines);
            }
        }
    }
    let gaps = if coverage.is_some() { covered.gaps() } else { Vec::new() };
    let lacking = coverage == Some(Wanted::Require) && !gaps.is_empty();
    if report.finish(gaps, &counts).is_err() {
        return failure();
    }
    if unreadable {
        refused()
    } else if counts.failed > 0 || lacking {
        failure()
    } else {
        SUCCESS
    }
}

fn run(suite: &Suite, runtime: &Runtime, now: SystemTime, covered: &mut Coverage) -> Vec<Verdict> {
    let mut verdicts = Vec::with_capacity(suite.tests.len());
    for test in &suite.tests {
        let started = Instant::now();
        let outcome = runtime.block_on(decide::decide(suite, &test.head, now));
        let (mismatches, took) = (mismatches(&test.expect, &outcome), started.elapsed());
        let steps = if mismatches.is_empty() {
            Vec::new()
        } else {
            runtime.block_on(decide::steps(suite, &test.head, now))
        };
        covered.record(suite, &outcome);
        verdicts.push(Verdict { name: test.name.clone(), at: test.at, mismatches, steps, took });
    }
    verdicts
}

#[derive(Debug, Default)]
struct Counts {
    passed: usize,
    failed: usize,
}

impl Counts {
    fn add(&mut self, verdicts: &[Verdict]) {
        let failed = verdicts.iter().filter(|verdict| verdict.has_failed()).count();
        self.failed += failed;
        self.passed += verdicts.len() - failed;
    }
}

/// What is written to standard output.
struct Report {
    format: Format,
    lines: Vec<String>,
    document: junit::Document,
}

impl Report {
    fn add(&mut self, file: &Path, verdicts: &[Verdict]) {
        self.lines.extend(verdicts.iter().flat_map(|verdict| text::failure(file, verdict)));
        self.document.add(file, verdicts);
    }

    fn finish(mut self, gaps: Vec<String>, counts: &Counts) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        match self.format {
            Format::Text => {
                if counts.passed + counts.failed == 0 {
                    return Ok(());
                }
                self.lines.extend(gaps);
                self.lines.push(text::sum(counts.passed, counts.failed));
                writeln!(stdout, "{}", self.lines.join("\n"))
            }
            Format::Junit => {
                complain(gaps);
                writeln!(stdout, "{}", self.document.finish())
            }
        }
    }
}
