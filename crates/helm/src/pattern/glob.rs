//! Globs with the rules of Go's gobwas/glob, separator `/`: `*` and `?` stop at the separator,
//! `**` does not, `{a,b}` are alternatives, `[abc]`, `[a-c]` and `[!abc]` are classes.

/// Most steps that one match may take; beyond it the name does not match.
const MAX_STEPS: usize = 1_000_000;
/// Deepest nesting of `{}`.
const MAX_DEPTH: usize = 64;

/// A glob ready to be matched.
#[derive(Debug, Clone)]
pub(crate) struct Glob {
    pattern: Vec<Node>,
}

#[derive(Debug, Clone)]
enum Node {
    Text(Vec<char>),
    /// `*`
    Any,
    /// `**`
    Super,
    /// `?`
    Single,
    Class {
        negated: bool,
        members: Members,
    },
    Alternatives(Vec<Vec<Node>>),
}

#[derive(Debug, Clone)]
enum Members {
    List(Vec<char>),
    Range(char, char),
}

impl Glob {
    /// Reads a glob; `None` when it is malformed.
    pub(crate) fn parse(pattern: &str) -> Option<Self> {
        let chars: Vec<char> = pattern.chars().collect();
        let mut parser = Parser { chars: &chars, at: 0 };
        let nodes = parser.nodes(0)?;
        Some(Self { pattern: nodes })
    }

    /// The glob that matches every name.
    pub(crate) fn everything() -> Self {
        Self { pattern: vec![Node::Super] }
    }

    /// Whether the whole name matches.
    pub(crate) fn matches(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        let mut budget = MAX_STEPS;
        run(&[&self.pattern], &name, &mut budget)
    }
}

struct Parser<'a> {
    chars: &'a [char],
    at: usize,
}

impl Parser<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.chars.get(self.at).copied()?;
        self.at += 1;
        Some(c)
    }

    fn next_if(&mut self, wanted: char) -> bool {
        let found = self.chars.get(self.at) == Some(&wanted);
        self.at += usize::from(found);
        found
    }

    /// Reads nodes up to the end, or within `{}` up to a comma or the closing brace.
    fn nodes(&mut self, depth: usize) -> Option<Vec<Node>> {
        let mut nodes = Vec::new();
        let mut text = Vec::new();
        while let Some(c) = self.chars.get(self.at).copied() {
            if depth > 0 && matches!(c, ',' | '}') {
                break;
            }
            self.at += 1;
            let node = match c {
                // gobwas drops a backslash at the very end.
                '\\' => {
                    text.extend(self.next());
                    continue;
                }
                '*' if self.next_if('*') => Node::Super,
                '*' => Node::Any,
                '?' => Node::Single,
                '[' => self.class()?,
                '{' => self.alternatives(depth + 1)?,
                other => {
                    text.push(other);
                    continue;
                }
            };
            if !text.is_empty() {
                nodes.push(Node::Text(std::mem::take(&mut text)));
            }
            nodes.push(node);
        }
        if !text.is_empty() {
            nodes.push(Node::Text(text));
        }
        Some(nodes)
    }

    fn alternatives(&mut self, depth: usize) -> Option<Node> {
        if depth > MAX_DEPTH {
            return None;
        }
        let mut found = Vec::new();
        loop {
            found.push(self.nodes(depth)?);
            // An open brace at the end is accepted, as gobwas does.
            if self.next() != Some(',') {
                return Some(Node::Alternatives(found));
            }
        }
    }

    fn class(&mut self) -> Option<Node> {
        let negated = self.next_if('!');
        let first = self.next()?;
        if self.next_if('-') {
            let last = self.next()?;
            return (last >= first && self.next_if(']'))
                .then_some(Node::Class { negated, members: Members::Range(first, last) });
        }
        self.at -= 1;
        let mut list = Vec::new();
        loop {
            match self.next()? {
                ']' if list.is_empty() => return None,
                ']' => return Some(Node::Class { negated, members: Members::List(list) }),
                '\\' => list.push(self.next()?),
                other => list.push(other),
            }
        }
    }
}

/// Matches a stack of node lists (the innermost first) against the rest of a name.
fn run(stack: &[&[Node]], name: &[char], budget: &mut usize) -> bool {
    if *budget == 0 {
        return false;
    }
    *budget -= 1;
    let Some((nodes, outer)) = stack.split_first() else { return name.is_empty() };
    let Some((node, rest)) = nodes.split_first() else { return run(outer, name, budget) };
    let mut next = Vec::with_capacity(stack.len() + 1);
    next.push(rest);
    next.extend_from_slice(outer);
    match node {
        Node::Text(text) => name.starts_with(text) && run(&next, &name[text.len()..], budget),
        Node::Single | Node::Class { .. } => {
            name.first().is_some_and(|c| node.accepts(*c)) && run(&next, &name[1..], budget)
        }
        Node::Any | Node::Super => {
            let reach = match node {
                Node::Any => name.iter().position(|c| *c == '/').unwrap_or(name.len()),
                _ => name.len(),
            };
            (0..=reach).any(|taken| run(&next, &name[taken..], budget))
        }
        Node::Alternatives(options) => options.iter().any(|option| {
            let mut inner: Vec<&[Node]> = Vec::with_capacity(next.len() + 1);
            inner.push(option);
            inner.extend_from_slice(&next);
            run(&inner, name, budget)
        }),
    }
}

impl Node {
    fn accepts(&self, c: char) -> bool {
        match self {
            Node::Single => c != '/',
            Node::Class { negated, members: Members::List(list) } => list.contains(&c) != *negated,
            Node::Class { negated, members: Members::Range(low, high) } => {
                (*low..=*high).contains(&c) != *negated
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_as_gobwas_matches_them() {
        for (pattern, name, expected) in [
            ("*", "a.txt", true),
            ("*", "a/b.txt", false),
            ("**", "a/b/c.txt", true),
            ("**.yaml", "a/b/c.yaml", true),
            ("files/**.{yaml,json}", "files/x/y.json", true),
            ("files/*.{yaml,json}", "files/x/y.json", false),
            ("files/?.txt", "files/a.txt", true),
            ("files/[ab].txt", "files/b.txt", true),
            ("files/[a-c].txt", "files/d.txt", false),
            ("files/[!a].txt", "files/b.txt", true),
            ("**/x", "x", false),
            ("{a,b/{c,d}}/*", "b/d/e", true),
            ("a\\*b", "a*b", true),
            ("", "", true),
        ] {
            let parsed = Glob::parse(pattern).unwrap();
            assert_eq!(parsed.matches(name), expected, "{pattern:?} {name:?}");
        }
    }

    #[test]
    fn malformed_globs_are_refused() {
        for pattern in ["[", "[]", "[b-a]", "[a-bc]", "a[b"] {
            assert!(Glob::parse(pattern).is_none(), "{pattern:?}");
        }
    }

    #[test]
    fn a_hostile_glob_ends() {
        let glob = Glob::parse(&"**a".repeat(40)).unwrap();
        assert!(!glob.matches(&"a".repeat(39)));
    }
}
