//! Pipelines, commands, fields.

use super::{
    place::NumberPlace,
    slot::Slot,
    walk::{Evaluated, State},
};
use crate::{
    MissingKey,
    parse::ast::{Chain, Command, Number, Operand, Pipe, Variable},
    value::{Key, Map, Structure, Value},
};

impl<'t> State<'_, '_, 't> {
    pub(super) fn pipeline(&mut self, dot: &Slot, pipe: &'t Pipe) -> Evaluated<Slot> {
        let entered = self.runtime.meter.enter();
        self.within(entered)?;
        self.at(pipe);
        let mut last: Option<Slot> = None;
        for command in &pipe.commands {
            last = Some(self.command(dot, command, last)?.unboxed());
        }
        let slot = last.unwrap_or(Slot::NONE);
        for variable in &pipe.variables {
            if pipe.assigns {
                self.set_variable(&variable.name, slot.clone())?;
            } else {
                self.variables.push((variable.name.clone(), slot.clone()));
            }
        }
        self.runtime.meter.leave();
        Ok(slot)
    }

    pub(super) fn set_variable(&mut self, name: &str, slot: Slot) -> Evaluated<()> {
        let found = self.variables.iter_mut().rev().find(|(known, _)| **known == *name);
        if let Some((_, known)) = found {
            *known = slot;
            return Ok(());
        }
        Err(self.error(format_args!("undefined variable: {name}")))
    }

    fn variable_value(&self, name: &str) -> Evaluated<Slot> {
        match self.variables.iter().rev().find(|(known, _)| **known == *name) {
            Some((_, slot)) => Ok(slot.clone()),
            None => Err(self.error(format_args!("undefined variable: {name}"))),
        }
    }

    /// One command; `last` is the result of the command before it, its last argument.
    fn command(&mut self, dot: &Slot, command: &'t Command, last: Option<Slot>) -> Evaluated<Slot> {
        let stepped = self.runtime.meter.step(1);
        self.within(stepped)?;
        let operands = command.operands.as_slice();
        let Some(first) = operands.first() else { return Ok(Slot::NONE) };
        match first {
            Operand::Field(field) => {
                self.at(&**field);
                return self.fields(dot, dot.clone(), &field.names, operands, last);
            }
            Operand::Chain(chain) => return self.chain(dot, chain, operands, last),
            Operand::Function(identifier) => {
                self.at(first);
                return self.call(dot, &identifier.function, None, command, operands, last);
            }
            Operand::Pipe(pipe) => {
                self.no_arguments(operands, last.as_ref())?;
                return self.pipeline(dot, pipe);
            }
            Operand::Variable(variable) => return self.variable(dot, variable, operands, last),
            _ => {}
        }
        self.at(first);
        self.no_arguments(operands, last.as_ref())?;
        match first {
            Operand::Bool(_, value) => Ok(Slot::plain(Value::Bool(*value))),
            Operand::Dot(_) => Ok(dot.clone()),
            Operand::Number(number) => self.constant(number),
            Operand::String(quoted) => Ok(Slot::plain(quoted.value.clone())),
            _ => Err(self.error("nil is not a command")),
        }
    }

    fn no_arguments(&self, operands: &[Operand], last: Option<&Slot>) -> Evaluated<()> {
        if operands.len() > 1 || last.is_some() {
            let first = &operands[0];
            return Err(self.error(format_args!("can't give argument to non-function {first}")));
        }
        Ok(())
    }

    /// A number constant in the type that Go gives it without a context.
    pub(super) fn constant(&mut self, number: &Number) -> Evaluated<Slot> {
        let text = &*number.text;
        let is_hex = text.len() > 2
            && (text.starts_with("0x") || text.starts_with("0X"))
            && !text.contains(['p', 'P']);
        let is_character = text.starts_with('\'');
        if let Some((real, imaginary)) = number.complex {
            return Ok(Slot::plain(Value::Complex(real, imaginary)));
        }
        if let Some(float) = number.float
            && !is_hex
            && !is_character
            && text.contains(['.', 'e', 'E', 'p', 'P'])
        {
            return Ok(Slot::plain(Value::Float(float)));
        }
        match (number.int, number.uint) {
            (Some(int), _) => Ok(Slot::plain(Value::Int(int))),
            (None, Some(_)) => {
                Err(self.error(format_args!("{} overflows int", NumberPlace(number))))
            }
            _ => Ok(Slot::NONE),
        }
    }

