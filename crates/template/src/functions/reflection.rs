//! Types and kinds.

use super::{
    argument::{any, text},
    equality::deep_equal,
    registry::{
        Function,
        Parameter::{Any, String as Str},
    },
};
use crate::value::Value;

pub(super) static TABLE: &[Function] = &[
    Function::fixed("typeOf", &[Any], |_, arguments| {
        Ok(Value::from(&*any(arguments, 0).type_name()))
    }),
    Function::fixed("typeIs", &[Str, Any], |_, arguments| {
        Ok(Value::Bool(text(arguments, 0) == any(arguments, 1).type_name()))
    }),
    Function::fixed("typeIsLike", &[Str, Any], |_, arguments| {
        let (wanted, found) = (text(arguments, 0), any(arguments, 1).type_name());
        Ok(Value::Bool(wanted == found || format!("*{wanted}") == found))
    }),
    Function::fixed("kindOf", &[Any], |_, arguments| Ok(Value::from(any(arguments, 0).kind()))),
    Function::fixed("kindIs", &[Str, Any], |_, arguments| {
        Ok(Value::Bool(text(arguments, 0) == any(arguments, 1).kind()))
    }),
    Function::fixed("deepEqual", &[Any, Any], |_, arguments| {
        Ok(Value::Bool(deep_equal(any(arguments, 0), any(arguments, 1))))
    }),
];
