//! Calls: functions, `has` and `matches`.

use cel::IdedExpr;
use cel::common::ast::{CallExpr, Expr, LiteralValue};

use super::name::note;
use super::{Compiler, Part, comprehension, header, is_constant};
use crate::authz::automaton::SMALLER;
use crate::authz::expression::function::{FUNCTIONS, Function, Signature, Style};
use crate::authz::expression::mistake::Mistake;
use crate::authz::expression::node::Node;
use crate::authz::expression::search::Search;
use crate::authz::expression::value::Kind;

/// What is called like a function, and is more than one.
const MACROS: [&str; 7] = ["has", "matches", "all", "exists", "exists_one", "map", "filter"];

/// Bytes that the tables of all patterns of a condition may take together.
const TABLES_LIMIT: usize = 4 << 20;

impl Compiler {
    pub(super) fn call(&mut self, call: &CallExpr) -> Option<Part> {
        let CallExpr { func_name: name, target, args } = call;
        if target.is_none()
            && let Some(part) = self.operator(name, args)
        {
            return part;
        }
        match (name.as_str(), target.as_deref(), args.as_slice()) {
            ("has", None, [argument]) => self.has(argument),
            ("has", ..) => self.wrong("`has` is called in another way", "write `has(claims.name)`"),
            ("matches", Some(text), [pattern]) | ("matches", None, [text, pattern]) => {
                self.matches(text, pattern)
            }
            ("matches", ..) => {
                self.wrong("`matches` is called in another way", "write `text.matches('^pattern$')`")
            }
            (form, target, arguments) if comprehension::is_one(form) => {
                self.comprehension(form, target, arguments)
            }
            _ => self.function(name, target.as_deref(), args),
        }
    }

    fn has(&mut self, argument: &IdedExpr) -> Option<Part> {
        let Expr::Select(select) = &argument.expr else {
            let right =
                "write `has(claims.name)`; of a name with other characters ask `\"the-name\" in claims`";
            return self.wrong("`has` is not asked for a field", right);
        };
        self.select(&select.operand, &select.field, true)
    }

    fn matches(&mut self, text: &IdedExpr, pattern: &IdedExpr) -> Option<Part> {
        let text = self.part(text);
        let search = if let Expr::Literal(LiteralValue::String(pattern)) = &pattern.expr {
            self.search(pattern.inner())
        } else {
            let wrong = "the pattern of `matches` is not written out".to_owned();
            Err((wrong, "give a literal: patterns are compiled when the configuration is loaded"))
        };
        let search = search.map_err(|(wrong, right)| self.wrong(wrong, right)).ok();
        if let Some(search) = &search {
            note(&mut self.mentions.patterns, search.pattern());
        }
        let (node, kind) = text?;
        if !matches!(kind, Kind::Text | Kind::Any) {
            let of_header = header::instead_of_function("matches", &node);
            let right = of_header.unwrap_or_else(|| "only strings match patterns".to_owned());
            return self.wrong(format!("`matches` is asked of {}", kind.name()), right);
        }
        Some((Node::Matches(Box::new(node), Box::new(search?)), Kind::Bool))
    }

    /// Compiles a pattern while those of the condition are not too large together: the tables stay in memory, and
    /// take time to make.
    fn search(&mut self, pattern: &str) -> Result<Search, (String, &'static str)> {
        if self.tables > TABLES_LIMIT {
            let wrong =
                "the regular expressions before it are too large once compiled (4 MiB at most together)";
            return Err((wrong.to_owned(), SMALLER));
        }
        let search = Search::parse(pattern);
        // One that is too large took the time of the largest.
        self.tables += search.as_ref().map_or(TABLES_LIMIT / 4, Search::bytes);
        search
    }

    fn function(&mut self, name: &str, target: Option<&IdedExpr>, arguments: &[IdedExpr]) -> Option<Part> {
        let Some(signature) = FUNCTIONS.iter().find(|signature| signature.name == name) else {
            let known = FUNCTIONS.iter().map(|signature| signature.name).chain(MACROS).collect();
            self.mistakes.push(Mistake::unknown("function", name, known));
            return None;
        };
        let Signature { style, takes, gives, function, example, .. } = signature;
        let as_method = target.is_some();
        let given = arguments.len() + usize::from(as_method);
        if given != takes.len()
            || !matches!(
                (style, as_method),
                (Style::Both, _) | (Style::Method, true) | (Style::Global, false)
            )
        {
            return self.wrong(format!("`{name}` is called in another way"), format!("write `{example}`"));
        }
        let parts: Vec<Option<Part>> =
            target.into_iter().chain(arguments).map(|part| self.part(part)).collect();
        let parts: Vec<Part> = parts.into_iter().collect::<Option<_>>()?;
        for ((node, kind), possible) in parts.iter().zip(*takes) {
            if *kind != Kind::Any && !possible.contains(&Kind::Any) && !kind.is_among(possible) {
                let of_method = || header::instead_of_function(name, node).filter(|_| as_method);
                let right = of_method().unwrap_or_else(|| {
                    let possible: Vec<&str> = possible.iter().map(|kind| kind.name()).collect();
                    format!("write `{example}`, of {}", possible.join(" or "))
                });
                return self.wrong(format!("`{name}` is asked of {}", kind.name()), right);
            }
        }
        let nodes: Box<[Node]> = parts.into_iter().map(|(node, _)| node).collect();
        // What is said to be of any type is not to be looked at before it has one.
        let constant = *function != Function::Dyn && nodes.iter().all(is_constant);
        self.folded(Node::Call(*function, nodes), *gives, constant)
    }
}
