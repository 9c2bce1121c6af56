//! Everything that talks to the API server. All writes to a cluster are here.

mod apply;
mod attention;
mod connect;
mod error;
mod events;
mod facts;
mod flow;
mod health;
mod identity;
mod index;
mod lease;
mod own;
mod prune;
mod request;
mod resource;
mod subscription;
mod target;
mod watch;

pub use apply::{
    Action, Applier, ApplyError, ApplyOptions, Change, DRIFT, Knowledge, asks_for_report,
};
pub use attention::Attention;
pub use connect::connect;
pub use error::Error;
pub use events::{Delivery, Event, EventAddressError, EventConfig, Recorder, Severity};
pub use flow::Traffic;
pub use health::{Awaited, HealthChecker, HealthRules, RuleText, Unhealthy, Waiting};
pub use identity::{Identity, InvalidName, User};
pub use index::{Index, IndexEvent, Indexed};
pub use lease::{Election, ElectionConfig, ElectionError, Leadership, identity};
pub use own::{Own, SecretData};
pub use prune::{Going, PruneOptions, Pruned, Pruner};
pub use request::{AlwaysOpen, Connection, Gate};
pub use resource::{Discovery, Resource};
pub use subscription::{Sighting, Subscription};
pub use target::{Target, Targets};
pub use watch::{Guarded, Seen, WatchOptions, watch};
