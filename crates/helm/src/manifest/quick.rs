//! The head of a manifest that is plain block YAML, found without building a tree.
//!
//! Most of what charts give is written in one style: block mappings and lists, one-line scalars,
//! block scalars. For that style one pass over the lines is enough to know that the text is sound
//! and what its head says. Whatever else occurs (flow collections, anchors, tags, odd indentation)
//! makes [`head`] give up, and the YAML reader decides.

mod line;

use line::{Scalar, Value};

use super::Head;

/// The head, or `None` where the text is not of the plain style.
pub(super) fn head(document: &str) -> Option<Head> {
    if !is_ordinary(document) {
        return None;
    }
    let mut reader = Reader::default();
    for line in document.split('\n') {
        reader.line(line)?;
    }
    if let After::Quoted { .. } = reader.after {
        return None;
    }
    let is_mapping = reader.frames.first().is_some_and(|frame| frame.kind == Kind::Map);
    is_mapping.then(|| {
        reader.head.annotations.sort();
        reader.head
    })
}

/// Whether no YAML library objects to a character of the text. Tabs and carriage returns are left
/// to the reader.
fn is_ordinary(text: &str) -> bool {
    // Without a way out of the loop, so that many bytes are looked at together.
    let odd = text.bytes().fold(false, |odd, byte| {
        odd | !(byte == b'\n' || (b' '..=b'~').contains(&byte) || !byte.is_ascii())
    });
    let is_ordinary = |c: char| {
        c.is_ascii()
            || (c >= '\u{a0}' && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}'..))
    };
    !odd && (text.is_ascii() || text.chars().all(is_ordinary))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Map,
    List,
}

/// What a mapping is for the head.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Role {
    Top,
    Metadata,
    Annotations,
    #[default]
    Other,
}

/// A collection that is open.
struct Frame {
    kind: Kind,
    column: usize,
    role: Role,
}

/// What may follow the entry that was read last.
#[derive(Clone, Copy, Default)]
enum After {
    /// Nothing deeper.
    #[default]
    Done,
    /// A value, deeper than this column; a list under a key may start at the column itself.
    Value { column: usize, role: Role, of_key: bool },
    /// More lines of a plain scalar, deeper than this column.
    Plain { column: usize },
    /// More lines in quotes, deeper than this column.
    Quoted { column: usize, quote: u8 },
    /// The lines of a block scalar, deeper than this column; `indent` once the first was seen.
    Block { column: usize, indent: Option<usize>, blank: usize },
}

#[derive(Default)]
struct Reader {
    frames: Vec<Frame>,
    after: After,
    head: Head,
    started: bool,
}

/// Deeper than any manifest; what is nested more is left to the YAML reader's own limit.
const MAX_DEPTH: usize = 64;

impl Reader {
    fn line(&mut self, line: &str) -> Option<()> {
        let text = line.trim_start_matches(' ');
        let column = line.len() - text.len();
        if self.in_block(text, column)? {
            return Some(());
        }
        if let After::Quoted { column: of, quote } = self.after {
            return self.in_quotes(text, column > of, quote);
        }
        if text.is_empty() || text.starts_with('#') {
            if let (After::Plain { .. }, true) = (self.after, text.starts_with('#')) {
                self.after = After::Done;
            }
            return Some(());
        }
        if let After::Plain { column: of } = self.after
            && column > of
        {
            return line::continues_plain(text).then_some(());
        }
        if column == 0 && (text.starts_with("---") || text.starts_with("...")) {
            return None;
        }
        self.entry(text, column)
    }

    /// A line that begins in quotes.
    fn in_quotes(&mut self, text: &str, deeper: bool, quote: u8) -> Option<()> {
        if text.is_empty() {
            return Some(());
        }
        match line::close(text, quote)? {
            _ if !deeper => return None,
            None => {}
            Some((at, _)) => {
                self.after = After::Done;
                return line::ends(&text[at + 1..]).then_some(());
            }
        }
        Some(())
    }

    /// Whether the line belongs to a block scalar.
    fn in_block(&mut self, text: &str, column: usize) -> Option<bool> {
        let After::Block { column: of, indent, blank } = self.after else { return Some(false) };
        if text.is_empty() {
            if indent.is_none() {
                let blank = blank.max(column);
                self.after = After::Block { column: of, indent, blank };
            }
            return Some(true);
        }
        match indent {
            Some(indent) if column >= indent => Some(true),
            None if column > of => {
                self.after = After::Block { column: of, indent: Some(column), blank };
                (blank <= column).then_some(true)
            }
            _ if column > of => None,
            _ => {
                self.after = After::Done;
                Some(false)
            }
        }
    }

