//! Templates found by name, and their execution.

use std::{collections::HashMap, sync::Arc};

use crate::{
    Budget, Host,
    error::{Error, ErrorKind},
    exec::State,
    format::quote,
    functions::FunctionLibrary,
    parse::{self, ast::Template},
    runtime::Runtime,
    stack::on_deep_stack,
    value::{Text, Value},
};

/// What a map's missing key gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingKey {
    /// Nothing, which prints as `<no value>`: Go's default.
    #[default]
    Invalid,
    /// The zero value of the map's elements, which is nil for `interface {}`: Helm's choice.
    Zero,
    /// An error.
    Error,
}

/// Named templates that can call each other. Parsed once, executed any number of times.
#[derive(Debug)]
pub struct TemplateSet {
    pub(crate) library: FunctionLibrary,
    pub(crate) missing_key: MissingKey,
    templates: HashMap<Arc<str>, Arc<Template>>,
}

impl TemplateSet {
    /// An empty set whose templates use the functions of `library`.
    pub fn new(library: FunctionLibrary, missing_key: MissingKey) -> Self {
        Self { library, missing_key, templates: HashMap::new() }
    }

    /// Parses `text` as template `name`, with all that it defines. A later definition replaces an
    /// earlier one, unless it is blank.
    ///
    /// # Errors
    /// Fails for text that is no template, with Go's message.
    pub fn parse(&mut self, name: &str, text: &str) -> Result<(), Error> {
        let library = &self.library;
        let definitions = on_deep_stack(|| parse::parse(name, text, library))
            .unwrap_or_else(|error| Err(format!("template: {name}:1: no thread to parse: {error}")))
            .map_err(|message| Error::new(ErrorKind::Parse, message))?;
        for (name, template) in definitions {
            if !template.root.is_blank() || !self.templates.contains_key(&name) {
                self.templates.insert(name, template);
            }
        }
        Ok(())
    }

    /// True where `name` is defined.
    pub fn contains(&self, name: &str) -> bool {
        self.templates.contains_key(name)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Arc<Template>> {
        self.templates.get(name)
    }

    /// Begins a rendering.
    pub fn session<'r>(&'r self, host: &'r dyn Host, budget: Budget) -> Session<'r> {
        Session { runtime: Runtime::new(self, host, budget) }
    }

    /// Executes one template with `data`, in a session of its own.
    ///
    /// # Errors
    /// Fails as [`Session::execute`] does.
    pub fn execute(
        &self,
        name: &str,
        data: &Value,
        host: &dyn Host,
        budget: Budget,
    ) -> Result<Text, Error> {
        self.session(host, budget).execute(name, data)
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        self.runtime.changed.break_cycles();
    }
}

/// One rendering: its templates share a budget, and what was learned (compiled patterns, texts that
/// `tpl` parsed).
pub struct Session<'r> {
    runtime: Runtime<'r>,
}

impl Session<'_> {
    /// Executes template `name` with `data`.
    ///
    /// # Errors
    /// Fails with Go's message where the template is missing or fails, and where the session's
    /// budget is used up.
    pub fn execute(&mut self, name: &str, data: &Value) -> Result<Text, Error> {
        let Some(template) = self.runtime.find(name) else {
            let text =
                format!("template: no template {} associated with template \"gotpl\"", quote(name));
            return Err(Error::new(ErrorKind::Missing, text));
        };
        let runtime = &mut self.runtime;
        let executed = on_deep_stack(move || {
            let mut out = Vec::new();
            State::execute(runtime, &template, data, &mut out).map(|()| Text::from(out))
        });
        match executed {
            Ok(result) => result.map_err(|error| *error),
            Err(error) => {
                let text = format!("template: {name}: no thread to execute it on: {error}");
                Err(Error::new(ErrorKind::Execution, text))
            }
        }
    }
}
