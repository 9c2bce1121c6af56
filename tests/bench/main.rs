//! What the operator costs, on a real API server, held against its limits. `make bench` runs it (hack/bench.sh
//! starts the control plane and the git server); arguments choose cases.
//!
//! A case prints a line for each number: what, how much, the limit. Times that depend on the machine are told
//! beside those of a bare client that sends the same writes in the same run.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a bench ends where something is not as it must be, and prints what it measured"
)]

mod chain;
mod cluster;
mod drift;
mod fleet;
mod large;
mod noop;
mod operator;
mod poke;
mod report;
mod repository;
mod statistics;

use report::Report;

const CASES: [&str; 6] = ["noop", "poke", "chain", "drift", "large", "fleet"];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    if let Some(unknown) = arguments.iter().find(|a| !CASES.contains(&a.as_str())) {
        println!("no case is named {unknown}; there are {}", CASES.join(", "));
        std::process::exit(2);
    }
    let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
    let mut report = Report::default();
    for case in
        CASES.into_iter().filter(|c| arguments.is_empty() || arguments.iter().any(|a| a == c))
    {
        println!("== {case}");
        runtime.block_on(async {
            match case {
                "noop" => noop::run(&mut report).await,
                "poke" => poke::run(&mut report).await,
                "chain" => chain::run(&mut report).await,
                "drift" => drift::run(&mut report).await,
                "large" => large::run(&mut report).await,
                _ => fleet::run(&mut report).await,
            }
        });
    }
    std::process::exit(report.code());
}
