//! How functions are declared and found.

use std::{collections::HashMap, sync::Arc};

use crate::{error::Outcome, runtime::Runtime, value::Value};

/// What a function does with its arguments, which were checked against its parameters. Those whose
/// parameters take nil may be nil.
pub(crate) type Native = fn(&mut Runtime<'_>, &[Value]) -> Outcome;

/// A function, or a method whose first argument is its receiver.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    pub(crate) name: &'static str,
    /// The fixed parameters; a method's receiver is not among them.
    pub(crate) parameters: &'static [Parameter],
    pub(crate) variadic: Option<Parameter>,
    pub(crate) body: Body,
}

/// The body of a function; some are a matter of the language.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Body {
    Native(Native),
    And,
    Or,
    Call,
    Length,
}

impl Function {
    /// A function with a fixed number of parameters.
    pub const fn fixed(
        name: &'static str,
        parameters: &'static [Parameter],
        native: fn(&mut Runtime<'_>, &[Value]) -> Outcome,
    ) -> Self {
        Self { name, parameters, variadic: None, body: Body::Native(native) }
    }

    /// A function that takes any number of `rest` after its fixed parameters.
    pub const fn variadic(
        name: &'static str,
        parameters: &'static [Parameter],
        rest: Parameter,
        native: fn(&mut Runtime<'_>, &[Value]) -> Outcome,
    ) -> Self {
        Self { name, parameters, variadic: Some(rest), body: Body::Native(native) }
    }

    /// The parameter that takes argument `index`.
    pub(crate) fn parameter(&self, index: usize) -> Parameter {
        self.parameters.get(index).copied().or(self.variadic).unwrap_or(Parameter::Any)
    }
}

/// The Go type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// `interface {}`
    Any,
    /// `reflect.Value`: any value, as the language's own functions take it.
    Reflect,
    /// `string`
    String,
    /// `int`
    Int,
    /// `uint32`
    Uint32,
    /// `float64`
    Float,
    /// `bool`
    Bool,
    /// `map[string]interface {}`
    Map,
    /// `[]interface {}`
    List,
    /// `time.Time`
    Time,
    /// The certificates of sprig
    Certificate,
}

impl Parameter {
    /// The type's name in errors.
    pub(crate) fn type_name(self) -> &'static str {
        match self {
            Self::Any => "interface {}",
            Self::Reflect => "reflect.Value",
            Self::String => "string",
            Self::Int => "int",
            Self::Uint32 => "uint32",
            Self::Float => "float64",
            Self::Bool => "bool",
            Self::Map => "map[string]interface {}",
            Self::List => "[]interface {}",
            Self::Time => "time.Time",
            Self::Certificate => "sprig.certificate",
        }
    }

    pub(crate) fn takes_nil(self) -> bool {
        matches!(self, Self::Any | Self::Reflect | Self::Map | Self::List)
    }

    pub(crate) fn accepts(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Any | Self::Reflect, _)
            | (Self::String, Value::String(_))
            | (Self::Int, Value::Int(_))
            | (Self::Float, Value::Float(_))
            | (Self::Bool, Value::Bool(_))
            | (Self::Time, Value::Time(_)) => true,
            (Self::Map, Value::Map(map)) => map.type_info().element == "interface {}",
            (Self::List, Value::List(list)) => list.type_info().name == "[]interface {}",
            (Self::Certificate, Value::Structure(structure)) => {
                structure.type_info().name == "sprig.certificate"
            }
            _ => false,
        }
    }
}

/// Functions by name.
#[derive(Clone, Debug, Default)]
pub struct FunctionLibrary(Arc<HashMap<&'static str, Function>>);

impl FunctionLibrary {
    /// The library with more functions; of two with one name the later counts.
    #[must_use]
    pub fn with(mut self, functions: &[Function]) -> Self {
        let known = Arc::make_mut(&mut self.0);
        known.extend(functions.iter().map(|function| (function.name, *function)));
        self
    }

    /// The library without these names.
    #[must_use]
    pub fn without(mut self, names: &[&str]) -> Self {
        let known = Arc::make_mut(&mut self.0);
        known.retain(|name, _| !names.contains(name));
        self
    }

    pub(crate) fn get(&self, name: &str) -> Option<Function> {
        self.0.get(name).copied()
    }

    /// The names of all functions, sorted.
    pub fn names(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.0.keys().copied().collect();
        names.sort_unstable();
        names
    }
}
