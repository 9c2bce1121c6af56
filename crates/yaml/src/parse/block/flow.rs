//! Flow collections of one line, with words and quoted texts in them.

use super::Reader;
use super::scalar::{quoted_length, unquote};
use crate::parse::mapping;
use crate::{Node, NodeKind, Style, Tag, Text, resolve};

/// Collections within each other on one line.
const DEEPEST: usize = 20;

/// What a bare word is made of; anything else is left to the full parser.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_./-@%+".contains(&byte)
}

impl Reader<'_> {
    /// Reads a flow collection that starts here and is all that the line holds.
    pub(super) fn simple_flow(&mut self) -> Option<Node> {
        let (at, line) = (self.at, self.line);
        let node = self.collection(0).and_then(|node| {
            let rest = self.rest().trim_start_matches(' ');
            rest.is_empty().then_some(node)
        });
        if node.is_none() {
            (self.at, self.line) = (at, line);
            return None;
        }
        self.next_line();
        node
    }

    fn byte(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_spaces(&mut self) {
        while self.byte() == Some(b' ') {
            self.at += 1;
        }
    }

    fn collection(&mut self, depth: usize) -> Option<Node> {
        if depth > DEEPEST {
            return None;
        }
        let (line, column) = (self.line, self.at - self.start);
        let is_list = self.byte()? == b'[';
        let close = if is_list { b']' } else { b'}' };
        let (mut items, mut entries) = (Vec::new(), Vec::new());
        self.at += 1;
        self.skip_spaces();
        while self.byte()? != close {
            if is_list {
                items.push(self.flow_value(depth)?);
            } else {
                let key = self.flow_scalar()?;
                if self.byte()? != b':'
                    || self.bytes.get(self.at + 1) != Some(&b' ')
                    || key.tag == Tag::Merge
                {
                    return None;
                }
                self.at += 1;
                self.skip_spaces();
                entries.push((key, self.flow_value(depth)?));
            }
            self.skip_spaces();
            match self.byte()? {
                b',' => {
                    self.at += 1;
                    self.skip_spaces();
                    // A comma at the end is legal, and rare.
                    if self.byte()? == close {
                        return None;
                    }
                }
                byte if byte == close => {}
                _ => return None,
            }
        }
        self.at += 1;
        if is_list {
            return Some(self.node(NodeKind::Sequence(items), Tag::Seq, Style::Flow, line, column));
        }
        mapping::finish(&mut entries, false, self.dialect, self.limits.last_key_wins).ok()?;
        Some(self.node(NodeKind::Mapping(entries), Tag::Map, Style::Flow, line, column))
    }

    fn flow_value(&mut self, depth: usize) -> Option<Node> {
        match self.byte()? {
            b'[' | b'{' => self.collection(depth + 1),
            _ => self.flow_scalar(),
        }
    }

    /// A word or a quoted text, followed by `,`, a closing bracket, or `: `.
    fn flow_scalar(&mut self) -> Option<Node> {
        let column = self.at - self.start;
        let bytes = self.rest().as_bytes();
        let first = *bytes.first()?;
        let (text, tag, style, length) = if matches!(first, b'"' | b'\'') {
            let length = quoted_length(bytes, first)?;
            let (text, style) = unquote(&self.rest()[..length])?;
            (text, Tag::Str, style, length)
        } else {
            // What begins with a sign or a dash may be more than a word.
            if !first.is_ascii_alphanumeric() && !matches!(first, b'/' | b'_') {
                return None;
            }
            let length = bytes.iter().take_while(|byte| is_word(**byte)).count();
            let text = Text::from(&self.rest()[..length]);
            let tag = resolve::plain(&text, self.dialect).tag();
            (text, tag, Style::Plain, length)
        };
        let end = match bytes.get(length)? {
            b',' | b']' | b'}' => true,
            b':' => bytes.get(length + 1) == Some(&b' '),
            _ => false,
        };
        if !end {
            return None;
        }
        self.at += length;
        Some(self.node(NodeKind::Scalar(text), tag, style, self.line, column))
    }
}
