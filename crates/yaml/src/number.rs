//! Numbers read and printed as Go's `strconv` does.

/// An integer of any base that Go's `ParseInt(text, 0, 64)` or `ParseUint` accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Integer {
    Signed(i64),
    Unsigned(u64),
}

/// Reads an integer literal with an optional sign and base prefix; underscores must be gone already.
pub(crate) fn integer(text: &str) -> Option<Integer> {
    let (negative, signed, body) = match text.as_bytes().first()? {
        b'-' => (true, true, &text[1..]),
        b'+' => (false, true, &text[1..]),
        _ => (false, false, text),
    };
    let (base, digits) = match body.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &body[2..]),
        [b'0', b'b' | b'B', ..] => (2, &body[2..]),
        [b'0', b'o' | b'O', ..] => (8, &body[2..]),
        [b'0', _, ..] => (8, &body[1..]),
        _ => (10, body),
    };
    if !digits.bytes().next()?.is_ascii_hexdigit() {
        return None; // from_str_radix would take a second sign
    }
    let magnitude = u64::from_str_radix(digits, base).ok()?;
    if negative {
        return 0i64.checked_sub_unsigned(magnitude).map(Integer::Signed);
    }
    match i64::try_from(magnitude) {
        Ok(value) => Some(Integer::Signed(value)),
        // ParseUint takes no sign.
        Err(_) if signed => None,
        Err(_) => Some(Integer::Unsigned(magnitude)),
    }
}

/// Reads a float of the shape that go-yaml accepts as one; out of range is `None`, as in Go.
pub(crate) fn float(text: &str) -> Option<f64> {
    if !is_float_shape(text.as_bytes()) {
        return None;
    }
    text.parse::<f64>().ok().filter(|value| value.is_finite())
}

fn is_float_shape(text: &[u8]) -> bool {
    let digits = |from: usize| text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = usize::from(matches!(text.first(), Some(b'-' | b'+')));
    let whole = digits(at);
    at += whole;
    if text.get(at) == Some(&b'.') {
        at += 1;
        let fraction = digits(at);
        if whole == 0 && fraction == 0 {
            return false;
        }
        at += fraction;
    } else if whole == 0 {
        return false;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        at += 1;
        at += usize::from(matches!(text.get(at), Some(b'-' | b'+')));
        let exponent = digits(at);
        if exponent == 0 {
            return false;
        }
        at += exponent;
    }
    at == text.len()
}

/// Shortest decimal digits of a finite float and the exponent of the first.
fn shortest(value: f64) -> (bool, String, i32) {
    let text = format!("{:e}", value.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits = mantissa.chars().filter(char::is_ascii_digit).collect();
    (value.is_sign_negative(), digits, exponent.parse().unwrap_or(0))
}

fn with_exponent(negative: bool, digits: &str, exponent: i32) -> String {
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    let sign = if negative { "-" } else { "" };
    let exponent_sign = if exponent < 0 { '-' } else { '+' };
    format!("{sign}{first}{point}{rest}e{exponent_sign}{:02}", exponent.abs())
}

/// A float as Go's `strconv.FormatFloat(value, 'g', -1, 64)` prints it: `1e+06`, `0.1`, `1.5e-07`.
#[must_use]
pub fn go_float(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let (negative, digits, exponent) = shortest(value);
    // The shortest format switches to an exponent at a fixed precision of 6, whatever the number of digits.
    if !(-4..6).contains(&exponent) {
        return with_exponent(negative, &digits, exponent);
    }
    format!("{value}")
}

/// A float as Go's `encoding/json` prints it: `1000000`, `1e+21`, `1e-7`.
#[must_use]
pub fn go_json_float(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
        let (negative, digits, exponent) = shortest(value);
        let text = with_exponent(negative, &digits, exponent);
        // Go drops the zero of a negative one-digit exponent only.
        return text.replace("e-0", "e-");
    }
    format!("{value}")
}
