//! `addf`, `subf`, `mulf`, `divf`: arithmetic on decimal digits, so that 0.1 and 0.2 make 0.3.

use super::{
    argument::{any, rest},
    cast::to_float,
    registry::{Function, Parameter::Any},
};
use crate::{
    error::{Failure, Outcome},
    format::shortest,
    value::Value,
};

pub(super) static TABLE: &[Function] = &[
    Function::fixed("add1f", &[Any], |_, arguments| {
        combine(any(arguments, 0), &[Value::Int(1)], Decimal::add)
    }),
    Function::variadic("addf", &[], Any, |_, arguments| {
        combine(&Value::Float(0.0), arguments, Decimal::add)
    }),
    Function::variadic("subf", &[Any], Any, |_, arguments| {
        combine(any(arguments, 0), rest(arguments, 1), |left, right| left.add(&right.negated()))
    }),
    Function::variadic("mulf", &[Any], Any, |_, arguments| {
        combine(any(arguments, 0), rest(arguments, 1), Decimal::multiply)
    }),
    Function::variadic("divf", &[Any], Any, |_, arguments| {
        combine(any(arguments, 0), rest(arguments, 1), Decimal::divide)
    }),
];

/// Decimal digits and a power of ten.
#[derive(Clone, Debug)]
struct Decimal {
    negative: bool,
    /// The most significant first, without leading zeros; none for zero.
    digits: Vec<u8>,
    exponent: i64,
}

/// Digits beyond which a result is refused.
const MOST_DIGITS: usize = 20_000;

/// Digits after the point that a quotient is rounded to.
const QUOTIENT_PLACES: i64 = 16;

type Operation = fn(&Decimal, &Decimal) -> Result<Decimal, Failure>;

fn combine(first: &Value, others: &[Value], operation: Operation) -> Outcome {
    let mut result = Decimal::from_float(to_float(first))?;
    for other in others {
        result = operation(&result, &Decimal::from_float(to_float(other))?)?;
        if result.digits.len() > MOST_DIGITS {
            return Err("number has too many digits".into());
        }
    }
    Ok(Value::Float(result.to_float()))
}

impl Decimal {
    fn from_float(number: f64) -> Result<Self, Failure> {
        if !number.is_finite() {
            return Err(format!("Cannot create a Decimal from {number}").into());
        }
        let (digits, point) = shortest(number.abs());
        let exponent = i64::from(point) - i64::try_from(digits.len()).unwrap_or(0);
        let digits = digits.bytes().map(|digit| digit - b'0').collect();
        Ok(Self { negative: number < 0.0, digits, exponent }.trimmed())
    }

    fn to_float(&self) -> f64 {
        let digits: String = self.digits.iter().map(|digit| char::from(b'0' + digit)).collect();
        let sign = if self.negative { "-" } else { "" };
        let digits = if digits.is_empty() { "0" } else { &digits };
        format!("{sign}{digits}e{}", self.exponent).parse().unwrap_or(f64::NAN)
    }

    fn trimmed(mut self) -> Self {
        let zeros = self.digits.iter().take_while(|&&digit| digit == 0).count();
        self.digits.drain(..zeros);
        if self.digits.is_empty() {
            return Self { negative: false, digits: Vec::new(), exponent: 0 };
        }
        self
    }

    fn negated(&self) -> Self {
        Self { negative: !self.negative && !self.digits.is_empty(), ..self.clone() }
    }

    /// The digits with zeros down to `exponent`, the least significant first.
    fn digits_down_to(&self, exponent: i64) -> Vec<u8> {
        let zeros = usize::try_from(self.exponent - exponent).unwrap_or(0);
        let mut digits = vec![0; zeros];
        digits.extend(self.digits.iter().rev());
        digits
    }

    fn add(&self, other: &Self) -> Result<Self, Failure> {
        let exponent = self.exponent.min(other.exponent);
        let spread = (self.exponent - other.exponent).unsigned_abs();
        if spread > MOST_DIGITS as u64 {
            return Err("number has too many digits".into());
        }
        let (left, right) = (self.digits_down_to(exponent), other.digits_down_to(exponent));
        let (negative, mut digits) = if self.negative == other.negative {
            (self.negative, sum(&left, &right))
        } else if is_less(&left, &right) {
            (other.negative, difference(&right, &left))
        } else {
            (self.negative, difference(&left, &right))
        };
        digits.reverse();
        Ok(Self { negative, digits, exponent }.trimmed())
    }

