//! What a rendering knows while it runs.

use std::{collections::HashMap, sync::Arc};

use crate::{
    Budget, Host,
    budget::Meter,
    error::{Error, ErrorKind, Failure},
    exec::State,
    parse::{self, Definitions, ast::Template},
    set::TemplateSet,
    value::{Changed, Value},
};

/// How many texts of `tpl` are kept parsed, and how long they may be.
const KEPT_TEXTS: usize = 512;
const KEPT_LENGTH: usize = 16 << 10;

/// Nested `include` and `tpl` beyond which a rendering ends. Helm's own limit of 1,000 is for each
/// name that is included; a `tpl` that renders itself has none, and its errors grow with each level.
const MOST_RENDERS: usize = 1_100;

/// The name of the template that a text given to `tpl` becomes.
const TPL_NAME: &str = "gotpl";

/// The state of a rendering that functions reach.
pub struct Runtime<'r> {
    pub(crate) set: &'r TemplateSet,
    pub(crate) host: &'r dyn Host,
    pub(crate) meter: Meter,
    pub(crate) regexes: HashMap<String, crate::functions::Pattern>,
    /// The maps that templates have changed.
    pub(crate) changed: Changed,
    /// What texts given to `tpl` define, the innermost last.
    layers: Vec<Arc<Definitions>>,
    texts: HashMap<Box<[u8]>, Arc<Definitions>>,
    includes: HashMap<Arc<str>, usize>,
    renders: usize,
}

impl<'r> Runtime<'r> {
    pub(crate) fn new(set: &'r TemplateSet, host: &'r dyn Host, budget: Budget) -> Self {
        Self {
            set,
            host,
            meter: Meter::new(budget),
            regexes: HashMap::new(),
            changed: Changed::default(),
            layers: Vec::new(),
            texts: HashMap::new(),
            includes: HashMap::new(),
            renders: 0,
        }
    }

    /// The caller's host.
    pub fn host(&self) -> &'r dyn Host {
        self.host
    }

    /// The template `name`: of the texts under way, the innermost first, then of the set.
    pub(crate) fn find(&self, name: &str) -> Option<Arc<Template>> {
        for layer in self.layers.iter().rev() {
            if let Some(template) = layer.get(name)
                && !template.root.is_blank()
            {
                return Some(Arc::clone(template));
            }
        }
        if let Some(template) = self.set.get(name) {
            return Some(Arc::clone(template));
        }
        self.layers.iter().rev().find_map(|layer| layer.get(name)).map(Arc::clone)
    }

    /// Executes a template into a buffer of its own.
    pub(crate) fn render(
        &mut self,
        template: &Template,
        data: &Value,
    ) -> Result<Vec<u8>, Box<Error>> {
        if self.renders >= MOST_RENDERS {
            let why = format!("exceeded maximum template depth ({MOST_RENDERS})");
            return Err(Box::new(Error::new(ErrorKind::Budget, why)));
        }
        self.renders += 1;
        let mut out = Vec::new();
        let executed = State::execute(self, template, data, &mut out);
        self.renders -= 1;
        executed.map(|()| out)
    }

    /// Counts one more use of `name` under way; `None` beyond `limit`.
    pub(crate) fn begin_include(&mut self, name: &str, limit: usize) -> Option<()> {
        if let Some(uses) = self.includes.get_mut(name) {
            if *uses > limit {
                return None;
            }
            *uses += 1;
        } else {
            self.includes.insert(name.into(), 1);
        }
        Some(())
    }

    pub(crate) fn end_include(&mut self, name: &str) {
        if let Some(uses) = self.includes.get_mut(name) {
            *uses = uses.saturating_sub(1);
        }
    }

    /// Parses a text given to `tpl`, or finds what it was parsed to before.
    pub(crate) fn parse_text(&mut self, text: &[u8]) -> Result<Arc<Definitions>, Error> {
        if let Some(known) = self.texts.get(text) {
            return Ok(Arc::clone(known));
        }
        let parsed = parse::parse(TPL_NAME, &String::from_utf8_lossy(text), &self.set.library)
            .map_err(|message| Error::new(ErrorKind::Parse, message))?;
        let parsed = Arc::new(parsed);
        if text.len() <= KEPT_LENGTH {
            if self.texts.len() >= KEPT_TEXTS {
                self.texts.clear();
            }
            self.texts.insert(text.into(), Arc::clone(&parsed));
        }
        Ok(parsed)
    }

    /// Executes what a text given to `tpl` defines, which others see only meanwhile.
    pub(crate) fn render_text(
        &mut self,
        definitions: Arc<Definitions>,
        data: &Value,
    ) -> Result<Vec<u8>, Box<Error>> {
        let Some(template) = definitions.get(TPL_NAME).map(Arc::clone) else {
            return Ok(Vec::new());
        };
        self.layers.push(definitions);
        let rendered = self.render(&template, data);
        self.layers.pop();
        rendered
    }

    /// Asks before a value of `bytes` is made.
    ///
    /// # Errors
    /// Fails where a value may not be as long.
    pub(crate) fn reserve(&mut self, bytes: usize) -> Result<(), Failure> {
        Ok(self.meter.reserve(bytes)?)
    }

    /// Asks before work on `count` items is done.
    ///
    /// # Errors
    /// Fails where the session's steps are used up.
    pub fn charge(&mut self, count: usize) -> Result<(), Failure> {
        Ok(self.meter.step(count as u64)?)
    }
}
