//! The path patterns of one host, segment by segment.
//!
//! A look-up yields the lowest index among all patterns that match, which is the first route in the file. At each
//! node both the literal child and the capturing child may lead there. Since this is a tree, a request visits a node
//! at most once: the work is bounded by the size of the table whatever the path, and a subtree that holds no index
//! below the best one found so far is not entered at all.

use std::collections::HashMap;

use super::pattern::{Segment, Shape};

/// A node: the patterns that start with the segments on the way to it.
#[derive(Debug)]
pub(super) struct Trie {
    /// The lowest index in here.
    lowest: usize,
    /// The lowest index of the patterns that end here.
    end: usize,
    /// The lowest index of the patterns that go on with `**`.
    rest: usize,
    literals: HashMap<Box<str>, Self>,
    /// The length of the longest literal: a longer segment need not be hashed.
    longest: usize,
    capture: Option<Box<Self>>,
}

/// Stands for the index of no route: greater than any.
pub(super) const NONE: usize = usize::MAX;

impl Default for Trie {
    fn default() -> Self {
        Self { lowest: NONE, end: NONE, rest: NONE, literals: HashMap::new(), longest: 0, capture: None }
    }
}

impl Trie {
    /// Adds a pattern under `index`.
    pub(super) fn insert(&mut self, shape: &Shape, index: usize) {
        let mut node = self;
        node.lowest = node.lowest.min(index);
        for segment in &shape.segments {
            node = match segment {
                Segment::Capture => node.capture.get_or_insert_default(),
                Segment::Literal(text) => {
                    node.longest = node.longest.max(text.len());
                    node.literals.entry(text.clone()).or_default()
                }
            };
            node.lowest = node.lowest.min(index);
        }
        let last = if shape.open { &mut node.rest } else { &mut node.end };
        *last = index.min(*last);
    }

    /// The lowest index that matches the decoded `path` (without its leading slash), or `best` where none is lower.
    pub(super) fn lowest(&self, path: &str, best: usize) -> usize {
        if self.lowest >= best {
            return best;
        }
        let best = best.min(self.rest);
        // Nothing is left, or was left after a trailing slash.
        if path.is_empty() {
            return best.min(self.end);
        }
        let (segment, path) = path.split_once(super::is_slash).unwrap_or((path, ""));
        let literal = if segment.len() <= self.longest { self.literals.get(segment) } else { None };
        let capture = self.capture.as_deref();
        match (literal, capture) {
            // The one with the lower index first: often it makes the other one needless.
            (Some(literal), Some(capture)) if literal.lowest < capture.lowest => {
                capture.lowest(path, literal.lowest(path, best))
            }
            (Some(literal), Some(capture)) => literal.lowest(path, capture.lowest(path, best)),
            (Some(only), None) | (None, Some(only)) => only.lowest(path, best),
            (None, None) => best,
        }
    }

    /// The lowest index of a pattern that matches every path of `shape`, or `best` where none is lower.
    pub(super) fn covering(&self, shape: &Shape, best: usize) -> usize {
        self.covering_rest(&shape.segments, shape.open, best)
    }

    fn covering_rest(&self, segments: &[Segment], open: bool, best: usize) -> usize {
        if self.lowest >= best {
            return best;
        }
        let best = best.min(self.rest);
        let Some((segment, rest)) = segments.split_first() else {
            return if open { best } else { best.min(self.end) };
        };
        let literal = match segment {
            Segment::Literal(text) => self.literals.get(text),
            // One literal is not all that may stand there.
            Segment::Capture => None,
        };
        let children = literal.into_iter().chain(self.capture.as_deref());
        children.fold(best, |best, child| child.covering_rest(rest, open, best))
    }
}

#[cfg(test)]
mod tests {
    use super::super::PathPattern;
    use super::*;

    fn trie(patterns: &[&str]) -> Trie {
        let mut trie = Trie::default();
        for (index, pattern) in patterns.iter().enumerate() {
            trie.insert(&PathPattern::parse(pattern).unwrap().shape, index);
        }
        trie
    }

    #[test]
    fn the_lowest_index_wins() {
        let trie = trie(&["/a/{x}/c", "/a/b/**", "/{y}/b/c", "/a", "/**"]);
        for (path, index) in [
            ("a/b/c", 0),
            ("a/b", 1),
            ("a/b/", 1),
            ("a/b/c/d", 1),
            ("z/b/c", 2),
            ("a", 3),
            ("a/", 3),
            ("", 4),
            ("z", 4),
        ] {
            assert_eq!(trie.lowest(path, NONE), index, "{path}");
        }
        assert_eq!(trie.lowest("a/b/c/d", 1), 1);
        assert_eq!(trie.lowest("z/b/c", 0), 0);
    }

    #[test]
    fn hostile_paths_meet_bounded_work() {
        // Every pattern of literals and captures ten segments deep: the worst table for a search.
        let patterns: Vec<String> = (0..1024_u32)
            .map(|bits| {
                (0..10)
                    .map(|at| if bits >> at & 1 == 0 { "/x".to_owned() } else { format!("/{{c{at}}}") })
                    .collect::<String>()
            })
            .map(|pattern| pattern + "/end")
            .collect();
        let trie = trie(&patterns.iter().map(String::as_str).collect::<Vec<_>>());
        let deep = "x/".repeat(30_000);
        assert_eq!(trie.lowest(&deep, NONE), NONE);
        assert_eq!(trie.lowest("x/x/x/x/x/x/x/x/x/x/end", NONE), 0);
        assert_eq!(trie.lowest("y/y/y/y/y/y/y/y/y/y/end", NONE), 1023);
    }
}
