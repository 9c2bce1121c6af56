//! Scalars of the fast reader.

use super::{Reader, is_special};
use crate::{Node, NodeKind, Style, Text};

/// The length of a quoted text on this line, both quotes included.
pub(super) fn quoted_length(bytes: &[u8], quote: u8) -> Option<usize> {
    let mut at = 1;
    loop {
        match bytes.get(at)? {
            b'\\' if quote == b'"' => at += 2,
            byte if *byte == quote => {
                if quote == b'\'' && bytes.get(at + 1) == Some(&quote) {
                    at += 2;
                } else {
                    return Some(at + 1);
                }
            }
            _ => at += 1,
        }
    }
}

/// The text within quotes; only the escapes that need no thought.
pub(super) fn unquote(source: &str) -> Option<(Text, Style)> {
    let inner = &source[1..source.len() - 1];
    if source.starts_with('\'') {
        return Some((inner.replace("''", "'").into(), Style::SingleQuoted));
    }
    if !inner.contains('\\') {
        return Some((inner.into(), Style::DoubleQuoted));
    }
    let mut text = Text::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            text.push(character);
            continue;
        }
        text.push(match characters.next()? {
            'n' => '\n',
            't' => '\t',
            '"' => '"',
            '\\' => '\\',
            '/' => '/',
            _ => return None,
        });
    }
    Some((text, Style::DoubleQuoted))
}

/// Moves a node down by some lines.
pub(super) fn shift(node: &mut Node, lines: u32) {
    node.line += lines;
    match &mut node.kind {
        NodeKind::Scalar(_) => {}
        NodeKind::Sequence(items) => items.iter_mut().for_each(|item| shift(item, lines)),
        NodeKind::Mapping(entries) => entries.iter_mut().for_each(|(key, value)| {
            shift(key, lines);
            shift(value, lines);
        }),
    }
}

/// One line of plain text: what is text of it, and whether a comment ended it. `None` where it is more than text.
fn plain_line(line: &str) -> Option<(&str, bool)> {
    let bytes = line.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'\t' => return None,
            b':' if matches!(bytes.get(at + 1), None | Some(b' ')) => return None,
            b'#' if at > 0 && bytes[at - 1] == b' ' => {
                return Some((line[..at].trim_end_matches(' '), true));
            }
            _ => {}
        }
    }
    Some((line.trim_end_matches(' '), false))
}

