//! Strings: cutting, joining, trimming, quoting.

use super::{
    argument::{any, bytes, int, string_of, text},
    registry::{
        Function,
        Parameter::{Any, Int, String as Str},
    },
};
use crate::{
    error::{Failure, Outcome},
    format::{quote_bytes, sprintf, value_bytes},
    runtime::Runtime,
    value::{List, Map, STRING_MAP, STRINGS, Text, Value},
};

pub(super) static TABLE: &[Function] = &[
    Function::fixed("hello", &[], |_, _| Ok(Value::from("Hello!"))),
    Function::fixed("abbrev", &[Int, Str], |_, arguments| {
        let (width, string) = (int(arguments, 0), bytes(arguments, 1));
        Ok(if width < 4 { string.to_vec() } else { abbreviate(string, 0, width) }.into())
    }),
    Function::fixed("abbrevboth", &[Int, Int, Str], |_, arguments| {
        let (left, right, string) = (int(arguments, 0), int(arguments, 1), bytes(arguments, 2));
        let too_narrow = right < 4 || (left > 0 && right < 7);
        Ok(if too_narrow { string.to_vec() } else { abbreviate(string, left, right) }.into())
    }),
    Function::fixed("trunc", &[Int, Str], |_, arguments| Ok(truncate(arguments).into())),
    Function::fixed("substr", &[Int, Int, Str], substring),
    Function::fixed("trim", &[Str], |_, arguments| Ok(trimmed(&text(arguments, 0)).into())),
    Function::fixed("trimall", &[Str, Str], trim_all),
    Function::fixed("trimAll", &[Str, Str], trim_all),
    Function::fixed("trimSuffix", &[Str, Str], |_, arguments| {
        let string = bytes(arguments, 1);
        Ok(string.strip_suffix(bytes(arguments, 0)).unwrap_or(string).into())
    }),
    Function::fixed("trimPrefix", &[Str, Str], |_, arguments| {
        let string = bytes(arguments, 1);
        Ok(string.strip_prefix(bytes(arguments, 0)).unwrap_or(string).into())
    }),
    Function::fixed("contains", &[Str, Str], |_, arguments| {
        Ok(Value::Bool(find(bytes(arguments, 1), bytes(arguments, 0)).is_some()))
    }),
    Function::fixed("hasPrefix", &[Str, Str], |_, arguments| {
        Ok(Value::Bool(bytes(arguments, 1).starts_with(bytes(arguments, 0))))
    }),
    Function::fixed("hasSuffix", &[Str, Str], |_, arguments| {
        Ok(Value::Bool(bytes(arguments, 1).ends_with(bytes(arguments, 0))))
    }),
    Function::fixed("repeat", &[Int, Str], repeat),
    Function::variadic("quote", &[], Any, quote),
    Function::variadic("squote", &[], Any, single_quote),
    Function::variadic("cat", &[], Any, cat),
    Function::fixed("indent", &[Int, Str], |runtime, arguments| {
        indent(runtime, "", int(arguments, 0), bytes(arguments, 1))
    }),
    Function::fixed("nindent", &[Int, Str], |runtime, arguments| {
        indent(runtime, "\n", int(arguments, 0), bytes(arguments, 1))
    }),
    Function::fixed("replace", &[Str, Str, Str], replace),
    Function::fixed("plural", &[Str, Str, Int], |_, arguments| {
        Ok(any(arguments, usize::from(int(arguments, 2) != 1)).clone())
    }),
    Function::fixed("toString", &[Any], |_, arguments| {
        Ok(Value::String(string_of(any(arguments, 0))?))
    }),
    Function::fixed("toStrings", &[Any], |_, arguments| {
        let items = strings_of(any(arguments, 0))?;
        Ok(Value::List(List::typed(&STRINGS, items.into_iter().map(Value::String).collect())))
    }),
    Function::fixed("join", &[Str, Any], join),
    Function::fixed("sortAlpha", &[Any], sort_alpha),
    Function::fixed("split", &[Str, Str], |runtime, arguments| {
        numbered(split(runtime, bytes(arguments, 1), bytes(arguments, 0), -1)?)
    }),
    Function::fixed("splitn", &[Str, Int, Str], |runtime, arguments| {
        let count = int(arguments, 1);
        numbered(split(runtime, bytes(arguments, 2), bytes(arguments, 0), count)?)
    }),
    Function::fixed("splitList", &[Str, Str], |runtime, arguments| {
        let parts = split(runtime, bytes(arguments, 1), bytes(arguments, 0), -1)?;
        Ok(Value::strings(parts))
    }),
];

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::String(Text::from(bytes))
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::String(Text::from(bytes))
    }
}

