//! A name with a dash behind a dot: `path.order-id` is `path.order` minus `id`.

use cel::IdedExpr;
use cel::common::ast::{Expr, operators};

use super::Compiler;
use super::name::is_variable;

impl Compiler {
    /// What to write in place of `one - other`, where a dash of a name is taken for a minus: what was read, and what is right.
    pub(super) fn dashed(&self, one: &IdedExpr, other: &IdedExpr) -> Option<(String, String)> {
        let (of, name) = self.minuend(one)?;
        let (first, rest) = self.subtrahend(other)?;
        let read = format!("`{of}.{name}-{first}{rest}` is `{of}.{name}` minus `{first}{rest}`");
        Some((read, format!("write `{of}[\"{name}-{first}\"]{rest}`")))
    }

    /// The field of which something is taken, and what it is a field of.
    fn minuend(&self, tree: &IdedExpr) -> Option<(String, String)> {
        match &tree.expr {
            Expr::Select(select) if !select.test => Some((chain(&select.operand)?, select.field.clone())),
            Expr::Call(call) if call.func_name == operators::SUBSTRACT => {
                let [one, other] = call.args.as_slice() else { return None };
                let (of, name) = self.minuend(one)?;
                let (first, rest) = self.subtrahend(other)?;
                rest.is_empty().then(|| (of, format!("{name}-{first}")))
            }
            _ => None,
        }
    }

    /// A name that is no value which could be subtracted, and the fields or indexes behind it.
    fn subtrahend(&self, tree: &IdedExpr) -> Option<(String, String)> {
        match &tree.expr {
            Expr::Ident(name) => {
                let is_value = name == "now" || self.element.as_deref() == Some(name);
                (!is_value).then(|| (name.clone(), String::new()))
            }
            Expr::Select(select) if !select.test => {
                let (first, rest) = self.subtrahend(&select.operand)?;
                (!is_variable(&first)).then(|| (first, format!("{rest}.{}", select.field)))
            }
            Expr::Call(call) if call.func_name == operators::INDEX => {
                let (first, rest) = self.subtrahend(call.args.first()?)?;
                (!is_variable(&first)).then_some((first, rest))
            }
            _ => None,
        }
    }
}

/// `claims.a.b`, as it is written.
fn chain(tree: &IdedExpr) -> Option<String> {
    match &tree.expr {
        Expr::Ident(name) => is_variable(name).then(|| name.clone()),
        Expr::Select(select) if !select.test => Some(format!("{}.{}", chain(&select.operand)?, select.field)),
        _ => None,
    }
}
