//! Durations: Go's notation, and Helm's functions.

use super::{
    argument::any,
    registry::{Function, Parameter::Any},
};
use crate::{
    error::Failure,
    format::{float_text, quote},
    parse::parse_float,
    value::Value,
};

const SECOND: i64 = 1_000_000_000;

pub(super) static TABLE: &[Function] = &[
    Function::fixed("mustToDuration", &[Any], |_, arguments| {
        Ok(Value::Duration(of(any(arguments, 0))?))
    }),
    Function::fixed("durationSeconds", &[Any], |_, arguments| Ok(ratio(arguments, SECOND))),
    Function::fixed("durationMinutes", &[Any], |_, arguments| Ok(ratio(arguments, 60 * SECOND))),
    Function::fixed("durationHours", &[Any], |_, arguments| Ok(ratio(arguments, 3600 * SECOND))),
    Function::fixed("durationDays", &[Any], |_, arguments| {
        Ok(Value::Float(hours(or_zero(arguments, 0)) / 24.0))
    }),
    Function::fixed("durationWeeks", &[Any], |_, arguments| {
        Ok(Value::Float(hours(or_zero(arguments, 0)) / 24.0 / 7.0))
    }),
    Function::fixed("durationMilliseconds", &[Any], |_, arguments| {
        Ok(Value::Int64(or_zero(arguments, 0) / 1_000_000))
    }),
    Function::fixed("durationMicroseconds", &[Any], |_, arguments| {
        Ok(Value::Int64(or_zero(arguments, 0) / 1_000))
    }),
    Function::fixed("durationNanoseconds", &[Any], |_, arguments| {
        Ok(Value::Int64(or_zero(arguments, 0)))
    }),
    Function::fixed("durationRoundTo", &[Any, Any], |_, arguments| {
        Ok(Value::Duration(round_to(or_zero(arguments, 0), multiple(arguments))))
    }),
    Function::fixed("durationTruncateTo", &[Any, Any], |_, arguments| {
        Ok(Value::Duration(truncate_to(or_zero(arguments, 0), multiple(arguments))))
    }),
];

/// The methods of `time.Duration`.
pub(crate) static DURATION_METHODS: &[Function] = &[
    Function::fixed("String", &[], |_, arguments| Ok(duration_text(own(arguments)).into())),
    Function::fixed("Hours", &[], |_, arguments| Ok(Value::Float(hours(own(arguments))))),
    Function::fixed("Minutes", &[], |_, arguments| {
        Ok(Value::Float(in_units(own(arguments), 60 * SECOND)))
    }),
    Function::fixed("Seconds", &[], |_, arguments| {
        Ok(Value::Float(in_units(own(arguments), SECOND)))
    }),
    Function::fixed("Milliseconds", &[], |_, arguments| {
        Ok(Value::Int64(own(arguments) / 1_000_000))
    }),
    Function::fixed("Microseconds", &[], |_, arguments| Ok(Value::Int64(own(arguments) / 1_000))),
    Function::fixed("Nanoseconds", &[], |_, arguments| Ok(Value::Int64(own(arguments)))),
    Function::fixed("Abs", &[], |_, arguments| {
        Ok(Value::Duration(own(arguments).checked_abs().unwrap_or(i64::MAX)))
    }),
];

fn own(arguments: &[Value]) -> i64 {
    any(arguments, 0).signed().unwrap_or(0)
}

/// Whole units and the rest apart, as Go does it, so that the sum is as exact.
#[expect(clippy::cast_precision_loss, reason = "Go divides the same way")]
fn in_units(nanoseconds: i64, unit: i64) -> f64 {
    (nanoseconds / unit) as f64 + (nanoseconds % unit) as f64 / unit as f64
}

fn hours(nanoseconds: i64) -> f64 {
    in_units(nanoseconds, 3600 * SECOND)
}

fn ratio(arguments: &[Value], unit: i64) -> Value {
    Value::Float(in_units(or_zero(arguments, 0), unit))
}

fn or_zero(arguments: &[Value], index: usize) -> i64 {
    of(any(arguments, index)).unwrap_or(0)
}

/// The second argument; nothing is rounded where it is no duration.
fn multiple(arguments: &[Value]) -> i64 {
    or_zero(arguments, 1)
}

