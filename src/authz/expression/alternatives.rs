//! A condition as alternatives (`||`) of parts that must all hold (`&&`), as far as these stand at its top.
//!
//! Read from the text of a condition that compiled; what a part asks is not looked into. For comparing two conditions: one
//! that lost a part, or gained an alternative, lets more callers in.

use super::text;

/// The parts of each alternative, with single spaces where there is white space.
pub(super) fn alternatives(source: &str) -> Vec<Vec<String>> {
    let marks = marks(source);
    // `a ? b : c` binds weaker than both.
    if marks.iter().any(|mark| mark.is("?")) {
        return vec![vec![tidy(source)]];
    }
    let alternatives = cut(source, &marks, "||").into_iter();
    alternatives
        .map(|(alternative, marks)| {
            let parts = cut(alternative, &marks, "&&").into_iter();
            parts.map(|(part, _)| tidy(part)).collect()
        })
        .collect()
}

/// An operator at the top of the text: outside of brackets, quotes and comments.
struct Mark<'t> {
    at: usize,
    text: &'t str,
}

impl Mark<'_> {
    fn is(&self, operator: &str) -> bool {
        self.text == operator
    }
}

fn marks(source: &str) -> Vec<Mark<'_>> {
    let mut found: Vec<Mark<'_>> = Vec::new();
    let mut depth = 0_usize;
    for (at, character) in text::code(source) {
        match character {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            _ => {
                let rest = source.get(at..).unwrap_or_default();
                let operator = ["||", "&&", "?"].into_iter().find(|operator| rest.starts_with(operator));
                let text = operator.and_then(|operator| rest.get(..operator.len()));
                found.extend(text.map(|text| Mark { at, text }));
            }
        }
    }
    found
}

/// The texts between these operators, each with the marks within it.
fn cut<'t>(text: &'t str, marks: &[Mark<'t>], operator: &str) -> Vec<(&'t str, Vec<Mark<'t>>)> {
    let ends = marks.iter().filter(|mark| mark.is(operator)).map(|mark| (mark.at, mark.text.len()));
    let mut start = 0;
    let mut found = Vec::new();
    for (end, length) in ends.chain([(text.len(), 0)]) {
        let within = marks.iter().filter(|mark| (start..end).contains(&mark.at));
        let within = within.map(|mark| Mark { at: mark.at - start, text: mark.text }).collect();
        found.push((text.get(start..end).unwrap_or_default(), within));
        start = end + length;
    }
    found
}

fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_at_the_top_is_taken_apart() {
        for (text, expected) in [
            ("a", "a"),
            ("a && b || c", "a & b | c"),
            (" a  ==\n 1 &&b", "a == 1 & b"),
            ("(a || b) && c", "(a || b) & c"),
            ("[a || b] == c || d", "[a || b] == c | d"),
            ("a == '||' && b == \"&&\"", "a == '||' & b == \"&&\""),
            (r"a == '\'||' || b", r"a == '\'||' | b"),
            (r"a == r'\' || b", r"a == r'\' | b"),
            (r"a == br'\' || b", r"a == br'\' | b"),
            ("a == '''x'||''' || b", "a == '''x'||''' | b"),
            ("a // || b\n && c", "a // || b & c"),
            ("a ? b || c : d", "a ? b || c : d"),
            ("é == 'ü' || b", "é == 'ü' | b"),
        ] {
            let found: Vec<String> = alternatives(text).iter().map(|parts| parts.join(" & ")).collect();
            assert_eq!(found.join(" | "), expected, "{text}");
        }
    }
}
