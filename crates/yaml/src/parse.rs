//! Text to nodes.

mod block;
mod mapping;

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use crate::{Dialect, Error, Node, NodeKind, Style, Tag, resolve};

/// Bounds on foreign input.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of text.
    pub bytes: usize,
    /// Collections within each other.
    pub depth: usize,
    /// Nodes and bytes of text that aliases and merge keys may add, together.
    pub expansion: usize,
    /// Lets the last of several equal keys win, whatever the dialect says.
    pub last_key_wins: bool,
    /// Documents to read; the rest of the text is not looked at. `None` reads all.
    pub documents: Option<usize>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 256 << 20,
            depth: 200,
            expansion: 8 << 20,
            last_key_wins: false,
            documents: None,
        }
    }
}

/// Parses every document of a text, within the default limits, typing scalars as kyaml does.
///
/// # Errors
/// Text that is no YAML, duplicate keys, unknown or recursive aliases, a limit.
pub fn parse(text: &str) -> Result<Vec<Node>, Error> {
    parse_with(text, Dialect::GoV3, Limits::default())
}

/// Parses the documents of a text.
///
/// Aliases are replaced by copies and merge keys by what they merge. An empty document is a null node; a text of
/// comments alone has no document.
///
/// # Errors
/// As [`parse`]; in [`Dialect::GoV2`] the last duplicate key wins instead.
pub fn parse_with(text: &str, dialect: Dialect, limits: Limits) -> Result<Vec<Node>, Error> {
    if text.len() > limits.bytes {
        let message = format!("{} bytes are more than the limit of {}", text.len(), limits.bytes);
        return Err(Error::new(0, 0, message));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    refuse_control_characters(text)?;
    if is_plain_text(text)
        && let Some(node) = block::document(text, dialect, limits)
    {
        return Ok(vec![node]);
    }
    parse_full(text, dialect, limits)
}

/// Whether a text has none of the characters whose meaning YAML versions disagree about.
fn is_plain_text(text: &str) -> bool {
    let odd = ['\r', '\u{85}', '\u{2028}', '\u{2029}', '\u{feff}'];
    if text.is_ascii() { !text.contains('\r') } else { !text.contains(odd) }
}

/// Parses with the full parser.
fn parse_full(text: &str, dialect: Dialect, limits: Limits) -> Result<Vec<Node>, Error> {
    let mut builder = Builder {
        text,
        place: (0, 0),
        dialect,
        limits,
        stack: Vec::new(),
        anchors: HashMap::new(),
        expanded: 0,
        documents: Vec::new(),
    };
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| {
            let at = error.marker();
            Error::new(at.line(), at.col() + 1, error.info())
        })?;
        let ends = matches!(event, Event::DocumentEnd);
        builder.event(event, span)?;
        if ends && limits.documents.is_some_and(|most| builder.documents.len() >= most) {
            break;
        }
    }
    if let Some(last) = builder.documents.last_mut()
        && !text.ends_with('\n')
    {
        unbreak(last, text.rsplit('\n').next().unwrap_or_default().trim_start());
    }
    Ok(builder.documents)
}

/// Where a text ends within a block scalar, without a line break, the Go libraries give that scalar none either.
fn unbreak(node: &mut Node, last_line: &str) {
    let in_block = matches!(node.style, Style::Literal | Style::Folded);
    match &mut node.kind {
        NodeKind::Scalar(text) => {
            let content = text.trim_end_matches('\n');
            if in_block && !last_line.is_empty() && content.ends_with(last_line) {
                text.truncate(content.len());
            }
        }
        NodeKind::Sequence(items) => {
            items.last_mut().into_iter().for_each(|item| unbreak(item, last_line));
        }
        NodeKind::Mapping(entries) => {
            entries.last_mut().into_iter().for_each(|(_, value)| unbreak(value, last_line));
        }
    }
}

/// The Go readers refuse raw control characters anywhere, comments included.
fn refuse_control_characters(text: &str) -> Result<(), Error> {
    let control =
        |byte: &u8| (*byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r')) || *byte == 0x7f;
    let Some(at) = text.as_bytes().iter().position(control) else { return Ok(()) };
    let line = text[..at].bytes().filter(|&byte| byte == b'\n').count() + 1;
    Err(Error::new(line, 0, "control characters are not allowed"))
}

/// A collection that is not closed yet.
struct Open {
    node: Node,
    anchor: usize,
    key: Option<Node>,
    merges: bool,
}

/// A node that aliases may copy, with what a copy costs.
struct Anchored {
    node: Node,
    cost: usize,
}

struct Builder<'t> {
    text: &'t str,
    /// A place in the text, in characters and in bytes: the scanner counts characters.
    place: (usize, usize),
    dialect: Dialect,
    limits: Limits,
    stack: Vec<Open>,
    /// Finished anchored nodes; an anchor that is still open is not in here, so that no node can contain itself.
    anchors: HashMap<usize, Anchored>,
    expanded: usize,
    documents: Vec<Node>,
}

