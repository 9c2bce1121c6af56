//! Nodes in their order.

use std::sync::{Arc, LazyLock};

use super::{
    place::{Place, location},
    slot::Slot,
};
use crate::{
    budget::Exhausted,
    error::{Error, ErrorKind},
    format::{print_value, quote},
    parse::ast::{Action, Branch, Call, List, Node, Template},
    runtime::Runtime,
    value::Value,
};

/// The name of the data that a template is executed with.
static DOLLAR: LazyLock<Arc<str>> = LazyLock::new(|| "$".into());

/// Bytes of an error's text beyond which it is not put into another.
const LONGEST_CAUSE: usize = 256 << 10;

/// Errors are boxed: they are large and rare.
pub(super) type Evaluated<T> = Result<T, Box<Error>>;

/// Whether a range goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Normal,
    Break,
    Continue,
}

/// One template under execution.
pub(crate) struct State<'e, 'r, 't> {
    pub(super) runtime: &'e mut Runtime<'r>,
    pub(super) template: &'t Template,
    /// The node that an error would be reported at.
    pub(super) place: Option<&'t dyn Place>,
    pub(super) variables: Vec<(Arc<str>, Slot)>,
    pub(super) out: &'e mut Vec<u8>,
}

impl<'r, 't> State<'_, 'r, 't> {
    /// Executes `template` with `data`; appends what it prints to `out`.
    pub(crate) fn execute(
        runtime: &mut Runtime<'r>,
        template: &Template,
        data: &Value,
        out: &mut Vec<u8>,
    ) -> Result<(), Box<Error>> {
        run(runtime, template, Slot::plain(data.clone()), out)
    }

    pub(super) fn at(&mut self, place: &'t dyn Place) {
        self.place = Some(place);
    }

    /// The error at the current place.
    pub(super) fn error(&self, message: impl std::fmt::Display) -> Box<Error> {
        Box::new(Error::new(ErrorKind::Execution, self.located(message)))
    }

    fn located(&self, message: impl std::fmt::Display) -> String {
        match self.place {
            None => format!("template: {}: {message}", self.template.name),
            Some(place) => format!(
                "template: {}: executing {} at <{place}>: {message}",
                location(self.template, place.position()),
                quote(&self.template.name),
            ),
        }
    }

    /// The error at the current place that another one led to.
    pub(super) fn wrap(&self, message: impl std::fmt::Display, cause: Error) -> Box<Error> {
        if cause.text().len() > LONGEST_CAUSE {
            // Each level would repeat it.
            return Box::new(cause);
        }
        let text = self.located(format_args!("{message}{cause}"));
        Box::new(Error::new(ErrorKind::Execution, text).caused_by(cause))
    }

    pub(super) fn within<T>(&self, result: Result<T, Exhausted>) -> Evaluated<T> {
        result.map_err(|why| self.wrap("", Error::new(ErrorKind::Budget, why.to_string())))
    }

    pub(super) fn list(&mut self, dot: &Slot, list: &'t List) -> Evaluated<Flow> {
        let entered = self.runtime.meter.enter();
        self.within(entered)?;
        let mut flow = Flow::Normal;
        for node in &list.nodes {
            flow = self.node(dot, node)?;
            if flow != Flow::Normal {
                break;
            }
        }
        self.runtime.meter.leave();
        Ok(flow)
    }

    fn node(&mut self, dot: &Slot, node: &'t Node) -> Evaluated<Flow> {
        let stepped = self.runtime.meter.step(1);
        self.within(stepped)?;
        match node {
            Node::Text(text) => {
                let spent = self.runtime.meter.spend(text.len());
                self.within(spent)?;
                self.out.extend_from_slice(text.as_bytes());
            }
            Node::Comment => {}
            Node::Action(action) => self.action(dot, action)?,
            Node::If(branch) => return self.branch(dot, branch, false),
            Node::With(branch) => return self.branch(dot, branch, true),
            Node::Range(branch) => return self.range(dot, branch),
            Node::Template(call) => self.call_template(dot, call)?,
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::Normal)
    }

    fn action(&mut self, dot: &Slot, action: &'t Action) -> Evaluated<()> {
        self.at(action);
        let slot = self.pipeline(dot, &action.pipe)?;
        if !action.pipe.variables.is_empty() {
            return Ok(());
        }
        self.at(action);
        let before = self.out.len();
        if slot.is_valid() {
            if let Err(error) = print_value(self.out, &slot.value) {
                return Err(self.error(error));
            }
        } else {
            self.out.extend_from_slice(b"<no value>");
        }
        let spent = self.runtime.meter.spend(self.out.len() - before);
        self.within(spent)
    }

    fn branch(&mut self, dot: &Slot, branch: &'t Branch, moves_dot: bool) -> Evaluated<Flow> {
        let known = self.variables.len();
        self.at(branch);
        let slot = self.pipeline(dot, &branch.pipe)?;
        let flow = if slot.value.truth() {
            self.list(if moves_dot { &slot } else { dot }, &branch.list)?
        } else if let Some(otherwise) = &branch.otherwise {
            self.list(dot, otherwise)?
        } else {
            Flow::Normal
        };
        self.variables.truncate(known);
        Ok(flow)
    }

    fn call_template(&mut self, dot: &Slot, call: &'t Call) -> Evaluated<()> {
        self.at(call);
        let Some(template) = self.runtime.find(&call.name) else {
            return Err(self.error(format_args!("template {} not defined", quote(&call.name))));
        };
        let data = match &call.pipe {
            Some(pipe) => self.pipeline(dot, pipe)?,
            None => Slot::NONE,
        };
        run(self.runtime, &template, data, self.out)
    }
}

fn run(
    runtime: &mut Runtime<'_>,
    template: &Template,
    data: Slot,
    out: &mut Vec<u8>,
) -> Result<(), Box<Error>> {
    let variables = vec![(Arc::clone(&DOLLAR), data.clone())];
    let mut state = State { runtime, template, place: None, variables, out };
    state.list(&data, &template.root).map(|_| ())
}
