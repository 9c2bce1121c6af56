//! Helm's `include`, `tpl`, `required`, `fail`, `lookup`.

use super::{
    argument::{any, bytes, text},
    registry::{
        Function,
        Parameter::{Any, String as Str},
    },
    strings::find,
};
use crate::{
    error::{Error, ErrorKind, Failure, Outcome},
    format::quote,
    runtime::Runtime,
    value::Value,
};

pub(super) static TABLE: &[Function] = &[
    Function::fixed("include", &[Str, Any], include),
    Function::fixed("tpl", &[Str, Any], tpl),
    Function::fixed("required", &[Str, Any], |runtime, arguments| {
        let value = any(arguments, 1);
        let is_missing = match value {
            Value::Nil => true,
            Value::String(text) => text.is_empty(),
            _ => false,
        };
        if !is_missing {
            return Ok(value.clone());
        }
        refuse(runtime, &text(arguments, 0))
    }),
    Function::fixed("fail", &[Str], |runtime, arguments| refuse(runtime, &text(arguments, 0))),
    Function::fixed("lookup", &[Str, Str, Str, Str], |runtime, arguments| {
        let [version, kind, namespace, name] = [0, 1, 2, 3].map(|index| text(arguments, index));
        Ok(runtime.host().lookup(&version, &kind, &namespace, &name)?)
    }),
    // Names are never looked up: a chart could leak values to whoever serves DNS.
    Function::fixed("getHostByName", &[Str], |_, _| Ok(Value::from(""))),
];

/// Uses of one name under way beyond which `include` refuses.
const MOST_INCLUDES: usize = 1_000;

/// What Helm cuts out of the text of an error, to show only that.
pub(crate) const MESSAGE_START: &str = "HELM_ERR_START";
pub(crate) const MESSAGE_END: &str = "HELM_ERR_END";

fn refuse(runtime: &Runtime<'_>, message: &str) -> Outcome {
    if runtime.host().lenient() {
        return Ok(Value::from(""));
    }
    Err(format!("{MESSAGE_START}{message}{MESSAGE_END}").into())
}

fn include(runtime: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let name = text(arguments, 0);
    if runtime.begin_include(&name, MOST_INCLUDES).is_none() {
        let cause = Error::new(ErrorKind::Function, "unable to execute template");
        let text = format!("rendering template has a nested reference name: {name}: {cause}");
        return Err(Box::new(Error::new(ErrorKind::Function, text).caused_by(cause)).into());
    }
    let rendered = match runtime.find(&name) {
        Some(template) => runtime.render(&template, any(arguments, 1)).map_err(Failure::from),
        None => {
            let name = quote(&name);
            let text = format!("template: no template {name} associated with template \"gotpl\"");
            Err(Box::new(Error::new(ErrorKind::Missing, text)).into())
        }
    };
    runtime.end_include(&name);
    Ok(rendered?.into())
}

fn tpl(runtime: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let source = bytes(arguments, 0);
    if find(source, b"{{").is_none() {
        return Ok(without_no_value(source.to_vec()).into());
    }
    let definitions = runtime.parse_text(source).map_err(|cause| {
        let source = quote(&text(arguments, 0));
        let text = format!("cannot parse template {source}: {cause}");
        Failure::Wrapped(Box::new(Error::new(ErrorKind::Function, text).caused_by(cause)))
    })?;
    let rendered = runtime.render_text(definitions, any(arguments, 1)).map_err(|cause| {
        let source = quote(&text(arguments, 0));
        let text = format!("error during tpl function execution for {source}: {cause}");
        Failure::Wrapped(Box::new(Error::new(ErrorKind::Function, text).caused_by(*cause)))
    })?;
    Ok(without_no_value(rendered).into())
}

/// Helm cuts `<no value>` out of every rendered text, wherever it stands.
pub(crate) fn without_no_value(text: Vec<u8>) -> Vec<u8> {
    const NO_VALUE: &[u8] = b"<no value>";
    if find(&text, NO_VALUE).is_none() {
        return text;
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_slice();
    while let Some(at) = find(rest, NO_VALUE) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + NO_VALUE.len()..];
    }
    out.extend_from_slice(rest);
    out
}
