//! Arguments, checked against the types that a function takes.

use super::{
    slot::Slot,
    walk::{Evaluated, State},
};
use crate::{functions::Parameter, parse::ast::Operand, value::Value};

impl<'t> State<'_, '_, 't> {
    /// An argument for a parameter.
    pub(super) fn argument(
        &mut self,
        dot: &Slot,
        parameter: Parameter,
        operand: &'t Operand,
    ) -> Evaluated<Slot> {
        self.at(operand);
        match operand {
            Operand::Nil(_) => {
                if parameter.takes_nil() {
                    return Ok(Slot { value: Value::Nil, boxed: parameter == Parameter::Any });
                }
                let kind = parameter.type_name();
                return Err(self.error(format_args!("cannot assign nil to {kind}")));
            }
            Operand::Dot(_)
            | Operand::Field(_)
            | Operand::Variable(_)
            | Operand::Pipe(_)
            | Operand::Function(_)
            | Operand::Chain(_) => {
                let slot = self.untyped(dot, operand)?;
                return self.validate(slot, parameter);
            }
            _ => {}
        }
        self.constant_argument(parameter, operand)
    }

    /// A constant takes the parameter's type where it can.
    fn constant_argument(&mut self, parameter: Parameter, operand: &'t Operand) -> Evaluated<Slot> {
        let value = match (parameter, operand) {
            (Parameter::Any | Parameter::Reflect, Operand::Bool(_, value)) => Value::Bool(*value),
            (Parameter::Any | Parameter::Reflect, Operand::Number(number)) => {
                return self.constant(number);
            }
            (Parameter::Any | Parameter::Reflect | Parameter::String, Operand::String(quoted)) => {
                quoted.value.clone()
            }
            (Parameter::Bool, Operand::Bool(_, value)) => Value::Bool(*value),
            (Parameter::Int, Operand::Number(number)) => match number.int {
                Some(int) => Value::Int(int),
                None => return Err(self.expected("integer", operand)),
            },
            (Parameter::Uint32, Operand::Number(number)) => match number.uint {
                Some(uint) => Value::Uint64(uint & 0xffff_ffff),
                None => return Err(self.expected("unsigned integer", operand)),
            },
            (Parameter::Float, Operand::Number(number)) => match number.float {
                Some(float) => Value::Float(float),
                None => return Err(self.expected("float", operand)),
            },
            (Parameter::String, _) => return Err(self.expected("string", operand)),
            (Parameter::Bool, _) => return Err(self.expected("bool", operand)),
            (Parameter::Int, _) => return Err(self.expected("integer", operand)),
            (Parameter::Uint32, _) => return Err(self.expected("unsigned integer", operand)),
            (Parameter::Float, _) => return Err(self.expected("float", operand)),
            _ => {
                let kind = parameter.type_name();
                let why = format!("can't handle {operand} for arg of type {kind}");
                return Err(self.error(why));
            }
        };
        Ok(Slot::plain(value))
    }

    fn expected(&self, kind: &str, operand: &Operand) -> Box<crate::Error> {
        self.error(format_args!("expected {kind}; found {operand}"))
    }

    /// What an operand is, whatever the parameter.
    pub(super) fn untyped(&mut self, dot: &Slot, operand: &'t Operand) -> Evaluated<Slot> {
        self.at(operand);
        match operand {
            Operand::Dot(_) => Ok(dot.clone()),
            Operand::Field(field) => self.fields(dot, dot.clone(), &field.names, &[], None),
            Operand::Variable(variable) => self.variable(dot, variable, &[], None),
            Operand::Pipe(pipe) => self.pipeline(dot, pipe),
            Operand::Function(identifier) => {
                self.call(dot, &identifier.function, None, operand, &[], None)
            }
            Operand::Chain(chain) => self.chain(dot, chain, &[], None),
            Operand::Bool(_, value) => Ok(Slot::plain(Value::Bool(*value))),
            Operand::Number(number) => self.constant(number),
            Operand::String(quoted) => Ok(Slot::plain(quoted.value.clone())),
            Operand::Nil(_) => Err(self.error("can't evaluate command \"nil\"")),
        }
    }

    /// Checks that a value fits a parameter.
    pub(super) fn validate(&self, slot: Slot, parameter: Parameter) -> Evaluated<Slot> {
        if !slot.is_valid() {
            if parameter.takes_nil() {
                return Ok(slot);
            }
            let kind = parameter.type_name();
            return Err(self.error(format_args!("invalid value; expected {kind}")));
        }
        if parameter.accepts(&slot.value) {
            return Ok(slot);
        }
        let expected = parameter.type_name();
        // A value in an interface that does not fit is reported by its own type.
        let found = if slot.value.is_nil() { slot.type_name() } else { slot.value.type_name() };
        Err(self.error(format_args!("wrong type for value; expected {expected}; got {found}")))
    }
}
