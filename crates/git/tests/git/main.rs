//! The Git crate against a real Git server that can be told to misbehave.

mod access;
mod faults;
mod fetch;
mod hostile;
mod resolve;
mod support;
