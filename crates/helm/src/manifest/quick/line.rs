//! One line of plain block YAML.

/// What stands behind a key or a dash.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// Nothing, or a comment.
    Nothing,
    /// `|` or `>` with its signs.
    Block,
    /// `{}`
    EmptyMap,
    /// `[a, "b"]`
    List,
    /// Quotes that do not end on this line.
    Open(u8),
    Scalar(Scalar<'a>),
}

/// A scalar on one line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Scalar<'a> {
    /// Without quotes; more lines may follow.
    Plain(&'a str),
    /// Without quotes, ended by a comment.
    PlainEnded(&'a str),
    /// In quotes, and as it is written: no escape in it.
    Quoted(&'a str),
    /// In quotes, with escapes.
    Escaped,
}

impl Value<'_> {
    /// The text of a scalar that is certainly a string.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Value::Scalar(Scalar::Quoted(text)) => Some(text),
            Value::Scalar(Scalar::Plain(text) | Scalar::PlainEnded(text)) if is_word(text) => {
                Some(text)
            }
            _ => None,
        }
    }
}

/// Whether an unquoted scalar cannot be a number, a boolean, null or a date.
fn is_word(text: &str) -> bool {
    const OTHER: [&str; 12] =
        ["y", "yes", "n", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity"];
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && !OTHER.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// What follows the dash of a list item.
pub(super) fn list_item(text: &str) -> Option<&str> {
    match text.strip_prefix('-')? {
        "" => Some(""),
        rest if rest.starts_with(' ') => Some(rest),
        _ => None,
    }
}

/// A key and what follows its colon.
pub(super) fn key(text: &str) -> Option<(&str, &str)> {
    let (key, rest) = match text.as_bytes().first()? {
        b'"' | b'\'' => {
            let quote = &text[..1];
            let (key, rest) = text[1..].split_once(quote)?;
            (key, rest.strip_prefix(':')?)
        }
        first if first.is_ascii_alphanumeric() || b"_./$".contains(first) => {
            let end = text.find(|c: char| !is_key_character(c))?;
            (&text[..end], text[end..].strip_prefix(':')?)
        }
        _ => return None,
    };
    let is_simple = !key.is_empty() && key.len() < 500 && key.chars().all(is_key_character);
    (is_simple && (rest.is_empty() || rest.starts_with(' '))).then_some((key, rest))
}

fn is_key_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_./$-".contains(c)
}

/// What stands behind a colon or a dash; `None` where it is not of the plain style.
pub(super) fn value(text: &str) -> Option<Value<'_>> {
    let text = text.trim_matches(' ');
    let Some(&first) = text.as_bytes().first() else { return Some(Value::Nothing) };
    match first {
        b'#' => Some(Value::Nothing),
        b'|' | b'>' => matches!(&text[1..], "" | "-" | "+").then_some(Value::Block),
        b'"' | b'\'' => quoted(text),
        b'[' => list(&text[1..]).then_some(Value::List),
        _ if text == "{}" => Some(Value::EmptyMap),
        _ => plain(text),
    }
}

fn quoted(text: &str) -> Option<Value<'_>> {
    let quote = text.as_bytes()[0];
    let body = &text[1..];
    Some(match close(body, quote)? {
        None => Value::Open(quote),
        Some((at, escaped)) if ends(&body[at + 1..]) => Value::Scalar(match escaped {
            true => Scalar::Escaped,
            false => Scalar::Quoted(&body[..at]),
        }),
        Some(_) => return None,
    })
}

/// Where the quotes close, and whether there are escapes before; `Some(None)` if not on this line.
#[expect(clippy::option_option, reason = "not plain, not closed and closed are three answers")]
pub(super) fn close(body: &str, quote: u8) -> Option<Option<(usize, bool)>> {
    let mut escaped = false;
    let mut bytes = body.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        if byte == b'\\' && quote == b'"' {
            escaped = true;
            if !bytes.next().is_some_and(|(_, next)| b"\\\"nt".contains(&next)) {
                return None;
            }
        } else if byte == quote {
            if quote == b'\'' && body.as_bytes().get(at + 1) == Some(&b'\'') {
                escaped = true;
                bytes.next();
                continue;
            }
            return Some(Some((at, escaped)));
        }
    }
    Some(None)
}

/// Whether nothing but a comment is left.
pub(super) fn ends(rest: &str) -> bool {
    let trimmed = rest.trim_start_matches(' ');
    trimmed.is_empty() || (trimmed.len() < rest.len() && trimmed.starts_with('#'))
}

/// Whether this is a list of simple scalars, with its closing bracket.
fn list(text: &str) -> bool {
    let mut rest = text.trim_start_matches(' ');
    if let Some(after) = rest.strip_prefix(']') {
        return ends(after);
    }
    loop {
        let quote = rest.as_bytes().first().copied().filter(|byte| b"\"'".contains(byte));
        let length = match quote.map(|quote| close(&rest[1..], quote)) {
            Some(Some(Some((at, _)))) => at + 2,
            Some(_) => return false,
            None => rest
                .bytes()
                .take_while(|b| b.is_ascii_alphanumeric() || b"_./-".contains(b))
                .count(),
        };
        if length == 0 || rest.starts_with('-') {
            return false;
        }
        rest = rest[length..].trim_start_matches(' ');
        match rest.as_bytes().first() {
            Some(b',') => rest = rest[1..].trim_start_matches(' '),
            Some(b']') => return ends(&rest[1..]),
            _ => return false,
        }
    }
}

fn plain(text: &str) -> Option<Value<'_>> {
    let first = text.chars().next()?;
    let starts = first.is_alphanumeric()
        || "/.$_(<+=~^;".contains(first)
        || (first == '-' && text.trim_start_matches('-').starts_with(char::is_alphanumeric))
        || (first == ':' && text[1..].starts_with(char::is_alphanumeric));
    if !starts {
        return None;
    }
    let (body, ended) = match text.find(" #") {
        Some(at) => (text[..at].trim_end_matches(' '), true),
        None => (text, false),
    };
    if body.contains(": ") || body.ends_with(':') {
        return None;
    }
    let scalar = if ended { Scalar::PlainEnded(body) } else { Scalar::Plain(body) };
    Some(Value::Scalar(scalar))
}

/// Whether a line is one more line of a plain scalar.
pub(super) fn continues_plain(text: &str) -> bool {
    let text = text.trim_end_matches(' ');
    !text.starts_with(['#', '?', ':'])
        && list_item(text).is_none()
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with(':')
}