fn cost(node: &Node) -> usize {
    match &node.kind {
        NodeKind::Scalar(text) => 1 + text.len(),
        NodeKind::Sequence(items) => 1 + items.iter().map(cost).sum::<usize>(),
        NodeKind::Mapping(entries) => {
            1 + entries.iter().map(|(key, value)| cost(key) + cost(value)).sum::<usize>()
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "columns past 65,535 are of no use to a reader"
)]
fn at(kind: NodeKind, tag: Tag, style: Style, span: Span) -> Node {
    let column = (span.start.col() + 1).min(usize::from(u16::MAX)) as u16;
    let line = u32::try_from(span.start.line()).unwrap_or(u32::MAX);
    Node { kind, tag, style, column, line }
}

fn explicit(tag: &saphyr_parser::Tag) -> Tag {
    let name = match tag.handle.as_str() {
        "tag:yaml.org,2002:" => tag.suffix.as_str(),
        // The non-specific tag: a string, whatever it looks like.
        "" if tag.suffix == "!" => return Tag::Str,
        "" => tag.suffix.strip_prefix("tag:yaml.org,2002:").unwrap_or_default(),
        "!" if tag.suffix.is_empty() => return Tag::Str,
        _ => return Tag::Other,
    };
    match name {
        "null" => Tag::Null,
        "bool" => Tag::Bool,
        "int" => Tag::Int,
        "float" => Tag::Float,
        "str" => Tag::Str,
        "timestamp" => Tag::Timestamp,
        "binary" => Tag::Binary,
        "merge" => Tag::Merge,
        "map" => Tag::Map,
        "seq" => Tag::Seq,
        _ => Tag::Other,
    }
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Error> {
        match event {
            Event::DocumentStart(_) => self.anchors.clear(),
            Event::Scalar(text, style, anchor, tag) => {
                let node = self.scalar(text.into_owned(), style, tag.as_deref(), span);
                self.finished(node, anchor)?;
            }
            Event::SequenceStart(anchor, _) => {
                let style = self.collection_style(span);
                let node = at(NodeKind::Sequence(Vec::new()), Tag::Seq, style, span);
                self.open(node, anchor)?;
            }
            Event::MappingStart(anchor, _) => {
                let style = self.collection_style(span);
                let node = at(NodeKind::Mapping(Vec::new()), Tag::Map, style, span);
                self.open(node, anchor)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close()?,
            Event::Alias(anchor) => {
                let node = self.alias(anchor, span)?;
                self.finished(node, 0)?;
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    /// Whether a collection is written in brackets.
    fn collection_style(&mut self, span: Span) -> Style {
        let (characters, bytes) = &mut self.place;
        let ahead = span.start.index().saturating_sub(*characters);
        *bytes += self.text[*bytes..].chars().take(ahead).map(char::len_utf8).sum::<usize>();
        *characters += ahead;
        match self.text.as_bytes().get(*bytes) {
            Some(b'[' | b'{') => Style::Flow,
            _ => Style::Plain,
        }
    }

    fn scalar(
        &self,
        text: String,
        style: ScalarStyle,
        tag: Option<&saphyr_parser::Tag>,
        span: Span,
    ) -> Node {
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted => Style::SingleQuoted,
            ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Folded,
        };
        let (tag, style) = match tag.map_or(Tag::None, explicit) {
            Tag::None if style == Style::Plain => {
                let tag = resolve::plain(&text, self.dialect).tag();
                // go-yaml v3 writes nothing with a colon bare between brackets, and kyaml writes before it decodes.
                let quoted = tag == Tag::Timestamp
                    && self.dialect == Dialect::GoV3
                    && text.contains(':')
                    && self.stack.iter().any(|open| open.node.style == Style::Flow);
                (if quoted { Tag::Str } else { tag }, style)
            }
            Tag::None => (Tag::Str, style),
            tag => (tag, Style::Tagged),
        };
        at(NodeKind::Scalar(text.into()), tag, style, span)
    }

    fn open(&mut self, node: Node, anchor: usize) -> Result<(), Error> {
        if self.stack.len() >= self.limits.depth {
            let message = format!("nested deeper than {} levels", self.limits.depth);
            return Err(Error::new(node.line as usize, usize::from(node.column), message));
        }
        // The scanner places a list without indentation where its first item starts, bracket or not.
        if let Some(parent) = self.stack.last_mut()
            && (parent.node.line, parent.node.column) == (node.line, node.column)
        {
            parent.node.style = Style::Plain;
        }
        self.stack.push(Open { node, anchor, key: None, merges: false });
        Ok(())
    }

    fn close(&mut self) -> Result<(), Error> {
        let Some(mut open) = self.stack.pop() else { return Ok(()) };
        if let NodeKind::Mapping(entries) = &mut open.node.kind {
            let lenient = self.limits.last_key_wins;
            mapping::finish(entries, open.merges, self.dialect, lenient)?;
        }
        self.finished(open.node, open.anchor)
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<Node, Error> {
        let place = |message: &str| Error::new(span.start.line(), span.start.col() + 1, message);
        let Some(anchored) = self.anchors.get(&anchor) else {
            return Err(place("anchor value contains itself"));
        };
        self.expanded += anchored.cost;
        if self.expanded > self.limits.expansion {
            return Err(place("document contains excessive aliasing"));
        }
        Ok(anchored.node.clone())
    }

    /// Puts a finished node where it belongs.
    fn finished(&mut self, node: Node, anchor: usize) -> Result<(), Error> {
        if anchor != 0 {
            let cost = cost(&node);
            self.expanded += cost;
            if self.expanded > self.limits.expansion.max(self.limits.bytes / 4) {
                let message = "document contains too much anchored text";
                return Err(Error::new(node.line as usize, usize::from(node.column), message));
            }
            self.anchors.insert(anchor, Anchored { node: node.clone(), cost });
        }
        let Some(open) = self.stack.last_mut() else {
            self.documents.push(node);
            return Ok(());
        };
        match &mut open.node.kind {
            NodeKind::Sequence(items) => items.push(node),
            NodeKind::Mapping(entries) => match open.key.take() {
                Some(key) => entries.push((key, node)),
                None => {
                    open.merges |= node.tag == Tag::Merge;
                    open.key = Some(node);
                }
            },
            NodeKind::Scalar(_) => {}
        }
        Ok(())
    }
}
