//! Tokens to trees: the parser's state, definitions and lists. Actions are in `action.rs`, control
//! structures in `control.rs`.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    ast::{List, Node, Position, Template},
    lexer::{Keyword, Kind, Lexer, Token},
    unquote::unquote,
};
use crate::{format::quote, functions::FunctionLibrary, value::Text};

/// What a text defines, by name.
pub(crate) type Definitions = BTreeMap<Arc<str>, Arc<Template>>;

/// Why a text is no template, as Go prints it: `template: NAME:LINE: MESSAGE`.
pub(crate) type ParseError = String;

/// Nesting of control structures beyond which a text is refused: the tree is walked by recursion.
const DEEPEST_NESTING: u32 = 1_000;

/// Parses `text`; the functions of `library` are known.
pub(crate) fn parse(
    name: &str,
    text: &str,
    library: &FunctionLibrary,
) -> Result<Definitions, ParseError> {
    let text: Arc<str> = text.into();
    if u32::try_from(text.len()).is_err() {
        return Err(format!("template: {name}:1: text is longer than 4 GiB"));
    }
    let shared = Arc::clone(&text);
    let mut parser = Parser {
        origin: name.into(),
        text,
        library,
        lexer: Lexer::new(&shared),
        buffer: Vec::with_capacity(3),
        last_line: 1,
        variables: vec!["$".into()],
        definitions: Definitions::new(),
        action_line: 0,
        ranges: 0,
        parens: 0,
        nesting: 0,
    };
    parser.top()?;
    Ok(parser.definitions)
}

pub(super) struct Parser<'t> {
    pub(super) origin: Arc<str>,
    text: Arc<str>,
    pub(super) library: &'t FunctionLibrary,
    lexer: Lexer<'t>,
    /// Tokens that were put back; the last is the next.
    buffer: Vec<Token<'t>>,
    /// The line of the token that the lexer gave last.
    last_line: u32,
    pub(super) variables: Vec<Arc<str>>,
    definitions: Definitions,
    pub(super) action_line: u32,
    pub(super) ranges: u32,
    pub(super) parens: u32,
    pub(super) nesting: u32,
}

/// What ended a list.
pub(super) enum End {
    End,
    Else,
}

impl End {
    pub(super) fn text(&self) -> &'static str {
        match self {
            Self::End => "{{end}}",
            Self::Else => "{{else}}",
        }
    }
}

/// A node, or what ends the list it would stand in.
pub(super) enum Item {
    Node(Node),
    End(End),
}

pub(super) type Parsed<T> = Result<T, ParseError>;

pub(super) fn position(token: &Token<'_>) -> Position {
    Position::try_from(token.position).unwrap_or(Position::MAX)
}