/// Cuts to `width` bytes with an ellipsis at the end, and at the start where `offset` asks for it.
fn abbreviate(string: &[u8], offset: i64, width: i64) -> Vec<u8> {
    let length = i64::try_from(string.len()).unwrap_or(i64::MAX);
    let part = |from: i64, to: i64| {
        let bound = |at: i64| usize::try_from(at.clamp(0, length)).unwrap_or(0);
        string.get(bound(from)..bound(to)).unwrap_or_default()
    };
    if string.is_empty() || length <= width {
        return string.to_vec();
    }
    let mut offset = offset.min(length);
    if length - offset < width - 3 {
        offset = length - (width - 3);
    }
    if offset <= 4 {
        return [part(0, width - 3), b"..."].concat();
    }
    if offset + width - 3 < length {
        return [b"...", &*abbreviate(part(offset, length), 0, width - 3)].concat();
    }
    [b"...", part(length - (width - 3), length)].concat()
}

fn truncate(arguments: &[Value]) -> &[u8] {
    let (count, string) = (int(arguments, 0), bytes(arguments, 1));
    let length = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    if count < 0 && length < string.len() {
        &string[string.len() - length..]
    } else if count >= 0 && length < string.len() {
        &string[..length]
    } else {
        string
    }
}

fn substring(_: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let (start, end, string) = (int(arguments, 0), int(arguments, 1), bytes(arguments, 2));
    let length = string.len();
    let cut = |from: i64, to: i64, shown: String| -> Outcome {
        match (usize::try_from(from), usize::try_from(to)) {
            (Ok(from), Ok(to)) if from <= to && to <= length => Ok(string[from..to].into()),
            _ => Err(format!("runtime error: slice bounds out of range {shown}").into()),
        }
    };
    let whole = i64::try_from(length).unwrap_or(i64::MAX);
    if start < 0 {
        let shown =
            if end < 0 { format!("[:{end}]") } else { format!("[:{end}] with length {length}") };
        return cut(0, end, shown);
    }
    if end < 0 || end > whole {
        return cut(start, whole, format!("[{start}:{length}]"));
    }
    cut(start, end, format!("[{start}:{end}]"))
}

/// Go's idea of white space: what Unicode calls so, without the separators that it does not.
pub(super) fn is_go_space(character: char) -> bool {
    character.is_whitespace()
}

fn trimmed(text: &str) -> &str {
    text.trim_matches(is_go_space)
}

fn trim_all(_: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let cut = text(arguments, 0);
    Ok(text(arguments, 1).trim_matches(|character| cut.contains(character)).into())
}

/// Where `needle` begins in `bytes`.
pub(super) fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, needle)
}

fn repeat(runtime: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let (count, string) = (int(arguments, 0), bytes(arguments, 1));
    let Ok(count) = usize::try_from(count) else {
        return Err("strings: negative Repeat count".into());
    };
    runtime.reserve(count.saturating_mul(string.len()))?;
    if string.is_empty() {
        return Ok(Value::from(""));
    }
    Ok(string.repeat(count).into())
}

fn quote(_: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let mut quoted = Vec::with_capacity(arguments.len());
    for value in arguments.iter().filter(|value| !value.is_nil()) {
        quoted.push(quote_bytes(string_of(value)?.as_bytes(), '"', false));
    }
    Ok(quoted.join(" ").into())
}

fn single_quote(_: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let mut out = Vec::new();
    for value in arguments.iter().filter(|value| !value.is_nil()) {
        if !out.is_empty() {
            out.push(b' ');
        }
        out.push(b'\'');
        out.extend_from_slice(&value_bytes(value)?);
        out.push(b'\'');
    }
    Ok(out.into())
}

fn cat(_: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let values: Vec<Value> = arguments.iter().filter(|value| !value.is_nil()).cloned().collect();
    let format = "%v ".repeat(values.len());
    Ok(sprintf(format.trim_end().as_bytes(), &values)?.into())
}

