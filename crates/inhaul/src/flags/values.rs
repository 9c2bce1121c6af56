//! Values of flags, as Go reads them.

use crate::flags::table::{Flag, Set};
use crate::flags::{ControllerFlags, Listen, Role};
use inhaul_git::{Egress, SshAlgorithms};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Sets a flag to a value, or adds the value where the flag takes several and it is not the first.
pub(super) fn set(
    flag: &Flag,
    flags: &mut ControllerFlags,
    value: &str,
    first: bool,
) -> Result<(), String> {
    match flag.set {
        Set::Text(field) => value.clone_into(field(flags)),
        Set::Switch(field) => *field(flags) = switch(value)?,
        Set::Time(field) => *field(flags) = duration(value)?,
        Set::Count(field) => *field(flags) = count(value)?,
        Set::Size(field) => *field(flags) = size(value)?,
        Set::Address(field) => *field(flags) = Listen::parse(value)?,
        Set::Choice(choices, field) => {
            if !choices.contains(&value) {
                return Err(format!("must be one of {}", choices.join(", ")));
            }
            value.clone_into(field(flags));
        }
        Set::Each(field) => {
            if first {
                field(flags).clear();
            }
            field(flags).extend((!value.is_empty()).then(|| value.to_owned()));
        }
        Set::Other(read) => read(flags, value, first)?,
        Set::NotHonoured { .. } => {}
    }
    Ok(())
}

pub(super) fn switch(value: &str) -> Result<bool, String> {
    match value {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err("must be true or false".to_owned()),
    }
}

fn count(value: &str) -> Result<usize, String> {
    value.parse().map_err(|_| "must be a whole number, not below 0".to_owned())
}

fn size(value: &str) -> Result<u64, String> {
    let units = [("Ki", 1_u64 << 10), ("Mi", 1 << 20), ("Gi", 1 << 30)];
    let unit = units.iter().find_map(|(unit, bytes)| Some((value.strip_suffix(unit)?, *bytes)));
    let (number, bytes) = unit.unwrap_or((value, 1));
    let refused = || "must be a number of bytes, such as 1048576, 512Mi or 2Gi";
    let number: u64 = number.parse().map_err(|_| refused())?;
    number.checked_mul(bytes).filter(|size| *size > 0).ok_or_else(|| refused().to_owned())
}

/// A duration in Go's notation, such as `1h30m` or `750ms`.
fn duration(value: &str) -> Result<Duration, String> {
    let refused = || "must be a duration such as 30s, 750ms or 1h30m".to_owned();
    if value == "0" {
        return Ok(Duration::ZERO);
    }
    let (mut rest, mut total) = (value, Duration::ZERO);
    while !rest.is_empty() {
        let number_end =
            rest.find(|c: char| c != '.' && !c.is_ascii_digit()).ok_or_else(refused)?;
        let (number, after) = rest.split_at(number_end);
        let unit_end = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        let nanoseconds = match unit {
            "ns" => 1.0,
            "us" | "µs" | "μs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 60e9,
            "h" => 3600e9,
            _ => return Err(refused()),
        };
        let number: f64 = number.parse().map_err(|_| refused())?;
        let seconds = number * nanoseconds / 1e9;
        let part = Duration::try_from_secs_f64(seconds).map_err(|_| refused())?;
        total = total.checked_add(part).ok_or_else(refused)?;
        rest = after;
    }
    if value.is_empty() { Err(refused()) } else { Ok(total) }
}

fn items(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim).filter(|item| !item.is_empty())
}

/// The roles, for people.
const ROLES: &str = "source, kustomize and notification";

pub(super) fn controllers(
    flags: &mut ControllerFlags,
    value: &str,
    first: bool,
) -> Result<(), String> {
    let mut roles = if first { BTreeSet::new() } else { flags.controllers.clone() };
    for item in items(value) {
        roles.insert(match item.strip_suffix("-controller").unwrap_or(item) {
            "source" => Role::Source,
            "kustomize" => Role::Kustomize,
            "notification" => Role::Notification,
            _ => return Err(format!("there is no role {item:?}; there are {ROLES}")),
        });
    }
    if roles.is_empty() {
        return Err(format!("at least one role is needed: {ROLES}"));
    }
    flags.controllers = roles;
    Ok(())
}

