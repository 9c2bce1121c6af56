//! Control structures: if, with, range, template, block, break, continue.

use std::sync::Arc;

use super::{
    ast::{Action, Branch, Call, List, Node},
    lexer::{Keyword, Kind, Token},
    parser::{End, Item, Parsed, Parser, position},
};

/// The structures that have a pipeline, a body and an `else`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Structure {
    If,
    With,
    Range,
}

impl Structure {
    fn name(self) -> &'static str {
        match self {
            Self::If => "if",
            Self::With => "with",
            Self::Range => "range",
        }
    }
}

impl<'t> Parser<'t> {
    /// What stands between the delimiters.
    pub(super) fn action(&mut self) -> Parsed<Item> {
        let token = self.next_non_space();
        let Kind::Keyword(keyword) = token.kind else {
            return self.plain_action(token);
        };
        Ok(Item::Node(match keyword {
            Keyword::Block => self.block()?,
            Keyword::Break => self.leave(Node::Break, "{{break}}")?,
            Keyword::Continue => self.leave(Node::Continue, "{{continue}}")?,
            Keyword::Else => {
                let next = self.peek_non_space();
                let chained = matches!(next.kind, Kind::Keyword(Keyword::If | Keyword::With));
                if !chained {
                    self.expect(Kind::RightDelimiter, "else")?;
                }
                return Ok(Item::End(End::Else));
            }
            Keyword::End => {
                self.expect(Kind::RightDelimiter, "end")?;
                return Ok(Item::End(End::End));
            }
            Keyword::If => Node::If(self.branch(Structure::If, &token)?),
            Keyword::Range => Node::Range(self.branch(Structure::Range, &token)?),
            Keyword::With => Node::With(self.branch(Structure::With, &token)?),
            Keyword::Template => self.template()?,
            Keyword::Define => return self.plain_action(token),
        }))
    }

    fn plain_action(&mut self, token: Token<'t>) -> Parsed<Item> {
        let position = position(&token);
        self.put_back(token);
        let pipe = self.pipeline("command", Kind::RightDelimiter)?;
        Ok(Item::Node(Node::Action(Action { position, pipe })))
    }

    fn leave(&mut self, node: Node, name: &str) -> Parsed<Node> {
        let token = self.next_non_space();
        if token.kind != Kind::RightDelimiter {
            return self.unexpected(&token, name);
        }
        if self.ranges == 0 {
            return self.error(format!("{name} outside {{{{range}}}}"));
        }
        Ok(node)
    }

    fn branch(&mut self, structure: Structure, token: &Token<'_>) -> Parsed<Box<Branch>> {
        let known = self.variables.len();
        let position = position(token);
        let pipe = self.pipeline(structure.name(), Kind::RightDelimiter)?;
        let in_range = u32::from(structure == Structure::Range);
        self.ranges += in_range;
        let (list, end) = self.list()?;
        self.ranges -= in_range;
        let otherwise = match end {
            End::End => None,
            End::Else => Some(self.otherwise(structure)?),
        };
        self.variables.truncate(known);
        Ok(Box::new(Branch { position, pipe, list, otherwise }))
    }

    /// The body of `else`, which may be another `if` (or `with`) that shares the `end`.
    fn otherwise(&mut self, structure: Structure) -> Parsed<List> {
        let next = self.peek();
        let chained = match (structure, next.kind) {
            (Structure::If, Kind::Keyword(Keyword::If)) => {
                self.next();
                self.chained(structure, &next)?
            }
            (Structure::With, Kind::Keyword(Keyword::With)) => {
                self.next();
                self.chained(structure, &next)?
            }
            _ => {
                let (list, end) = self.list()?;
                if !matches!(end, End::End) {
                    return self.error(format!("expected end; found {}", end.text()));
                }
                return Ok(list);
            }
        };
        Ok(List { nodes: vec![chained] })
    }

    fn chained(&mut self, structure: Structure, token: &Token<'_>) -> Parsed<Node> {
        self.nesting += 1;
        let branch = self.branch(structure, token)?;
        self.nesting -= 1;
        Ok(if structure == Structure::If { Node::If(branch) } else { Node::With(branch) })
    }

    fn template(&mut self) -> Parsed<Node> {
        const CONTEXT: &str = "template clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, CONTEXT)?;
        let after = self.next_non_space();
        let pipe = if after.kind == Kind::RightDelimiter {
            None
        } else {
            self.put_back(after);
            Some(self.pipeline(CONTEXT, Kind::RightDelimiter)?)
        };
        Ok(Node::Template(Box::new(Call { position: position(&token), name, pipe })))
    }

    fn block(&mut self) -> Parsed<Node> {
        const CONTEXT: &str = "block clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, CONTEXT)?;
        let pipe = self.pipeline(CONTEXT, Kind::RightDelimiter)?;
        let outer = std::mem::replace(&mut self.variables, vec!["$".into()]);
        let ranges = std::mem::take(&mut self.ranges);
        let (list, end) = self.list()?;
        self.variables = outer;
        self.ranges = ranges;
        if !matches!(end, End::End) {
            return self.error(format!("unexpected {} in {CONTEXT}", end.text()));
        }
        self.add(Arc::clone(&name), list)?;
        Ok(Node::Template(Box::new(Call { position: position(&token), name, pipe: Some(pipe) })))
    }
}