impl Reader<'_> {
    /// Whether the rest of the line is empty but for a comment; moves on then.
    fn finish_line(&mut self) -> Option<()> {
        let rest = self.rest();
        let content = rest.trim_start_matches(' ');
        let comment = content.starts_with('#') && content.len() < rest.len();
        if !content.is_empty() && !comment {
            return None;
        }
        self.next_line();
        Some(())
    }

    /// A quoted text, which may go on over lines that are indented further than its parent.
    pub(super) fn quoted(&mut self, indent: usize) -> Option<(Text, Style)> {
        let source = self.rest();
        let quote = *source.as_bytes().first()?;
        if let Some(length) = quoted_length(source.as_bytes(), quote) {
            let result = unquote(&source[..length])?;
            self.at += length;
            self.finish_line()?;
            return Some(result);
        }
        let mut text: Text = source.trim_end_matches(' ').into();
        let mut breaks = 1;
        self.next_line();
        loop {
            // An escaped line break has rules of its own.
            if self.at >= self.bytes.len() || (quote == b'"' && text.ends_with('\\')) {
                return None;
            }
            let line = self.rest();
            let content = line.trim_start_matches(' ');
            if content.is_empty() {
                breaks += 1;
                self.next_line();
                continue;
            }
            if line.len() - content.len() <= indent || content.contains('\t') {
                return None;
            }
            match breaks {
                1 => text.push(' '),
                _ => text.extend(std::iter::repeat_n('\n', breaks - 1)),
            }
            let quotes = [&[quote], content.as_bytes()].concat();
            if let Some(length) = quoted_length(&quotes, quote) {
                self.at += line.len() - content.len() + length - 1;
                text.push_str(&content[..length - 1]);
                self.finish_line()?;
                return unquote(&text);
            }
            text.push_str(content.trim_end_matches(' '));
            breaks = 1;
            self.next_line();
        }
    }

    /// Whether this line certainly belongs to something around what has this indentation.
    fn line_is_outside(&self, indent: usize) -> bool {
        let line = self.rest().as_bytes();
        let spaces = line.iter().take(indent + 1).take_while(|byte| **byte == b' ').count();
        spaces <= indent && line.get(spaces).is_some_and(|byte| !matches!(byte, b'#' | b'\t'))
    }

    /// Plain text with the lines that go on with it.
    pub(super) fn plain(&mut self, indent: usize) -> Option<Text> {
        if is_special(&self.bytes[self.at..]) {
            return None;
        }
        let (first, mut ended) = plain_line(self.rest())?;
        let mut text = Text::from(first);
        self.next_line();
        if self.line_is_outside(indent) {
            return Some(text);
        }
        loop {
            let (at, line) = (self.at, self.line);
            let mut blank = 0;
            while self.at < self.bytes.len() && self.rest().trim_start_matches(' ').is_empty() {
                blank += 1;
                self.next_line();
            }
            let rest = self.rest();
            let content = rest.trim_start_matches(' ');
            let deeper = rest.len() - content.len() > indent;
            if self.at >= self.bytes.len() || !deeper || content.starts_with('#') {
                self.go_back(at, line);
                // A comment between lines of one text ends it, and what follows is wrong or not text.
                let next = self.peek();
                self.go_back(at, line);
                return next.is_none_or(|next| next <= indent).then_some(text);
            }
            if ended || content.starts_with('\t') {
                return None;
            }
            let (more, comment) = plain_line(content)?;
            ended = comment;
            match blank {
                0 => text.push(' '),
                _ => text.extend(std::iter::repeat_n('\n', blank)),
            }
            text.push_str(more);
            self.next_line();
        }
    }

    /// The style of a block and what becomes of the breaks at its end; indentation indicators are left to others.
    fn block_header(&self) -> Option<(Style, Option<char>)> {
        let header = self.rest();
        let style = if header.starts_with('|') { Style::Literal } else { Style::Folded };
        let header = header.split_once(" #").map_or(header, |(header, _)| header);
        let chomp = match header[1..].trim_end_matches(' ') {
            "" => None,
            "-" => Some('-'),
            "+" => Some('+'),
            _ => return None,
        };
        Some((style, chomp))
    }

    /// A `|` or `>` block.
    pub(super) fn block_scalar(&mut self, parent: usize) -> Option<(Text, Style)> {
        let (style, chomp) = self.block_header()?;
        self.next_line();
        let indent = self.block_indent(parent)?;
        let (mut text, mut breaks, mut first) = (Text::default(), 0usize, true);
        let mut before_blank = false;
        while self.at < self.bytes.len() {
            let line = self.rest();
            let content = line.trim_start_matches(' ');
            let found = line.len() - content.len();
            if content.is_empty() && found <= indent {
                breaks += 1;
                self.next_line();
                continue;
            }
            if found < indent {
                if content.starts_with('\t') {
                    return None;
                }
                break;
            }
            let line = &line[indent..];
            let blank = line.starts_with([' ', '\t']);
            // Between two lines that are not indented further one break folds away.
            let folds = style == Style::Folded && !first && !before_blank && !blank;
            match breaks {
                1 if folds => text.push(' '),
                _ => text.extend(std::iter::repeat_n('\n', breaks - usize::from(folds))),
            }
            text.push_str(line);
            (breaks, first, before_blank) = (1, false, blank);
            self.next_line();
        }
        // A block of nothing but breaks is left to the full parser.
        if first {
            return None;
        }
        // A last line without a break gives none to the text either.
        if self.at >= self.bytes.len() && self.bytes.last() != Some(&b'\n') {
            return (breaks == 1 && !self.text.ends_with(' ')).then_some((text, style));
        }
        match chomp {
            None => text.push('\n'),
            Some('+') => text.extend(std::iter::repeat_n('\n', breaks)),
            Some(_) => {}
        }
        Some((text, style))
    }

    /// The indentation of a block: that of its first line with content.
    fn block_indent(&self, parent: usize) -> Option<usize> {
        let mut deepest_blank = 0;
        for line in self.text[self.at..].split('\n') {
            let content = line.trim_start_matches(' ');
            let indent = line.len() - content.len();
            if content.is_empty() {
                deepest_blank = deepest_blank.max(indent);
                continue;
            }
            let fits = indent > parent && deepest_blank <= indent && !content.starts_with('\t');
            return fits.then_some(indent);
        }
        None
    }
}
