//! Regular expressions.

use std::sync::Arc;

use regex::bytes::{Captures, Match, Regex, RegexBuilder};

use super::{
    argument::{bytes, int, text},
    pattern_syntax::translate,
    registry::{
        Function,
        Parameter::{Int, String as Str},
    },
};
use crate::{
    error::{Failure, Outcome},
    runtime::Runtime,
    value::{List, NIL_STRINGS, Value},
};

pub(super) static TABLE: &[Function] = &[
    Function::fixed("regexMatch", &[Str, Str], |runtime, arguments| {
        // A pattern that is none matches nothing.
        let found = compiled(runtime, arguments, "");
        Ok(Value::Bool(found.is_ok_and(|pattern| pattern.is_match(bytes(arguments, 1)))))
    }),
    Function::fixed("mustRegexMatch", &[Str, Str], |runtime, arguments| {
        let pattern = compiled(runtime, arguments, "")?;
        Ok(Value::Bool(pattern.is_match(bytes(arguments, 1))))
    }),
    Function::fixed("regexFind", &[Str, Str], |runtime, arguments| {
        Ok(find(&*compiled(runtime, arguments, PANIC)?, arguments))
    }),
    Function::fixed("mustRegexFind", &[Str, Str], |runtime, arguments| {
        Ok(find(&*compiled(runtime, arguments, "")?, arguments))
    }),
    Function::fixed("regexFindAll", &[Str, Str, Int], |runtime, arguments| {
        find_all(&*compiled(runtime, arguments, PANIC)?, arguments)
    }),
    Function::fixed("mustRegexFindAll", &[Str, Str, Int], |runtime, arguments| {
        find_all(&*compiled(runtime, arguments, "")?, arguments)
    }),
    Function::fixed("regexReplaceAll", &[Str, Str, Str], |runtime, arguments| {
        let pattern = compiled(runtime, arguments, PANIC)?;
        replace(runtime, &pattern, arguments, expand)
    }),
    Function::fixed("mustRegexReplaceAll", &[Str, Str, Str], |runtime, arguments| {
        let pattern = compiled(runtime, arguments, "")?;
        replace(runtime, &pattern, arguments, expand)
    }),
    Function::fixed("regexReplaceAllLiteral", &[Str, Str, Str], |runtime, arguments| {
        let pattern = compiled(runtime, arguments, PANIC)?;
        replace(runtime, &pattern, arguments, verbatim)
    }),
    Function::fixed("mustRegexReplaceAllLiteral", &[Str, Str, Str], |runtime, arguments| {
        let pattern = compiled(runtime, arguments, "")?;
        replace(runtime, &pattern, arguments, verbatim)
    }),
    Function::fixed("regexSplit", &[Str, Str, Int], |runtime, arguments| {
        split(&*compiled(runtime, arguments, PANIC)?, arguments)
    }),
    Function::fixed("mustRegexSplit", &[Str, Str, Int], |runtime, arguments| {
        split(&*compiled(runtime, arguments, "")?, arguments)
    }),
    Function::fixed("regexQuoteMeta", &[Str], |_, arguments| {
        let mut out = String::new();
        for character in text(arguments, 0).chars() {
            if r"\.+*?()|[]{}^$".contains(character) {
                out.push('\\');
            }
            out.push(character);
        }
        Ok(out.into())
    }),
];

/// How errors of functions that panic begin.
const PANIC: &str = "regexp: Compile";

/// How many patterns a session keeps.
const KEPT: usize = 256;

/// Bytes that a compiled pattern may take.
const LARGEST: usize = 4 << 20;

/// A compiled pattern, or why there is none.
pub(crate) type Pattern = Result<Arc<Regex>, String>;

fn compiled(
    runtime: &mut Runtime<'_>,
    arguments: &[Value],
    prefix: &str,
) -> Result<Arc<Regex>, Failure> {
    let pattern = text(arguments, 0);
    runtime.charge(1 + bytes(arguments, 1).len() / 8)?;
    if !runtime.regexes.contains_key(&*pattern) {
        runtime.charge(pattern.len())?;
        if runtime.regexes.len() >= KEPT {
            runtime.regexes.clear();
        }
        runtime.regexes.insert(pattern.clone().into_owned(), compile(&pattern));
    }
    match runtime.regexes.get(&*pattern) {
        Some(Ok(regex)) => Ok(Arc::clone(regex)),
        Some(Err(message)) if prefix.is_empty() => Err(message.clone().into()),
        Some(Err(message)) => Err(format!("{prefix}(`{pattern}`): {message}").into()),
        None => Err("pattern was not kept".into()),
    }
}