pub(super) fn events_addr(flags: &mut ControllerFlags, value: &str, _: bool) -> Result<(), String> {
    flags.events_addr = match value {
        "" => None,
        value => {
            let address: http::Uri = value.parse().map_err(|e| format!("is not a URL: {e}"))?;
            if !matches!(address.scheme_str(), Some("http" | "https")) {
                return Err("must start with http:// or https://".to_owned());
            }
            Some(address)
        }
    };
    Ok(())
}

pub(super) fn service_account(
    flags: &mut ControllerFlags,
    value: &str,
    _: bool,
) -> Result<(), String> {
    flags.default_service_account = Some(value.to_owned()).filter(|name| !name.is_empty());
    Ok(())
}

pub(super) fn stage_kinds(
    flags: &mut ControllerFlags,
    value: &str,
    first: bool,
) -> Result<(), String> {
    let mut kinds = if first { Vec::new() } else { flags.custom_apply_stage_kinds.clone() };
    for item in items(value) {
        let (group, kind) = item.split_once('/').unwrap_or(("", item));
        if kind.is_empty() || kind.contains('/') {
            return Err(format!("{item:?} is no kind; write <group>/<Kind>"));
        }
        kinds.push((group.to_owned(), kind.to_owned()));
    }
    flags.custom_apply_stage_kinds = kinds;
    Ok(())
}

/// Adds to a list of names, or begins it.
fn listed(before: &[String], value: &str, first: bool) -> Vec<String> {
    let mut list = if first { Vec::new() } else { before.to_vec() };
    list.extend(items(value).map(str::to_owned));
    list
}

pub(super) fn ssh_exchanges(
    flags: &mut ControllerFlags,
    value: &str,
    first: bool,
) -> Result<(), String> {
    flags.ssh_kex_algos = listed(&flags.ssh_kex_algos, value, first);
    SshAlgorithms::parse(&flags.ssh_kex_algos, &[]).map(|_| ())
}

pub(super) fn ssh_host_keys(
    flags: &mut ControllerFlags,
    value: &str,
    first: bool,
) -> Result<(), String> {
    flags.ssh_hostkey_algos = listed(&flags.ssh_hostkey_algos, value, first);
    SshAlgorithms::parse(&[], &flags.ssh_hostkey_algos).map(|_| ())
}

pub(super) fn denied_egress(
    flags: &mut ControllerFlags,
    value: &str,
    first: bool,
) -> Result<(), String> {
    flags.denied_egress = listed(&flags.denied_egress, value, first);
    Egress::parse(&flags.denied_egress).map(|_| ())
}

pub(super) fn percentage(flags: &mut ControllerFlags, value: &str, _: bool) -> Result<(), String> {
    let percentage = value.parse().ok().filter(|percentage| *percentage <= 100);
    flags.interval_jitter_percentage = percentage.ok_or("must be from 0 to 100")?;
    Ok(())
}

pub(super) fn gates(flags: &mut ControllerFlags, value: &str, first: bool) -> Result<(), String> {
    let mut gates = if first { BTreeMap::new() } else { flags.feature_gates.clone() };
    for item in items(value) {
        let (name, on) =
            item.split_once('=').ok_or_else(|| format!("{item:?}: write NAME=true"))?;
        let on = switch(on.trim()).map_err(|why| format!("{item:?}: {why}"))?;
        gates.insert(name.trim().to_owned(), on);
    }
    flags.feature_gates = gates;
    Ok(())
}

pub(super) fn prune_guard(flags: &mut ControllerFlags, value: &str, _: bool) -> Result<(), String> {
    flags.prune_guard = match value {
        "on" => true,
        "off" => false,
        other => switch(other).map_err(|_| "must be on or off")?,
    };
    Ok(())
}
