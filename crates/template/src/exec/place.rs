//! Where an error happened.

use std::fmt::Display;

use crate::parse::ast::{
    Action, Branch, Call, Chain, Command, Field, Number, Operand, Pipe, Position, Template,
    Variable,
};

/// A node that errors can name.
pub(super) trait Place: Display {
    fn position(&self) -> Position;
}

macro_rules! places {
    ($($node:ty),*) => {
        $(impl Place for $node {
            fn position(&self) -> Position {
                self.position
            }
        })*
    };
}

places!(Action, Call, Chain, Command, Field, Pipe, Variable);

impl Place for Operand {
    fn position(&self) -> Position {
        Self::position(self)
    }
}

/// A number names itself by its text.
pub(super) struct NumberPlace<'t>(pub(super) &'t Number);

impl Display for NumberPlace<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0.text)
    }
}

/// A control structure, which is named by its pipeline: the whole text would be long.
impl Display for Branch {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.pipe.fmt(formatter)
    }
}

impl Place for Branch {
    fn position(&self) -> Position {
        self.position
    }
}

/// `NAME:LINE:COLUMN`; lines count from 1, columns from 0.
pub(super) fn location(template: &Template, position: Position) -> String {
    let position = position as usize;
    let before = template.text.get(..position).unwrap_or(&template.text);
    let line = 1 + before.matches('\n').count();
    let column = before.len() - before.rfind('\n').map_or(0, |newline| newline + 1);
    format!("{}:{line}:{column}", template.origin)
}
