//! A fast reader for what manifests are made of: block maps and lists, plain and quoted scalars of one line, folded
//! plain text, `|` and `>` blocks.
//!
//! It gives up (`None`) on everything else and on everything that looks wrong; the full parser then reads the text
//! from its beginning and has the last word, errors included. Where this reader does answer, it answers the same.

mod flow;
mod scalar;

use crate::parse::{Limits, mapping, parse_full};
use crate::{Dialect, Node, NodeKind, Style, Tag, resolve};

/// Longest flow collection, in bytes, that is handed to the full parser on its own.
const LONGEST_FLOW: usize = 4096;
/// Longest key: beyond 1,024 characters YAML has other rules.
const LONGEST_KEY: usize = 512;

/// Reads the one document of a text.
pub(super) fn document(text: &str, dialect: Dialect, limits: Limits) -> Option<Node> {
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        at: 0,
        start: 0,
        end: line_end(text, 0),
        line: 1,
        pairs: Vec::new(),
        dialect,
        limits,
    };
    reader.skip_document_start()?;
    let indent = reader.content()?;
    let node = reader.block(indent, 0)?;
    // Anything left is another document, or something that this reader does not know.
    reader.at_end().then_some(node)
}

/// A place in the text, always at the start of a line or of what is to be read of it.
struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    /// Where the current line starts.
    start: usize,
    /// Where it ends, its line break not counted.
    end: usize,
    line: u32,
    /// The entries of all maps that are not complete, the innermost last: each map then gets just
    /// the room that it needs.
    pairs: Vec<(Node, Node)>,
    dialect: Dialect,
    limits: Limits,
}

/// Where the line that holds a place ends.
fn line_end(text: &str, at: usize) -> usize {
    memchr::memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |length| at + length)
}

/// Whether a plain scalar cannot start with this, or starts something else.
fn is_special(bytes: &[u8]) -> bool {
    match bytes {
        [b'-' | b'?' | b':', next, ..] => matches!(next, b' ' | b'\n' | b'\t'),
        [b'-' | b'?' | b':'] | [] => true,
        [first, ..] => b",[]{}#&*!|>'\"%@`\t".contains(first),
    }
}

