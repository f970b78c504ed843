//! Whether an expression that is searched for says what may stand around it, for lints; nothing here decides.
//!
//! An end of an alternative is *bound* by an anchor, *free* by `.*` or its kin, which says that anything may stand there, or
//! *open*: nothing is said of it, and anything may stand there all the same. What is bound at one end may be open at the other,
//! as `^/admin/` is: it asks how a text begins.

use regex_automata::util::syntax;
use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::automaton::NESTING_LIMIT;

/// Where an expression leaves open what stands around what it finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// On both sides: `admin`.
    Around,
    /// Before it, while it says that anything may stand behind it: `admin.*`.
    Before,
    /// Behind it, while it says that anything may stand before it: `.*@example[.]com`.
    Behind,
    /// The alternatives do not say the same: `^a|b$`, `^a$|b`.
    Divided,
}

/// Where the expression leaves open what stands around it; none where it says so, or is none.
pub fn open_ends(expression: &str) -> Option<Open> {
    let parsed = syntax::parse_with(expression, &syntax::Config::new().nest_limit(NESTING_LIMIT)).ok()?;
    let mut alternatives = Vec::new();
    divide(&parsed, &mut alternatives);
    let has = |end: End| alternatives.iter().any(|ends| ends.contains(&end));
    let unsaid = alternatives.iter().find_map(|ends| match ends {
        [End::Open, End::Open] => Some(Open::Around),
        [End::Open, End::Free] => Some(Open::Before),
        [End::Free, End::Open] => Some(Open::Behind),
        [End::Bound, _] | [_, End::Bound] | [End::Free, End::Free] => None,
    });
    match unsaid {
        // An anchor binds the alternative that it stands in, and looks as if it bound them all.
        Some(_) if has(End::Bound) => Some(Open::Divided),
        Some(open) => Some(open),
        None => {
            let opens = |side: usize| alternatives.iter().any(|ends| ends.get(side) == Some(&End::Open));
            (opens(0) && opens(1)).then_some(Open::Divided)
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Bound,
    Free,
    Open,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    First,
    Last,
}

/// The ends of each alternative of the whole expression.
fn divide(part: &Hir, into: &mut Vec<[End; 2]>) {
    if let HirKind::Capture(group) = part.kind() {
        divide(&group.sub, into);
    } else if let HirKind::Alternation(parts) = part.kind() {
        for part in parts {
            divide(part, into);
        }
    } else {
        into.push([end(part, Side::First), end(part, Side::Last)]);
    }
}

fn end(part: &Hir, side: Side) -> End {
    match part.kind() {
        HirKind::Capture(group) => end(&group.sub, side),
        HirKind::Concat(parts) => {
            let outer = if side == Side::First { parts.first() } else { parts.last() };
            outer.map_or(End::Open, |outer| end(outer, side))
        }
        HirKind::Look(look) if binds(*look, side) => End::Bound,
        HirKind::Repetition(repetition) if repetition.max.is_none() && is_anything(&repetition.sub) => {
            End::Free
        }
        // `(^|,)` and the like: whoever writes that has thought of it.
        HirKind::Alternation(_) | HirKind::Repetition(_)
            if part.properties().look_set().contains_anchor() =>
        {
            End::Bound
        }
        HirKind::Alternation(parts) if parts.iter().all(|part| end(part, side) == End::Free) => End::Free,
        HirKind::Empty
        | HirKind::Literal(_)
        | HirKind::Class(_)
        | HirKind::Look(_)
        | HirKind::Repetition(_)
        | HirKind::Alternation(_) => End::Open,
    }
}

const fn binds(look: Look, side: Side) -> bool {
    match side {
        Side::First => matches!(look, Look::Start | Look::StartLF | Look::StartCRLF),
        Side::Last => matches!(look, Look::End | Look::EndLF | Look::EndCRLF),
    }
}

/// Any character, perhaps but for the ends of lines.
fn is_anything(part: &Hir) -> bool {
    if let HirKind::Capture(group) = part.kind() {
        return is_anything(&group.sub);
    }
    let HirKind::Class(Class::Unicode(class)) = part.kind() else { return false };
    let mut rest = class.clone();
    rest.negate();
    rest.ranges().iter().all(|range| range.start() >= '\n' && range.end() <= '\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_open_is_told_and_what_is_meant_is_not() {
        for (expression, open) in [
            // Anywhere.
            ("a", Some(Open::Around)),
            ("@example\\.com", Some(Open::Around)),
            ("", Some(Open::Around)),
            ("(a|b)+", Some(Open::Around)),
            ("adm\\.*", Some(Open::Around)),
            ("\\.*foo", Some(Open::Around)),
            ("[.]*foo[.]*", Some(Open::Around)),
            (".foo.", Some(Open::Around)),
            (".{0,9}foo.{0,9}", Some(Open::Around)),
            ("(?-u:\\b)x", Some(Open::Around)),
            // On one side, although the other is said to be free.
            (".*@example[.]com", Some(Open::Behind)),
            (".+@example[.]com", Some(Open::Behind)),
            ("(?s).*a", Some(Open::Behind)),
            ("[\\s\\S]*?a", Some(Open::Behind)),
            ("(.*)a", Some(Open::Behind)),
            ("admin.*", Some(Open::Before)),
            // An anchor of one alternative.
            ("^a|b$", Some(Open::Divided)),
            ("(^a|b$)", Some(Open::Divided)),
            ("^a$|b", Some(Open::Divided)),
            ("a|^b|c$", Some(Open::Divided)),
            ("^a|", Some(Open::Divided)),
            // Meant.
            ("^a", None),
            ("a$", None),
            ("^a$", None),
            ("(^a$)", None),
            ("(?m)^a", None),
            ("\\Aa", None),
            ("^a|^b", None),
            ("^/admin/|^/admin$", None),
            ("^(a|b)$", None),
            ("^a$|^b$", None),
            ("(^|,)admin(,|$)", None),
            (".*a.*", None),
            ("(?s).*a.*", None),
            (".*", None),
            (".+", None),
            ("^a.*|.*b$", None),
            ("(.*a.*|.*b.*)", None),
            ("(", None),
        ] {
            assert_eq!(open_ends(expression), open, "{expression}");
        }
    }
}
