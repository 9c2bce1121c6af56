//! The Git crate against a real Git server that can be told to misbehave.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::panic,
    reason = "helpers of tests may fail a test"
)]

mod access;
mod doors;
mod faults;
mod fetch;
mod hostile;
mod push;
mod resolve;
mod signature;
mod ssh;
mod sshd;
mod support;
