//! Dates.

use std::sync::{Arc, LazyLock};

use jiff::{
    SignedDuration, Timestamp, Zoned,
    tz::{TimeZone, TimeZoneDatabase},
};

use super::{
    argument::{any, text},
    durations::{duration_text, parse_duration},
    layout, layout_parse,
    registry::{
        Function,
        Parameter::{Any, String as Str, Time},
    },
};
use crate::{
    error::{Failure, Outcome},
    runtime::Runtime,
    value::Value,
};

pub(super) static TABLE: &[Function] = &[
    Function::fixed("now", &[], |runtime, _| {
        let host = runtime.host();
        Ok(Value::Time(Arc::new(host.now().to_zoned(host.time_zone()))))
    }),
    Function::fixed("date", &[Str, Any], |runtime, arguments| {
        let zone = runtime.host().time_zone();
        Ok(in_zone(runtime, &text(arguments, 0), any(arguments, 1), &zone).into())
    }),
    Function::fixed("dateInZone", &[Str, Any, Str], date_in_zone),
    Function::fixed("date_in_zone", &[Str, Any, Str], date_in_zone),
    Function::fixed("htmlDate", &[Any], |runtime, arguments| {
        let zone = runtime.host().time_zone();
        Ok(in_zone(runtime, HTML, any(arguments, 0), &zone).into())
    }),
    Function::fixed("htmlDateInZone", &[Any, Str], |runtime, arguments| {
        Ok(in_zone(runtime, HTML, any(arguments, 0), &zone(&text(arguments, 1), runtime)).into())
    }),
    Function::fixed("dateModify", &[Str, Time], |_, arguments| {
        Ok(modified(arguments).unwrap_or_else(|_| any(arguments, 1).clone()))
    }),
    Function::fixed("date_modify", &[Str, Time], |_, arguments| {
        Ok(modified(arguments).unwrap_or_else(|_| any(arguments, 1).clone()))
    }),
    Function::fixed("mustDateModify", &[Str, Time], |_, arguments| modified(arguments)),
    Function::fixed("must_date_modify", &[Str, Time], |_, arguments| modified(arguments)),
    Function::fixed("toDate", &[Str, Str], |runtime, arguments| {
        Ok(to_date(runtime, arguments).unwrap_or_else(|_| zero_time()))
    }),
    Function::fixed("mustToDate", &[Str, Str], to_date),
    Function::fixed("unixEpoch", &[Time], |_, arguments| match any(arguments, 0) {
        Value::Time(time) => Ok(floor_seconds(time.timestamp()).to_string().into()),
        _ => Ok(Value::from("")),
    }),
    Function::fixed("ago", &[Any], ago),
    Function::fixed("duration", &[Any], |_, arguments| {
        let seconds = match any(arguments, 0) {
            Value::String(text) => text.to_str().parse::<i64>().unwrap_or(0),
            Value::Int64(seconds) => *seconds,
            _ => 0,
        };
        Ok(duration_text(seconds.wrapping_mul(1_000_000_000)).into())
    }),
    Function::fixed("durationRound", &[Any], |runtime, arguments| {
        let nanoseconds = match any(arguments, 0) {
            Value::String(text) => parse_duration(&text.to_str()).unwrap_or(0),
            Value::Int64(nanoseconds) => *nanoseconds,
            Value::Time(time) => since(runtime, time.timestamp()),
            _ => 0,
        };
        Ok(rounded(nanoseconds).into())
    }),
];

const HTML: &str = "2006-01-02";

/// Go's zero time: the first day of the year 1.
pub(super) fn zero_time() -> Value {
    let first = jiff::civil::date(1, 1, 1).at(0, 0, 0, 0).to_zoned(TimeZone::UTC);
    Value::Time(Arc::new(first.unwrap_or_else(|_| Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC))))
}

fn floor_seconds(time: Timestamp) -> i64 {
    time.as_second() - i64::from(time.subsec_nanosecond() < 0)
}

/// The zones that come with the program: the machine's own are not looked at.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A zone by name; UTC where there is none of this name.
fn zone(name: &str, runtime: &Runtime<'_>) -> TimeZone {
    match name {
        "" | "UTC" => TimeZone::UTC,
        "Local" => runtime.host().time_zone(),
        _ => ZONES
            .get(name)
            .ok()
            .filter(|zone| zone.iana_name() == Some(name))
            .unwrap_or(TimeZone::UTC),
    }
}

/// The time that a value stands for: its own, seconds since 1970, or now.
fn instant(runtime: &Runtime<'_>, value: &Value) -> Timestamp {
    let from = |seconds: i64| Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
    match value {
        Value::Time(time) => time.timestamp(),
        Value::Int(seconds) | Value::Int64(seconds) => from(*seconds),
        _ => runtime.host().now(),
    }
}

fn in_zone(runtime: &Runtime<'_>, form: &str, value: &Value, zone: &TimeZone) -> String {
    layout::format(form, &instant(runtime, value).to_zoned(zone.clone()))
}

fn date_in_zone(runtime: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let zone = zone(&text(arguments, 2), runtime);
    Ok(in_zone(runtime, &text(arguments, 0), any(arguments, 1), &zone).into())
}

fn modified(arguments: &[Value]) -> Outcome {
    let nanoseconds = parse_duration(&text(arguments, 0))?;
    let Value::Time(time) = any(arguments, 1) else { return Ok(Value::Nil) };
    let moved = time.checked_add(SignedDuration::from_nanos(nanoseconds));
    let moved = moved.map_err(|_| Failure::from("time is out of range"))?;
    Ok(Value::Time(Arc::new(moved)))
}

fn to_date(runtime: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let zone = runtime.host().time_zone();
    let time = layout_parse::parse(&text(arguments, 0), &text(arguments, 1), &zone)?;
    Ok(Value::Time(Arc::new(time)))
}

fn since(runtime: &Runtime<'_>, time: Timestamp) -> i64 {
    let nanoseconds = runtime.host().now().as_nanosecond() - time.as_nanosecond();
    let bounds = i128::from(i64::MIN)..=i128::from(i64::MAX);
    i64::try_from(nanoseconds.clamp(*bounds.start(), *bounds.end())).unwrap_or(0)
}

fn ago(runtime: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let elapsed = since(runtime, instant(runtime, any(arguments, 0)));
    Ok(duration_text(super::durations::round_to(elapsed, 1_000_000_000)).into())
}

/// The largest unit that fits more than once.
fn rounded(nanoseconds: i64) -> String {
    const HOUR: u64 = 3_600_000_000_000;
    let magnitude = nanoseconds.unsigned_abs();
    let units = [
        (HOUR * 24 * 365, "y"),
        (HOUR * 24 * 30, "mo"),
        (HOUR * 24, "d"),
        (HOUR, "h"),
        (HOUR / 60, "m"),
        (HOUR / 3600, "s"),
    ];
    match units.into_iter().find(|(unit, _)| magnitude > *unit) {
        Some((unit, name)) => format!("{}{name}", magnitude / unit),
        None => "0s".to_owned(),
    }
}

/// What Go's `time.Time` prints.
pub(crate) fn time_text(time: &Zoned) -> String {
    layout::format("2006-01-02 15:04:05.999999999 -0700 MST", time)
}

/// RFC 3339 with as many digits of the second as there are.
pub(crate) fn rfc3339(time: &Zoned) -> String {
    layout::format("2006-01-02T15:04:05.999999999Z07:00", time)
}
