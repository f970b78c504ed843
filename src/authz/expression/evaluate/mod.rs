//! Evaluation: a compiled condition, a caller and a request in, true or false out, or why it is neither.
//!
//! Nothing is built before it is asked for. Every step pays (see `fuel`), so the work is bounded whatever the token
//! holds; the depth of the recursion is that of the condition, and of values the token's own.

pub(super) mod lookup;

use std::cmp::Ordering;
use std::sync::Arc;

use super::arithmetic::arithmetic;
use super::compare::{equal, order, whole};
use super::fault::Fault;
use super::fuel::{Fuel, LOOK_UP, MATCHED, MAX_ELEMENTS};
use super::function;
use super::instant::Timestamp;
use super::node::{Comprehension, Form, Node, Operator, Variable};
use super::value::{Dict, List, Value};
use crate::authn::Principal;
use crate::authz::facts::RequestFacts;

/// Who and what a condition is held against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) principal: &'a Principal,
    pub(super) facts: &'a RequestFacts<'a>,
}

/// One evaluation.
#[derive(Debug)]
pub(super) struct Evaluation<'a> {
    /// None while constants are computed, when the configuration is loaded.
    scope: Option<Scope<'a>>,
    fuel: Fuel,
    /// The value of the comprehension's variable.
    element: Option<Value<'a>>,
}

impl<'a> Evaluation<'a> {
    pub(super) const fn new(scope: Option<Scope<'a>>) -> Self {
        Self { scope, fuel: Fuel::full(), element: None }
    }

    #[cfg(test)]
    pub(super) const fn fuel_left(&self) -> u32 {
        self.fuel.left()
    }

    pub(super) fn holds(&mut self, node: &Node) -> Result<bool, Fault> {
        if let Value::Bool(holds) = self.value(node)? { Ok(holds) } else { Err(Fault::NotBool) }
    }

