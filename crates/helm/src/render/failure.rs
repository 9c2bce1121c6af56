//! Errors of templates, told as Helm tells them.

use inhaul_template::{Error as TemplateError, ErrorKind};

use crate::Error;

/// Put around the messages of `fail` and `required`, so that they can be shown alone.
const MESSAGE_START: &str = "HELM_ERR_START";
const MESSAGE_END: &str = "HELM_ERR_END";

/// A file that is no template.
pub(super) fn parse(path: &str, error: &TemplateError) -> Error {
    let text = error.text();
    let parts: Vec<&str> = text.split(": ").collect();
    Error::Render(match parts.as_slice() {
        [_, place, .., why] | [place, why] => format!("parse error at ({place}): {why}"),
        _ => format!("parse error in ({path}): {text}"),
    })
}

/// A template that failed. The places on the way are listed one below the other, unless an error
/// among them has no place; then Go's single line is shown.
pub(super) fn execution(path: &str, error: &TemplateError) -> Error {
    let text = error.text();
    if error.kind() != ErrorKind::Execution {
        return Error::Render(text.to_owned());
    }
    let mut parts = text.splitn(3, ": ");
    let (Some(_), Some(place), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return Error::Render(format!("execution error in ({path}): {text}"));
    };
    if let Some(message) = marked(rest) {
        return Error::Render(format!("execution error at ({place}): {message}"));
    }
    let mut steps: Vec<Step> = Vec::new();
    let mut current = Some(error);
    while let Some(error) = current {
        let Some(step) = Step::parse(error.text()) else {
            return Error::Render(text.to_owned());
        };
        if steps.last() != Some(&step) {
            steps.push(step);
        }
        current = error.cause();
    }
    let listed: String = steps.iter().map(Step::to_string).collect();
    Error::Render(listed.trim().to_owned())
}

/// The message that `fail` or `required` marked, from the first mark to the last.
fn marked(text: &str) -> Option<&str> {
    let start = text.find(MESSAGE_START)? + MESSAGE_START.len();
    let end = text.rfind(MESSAGE_END)?;
    text.get(start..end)
}

/// One place on the way to an error.
#[derive(PartialEq, Eq, Default)]
struct Step {
    place: String,
    function: String,
    message: String,
}

impl Step {
    fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("template: ")?;
        if rest.starts_with("no template ") {
            return Some(Self { message: text.to_owned(), ..Self::default() });
        }
        Self::executing(rest).or_else(|| {
            let (place, message) = rest.rsplit_once(": ")?;
            Some(Self {
                place: place.to_owned(),
                message: own_part(message).to_owned(),
                function: String::new(),
            })
        })
    }

    /// `PLACE: executing "FUNCTION" at <EXPRESSION>: MESSAGE`
    fn executing(rest: &str) -> Option<Self> {
        let (place, after) = rest.split_once(": executing ")?;
        let after = after.strip_prefix('"')?;
        let (function, after) = after.split_once('"')?;
        let (expression, message) = after.strip_prefix(" at <")?.split_once(">: ")?;
        Some(Self {
            place: place.to_owned(),
            function: format!("executing \"{function}\" at <{expression}>:"),
            message: own_part(message).to_owned(),
        })
    }
}

/// A message without the nested error that it ends with.
fn own_part(message: &str) -> &str {
    message.find(" template:").map_or(message, |nested| &message[..nested])
}

impl std::fmt::Display for Step {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.place.is_empty() {
            write!(formatter, "{}\n  ", self.place)?;
        }
        if !self.function.is_empty() {
            write!(formatter, "{}\n    ", self.function)?;
        }
        if !self.message.is_empty() {
            writeln!(formatter, "{}", self.message)?;
        }
        Ok(())
    }
}
