//! One value in one verb.

use super::{
    DEEPEST, FormatError, LONGEST,
    float::format_float,
    integer::{format_char, format_integer, format_quoted_char, format_unicode},
    pad::{Flags, pad},
    quoted::quote_bytes,
};
use crate::value::{List, Map, Structure, Value};

type Printed = Result<(), FormatError>;

/// Prints values one after the other.
#[derive(Default)]
pub(crate) struct Printer {
    pub(crate) out: Vec<u8>,
    pub(crate) flags: Flags,
}

impl Printer {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    pub(super) fn pad(&mut self, text: &[u8]) -> Printed {
        pad(&mut self.out, &self.flags, text)
    }

    /// An operand of a print function.
    pub(crate) fn argument(&mut self, value: &Value, verb: char) -> Printed {
        if self.out.len() > LONGEST {
            return Err(FormatError::Length);
        }
        match (value, verb) {
            (Value::Nil, 'T' | 'v') => self.pad(b"<nil>"),
            (Value::Nil, _) => self.bad_verb(value, verb),
            (_, 'T') => self.string(value.type_name().as_bytes(), 's', value),
            _ => self.value(value, verb, 0),
        }
    }

    fn value(&mut self, value: &Value, verb: char, depth: usize) -> Printed {
        if depth > DEEPEST {
            return Err(FormatError::Depth);
        }
        if self.out.len() > LONGEST {
            return Err(FormatError::Length);
        }
        if let Some(text) = self.method_text(value, verb) {
            return self.string(text.as_bytes(), verb, value);
        }
        match value {
            Value::Nil if self.flags.sharp_v => {
                self.push(b"interface {}(nil)");
                Ok(())
            }
            Value::Nil => {
                self.push(b"<nil>");
                Ok(())
            }
            Value::Bool(flag) => match verb {
                't' | 'v' => self.pad(if *flag { b"true" } else { b"false" }),
                _ => self.bad_verb(value, verb),
            },
            Value::Int(number) | Value::Int64(number) | Value::Duration(number) => {
                self.integer(value, (*number < 0, number.unsigned_abs()), verb)
            }
            Value::Uint8(number) => self.integer(value, (false, u64::from(*number)), verb),
            Value::Uint64(number) => self.integer(value, (false, *number), verb),
            Value::Float(number) => self.float(value, *number, verb),
            Value::Complex(real, imaginary) => self.complex(value, *real, *imaginary, verb),
            Value::String(text) => self.string(text.as_bytes(), verb, value),
            Value::Bytes(bytes) => self.bytes(bytes, verb, value, depth),
            Value::List(list) => self.list(list, verb, depth),
            Value::Map(map) => self.map(map, verb, depth),
            Value::Structure(structure) => self.structure(structure, verb, depth),
            Value::Time(_) => self.bad_verb(value, verb),
        }
    }

    /// What the value's own `String` method prints, in the verbs that ask it.
    fn method_text(&self, value: &Value, verb: char) -> Option<String> {
        if self.flags.sharp_v || !matches!(verb, 'v' | 's' | 'x' | 'X' | 'q') {
            return None;
        }
        match value {
            Value::Duration(nanoseconds) => Some(crate::functions::duration_text(*nanoseconds)),
            Value::Time(time) => Some(crate::functions::time_text(time)),
            Value::List(list) => list.type_info().text.map(|text| text(value)),
            Value::Map(map) => map.type_info().text.map(|text| text(value)),
            Value::Structure(structure) => structure.type_info().text.map(|text| text(value)),
            _ => None,
        }
    }

    pub(super) fn bad_verb(&mut self, value: &Value, verb: char) -> Printed {
        self.push(b"%!");
        self.push(verb.encode_utf8(&mut [0; 4]).as_bytes());
        self.push(b"(");
        if value.is_nil() {
            self.push(b"<nil>");
        } else {
            self.push(value.type_name().as_bytes());
            self.push(b"=");
            self.value(value, 'v', 0)?;
        }
        self.push(b")");
        Ok(())
    }

    fn integer(&mut self, value: &Value, number: (bool, u64), verb: char) -> Printed {
        let (out, flags) = (&mut self.out, &self.flags);
        let code = if number.0 { u64::MAX } else { number.1 };
        match verb {
            'v' if flags.sharp_v && value.unsigned().is_some() => {
                let sharp = Flags { sharp: true, ..*flags };
                format_integer(out, &sharp, number, 'x')
            }
            'v' | 'd' => format_integer(out, flags, number, 'd'),
            'b' | 'o' | 'O' | 'x' | 'X' => format_integer(out, flags, number, verb),
            'c' => format_char(out, flags, code),
            'q' => format_quoted_char(out, flags, code),
            'U' if number.0 => format_unicode(out, flags, number.1.wrapping_neg()),
            'U' => format_unicode(out, flags, code),
            _ => self.bad_verb(value, verb),
        }
    }