impl<'t> Reader<'t> {
    /// The rest of the current line, without its end.
    fn rest(&self) -> &'t str {
        &self.text[self.at..self.end]
    }

    fn next_line(&mut self) {
        self.at = (self.end + 1).min(self.bytes.len());
        self.start = self.at;
        self.end = line_end(self.text, self.at);
        self.line += 1;
    }

    /// Goes back to a place on an earlier line.
    fn go_back(&mut self, at: usize, line: u32) {
        (self.at, self.line) = (at, line);
        self.end = line_end(self.text, at);
    }

    /// A document may begin with a line `---`.
    fn skip_document_start(&mut self) -> Option<()> {
        while self.at < self.bytes.len() {
            let line = self.rest();
            let content = line.trim_start_matches(' ');
            if content.is_empty() || content.starts_with('#') {
                self.next_line();
                continue;
            }
            if let Some(after) = line.strip_prefix("---") {
                let after = after.trim_start_matches(' ');
                if !after.is_empty() && !after.starts_with('#') {
                    return None;
                }
                self.next_line();
            }
            break;
        }
        Some(())
    }

    /// Moves to the next line with content and gives its indentation; the place is then after it.
    fn content(&mut self) -> Option<usize> {
        while self.at < self.bytes.len() {
            let line = self.rest();
            let content = line.trim_start_matches(' ');
            let indent = line.len() - content.len();
            match content.as_bytes().first() {
                None | Some(b'#') => self.next_line(),
                Some(b'\t') => return None,
                Some(_) if indent == 0 && (line.starts_with("---") || line.starts_with("...")) => {
                    return None;
                }
                Some(b'%') if indent == 0 => return None,
                Some(_) => {
                    self.at += indent;
                    return Some(indent);
                }
            }
        }
        None
    }

    /// As [`Self::content`], without moving past the indentation; `None` at the end.
    fn peek(&mut self) -> Option<usize> {
        let indent = self.content()?;
        self.at -= indent;
        Some(indent)
    }

    fn at_end(&mut self) -> bool {
        self.content().is_none() && self.at >= self.bytes.len()
    }

    fn node(&self, kind: NodeKind, tag: Tag, style: Style, line: u32, column: usize) -> Node {
        let column = u16::try_from(column + 1).unwrap_or(u16::MAX);
        Node { kind, tag, style, column, line }
    }

    /// Whether a list item starts here.
    fn is_item(&self) -> bool {
        self.bytes.get(self.at) == Some(&b'-')
            && matches!(self.bytes.get(self.at + 1), None | Some(b' ' | b'\n'))
    }

    /// The length of a key that starts here, its colon not counted; quotes included.
    fn key_length(&self) -> Option<usize> {
        let bytes = self.rest().as_bytes();
        let colon = |at: usize| {
            bytes.get(at) == Some(&b':') && matches!(bytes.get(at + 1), None | Some(b' '))
        };
        if let Some(quote @ (b'"' | b'\'')) = bytes.first() {
            let length = scalar::quoted_length(bytes, *quote)?;
            return (length <= LONGEST_KEY && colon(length)).then_some(length);
        }
        if is_special(bytes) {
            return None;
        }
        for (at, byte) in bytes.iter().enumerate().take(LONGEST_KEY) {
            match byte {
                b':' if colon(at) => return Some(at),
                b'#' if bytes[at - 1] == b' ' => return None,
                b'\t' => return None,
                _ => {}
            }
        }
        None
    }

    /// Reads a map or list whose first line stands here.
    fn block(&mut self, indent: usize, depth: usize) -> Option<Node> {
        if depth >= self.limits.depth {
            return None;
        }
        if self.is_item() {
            self.sequence(indent, depth, false)
        } else {
            self.key_length()?;
            self.mapping(indent, depth)
        }
    }

    fn sequence(&mut self, indent: usize, depth: usize, shared: bool) -> Option<Node> {
        let (line, mut items) = (self.line, Vec::new());
        loop {
            self.at += 1;
            let spaces = self.rest().len() - self.rest().trim_start_matches(' ').len();
            self.at += spaces;
            let column = indent + 1 + spaces;
            let rest = self.rest();
            let node = if rest.is_empty() || (rest.starts_with('#') && spaces > 0) {
                self.below(indent, false, depth)?
            } else if self.is_item() || self.key_length().is_some() {
                self.block(column, depth + 1)?
            } else {
                self.value(indent)?
            };
            items.push(node);
            if !self.goes_on(indent)? {
                break;
            }
            if !self.is_item() {
                // Only a list at the indentation of its own map's keys can be followed by another of them.
                self.at = self.start;
                if !shared {
                    return None;
                }
                break;
            }
        }
        Some(self.node(NodeKind::Sequence(items), Tag::Seq, Style::Plain, line, indent))
    }

    /// Whether another line of this indentation follows, to which the place then moves; deeper ones are wrong.
    fn goes_on(&mut self, indent: usize) -> Option<bool> {
        match self.peek() {
            None if self.at >= self.bytes.len() => Some(false),
            None => None,
            Some(found) if found > indent => None,
            Some(found) => {
                if found == indent {
                    self.at += indent;
                }
                Some(found == indent)
            }
        }
    }

    fn mapping(&mut self, indent: usize, depth: usize) -> Option<Node> {
        let (line, first) = (self.line, self.pairs.len());
        loop {
            if self.is_item() {
                return None;
            }
            let key = self.key(indent)?;
            let spaces = self.rest().len() - self.rest().trim_start_matches(' ').len();
            self.at += spaces;
            let rest = self.rest();
            let value = if rest.is_empty() || (rest.starts_with('#') && spaces > 0) {
                self.below(indent, true, depth)?
            } else {
                self.value(indent)?
            };
            self.pairs.push((key, value));
            if !self.goes_on(indent)? {
                break;
            }
        }
        let mut entries = self.pairs.split_off(first);
        mapping::finish(&mut entries, false, self.dialect, self.limits.last_key_wins).ok()?;
        Some(self.node(NodeKind::Mapping(entries), Tag::Map, Style::Plain, line, indent))
    }

    fn key(&mut self, indent: usize) -> Option<Node> {
        let length = self.key_length()?;
        let source = &self.text[self.at..self.at + length];
        let (text, tag, style) = match source.as_bytes().first()? {
            b'"' | b'\'' => {
                let (text, style) = scalar::unquote(source)?;
                (text, Tag::Str, style)
            }
            _ => {
                let text = source.trim_end_matches(' ');
                let tag = resolve::plain(text, self.dialect).tag();
                if tag == Tag::Merge {
                    return None;
                }
                (text.into(), tag, Style::Plain)
            }
        };
        self.at += length + 1;
        Some(self.node(NodeKind::Scalar(text), tag, style, self.line, indent))
    }

    /// Reads what stands below an empty rest of a line: something deeper, a list of the same depth, or nothing.
    fn below(&mut self, indent: usize, of_key: bool, depth: usize) -> Option<Node> {
        let line = self.line;
        self.next_line();
        match self.peek() {
            None if self.at < self.bytes.len() => return None,
            Some(found) if found > indent => {
                self.at += found;
                return self.block(found, depth + 1);
            }
            Some(found) if found == indent && of_key => {
                self.at += found;
                if self.is_item() {
                    return self.sequence(indent, depth + 1, true);
                }
                self.at -= found;
            }
            _ => {}
        }
        Some(self.node(NodeKind::Scalar("".into()), Tag::Null, Style::Plain, line, indent))
    }

    /// Reads a scalar or flow collection that starts here, under a parent of this indentation.
    fn value(&mut self, indent: usize) -> Option<Node> {
        let (line, column) = (self.line, self.at - self.start);
        let (text, tag, style) = match self.bytes.get(self.at)? {
            b'[' | b'{' => return self.flow(),
            b'|' | b'>' => {
                let (text, style) = self.block_scalar(indent)?;
                (text, Tag::Str, style)
            }
            b'"' | b'\'' => {
                let (text, style) = self.quoted(indent)?;
                (text, Tag::Str, style)
            }
            _ => {
                let text = self.plain(indent)?;
                let tag = resolve::plain(&text, self.dialect).tag();
                (text, tag, Style::Plain)
            }
        };
        Some(self.node(NodeKind::Scalar(text), tag, style, line, column))
    }

    /// Hands a flow collection of one line to the full parser.
    fn flow(&mut self) -> Option<Node> {
        if let Some(node) = self.simple_flow() {
            return Some(node);
        }
        let source = self.rest();
        if source.len() > LONGEST_FLOW {
            return None;
        }
        let empty = match source.trim_end_matches(' ') {
            "[]" => Some((NodeKind::Sequence(Vec::new()), Tag::Seq)),
            "{}" => Some((NodeKind::Mapping(Vec::new()), Tag::Map)),
            _ => None,
        };
        let (line, column) = (self.line, self.at - self.start);
        self.next_line();
        if let Some((kind, tag)) = empty {
            return Some(self.node(kind, tag, Style::Flow, line, column));
        }
        let mut nodes = parse_full(source, self.dialect, self.limits).ok()?;
        let mut node = nodes.pop().filter(|node| nodes.is_empty() && node.style == Style::Flow)?;
        scalar::shift(&mut node, line - 1);
        // Anchors could be meant by an alias elsewhere.
        (!source.contains(['&', '*'])).then_some(node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same node without columns, which the two readers count differently inside flow collections.
    fn bare(mut node: Node) -> Node {
        node.column = 0;
        match &mut node.kind {
            NodeKind::Scalar(text) => {
                // Where nothing stands there is no place either, and of blocks the full parser gives the text's.
                let block = matches!(node.style, Style::Literal | Style::Folded);
                if block || (text.is_empty() && node.style == Style::Plain) {
                    node.line = 0;
                }
            }
            NodeKind::Sequence(items) => {
                *items = std::mem::take(items).into_iter().map(bare).collect()
            }
            NodeKind::Mapping(entries) => {
                let pair = |(key, value)| (bare(key), bare(value));
                *entries = std::mem::take(entries).into_iter().map(pair).collect();
            }
        }
        node
    }

    /// Whether the fast reader answered; its answer must be the full parser's.
    fn agrees(text: &str) -> bool {
        let mut answered = false;
        for dialect in [Dialect::GoV2, Dialect::GoV3] {
            let Some(fast) = document(text, dialect, Limits::default()) else { continue };
            let full = parse_full(text, dialect, Limits::default()).map(|mut nodes| nodes.pop());
            let full = full.map(|node| node.map(bare));
            assert!(full == Ok(Some(bare(fast.clone()))), "{text}\nfull {full:?}\nfast {fast:?}");
            answered = true;
        }
        answered
    }

    #[test]
    fn answers_what_manifests_are_made_of() {
        for text in [
            "a: 1\nb:\n- x\n- y: 2\n  z: {q: [1, 'b']}\nc: \"q\" # comment\n",
            "---\n# head\na:\n  - - 1\n    - 2\n  -\n    k: v\n  - text that\n    goes on\n\n    here\n",
            "a: |\n  one\n\n   two\n  three\nb: >-\n  one\n  two\n\n  three\n    four\n  five\nc: |+\n  x\n\n\nd: 1\n",
            "'quoted key': \"a\\n\\t\\\"b\"\nempty:\nnull: ~\n",
            "a:\n\n# comment\n\n  b: c\n",
        ] {
            assert!(agrees(text), "{text}");
        }
    }

    #[test]
    fn leaves_to_the_full_parser_what_it_does_not_know() {
        for text in [
            "a: &x 1\nb: *x\n",
            "a: !t 1\n",
            "? a\n: b\n",
            "a: \"x\\\n  y\"\n",
            "a: 1\n---\nb: 2\n",
        ] {
            assert_eq!(document(text, Dialect::GoV3, Limits::default()), None, "{text}");
        }
    }

    #[test]
    fn agrees_on_every_file_of_the_corpus() {
        let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus");
        let root = std::env::var("INHAUL_CORPUS").unwrap_or_else(|_| default.to_owned());
        let (mut folders, mut all, mut answered) = (vec![std::path::PathBuf::from(root)], 0, 0);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let is_yaml = path.extension().is_some_and(|e| e == "yaml" || e == "yml");
                let text = if is_yaml { std::fs::read_to_string(&path).ok() } else { None };
                for part in text.iter().flat_map(|text| text.split("\n---\n")) {
                    if part.len() < 12_000 && super::super::is_plain_text(part) {
                        all += 1;
                        answered += usize::from(agrees(part));
                    }
                }
            }
        }
        println!("the fast reader answered for {answered} of {all} documents");
        assert!(answered * 10 >= all * 6);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]
        #[test]
        fn agrees_on_lines_put_together_at_random(parts in prop::collection::vec(
            prop::sample::select(vec![
                "a: 1\n", "b:\n", "  c: x\n", "- i\n", "  - j\n", "- k: v\n", "  d: |\n", "    text\n",
                "   more\n", "\n", "# note\n", "  # in\n", "e: >\n", "f: 'q'\n", "\"g\": \"h\"\n", "- - n\n",
                "  - \n", "h: [1, a]\n", "i: {x: y}\n", "r: [\"a\", {b: [c]}, 'd']\n", "s: {t: , u}\n", "v: [a b, x:y, ]\n",
                "w: {\"x\": 1, y: {z: 2}} # c\n", "- {a: b}\n", "x: [a]: b\n", "y: 'it''s\n", "  on'\n", "z: \"a \\\"b\n", "  c\"\n", "   d'' e' # f\n", "  \n", "j: a #b\n", "k: a b\n", "    deep: 1\n", "---\n",
                "l: |-\n", "m: >-\n", "n: |+\n", "- |\n", "  plain\n", "o: -x\n", "p: a:b\n", "q: é\n", "     \n",
            ]), 1..9)
        ) {
            let text = parts.concat();
            agrees(&text);
            agrees(text.trim_end_matches('\n'));
        }
    }
}