    pub(super) fn value(&mut self, node: &Node) -> Result<Value<'a>, Fault> {
        self.fuel.pay(1)?;
        match node {
            Node::Constant(value) => Ok(value.clone()),
            Node::Variable(variable) => self.variable(*variable),
            Node::Capture(name) => {
                let scope = self.scope.ok_or(Fault::Unbound)?;
                let found = lookup::capture(scope.facts, name, &mut self.fuel)?;
                found.map(Value::borrowed).ok_or(Fault::Unbound)
            }
            Node::Element => self.element.clone().ok_or(Fault::Unbound),
            Node::Field(of, name) => {
                let Value::Dict(dict) = self.value(of)? else { return Err(Fault::NoSuchOverload) };
                lookup::field(&dict, name, &mut self.fuel)?.ok_or(Fault::NoSuchKey)
            }
            Node::Has(of, name) => {
                let Value::Dict(dict) = self.value(of)? else { return Err(Fault::NoSuchOverload) };
                lookup::has(&dict, name, &mut self.fuel).map(Value::Bool)
            }
            Node::Index(of, index) => {
                let (of, index) = (self.value(of)?, self.value(index)?);
                self.index(&of, &index)
            }
            Node::List(items) => {
                let items: Result<Vec<Value<'a>>, Fault> =
                    items.iter().map(|item| self.value(item)).collect();
                Ok(Value::List(List::Made(items?.into())))
            }
            Node::Dict(entries) => self.dict(entries),
            Node::Not(inner) => self.holds(inner).map(|holds| Value::Bool(!holds)),
            Node::Negate(inner) => match self.value(inner)? {
                Value::Int(value) => value.checked_neg().map(Value::Int).ok_or(Fault::Overflow),
                Value::Double(value) => Ok(Value::Double(-value)),
                Value::Duration(value) => Ok(Value::Duration(value.negated())),
                _ => Err(Fault::NoSuchOverload),
            },
            Node::Logic(deciding, one, other) => self.logic(*deciding, one, other).map(Value::Bool),
            Node::Choice(parts) => {
                let [condition, one, other] = &**parts;
                if self.holds(condition)? { self.value(one) } else { self.value(other) }
            }
            Node::Binary(operator, one, other) => {
                let (one, other) = (self.value(one)?, self.value(other)?);
                self.binary(*operator, &one, &other)
            }
            Node::Comprehension(comprehension) => self.comprehension(comprehension),
            Node::Call(function, arguments) => match &**arguments {
                [argument] => function::call(*function, &[self.value(argument)?], &mut self.fuel),
                [receiver, argument] => {
                    let arguments = [self.value(receiver)?, self.value(argument)?];
                    function::call(*function, &arguments, &mut self.fuel)
                }
                _ => Err(Fault::NoSuchOverload),
            },
            Node::Matches(text, search) => {
                let text = self.value(text)?;
                let text = text.as_str().ok_or(Fault::NoSuchOverload)?;
                self.fuel.pay_bytes(text.len(), MATCHED)?;
                Ok(Value::Bool(search.is_in(text)))
            }
        }
    }

    fn variable(&self, variable: Variable) -> Result<Value<'a>, Fault> {
        let Scope { principal, facts } = self.scope.ok_or(Fault::Unbound)?;
        Ok(match variable {
            Variable::Claims => Value::Dict(Dict::Claim(principal.claims())),
            Variable::Roles => Value::List(List::Names(principal.roles())),
            Variable::Scopes => Value::List(List::Names(principal.scopes())),
            Variable::Issuer => Value::borrowed(principal.issuer()),
            Variable::IssuerTenant => Value::borrowed(principal.issuer_tenant().ok_or(Fault::Unbound)?),
            Variable::Path => Value::Dict(Dict::Captures(facts)),
            Variable::Method => Value::borrowed(facts.target.method().as_str()),
            Variable::Host => Value::borrowed(facts.target.host().ok_or(Fault::Unbound)?),
            Variable::RequestPath => Value::borrowed(facts.target.path()),
            Variable::Headers => Value::Dict(Dict::Headers(facts)),
            Variable::Now => Value::Timestamp(Timestamp::from_system(facts.now)?),
        })
    }

    /// Either side decides, whatever the other is: an error too. Only bounds hold in any case.
    fn logic(&mut self, deciding: bool, one: &Node, other: &Node) -> Result<bool, Fault> {
        let one = self.holds(one);
        match one {
            Ok(holds) if holds == deciding => return Ok(holds),
            Err(fault) if fault.is_final() => return Err(fault),
            Ok(_) | Err(_) => {}
        }
        match self.holds(other) {
            Ok(holds) if holds == deciding => Ok(holds),
            Err(fault) if fault.is_final() => Err(fault),
            Ok(holds) => one.map(|_| holds),
            Err(fault) => Err(one.err().unwrap_or(fault)),
        }
    }

    fn binary(&mut self, operator: Operator, one: &Value<'a>, other: &Value<'a>) -> Result<Value<'a>, Fault> {
        let fuel = &mut self.fuel;
        let ordered = |holds: fn(Ordering) -> bool, fuel: &mut Fuel| {
            order(one, other, fuel).map(|order| Value::Bool(order.is_some_and(holds)))
        };
        match operator {
            Operator::Equal => equal(one, other, fuel).map(Value::Bool),
            Operator::NotEqual => equal(one, other, fuel).map(|equal| Value::Bool(!equal)),
            Operator::Less => ordered(Ordering::is_lt, fuel),
            Operator::LessOrEqual => ordered(Ordering::is_le, fuel),
            Operator::Greater => ordered(Ordering::is_gt, fuel),
            Operator::GreaterOrEqual => ordered(Ordering::is_ge, fuel),
            Operator::In => self.contains(other, one).map(Value::Bool),
            Operator::Add
            | Operator::Subtract
            | Operator::Multiply
            | Operator::Divide
            | Operator::Remainder => arithmetic(operator, one, other, fuel),
        }
    }

    fn contains(&mut self, whole: &Value<'a>, part: &Value<'a>) -> Result<bool, Fault> {
        match whole {
            Value::List(list) => {
                for index in 0..list.len() {
                    // Of the elements, only those that could be it have to be read.
                    let item = list.get(index).ok_or(Fault::IndexOutOfRange)?;
                    if equal(&item?, part, &mut self.fuel)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Value::Dict(dict) => match part.as_str() {
                Some(name) => lookup::has(dict, name, &mut self.fuel),
                None => lookup::find(dict, part, &mut self.fuel).map(|found| found.is_some()),
            },
            _ => Err(Fault::NoSuchOverload),
        }
    }

    fn index(&mut self, of: &Value<'a>, index: &Value<'a>) -> Result<Value<'a>, Fault> {
        match (of, index) {
            (Value::Dict(dict), key) => lookup::find(dict, key, &mut self.fuel)?.ok_or(Fault::NoSuchKey),
            (Value::List(list), Value::Int(index)) => element(list, *index),
            (Value::List(list), Value::Double(index)) if index.fract() == 0.0 => {
                element(list, whole(*index).ok_or(Fault::IndexOutOfRange)?)
            }
            _ => Err(Fault::NoSuchOverload),
        }
    }

    fn dict(&mut self, entries: &[(Node, Node)]) -> Result<Value<'a>, Fault> {
        let mut made: Vec<(Value<'a>, Value<'a>)> = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let key = self.value(key)?;
            if !matches!(key, Value::Text(_) | Value::Int(_) | Value::Bool(_)) {
                return Err(Fault::Key);
            }
            for (known, _) in &made {
                if equal(known, &key, &mut self.fuel)? {
                    return Err(Fault::Key);
                }
            }
            made.push((key, self.value(value)?));
        }
        Ok(Value::Dict(Dict::Made(made.into())))
    }

    fn comprehension(&mut self, comprehension: &Comprehension) -> Result<Value<'a>, Fault> {
        let items = match self.value(&comprehension.range)? {
            Value::List(list) => list,
            Value::Dict(dict) => {
                if lookup::size(&dict, &mut self.fuel)? > MAX_ELEMENTS {
                    return Err(Fault::TooManyElements);
                }
                List::Made(lookup::keys(&dict, &mut self.fuel)?)
            }
            _ => return Err(Fault::NoSuchOverload),
        };
        if items.len() > MAX_ELEMENTS {
            return Err(Fault::TooManyElements);
        }
        let result = self.each(comprehension, &items);
        self.element = None;
        result
    }

    fn each(&mut self, comprehension: &Comprehension, items: &List<'a>) -> Result<Value<'a>, Fault> {
        let Comprehension { form, condition, made, .. } = comprehension;
        let (mut found, mut failed, mut list) = (0_usize, None, Vec::new());
        for index in 0..items.len() {
            self.fuel.pay(LOOK_UP)?;
            let item = items.get(index).ok_or(Fault::IndexOutOfRange)??;
            self.element = Some(item.clone());
            let holds = condition.as_ref().map_or(Ok(true), |condition| self.holds(condition));
            match (form, holds) {
                (_, Err(fault)) if fault.is_final() => return Err(fault),
                // One element that decides makes up for errors in others, as `&&` and `||` do.
                (Form::All, Ok(false)) => return Ok(Value::Bool(false)),
                (Form::Exists, Ok(true)) => return Ok(Value::Bool(true)),
                (Form::All | Form::Exists, Err(fault)) => failed = failed.or(Some(fault)),
                (_, Err(fault)) => return Err(fault),
                (_, Ok(false)) | (Form::All, Ok(true)) => {}
                (Form::ExistsOne, Ok(true)) => found += 1,
                (Form::Filter, Ok(true)) => list.push(item),
                (Form::Map, Ok(true)) => {
                    let made = made.as_ref().ok_or(Fault::NoSuchOverload)?;
                    list.push(self.value(made)?);
                }
            }
        }
        match (form, failed) {
            (_, Some(fault)) => Err(fault),
            (Form::All, None) => Ok(Value::Bool(true)),
            (Form::Exists, None) => Ok(Value::Bool(false)),
            (Form::ExistsOne, None) => Ok(Value::Bool(found == 1)),
            (Form::Map | Form::Filter, None) => Ok(Value::List(List::Made(Arc::from(list)))),
        }
    }
}

fn element<'a>(list: &List<'a>, index: i64) -> Result<Value<'a>, Fault> {
    let index = usize::try_from(index).map_err(|_| Fault::IndexOutOfRange)?;
    list.get(index).ok_or(Fault::IndexOutOfRange)?
}
