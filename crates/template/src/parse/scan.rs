//! A cursor over template text that counts lines.

/// The space characters of templates.
pub(super) const SPACES: &[char] = &[' ', '\t', '\r', '\n'];

pub(super) fn is_space(character: Option<char>) -> bool {
    matches!(character, Some(' ' | '\t' | '\r' | '\n'))
}

pub(super) fn is_alphanumeric(character: Option<char>) -> bool {
    character.is_some_and(|character| {
        character == '_' || character.is_alphabetic() || is_decimal_digit(character)
    })
}

/// Decimal digits of any script; other numerals are no part of a word.
fn is_decimal_digit(character: char) -> bool {
    character.is_ascii_digit()
        || (!character.is_ascii() && character.is_numeric() && !character.is_alphabetic() && {
            // Superscripts, fractions and enclosed numbers are numeric without being digits.
            !matches!(character,
                '\u{b2}'..='\u{be}' | '\u{2070}'..='\u{218b}' | '\u{2460}'..='\u{249b}'
                | '\u{24ea}'..='\u{24ff}' | '\u{2776}'..='\u{2793}' | '\u{3007}'..='\u{32bf}')
        })
}

/// Where the lexer stands.
pub(super) struct Cursor<'t> {
    pub(super) text: &'t str,
    pub(super) start: usize,
    pub(super) position: usize,
    pub(super) line: u32,
    pub(super) start_line: u32,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, start: 0, position: 0, line: 1, start_line: 1 }
    }

    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.position..).unwrap_or_default()
    }

    pub(super) fn token(&self) -> &'t str {
        self.text.get(self.start..self.position).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.position += character.len_utf8();
        if character == '\n' {
            self.line += 1;
        }
        Some(character)
    }

    pub(super) fn accept(&mut self, valid: &str) -> bool {
        let accepted = self.peek().is_some_and(|character| valid.contains(character));
        if accepted {
            self.next();
        }
        accepted
    }

    pub(super) fn accept_run(&mut self, valid: &str) {
        while self.accept(valid) {}
    }

    /// Moves on by `bytes`, counting the lines in them.
    pub(super) fn advance(&mut self, bytes: usize) {
        let end = self.position + bytes;
        let passed = self.text.get(self.position..end).unwrap_or_default();
        self.line += u32::try_from(passed.matches('\n').count()).unwrap_or(u32::MAX);
        self.position = end;
    }

    /// Forgets what was scanned since the last token.
    pub(super) fn ignore(&mut self) {
        self.start = self.position;
        self.start_line = self.line;
    }
}
