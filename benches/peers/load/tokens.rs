//! The tokens of a run, handed out in turn.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::HeaderValue;

pub struct Tokens {
    tokens: Vec<Token>,
    next: AtomicUsize,
}

/// The value of an `Authorization` field, and whether it is to pass.
pub struct Token {
    pub field: HeaderValue,
    pub passes: bool,
}

impl Tokens {
    pub fn read(file: &Path, unchecked: bool) -> Self {
        let text = std::fs::read_to_string(file).expect("tokens");
        let token = |line: &str| {
            let (sign, token) = line.split_at(1);
            let field = HeaderValue::try_from(format!("Bearer {token}")).expect("a header value");
            Token { field, passes: unchecked || sign == "+" }
        };
        let tokens: Vec<Token> = text.lines().map(token).collect();
        assert!(!tokens.is_empty(), "{} has no tokens", file.display());
        Self { tokens, next: AtomicUsize::new(0) }
    }

    pub fn next(&self) -> &Token {
        let place = self.next.fetch_add(1, Ordering::Relaxed);
        &self.tokens[place % self.tokens.len()]
    }
}
