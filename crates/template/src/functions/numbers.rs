//! Whole numbers, rounding, sequences.

use super::{
    argument::{any, int, rest, string_of, text},
    cast::{to_float, to_int},
    registry::{
        Function,
        Parameter::{Any, Float, Int, String as Str},
    },
};
use crate::{
    error::{Failure, Outcome},
    runtime::Runtime,
    value::{INTS, List, Value},
};

pub(super) static TABLE: &[Function] = &[
    Function::fixed("atoi", &[Str], |_, arguments| Ok(Value::Int(atoi(&text(arguments, 0))))),
    Function::fixed("int", &[Any], |_, arguments| Ok(Value::Int(to_int(any(arguments, 0))))),
    Function::fixed("int64", &[Any], |_, arguments| Ok(Value::Int64(to_int(any(arguments, 0))))),
    Function::fixed("float64", &[Any], |_, arguments| {
        Ok(Value::Float(to_float(any(arguments, 0))))
    }),
    Function::fixed("toDecimal", &[Any], to_decimal),
    Function::fixed("add1", &[Any], |_, arguments| {
        Ok(Value::Int64(to_int(any(arguments, 0)).wrapping_add(1)))
    }),
    Function::variadic("add", &[], Any, |_, arguments| {
        Ok(Value::Int64(arguments.iter().map(to_int).fold(0, i64::wrapping_add)))
    }),
    Function::fixed("sub", &[Any, Any], |_, arguments| {
        Ok(Value::Int64(to_int(any(arguments, 0)).wrapping_sub(to_int(any(arguments, 1)))))
    }),
    Function::fixed("div", &[Any, Any], |_, arguments| divide(arguments, i64::wrapping_div)),
    Function::fixed("mod", &[Any, Any], |_, arguments| divide(arguments, i64::wrapping_rem)),
    Function::variadic("mul", &[Any], Any, |_, arguments| {
        Ok(Value::Int64(arguments.iter().map(to_int).fold(1, i64::wrapping_mul)))
    }),
    Function::variadic("max", &[Any], Any, |_, arguments| largest(arguments)),
    Function::variadic("biggest", &[Any], Any, |_, arguments| largest(arguments)),
    Function::variadic("min", &[Any], Any, |_, arguments| {
        Ok(Value::Int64(arguments.iter().map(to_int).min().unwrap_or(0)))
    }),
    Function::variadic("maxf", &[Any], Any, |_, arguments| Ok(extreme(arguments, larger))),
    Function::variadic("minf", &[Any], Any, |_, arguments| {
        Ok(extreme(arguments, |left, right| -larger(-left, -right)))
    }),
    Function::fixed("floor", &[Any], |_, arguments| {
        Ok(Value::Float(to_float(any(arguments, 0)).floor()))
    }),
    Function::fixed("ceil", &[Any], |_, arguments| {
        Ok(Value::Float(to_float(any(arguments, 0)).ceil()))
    }),
    Function::variadic("round", &[Any, Int], Float, round),
    Function::fixed("until", &[Int], |runtime, arguments| {
        let end = int(arguments, 0);
        integers(steps(runtime, 0, end, if end < 0 { -1 } else { 1 })?)
    }),
    Function::fixed("untilStep", &[Int, Int, Int], |runtime, arguments| {
        integers(steps(runtime, int(arguments, 0), int(arguments, 1), int(arguments, 2))?)
    }),
    Function::variadic("seq", &[], Int, sequence),
];

fn atoi(text: &str) -> i64 {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return 0;
    }
    // Beyond the range Go's conversion gives the nearest number, and an error that is not looked at.
    text.parse().unwrap_or(if text.starts_with('-') { i64::MIN } else { i64::MAX })
}

/// The value's text as an octal number.
fn to_decimal(_: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let text = string_of(any(arguments, 0))?;
    Ok(Value::Int64(i64::from_str_radix(&text.to_str(), 8).unwrap_or(0)))
}

fn divide(arguments: &[Value], operation: fn(i64, i64) -> i64) -> Outcome {
    let divisor = to_int(any(arguments, 1));
    if divisor == 0 {
        return Err("runtime error: integer divide by zero".into());
    }
    Ok(Value::Int64(operation(to_int(any(arguments, 0)), divisor)))
}

fn largest(arguments: &[Value]) -> Outcome {
    Ok(Value::Int64(arguments.iter().map(to_int).max().unwrap_or(0)))
}

/// Go's `math.Max`: not a number wins.
fn larger(left: f64, right: f64) -> f64 {
    if left.is_nan() || right.is_nan() { f64::NAN } else { left.max(right) }
}

fn extreme(arguments: &[Value], pick: fn(f64, f64) -> f64) -> Value {
    let mut numbers = arguments.iter().map(to_float);
    let first = numbers.next().unwrap_or(0.0);
    Value::Float(numbers.fold(first, pick))
}

fn round(_: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let round_on = match rest(arguments, 2).first() {
        Some(Value::Float(number)) => *number,
        _ => 0.5,
    };
    let places = i32::try_from(int(arguments, 1)).unwrap_or(i32::MAX);
    let power = 10f64.powi(places);
    let digit = power * to_float(any(arguments, 0));
    let rounded = if digit.fract() >= round_on { digit.ceil() } else { digit.floor() };
    Ok(Value::Float(rounded / power))
}

/// The numbers from `start` to before `end`.
fn steps(runtime: &mut Runtime<'_>, start: i64, end: i64, step: i64) -> Result<Vec<i64>, Failure> {
    let goes_down = end < start;
    if (goes_down && step >= 0) || (!goes_down && step <= 0) {
        return Ok(Vec::new());
    }
    let count = (i128::from(end) - i128::from(start)).unsigned_abs();
    let count = count.div_ceil(u128::from(step.unsigned_abs()));
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    runtime.reserve(count.saturating_mul(size_of::<Value>()))?;
    runtime.charge(count)?;
    let mut numbers = Vec::with_capacity(count);
    let mut number = start;
    for _ in 0..count {
        numbers.push(number);
        number = number.saturating_add(step);
    }
    Ok(numbers)
}

fn integers(numbers: Vec<i64>) -> Outcome {
    Ok(Value::List(List::typed(&INTS, numbers.into_iter().map(Value::Int).collect())))
}

/// Like the shell's `seq`: numbers as text, the end included.
fn sequence(runtime: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let (start, step, end) = match arguments.len() {
        1 => (1, None, int(arguments, 0)),
        2 => (int(arguments, 0), None, int(arguments, 1)),
        3 => (int(arguments, 0), Some(int(arguments, 1)), int(arguments, 2)),
        _ => return Ok(Value::from("")),
    };
    let direction = if end < start { -1 } else { 1 };
    let step = step.unwrap_or(direction);
    if direction < 0 && step > 0 {
        return Ok(Value::from(""));
    }
    let numbers = steps(runtime, start, end.saturating_add(direction), step)?;
    let texts: Vec<String> = numbers.iter().map(i64::to_string).collect();
    Ok(texts.join(" ").into())
}