fn compile(pattern: &str) -> Pattern {
    let translated = translate(pattern)?;
    match RegexBuilder::new(&translated).size_limit(LARGEST).nest_limit(200).build() {
        Ok(regex) => Ok(Arc::new(regex)),
        Err(regex::Error::CompiledTooBig(_)) => {
            Err(format!("error parsing regexp: expression too large: `{pattern}`"))
        }
        Err(error) => {
            let reason = error.to_string();
            let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
            Err(format!("error parsing regexp: {reason}: `{pattern}`"))
        }
    }
}

fn find(pattern: &Regex, arguments: &[Value]) -> Value {
    let found = pattern.find(bytes(arguments, 1)).map(|found| found.as_bytes());
    found.unwrap_or_default().into()
}

/// False for an empty match inside of a character, which Go never looks at.
fn is_whole(string: &[u8], found: &Match<'_>) -> bool {
    let is_continuation = string.get(found.start()).is_some_and(|byte| byte & 0xc0 == 0x80);
    !(found.is_empty() && is_continuation && std::str::from_utf8(string).is_ok())
}

fn nil_strings() -> Value {
    Value::List(List::typed(&NIL_STRINGS, Vec::new()))
}

/// Go's limit: a negative one is none.
fn limit(count: i64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn find_all(pattern: &Regex, arguments: &[Value]) -> Outcome {
    let string = bytes(arguments, 1);
    let found = pattern.find_iter(string).filter(|found| is_whole(string, found));
    let found = found.take(limit(int(arguments, 2)));
    let found: Vec<&[u8]> = found.map(|found| found.as_bytes()).collect();
    Ok(if found.is_empty() { nil_strings() } else { Value::strings(found) })
}

type Replacement = fn(&[u8], &Captures<'_>, &mut Vec<u8>);

fn replace(
    runtime: &mut Runtime<'_>,
    pattern: &Regex,
    arguments: &[Value],
    replacement: Replacement,
) -> Outcome {
    let (string, template) = (bytes(arguments, 1), bytes(arguments, 2));
    let mut out = Vec::with_capacity(string.len());
    let mut end = 0;
    for captures in pattern.captures_iter(string) {
        let Some(whole) = captures.get(0).filter(|whole| is_whole(string, whole)) else { continue };
        out.extend_from_slice(&string[end..whole.start()]);
        replacement(template, &captures, &mut out);
        end = whole.end();
        runtime.reserve(out.len())?;
        runtime.charge(1)?;
    }
    out.extend_from_slice(&string[end..]);
    Ok(out.into())
}

fn verbatim(template: &[u8], _: &Captures<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(template);
}

/// `$1`, `${1}`, `$name`, `$$`. Without braces a name is as long as it can be.
fn expand(template: &[u8], captures: &Captures<'_>, out: &mut Vec<u8>) {
    let mut rest = template;
    while let Some(dollar) = rest.iter().position(|&byte| byte == b'$') {
        out.extend_from_slice(&rest[..dollar]);
        rest = &rest[dollar + 1..];
        if rest.first() == Some(&b'$') {
            out.push(b'$');
            rest = &rest[1..];
            continue;
        }
        let Some((name, after)) = reference(rest) else {
            out.push(b'$');
            continue;
        };
        rest = after;
        let group = match name.parse::<usize>() {
            Ok(number) => captures.get(number),
            Err(_) => captures.name(&format!("g_{name}")),
        };
        out.extend_from_slice(group.map_or(&[][..], |group| group.as_bytes()));
    }
    out.extend_from_slice(rest);
}

/// The name after a dollar sign, and what follows it.
fn reference(rest: &[u8]) -> Option<(&str, &[u8])> {
    let braced = rest.first() == Some(&b'{');
    let body = if braced { &rest[1..] } else { rest };
    let text = match std::str::from_utf8(body) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&body[..error.valid_up_to()]).unwrap_or_default(),
    };
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    if end == 0 {
        return None;
    }
    let after = &body[end..];
    let after = if braced { after.strip_prefix(b"}")? } else { after };
    Some((&text[..end], after))
}

fn split(pattern: &Regex, arguments: &[Value]) -> Outcome {
    let (string, count) = (bytes(arguments, 1), int(arguments, 2));
    if count == 0 {
        return Ok(nil_strings());
    }
    if string.is_empty() && !bytes(arguments, 0).is_empty() {
        return Ok(Value::strings([""]));
    }
    let most = limit(count);
    let mut parts: Vec<&[u8]> = Vec::new();
    let (mut begin, mut end) = (0, 0);
    for found in pattern.find_iter(string).filter(|found| is_whole(string, found)).take(most) {
        if parts.len() + 1 >= most {
            break;
        }
        end = found.start();
        if found.end() != 0 {
            parts.push(&string[begin..end]);
        }
        begin = found.end();
    }
    if end != string.len() {
        parts.push(&string[begin..]);
    }
    Ok(Value::strings(parts))
}
