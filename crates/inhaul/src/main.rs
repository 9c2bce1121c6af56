//! inhaul: the GitOps operator and its command line, in one binary.
//!
//! `inhaul controller` runs the operator: [`wiring`] turns its flags into a running process. All
//! other commands are in the crate `inhaul-cli`; they start neither threads nor TLS.

mod flags;
mod log;
mod serve;
mod wiring;

use clap::Parser;
use std::process::ExitCode;

/// Gives memory back to the system, which matters for a process that idles most of its time.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Commits become cluster state.
#[derive(Parser)]
#[command(name = "inhaul", version, disable_help_subcommand = true)]
enum Command {
    /// Run the operator: `inhaul controller --help` lists its flags
    #[command(disable_help_flag = true)]
    Controller {
        /// Flags of Flux's controllers, in Go's style
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "FLAGS")]
        flags: Vec<String>,
    },
    #[command(flatten)]
    CommandLine(inhaul_cli::Command),
}

fn main() -> ExitCode {
    match Command::parse() {
        Command::Controller { flags } => wiring::controller(flags),
        Command::CommandLine(command) => inhaul_cli::run(command),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_operator_gets_its_flags_as_they_are() {
        Command::command().debug_assert();
        for flags in [&["--help"][..], &["-concurrent=2", "--x", "--", "-V"], &["version"], &[]] {
            let line = ["inhaul", "controller"].iter().chain(flags);
            match Command::try_parse_from(line) {
                Ok(Command::Controller { flags: taken }) => assert_eq!(taken, flags),
                _ => panic!("{flags:?}"),
            }
        }
    }
}
