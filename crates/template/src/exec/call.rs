//! Calls of functions and methods.

use super::{
    place::Place,
    slot::Slot,
    walk::{Evaluated, State},
};
use crate::{
    functions::{Body, Function, Parameter},
    parse::ast::Operand,
    value::Value,
};

impl<'t> State<'_, '_, 't> {
    /// Calls a function, or the method of a receiver. `operands` starts with the function itself, or
    /// is empty.
    #[expect(clippy::too_many_arguments, reason = "mirrors the parts of a call in the language")]
    pub(super) fn call(
        &mut self,
        dot: &Slot,
        function: &Function,
        receiver: Option<Value>,
        place: &'t dyn Place,
        operands: &'t [Operand],
        last: Option<Slot>,
    ) -> Evaluated<Slot> {
        let operands = operands.get(1..).unwrap_or_default();
        self.check_count(function, operands.len(), last.is_some())?;
        if matches!(function.body, Body::And | Body::Or) {
            return self.short_circuit(dot, function, operands, last);
        }
        let mut arguments = Vec::with_capacity(operands.len() + 2);
        arguments.extend(receiver);
        let mut has_interface = false;
        for (index, operand) in operands.iter().enumerate() {
            let slot = self.argument(dot, function.parameter(index), operand)?;
            has_interface |= slot.boxed;
            arguments.push(slot.value);
        }
        if let Some(last) = last {
            let parameter = function.parameter(operands.len());
            arguments.push(self.validate(last, parameter)?.value);
        }
        let outcome = match function.body {
            Body::Native(native) => native(self.runtime, &arguments),
            Body::Call => {
                let name = operands.first().map(ToString::to_string);
                crate::functions::call_value(name.as_deref(), &arguments)
            }
            Body::Length => crate::functions::length(&arguments, has_interface),
            Body::And | Body::Or => Ok(Value::Nil),
        };
        match outcome {
            Ok(value) => {
                let size = size(&value);
                let spent =
                    self.runtime.meter.reserve(size).and_then(|()| self.runtime.meter.spend(size));
                if spent.is_err() {
                    self.at(place);
                }
                self.within(spent)?;
                Ok(Slot::plain(value))
            }
            Err(failure) => {
                self.at(place);
                let message = format_args!("error calling {}: ", function.name);
                Err(self.wrap(message, failure.into_error()))
            }
        }
    }

    fn check_count(&self, function: &Function, operands: usize, piped: bool) -> Evaluated<()> {
        let given = operands + usize::from(piped);
        let fixed = function.parameters.len();
        let name = function.name;
        if function.variadic.is_some() {
            if given < fixed {
                let why = format!(
                    "wrong number of args for {name}: want at least {fixed} got {operands}"
                );
                return Err(self.error(why));
            }
        } else if given != fixed {
            let why = format!("wrong number of args for {name}: want {fixed} got {given}");
            return Err(self.error(why));
        }
        Ok(())
    }

    /// `and` and `or` stop at the argument that decides, and give it back.
    fn short_circuit(
        &mut self,
        dot: &Slot,
        function: &Function,
        operands: &'t [Operand],
        last: Option<Slot>,
    ) -> Evaluated<Slot> {
        let decides = matches!(function.body, Body::Or);
        let mut slot = Slot::NONE;
        for operand in operands {
            slot = self.argument(dot, Parameter::Reflect, operand)?;
            if slot.value.truth() == decides {
                return Ok(slot);
            }
        }
        if let Some(last) = last {
            slot = self.validate(last, Parameter::Reflect)?;
        }
        Ok(slot)
    }
}

/// What a value counts for in the budget.
fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(list) => list.len() * size_of::<Value>(),
        _ => 0,
    }
}
