//! What `inhaul controller --help` prints.

use crate::flags::table::{FLAGS, Flag, Set};
use std::fmt::Write;

/// The flags, as a table: those that are honoured, and the names of the others.
pub(crate) fn help() -> String {
    let mut text =
        "Runs the operator: it watches sources, renders what they hold and applies it.\n\n\
                    Usage: inhaul controller [FLAGS]\n\n\
                    Flux's flags are taken as Flux's controllers take them.\n\n"
            .to_owned();
    let left = |flag: &Flag| format!("--{}{}", flag.name, placeholder(flag));
    let honoured = || FLAGS.iter().filter(|flag| !matches!(flag.set, Set::NotHonoured { .. }));
    let width = honoured().map(|flag| left(flag).len()).max().unwrap_or(0);
    for flag in honoured() {
        let default = match flag.default {
            "" => String::new(),
            default => format!(" (default {default})"),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {:width$}  {}{default}", left(flag), flag.help);
    }
    text.push_str("\nTaken but not honoured; giving one logs a warning:\n\n");
    for flag in FLAGS {
        if let Set::NotHonoured { why, .. } = flag.set {
            let _ = writeln!(text, "  {:width$}  {why}", left(flag));
        }
    }
    text
}

fn placeholder(flag: &Flag) -> &'static str {
    match flag.set {
        Set::Switch(_) | Set::NotHonoured { switch: true, .. } => "",
        Set::Time(_) => " DURATION",
        Set::Count(_) => " NUMBER",
        Set::Size(_) => " SIZE",
        Set::Address(_) => " ADDRESS",
        Set::Text(_) | Set::Each(_) | Set::Choice(..) | Set::Other(_) => " TEXT",
        Set::NotHonoured { switch: false, .. } => " VALUE",
    }
}