    pub(super) fn variable(
        &mut self,
        dot: &Slot,
        variable: &'t Variable,
        operands: &'t [Operand],
        last: Option<Slot>,
    ) -> Evaluated<Slot> {
        self.at(variable);
        let slot = self.variable_value(&variable.name)?;
        if variable.fields.is_empty() {
            if !operands.is_empty() {
                self.no_arguments(operands, last.as_ref())?;
            }
            return Ok(slot);
        }
        self.fields(dot, slot, &variable.fields, operands, last)
    }

    pub(super) fn chain(
        &mut self,
        dot: &Slot,
        chain: &'t Chain,
        operands: &'t [Operand],
        last: Option<Slot>,
    ) -> Evaluated<Slot> {
        self.at(chain);
        if matches!(chain.operand, Operand::Nil(_)) {
            return Err(self.error(format_args!("indirection through explicit nil in {chain}")));
        }
        let receiver = self.untyped(dot, &chain.operand)?;
        self.fields(dot, receiver, &chain.fields, operands, last)
    }

    /// `.a.b.c` of a receiver; the arguments are for the last of them.
    pub(super) fn fields(
        &mut self,
        dot: &Slot,
        mut receiver: Slot,
        names: &'t [Key],
        operands: &'t [Operand],
        last: Option<Slot>,
    ) -> Evaluated<Slot> {
        let Some((final_name, names)) = names.split_last() else { return Ok(receiver) };
        for name in names {
            receiver = self.field(dot, receiver, name, &[], None)?;
        }
        self.field(dot, receiver, final_name, operands, last)
    }

    fn field(
        &mut self,
        dot: &Slot,
        receiver: Slot,
        name: &'t str,
        operands: &'t [Operand],
        last: Option<Slot>,
    ) -> Evaluated<Slot> {
        if !receiver.is_valid() {
            if self.runtime.set.missing_key == MissingKey::Error {
                return Err(self.error(format_args!("nil data; no entry for key \"{name}\"")));
            }
            return Ok(Slot::NONE);
        }
        if receiver.value.is_nil() {
            let kind = receiver.type_name();
            return Err(self.error(format_args!("nil pointer evaluating {kind}.{name}")));
        }
        if let Some(method) = receiver.value.method(name) {
            let Some(place) = self.place else {
                return Err(self.error(format_args!("method {name} called nowhere")));
            };
            return self.call(dot, method, Some(receiver.value), place, operands, last);
        }
        let has_arguments = operands.len() > 1 || last.is_some();
        match &receiver.value {
            Value::Map(map) => {
                if has_arguments {
                    let why = format!("{name} is not a method but has arguments");
                    return Err(self.error(why));
                }
                self.entry(map, name)
            }
            Value::Structure(structure) => self.member(structure, &receiver, name, has_arguments),
            _ => Err(self.no_field(&receiver, name)),
        }
    }

    fn entry(&self, map: &Map, name: &str) -> Evaluated<Slot> {
        let boxed = map.type_info().element == "interface {}";
        if let Some(value) = map.get(name) {
            return Ok(Slot { value, boxed });
        }
        match self.runtime.set.missing_key {
            MissingKey::Invalid => Ok(Slot::NONE),
            MissingKey::Zero if boxed => Ok(Slot::boxed(Value::Nil)),
            MissingKey::Zero => Ok(Slot::plain(Value::zero(map.type_info().element))),
            MissingKey::Error => {
                Err(self.error(format_args!("map has no entry for key \"{name}\"")))
            }
        }
    }

    fn member(
        &self,
        structure: &Structure,
        receiver: &Slot,
        name: &str,
        has_arguments: bool,
    ) -> Evaluated<Slot> {
        let Some(value) = structure.field(name) else {
            return Err(self.no_field(receiver, name));
        };
        if !name.starts_with(char::is_uppercase) {
            let kind = receiver.type_name();
            let why = format!("{name} is an unexported field of struct type {kind}");
            return Err(self.error(why));
        }
        if has_arguments {
            let why = format!("{name} has arguments but cannot be invoked as function");
            return Err(self.error(why));
        }
        Ok(Slot { value: value.clone(), boxed: value.is_nil() })
    }

    fn no_field(&self, receiver: &Slot, name: &str) -> Box<crate::Error> {
        let kind = receiver.type_name();
        self.error(format_args!("can't evaluate field {name} in type {kind}"))
    }
}
