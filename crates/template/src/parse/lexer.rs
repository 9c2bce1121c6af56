//! Template text to tokens.

use super::scan::{Cursor, SPACES, is_alphanumeric, is_space};
use crate::format::{char_name, quote};

const LEFT: &str = "{{";
const RIGHT: &str = "}}";

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Error,
    Bool,
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    Eof,
    Field,
    Identifier,
    LeftDelimiter,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelimiter,
    RightParen,
    Space,
    String,
    Text,
    Comment,
    Variable,
    Dot,
    Nil,
    Keyword(Keyword),
}

/// The words that begin and end control structures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Range,
    Template,
    With,
}

/// A piece of the text; errors carry their message.
#[derive(Clone, Debug)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind,
    pub(super) position: usize,
    pub(super) text: std::borrow::Cow<'t, str>,
    pub(super) line: u32,
}

pub(super) struct Lexer<'t> {
    cursor: Cursor<'t>,
    inside_action: bool,
    parens: u32,
    failed: bool,
}

type Step<'t> = Option<Token<'t>>;

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { cursor: Cursor::new(text), inside_action: false, parens: 0, failed: false }
    }

    /// The next token; after an error or the end, the end again.
    pub(super) fn next_token(&mut self) -> Token<'t> {
        if self.failed {
            return self.token_of(Kind::Eof);
        }
        loop {
            let token = if self.inside_action { self.inside() } else { self.text() };
            if let Some(token) = token {
                return token;
            }
        }
    }

    fn token_of(&self, kind: Kind) -> Token<'t> {
        let cursor = &self.cursor;
        let text = if kind == Kind::Eof { "EOF" } else { cursor.token() };
        Token { kind, position: cursor.start, text: text.into(), line: cursor.start_line }
    }

    fn emit(&mut self, kind: Kind) -> Step<'t> {
        let token = self.token_of(kind);
        self.cursor.ignore();
        Some(token)
    }

    fn error(&mut self, message: impl Into<String>) -> Step<'t> {
        self.failed = true;
        let cursor = &self.cursor;
        let token = Token {
            kind: Kind::Error,
            position: cursor.start,
            text: message.into().into(),
            line: cursor.start_line,
        };
        Some(token)
    }

    fn text(&mut self) -> Step<'t> {
        let rest = self.cursor.rest();
        let Some(length) = rest.find(LEFT) else {
            if rest.is_empty() {
                return self.emit(Kind::Eof);
            }
            self.cursor.advance(rest.len());
            return self.emit(Kind::Text);
        };
        let text = &rest[..length];
        let trims = has_left_trim(&rest[length + LEFT.len()..]);
        let kept = if trims { text.trim_end_matches(SPACES).len() } else { length };
        self.cursor.advance(kept);
        let token = (kept > 0).then(|| self.token_of(Kind::Text));
        self.cursor.advance(length - kept);
        self.cursor.ignore();
        if token.is_some() { token } else { self.left_delimiter() }
    }

    fn left_delimiter(&mut self) -> Step<'t> {
        let after = &self.cursor.rest()[LEFT.len()..];
        let marker = if has_left_trim(after) { 2 } else { 0 };
        if after[marker..].starts_with("/*") {
            self.cursor.advance(LEFT.len() + marker);
            self.cursor.ignore();
            return self.comment();
        }
        self.cursor.advance(LEFT.len());
        let token = self.token_of(Kind::LeftDelimiter);
        self.inside_action = true;
        self.parens = 0;
        self.cursor.advance(marker);
        self.cursor.ignore();
        Some(token)
    }

    fn comment(&mut self) -> Step<'t> {
        let rest = self.cursor.rest();
        let Some(end) = rest.get(2..).and_then(|body| body.find("*/")) else {
            return self.error("unclosed comment");
        };
        let after = &rest[end + 4..];
        let trims = has_right_trim(after) && after[2..].starts_with(RIGHT);
        if !trims && !after.starts_with(RIGHT) {
            return self.error("comment ends before closing delimiter");
        }
        self.cursor.advance(end + 4);
        let token = self.token_of(Kind::Comment);
        self.cursor.advance(if trims { 4 } else { 2 });
        self.skip_spaces(trims);
        self.cursor.ignore();
        Some(token)
    }

    fn skip_spaces(&mut self, trims: bool) {
        if trims {
            let rest = self.cursor.rest();
            self.cursor.advance(rest.len() - rest.trim_start_matches(SPACES).len());
        }
    }

    /// (at the right delimiter, with a trim marker)
    fn at_right_delimiter(&self) -> (bool, bool) {
        let rest = self.cursor.rest();
        if has_right_trim(rest) && rest[2..].starts_with(RIGHT) {
            return (true, true);
        }
        (rest.starts_with(RIGHT), false)
    }

    fn right_delimiter(&mut self) -> Step<'t> {
        let (_, trims) = self.at_right_delimiter();
        if trims {
            self.cursor.advance(2);
            self.cursor.ignore();
        }
        self.cursor.advance(RIGHT.len());
        let token = self.token_of(Kind::RightDelimiter);
        self.cursor.start = self.cursor.position;
        self.skip_spaces(trims);
        self.cursor.ignore();
        self.inside_action = false;
        Some(token)
    }

    fn inside(&mut self) -> Step<'t> {
        if self.at_right_delimiter().0 {
            if self.parens == 0 {
                return self.right_delimiter();
            }
            return self.error("unclosed left paren");
        }
        let first = self.cursor.peek();
        if is_space(first) {
            return self.space();
        }
        let after_dot = self.cursor.rest().as_bytes().get(1).copied();
        match first {
            Some('.') if after_dot.is_some_and(|byte| !byte.is_ascii_digit()) => {
                self.cursor.next();
                return self.field_or_variable(Kind::Field);
            }
            Some('.' | '+' | '-' | '0'..='9') => return self.number(),
            _ if is_alphanumeric(first) => return self.identifier(),
            _ => {}
        }
        self.cursor.next();
        self.symbol(first)
    }

    fn symbol(&mut self, first: Option<char>) -> Step<'t> {
        match first {
            None => self.error("unclosed action"),
            Some('=') => self.emit(Kind::Assign),
            Some(':') => {
                if self.cursor.next() != Some('=') {
                    return self.error("expected :=");
                }
                self.emit(Kind::Declare)
            }
            Some('|') => self.emit(Kind::Pipe),
            Some('"') => self.quoted('"', Kind::String, "unterminated quoted string"),
            Some('\'') => self.quoted('\'', Kind::CharConstant, "unterminated character constant"),
            Some('`') => self.raw_string(),
            Some('$') => self.field_or_variable(Kind::Variable),
            Some('(') => {
                self.parens += 1;
                self.emit(Kind::LeftParen)
            }
            Some(')') => {
                if self.parens == 0 {
                    return self.error("unexpected right paren");
                }
                self.parens -= 1;
                self.emit(Kind::RightParen)
            }
            Some(character) if character == ' ' || character.is_ascii_graphic() => {
                self.emit(Kind::Char)
            }
            Some(character) => {
                let name = char_name(character);
                self.error(format!("unrecognized character in action: {name}"))
            }
        }
    }

    fn space(&mut self) -> Step<'t> {
        let rest = self.cursor.rest();
        let spaces = rest.len() - rest.trim_start_matches(SPACES).len();
        let last = &rest[spaces - 1..];
        if has_right_trim(last) && last[2..].starts_with(RIGHT) {
            if spaces == 1 {
                return self.right_delimiter();
            }
            self.cursor.advance(spaces - 1);
        } else {
            self.cursor.advance(spaces);
        }
        self.emit(Kind::Space)
    }

    fn identifier(&mut self) -> Step<'t> {
        while is_alphanumeric(self.cursor.peek()) {
            self.cursor.next();
        }
        if !self.at_terminator() {
            return self.bad_character();
        }
        let kind = match self.cursor.token() {
            "true" | "false" => Kind::Bool,
            "nil" => Kind::Nil,
            "block" => Kind::Keyword(Keyword::Block),
            "break" => Kind::Keyword(Keyword::Break),
            "continue" => Kind::Keyword(Keyword::Continue),
            "define" => Kind::Keyword(Keyword::Define),
            "else" => Kind::Keyword(Keyword::Else),
            "end" => Kind::Keyword(Keyword::End),
            "if" => Kind::Keyword(Keyword::If),
            "range" => Kind::Keyword(Keyword::Range),
            "template" => Kind::Keyword(Keyword::Template),
            "with" => Kind::Keyword(Keyword::With),
            _ => Kind::Identifier,
        };
        self.emit(kind)
    }

    fn bad_character(&mut self) -> Step<'t> {
        let name = self.cursor.peek().map_or_else(|| "U+FFFFFFFFFFFFFFFF".to_owned(), char_name);
        self.error(format!("bad character {name}"))
    }

    fn field_or_variable(&mut self, kind: Kind) -> Step<'t> {
        if self.at_terminator() {
            return self.emit(if kind == Kind::Variable { kind } else { Kind::Dot });
        }
        while is_alphanumeric(self.cursor.peek()) {
            self.cursor.next();
        }
        if !self.at_terminator() {
            return self.bad_character();
        }
        self.emit(kind)
    }

    fn at_terminator(&self) -> bool {
        let next = self.cursor.peek();
        is_space(next)
            || matches!(next, None | Some('.' | ',' | '|' | ':' | ')' | '('))
            || self.cursor.rest().starts_with(RIGHT)
    }

    fn quoted(&mut self, end: char, kind: Kind, message: &str) -> Step<'t> {
        loop {
            match self.cursor.next() {
                Some('\\') => {
                    if matches!(self.cursor.next(), None | Some('\n')) {
                        return self.error(message);
                    }
                }
                None | Some('\n') => return self.error(message),
                Some(character) if character == end => return self.emit(kind),
                Some(_) => {}
            }
        }
    }

    fn raw_string(&mut self) -> Step<'t> {
        let rest = self.cursor.rest();
        match rest.find('`') {
            None => self.error("unterminated raw quoted string"),
            Some(end) => {
                self.cursor.advance(end + 1);
                self.emit(Kind::RawString)
            }
        }
    }

    fn number(&mut self) -> Step<'t> {
        if !self.scan_number() {
            return self.bad_number();
        }
        if !matches!(self.cursor.peek(), Some('+' | '-')) {
            return self.emit(Kind::Number);
        }
        if !self.scan_number() || !self.cursor.token().ends_with('i') {
            return self.bad_number();
        }
        self.emit(Kind::Complex)
    }

    fn bad_number(&mut self) -> Step<'t> {
        let text = quote(self.cursor.token());
        self.error(format!("bad number syntax: {text}"))
    }

    fn scan_number(&mut self) -> bool {
        let cursor = &mut self.cursor;
        cursor.accept("+-");
        let mut digits = "0123456789_";
        if cursor.accept("0") {
            if cursor.accept("xX") {
                digits = "0123456789abcdefABCDEF_";
            } else if cursor.accept("oO") {
                digits = "01234567_";
            } else if cursor.accept("bB") {
                digits = "01_";
            }
        }
        cursor.accept_run(digits);
        if cursor.accept(".") {
            cursor.accept_run(digits);
        }
        let exponent = match digits.len() {
            11 => cursor.accept("eE"),
            23 => cursor.accept("pP"),
            _ => false,
        };
        if exponent {
            cursor.accept("+-");
            cursor.accept_run("0123456789_");
        }
        cursor.accept("i");
        if is_alphanumeric(cursor.peek()) {
            cursor.next();
            return false;
        }
        true
    }
}

fn has_left_trim(text: &str) -> bool {
    matches!(text.as_bytes(), [b'-', b' ' | b'\t' | b'\r' | b'\n', ..])
}

fn has_right_trim(text: &str) -> bool {
    matches!(text.as_bytes(), [b' ' | b'\t' | b'\r' | b'\n', b'-', ..])
}
