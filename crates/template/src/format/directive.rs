//! `Printf`: the directives of a format.

use super::{FormatError, pad::Flags, printer::Printer};
use crate::value::Value;

/// A width or precision beyond this is refused, as in Go.
const LARGEST: usize = 1_000_000;

/// Go's `Sprintf`.
pub(crate) fn sprintf(format: &[u8], arguments: &[Value]) -> Result<Vec<u8>, FormatError> {
    let mut state = State {
        printer: Printer::default(),
        format,
        position: 0,
        arguments,
        next: 0,
        reordered: false,
        good_index: true,
        after_index: false,
    };
    state.run()?;
    Ok(state.printer.out)
}

struct State<'a> {
    printer: Printer,
    format: &'a [u8],
    position: usize,
    arguments: &'a [Value],
    next: usize,
    /// `%[n]` was used.
    reordered: bool,
    good_index: bool,
    after_index: bool,
}

impl State<'_> {
    fn run(&mut self) -> Result<(), FormatError> {
        while self.position < self.format.len() {
            let rest = &self.format[self.position..];
            let plain = rest.iter().position(|&byte| byte == b'%').unwrap_or(rest.len());
            self.printer.push(&rest[..plain]);
            self.position += plain;
            if self.position < self.format.len() {
                self.position += 1;
                self.directive()?;
            }
        }
        if !self.reordered && self.next < self.arguments.len() {
            self.extra()?;
        }
        Ok(())
    }

    fn peek(&self) -> Option<u8> {
        self.format.get(self.position).copied()
    }

    fn directive(&mut self) -> Result<(), FormatError> {
        self.printer.flags = Flags::default();
        self.good_index = true;
        self.flags();
        self.after_index = false;
        self.index();
        self.width();
        self.precision();
        if !self.after_index {
            self.index();
        }
        let Some(verb) = self.verb() else {
            self.printer.push(b"%!(NOVERB)");
            return Ok(());
        };
        self.apply(verb)
    }

    fn flags(&mut self) {
        while let Some(byte) = self.peek() {
            let flags = &mut self.printer.flags;
            match byte {
                b'#' => flags.sharp = true,
                b'0' => flags.zero = true,
                b'+' => flags.plus = true,
                b'-' => flags.minus = true,
                b' ' => flags.space = true,
                _ => return,
            }
            self.position += 1;
        }
    }

    fn width(&mut self) {
        if self.peek() == Some(b'*') {
            self.position += 1;
            match self.argument_number() {
                None => self.printer.push(b"%!(BADWIDTH)"),
                Some(width) => {
                    let flags = &mut self.printer.flags;
                    flags.width = Some(width.unsigned_abs());
                    if width < 0 {
                        flags.minus = true;
                        flags.zero = false;
                    }
                }
            }
            self.after_index = false;
            return;
        }
        let width = self.digits();
        if width.is_some() && self.after_index {
            self.good_index = false;
        }
        self.printer.flags.width = width;
    }

    fn precision(&mut self) {
        // A point at the very end is taken for the verb.
        if self.peek() != Some(b'.') || self.position + 1 == self.format.len() {
            return;
        }
        self.position += 1;
        if self.after_index {
            self.good_index = false;
        }
        self.index();
        if self.peek() == Some(b'*') {
            self.position += 1;
            let number = self.argument_number().and_then(|number| usize::try_from(number).ok());
            if number.is_none() {
                self.printer.push(b"%!(BADPREC)");
            }
            self.printer.flags.precision = number;
            self.after_index = false;
        } else {
            self.printer.flags.precision = Some(self.digits().unwrap_or(0));
        }
    }

    fn digits(&mut self) -> Option<usize> {
        let start = self.position;
        let mut number = 0usize;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            number = number * 10 + usize::from(digit - b'0');
            self.position += 1;
            if number > LARGEST {
                return None;
            }
        }
        (self.position > start).then_some(number)
    }

    /// The next argument as a width or precision.
    fn argument_number(&mut self) -> Option<isize> {
        let value = self.arguments.get(self.next)?;
        self.next += 1;
        let number = value.signed().or_else(|| i64::try_from(value.unsigned()?).ok())?;
        let number = isize::try_from(number).ok()?;
        (number.unsigned_abs() <= LARGEST).then_some(number)
    }

    /// `[n]`: the argument to take next, from 1.
    fn index(&mut self) {
        if self.peek() != Some(b'[') {
            return;
        }
        self.reordered = true;
        let rest = &self.format[self.position..];
        let Some(end) = rest.iter().position(|&byte| byte == b']') else {
            self.good_index = false;
            self.position += 1;
            return;
        };
        let number = std::str::from_utf8(&rest[1..end]).ok().and_then(|text| text.parse().ok());
        self.position += end + 1;
        match number {
            Some(number @ 1..) if number <= self.arguments.len() => {
                self.next = number - 1;
                self.after_index = true;
            }
            _ => self.good_index = false,
        }
    }

    fn verb(&mut self) -> Option<char> {
        let rest = self.format.get(self.position..).filter(|rest| !rest.is_empty())?;
        let verb = rest
            .utf8_chunks()
            .next()
            .and_then(|chunk| chunk.valid().chars().next())
            .unwrap_or(char::REPLACEMENT_CHARACTER);
        let length = if verb == char::REPLACEMENT_CHARACTER && rest[0] != 0xef {
            1
        } else {
            verb.len_utf8()
        };
        self.position += length;
        Some(verb)
    }

    fn apply(&mut self, verb: char) -> Result<(), FormatError> {
        let mut name = [0; 4];
        let name = verb.encode_utf8(&mut name).as_bytes();
        if verb == '%' {
            self.printer.push(b"%");
            return Ok(());
        }
        let problem: &[u8] = if !self.good_index {
            b"(BADINDEX)"
        } else if self.next >= self.arguments.len() {
            b"(MISSING)"
        } else {
            b""
        };
        if !problem.is_empty() {
            self.printer.push(b"%!");
            self.printer.push(name);
            self.printer.push(problem);
            return Ok(());
        }
        let flags = &mut self.printer.flags;
        match verb {
            'v' => {
                flags.sharp_v = std::mem::take(&mut flags.sharp);
                flags.plus_v = std::mem::take(&mut flags.plus);
            }
            // Zeros on the right would change a number.
            _ if flags.minus => flags.zero = false,
            _ => {}
        }
        let value = &self.arguments[self.next];
        self.next += 1;
        self.printer.argument(value, verb)
    }

    fn extra(&mut self) -> Result<(), FormatError> {
        self.printer.flags = Flags::default();
        self.printer.push(b"%!(EXTRA ");
        for (index, value) in self.arguments.iter().enumerate().skip(self.next) {
            if index > self.next {
                self.printer.push(b", ");
            }
            if value.is_nil() {
                self.printer.push(b"<nil>");
            } else {
                self.printer.push(value.type_name().as_bytes());
                self.printer.push(b"=");
                self.printer.argument(value, 'v')?;
            }
        }
        self.printer.push(b")");
        Ok(())
    }
}