fn indent(runtime: &mut Runtime<'_>, before: &str, spaces: i64, string: &[u8]) -> Outcome {
    let Ok(spaces) = usize::try_from(spaces) else {
        return Err("strings: negative Repeat count".into());
    };
    let lines = 1 + string.iter().filter(|&&byte| byte == b'\n').count();
    let size = lines.saturating_mul(spaces).saturating_add(string.len());
    runtime.reserve(size)?;
    let pad = " ".repeat(spaces);
    let mut out = Vec::with_capacity(before.len() + size);
    out.extend_from_slice(before.as_bytes());
    for (index, line) in string.split(|&byte| byte == b'\n').enumerate() {
        if index > 0 {
            out.push(b'\n');
        }
        out.extend_from_slice(pad.as_bytes());
        out.extend_from_slice(line);
    }
    Ok(out.into())
}

fn replace(runtime: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let (old, new, string) = (bytes(arguments, 0), bytes(arguments, 1), bytes(arguments, 2));
    if !old.is_empty() && find(string, old).is_none() {
        return Ok(any(arguments, 2).clone());
    }
    let parts = split(runtime, string, old, -1)?;
    let between = if old.is_empty() { parts.len() + 1 } else { parts.len() };
    runtime.reserve(string.len().saturating_add(between.saturating_mul(new.len())))?;
    if old.is_empty() {
        // Around every character.
        let mut out = new.to_vec();
        for part in &parts {
            out.extend_from_slice(part);
            out.extend_from_slice(new);
        }
        return Ok(out.into());
    }
    Ok(parts.join(new).into())
}

/// Go's `SplitN`: by a separator, or into characters where that is empty; at most `count` parts,
/// any number where it is negative.
pub(super) fn split<'a>(
    runtime: &mut Runtime<'_>,
    string: &'a [u8],
    separator: &[u8],
    count: i64,
) -> Result<Vec<&'a [u8]>, Failure> {
    let most = usize::try_from(count).unwrap_or(usize::MAX);
    let mut parts = Vec::new();
    let mut rest = string;
    if most == 0 {
        return Ok(parts);
    }
    runtime.charge(string.len() / 16)?;
    let finder = memchr::memmem::Finder::new(separator);
    while parts.len() + 1 < most && !(separator.is_empty() && rest.is_empty()) {
        runtime.charge(1)?;
        let (end, skip) = if separator.is_empty() {
            let start = &rest[..rest.len().min(4)];
            let first = start.utf8_chunks().next();
            let width =
                first.and_then(|chunk| chunk.valid().chars().next()).map_or(1, char::len_utf8);
            if width == rest.len() {
                break;
            }
            (width, 0)
        } else {
            match finder.find(rest) {
                Some(at) => (at, separator.len()),
                None => break,
            }
        };
        parts.push(&rest[..end]);
        rest = &rest[end + skip..];
    }
    if !(separator.is_empty() && rest.is_empty()) {
        parts.push(rest);
    }
    Ok(parts)
}

fn numbered(parts: Vec<&[u8]>) -> Outcome {
    let entries = parts
        .into_iter()
        .enumerate()
        .map(|(index, part)| (format!("_{index}").into(), part.into()))
        .collect();
    Ok(Value::Map(Map::typed(&STRING_MAP, entries)))
}

/// sprig's strings of a value: those of a slice's items but nil, or the value's own.
pub(super) fn strings_of(value: &Value) -> Result<Vec<Text>, Failure> {
    match value.items() {
        Some(items) => items.iter().filter(|item| !item.is_nil()).map(string_of).collect(),
        None if value.is_nil() => Ok(Vec::new()),
        None => Ok(vec![string_of(value)?]),
    }
}

fn join(runtime: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let separator = bytes(arguments, 0);
    let parts = strings_of(any(arguments, 1))?;
    let size: usize = parts.iter().map(|part| part.len().saturating_add(separator.len())).sum();
    runtime.reserve(size)?;
    let parts: Vec<&[u8]> = parts.iter().map(Text::as_bytes).collect();
    Ok(parts.join(separator).into())
}

fn sort_alpha(runtime: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let value = any(arguments, 0);
    let mut strings =
        if value.items().is_some() { strings_of(value)? } else { vec![string_of(value)?] };
    runtime.charge(strings.len())?;
    strings.sort_unstable();
    Ok(Value::strings(strings))
}
