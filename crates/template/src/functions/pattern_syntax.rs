//! Go's regular expressions in the syntax of the `regex` crate.
//!
//! Both are RE2's kind. The differences: in Go `\d`, `\w`, `\s` and `\b` are ASCII, `\Q…\E` exists,
//! any punctuation may be escaped, a brace that is no repetition stands for itself, and classes
//! have no set operations.

/// Repetitions beyond this are refused, as in Go.
const MOST_REPEATS: u32 = 1_000;

/// Translates; errors are worded as Go's.
pub(super) fn translate(pattern: &str) -> Result<String, String> {
    let mut translator = Translator { pattern, position: 0, out: String::new(), parens: 0 };
    translator.run()?;
    Ok(translator.out)
}

struct Translator<'p> {
    pattern: &'p str,
    position: usize,
    out: String,
    parens: usize,
}

type Step = Result<(), String>;

fn wrong(what: &str, part: &str) -> String {
    format!("error parsing regexp: {what}: `{part}`")
}

impl<'p> Translator<'p> {
    fn rest(&self) -> &'p str {
        &self.pattern[self.position..]
    }

    fn next(&mut self) -> Option<char> {
        let character = self.rest().chars().next()?;
        self.position += character.len_utf8();
        Some(character)
    }

    fn run(&mut self) -> Step {
        let mut repeatable = false;
        while let Some(character) = self.rest().chars().next() {
            repeatable = self.piece(character, repeatable)?;
        }
        if self.parens > 0 {
            return Err(wrong("missing closing )", self.pattern));
        }
        Ok(())
    }

    /// One piece of the pattern, which starts with `character`; true where a repetition may follow.
    fn piece(&mut self, character: char, repeatable: bool) -> Result<bool, String> {
        match character {
            '\\' => {
                let start = self.position;
                self.position += 1;
                self.escape(start)?;
            }
            '[' => self.class()?,
            '(' => {
                self.group()?;
                return Ok(false);
            }
            ')' if self.parens == 0 => return Err(wrong("unexpected )", self.pattern)),
            ')' => {
                self.parens -= 1;
                self.copy(1);
            }
            '*' | '+' | '?' => {
                self.repeat(1, repeatable)?;
                return Ok(false);
            }
            '{' => {
                if let Some(length) = self.braces()? {
                    self.repeat(length, repeatable)?;
                    return Ok(false);
                }
                self.position += 1;
                self.literal('{');
            }
            '|' => {
                self.copy(1);
                return Ok(false);
            }
            '^' | '$' | '.' => self.copy(1),
            other => {
                self.position += other.len_utf8();
                self.literal(other);
            }
        }
        Ok(true)
    }

    fn copy(&mut self, length: usize) {
        let end = self.position + length;
        self.out.push_str(&self.pattern[self.position..end]);
        self.position = end;
    }

    fn literal(&mut self, character: char) {
        if character.is_alphanumeric() || character == '_' || !character.is_ascii() {
            self.out.push(character);
        } else {
            self.out.push_str(&format!("\\x{{{:x}}}", u32::from(character)));
        }
    }

    /// A repetition operator of this length, perhaps lazy.
    fn repeat(&mut self, length: usize, repeatable: bool) -> Step {
        let operator = &self.rest()[..length];
        if !repeatable {
            let after_repeat = self.out.ends_with(['*', '+', '?', '}']) && self.position > 0;
            if after_repeat && !self.out.ends_with("\\x{7d}") {
                let before = self.pattern[..self.position].chars().next_back().unwrap_or('*');
                return Err(wrong(
                    "invalid nested repetition operator",
                    &format!("{before}{operator}"),
                ));
            }
            return Err(wrong("missing argument to repetition operator", operator));
        }
        self.copy(length);
        if self.rest().starts_with('?') {
            self.copy(1);
        }
        Ok(())
    }

    /// The length of `{n}`, `{n,}` or `{n,m}`; `None` where the brace stands for itself.
    fn braces(&self) -> Result<Option<usize>, String> {
        let rest = self.rest();
        let Some(end) = rest.find('}') else { return Ok(None) };
        let body = &rest[1..end];
        let (low, high) = body.split_once(',').unwrap_or((body, body));
        let is_number =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(low) || !(high.is_empty() && body.contains(',') || is_number(high)) {
            return Ok(None);
        }
        let count = |text: &str| text.parse().ok().filter(|&count: &u32| count <= MOST_REPEATS);
        let invalid = || wrong("invalid repeat count", &rest[..=end]);
        let low = count(low).ok_or_else(invalid)?;
        if !high.is_empty() && count(high).is_none_or(|high| high < low) {
            return Err(invalid());
        }
        Ok(Some(end + 1))
    }

    fn group(&mut self) -> Step {
        self.parens += 1;
        let rest = self.rest();
        if !rest.starts_with("(?") {
            self.copy(1);
            return Ok(());
        }
        let name = rest.strip_prefix("(?P<").or_else(|| rest.strip_prefix("(?<"));
        if let Some(name) = name.filter(|name| !name.starts_with(['=', '!'])) {
            let Some(end) = name.find('>') else {
                return Err(wrong("invalid named capture", rest));
            };
            let name = &name[..end];
            let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
            if name.is_empty() || !name.chars().all(is_word) {
                let shown = &rest[..=rest.find('>').unwrap_or(0)];
                return Err(wrong("invalid named capture", shown));
            }
            // Names may begin with a digit in Go; ours are reached through a prefix.
            self.out.push_str(&format!("(?P<g_{name}>"));
            self.position += rest.find('>').map_or(0, |end| end + 1);
            return Ok(());
        }
        let flags = &rest[2..];
        let length =
            flags.find(|c: char| !matches!(c, 'i' | 'm' | 's' | 'U' | '-')).unwrap_or(flags.len());
        match flags[length..].chars().next() {
            Some(':') => {}
            Some(')') if length > 0 => self.parens -= 1,
            Some(other) => {
                let end = 2 + length + other.len_utf8();
                return Err(wrong("invalid or unsupported Perl syntax", &rest[..end]));
            }
            None => return Err(wrong("missing closing )", self.pattern)),
        }
        self.copy(2 + length + 1);
        Ok(())
    }

    fn escape(&mut self, start: usize) -> Step {
        let Some(character) = self.next() else {
            return Err(wrong("trailing backslash at end of expression", ""));
        };
        match character {
            'd' => self.out.push_str("[0-9]"),
            'D' => self.out.push_str("[^0-9]"),
            's' => self.out.push_str("[\\t\\n\\x0c\\r ]"),
            'S' => self.out.push_str("[^\\t\\n\\x0c\\r ]"),
            'w' => self.out.push_str("[0-9A-Za-z_]"),
            'W' => self.out.push_str("[^0-9A-Za-z_]"),
            'b' => self.out.push_str("(?-u:\\b)"),
            'B' => self.out.push_str("(?-u:\\B)"),
            'A' => self.out.push_str("\\A"),
            'z' => self.out.push_str("\\z"),
            'Q' => {
                let rest = self.rest();
                let (quoted, length) = match rest.find("\\E") {
                    Some(end) => (&rest[..end], end + 2),
                    None => (rest, rest.len()),
                };
                for character in quoted.chars() {
                    self.literal(character);
                }
                self.position += length;
            }
            'p' | 'P' => {
                let class = self.unicode_class(start, character)?;
                self.out.push_str(&class);
            }
            _ => {
                self.position = start + 1;
                let character = self.escaped_character(start)?;
                self.literal(character);
            }
        }
        Ok(())
    }

    /// `\pN`, `\p{Greek}`, `\p{^Greek}`
    fn unicode_class(&mut self, start: usize, letter: char) -> Result<String, String> {
        let rest = self.rest();
        let (name, length) = match rest.strip_prefix('{') {
            Some(body) => match body.find('}') {
                Some(end) => (&body[..end], end + 2),
                None => return Err(wrong("invalid character class range", &self.pattern[start..])),
            },
            None => {
                let length = rest.chars().next().map_or(0, char::len_utf8);
                (&rest[..length], length)
            }
        };
        self.position += length;
        let negated = (letter == 'P') != name.starts_with('^');
        let letter = if negated { 'P' } else { 'p' };
        Ok(format!("\\{letter}{{{}}}", name.trim_start_matches('^')))
    }

    /// An escape that stands for one character.
    fn escaped_character(&mut self, start: usize) -> Result<char, String> {
        let invalid = |end: usize| wrong("invalid escape sequence", &self.pattern[start..end]);
        let Some(character) = self.rest().chars().next() else {
            return Err(wrong("trailing backslash at end of expression", ""));
        };
        let after = self.position + character.len_utf8();
        let failed = invalid(after);
        self.position = after;
        Ok(match character {
            'a' => '\x07',
            'f' => '\x0c',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\x0b',
            'x' => return self.hexadecimal(start),
            '0'..='7' => {
                let is_octal = |c: char| ('0'..='7').contains(&c);
                let more = self.rest().chars().take(2).take_while(|&c| is_octal(c)).count();
                if character != '0' && more == 0 {
                    return Err(failed);
                }
                self.position += more;
                let digits = &self.pattern[start + 1..self.position];
                u32::from_str_radix(digits, 8).ok().and_then(char::from_u32).ok_or(failed)?
            }
            punctuation if punctuation.is_ascii() && !punctuation.is_ascii_alphanumeric() => {
                punctuation
            }
            _ => return Err(failed),
        })
    }

    fn hexadecimal(&mut self, start: usize) -> Result<char, String> {
        let rest = self.rest();
        let (digits, length) = match rest.strip_prefix('{') {
            Some(body) => {
                let end = body.find('}').unwrap_or(body.len());
                (&body[..end], (end + 2).min(rest.len()))
            }
            None => {
                let digits = rest.get(..2).unwrap_or(rest);
                (digits, digits.len())
            }
        };
        self.position += length;
        let code = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
        code.ok_or_else(|| wrong("invalid escape sequence", &self.pattern[start..self.position]))
    }

    fn class(&mut self) -> Step {
        let start = self.position;
        self.position += 1;
        let mut class = String::from("[");
        if self.rest().starts_with('^') {
            self.position += 1;
            class.push('^');
        }
        let mut first = true;
        loop {
            let rest = self.rest();
            if rest.is_empty() {
                return Err(wrong("missing closing ]", &self.pattern[start..]));
            }
            if rest.starts_with(']') && !first {
                self.position += 1;
                break;
            }
            first = false;
            self.class_item(&mut class)?;
        }
        class.push(']');
        self.out.push_str(&class);
        Ok(())
    }

    fn class_item(&mut self, class: &mut String) -> Step {
        let rest = self.rest();
        if let Some(end) = rest.strip_prefix("[:").and_then(|body| body.find(":]")) {
            class.push_str(&rest[..end + 4]);
            self.position += end + 4;
            return Ok(());
        }
        let perl = rest.strip_prefix('\\').and_then(|escaped| escaped.chars().next());
        let ready = match perl {
            Some('d') => "0-9",
            Some('D') => "[^0-9]",
            Some('s') => "\\t\\n\\x0c\\r ",
            Some('S') => "[^\\t\\n\\x0c\\r ]",
            Some('w') => "0-9A-Za-z_",
            Some('W') => "[^0-9A-Za-z_]",
            _ => "",
        };
        if !ready.is_empty() {
            class.push_str(ready);
            self.position += 2;
            return Ok(());
        }
        if let Some(letter @ ('p' | 'P')) = perl {
            let start = self.position;
            self.position += 2;
            class.push_str(&self.unicode_class(start, letter)?);
            return Ok(());
        }
        let start = self.position;
        let low = self.class_character()?;
        let rest = self.rest();
        let is_range = rest.starts_with('-') && !rest.starts_with("-]") && rest.len() > 1;
        let high = if is_range {
            self.position += 1;
            self.class_character()?
        } else {
            low
        };
        if high < low {
            let range = &self.pattern[start..self.position];
            return Err(wrong("invalid character class range", range));
        }
        class.push_str(&format!("\\x{{{:x}}}-\\x{{{:x}}}", u32::from(low), u32::from(high)));
        Ok(())
    }

    fn class_character(&mut self) -> Result<char, String> {
        let start = self.position;
        match self.next() {
            Some('\\') => self.escaped_character(start),
            Some(character) => Ok(character),
            None => Err(wrong("missing closing ]", &self.pattern[start..])),
        }
    }
}
