//! The methods of `time.Time` that templates use.

use std::sync::Arc;

use jiff::{SignedDuration, Zoned, tz::TimeZone};

use super::{
    argument::{any, int, text},
    dates::{rfc3339, time_text},
    layout,
    registry::{
        Function,
        Parameter::{Any, Int, String as Str, Time},
    },
};
use crate::{
    error::{Failure, Outcome},
    value::Value,
};

pub(crate) static TIME_METHODS: &[Function] = &[
    Function::fixed("Format", &[Str], |_, arguments| {
        with(arguments, |time| layout::format(&text(arguments, 1), time).into())
    }),
    Function::fixed("String", &[], |_, arguments| with(arguments, |time| time_text(time).into())),
    Function::fixed("Unix", &[], |_, arguments| {
        with(arguments, |time| Value::Int64(time.timestamp().as_second()))
    }),
    Function::fixed("UnixMilli", &[], |_, arguments| {
        with(arguments, |time| Value::Int64(time.timestamp().as_millisecond()))
    }),
    Function::fixed("UnixMicro", &[], |_, arguments| {
        with(arguments, |time| Value::Int64(time.timestamp().as_microsecond()))
    }),
    Function::fixed("UnixNano", &[], |_, arguments| {
        with(arguments, |time| {
            Value::Int64(i64::try_from(time.timestamp().as_nanosecond()).unwrap_or(i64::MAX))
        })
    }),
    Function::fixed("Year", &[], |_, arguments| number(arguments, |time| i64::from(time.year()))),
    // A `time.Month` prints by name; as a number nothing else can be done with it in a template.
    Function::fixed("Month", &[], |_, arguments| {
        with(arguments, |time| layout::format("January", time).into())
    }),
    Function::fixed("Weekday", &[], |_, arguments| {
        with(arguments, |time| layout::format("Monday", time).into())
    }),
    Function::fixed("Day", &[], |_, arguments| number(arguments, |time| i64::from(time.day()))),
    Function::fixed("YearDay", &[], |_, arguments| {
        number(arguments, |time| i64::from(time.day_of_year()))
    }),
    Function::fixed("Hour", &[], |_, arguments| number(arguments, |time| i64::from(time.hour()))),
    Function::fixed("Minute", &[], |_, arguments| {
        number(arguments, |time| i64::from(time.minute()))
    }),
    Function::fixed("Second", &[], |_, arguments| {
        number(arguments, |time| i64::from(time.second()))
    }),
    Function::fixed("Nanosecond", &[], |_, arguments| {
        number(arguments, |time| i64::from(time.subsec_nanosecond()))
    }),
    Function::fixed("UTC", &[], |_, arguments| {
        with(arguments, |time| Value::Time(Arc::new(time.with_time_zone(TimeZone::UTC))))
    }),
    Function::fixed("Local", &[], |runtime, arguments| {
        let zone = runtime.host().time_zone();
        with(arguments, |time| Value::Time(Arc::new(time.with_time_zone(zone))))
    }),
    Function::fixed("IsZero", &[], |_, arguments| {
        with(arguments, |time| Value::Bool(rfc3339(time) == "0001-01-01T00:00:00Z"))
    }),
    Function::fixed("Add", &[Any], |_, arguments| match any(arguments, 1) {
        Value::Duration(nanoseconds) => moved(arguments, *nanoseconds),
        other => {
            Err(format!("wrong type for value; expected time.Duration; got {}", other.type_name())
                .into())
        }
    }),
    Function::fixed("AddDate", &[Int, Int, Int], add_date),
    Function::fixed("Sub", &[Time], |_, arguments| {
        compare(arguments, |left, right| {
            let difference = left.timestamp().as_nanosecond() - right.timestamp().as_nanosecond();
            Value::Duration(i64::try_from(difference).unwrap_or(if difference < 0 {
                i64::MIN
            } else {
                i64::MAX
            }))
        })
    }),
    Function::fixed("Before", &[Time], |_, arguments| {
        compare(arguments, |left, right| Value::Bool(left.timestamp() < right.timestamp()))
    }),
    Function::fixed("After", &[Time], |_, arguments| {
        compare(arguments, |left, right| Value::Bool(left.timestamp() > right.timestamp()))
    }),
    Function::fixed("Equal", &[Time], |_, arguments| {
        compare(arguments, |left, right| Value::Bool(left.timestamp() == right.timestamp()))
    }),
];

fn with(arguments: &[Value], read: impl FnOnce(&Zoned) -> Value) -> Outcome {
    match any(arguments, 0) {
        Value::Time(time) => Ok(read(time)),
        _ => Ok(Value::Nil),
    }
}

fn number(arguments: &[Value], read: impl FnOnce(&Zoned) -> i64) -> Outcome {
    with(arguments, |time| Value::Int(read(time)))
}

fn compare(arguments: &[Value], read: impl FnOnce(&Zoned, &Zoned) -> Value) -> Outcome {
    match (any(arguments, 0), any(arguments, 1)) {
        (Value::Time(left), Value::Time(right)) => Ok(read(left, right)),
        _ => Ok(Value::Nil),
    }
}

fn out_of_range() -> Failure {
    "time is out of range".into()
}

fn moved(arguments: &[Value], nanoseconds: i64) -> Outcome {
    let Value::Time(time) = any(arguments, 0) else { return Ok(Value::Nil) };
    let moved = time.checked_add(SignedDuration::from_nanos(nanoseconds));
    Ok(Value::Time(Arc::new(moved.map_err(|_| out_of_range())?)))
}

/// Years, months and days on the calendar; a day that a month lacks runs over into the next.
fn add_date(_: &mut crate::Runtime<'_>, arguments: &[Value]) -> Outcome {
    let Value::Time(time) = any(arguments, 0) else { return Ok(Value::Nil) };
    let (years, months) = (int(arguments, 1), int(arguments, 2));
    let total = years
        .checked_mul(12)
        .and_then(|total| total.checked_add(months))
        .and_then(|total| total.checked_add(i64::from(time.year()) * 12))
        .and_then(|total| total.checked_add(i64::from(time.month()) - 1))
        .ok_or_else(out_of_range)?;
    let year = i16::try_from(total.div_euclid(12)).map_err(|_| out_of_range())?;
    let month = i8::try_from(total.rem_euclid(12) + 1).map_err(|_| out_of_range())?;
    let days = int(arguments, 3).checked_add(i64::from(time.day()) - 1).ok_or_else(out_of_range)?;
    let span = jiff::Span::new().try_days(days).map_err(|_| out_of_range())?;
    let date = jiff::civil::Date::new(year, month, 1)
        .and_then(|first| first.checked_add(span))
        .map_err(|_| out_of_range())?;
    let moved = date.to_datetime(time.time()).to_zoned(time.time_zone().clone());
    Ok(Value::Time(Arc::new(moved.map_err(|_| out_of_range())?)))
}
