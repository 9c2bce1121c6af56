//! Go's `fmt`: how values print.

mod directive;
mod float;
mod integer;
mod pad;
mod printer;
mod quoted;

pub(crate) use directive::sprintf;
pub(crate) use float::{format_float, shortest};
pub(crate) use printer::Printer;
pub(crate) use quoted::{char_name, is_printable, quote, quote_bytes};

use crate::value::Value;

/// Nesting beyond which a value is not printed: it holds itself, or is an attack.
pub(crate) const DEEPEST: usize = 1_000;

/// Bytes beyond which one call does not print.
pub(crate) const LONGEST: usize = 256 << 20;

/// A value that cannot be printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FormatError {
    #[error("value is nested more than {DEEPEST} deep, or holds itself")]
    Depth,
    #[error("printed value is longer than {LONGEST} bytes")]
    Length,
}

/// Go's `Sprint`: a space between two operands of which none is a string.
pub(crate) fn sprint(values: &[Value]) -> Result<Vec<u8>, FormatError> {
    let mut printer = Printer::default();
    let mut after_string = true;
    for (index, value) in values.iter().enumerate() {
        let is_string = matches!(value, Value::String(_));
        if index > 0 && !is_string && !after_string {
            printer.push(b" ");
        }
        printer.argument(value, 'v')?;
        after_string = is_string;
    }
    Ok(printer.out)
}

/// Go's `Sprintln`: spaces between all operands, and a newline.
pub(crate) fn sprintln(values: &[Value]) -> Result<Vec<u8>, FormatError> {
    let mut printer = Printer::default();
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            printer.push(b" ");
        }
        printer.argument(value, 'v')?;
    }
    printer.push(b"\n");
    Ok(printer.out)
}

/// Appends what `Fprint` prints for one value.
pub(crate) fn print_value(out: &mut Vec<u8>, value: &Value) -> Result<(), FormatError> {
    match value {
        Value::String(text) => out.extend_from_slice(text.as_bytes()),
        _ => out.extend_from_slice(&value_bytes(value)?),
    }
    Ok(())
}

/// What `%v` prints.
pub(crate) fn value_bytes(value: &Value) -> Result<Vec<u8>, FormatError> {
    let mut printer = Printer::default();
    printer.argument(value, 'v')?;
    Ok(printer.out)
}

/// What `%v` prints, as text; a note instead of a value that cannot be printed. For errors.
pub(crate) fn value_text(value: &Value) -> String {
    value_bytes(value).map_or_else(
        |error| format!("<{error}>"),
        |bytes| String::from_utf8_lossy(&bytes).into_owned(),
    )
}

/// What `%s` prints, as text; for errors.
pub(crate) fn value_as_string(value: &Value) -> String {
    let printed = sprintf(b"%s", std::slice::from_ref(value));
    printed.map_or_else(
        |error| format!("<{error}>"),
        |bytes| String::from_utf8_lossy(&bytes).into_owned(),
    )
}

/// What `%v` prints for a float.
pub(crate) fn float_text(number: f64) -> String {
    format_float(number, 'g', None)
}