    fn multiply(&self, other: &Self) -> Result<Self, Failure> {
        let mut product = vec![0u32; self.digits.len() + other.digits.len()];
        for (row, left) in self.digits.iter().rev().enumerate() {
            for (column, right) in other.digits.iter().rev().enumerate() {
                product[row + column] += u32::from(*left) * u32::from(*right);
            }
            carry(&mut product);
        }
        let digits = product.iter().rev().map(|&digit| digit as u8).collect();
        let negative = self.negative != other.negative;
        Ok(Self { negative, digits, exponent: self.exponent + other.exponent }.trimmed())
    }

    /// A quotient rounded half away from zero to sixteen places.
    fn divide(&self, other: &Self) -> Result<Self, Failure> {
        if other.digits.is_empty() {
            return Err("decimal division by 0".into());
        }
        let exponent = -QUOTIENT_PLACES;
        // dividend * 10^shift / divisor is the quotient in units of 10^exponent.
        let shift = self.exponent - other.exponent - exponent;
        let mut dividend = self.digits.clone();
        let mut divisor: Vec<u8> = other.digits.iter().rev().copied().collect();
        let zeros = usize::try_from(shift.unsigned_abs()).unwrap_or(usize::MAX);
        if zeros > MOST_DIGITS {
            return Err("number has too many digits".into());
        }
        if shift >= 0 {
            dividend.extend(std::iter::repeat_n(0, zeros));
        } else {
            divisor.splice(0..0, std::iter::repeat_n(0, zeros));
        }
        let mut remainder: Vec<u8> = Vec::new();
        let mut digits = Vec::with_capacity(dividend.len());
        for digit in dividend {
            remainder.insert(0, digit);
            let mut count = 0;
            while !is_less(&remainder, &divisor) {
                remainder = difference(&remainder, &divisor);
                count += 1;
            }
            digits.push(count);
        }
        let negative = self.negative != other.negative;
        let quotient = Self { negative, digits, exponent }.trimmed();
        if is_less(&sum(&remainder, &remainder), &divisor) {
            return Ok(quotient);
        }
        let unit = Self { negative, digits: vec![1], exponent };
        Self { exponent, ..quotient }.add(&unit)
    }
}

fn carry(digits: &mut [u32]) {
    let mut over = 0;
    for digit in digits {
        let total = *digit + over;
        *digit = total % 10;
        over = total / 10;
    }
}

fn sum(left: &[u8], right: &[u8]) -> Vec<u8> {
    let length = left.len().max(right.len()) + 1;
    let at = |digits: &[u8], index: usize| digits.get(index).copied().unwrap_or(0);
    let mut over = 0;
    (0..length)
        .map(|index| {
            let total = at(left, index) + at(right, index) + over;
            over = total / 10;
            total % 10
        })
        .collect()
}

/// `left - right`, where `left` is not less.
fn difference(left: &[u8], right: &[u8]) -> Vec<u8> {
    let mut borrow = 0;
    let mut digits: Vec<u8> = left
        .iter()
        .enumerate()
        .map(|(index, &digit)| {
            let taken = right.get(index).copied().unwrap_or(0) + borrow;
            borrow = u8::from(digit < taken);
            digit + 10 * borrow - taken
        })
        .collect();
    while digits.last() == Some(&0) {
        digits.pop();
    }
    digits
}

/// Compares digits, the least significant first; leading zeros do not count.
fn is_less(left: &[u8], right: &[u8]) -> bool {
    let significant =
        |digits: &[u8]| digits.len() - digits.iter().rev().take_while(|&&digit| digit == 0).count();
    let (left, right) = (&left[..significant(left)], &right[..significant(right)]);
    (left.len(), left.iter().rev().collect::<Vec<_>>())
        < (right.len(), right.iter().rev().collect::<Vec<_>>())
}
