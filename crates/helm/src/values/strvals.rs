//! The little language of `--set` and its relatives: `a.b[0]=x,c={1,2}`.

mod parser;
mod scanner;

use parser::Parser;
use serde_json::Value;

use super::Table;

/// How the text behind `=` becomes a value.
pub(crate) enum Reading<'a> {
    /// `--set`: true, false, null and whole numbers have their type.
    Typed,
    /// `--set-string`: everything is text.
    Text,
    /// `--set-json`: one JSON value.
    Json,
    /// `--set-literal`: the rest of the argument, commas and backslashes included.
    Literal,
    /// `--set-file`: the name of a file, whose content is the value.
    File(&'a dyn Fn(&str) -> Result<String, String>),
}

/// Applies one argument to the values.
///
/// # Errors
/// Helm's own texts: a key without a value, an index out of range, a list that does not end, ...
pub(crate) fn apply(
    argument: &str,
    reading: &Reading<'_>,
    values: &mut Table,
) -> Result<(), String> {
    Parser::new(argument, reading).run(values)
}

fn typed(text: String) -> Value {
    for (word, value) in
        [("true", Value::Bool(true)), ("false", Value::Bool(false)), ("null", Value::Null)]
    {
        if text.eq_ignore_ascii_case(word) {
            return value;
        }
    }
    // A leading zero marks text such as a phone number or a file mode.
    if (text == "0" || !text.starts_with('0'))
        && let Ok(number) = text.parse::<i64>()
    {
        return number.into();
    }
    Value::String(text)
}

#[cfg(test)]
mod tests;
