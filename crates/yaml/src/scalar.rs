//! Scalars as go-yaml v2's emitter writes them: which quotes, which escapes, where a line breaks.

use crate::Dialect;
use crate::resolve::{self, Meaning};

/// Columns after which a line breaks at the next single space.
const WIDTH: usize = 80;

/// A longer key gets a line of its own.
const LONGEST_SIMPLE_KEY: usize = 128;

/// What the characters of a text allow.
#[derive(Debug, Clone, Copy, Default)]
struct Analysis {
    plain: bool,
    single_quoted: bool,
    literal: bool,
    multiline: bool,
}

/// Collected facts about a text while it is read.
#[derive(Default)]
struct Facts {
    indicators: bool,
    line_breaks: bool,
    special: bool,
    break_then_space: bool,
    space_then_break: bool,
}

fn is_break(character: char) -> bool {
    matches!(character, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_printable(character: char) -> bool {
    matches!(character, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
        && character != '\u{feff}'
}

fn is_blank_or_end(byte: Option<&u8>, next: &str) -> bool {
    match byte {
        None | Some(b' ' | b'\t' | b'\r' | b'\n' | 0) => true,
        Some(0xc2 | 0xe2) => next.chars().next().is_some_and(is_break),
        Some(_) => false,
    }
}

fn leading_indicator(text: &[u8]) -> bool {
    let indicators: &[u8] = b"#,[]{}&*!|>'\"%@`";
    let document_mark = text.starts_with(b"---") || text.starts_with(b"...");
    let lone = matches!(text, [b'?' | b':' | b'-'] | [b'?' | b':' | b'-', b' ' | b'\t', ..]);
    document_mark || lone || text.first().is_some_and(|first| indicators.contains(first))
}

fn facts(text: &str) -> Facts {
    let bytes = text.as_bytes();
    let mut facts = Facts { indicators: leading_indicator(bytes), ..Facts::default() };
    let (mut after_space, mut after_break) = (false, false);
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            b' ' => {
                facts.break_then_space |= after_break;
                (after_space, after_break) = (true, false);
                continue;
            }
            b'\n' => {
                facts.line_breaks = true;
                facts.space_then_break |= after_space;
                (after_space, after_break) = (false, true);
                continue;
            }
            b':' if at > 0 => {
                facts.indicators |= matches!(bytes.get(at + 1), None | Some(b' ' | b'\t'));
            }
            b'#' if at > 0 => {
                let before = &text[..at];
                facts.indicators |= is_blank_or_end(bytes.get(at - 1), "")
                    || before.chars().next_back().is_some_and(is_break);
            }
            b'!'..=b'~' => {}
            0x80..=0xbf => continue, // the rest of a character
            _ => {
                let character = text[at..].chars().next().unwrap_or('\0');
                facts.special |= !is_printable(character);
                if is_break(character) {
                    facts.line_breaks = true;
                    facts.space_then_break |= after_space;
                    (after_space, after_break) = (false, true);
                    continue;
                }
            }
        }
        (after_space, after_break) = (false, false);
    }
    facts
}

fn analyze(text: &str) -> Analysis {
    if text.is_empty() {
        return Analysis { plain: true, single_quoted: true, literal: false, multiline: false };
    }
    let facts = facts(text);
    let edge = |character: Option<char>| character.is_some_and(|c| c == ' ' || is_break(c));
    let open_edge = edge(text.chars().next()) || edge(text.chars().next_back());
    let impossible = facts.space_then_break || facts.special;
    let plain = !open_edge && !facts.line_breaks && !facts.indicators;
    Analysis {
        plain: plain && !facts.break_then_space && !impossible,
        single_quoted: !facts.break_then_space && !impossible,
        literal: !text.ends_with(' ') && !impossible,
        multiline: facts.line_breaks,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    Single,
    Double,
    Literal,
}

fn form(text: &str, analysis: Analysis, key: bool) -> Form {
    let wanted = if text.contains('\n') {
        Form::Literal
    } else {
        match resolve::plain(text, Dialect::GoV2) {
            // go-yaml does not think of `<<` when it decides about quotes.
            Meaning::Text | Meaning::Merge if !resolve::is_base_60(text) => Form::Plain,
            _ => return Form::Double,
        }
    };
    match wanted {
        _ if key && analysis.multiline => Form::Double,
        Form::Literal if analysis.literal && !key => Form::Literal,
        Form::Plain if analysis.plain => Form::Plain,
        Form::Plain if analysis.single_quoted => Form::Single,
        _ => Form::Double,
    }
}

/// Text under construction, aware of its current line.
pub(crate) struct Writer {
    out: String,
    line_start: usize,
}

impl Writer {
    pub(crate) fn new(out: String) -> Self {
        let line_start = out.len();
        Self { out, line_start }
    }

    pub(crate) fn finish(self) -> String {
        self.out
    }

    pub(crate) fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// Writes null, a boolean or a number.
    pub(crate) fn literal(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// Ends the current line, if anything is on it.
    pub(crate) fn end_line(&mut self) {
        if self.out.len() > self.line_start {
            self.break_line();
        }
    }

    fn break_line(&mut self) {
        self.out.push('\n');
        self.line_start = self.out.len();
    }

    /// Starts a line at an indentation.
    pub(crate) fn line(&mut self, indent: usize) {
        self.end_line();
        self.spaces(indent);
    }

    fn spaces(&mut self, mut count: usize) {
        const BLANK: &str = "                                                                ";
        while count > 0 {
            let part = count.min(BLANK.len());
            self.out.push_str(&BLANK[..part]);
            count -= part;
        }
    }

    fn column(&self) -> usize {
        let line = &self.out[self.line_start..];
        // Most lines are ASCII, and then their length is their width.
        if line.is_ascii() { line.len() } else { line.chars().count() }
    }

    /// Writes a key and its colon; false if it needed the explicit form with `?`.
    pub(crate) fn key(&mut self, key: &str, indent: usize) -> bool {
        if is_simple_word(key) && key.len() <= LONGEST_SIMPLE_KEY {
            self.out.push_str(key);
            self.out.push(':');
            return true;
        }
        let multiline = key.contains(is_break);
        if !multiline && key.len() <= LONGEST_SIMPLE_KEY {
            self.text(key, indent + 2, true);
            self.out.push(':');
            return true;
        }
        self.out.push_str("? ");
        self.text(key, indent + 2, false);
        self.line(indent);
        self.out.push(':');
        false
    }

    /// Writes a string; lines that it breaks into continue at `indent`.
    pub(crate) fn text(&mut self, text: &str, indent: usize, key: bool) {
        if is_simple_word(text) {
            self.out.push_str(text);
            return;
        }
        let analysis = analyze(text);
        match form(text, analysis, key) {
            Form::Literal => self.block(text, indent),
            Form::Double => self.double_quoted(text, indent, !key),
            Form::Plain if key || self.out.len() - self.line_start + text.len() <= WIDTH => {
                self.out.push_str(text);
            }
            Form::Plain => self.folded(text, indent, false),
            Form::Single if key => {
                self.out.push('\'');
                self.out.push_str(&text.replace('\'', "''"));
                self.out.push('\'');
            }
            Form::Single => {
                self.out.push('\'');
                self.folded(text, indent, true);
                self.out.push('\'');
            }
        }
    }

    /// Plain and single-quoted text, broken at single spaces beyond the width.
    fn folded(&mut self, text: &str, indent: usize, quoted: bool) {
        let mut column = self.column();
        let (mut after_space, mut after_break) = (false, false);
        for (at, character) in text.char_indices() {
            if character == ' ' {
                let inside = !quoted || (at > 0 && at + 1 < text.len());
                let next_is_space = text.as_bytes().get(at + 1) == Some(&b' ');
                if !after_space && column > WIDTH && inside && !next_is_space {
                    self.break_line();
                    self.spaces(indent);
                    column = indent;
                } else {
                    self.out.push(' ');
                    column += 1;
                }
                after_space = true;
                continue;
            }
            if is_break(character) {
                if !after_break && character == '\n' {
                    self.break_line();
                }
                self.out.push(character);
                self.line_start = self.out.len();
                column = 0;
                after_break = true;
                continue;
            }
            if after_break {
                self.spaces(indent.saturating_sub(column));
                column = column.max(indent);
            }
            if quoted && character == '\'' {
                self.out.push('\'');
                column += 1;
            }
            self.out.push(character);
            column += 1;
            (after_space, after_break) = (false, false);
        }
    }

    fn double_quoted(&mut self, text: &str, indent: usize, breaks: bool) {
        self.out.push('"');
        let mut column = self.column();
        // go-yaml looks for a byte order mark at the start of the text from every place in it.
        let marked = text.starts_with('\u{feff}');
        let mut after_space = false;
        for (at, character) in text.char_indices() {
            if character == ' ' && !marked {
                let inside = at > 0 && at + 1 < text.len();
                if breaks && !after_space && column > WIDTH && inside {
                    self.break_line();
                    self.spaces(indent);
                    column = indent;
                    if text.as_bytes().get(at + 1) == Some(&b' ') {
                        self.out.push('\\');
                        column += 1;
                    }
                } else {
                    self.out.push(' ');
                    column += 1;
                }
                after_space = true;
                continue;
            }
            after_space = false;
            let safe = is_printable(character) && !is_break(character);
            if safe && !marked && !matches!(character, '"' | '\\') {
                self.out.push(character);
                column += 1;
            } else {
                let before = self.out.len();
                self.escape(character);
                column += self.out.len() - before;
            }
        }
        self.out.push('"');
    }

    fn escape(&mut self, character: char) {
        self.out.push('\\');
        let letter = match character {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' => '"',
            '\\' => '\\',
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => {
                let code = u32::from(character);
                self.out.push_str(&match code {
                    0..=0xff => format!("x{code:02X}"),
                    0x100..=0xffff => format!("u{code:04X}"),
                    _ => format!("U{code:08X}"),
                });
                return;
            }
        };
        self.out.push(letter);
    }

    fn block(&mut self, text: &str, indent: usize) {
        self.out.push('|');
        if text.starts_with(|first| first == ' ' || is_break(first)) {
            self.out.push('2');
        }
        let mut from_end = text.chars().rev();
        match (from_end.next().is_some_and(is_break), from_end.next()) {
            (false, _) => self.out.push('-'),
            (true, None) => self.out.push('+'),
            (true, Some(before)) if is_break(before) => self.out.push('+'),
            (true, Some(_)) => {}
        }
        self.break_line();
        for line in text.split_inclusive(is_break) {
            if !line.starts_with(is_break) {
                self.spaces(indent);
            }
            self.out.push_str(line);
            if line.ends_with(is_break) {
                self.line_start = self.out.len();
            }
        }
    }
}

/// The most common strings need no analysis: words that start with a letter which begins no YAML word.
fn is_simple_word(text: &str) -> bool {
    let Some((first, rest)) = text.as_bytes().split_first() else { return false };
    let harmless = match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' => text.len() > 5,
        first => first.is_ascii_alphabetic() || matches!(first, b'/' | b'_' | b'$'),
    };
    harmless
        && text.len() <= 40
        && rest.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(byte))
}
