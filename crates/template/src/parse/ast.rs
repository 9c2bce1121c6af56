//! The tree of a parsed template. Positions are byte offsets into the text.

use std::sync::Arc;

use crate::{
    functions::Function,
    value::{Key, Text, Value},
};

/// A byte offset into a template's text.
pub(crate) type Position = u32;

/// One named template.
#[derive(Debug)]
pub(crate) struct Template {
    /// The name that `template` and `include` use.
    pub(crate) name: Arc<str>,
    /// The name of the text (file) it was parsed from, for errors.
    pub(crate) origin: Arc<str>,
    /// The whole text it was parsed from, for line numbers.
    pub(crate) text: Arc<str>,
    pub(crate) root: List,
}

#[derive(Debug, Default)]
pub(crate) struct List {
    pub(crate) nodes: Vec<Node>,
}

/// One piece of a template.
#[derive(Debug)]
pub(crate) enum Node {
    Text(Text),
    Comment,
    Action(Action),
    If(Box<Branch>),
    With(Box<Branch>),
    Range(Box<Branch>),
    Template(Box<Call>),
    Break,
    Continue,
}

/// `{{pipe}}`
#[derive(Debug)]
pub(crate) struct Action {
    pub(crate) position: Position,
    pub(crate) pipe: Pipe,
}

/// `if`, `with` and `range`.
#[derive(Debug)]
pub(crate) struct Branch {
    pub(crate) position: Position,
    pub(crate) pipe: Pipe,
    pub(crate) list: List,
    pub(crate) otherwise: Option<List>,
}

/// `{{template "name" pipe}}`
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) position: Position,
    pub(crate) name: Arc<str>,
    pub(crate) pipe: Option<Pipe>,
}

/// Commands joined by `|`, whose result may go to variables.
#[derive(Debug)]
pub(crate) struct Pipe {
    pub(crate) position: Position,
    /// `=` and not `:=`
    pub(crate) assigns: bool,
    pub(crate) variables: Vec<Variable>,
    pub(crate) commands: Vec<Command>,
}

/// Operands: a function or value, and its arguments.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) position: Position,
    pub(crate) operands: Vec<Operand>,
}

/// A variable, with the fields that follow it.
#[derive(Debug)]
pub(crate) struct Variable {
    pub(crate) position: Position,
    pub(crate) name: Arc<str>,
    pub(crate) fields: Vec<Key>,
}

#[derive(Debug)]
pub(crate) enum Operand {
    Dot(Position),
    Nil(Position),
    Bool(Position, bool),
    Number(Box<Number>),
    String(Box<Quoted>),
    Field(Box<Field>),
    Variable(Box<Variable>),
    Function(Box<Identifier>),
    Chain(Box<Chain>),
    Pipe(Box<Pipe>),
}

/// `.a.b`
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) position: Position,
    pub(crate) names: Vec<Key>,
}

/// `(operand).a.b`
#[derive(Debug)]
pub(crate) struct Chain {
    pub(crate) position: Position,
    pub(crate) operand: Operand,
    pub(crate) fields: Vec<Key>,
}

/// The name of a function, found while parsing.
#[derive(Debug)]
pub(crate) struct Identifier {
    pub(crate) position: Position,
    pub(crate) function: Function,
}

/// A string constant.
#[derive(Debug)]
pub(crate) struct Quoted {
    pub(crate) position: Position,
    pub(crate) quoted: Arc<str>,
    pub(crate) value: Value,
}

/// A number constant in every type that can hold it.
#[derive(Debug, Default)]
pub(crate) struct Number {
    pub(crate) position: Position,
    pub(crate) text: Arc<str>,
    pub(crate) int: Option<i64>,
    pub(crate) uint: Option<u64>,
    pub(crate) float: Option<f64>,
    pub(crate) complex: Option<(f64, f64)>,
}

impl Operand {
    pub(crate) fn position(&self) -> Position {
        match self {
            Self::Dot(position) | Self::Nil(position) | Self::Bool(position, _) => *position,
            Self::Number(number) => number.position,
            Self::String(quoted) => quoted.position,
            Self::Field(field) => field.position,
            Self::Variable(variable) => variable.position,
            Self::Function(identifier) => identifier.position,
            Self::Chain(chain) => chain.position,
            Self::Pipe(pipe) => pipe.position,
        }
    }
}

impl List {
    /// True with nothing but white space and comments: such a body never replaces another.
    pub(crate) fn is_blank(&self) -> bool {
        self.nodes.iter().all(|node| match node {
            Node::Text(text) => {
                text.as_bytes().trim_ascii().is_empty() || text.to_str().trim().is_empty()
            }
            Node::Comment => true,
            _ => false,
        })
    }
}
