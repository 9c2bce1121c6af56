//! Expressions in CEL, compiled once and evaluated within bounds.
//!
//! People write them into custom resources (`healthCheckExprs`, `readyExpr`, `resourceFilter`), and they run over
//! objects that others write, so neither may cost much: see [`MAX_EXPRESSION_BYTES`], [`MAX_INPUT_BYTES`],
//! [`MAX_MADE_BYTES`] and [`TIME_BUDGET`]. Patterns of `matches` are regular expressions in the sense of the word,
//! which take a time that is linear in the text.

mod bound;
mod convert;
mod error;
mod nesting;

pub use error::{CompileError, EvaluationError};

use bound::Budget;
use cel::parser::Expression as Syntax;
use cel::{Context, Env};
use serde_json::Value;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// A longer expression is refused.
pub const MAX_EXPRESSION_BYTES: usize = 4 * 1024;
/// Larger variables are refused: more than the API server stores of an object.
pub const MAX_INPUT_BYTES: usize = 4 * 1024 * 1024;
/// How much text and lists one evaluation may put together from others.
pub const MAX_MADE_BYTES: usize = 16 * 1024 * 1024;
/// How long the loops of one evaluation may take.
pub const TIME_BUDGET: Duration = Duration::from_millis(250);
/// How deep an expression may be nested.
const MAX_DEPTH: u16 = 32;
/// How deep its syntax may be, with what macros stand for: the interpreter recurses, too.
const MAX_SYNTAX_DEPTH: usize = 64;
/// Enough for the longest expression; only what is used of it takes memory.
const PARSER_STACK_BYTES: usize = 256 * 1024 * 1024;

static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// A compiled expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    text: String,
    syntax: Syntax,
}

impl Expression {
    /// Compiles an expression. With `variables`, it may refer to these and to no others; without, to any: then the
    /// fields of an object are meant, and the object tells which there are.
    ///
    /// # Errors
    /// [`CompileError`] says where the expression is wrong.
    pub fn compile(text: &str, variables: Option<&[&str]>) -> Result<Self, CompileError> {
        let refuse =
            |message: String| CompileError { text: text.to_owned(), position: None, message };
        if text.trim().is_empty() {
            return Err(refuse("it is empty".to_owned()));
        }
        if text.len() > MAX_EXPRESSION_BYTES {
            let message = format!("it is longer than {MAX_EXPRESSION_BYTES} bytes");
            return Err(CompileError {
                text: text[..text.floor_char_boundary(80)].to_owned(),
                position: None,
                message,
            });
        }
        nesting::check(text).map_err(refuse)?;
        let mut syntax = parse(text).map_err(refuse)??;
        let references = syntax.references();
        let unknown = references.variables().into_iter().find(|name| {
            variables.is_some_and(|known| !known.contains(name) && !name.starts_with('@'))
        });
        if let Some(name) = unknown {
            return Err(refuse(format!("undeclared reference to '{name}'")));
        }
        let unknown = references.functions().into_iter().find(|name| !is_function(name));
        if let Some(name) = unknown {
            return Err(refuse(format!("undeclared reference to the function '{name}'")));
        }
        bound::patterns(&syntax).map_err(refuse)?;
        bound::limit(&mut syntax);
        Ok(Self { text: text.to_owned(), syntax })
    }

    /// The expression as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Evaluates to a truth value.
    ///
    /// # Errors
    /// [`EvaluationError`], also where the expression evaluates to something else. It quotes no value of a variable.
    pub fn evaluate_bool(&self, variables: &[(&str, &Value)]) -> Result<bool, EvaluationError> {
        match self.evaluate(variables)? {
            Value::Bool(truth) => Ok(truth),
            _ => Err(EvaluationError::NotBool),
        }
    }

    /// Evaluates to JSON.
    ///
    /// # Errors
    /// [`EvaluationError`]; it quotes no value of a variable.
    pub fn evaluate(&self, variables: &[(&str, &Value)]) -> Result<Value, EvaluationError> {
        let budget = Budget::new(TIME_BUDGET, MAX_MADE_BYTES);
        let mut context = Context::with_env(Arc::clone(&ENVIRONMENT));
        budget.watch(&mut context)?;
        let mut left = MAX_INPUT_BYTES;
        for (name, value) in variables {
            context.add_variable_from_value(*name, convert::from_json(value, &mut left)?);
        }
        let result = context.resolve(&self.syntax).map_err(|error| match budget.is_spent() {
            Some(why) => why,
            None => EvaluationError::of(&error),
        })?;
        result.json().map_err(|_| EvaluationError::NotJson)
    }
}

/// Parses on a stack of its own: the parser recurses for every operator of a chain before it counts how deep it is.
fn parse(text: &str) -> Result<Result<Syntax, CompileError>, String> {
    std::thread::scope(|scope| {
        let parser = || {
            let parser = ENVIRONMENT.parser().max_recursion_depth(MAX_DEPTH);
            let mut syntax =
                parser.parse(text).map_err(|errors| CompileError::of_parser(text, &errors))?;
            if bound::depth(&mut syntax) > MAX_SYNTAX_DEPTH {
                let message = format!("it is nested deeper than {MAX_SYNTAX_DEPTH} times");
                return Err(CompileError { text: text.to_owned(), position: None, message });
            }
            Ok(syntax)
        };
        let thread = std::thread::Builder::new().stack_size(PARSER_STACK_BYTES);
        let thread = thread
            .spawn_scoped(scope, parser)
            .map_err(|error| format!("cannot be parsed: {error}"))?;
        thread.join().map_err(|_| "the parser panicked; this is a bug of inhaul".to_owned())
    })
}

/// Whether a name is one of the standard library: operators, macros' own functions and what people call.
fn is_function(name: &str) -> bool {
    const NAMED: [&str; 17] = [
        "size",
        "contains",
        "startsWith",
        "endsWith",
        "matches",
        "string",
        "int",
        "uint",
        "double",
        "bytes",
        "bool",
        "type",
        "dyn",
        "has",
        "max",
        "min",
        "in",
    ];
    !name.starts_with(|c: char| c.is_ascii_alphabetic()) || NAMED.contains(&name)
}

#[cfg(test)]
mod tests;