impl<'t> Parser<'t> {
    pub(super) fn next(&mut self) -> Token<'t> {
        match self.buffer.pop() {
            Some(token) => token,
            None => {
                let token = self.lexer.next_token();
                self.last_line = token.line;
                token
            }
        }
    }

    pub(super) fn put_back(&mut self, token: Token<'t>) {
        self.buffer.push(token);
    }

    pub(super) fn peek(&mut self) -> Token<'t> {
        let token = self.next();
        self.put_back(token.clone());
        token
    }

    pub(super) fn next_non_space(&mut self) -> Token<'t> {
        loop {
            let token = self.next();
            if token.kind != Kind::Space {
                return token;
            }
        }
    }

    pub(super) fn peek_non_space(&mut self) -> Token<'t> {
        let token = self.next_non_space();
        self.put_back(token.clone());
        token
    }

    pub(super) fn error<T>(&self, message: impl std::fmt::Display) -> Parsed<T> {
        Err(format!("template: {}:{}: {message}", self.origin, self.last_line))
    }

    pub(super) fn expect(&mut self, kind: Kind, context: &str) -> Parsed<Token<'t>> {
        let token = self.next_non_space();
        if token.kind == kind { Ok(token) } else { self.unexpected(&token, context) }
    }

    pub(super) fn unexpected<T>(&self, token: &Token<'_>, context: &str) -> Parsed<T> {
        if token.kind == Kind::Error {
            let mut extra = String::new();
            if self.action_line != 0 && self.action_line != token.line {
                let place = format!("{}:{}", self.origin, self.action_line);
                // "unclosed action in action started at" would say action twice.
                let link = if token.text.ends_with(" action") { "" } else { " in action" };
                extra = format!("{link} started at {place}");
            }
            return self.error(format!("{}{extra}", token.text));
        }
        self.error(format!("unexpected {} in {context}", describe(token)))
    }

    fn top(&mut self) -> Parsed<()> {
        let mut list = List::default();
        loop {
            let token = self.next();
            match token.kind {
                Kind::Eof => break,
                Kind::LeftDelimiter => {
                    let after = self.next_non_space();
                    if after.kind == Kind::Keyword(Keyword::Define) {
                        self.definition()?;
                        continue;
                    }
                    self.put_back(after);
                    self.put_back(token);
                }
                _ => self.put_back(token),
            }
            match self.text_or_action()? {
                Item::Node(node) => list.nodes.push(node),
                Item::End(end) => return self.error(format!("unexpected {}", end.text())),
            }
        }
        let name = Arc::clone(&self.origin);
        self.add(name, list)
    }

    fn definition(&mut self) -> Parsed<()> {
        const CONTEXT: &str = "define clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, CONTEXT)?;
        self.expect(Kind::RightDelimiter, CONTEXT)?;
        let outer = std::mem::replace(&mut self.variables, vec!["$".into()]);
        let ranges = std::mem::take(&mut self.ranges);
        let (list, end) = self.list()?;
        self.variables = outer;
        self.ranges = ranges;
        if !matches!(end, End::End) {
            return self.error(format!("unexpected {} in {CONTEXT}", end.text()));
        }
        self.add(name, list)
    }

    /// Adds a definition: a blank body never replaces another, and of one name only one may have
    /// a body.
    pub(super) fn add(&mut self, name: Arc<str>, root: List) -> Parsed<()> {
        if let Some(known) = self.definitions.get(&name)
            && !known.root.is_blank()
        {
            if root.is_blank() {
                return Ok(());
            }
            let name = quote(&name);
            return self.error(format!("template: multiple definition of template {name}"));
        }
        let template = Template {
            name: Arc::clone(&name),
            origin: Arc::clone(&self.origin),
            text: Arc::clone(&self.text),
            root,
        };
        self.definitions.insert(name, Arc::new(template));
        Ok(())
    }

    pub(super) fn list(&mut self) -> Parsed<(List, End)> {
        self.nesting += 1;
        if self.nesting > DEEPEST_NESTING {
            return self.error("control structures are nested too deeply");
        }
        let mut list = List::default();
        while self.peek_non_space().kind != Kind::Eof {
            match self.text_or_action()? {
                Item::Node(node) => list.nodes.push(node),
                Item::End(end) => {
                    self.nesting -= 1;
                    return Ok((list, end));
                }
            }
        }
        self.error("unexpected EOF")
    }

    fn text_or_action(&mut self) -> Parsed<Item> {
        let token = self.next_non_space();
        match token.kind {
            Kind::Text => Ok(Item::Node(Node::Text(Text::from(&*token.text)))),
            Kind::LeftDelimiter => {
                self.action_line = token.line;
                let item = self.action();
                self.action_line = 0;
                item
            }
            Kind::Comment => Ok(Item::Node(Node::Comment)),
            _ => self.unexpected(&token, "input"),
        }
    }

    pub(super) fn template_name(&self, token: &Token<'_>, context: &str) -> Parsed<Arc<str>> {
        if !matches!(token.kind, Kind::String | Kind::RawString) {
            return self.unexpected(token, context);
        }
        match unquote(&token.text) {
            Some(name) => Ok(String::from_utf8_lossy(&name).into()),
            None => self.error("invalid syntax"),
        }
    }
}

/// How a token prints in an error.
fn describe(token: &Token<'_>) -> String {
    match token.kind {
        Kind::Eof => "EOF".to_owned(),
        Kind::Keyword(_) | Kind::Nil | Kind::Dot => format!("<{}>", token.text),
        _ if token.text.chars().count() > 10 || token.text.len() > 10 => {
            let start: String = token.text.chars().take(10).collect();
            format!("{}...", quote(&start))
        }
        _ => quote(&token.text),
    }
}