    fn float(&mut self, value: &Value, number: f64, verb: char) -> Printed {
        let (form, default) = match verb {
            'v' => ('g', None),
            'b' | 'g' | 'G' | 'x' | 'X' => (verb, None),
            'f' | 'e' | 'E' => (verb, Some(6)),
            'F' => ('f', Some(6)),
            _ => return self.bad_verb(value, verb),
        };
        let mut text = format_float(number, form, self.flags.precision.or(default));
        if self.flags.sharp && form != 'b' {
            text = super::directive::keep_point(&text, form, self.flags.precision);
        }
        let unsigned = text.trim_start_matches(['+', '-']).to_owned();
        let sign = if text.starts_with('-') {
            "-"
        } else if self.flags.plus {
            "+"
        } else if self.flags.space {
            " "
        } else if text == "+Inf" {
            "+"
        } else {
            ""
        };
        let special = unsigned.starts_with(['I', 'N']);
        if self.flags.zero && !self.flags.minus && !special && !sign.is_empty() {
            self.push(sign.as_bytes());
            let width = self.flags.width.map(|width| width.saturating_sub(1));
            let flags = Flags { width, ..self.flags };
            return pad(&mut self.out, &flags, unsigned.as_bytes());
        }
        let flags = Flags { zero: self.flags.zero && !special, ..self.flags };
        pad(&mut self.out, &flags, format!("{sign}{unsigned}").as_bytes())
    }

    fn complex(&mut self, value: &Value, real: f64, imaginary: f64, verb: char) -> Printed {
        if !matches!(verb, 'v' | 'b' | 'g' | 'G' | 'x' | 'X' | 'f' | 'F' | 'e' | 'E') {
            return self.bad_verb(value, verb);
        }
        let plus = self.flags.plus;
        self.push(b"(");
        self.float(value, real, verb)?;
        self.flags.plus = true;
        self.float(value, imaginary, verb)?;
        self.push(b"i)");
        self.flags.plus = plus;
        Ok(())
    }

    fn truncated<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        let Some(limit) = self.flags.precision else { return bytes };
        let mut end = 0;
        for _ in 0..limit {
            let rest = &bytes[end..];
            let Some(chunk) = rest.utf8_chunks().next() else { break };
            end += chunk.valid().chars().next().map_or(1, char::len_utf8);
        }
        &bytes[..end.min(bytes.len())]
    }

    pub(super) fn string(&mut self, bytes: &[u8], verb: char, value: &Value) -> Printed {
        match verb {
            'v' if self.flags.sharp_v => self.pad(quote_bytes(bytes, '"', false).as_bytes()),
            'v' | 's' => {
                let text = self.truncated(bytes);
                pad(&mut self.out, &self.flags, text)
            }
            'x' | 'X' => {
                let text = super::directive::hex_text(bytes, verb, &self.flags);
                self.pad(text.as_bytes())
            }
            'q' => {
                let kept = self.truncated(bytes);
                let backquoted = self.flags.sharp
                    && !kept.iter().any(|&byte| byte == b'`' || (byte < b' ' && byte != b'\t'));
                let text = if backquoted {
                    format!("`{}`", String::from_utf8_lossy(kept))
                } else {
                    quote_bytes(kept, '"', self.flags.plus)
                };
                self.pad(text.as_bytes())
            }
            _ => self.bad_verb(value, verb),
        }
    }

    fn bytes(&mut self, bytes: &[u8], verb: char, value: &Value, depth: usize) -> Printed {
        if matches!(verb, 's' | 'x' | 'X' | 'q') {
            return self.string(bytes, verb, value);
        }
        if self.flags.sharp_v {
            self.push(if depth == 0 { b"[]byte" } else { b"[]uint8" });
        }
        let items = bytes.iter().map(|&byte| Value::Uint8(byte));
        let braces = if self.flags.sharp_v { [b"{", b"}"] } else { [b"[", b"]"] };
        self.push(braces[0]);
        for (index, item) in items.enumerate() {
            self.separate(index);
            self.value(&item, verb, depth + 1)?;
        }
        self.push(braces[1]);
        Ok(())
    }

    fn separate(&mut self, index: usize) {
        if index > 0 {
            self.push(if self.flags.sharp_v { b", " } else { b" " });
        }
    }

    fn list(&mut self, list: &List, verb: char, depth: usize) -> Printed {
        let sharp = self.flags.sharp_v;
        if sharp {
            self.push(list.type_info().name.as_bytes());
        }
        self.push(if sharp { b"{" } else { b"[" });
        for (index, item) in list.items().iter().enumerate() {
            self.separate(index);
            self.value(item, verb, depth + 1)?;
        }
        self.push(if sharp { b"}" } else { b"]" });
        Ok(())
    }

    fn map(&mut self, map: &Map, verb: char, depth: usize) -> Printed {
        let sharp = self.flags.sharp_v;
        if sharp {
            self.push(map.type_info().name.as_bytes());
        }
        self.push(if sharp { b"{" } else { b"map[" });
        for (index, (key, item)) in map.read().iter().enumerate() {
            self.separate(index);
            self.value(&Value::from(&**key), verb, depth + 1)?;
            self.push(b":");
            self.value(item, verb, depth + 1)?;
        }
        self.push(if sharp { b"}" } else { b"]" });
        Ok(())
    }

    fn structure(&mut self, structure: &Structure, verb: char, depth: usize) -> Printed {
        if structure.is_pointer() {
            if depth > 0 {
                // The address, which differs from run to run.
                self.push(b"0xc000000000");
                return Ok(());
            }
            self.push(b"&");
        }
        if self.flags.sharp_v {
            self.push(structure.type_info().name.as_bytes());
        }
        self.push(b"{");
        for (index, (name, field)) in structure.fields().iter().enumerate() {
            self.separate(index);
            if self.flags.plus_v || self.flags.sharp_v {
                self.push(name.as_bytes());
                self.push(b":");
            }
            self.value(field, verb, depth + 1)?;
        }
        self.push(b"}");
        Ok(())
    }
}
