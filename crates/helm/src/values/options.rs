//! Where a user's values come from, in the order in which they win.

use serde_json::Value;

use super::{Table, load, strvals};
use crate::Error;

/// Reads a file that an argument names: a path, or `-` for standard input.
pub type FileReader<'a> = dyn Fn(&str) -> Result<Vec<u8>, String> + 'a;

/// The values arguments of a command, as they were given.
#[derive(Debug, Clone, Default)]
pub struct ValueOptions {
    /// `-f`, `--values`: files, later ones win.
    pub files: Vec<String>,
    /// `--set-json`
    pub set_json: Vec<String>,
    /// `--set`
    pub set: Vec<String>,
    /// `--set-string`
    pub set_string: Vec<String>,
    /// `--set-file`
    pub set_file: Vec<String>,
    /// `--set-literal`
    pub set_literal: Vec<String>,
}

impl ValueOptions {
    /// Reads and merges all of them: files first, then `--set-json`, `--set`, `--set-string`,
    /// `--set-file`, `--set-literal`, as Helm 4 does whatever their order on the command line.
    ///
    /// # Errors
    /// [`Error::Values`], naming the file or the kind of argument that cannot be used.
    pub fn merged(&self, read: &FileReader<'_>) -> Result<serde_json::Map<String, Value>, Error> {
        let mut values = Table::new();
        for path in &self.files {
            let bytes = local(path, read).map_err(Error::Values)?;
            let table = load::values(&bytes)
                .map_err(|error| Error::Values(format!("failed to parse {path}: {error}")))?;
            load::merge(&mut values, table);
        }
        for argument in &self.set_json {
            json(argument, &mut values).map_err(Error::Values)?;
        }
        let file = |path: &str| {
            let bytes = local(path, read)?;
            String::from_utf8(bytes).map_err(|_| format!("{path} is not UTF-8 text"))
        };
        for (flag, arguments, reading) in [
            ("--set", &self.set, strvals::Reading::Typed),
            ("--set-string", &self.set_string, strvals::Reading::Text),
            ("--set-file", &self.set_file, strvals::Reading::File(&file)),
            ("--set-literal", &self.set_literal, strvals::Reading::Literal),
        ] {
            for argument in arguments {
                strvals::apply(argument, &reading, &mut values).map_err(|error| {
                    Error::Values(format!("failed parsing {flag} data: {error}"))
                })?;
            }
        }
        Ok(values)
    }
}

fn json(argument: &str, values: &mut Table) -> Result<(), String> {
    if argument.trim_start().starts_with('{') {
        let failed = |_| format!("failed parsing --set-json data JSON: {argument}");
        let mut table: Value = serde_json::from_str(argument.trim()).map_err(failed)?;
        load::floats(&mut table);
        if let Value::Object(table) = table {
            load::merge(values, table);
        }
        return Ok(());
    }
    strvals::apply(argument, &strvals::Reading::Json, values)
        .map_err(|_| format!("failed parsing --set-json data {argument}"))
}

/// Reads a local file; addresses are refused, because rendering does not use the network.
fn local(path: &str, read: &FileReader<'_>) -> Result<Vec<u8>, String> {
    let scheme = path.split_once("://").map(|(scheme, _)| scheme);
    match scheme {
        Some(scheme) if scheme.chars().all(|c| c.is_ascii_alphanumeric()) => {
            Err(format!("{path}: values from an address ({scheme}://) are not supported"))
        }
        _ => read(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn sources_win_in_helms_order() {
        let read = |path: &str| match path {
            "one.yaml" => Ok(b"a: {x: 1, w: 1}\nb: one".to_vec()),
            "two.yaml" => Ok(b"a: {x: 2}".to_vec()),
            other => Err(format!("open {other}: no such file or directory")),
        };
        let options = ValueOptions {
            files: vec!["one.yaml".into(), "two.yaml".into()],
            set_json: vec![r#"{"a": {"z": 3}}"#.into(), "l=[1]".into()],
            set: vec!["b=two".into()],
            set_string: vec!["b=3".into()],
            set_file: vec![],
            set_literal: vec!["c=x,y".into()],
        };
        let got = Value::Object(options.merged(&read).unwrap());
        let expected =
            json!({"a": {"x": 2.0, "w": 1.0, "z": 3.0}, "b": "3", "c": "x,y", "l": [1.0]});
        assert_eq!(got, expected);
    }

    #[test]
    fn errors_name_the_source() {
        let read = |_: &str| Ok(b"- a".to_vec());
        for (options, expected) in [
            (ValueOptions { files: vec!["f".into()], ..Default::default() }, "failed to parse f: "),
            (
                ValueOptions { set: vec!["a".into()], ..Default::default() },
                "failed parsing --set data: key \"a\" has no value",
            ),
            (
                ValueOptions { set_json: vec!["a={".into()], ..Default::default() },
                "failed parsing --set-json data a={",
            ),
            (
                ValueOptions { files: vec!["https://x/y".into()], ..Default::default() },
                "https://x/y: values from an address",
            ),
        ] {
            let error = options.merged(&read).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
