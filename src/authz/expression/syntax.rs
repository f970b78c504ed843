//! The text of a condition in, its syntax tree out, through the `cel` crate.
//!
//! The parser is a generated one and recurses, so it gets a thread of its own with a stack that fits the longest text,
//! and a panic in it is a mistake of the condition like any other: a reload must not end the gateway. Macros are left as
//! they are written: what a comprehension means is easier told from its name than from a loop.

use std::sync::LazyLock;
use std::thread;

use cel::common::ast::SourceInfo;
use cel::{Env, IdedExpr, ParseErrors};

use super::complaint::Complaint;
use super::mistake::Mistake;

/// Bytes of a condition.
pub(super) const MAX_LENGTH: usize = 2048;
/// How deep the parts of a condition may stand in one another.
pub(super) const MAX_DEPTH: usize = 40;

const STACK: usize = 32 << 20;
/// How deep the parser may recurse: a little more than the tree may be deep, which says it better.
const MAX_RECURSION: u16 = 64;

/// Neither functions nor macros: both are looked up when the tree is compiled.
static ENVIRONMENT: LazyLock<Env> = LazyLock::new(|| Env::default().with_optional_support(false));

/// Where the parts of a tree stand in its text.
pub(super) struct Places(SourceInfo);

impl Places {
    /// The byte at which a part of the tree is best looked for: its name, where it is a field or a call; its operator, where it
    /// is one.
    pub(super) fn of(&self, text: &str, part: u64) -> Option<usize> {
        let (start, _) = self.0.offset_for(part)?;
        let start = usize::try_from(start).ok()?;
        let (before, rest) = (text.get(..start)?, text.get(start..)?);
        // The parser counts characters, which are bytes only as long as they are ASCII.
        if !before.is_ascii() {
            return None;
        }
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        if let Some(field) = rest.strip_prefix('.') {
            return Some(text.len() - field.trim_start().len());
        }
        let name =
            if rest.starts_with('(') { before.trim_end().trim_end_matches(is_name).len() } else { start };
        Some(if text.get(name..).is_some_and(|text| text.starts_with(is_name)) { name } else { start })
    }
}

/// The tree of a condition, and where its parts stand.
pub(super) fn parse(text: &str) -> Result<(IdedExpr, Places), Mistake> {
    if text.len() > MAX_LENGTH {
        let wrong = format!("the expression is {} bytes long, and may be {MAX_LENGTH}", text.len());
        return Err(Mistake::new(
            wrong,
            "split it: several entries of `all_of` or policies can have a `when` each",
        ));
    }
    let owned = text.to_owned();
    let parser = move || {
        let parser = ENVIRONMENT.parser().max_recursion_depth(MAX_RECURSION).error_recovery_limit(1);
        parser.parse_with_source_info(&owned)
    };
    let thread = thread::Builder::new().name("when".to_owned()).stack_size(STACK).spawn(parser);
    match thread.map(thread::JoinHandle::join) {
        Ok(Ok(Ok((tree, info)))) => Ok((tree, Places(info))),
        Ok(Ok(Err(errors))) => Err(syntax_error(text, &errors)),
        Ok(Err(_)) | Err(_) => {
            Err(Mistake::new("the expression cannot be parsed", "write it in a simpler way"))
        }
    }
}

/// The first thing that is wrong: the rest mostly follows from it.
fn syntax_error(text: &str, errors: &ParseErrors) -> Mistake {
    const SYNTAX: &str = "Syntax error: ";
    let mut all = errors.errors.iter();
    if all.clone().any(|error| error.msg.contains("ecursion")) {
        return too_deep();
    }
    let first = all.clone().find(|error| error.msg.starts_with(SYNTAX)).or(all.next());
    let message = first.map(|error| error.msg.as_str()).unwrap_or_default();
    let place = first.map_or((0, 0), |error| error.pos);
    let message = message.strip_prefix(SYNTAX).unwrap_or(message);
    Complaint { source: text, place, message }.mistake()
}

pub(super) fn too_deep() -> Mistake {
    let right =
        format!("let at most {MAX_DEPTH} parts stand in one another, or split it into several requirements");
    Mistake::new("the expression is nested too deep", right)
}
