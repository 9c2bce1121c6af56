//! Rendered objects, an inventory and live records become a plan.
//!
//! Everything here is a pure function: what the cluster holds comes in as values, and what is to
//! be done goes out as values. A [`Plan`] is made only from a complete render, which the type
//! [`inhaul_render::Rendered`] says; pruning takes a plan and nothing else.

mod guard;
mod inventory;
mod managers;
mod plan;
mod prune;
mod record;

pub use guard::{Approval, Doomed, Held, examine};
pub use inventory::{Entry, Inventory};
pub use managers::{
    FIELD_MANAGER, LAST_APPLIED_ANNOTATION, ManagerEntry, Taken, overridden, own_entry, taken,
    taken_over,
};
pub use plan::{
    Options, Plan, PlanError, PlannedObject, Scope, defined_kinds, plan, rendered_scopes,
};
pub use prune::{Fate, OWNER_NAME, Owner, decide};
pub use record::{DesiredHash, HashKey, Pace, Record, Sight, Verdict, compare, judge};