    /// A list item or a key, with what stands behind it on the line.
    fn entry(&mut self, text: &str, column: usize) -> Option<()> {
        if let After::Value { column: of, role: Role::Other, .. } = self.after
            && column > of
            && matches!(text.trim_end_matches(' '), "{}" | "[]")
        {
            self.after = After::Done;
            return Some(());
        }
        let Some(rest) = line::list_item(text) else { return self.key(text, column) };
        self.place(Kind::List, column)?;
        let inner = rest.trim_start_matches(' ');
        if inner.is_empty() || inner.starts_with('#') {
            self.after = After::Value { column, role: Role::Other, of_key: false };
            return Some(());
        }
        let inner_column = column + (text.len() - inner.len());
        self.after = After::Value { column, role: Role::Other, of_key: false };
        if line::list_item(inner).is_some() || line::key(inner).is_some() {
            return self.entry(inner, inner_column);
        }
        let value = line::value(inner)?;
        self.after = after(&value, column, Role::Other);
        Some(())
    }

    fn key(&mut self, text: &str, column: usize) -> Option<()> {
        let (key, rest) = line::key(text)?;
        self.place(Kind::Map, column)?;
        let role = self.frames.last()?.role;
        let value = line::value(rest)?;
        let child = self.note(role, key, &value)?;
        self.after = match after(&value, column, child) {
            // What the head keeps must be whole on its line.
            After::Plain { .. } if is_kept(role, key) => After::Done,
            next => next,
        };
        Some(())
    }

    /// Makes the collection that an entry at this column belongs to the innermost.
    fn place(&mut self, kind: Kind, column: usize) -> Option<()> {
        if !self.started {
            self.started = true;
            self.frames.push(Frame { kind, column, role: Role::Top });
            return Some(());
        }
        if let After::Value { column: of, role, of_key } = self.after
            && (column > of || (column == of && of_key && kind == Kind::List))
        {
            // A list where the head expects a mapping is an error that others word better.
            if self.frames.len() >= MAX_DEPTH || (kind == Kind::List && role != Role::Other) {
                return None;
            }
            self.frames.push(Frame { kind, column, role });
            return Some(());
        }
        while self.frames.last().is_some_and(|frame| {
            frame.column > column
                || (frame.column == column && frame.kind == Kind::List && kind == Kind::Map)
        }) {
            self.frames.pop();
        }
        let top = self.frames.last()?;
        (top.column == column && top.kind == kind).then_some(())
    }

    /// Keeps what the head needs; gives the role of a mapping below this key.
    fn note(&mut self, role: Role, key: &str, value: &Value<'_>) -> Option<Role> {
        let slot = match (role, key) {
            (Role::Top, "apiVersion") => &mut self.head.api_version,
            (Role::Top, "kind") => &mut self.head.kind,
            (Role::Metadata, "name") => &mut self.head.name,
            (Role::Top, "metadata") => {
                self.head.name.clear();
                self.head.annotations.clear();
                return matches!(value, Value::Nothing).then_some(Role::Metadata);
            }
            (Role::Metadata, "annotations") => {
                self.head.annotations.clear();
                return match value {
                    Value::Nothing => Some(Role::Annotations),
                    Value::EmptyMap => Some(Role::Other),
                    _ => None,
                };
            }
            (Role::Annotations, _) => {
                self.head.annotations.retain(|(known, _)| known != key);
                self.head.annotations.push((key.to_owned(), String::new()));
                &mut self.head.annotations.last_mut()?.1
            }
            _ => return Some(Role::Other),
        };
        value.text()?.clone_into(slot);
        Some(Role::Other)
    }
}

fn is_kept(role: Role, key: &str) -> bool {
    match role {
        Role::Top => matches!(key, "apiVersion" | "kind"),
        Role::Metadata => key == "name",
        Role::Annotations => true,
        Role::Other => false,
    }
}

fn after(value: &Value<'_>, column: usize, role: Role) -> After {
    match value {
        Value::Nothing => After::Value { column, role, of_key: true },
        Value::Block => After::Block { column, indent: None, blank: 0 },
        Value::Scalar(Scalar::Plain(_)) => After::Plain { column },
        Value::Open(quote) => After::Quoted { column, quote: *quote },
        _ => After::Done,
    }
}

#[cfg(test)]
mod tests;
