//! Logs with the keys of Flux's controllers, one line per event, on stderr.
//!
//! What a log line quotes comes from strangers: control characters are escaped in both encodings,
//! so that no line can pretend to be two, or steer a terminal.

mod fields;

use fields::Fields;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write as _;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// How a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Json,
    Console,
}

/// Starts logging, panics included. `level` and `encoding` are those of Flux's flags; what is
/// unknown gives the default.
pub(crate) fn start(level: &str, encoding: &str) {
    let encoding = if encoding == "console" { Encoding::Console } else { Encoding::Json };
    // A second call would be a mistake in this program, and changes nothing.
    let _ = tracing_subscriber::registry().with(targets(level)).with(Lines(encoding)).try_init();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let payload = panic.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let error = text.unwrap_or("no message");
        tracing::error!(logger = "panic", place, error, "internal error");
    }));
}

/// Our own crates at the level asked for; libraries only where they warn, or for debugging.
fn targets(level: &str) -> Targets {
    let (ours, libraries) = match level {
        "trace" => (LevelFilter::TRACE, LevelFilter::DEBUG),
        "debug" => (LevelFilter::DEBUG, LevelFilter::WARN),
        "error" => (LevelFilter::ERROR, LevelFilter::ERROR),
        _ => (LevelFilter::INFO, LevelFilter::WARN),
    };
    Targets::new().with_default(libraries).with_target("inhaul", ours)
}

struct Lines(Encoding);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Lines {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            record.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(outer) = span.extensions().get::<Fields>() {
                fields.extend(outer);
            }
        }
        event.record(&mut fields);
        let metadata = event.metadata();
        let line = line(self.0, *metadata.level(), metadata.target(), fields, Timestamp::now());
        // There is nobody to tell that nobody can be told.
        let _ = std::io::stderr().lock().write_all(line.as_bytes());
    }
}

fn line(
    encoding: Encoding,
    level: Level,
    target: &str,
    mut fields: Fields,
    now: Timestamp,
) -> String {
    let level = level.as_str().to_lowercase();
    let time = now.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    let message = fields.take("message").unwrap_or_else(|| json!(""));
    let logger = fields.take("logger").unwrap_or_else(|| json!(target.replace("::", ".")));
    add_object(&mut fields);
    match encoding {
        Encoding::Json => {
            let head = [("level", json!(level)), ("ts", json!(time)), ("logger", logger)];
            let head = head.into_iter().chain([("msg", message)]);
            let head = head.map(|(key, value)| (key.to_owned(), value));
            let pairs = head.chain(fields.into_pairs());
            let pairs = pairs.map(|(key, value)| format!("{}:{value}", json!(key)));
            escaped(&format!("{{{}}}", pairs.collect::<Vec<_>>().join(",")), Encoding::Json)
        }
        Encoding::Console => {
            let text =
                |value: &Value| value.as_str().map_or_else(|| value.to_string(), String::from);
            let mut line =
                format!("{time}\t{}\t{}\t{}", level.to_uppercase(), text(&logger), text(&message));
            for (key, value) in fields.into_pairs() {
                // Writing to a String cannot fail.
                let _ = write!(line, "\t{key}={}", text(&value));
            }
            escaped(&line, Encoding::Console)
        }
    }
}

/// Flux's lines name the object once more under its kind: `"Kustomization":{"name":..}`.
fn add_object(fields: &mut Fields) {
    let get = |key| fields.get(key).and_then(Value::as_str).map(str::to_owned);
    if let (Some(kind), Some(name), Some(namespace)) =
        (get("controllerKind"), get("name"), get("namespace"))
    {
        fields.set(&kind, json!({ "name": name, "namespace": namespace }));
    }
}

/// The line with its end. JSON's own escapes leave some characters that terminals obey.
fn escaped(text: &str, encoding: Encoding) -> String {
    let mut line = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        let turns_text = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        match (encoding, c) {
            (Encoding::Console, '\t') => line.push('\t'),
            (Encoding::Console, '\n') => line.push_str("\\n"),
            (_, c) if c.is_control() || turns_text => {
                let _ = write!(line, "\\u{:04x}", u32::from(c));
            }
            (_, c) => line.push(c),
        }
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests;
