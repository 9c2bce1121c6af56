/// The text of a scalar; up to 24 bytes need no memory of their own.
pub type Text = compact_str::CompactString;

/// How a scalar was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// No quotes: the text decides the type.
    Plain,
    /// `'text'`.
    SingleQuoted,
    /// `"text"`.
    DoubleQuoted,
    /// `|` block.
    Literal,
    /// `>` block.
    Folded,
    /// Any of these, under an explicit tag, which then alone decides the type.
    Tagged,
    /// A collection in brackets or braces.
    Flow,
}

/// The type of a node: resolved when it was parsed, or demanded by an explicit tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// Not decided: a plain scalar is typed by its text when it is read or written.
    None,
    /// `!!null`.
    Null,
    /// `!!bool`.
    Bool,
    /// `!!int`.
    Int,
    /// `!!float`.
    Float,
    /// `!!str`.
    Str,
    /// `!!timestamp`.
    Timestamp,
    /// `!!binary`.
    Binary,
    /// The `<<` of a merge.
    Merge,
    /// `!!map`.
    Map,
    /// `!!seq`.
    Seq,
    /// An application's own tag, whose name is dropped as the Go tools drop it.
    Other,
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeKind {
    /// A scalar's text, escapes and folding undone.
    Scalar(Text),
    /// Items in order.
    Sequence(Vec<Node>),
    /// Keys and values in order.
    Mapping(Vec<(Node, Node)>),
}

/// One value of a document, with what is needed to write it back as the Go tools would.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value.
    pub kind: NodeKind,
    /// Its type.
    pub tag: Tag,
    /// How a scalar was written; [`Style::Plain`] for collections.
    pub style: Style,
    /// Column in the line, from 1; 0 for a node made by a program.
    pub column: u16,
    /// Line of the source, from 1; 0 for a node made by a program.
    pub line: u32,
}

impl Node {
    /// A scalar without a tag, to be typed by its text.
    #[must_use]
    pub fn plain(text: impl Into<Text>) -> Self {
        Self::made(NodeKind::Scalar(text.into()), Tag::None)
    }

    /// A scalar that is a string whatever its text looks like.
    #[must_use]
    pub fn string(text: impl Into<Text>) -> Self {
        Self::made(NodeKind::Scalar(text.into()), Tag::Str)
    }

    /// A null.
    #[must_use]
    pub fn null() -> Self {
        Self::made(NodeKind::Scalar("null".into()), Tag::Null)
    }

    /// A mapping with these entries.
    #[must_use]
    pub fn mapping(entries: Vec<(Node, Node)>) -> Self {
        Self::made(NodeKind::Mapping(entries), Tag::Map)
    }

    /// A sequence with these items.
    #[must_use]
    pub fn sequence(items: Vec<Node>) -> Self {
        Self::made(NodeKind::Sequence(items), Tag::Seq)
    }

    fn made(kind: NodeKind, tag: Tag) -> Self {
        Self { kind, tag, style: Style::Plain, column: 0, line: 0 }
    }

    /// The text of a scalar.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Scalar(text) => Some(text),
            _ => None,
        }
    }

    /// The entries of a mapping.
    #[must_use]
    pub fn entries(&self) -> Option<&[(Node, Node)]> {
        match &self.kind {
            NodeKind::Mapping(entries) => Some(entries),
            _ => None,
        }
    }

    /// The entries of a mapping, to be changed.
    pub fn entries_mut(&mut self) -> Option<&mut Vec<(Node, Node)>> {
        match &mut self.kind {
            NodeKind::Mapping(entries) => Some(entries),
            _ => None,
        }
    }

    /// The items of a sequence.
    #[must_use]
    pub fn items(&self) -> Option<&[Node]> {
        match &self.kind {
            NodeKind::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// The items of a sequence, to be changed.
    pub fn items_mut(&mut self) -> Option<&mut Vec<Node>> {
        match &mut self.kind {
            NodeKind::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// Whether this is a scalar typed null.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.tag == Tag::Null && matches!(self.kind, NodeKind::Scalar(_))
    }

    /// The value under a key of a mapping.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries()?.iter().find(|(name, _)| name.text() == Some(key)).map(|(_, value)| value)
    }

    /// The value under a key of a mapping, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        let entries = self.entries_mut()?;
        entries.iter_mut().find(|(name, _)| name.text() == Some(key)).map(|(_, value)| value)
    }

    /// Puts a value under a key of a mapping, in the place of what was there; nothing happens to other nodes.
    pub fn set(&mut self, key: &str, value: Node) {
        let Some(entries) = self.entries_mut() else { return };
        match entries.iter_mut().find(|(name, _)| name.text() == Some(key)) {
            Some((_, old)) => *old = value,
            None => entries.push((Node::plain(key), value)),
        }
    }

    /// Takes the entry of a key out of a mapping.
    pub fn remove(&mut self, key: &str) -> Option<Node> {
        let entries = self.entries_mut()?;
        let at = entries.iter().position(|(name, _)| name.text() == Some(key))?;
        Some(entries.remove(at).1)
    }
}
