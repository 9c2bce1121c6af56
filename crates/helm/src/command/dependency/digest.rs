//! The digest in a lock file.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::chart::Dependency;

/// Helm 3 and 4: over the dependencies as wanted and as locked.
pub(super) fn digest(wanted: &[Dependency], locked: &[Dependency]) -> String {
    hash(&format!("[{},{}]", list(wanted), list(locked)))
}

/// Helm 2: over the dependencies as wanted.
pub(super) fn digest_of_helm_2(wanted: &[Dependency]) -> String {
    hash(&format!("{{\"dependencies\":{}}}", list(wanted)))
}

fn hash(text: &str) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(text)))
}

fn list(dependencies: &[Dependency]) -> String {
    let items: Vec<String> = dependencies.iter().map(one).collect();
    format!("[{}]", items.join(","))
}

/// One dependency as Go writes it: fields in the order of its struct, which is not that of the
/// alphabet.
fn one(dependency: &Dependency) -> String {
    let fields = dependency.to_json();
    let names =
        ["name", "version", "repository", "condition", "tags", "enabled", "import-values", "alias"];
    let written: Vec<String> = names
        .iter()
        .filter_map(|name| Some(format!("\"{name}\":{}", go_json(fields.get(name)?))))
        .collect();
    format!("{{{}}}", written.join(","))
}

/// JSON as Go's encoder writes it: keys sorted, HTML's characters escaped.
fn go_json(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            format!("[{}]", items.iter().map(go_json).collect::<Vec<_>>().join(","))
        }
        Value::Object(table) => {
            let mut entries: Vec<_> = table.iter().collect();
            entries.sort_by(|a, b| a.0.cmp(b.0));
            let entries: Vec<_> = entries
                .into_iter()
                .map(|(key, value)| format!("{}:{}", escaped(&Value::from(&**key)), go_json(value)))
                .collect();
            format!("{{{}}}", entries.join(","))
        }
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => inhaul_yaml::go_json_float(float),
            _ => number.to_string(),
        },
        other => escaped(other),
    }
}

fn escaped(value: &Value) -> String {
    value
        .to_string()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_digest_is_the_one_that_helm_computes() {
        let dependency = |name: &str, version: &str| Dependency {
            name: name.to_owned(),
            version: version.to_owned(),
            repository: format!("file://../{name}"),
            ..Dependency::default()
        };
        let wanted = [
            Dependency {
                condition: "sub.enabled".to_owned(),
                tags: vec!["a".to_owned(), "b".to_owned()],
                import_values: vec![json!("data"), json!({"child": "x", "parent": true})],
                ..dependency("sub", "^0.1")
            },
            Dependency { alias: "second".to_owned(), ..dependency("sub2", ">=1.0") },
        ];
        let locked = [dependency("sub", "0.1.3"), dependency("sub2", "1.1.3")];
        // Written by helm 4.3.1 for these dependencies.
        assert_eq!(
            digest(&wanted, &locked),
            "sha256:5afa3329bc35d58c9938d1ea0cfa58516e3a60fa193da6d850498f035cf3f726"
        );
    }
}
