//! `range` over numbers, lists and maps.

use super::{
    slot::Slot,
    walk::{Evaluated, Flow, State},
};
use crate::{
    format::value_text,
    parse::ast::Branch,
    value::{List, Map, Value},
};

impl<'t> State<'_, '_, 't> {
    pub(super) fn range(&mut self, dot: &Slot, branch: &'t Branch) -> Evaluated<Flow> {
        let known = self.variables.len();
        self.at(branch);
        let slot = self.pipeline(dot, &branch.pipe)?;
        let ran = match &slot.value {
            Value::Nil => false,
            Value::List(list) => self.range_list(branch, list)?,
            Value::Bytes(bytes) => {
                let items = bytes.iter().map(|&byte| Slot::plain(Value::Uint8(byte)));
                self.iterate(branch, items.enumerate().map(indexed))?
            }
            Value::Map(map) => self.range_map(branch, map)?,
            Value::Int(_)
            | Value::Int64(_)
            | Value::Uint8(_)
            | Value::Uint64(_)
            | Value::Duration(_) => self.range_number(branch, &slot.value)?,
            other => {
                let text = value_text(other);
                return Err(self.error(format_args!("range can't iterate over {text}")));
            }
        };
        let flow = match &branch.otherwise {
            Some(otherwise) if !ran => self.list(dot, otherwise)?,
            _ => Flow::Normal,
        };
        self.variables.truncate(known);
        Ok(flow)
    }

    fn range_list(&mut self, branch: &'t Branch, list: &List) -> Evaluated<bool> {
        let boxed = list.holds_interfaces();
        let items = list.items().iter().map(|item| Slot { value: item.clone(), boxed });
        self.iterate(branch, items.enumerate().map(indexed))
    }

    fn range_map(&mut self, branch: &'t Branch, map: &Map) -> Evaluated<bool> {
        // The body may change the map; Go has sorted the entries before it begins.
        let boxed = map.type_info().element == "interface {}";
        let entries = map
            .snapshot()
            .into_iter()
            .map(|(key, value)| (Slot::plain(Value::from(&*key)), Slot { value, boxed }));
        self.iterate(branch, entries)
    }

    fn range_number(&mut self, branch: &'t Branch, number: &Value) -> Evaluated<bool> {
        if branch.pipe.variables.len() > 1 {
            let text = value_text(number);
            let why = format!("can't use {text} to iterate over more than one variable");
            return Err(self.error(why));
        }
        let wrap: fn(i64) -> Value = match number {
            Value::Int64(_) => Value::Int64,
            Value::Duration(_) => Value::Duration,
            Value::Uint8(_) => |number| Value::Uint8(u8::try_from(number).unwrap_or(u8::MAX)),
            Value::Uint64(_) => |number| Value::Uint64(number.unsigned_abs()),
            _ => Value::Int,
        };
        let unsigned = || i64::try_from(number.unsigned().unwrap_or(0)).unwrap_or(i64::MAX);
        let end = number.signed().unwrap_or_else(unsigned);
        let items = (0..end).map(|index| (Slot::NONE, Slot::plain(wrap(index))));
        self.iterate(branch, items)
    }

    /// Runs the body for each pair of index and element; false where there was none.
    fn iterate(
        &mut self,
        branch: &'t Branch,
        items: impl Iterator<Item = (Slot, Slot)>,
    ) -> Evaluated<bool> {
        let mark = self.variables.len();
        let pipe = &branch.pipe;
        let mut ran = false;
        for (index, element) in items {
            ran = true;
            let stepped = self.runtime.meter.step(1);
            self.within(stepped)?;
            let (first, second) = match pipe.variables.len() {
                2 => (Some(&index), Some(&element)),
                1 => (Some(&element), None),
                _ => (None, None),
            };
            for (variable, value) in
                pipe.variables.iter().zip([first, second].into_iter().flatten())
            {
                // The pipeline has declared them already.
                self.set_variable(&variable.name, value.clone())?;
            }
            let flow = self.list(&element, &branch.list)?;
            self.variables.truncate(mark);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(ran)
    }
}

fn indexed((index, element): (usize, Slot)) -> (Slot, Slot) {
    (Slot::plain(Value::Int(i64::try_from(index).unwrap_or(i64::MAX))), element)
}