/// A duration, text in Go's notation, or seconds.
fn of(value: &Value) -> Result<i64, Failure> {
    match value {
        Value::Duration(nanoseconds) => Ok(*nanoseconds),
        Value::Nil => Err("invalid duration".into()),
        Value::String(text) => of_text(&text.to_str()),
        Value::Int(seconds) | Value::Int64(seconds) => seconds
            .checked_mul(SECOND)
            .ok_or_else(|| format!("duration seconds overflow: {seconds}").into()),
        Value::Uint8(seconds) => Ok(i64::from(*seconds) * SECOND),
        Value::Uint64(seconds) => i64::try_from(*seconds)
            .ok()
            .and_then(|seconds| seconds.checked_mul(SECOND))
            .ok_or_else(|| format!("duration seconds overflow: {seconds}").into()),
        Value::Float(seconds) => of_float(*seconds),
        other => Err(format!("unsupported duration type {}", other.type_name()).into()),
    }
}

fn of_text(text: &str) -> Result<i64, Failure> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err("empty duration".into());
    }
    if let Ok(nanoseconds) = parse_duration(trimmed) {
        return Ok(nanoseconds);
    }
    match parse_float(trimmed) {
        Some(seconds) => of_float(seconds),
        None => Err(format!("could not parse duration {}", quote(text)).into()),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
fn of_float(seconds: f64) -> Result<i64, Failure> {
    if !seconds.is_finite() {
        return Err(format!("invalid duration seconds: {}", float_text(seconds)).into());
    }
    if seconds.abs() > 9_223_372_036.854_775 {
        return Err(format!("duration seconds overflow: {}", float_text(seconds)).into());
    }
    Ok((seconds * 1e9) as i64)
}

fn truncate_to(nanoseconds: i64, multiple: i64) -> i64 {
    if multiple <= 0 { nanoseconds } else { nanoseconds - nanoseconds % multiple }
}

/// To the nearest multiple, halves away from zero.
pub(super) fn round_to(nanoseconds: i64, multiple: i64) -> i64 {
    if multiple <= 0 {
        return nanoseconds;
    }
    let rest = nanoseconds % multiple;
    let lower = nanoseconds - rest;
    if rest.unsigned_abs() * 2 < multiple.unsigned_abs() {
        lower
    } else {
        lower.saturating_add(if nanoseconds < 0 { -multiple } else { multiple })
    }
}

/// `1h15m30.5s`, as Go prints it.
pub(crate) fn duration_text(nanoseconds: i64) -> String {
    let magnitude = nanoseconds.unsigned_abs();
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let with_fraction = |number: u64, unit: u64| {
        let digits = unit.ilog10() as usize;
        let fraction = format!("{:0digits$}", number % unit);
        match fraction.trim_end_matches('0') {
            "" => (number / unit).to_string(),
            kept => format!("{}.{kept}", number / unit),
        }
    };
    let second = SECOND.unsigned_abs();
    match magnitude {
        0 => "0s".to_owned(),
        1..1_000 => format!("{sign}{magnitude}ns"),
        1_000..1_000_000 => format!("{sign}{}µs", with_fraction(magnitude, 1_000)),
        1_000_000..1_000_000_000 => format!("{sign}{}ms", with_fraction(magnitude, 1_000_000)),
        _ => {
            let seconds = with_fraction(magnitude % (60 * second), second);
            let minutes = magnitude / (60 * second);
            match (minutes / 60, minutes % 60) {
                (0, 0) => format!("{sign}{seconds}s"),
                (0, minutes) => format!("{sign}{minutes}m{seconds}s"),
                (hours, minutes) => format!("{sign}{hours}h{minutes}m{seconds}s"),
            }
        }
    }
}

/// Nanoseconds of `1h15m30.5s`.
pub(super) fn parse_duration(text: &str) -> Result<i64, Failure> {
    let invalid = || Failure::from(format!("time: invalid duration {}", quote(text)));
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let length = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(length);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
            return Err(invalid());
        }
        let length = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(length);
        let scale: i128 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "" => {
                let text = quote(text);
                return Err(format!("time: missing unit in duration {text}").into());
            }
            other => {
                let (unit, text) = (quote(other), quote(text));
                return Err(format!("time: unknown unit {unit} in duration {text}").into());
            }
        };
        let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| invalid())? };
        total += i128::from(whole) * scale + part(fraction, scale);
        rest = after;
    }
    let total = if negative { -total } else { total };
    i64::try_from(total).map_err(|_| invalid())
}

/// A fraction of a unit, cut to whole nanoseconds.
fn part(fraction: &str, scale: i128) -> i128 {
    let digits = &fraction[..fraction.len().min(18)];
    let power = 10i128.pow(u32::try_from(digits.len()).unwrap_or(0));
    digits.parse::<i128>().unwrap_or(0) * scale / power
}
