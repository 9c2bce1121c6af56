//! Dotted paths into values.

use serde_json::Value;

use super::Table;

/// The table at a dotted path.
///
/// # Errors
/// The element of the path that is not a table.
pub(crate) fn table<'a>(values: &'a Table, path: &str) -> Result<&'a Table, String> {
    let mut at = values;
    for element in path.split('.') {
        at = match at.get(element) {
            Some(Value::Object(next)) => next,
            _ => return Err(format!("{element:?} is not a table")),
        };
    }
    Ok(at)
}

/// What stands at a dotted path, unless it is a table.
pub(crate) fn scalar<'a>(values: &'a Table, path: &str) -> Option<&'a Value> {
    let found = match path.rsplit_once('.') {
        None => values.get(path),
        Some((parents, key)) => table(values, parents).ok()?.get(key),
    };
    found.filter(|value| !value.is_object())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_lead_to_tables_and_to_scalars() {
        let Value::Object(values) = json!({"a": {"b": {"c": true}, "d": null}}) else {
            unreachable!("a mapping literal")
        };
        assert_eq!(scalar(&values, "a.b.c"), Some(&json!(true)));
        assert_eq!(scalar(&values, "a.d"), Some(&Value::Null));
        assert_eq!(scalar(&values, "a.b"), None);
        assert_eq!(scalar(&values, "x.y"), None);
        assert_eq!(table(&values, "a.b").unwrap().len(), 1);
        assert_eq!(table(&values, "a.d.e").unwrap_err(), "\"d\" is not a table");
    }
}
