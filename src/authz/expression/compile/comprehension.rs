//! Comprehensions: `all`, `exists`, `exists_one`, `map` and `filter`.

use cel::IdedExpr;
use cel::common::ast::Expr;

use super::{Compiler, Part};
use crate::authz::expression::node::{Comprehension, Form, Node};
use crate::authz::expression::value::Kind;

const FORMS: [(&str, Form); 5] = [
    ("all", Form::All),
    ("exists", Form::Exists),
    ("exists_one", Form::ExistsOne),
    ("map", Form::Map),
    ("filter", Form::Filter),
];

/// Whether this is the name of a comprehension.
pub(super) fn is_one(name: &str) -> bool {
    FORMS.iter().any(|(known, _)| *known == name)
}

impl Compiler {
    pub(super) fn comprehension(
        &mut self,
        name: &str,
        range: Option<&IdedExpr>,
        arguments: &[IdedExpr],
    ) -> Option<Part> {
        let &(_, form) = FORMS.iter().find(|(known, _)| *known == name)?;
        let Some(range) = range else {
            let right = format!("write `list.{name}(x, … x …)`");
            return self.wrong(format!("`{name}` is called in another way"), right);
        };
        // A range is there before its elements are gone through: one behind the other is no nesting.
        let range = self.part(range);
        let (variable, condition, made) = match (form, arguments) {
            (Form::Map, [variable, made]) => (variable, None, Some(made)),
            (Form::Map, [variable, condition, made]) => (variable, Some(condition), Some(made)),
            (Form::All | Form::Exists | Form::ExistsOne | Form::Filter, [variable, condition]) => {
                (variable, Some(condition), None)
            }
            _ => {
                let right = format!("write `list.{name}(x, … x …)`");
                return self.wrong(format!("`{name}` is called in another way"), right);
            }
        };
        let Expr::Ident(variable) = &variable.expr else {
            let right = format!("write `list.{name}(x, … x …)`");
            return self.wrong(format!("the first argument of `{name}` is not a name"), right);
        };
        if self.element.is_some() {
            let right = "go through one list at a time: `in`, or several requirements, may say the same";
            return self.wrong(format!("`{name}` stands inside of another comprehension"), right);
        }
        self.element = Some(variable.clone());
        let condition = condition.map(|condition| self.condition(condition, name));
        let made = made.map(|made| self.part(made).map(|(node, _)| node));
        self.element = None;
        let (range, kind) = range?;
        if !matches!(kind, Kind::List | Kind::Dict | Kind::Any) {
            return self.wrong(
                format!("`{name}` goes through {}", kind.name()),
                "only lists and maps have elements",
            );
        }
        // A part that is wrong has been recorded; one that is not there is none.
        let (condition, made) = (flipped(condition)?, flipped(made)?);
        let gives = if matches!(form, Form::Map | Form::Filter) { Kind::List } else { Kind::Bool };
        let comprehension = Comprehension { form, range, condition, made };
        Some((Node::Comprehension(Box::new(comprehension)), gives))
    }
}

#[expect(clippy::option_option, reason = "absent, wrong or there")]
fn flipped(part: Option<Option<Node>>) -> Option<Option<Node>> {
    part.map_or(Some(None), |part| part.map(Some))
}
