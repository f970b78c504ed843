//! An explanation for people: the decision in one line, whose it is, and a line or two for each step.

use std::fmt;

use super::shown;
use super::step::{Outcome, Step};
use super::{Decision, Explanation, Shadow};

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.observed {
            None => writeln!(f, "{} ({}): {}", self.decision, self.status, self.reason)?,
            Some(shadow) => {
                writeln!(f, "{} ({}): the route only observes", self.decision, self.status)?;
                writeln!(f, "observe: enforced, it would be {shadow}")?;
            }
        }
        if let Some(shadow) = &self.candidate {
            writeln!(f, "shadow:  the candidate, which decides nothing, says {shadow}")?;
        }
        writeln!(f, "route:   {}", self.route.as_deref().unwrap_or("none"))?;
        let subject = match &self.subject {
            Some(subject) => shown::text(subject),
            None if self.verified => "none: the token is verified and has no `sub`".to_owned(),
            None => "none verified".to_owned(),
        };
        writeln!(f, "subject: {subject}")?;
        for (name, value) in &self.headers {
            writeln!(f, "sends:   {name}: {value}")?;
        }
        writeln!(f)?;
        let width = self.steps.iter().map(|step| step.check.name().len()).max().unwrap_or_default();
        self.steps.iter().try_for_each(|step| write_step(f, step, width))
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        })
    }
}

impl fmt::Display for Shadow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.decision, self.status, self.reason)
    }
}

fn write_step(f: &mut fmt::Formatter<'_>, step: &Step, width: usize) -> fmt::Result {
    let outcome = match step.outcome {
        Outcome::Pass => "pass",
        Outcome::Fail => "FAIL",
        Outcome::Skip => "skip",
    };
    write!(f, "{outcome}  {:width$}", step.check.name())?;
    // What was asked for matters where it was not there.
    let expected = step.expected.as_ref().filter(|_| step.outcome == Outcome::Fail);
    match (expected, &step.found) {
        (None, found) if let Some(note) = step.note => {
            let found = found.as_ref().map(|found| format!("{found} ")).unwrap_or_default();
            writeln!(f, "  {found}({note})")?;
        }
        (Some(expected), Some(found)) => writeln!(f, "  {found} (expected: {expected})")?,
        (None, Some(found)) => writeln!(f, "  {found}")?,
        (Some(expected), None) => writeln!(f, "  expected: {expected}")?,
        (None, None) => writeln!(f)?,
    }
    match &step.hint {
        Some(hint) => writeln!(f, "      {:width$}  hint: {hint}", ""),
        None => Ok(()),
    }
}
