//! Pipelines, commands and operands.

use std::sync::Arc;

use super::{
    ast::{Chain, Command, Field, Identifier, Operand, Pipe, Position, Quoted, Variable},
    lexer::{Kind, Token},
    number::number,
    parser::{Parsed, Parser, position},
    unquote::unquote,
};
use crate::{
    format::quote,
    value::{Key, Text, Value},
};

/// Nested parentheses beyond which an expression is refused. Go allows 10,000; ours are walked by
/// recursion.
const DEEPEST_PARENS: u32 = 1_000;

impl<'t> Parser<'t> {
    pub(super) fn pipeline(&mut self, context: &str, end: Kind) -> Parsed<Pipe> {
        let first = self.peek_non_space();
        let mut pipe = Pipe {
            position: position(&first),
            assigns: false,
            variables: Vec::new(),
            commands: Vec::new(),
        };
        self.declarations(&mut pipe, context)?;
        loop {
            let token = self.next_non_space();
            match token.kind {
                kind if kind == end => break,
                Kind::Bool
                | Kind::CharConstant
                | Kind::Complex
                | Kind::Dot
                | Kind::Field
                | Kind::Identifier
                | Kind::Number
                | Kind::Nil
                | Kind::RawString
                | Kind::String
                | Kind::Variable
                | Kind::LeftParen => {
                    self.put_back(token);
                    let command = self.command()?;
                    pipe.commands.push(command);
                }
                _ => return self.unexpected(&token, context),
            }
        }
        self.check(&pipe, context)?;
        Ok(pipe)
    }

    /// `$x :=`, `$x =` and, for range, `$i, $x :=`.
    fn declarations(&mut self, pipe: &mut Pipe, context: &str) -> Parsed<()> {
        loop {
            let variable = self.peek_non_space();
            if variable.kind != Kind::Variable {
                return Ok(());
            }
            self.next();
            let after = self.next();
            let had_space = after.kind == Kind::Space;
            let next = if had_space { self.next_non_space() } else { after.clone() };
            let is_comma = next.kind == Kind::Char && next.text == ",";
            if matches!(next.kind, Kind::Assign | Kind::Declare) {
                pipe.assigns = next.kind == Kind::Assign;
                self.declare(pipe, &variable);
                return Ok(());
            }
            if !is_comma {
                self.put_back(next);
                if had_space {
                    self.put_back(after);
                }
                self.put_back(variable);
                return Ok(());
            }
            self.declare(pipe, &variable);
            if context != "range" || pipe.variables.len() >= 2 {
                return self.error(format!("too many declarations in {context}"));
            }
            match self.peek_non_space().kind {
                Kind::Variable | Kind::RightDelimiter | Kind::RightParen => {}
                _ => return self.error("range can only initialize variables"),
            }
        }
    }

    fn declare(&mut self, pipe: &mut Pipe, token: &Token<'_>) {
        let name: Arc<str> = (&*token.text).into();
        self.variables.push(Arc::clone(&name));
        pipe.variables.push(Variable { position: position(token), name, fields: Vec::new() });
    }

    fn check(&self, pipe: &Pipe, context: &str) -> Parsed<()> {
        if pipe.commands.is_empty() {
            return self.error(format!("missing value for {context}"));
        }
        for (index, command) in pipe.commands.iter().enumerate().skip(1) {
            if let Some(
                Operand::Bool(..)
                | Operand::Dot(_)
                | Operand::Nil(_)
                | Operand::Number(_)
                | Operand::String(_),
            ) = command.operands.first()
            {
                let stage = index + 1;
                return self.error(format!("non executable command in pipeline stage {stage}"));
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Parsed<Command> {
        let first = self.peek_non_space();
        let mut command = Command { position: position(&first), operands: Vec::new() };
        loop {
            self.peek_non_space();
            if let Some(operand) = self.operand()? {
                command.operands.push(operand);
            }
            let token = self.next();
            match token.kind {
                Kind::Space => continue,
                Kind::RightDelimiter | Kind::RightParen => self.put_back(token),
                Kind::Pipe => {}
                _ => return self.unexpected(&token, "operand"),
            }
            break;
        }
        if command.operands.is_empty() {
            return self.error("empty command");
        }
        Ok(command)
    }

    fn operand(&mut self) -> Parsed<Option<Operand>> {
        let Some(operand) = self.term()? else { return Ok(None) };
        let first = self.peek();
        if first.kind != Kind::Field {
            return Ok(Some(operand));
        }
        let mut names: Vec<Key> = Vec::new();
        while self.peek().kind == Kind::Field {
            let token = self.next();
            names.push(token.text.trim_start_matches('.').into());
        }
        let position = position(&first);
        Ok(Some(match operand {
            Operand::Field(mut field) => {
                field.names.extend(names);
                field.position = position;
                Operand::Field(field)
            }
            Operand::Variable(mut variable) => {
                variable.fields.extend(names);
                variable.position = position;
                Operand::Variable(variable)
            }
            Operand::Bool(..)
            | Operand::String(_)
            | Operand::Number(_)
            | Operand::Nil(_)
            | Operand::Dot(_) => {
                let term = quote(&operand.to_string());
                return self.error(format!("unexpected . after term {term}"));
            }
            other => Operand::Chain(Box::new(Chain { position, operand: other, fields: names })),
        }))
    }

    fn term(&mut self) -> Parsed<Option<Operand>> {
        let token = self.next_non_space();
        let position = position(&token);
        Ok(Some(match token.kind {
            Kind::Identifier => self.function(&token, position)?,
            Kind::Dot => Operand::Dot(position),
            Kind::Nil => Operand::Nil(position),
            Kind::Variable => self.variable(&token, position)?,
            Kind::Field => {
                let name = token.text.trim_start_matches('.').into();
                Operand::Field(Box::new(Field { position, names: vec![name] }))
            }
            Kind::Bool => Operand::Bool(position, token.text == "true"),
            Kind::CharConstant | Kind::Complex | Kind::Number => {
                match number(&token.text, token.kind, position) {
                    Ok(number) => Operand::Number(Box::new(number)),
                    Err(message) => return self.error(message),
                }
            }
            Kind::LeftParen => {
                if self.parens >= DEEPEST_PARENS {
                    return self.error("max expression depth exceeded");
                }
                self.parens += 1;
                let pipe = self.pipeline("parenthesized pipeline", Kind::RightParen)?;
                self.parens -= 1;
                Operand::Pipe(Box::new(pipe))
            }
            Kind::String | Kind::RawString => self.string(&token, position)?,
            _ => {
                self.put_back(token);
                return Ok(None);
            }
        }))
    }

    fn string(&self, token: &Token<'_>, position: Position) -> Parsed<Operand> {
        let Some(bytes) = unquote(&token.text) else { return self.error("invalid syntax") };
        let quoted = (&*token.text).into();
        let value = Value::String(Text::from(bytes));
        Ok(Operand::String(Box::new(Quoted { position, quoted, value })))
    }

    fn function(&self, token: &Token<'_>, position: Position) -> Parsed<Operand> {
        match self.library.get(&token.text) {
            Some(function) => Ok(Operand::Function(Box::new(Identifier { position, function }))),
            None => self.error(format!("function {} not defined", quote(&token.text))),
        }
    }

    fn variable(&self, token: &Token<'_>, position: Position) -> Parsed<Operand> {
        match self.variables.iter().find(|name| ***name == *token.text) {
            Some(name) => Ok(Operand::Variable(Box::new(Variable {
                position,
                name: Arc::clone(name),
                fields: Vec::new(),
            }))),
            None => self.error(format!("undefined variable {}", quote(&token.text))),
        }
    }
}
