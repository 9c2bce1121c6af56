//! Webhooks in: who may call, and what is asked for then.
//!
//! A call is untrusted to its end. It names, by a path that nobody can guess, one [`Hook`]; the
//! hook tells whether the call is genuine ([`Hook::verify`]) and which of its resources it
//! concerns ([`Hook::wants`]). All that ever follows is that those are looked at again: nothing of
//! a call's body is applied, fetched or stored.

mod call;
mod calm;
mod hook;
mod oidc;
mod payload;
mod registry;
mod server;
mod signature;
mod token;
mod verify;

pub use call::Call;
pub use calm::Calm;
pub use hook::{Hook, HookError, HookSecret, Wanted, webhook_path};
pub use oidc::Issuers;
pub use registry::Registry;
pub use server::{Limits, Requests, Target, serve};
pub use token::Token;
pub use verify::{Accepted, Denied};
