//! JSON as Go's `encoding/json` reads it into `interface {}`, with its errors.

use super::{
    argument::text,
    registry::{Function, Parameter::String as Str},
};
use crate::{
    format::quote,
    value::{Entries, Key, Map, Value},
};

pub(super) static TABLE: &[Function] = &[
    Function::fixed("fromJson", &[Str], |_, arguments| {
        Ok(read(&text(arguments, 0)).unwrap_or_default())
    }),
    Function::fixed("mustFromJson", &[Str], |_, arguments| Ok(read(&text(arguments, 0))?)),
];

/// Nesting beyond which a text is refused. Go allows 10,000.
const DEEPEST: usize = 1_000;

type Read<T> = Result<T, String>;

/// Reads one JSON value, and nothing after it. Numbers become `float64`.
pub(super) fn read(text: &str) -> Read<Value> {
    let mut reader = Reader { text, position: 0, overflow: None };
    let value = reader.value(0)?;
    reader.spaces();
    if let Some(character) = reader.peek() {
        return Err(invalid(character, "after top-level value"));
    }
    match reader.overflow {
        None => Ok(value),
        Some(number) => {
            Err(format!("json: cannot unmarshal number {number} into Go value of type float64"))
        }
    }
}

struct Reader<'t> {
    text: &'t str,
    position: usize,
    /// The first number that is too large, which is reported only for a text without other faults.
    overflow: Option<&'t str>,
}

/// Go looks at bytes: of a longer character it shows the first byte, as a character.
fn invalid(character: char, context: &str) -> String {
    let character = char::from(character.encode_utf8(&mut [0; 4]).as_bytes()[0]);
    let shown = match character {
        '\'' => r"'\''".to_owned(),
        '"' => "'\"'".to_owned(),
        other => {
            let quoted = quote(&other.to_string());
            format!("'{}'", &quoted[1..quoted.len() - 1])
        }
    };
    format!("invalid character {shown} {context}")
}

fn end() -> String {
    "unexpected end of JSON input".to_owned()
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<char> {
        self.text[self.position..].chars().next()
    }

    fn next(&mut self) -> Read<char> {
        let character = self.peek().ok_or_else(end)?;
        self.position += character.len_utf8();
        Ok(character)
    }

    /// Where the text ends within a word or number, Go takes a space for the next character.
    fn next_or_space(&mut self) -> char {
        self.next().unwrap_or(' ')
    }

    fn spaces(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\r' | '\n')) {
            self.position += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Read<Value> {
        if depth > DEEPEST {
            return Err("exceeded max depth".to_owned());
        }
        self.spaces();
        match self.peek().ok_or_else(end)? {
            '{' => self.object(depth),
            '[' => self.array(depth),
            '"' => Ok(Value::from(self.string()?)),
            't' => self.literal("true", Value::Bool(true)),
            'f' => self.literal("false", Value::Bool(false)),
            'n' => self.literal("null", Value::Nil),
            '-' | '0'..='9' => self.number(),
            other => Err(invalid(other, "looking for beginning of value")),
        }
    }

    fn literal(&mut self, word: &str, value: Value) -> Read<Value> {
        for expected in word.chars() {
            let found = self.next_or_space();
            if found != expected {
                let context = format!("in literal {word} (expecting '{expected}')");
                return Err(invalid(found, &context));
            }
        }
        Ok(value)
    }

    fn digits(&mut self, context: &str) -> Read<()> {
        match self.peek().unwrap_or(' ') {
            '0'..='9' => {}
            other => return Err(invalid(other, context)),
        }
        while matches!(self.peek(), Some('0'..='9')) {
            self.position += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Read<Value> {
        let start = self.position;
        if self.peek() == Some('-') {
            self.position += 1;
        }
        if self.peek() == Some('0') {
            self.position += 1;
        } else {
            self.digits("in numeric literal")?;
        }
        if self.peek() == Some('.') {
            self.position += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if matches!(self.peek(), Some('e' | 'E')) {
            self.position += 1;
            if matches!(self.peek(), Some('+' | '-')) {
                self.position += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        let number = &self.text[start..self.position];
        let float: f64 = number.parse().unwrap_or(f64::INFINITY);
        if float.is_infinite() {
            self.overflow = self.overflow.or(Some(number));
        }
        Ok(Value::Float(float))
    }

    fn string(&mut self) -> Read<String> {
        self.position += 1;
        let mut out = String::new();
        loop {
            match self.next()? {
                '"' => return Ok(out),
                '\\' => self.escape(&mut out)?,
                control @ '\0'..='\x1f' => return Err(invalid(control, "in string literal")),
                other => out.push(other),
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Read<()> {
        out.push(match self.next_or_space() {
            plain @ ('"' | '\\' | '/') => plain,
            'b' => '\x08',
            'f' => '\x0c',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let high = self.unicode()?;
                self.surrogate(high)?
            }
            other => return Err(invalid(other, "in string escape code")),
        });
        Ok(())
    }

    fn unicode(&mut self) -> Read<u32> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.next_or_space();
            code = code * 16
                + digit
                    .to_digit(16)
                    .ok_or_else(|| invalid(digit, "in \\u hexadecimal character escape"))?;
        }
        Ok(code)
    }

    /// Two escapes that are one character; half of a pair becomes U+FFFD.
    fn surrogate(&mut self, high: u32) -> Read<char> {
        if !(0xd800..0xe000).contains(&high) {
            return Ok(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let before = self.position;
        if self.text[self.position..].starts_with("\\u") {
            self.position += 2;
            let low = self.unicode()?;
            if high < 0xdc00 && (0xdc00..0xe000).contains(&low) {
                let code = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.position = before;
        }
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn array(&mut self, depth: usize) -> Read<Value> {
        self.position += 1;
        let mut items = Vec::new();
        self.spaces();
        if self.peek() == Some(']') {
            self.position += 1;
            return Ok(Value::list(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.spaces();
            match self.next()? {
                ',' => {}
                ']' => return Ok(Value::list(items)),
                other => return Err(invalid(other, "after array element")),
            }
        }
    }

    fn object(&mut self, depth: usize) -> Read<Value> {
        self.position += 1;
        let mut entries = Entries::new();
        self.spaces();
        if self.peek() == Some('}') {
            self.position += 1;
            return Ok(Value::Map(Map::new(entries)));
        }
        loop {
            self.spaces();
            match self.peek().ok_or_else(end)? {
                '"' => {}
                other => return Err(invalid(other, "looking for beginning of object key string")),
            }
            let key = Key::from(self.string()?);
            self.spaces();
            match self.next()? {
                ':' => {}
                other => return Err(invalid(other, "after object key")),
            }
            let value = self.value(depth + 1)?;
            entries.insert(key, value);
            self.spaces();
            match self.next()? {
                ',' => {}
                '}' => return Ok(Value::Map(Map::new(entries))),
                other => return Err(invalid(other, "after object key:value pair")),
            }
        }
    }
}
