//! How nodes print in errors.

use std::fmt::{Display, Formatter, Result, Write as _};

use super::ast::{
    Action, Branch, Call, Chain, Command, Field, List, Node, Operand, Pipe, Variable,
};
use crate::{format::quote, value::Key};

fn fields(formatter: &mut Formatter<'_>, names: &[Key]) -> Result {
    names.iter().try_for_each(|name| write!(formatter, ".{name}"))
}

impl Display for Pipe {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        for (index, variable) in self.variables.iter().enumerate() {
            if index > 0 {
                formatter.write_str(", ")?;
            }
            variable.fmt(formatter)?;
        }
        if !self.variables.is_empty() {
            formatter.write_str(if self.assigns { " = " } else { " := " })?;
        }
        for (index, command) in self.commands.iter().enumerate() {
            if index > 0 {
                formatter.write_str(" | ")?;
            }
            command.fmt(formatter)?;
        }
        Ok(())
    }
}

impl Display for Command {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        for (index, operand) in self.operands.iter().enumerate() {
            if index > 0 {
                formatter.write_char(' ')?;
            }
            match operand {
                Operand::Pipe(pipe) => write!(formatter, "({pipe})")?,
                other => other.fmt(formatter)?,
            }
        }
        Ok(())
    }
}

impl Display for Operand {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        match self {
            Self::Dot(_) => formatter.write_char('.'),
            Self::Nil(_) => formatter.write_str("nil"),
            Self::Bool(_, value) => value.fmt(formatter),
            Self::Number(number) => formatter.write_str(&number.text),
            Self::String(quoted) => formatter.write_str(&quoted.quoted),
            Self::Field(field) => field.fmt(formatter),
            Self::Variable(variable) => variable.fmt(formatter),
            Self::Function(identifier) => formatter.write_str(identifier.function.name),
            Self::Chain(chain) => chain.fmt(formatter),
            Self::Pipe(pipe) => pipe.fmt(formatter),
        }
    }
}

impl Display for Field {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        fields(formatter, &self.names)
    }
}

impl Display for Variable {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        formatter.write_str(&self.name)?;
        fields(formatter, &self.fields)
    }
}

impl Display for Chain {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        match &self.operand {
            Operand::Pipe(pipe) => write!(formatter, "({pipe})")?,
            other => other.fmt(formatter)?,
        }
        fields(formatter, &self.fields)
    }
}

impl Display for Action {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        write!(formatter, "{{{{{}}}}}", self.pipe)
    }
}

impl Display for Call {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        write!(formatter, "{{{{template {}", quote(&self.name))?;
        if let Some(pipe) = &self.pipe {
            write!(formatter, " {pipe}")?;
        }
        formatter.write_str("}}")
    }
}

impl Display for List {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        self.nodes.iter().try_for_each(|node| node.fmt(formatter))
    }
}

impl Display for Node {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        match self {
            Self::Text(text) => formatter.write_str(&text.to_str()),
            Self::Comment => Ok(()),
            Self::Action(action) => action.fmt(formatter),
            Self::If(branch) => control(formatter, "if", branch),
            Self::With(branch) => control(formatter, "with", branch),
            Self::Range(branch) => control(formatter, "range", branch),
            Self::Template(call) => call.fmt(formatter),
            Self::Break => formatter.write_str("{{break}}"),
            Self::Continue => formatter.write_str("{{continue}}"),
        }
    }
}

fn control(formatter: &mut Formatter<'_>, name: &str, branch: &Branch) -> Result {
    write!(formatter, "{{{{{name} {}}}}}{}", branch.pipe, branch.list)?;
    if let Some(list) = &branch.otherwise {
        write!(formatter, "{{{{else}}}}{list}")?;
    }
    formatter.write_str("{{end}}")
}
