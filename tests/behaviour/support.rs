//! What every behaviour test stands on: one control plane, one git server and one operator for the whole run,
//! and a namespace for each test.

mod audit;
mod cluster;
mod control_plane;
mod event_sink;
mod fault_proxy;
mod git_server;
mod manifests;
mod operator;
mod programs;
mod recorder;
mod repository;
mod space;
mod status;
mod tenant;
mod waiting;
mod world;

pub(crate) use fault_proxy::Fault;
pub(crate) use manifests::*;
pub(crate) use programs::{
    canary_file, free_port, go_program, inhaul, kill_with_us, run_directory,
};
pub(crate) use repository::{Change, Repository, link, remove, write};
pub(crate) use space::{Space, behaviour};
pub(crate) use status::condition;
pub(crate) use tenant::service_account;
pub(crate) use waiting::{eventually, holds_for, within};
pub(crate) use world::SHARD_LABEL;
