//! Slash-separated paths.

use super::{
    argument::text,
    registry::{Function, Parameter::String as Str},
};
use crate::{error::Outcome, runtime::Runtime, value::Value};

pub(super) static TABLE: &[Function] = &[
    Function::fixed("base", &[Str], base),
    Function::fixed("osBase", &[Str], base),
    Function::fixed("dir", &[Str], dir),
    Function::fixed("osDir", &[Str], dir),
    Function::fixed("clean", &[Str], |_, arguments| Ok(clean(&text(arguments, 0)).into())),
    Function::fixed("osClean", &[Str], |_, arguments| Ok(clean(&text(arguments, 0)).into())),
    Function::fixed("ext", &[Str], extension),
    Function::fixed("osExt", &[Str], extension),
    Function::fixed("isAbs", &[Str], |_, arguments| {
        Ok(Value::Bool(text(arguments, 0).starts_with('/')))
    }),
    Function::fixed("osIsAbs", &[Str], |_, arguments| {
        Ok(Value::Bool(text(arguments, 0).starts_with('/')))
    }),
];

fn base(_: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let path = text(arguments, 0);
    if path.is_empty() {
        return Ok(Value::from("."));
    }
    let name = path.trim_end_matches('/');
    if name.is_empty() {
        return Ok(Value::from("/"));
    }
    Ok(Value::from(name.rsplit('/').next().unwrap_or(name)))
}

fn dir(_: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let path = text(arguments, 0);
    let end = path.rfind('/').map_or(0, |slash| slash + 1);
    Ok(clean(&path[..end]).into())
}

fn extension(_: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let path = text(arguments, 0);
    let name = path.rsplit('/').next().unwrap_or_default();
    Ok(Value::from(name.rfind('.').map_or("", |dot| &name[dot..])))
}

/// The shortest path that means the same.
pub(super) fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => match parts.last() {
                Some(&last) if last != ".." => {
                    parts.pop();
                }
                _ if rooted => {}
                _ => parts.push(".."),
            },
            other => parts.push(other),
        }
    }
    match (rooted, parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => parts.join("/"),
    }
}
