//! `toToml` and `fromToml`.

use super::{
    argument::{any, text},
    registry::{
        Function,
        Parameter::{Any, String as Str},
    },
    toml_reader, toml_writer,
};
use crate::value::Value;

pub(super) static TABLE: &[Function] = &[
    Function::fixed("toToml", &[Any], |_, arguments| {
        Ok(toml_writer::write(any(arguments, 0)).unwrap_or_else(|error| error).into())
    }),
    Function::fixed("mustToToml", &[Any], |_, arguments| {
        Ok(toml_writer::write(any(arguments, 0))?.into())
    }),
    Function::fixed("fromToml", &[Str], |_, arguments| {
        Ok(toml_reader::read(&text(arguments, 0))
            .unwrap_or_else(|error| Value::map([("Error", Value::from(error))])))
    }),
];