/// `%x` of bytes: with a space between them, a prefix for all or (with a space) for each.
pub(super) fn hex_text(bytes: &[u8], verb: char, flags: &Flags) -> String {
    let prefix = match (flags.sharp, verb) {
        (true, 'X') => "0X",
        (true, _) => "0x",
        _ => "",
    };
    let kept = &bytes[..flags.precision.unwrap_or(bytes.len()).min(bytes.len())];
    let mut text = String::new();
    for (index, byte) in kept.iter().enumerate() {
        if index == 0 || flags.space {
            if index > 0 {
                text.push(' ');
            }
            text.push_str(prefix);
        }
        let digits = if verb == 'X' { format!("{byte:02X}") } else { format!("{byte:02x}") };
        text.push_str(&digits);
    }
    text
}

/// `%#g` and its like: a decimal point always, and no trailing zeros cut.
pub(super) fn keep_point(text: &str, form: char, precision: Option<usize>) -> String {
    let split = text.find(['e', 'E', 'p', 'P']).filter(|_| form != 'x' || text.contains('p'));
    let (mantissa, tail) = text.split_at(split.unwrap_or(text.len()));
    if mantissa.ends_with(['f', 'N']) {
        return text.to_owned();
    }
    let mut mantissa = mantissa.to_owned();
    if !mantissa.contains('.') {
        mantissa.push('.');
    }
    if matches!(form, 'g' | 'G') {
        let wanted = precision.unwrap_or(6);
        let digits = mantissa
            .chars()
            .filter(char::is_ascii_digit)
            .skip_while(|&digit| digit == '0')
            .count()
            .max(1);
        mantissa.push_str(&"0".repeat(wanted.saturating_sub(digits)));
    }
    mantissa + tail
}
