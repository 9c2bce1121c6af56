//! Behaviour tests: the operator as a process, against a real API server and real Git over HTTP.
//!
//! Each test has a namespace of its own and they run at the same time. The first one starts the control plane, the
//! git server and the shared operator (support/world.rs). Logs are in target/tmp/behaviour/PID.

#[cfg(test)]
mod acl;
#[cfg(test)]
mod api_faults;
#[cfg(test)]
mod command_line;
#[cfg(test)]
mod composed;
#[cfg(test)]
mod course;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod deletion;
#[cfg(test)]
mod dependencies;
#[cfg(test)]
mod drift;
#[cfg(test)]
mod drift_kinds;
#[cfg(test)]
mod footprint;
#[cfg(test)]
mod guard;
#[cfg(test)]
mod health;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod impersonation;
#[cfg(test)]
mod input;
#[cfg(test)]
mod install;
#[cfg(test)]
mod live_index;
#[cfg(test)]
mod login;
#[cfg(test)]
mod no_programs;
#[cfg(test)]
mod observe;
#[cfg(test)]
mod outage;
#[cfg(test)]
mod prune;
#[cfg(test)]
mod receivers;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod source;
#[cfg(test)]
mod support;
#[cfg(test)]
mod sync;
#[cfg(test)]
mod versions;
#[cfg(test)]
mod waiting_for_health;
#[cfg(test)]
mod watch_faults;
