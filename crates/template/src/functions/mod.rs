//! The function libraries: Go's own functions, sprig's, Helm's.

mod argument;
mod builtin;
mod cases;
mod cast;
mod certificate;
mod certificates;
mod compare;
mod crypto;
mod dates;
mod decimal;
mod der;
mod dicts;
mod durations;
mod encoding;
mod equality;
mod escape;
mod flow;
mod helm_data;
mod helm_flow;
mod json_reader;
mod json_writer;
mod keys;
mod layout;
mod layout_parse;
mod lists;
mod merge;
mod numbers;
mod passwords;
mod paths;
mod pattern_syntax;
mod patterns;
mod pem;
mod random;
mod reflection;
mod registry;
mod semver;
mod semver_constraint;
mod strings;
mod time_methods;
mod toml;
mod toml_reader;
mod toml_writer;
mod url_parts;
mod urls;
mod wrap;
mod yaml_pretty;

pub(crate) use builtin::{call_value, length};
pub(crate) use dates::{rfc3339, time_text};
pub(crate) use durations::{DURATION_METHODS, duration_text};
pub(crate) use encoding::base64;
pub(crate) use patterns::Pattern;
pub(crate) use registry::Body;
pub use registry::{Function, FunctionLibrary, Parameter};
pub(crate) use time_methods::TIME_METHODS;

/// The functions that Go's `text/template` brings: comparisons, `print`, `len`, `index`, escapes.
pub fn text_template() -> FunctionLibrary {
    FunctionLibrary::default().with(builtin::TABLE).with(compare::TABLE).with(escape::TABLE)
}

/// Go's functions and those of sprig 3.3.0, but for `env` and `expandenv`, which would show the
/// process's environment.
pub fn sprig() -> FunctionLibrary {
    [
        strings::TABLE,
        cases::TABLE,
        wrap::TABLE,
        numbers::TABLE,
        decimal::TABLE,
        lists::TABLE,
        dicts::TABLE,
        merge::TABLE,
        flow::TABLE,
        reflection::TABLE,
        encoding::TABLE,
        json_writer::TABLE,
        json_reader::TABLE,
        crypto::TABLE,
        passwords::TABLE,
        certificates::TABLE,
        random::TABLE,
        dates::TABLE,
        paths::TABLE,
        patterns::TABLE,
        semver::TABLE,
        urls::TABLE,
    ]
    .into_iter()
    .fold(text_template(), FunctionLibrary::with)
}

/// The functions of Helm 4.2, which Flux builds on: sprig's and Helm's own.
pub fn helm_4_2() -> FunctionLibrary {
    sprig().with(helm_data::TABLE).with(toml::TABLE).with(helm_flow::TABLE)
}

/// The functions of Helm 4.3: those of 4.2, and the ones for durations.
pub fn helm() -> FunctionLibrary {
    helm_4_2().with(durations::TABLE)
}
