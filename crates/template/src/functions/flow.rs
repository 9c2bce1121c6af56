//! Defaults, choices, `fail`.

use super::{
    argument::{any, rest, text},
    registry::{
        Function,
        Parameter::{Any, Bool, String as Str},
    },
};
use crate::value::Value;

pub(super) static TABLE: &[Function] = &[
    Function::variadic("default", &[Any], Any, |_, arguments| {
        let given = rest(arguments, 1).first().filter(|value| value.truth());
        Ok(given.unwrap_or(any(arguments, 0)).clone())
    }),
    Function::fixed("empty", &[Any], |_, arguments| Ok(Value::Bool(!any(arguments, 0).truth()))),
    Function::variadic("coalesce", &[], Any, |_, arguments| {
        Ok(arguments.iter().find(|value| value.truth()).cloned().unwrap_or_default())
    }),
    Function::variadic("all", &[], Any, |_, arguments| {
        Ok(Value::Bool(arguments.iter().all(Value::truth)))
    }),
    Function::variadic("any", &[], Any, |_, arguments| {
        Ok(Value::Bool(arguments.iter().any(Value::truth)))
    }),
    Function::fixed("ternary", &[Any, Any, Bool], |_, arguments| {
        Ok(any(arguments, usize::from(!any(arguments, 2).truth())).clone())
    }),
    Function::fixed("fail", &[Str], |_, arguments| Err(text(arguments, 0).into_owned().into())),
];
