//! Verdicts as JUnit XML, which continuous integration knows how to show: one `testsuite` a file.

use std::path::Path;
use std::time::Duration;

use super::verdict::Verdict;

/// A document, grown file by file.
#[derive(Debug, Default)]
pub(super) struct Document {
    suites: String,
    tests: usize,
    failures: usize,
    errors: usize,
    took: Duration,
}

impl Document {
    /// Adds the verdicts of a file.
    pub(super) fn add(&mut self, file: &Path, verdicts: &[Verdict]) {
        let file = escaped(&file.display().to_string());
        let failures = verdicts.iter().filter(|verdict| verdict.has_failed()).count();
        let took: Duration = verdicts.iter().map(|verdict| verdict.took).sum();
        let mut cases = String::new();
        for verdict in verdicts {
            let Verdict { name, at, mismatches, steps, took } = verdict;
            let name = escaped(name);
            let (line, time) = (at.line, seconds(*took));
            let head = format!(
                r#"<testcase name="{name}" classname="{file}" file="{file}" line="{line}" time="{time}""#
            );
            if mismatches.is_empty() {
                push(&mut cases, format_args!("    {head}/>"));
                continue;
            }
            let lines: Vec<String> = mismatches.iter().map(ToString::to_string).collect();
            let message = escaped(&lines.join("; "));
            let text = escaped(&[lines, steps.clone()].concat().join("\n"));
            push(&mut cases, format_args!("    {head}>"));
            push(&mut cases, format_args!("      <failure message=\"{message}\">{text}</failure>"));
            push(&mut cases, format_args!("    </testcase>"));
        }
        self.suite(&file, [verdicts.len(), failures, 0], took, &cases);
    }

    /// Adds a file whose tests could not be read.
    pub(super) fn add_unreadable(&mut self, file: &Path, problems: &[String]) {
        let file = escaped(&file.display().to_string());
        let text = escaped(&problems.join("\n"));
        let mut case = String::new();
        push(
            &mut case,
            format_args!(r#"    <testcase name="{file}" classname="{file}" file="{file}" time="0.000000">"#),
        );
        push(&mut case, format_args!("      <error message=\"cannot be read\">{text}</error>"));
        push(&mut case, format_args!("    </testcase>"));
        self.suite(&file, [1, 0, 1], Duration::ZERO, &case);
    }

    fn suite(&mut self, name: &str, [tests, failures, errors]: [usize; 3], took: Duration, cases: &str) {
        let counts = counts(tests, failures, errors, took);
        push(&mut self.suites, format_args!("  <testsuite name=\"{name}\" {counts} skipped=\"0\">"));
        self.suites.push_str(cases);
        push(&mut self.suites, format_args!("  </testsuite>"));
        self.tests += tests;
        self.failures += failures;
        self.errors += errors;
        self.took += took;
    }

    /// The whole document.
    pub(super) fn finish(self) -> String {
        let Self { suites, tests, failures, errors, took } = self;
        let counts = counts(tests, failures, errors, took);
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {counts}>\n{suites}</testsuites>")
    }
}

fn counts(tests: usize, failures: usize, errors: usize, took: Duration) -> String {
    format!(r#"tests="{tests}" failures="{failures}" errors="{errors}" time="{}""#, seconds(took))
}

fn seconds(duration: Duration) -> String {
    format!("{:.6}", duration.as_secs_f64())
}

fn push(text: &mut String, line: std::fmt::Arguments<'_>) {
    text.push_str(&line.to_string());
    text.push('\n');
}

/// Text for XML 1.0, within elements and within quotes. What no XML may hold, escaped or not (§2.2), is replaced.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_can_end_its_place() {
        assert_eq!(
            escaped("a<b>&\"c\"\n]]>\u{1}\u{7f}é"),
            "a&lt;b&gt;&amp;&quot;c&quot;&#10;]]&gt;\u{fffd}\u{7f}é"
        );
    }
}
